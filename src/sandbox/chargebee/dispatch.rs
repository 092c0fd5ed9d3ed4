//! Which operation a path and method name. Ids may hold `/`, so the action is the last segment, if it is a known one.

use serde_json::json;

use super::error::ApiError;
use super::list::{Disorder, Scope, list};
use super::params::Params;
use super::site::{Caller, Site};
use super::store::Kind;
use super::{
    addresses, catalogue, charges, contacts, coupons, credit_notes, customers, entitlements, features, gateway,
    invoices, payment_sources, payments, pdf, promotional, quotes, refunds, regenerate, unbilled,
};

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
    if head == "addresses" && rest.is_empty() {
        return addresses::carry_out(site, operation.method, operation.params, caller);
    }
    if head == "quotes" {
        quotes::close_expired(site, caller);
    }
    let kind = Kind::of_path(head).ok_or_else(|| ApiError::no_such_path(operation.path))?;
    match operation.method {
        "GET" if rest.is_empty() => {
            let scope = Scope { zone: &site.zone, entity: caller.entity };
            list(&site.store, kind, operation.params, scope, operation.disorder)
        }
        "GET" => read(site, kind, rest, operation, caller),
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

/// A list below a row, or the row.
fn read(
    site: &Site,
    kind: Kind,
    rest: &str,
    operation: &Operation<'_>,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    match (kind, rest.rsplit_once('/')) {
        (Kind::Customer, Some((id, "contacts"))) => contacts::of_customer(site, id, operation.params, caller),
        (Kind::Item | Kind::Feature, Some((id, "item_entitlements"))) => {
            entitlements::of(site, (kind, id), operation.params)
        }
        // These are listed and never read one by one.
        (Kind::Entitlement, _) => Err(ApiError::no_such_path(operation.path)),
        (Kind::UnbilledCharge, _) => Err(ApiError::wrong_method("GET")),
        _ => retrieve(site, kind, rest, caller),
    }
}

fn retrieve(site: &Site, kind: Kind, id: &str, caller: Caller<'_>) -> Result<String, ApiError> {
    let row = site.store.visible(kind, id, caller.entity)?;
    if kind == Kind::Quote {
        return Ok(quotes::answer(site, &row.value()));
    }
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
        (Kind::Customer, id, "record_excess_payment") => payments::record_excess(site, id, params, caller),
        (Kind::Customer, id, "add_contact") => contacts::add(site, id, params, caller),
        (Kind::Customer, id, "update_contact") => contacts::update(site, id, params, caller),
        (Kind::Customer, id, "delete_contact") => contacts::delete(site, id, params, caller),
        (Kind::Customer, id, "create_subscription_quote_for_items") => {
            quotes::create_subscription(site, id, params, caller)
        }
        (Kind::Customer, ..) => customers::update(site, rest, params, caller),
        (Kind::Coupon, "create_for_items", "") => coupons::create(site, params, caller),
        (Kind::PromotionalCredit, "add" | "deduct" | "set", "") => promotional::change(site, id, params, caller),
        (Kind::Subscription, id, "regenerate_invoice") => regenerate::regenerate(site, id, params, caller),
        (Kind::Invoice, ..) => write_invoice(site, (id, action), operation, caller),
        (Kind::CreditNote, "", "") => credit_notes::create(site, params, caller),
        (Kind::CreditNote, id, "void") => credit_notes::withdraw(site, id, params, false, caller),
        (Kind::CreditNote, id, "delete") => credit_notes::withdraw(site, id, params, true, caller),
        (Kind::CreditNote, id, "record_refund") => refunds::record_of_note(site, id, params, caller),
        (Kind::CreditNote, id, "refund") => refunds::of_note_by_gateway(site, id, params, caller),
        (Kind::CreditNote, id, "pdf") => pdf::create(site, kind, id, params, caller),
        (Kind::Transaction, id, "record_refund") => refunds::of_excess(site, id, params, true, caller),
        (Kind::Transaction, id, "refund") => refunds::of_excess(site, id, params, false, caller),
        (Kind::Transaction, id, "delete_offline_transaction") => payments::delete_offline(site, id, params, caller),
        (Kind::ItemFamily | Kind::Item | Kind::ItemPrice | Kind::Feature | Kind::Entitlement, ..) => {
            write_catalogue(site, kind, rest, operation, caller)
        }
        (Kind::PaymentSource, id, "delete" | "delete_local") => payment_sources::delete(site, id, caller),
        (Kind::UnbilledCharge, "", "") => unbilled::create(site, params, caller),
        (Kind::UnbilledCharge, id, "delete") => unbilled::delete(site, id, caller),
        (Kind::Quote, ..) => write_quote(site, (id, action), operation, caller),
        // The path exists with GET only.
        (_, _, "") => Err(ApiError::wrong_method("POST")),
        _ => Err(ApiError::no_such_path(operation.path)),
    }
}

