//! Which operation a path and method name. Ids may hold `/`, so the action is the last segment, if it is a known one.

use serde_json::json;

use super::error::ApiError;
use super::list::{Disorder, Scope, list};
use super::params::Params;
use super::site::{Caller, Site};
use super::store::Kind;
use super::{charges, coupons, customers, invoices};

/// An authenticated request on its way to its operation.
#[derive(Debug)]
pub(super) struct Operation<'a> {
    pub method: &'a str,
    /// The decoded path below `/api/v2`.
    pub path: &'a str,
    pub params: &'a Params,
    pub disorder: Disorder,
}

/// Carries the operation out and gives the answer's JSON text.
///
/// # Errors
/// Chargebee's error for whatever is wrong with it.
pub(super) fn dispatch(site: &mut Site, operation: &Operation<'_>, caller: Caller<'_>) -> Result<String, ApiError> {
    let path = operation.path.trim_matches('/');
    let (head, rest) = path.split_once('/').unwrap_or((path, ""));
    if head == "configurations" && rest.is_empty() {
        return configurations(site, operation.method);
    }
    let kind = Kind::of_path(head).ok_or_else(|| ApiError::no_such_path(operation.path))?;
    match operation.method {
        "GET" if rest.is_empty() => {
            let scope = Scope { zone: &site.zone, entity: caller.entity };
            list(&site.store, kind, operation.params, scope, operation.disorder)
        }
        "GET" => retrieve(site, kind, rest, caller),
        "POST" => write(site, kind, rest, operation, caller),
        other => Err(ApiError::wrong_method(other)),
    }
}

/// The product catalogue probe.
fn configurations(site: &Site, method: &str) -> Result<String, ApiError> {
    if method != "GET" {
        return Err(ApiError::wrong_method(method));
    }
    let configuration = json!({
        "domain": site.domain, "product_catalog_version": "v2", "chargebee_response_schema_type": "items",
        "object": "configuration",
    });
    Ok(json!({"configurations": [configuration]}).to_string())
}

fn retrieve(site: &Site, kind: Kind, id: &str, caller: Caller<'_>) -> Result<String, ApiError> {
    let row = site.store.visible(kind, id, caller.entity)?;
    if kind != Kind::Subscription {
        return Ok(format!(r#"{{"{}":{}}}"#, kind.object(), row.body));
    }
    let subscription = row.value();
    let customer = subscription["customer_id"].as_str().and_then(|id| site.store.collection(Kind::Customer).get(id));
    let customer = customer.map(|row| row.value()).unwrap_or_default();
    Ok(json!({"subscription": subscription, "customer": customer}).to_string())
}

fn write(
    site: &mut Site,
    kind: Kind,
    rest: &str,
    operation: &Operation<'_>,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    let params = operation.params;
    let (id, action) = rest.rsplit_once('/').unwrap_or((rest, ""));
    match (kind, id, action) {
        (Kind::Customer, "", "") => customers::create(site, params, caller),
        (Kind::Customer, id, "update_billing_info") => customers::update_billing_info(site, id, params, caller),
        (Kind::Customer, id, "delete") => customers::delete(site, id, caller),
        (Kind::Customer, ..) => customers::update(site, rest, params, caller),
        (Kind::Coupon, "create_for_items", "") => coupons::create(site, params, caller),
        (Kind::Invoice, "create_for_charge_items_and_charges", "") => charges::create(site, params, caller),
        (Kind::Invoice, id, "void") => invoices::void(site, id, params, caller),
        (Kind::Invoice, id, "delete") => invoices::delete(site, id, params, caller),
        (Kind::Invoice, id, "record_payment") => invoices::record_payment(site, id, params, caller),
        // The path exists with GET only.
        (_, _, "") => Err(ApiError::wrong_method("POST")),
        _ => Err(ApiError::no_such_path(operation.path)),
    }
}
