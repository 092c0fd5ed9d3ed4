//! Writes on customers.

use serde_json::{Map, Value, json};

use super::attributes::{Attribute, Takes, address, apply};
use super::error::ApiError;
use super::params::Params;
use super::site::{Caller, Site, wrapped};
use super::store::Kind;

const METHODS: &[&str] = &[
    "no_preference",
    "cash",
    "check",
    "bank_transfer",
    "ach_credit",
    "sepa_credit",
    "boleto",
    "us_automated_bank_transfer",
    "eu_automated_bank_transfer",
    "uk_automated_bank_transfer",
    "jp_automated_bank_transfer",
    "mx_automated_bank_transfer",
    "custom",
];

/// What both create and update take.
const COMMON: &[Attribute] = &[
    ("first_name", Takes::Text(150)),
    ("last_name", Takes::Text(150)),
    ("email", Takes::Email(70)),
    ("phone", Takes::Text(50)),
    ("company", Takes::Text(250)),
    ("preferred_currency_code", Takes::Text(3)),
    ("auto_collection", Takes::OneOf(&["on", "off"])),
    ("net_term_days", Takes::Number),
    ("allow_direct_debit", Takes::Flag),
    ("taxability", Takes::OneOf(&["taxable", "exempt"])),
    ("exemption_details", Takes::Json),
    ("customer_type", Takes::OneOf(&["residential", "business", "senior_citizen", "industrial"])),
    ("locale", Takes::Text(50)),
    ("meta_data", Takes::Json),
    ("offline_payment_method", Takes::OneOf(METHODS)),
    ("auto_close_invoices", Takes::Flag),
    ("consolidated_invoicing", Takes::Flag),
    ("invoice_notes", Takes::Text(2000)),
    ("fraud_flag", Takes::OneOf(&["safe", "suspicious", "fraudulent"])),
];

/// What create and `update_billing_info` take; a plain update does not.
const BILLING: &[Attribute] = &[
    ("vat_number", Takes::Text(20)),
    ("vat_number_prefix", Takes::Text(10)),
    ("registered_for_gst", Takes::Flag),
    ("business_customer_without_vat_number", Takes::Flag),
    ("is_einvoice_enabled", Takes::Flag),
    ("einvoicing_method", Takes::OneOf(&["automatic", "manual", "site_default"])),
];

/// `POST /customers`.
pub(super) fn create(site: &mut Site, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let own: &[Attribute] =
        &[("id", Takes::Text(50)), ("business_entity_id", Takes::Text(50)), ("created_from_ip", Takes::Text(50))];
    let table = [own, COMMON, BILLING].concat();
    let mut row = blank(caller);
    apply(params, &table, &["billing_address"], &mut row)?;
    let id = row.get("id").and_then(Value::as_str).map(str::to_owned).unwrap_or_else(|| site.new_id(""));
    if site.store.collection(Kind::Customer).get(&id).is_some() {
        return Err(ApiError::duplicate("id", &id));
    }
    row.insert("id".to_owned(), id.into());
    entity(&mut row, caller)?;
    set_address(params, &mut row)?;
    let mut row = Value::Object(row);
    site.save_and_emit(Kind::Customer, &mut row, "customer_created", caller);
    Ok(wrapped(Kind::Customer, &row))
}

/// A customer as it is before any parameter is set.
fn blank(caller: Caller<'_>) -> Map<String, Value> {
    let Value::Object(row) = json!({
        "auto_collection": "on",
        "net_term_days": 0,
        "allow_direct_debit": false,
        "created_at": caller.seconds(),
        "taxability": "taxable",
        "pii_cleared": "active",
        "card_status": "no_card",
        "channel": "web",
        "promotional_credits": 0,
        "unbilled_charges": 0,
        "refundable_credits": 0,
        "excess_payments": 0,
        "deleted": false,
    }) else {
        return Map::new();
    };
    row
}

/// The entity of the header and that of the parameter must agree.
fn entity(row: &mut Map<String, Value>, caller: Caller<'_>) -> Result<(), ApiError> {
    let Some(header) = caller.entity else { return Ok(()) };
    let sent = row.insert("business_entity_id".to_owned(), header.into());
    if sent.is_some_and(|sent| sent != header) {
        return Err(ApiError::wrong_value("business_entity_id", "differs from the business entity of the header"));
    }
    Ok(())
}

fn set_address(params: &Params, row: &mut Map<String, Value>) -> Result<(), ApiError> {
    let sent = params.object("billing_address");
    if !sent.is_empty() {
        row.insert("billing_address".to_owned(), address("billing_address", &sent)?);
    }
    Ok(())
}

/// `POST /customers/{id}`: neither the VAT number nor the billing address is among its parameters.
pub(super) fn update(site: &mut Site, id: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    change(site, id, params, caller, COMMON)
}

/// `POST /customers/{id}/update_billing_info`: a billing address replaces the former one as a whole.
pub(super) fn update_billing_info(
    site: &mut Site,
    id: &str,
    params: &Params,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    change(site, id, params, caller, BILLING)
}

fn change(
    site: &mut Site,
    id: &str,
    params: &Params,
    caller: Caller<'_>,
    table: &[Attribute],
) -> Result<String, ApiError> {
    let nested: &[&str] = if std::ptr::eq(table, BILLING) { &["billing_address"] } else { &[] };
    let mut row = site.fetch(Kind::Customer, id, caller)?;
    if let Value::Object(attributes) = &mut row {
        apply(params, table, nested, attributes)?;
        set_address(params, attributes)?;
    }
    site.save_and_emit(Kind::Customer, &mut row, "customer_changed", caller);
    Ok(wrapped(Kind::Customer, &row))
}

/// `POST /customers/{id}/delete`: irreversible, takes the customer's documents along. At the vendor this takes a few
/// minutes; here it is done at once.
pub(super) fn delete(site: &mut Site, id: &str, caller: Caller<'_>) -> Result<String, ApiError> {
    let mut row = site.fetch(Kind::Customer, id, caller)?;
    row["deleted"] = true.into();
    site.save(Kind::Customer, &mut row, caller);
    for kind in OWNED {
        delete_owned(site, kind, id, caller);
    }
    let subscriptions = delete_owned(site, Kind::Subscription, id, caller);
    let content = json!({"customer": row, "subscriptions": subscriptions});
    site.emit("customer_deleted", content, caller);
    Ok(wrapped(Kind::Customer, &row))
}

/// What goes with a customer, beside its subscriptions.
const OWNED: [Kind; 6] =
    [Kind::Invoice, Kind::CreditNote, Kind::Transaction, Kind::PaymentSource, Kind::UnbilledCharge, Kind::Quote];

/// Marks a customer's rows of one kind as deleted and gives them back.
fn delete_owned(site: &mut Site, kind: Kind, customer: &str, caller: Caller<'_>) -> Vec<Value> {
    let rows = site.store.collection(kind).rows().iter().filter(|row| !row.keys.deleted);
    let mut owned: Vec<Value> = rows.map(|row| row.value()).filter(|row| row["customer_id"] == customer).collect();
    for row in &mut owned {
        row["deleted"] = true.into();
        site.save(kind, row, caller);
    }
    owned
}
