//! Customers and payment sources (C2, C9, C10).

use super::row::{FieldMap, Row};
use crate::connectors::chargebee::convert::vat_number;
use crate::domain::hold::Hold;
use crate::domain::record::{Record, RecordKind};

const CUSTOMER: FieldMap = &[
    ("company", "company"),
    ("first_name", "first_name"),
    ("last_name", "last_name"),
    ("email", "email"),
    ("phone", "phone"),
    ("vat_number_status", "vat_number_status"),
    ("taxability", "taxability"),
    ("auto_collection", "auto_collection"),
    ("offline_payment_method", "offline_payment_method"),
    ("net_term_days", "net_term_days"),
    ("locale", "locale"),
    ("customer_type", "customer_type"),
    ("primary_payment_source", "primary_payment_source_id"),
    ("promotional_credits", "promotional_credits"),
    ("refundable_credits", "refundable_credits"),
    ("excess_payments", "excess_payments"),
    ("unbilled_charges", "unbilled_charges"),
    ("mrr", "mrr"),
    ("invoice_notes", "invoice_notes"),
    ("created_at", "created_at"),
];

const BILLING_ADDRESS: FieldMap = &[
    ("billing_company", "company"),
    ("billing_first_name", "first_name"),
    ("billing_last_name", "last_name"),
    ("billing_email", "email"),
    ("billing_phone", "phone"),
    ("billing_line1", "line1"),
    ("billing_line2", "line2"),
    ("billing_line3", "line3"),
    ("billing_city", "city"),
    ("billing_postcode", "zip"),
    ("billing_state", "state"),
    ("billing_country", "country"),
];

const PAYMENT_SOURCE: FieldMap = &[
    ("source_type", "type"),
    ("status", "status"),
    ("gateway", "gateway"),
    ("gateway_account", "gateway_account_id"),
    ("reference", "reference_id"),
    ("issuing_country", "issuing_country"),
    ("created_at", "created_at"),
];

const CARD: FieldMap =
    &[("last4", "last4"), ("brand", "brand"), ("expiry_month", "expiry_month"), ("expiry_year", "expiry_year")];

const BANK_ACCOUNT: FieldMap =
    &[("last4", "last4"), ("holder", "name_on_account"), ("bank", "bank_name"), ("mandate", "mandate_id")];

pub(super) fn customer(id: &str, json: &str) -> Result<Vec<Record>, Hold> {
    let row = Row::parse("customer", id, json)?;
    let mut record = row.record(RecordKind::Customer)?;
    // Its balances are in the currency that it prefers; a customer without one is told by the first of them.
    let balances = row.objects("balances")?;
    let of_balance = balances.first().map_or(Ok(None), |balance| balance.currency("currency_code"))?;
    record.currency = row.currency("preferred_currency_code")?.or(of_balance);
    row.fill(&mut record, CUSTOMER)?;
    let address = row.object("billing_address")?;
    address.fill(&mut record, BILLING_ADDRESS)?;
    if !record.values.contains_key("billing_state") {
        record.set("billing_state", address.text("state_code"));
    }
    let (number, prefix) = (row.text("vat_number"), row.text("vat_number_prefix"));
    let country = address.text("country");
    record.set("vat_number", vat_number(number.as_deref(), prefix.as_deref(), country.as_deref()));
    record.set("custom_fields", row.custom_fields());
    let company = row.text("company").or_else(|| address.text("company"));
    let name = company.or_else(|| row.person()).or_else(|| address.person());
    record.set("name", Some(name.unwrap_or_else(|| id.to_owned())));
    record.link("parent", RecordKind::Customer, row.object("relationship")?.text("parent_id"));
    Ok(vec![record])
}

pub(super) fn payment_source(id: &str, json: &str) -> Result<Vec<Record>, Hold> {
    let row = Row::parse("payment source", id, json)?;
    let mut record = row.record(RecordKind::PaymentSource)?;
    row.fill(&mut record, PAYMENT_SOURCE)?;
    let (card, account) = (row.object("card")?, row.object("bank_account")?);
    card.fill(&mut record, CARD)?;
    account.fill(&mut record, BANK_ACCOUNT)?;
    if let Some(holder) = card.person() {
        record.set("holder", Some(holder));
    }
    let sort = row.text("type").unwrap_or_else(|| "payment source".to_owned()).replace('_', " ");
    let last = card.text("last4").or_else(|| account.text("last4"));
    record.set("name", Some(last.map_or_else(|| sort.clone(), |last| format!("{sort} {last}"))));
    record.link("customer", RecordKind::Customer, row.text("customer_id"));
    Ok(vec![record])
}