fn write_catalogue(
    site: &mut Site,
    kind: Kind,
    rest: &str,
    operation: &Operation<'_>,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    let params = operation.params;
    let (id, action) = rest.rsplit_once('/').unwrap_or((rest, ""));
    match (kind, id, action) {
        (Kind::Entitlement, "", "") => entitlements::change(site, params, caller),
        (Kind::Entitlement, ..) => Err(ApiError::no_such_path(operation.path)),
        (Kind::Feature, "", "") => features::create(site, params, caller),
        (Kind::Item | Kind::Feature, id, "item_entitlements") => {
            entitlements::change_of(site, (kind, id), params, caller)
        }
        (Kind::Feature, id, "activate_command" | "archive_command" | "reactivate_command") => {
            features::command(site, id, action, caller)
        }
        (Kind::Feature, id, "delete") => features::delete(site, id, caller),
        (Kind::Feature, ..) => features::update(site, rest, params, caller),
        (_, "", "") => catalogue::create(site, kind, params, caller),
        (_, id, "delete") => catalogue::delete(site, (kind, id), caller),
        _ => catalogue::update(site, (kind, rest), params, caller),
    }
}

fn write_quote(
    site: &mut Site,
    (id, action): (&str, &str),
    operation: &Operation<'_>,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    let params = operation.params;
    match action {
        "" if id == "create_for_charge_items_and_charges" => quotes::create_one_off(site, params, caller),
        "edit_for_charge_items_and_charges" | "edit_create_subscription_quote_for_items" => {
            quotes::edit(site, (id, action), params, caller)
        }
        "update_status" => quotes::update_status(site, id, params, caller),
        "extend_expiry_date" => quotes::extend(site, id, params, caller),
        "convert" => quotes::convert(site, id, params, caller),
        "delete" => quotes::delete(site, id, params, caller),
        "" => Err(ApiError::wrong_method("POST")),
        _ => Err(ApiError::no_such_path(operation.path)),
    }
}

fn write_invoice(
    site: &mut Site,
    (id, action): (&str, &str),
    operation: &Operation<'_>,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    let params = operation.params;
    match action {
        "" if id == "create_for_charge_items_and_charges" => charges::create(site, params, caller),
        "" => Err(ApiError::wrong_method("POST")),
        "void" => invoices::void(site, id, params, caller),
        "delete" => invoices::delete(site, id, params, caller),
        "close" => invoices::close(site, id, params, caller),
        "write_off" => credit_notes::write_off(site, id, params, caller),
        "record_payment" => payments::record(site, id, params, caller),
        "apply_payments" => payments::apply(site, id, params, caller),
        "remove_payment" => payments::remove(site, id, params, caller),
        "record_tax_withheld" => payments::withhold_tax(site, id, params, caller),
        "apply_credits" => invoices::apply_credits(site, id, params, caller),
        "remove_credit_note" => invoices::remove_credit_note(site, id, params, caller),
        "record_refund" => refunds::record_of_invoice(site, id, params, caller),
        "refund" => refunds::of_invoice_by_gateway(site, id, params, caller),
        "pdf" => pdf::create(site, Kind::Invoice, id, params, caller),
        _ => Err(ApiError::no_such_path(operation.path)),
    }
}

/// What happens without a caller of the API: all that a caller can do, and what gateways do.
///
/// # Errors
/// As [`dispatch`].
pub(super) fn happen(site: &mut Site, path: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    match path.trim_matches('/').split('/').collect::<Vec<_>>().as_slice() {
        ["site", "settings"] => Ok(site.change_settings(params)),
        ["customers", id, "pay"] => gateway::pay(site, id, params, caller),
        ["transactions", id, "turn"] => gateway::turn(site, id, params, caller),
        ["transactions", id, "reverse"] => gateway::reverse(site, id, params, caller),
        ["invoices", id, "make_again"] => regenerate::make_again(site, id, caller),
        ["credit_notes", id, "make_again"] => regenerate::make_note_again(site, id, caller),
        _ => dispatch(site, &Operation { method: "POST", path, params, disorder: Disorder::None }, caller),
    }
}
