//! GET: collections, rows under their key, counts, and the few functions.

use super::answer::{Answer, Failure};
use super::contract::{self, Resource};
use super::query::Query;
use super::render::{self, Style};
use super::route::Route;
use super::service::ApiRequest;
use super::source::Scope;
use super::vouchers::Sort;
use super::world::World;
use super::{edmx, functions, invoices};

/// Answers a GET.
pub fn get(world: &World, request: &ApiRequest, route: &Route) -> Result<Answer, Failure> {
    let division = match route.division {
        Some(division) => division,
        None if route.path == "current/Me" => *world.divisions.keys().next().ok_or_else(Failure::not_found)?,
        None => return Err(Failure::not_found()),
    };
    let scope = world.scope(division).ok_or_else(Failure::not_found)?;
    if let Some(answer) = functions::call(scope, &route.path, &request.options(), route.division.is_some())? {
        return Ok(answer);
    }
    if let Some(service) = route.path.strip_suffix("/$metadata") {
        return edmx::describe(service).ok_or_else(Failure::not_found);
    }
    let resource = resource_of(route, "GET")?;
    let style = Style { public_url: &world.public_url, path: &request.path, atom: !request.wants_json() };
    let denied = scope.division.denied.contains(resource.path);
    match &route.key {
        Some(_) if denied => Err(Failure::Request(403, "Forbidden".to_owned())),
        Some(key) => keyed(scope, resource, key, route, request, style),
        None => {
            let options = with_parameters(resource, request.options())?;
            collection(scope, resource, &options, route.count, denied, style)
        }
    }
}

/// The receivables by account are asked for with the account as a parameter, which is a filter like any other.
fn with_parameters(resource: &Resource, mut options: Vec<(String, String)>) -> Result<Vec<(String, String)>, Failure> {
    if resource.path != "read/financial/ReceivablesListByAccount" {
        return Ok(options);
    }
    let account = options.iter().find(|(name, _)| name.eq_ignore_ascii_case("accountId")).map(|(_, value)| value);
    let account = account.and_then(|value| value.strip_prefix("guid'")?.strip_suffix('\''));
    let account =
        account.ok_or_else(|| Failure::bad("Error in query syntax. The parameter 'accountId' is missing."))?;
    let mine = format!("AccountId eq '{account}'");
    let (filter, others) = split_filter(&options);
    options = others;
    options
        .push(("$filter".to_owned(), filter.map_or_else(|| mine.clone(), |filter| format!("{mine} and ({filter})"))));
    Ok(options)
}

/// The resource of a path; 404 when there is none, 405 when it does not take the method. Only `current/Me` goes without a
/// division, and goes only without.
pub fn resource_of(route: &Route, method: &str) -> Result<&'static Resource, Failure> {
    let resource = contract::resource(&route.path).ok_or_else(Failure::not_found)?;
    if resource.path.starts_with("current/") == route.division.is_some() {
        return Err(Failure::not_found());
    }
    if !resource.allows(method) {
        return Err(Failure::Request(405, "Method Not Allowed".to_owned()));
    }
    Ok(resource)
}

fn collection(
    scope: Scope<'_>,
    resource: &'static Resource,
    options: &[(String, String)],
    count: bool,
    denied: bool,
    style: Style<'_>,
) -> Result<Answer, Failure> {
    let query = Query::parse(resource, options)?;
    if count {
        let rows = if denied { 0 } else { query.count(scope) };
        return Ok(Answer::text(200, "text/plain;charset=utf-8", rows.to_string()));
    }
    let mut page = query.run(scope);
    if denied {
        // Without the right to read, the vendor shows an empty list instead of refusing.
        page.rows.clear();
        page.next = None;
    }
    Ok(render::page(scope, &query, &page, options, style))
}

fn keyed(
    scope: Scope<'_>,
    resource: &'static Resource,
    key: &str,
    route: &Route,
    request: &ApiRequest,
    style: Style<'_>,
) -> Result<Answer, Failure> {
    let by_key = key_filter(resource, key);
    let options = request.options();
    let Some(navigation) = &route.navigation else {
        let (_, others) = split_filter(&options);
        let mut query = Query::parse_unfiltered(resource, &others)?;
        query.filter = Some(super::filter::parse(&by_key, resource)?);
        let page = query.run(scope);
        let row = page.rows.first().ok_or_else(Failure::not_found)?;
        return Ok(render::single(scope, &query, row, 200, style));
    };
    let lines = lines_of(resource.path, navigation).ok_or_else(Failure::not_found)?;
    let lines = contract::resource(lines).ok_or_else(Failure::not_found)?;
    let (filter, mut others) = split_filter(&options);
    let combined = filter.map_or_else(|| by_key.clone(), |filter| format!("{by_key} and ({filter})"));
    others.push(("$filter".to_owned(), combined));
    collection(scope, lines, &others, route.count, false, style)
}

/// The resource of the rows under a key.
fn lines_of(path: &str, navigation: &str) -> Option<&'static str> {
    if (path, navigation) == ("salesentry/SalesEntries", "SalesEntryLines") {
        return Some("salesentry/SalesEntryLines");
    }
    if (path, navigation) == (invoices::INVOICES, "SalesInvoiceLines") {
        return Some(invoices::LINES);
    }
    let (entries, lines, property) = Sort::of_path(path)?.names();
    (path == entries && navigation == property).then_some(lines)
}

fn split_filter(options: &[(String, String)]) -> (Option<String>, Vec<(String, String)>) {
    let filter = options.iter().find(|(name, _)| name == "$filter").map(|(_, value)| value.clone());
    let others = options.iter().filter(|(name, _)| name != "$filter").cloned().collect();
    (filter, others)
}

/// A key as a filter: one value of the only key property, or `Name=value` pairs.
pub fn key_filter(resource: &Resource, key: &str) -> String {
    match &resource.key[..] {
        [only] => format!("{only} eq {}", key.strip_prefix(&format!("{only}=")).unwrap_or(key)),
        _ => key.split(',').map(|pair| pair.replacen('=', " eq ", 1)).collect::<Vec<_>>().join(" and "),
    }
}
