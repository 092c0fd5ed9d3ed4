//! The vendor's service functions: parameters stand in the query as OData literals.

use serde_json::json;

use super::answer::{Answer, Failure};
use super::contract;
use super::source::Scope;

/// Answers a function; `None` when the path is not one.
pub fn call(
    scope: Scope<'_>,
    path: &str,
    options: &[(String, String)],
    in_division: bool,
) -> Result<Option<Answer>, Failure> {
    if !in_division {
        return Ok(None);
    }
    let parameter = |name: &str| {
        let found = options.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
        let value = found.map(|(_, value)| value.trim_matches('\'').to_owned());
        value.ok_or_else(|| Failure::bad(format!("Error in query syntax. The parameter '{name}' is missing.")))
    };
    match path {
        "users/UserHasRights" => {
            let has = has_rights(scope, &parameter("endpoint")?, &parameter("action")?);
            Ok(Some(Answer::json(200, &json!({"d": {"UserHasRights": has}}))))
        }
        "read/sync/Sync/SyncTimestamp" => {
            let modified = parameter("modified")?;
            let version = timestamp_of(scope, modified.trim_start_matches("datetime'"), &parameter("endPoint")?)?;
            let row =
                json!({"TimeStampAsBigInt": version.to_string(), "Modified": null, "API": parameter("endPoint")?});
            Ok(Some(Answer::json(200, &json!({"d": {"results": [row]}}))))
        }
        _ => Ok(None),
    }
}

fn has_rights(scope: Scope<'_>, endpoint: &str, action: &str) -> bool {
    let known = contract::resource(endpoint).is_some_and(|resource| resource.allows(&action.to_uppercase()));
    known && !scope.division.denied.contains(endpoint)
}

/// The row version before the first row modified at that time or later.
fn timestamp_of(scope: Scope<'_>, modified: &str, endpoint: &str) -> Result<i64, Failure> {
    if !matches!(endpoint, "TransactionLines" | "SalesInvoices") {
        return Err(Failure::bad(format!("Error in query syntax. The endPoint '{endpoint}' is not supported.")));
    }
    let since: jiff::civil::DateTime = modified
        .trim_end_matches('\'')
        .parse()
        .map_err(|_| Failure::bad(format!("Error in query syntax. Invalid datetime '{modified}'.")))?;
    if endpoint == "SalesInvoices" {
        let invoices = scope.division.invoices.values().filter(|invoice| invoice.modified >= since);
        return Ok(invoices.map(|invoice| invoice.version - 1).min().unwrap_or(1));
    }
    let first = scope.division.books.in_order().find(|entry| entry.modified() >= since);
    Ok(first.map_or(1, |entry| entry.version() - 1))
}
