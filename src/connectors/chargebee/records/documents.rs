//! Invoices and credit notes with their lines (C11, C12).

use super::catalogue::part;
use super::row::{FieldMap, Row};
use crate::connectors::chargebee::convert::vat_number;
use crate::domain::hold::Hold;
use crate::domain::record::{Record, RecordKind};

const INVOICE: FieldMap = &[
    ("status", "status"),
    ("dunning_status", "dunning_status"),
    ("invoice_date", "date"),
    ("due_date", "due_date"),
    ("net_term_days", "net_term_days"),
    ("generated_at", "generated_at"),
    ("paid_at", "paid_at"),
    ("voided_at", "voided_at"),
    ("next_retry_at", "next_retry_at"),
    ("price_type", "price_type"),
    ("exchange_rate", "exchange_rate"),
    ("sub_total", "sub_total"),
    ("tax", "tax"),
    ("total", "total"),
    ("round_off", "round_off_amount"),
    ("amount_paid", "amount_paid"),
    ("amount_adjusted", "amount_adjusted"),
    ("write_off", "write_off_amount"),
    ("credits_applied", "credits_applied"),
    ("amount_due", "amount_due"),
    ("recurring", "recurring"),
    ("first_invoice", "first_invoice"),
    ("po_number", "po_number"),
];

const CREDIT_NOTE: FieldMap = &[
    ("note_type", "type"),
    ("status", "status"),
    ("note_date", "date"),
    ("generated_at", "generated_at"),
    ("refunded_at", "refunded_at"),
    ("voided_at", "voided_at"),
    ("price_type", "price_type"),
    ("exchange_rate", "exchange_rate"),
    ("sub_total", "sub_total"),
    ("tax", "tax"),
    ("total", "total"),
    ("round_off", "round_off_amount"),
    ("amount_allocated", "amount_allocated"),
    ("amount_refunded", "amount_refunded"),
    ("amount_available", "amount_available"),
];

const LINE: FieldMap = &[
    ("description", "description"),
    ("entity_type", "entity_type"),
    ("entity_id", "entity_id"),
    ("unit_amount", "unit_amount"),
    ("unit_amount_in_decimal", "unit_amount_in_decimal"),
    ("amount", "amount"),
    ("discount", "discount_amount"),
    ("taxed", "is_taxed"),
    ("tax_rate", "tax_rate"),
    ("tax", "tax_amount"),
    ("tax_exempt_reason", "tax_exempt_reason"),
    ("service_from", "date_from"),
    ("service_to", "date_to"),
];

pub(super) fn invoice(id: &str, json: &str) -> Result<Vec<Record>, Hold> {
    let row = Row::parse("invoice", id, json)?;
    let mut record = document(&row, RecordKind::Invoice, INVOICE)?;
    record.set("shipping_address", row.address("shipping_address")?);
    lines(&row, record, RecordKind::InvoiceLine, "invoice")
}

pub(super) fn credit_note(id: &str, json: &str) -> Result<Vec<Record>, Hold> {
    let row = Row::parse("credit note", id, json)?;
    let mut record = document(&row, RecordKind::CreditNote, CREDIT_NOTE)?;
    record.set("reason", row.text("create_reason_code").or_else(|| row.text("reason_code")));
    record.link("invoice", RecordKind::Invoice, row.text("reference_invoice_id"));
    lines(&row, record, RecordKind::CreditNoteLine, "credit_note")
}

fn document(row: &Row<'_>, kind: RecordKind, map: FieldMap) -> Result<Record, Hold> {
    let mut record = row.record(kind)?;
    row.fill(&mut record, map)?;
    let (number, prefix) = (row.text("vat_number"), row.text("vat_number_prefix"));
    let country = row.object("billing_address")?.text("country");
    record.set("vat_number", vat_number(number.as_deref(), prefix.as_deref(), country.as_deref()));
    record.set("name", Some(record.id.clone()));
    record.set("billing_name", row.billing_name()?);
    record.set("billing_address", row.address("billing_address")?);
    record.set("notes", row.notes());
    record.set("custom_fields", row.custom_fields());
    record.link("customer", RecordKind::Customer, row.text("customer_id"));
    record.link("subscription", RecordKind::Subscription, row.text("subscription_id"));
    Ok(record)
}

/// The document and its lines. A row that does not hold them all is no whole document.
fn lines(row: &Row<'_>, whole: Record, kind: RecordKind, link: &'static str) -> Result<Vec<Record>, Hold> {
    if row.text("line_items_next_offset").is_some() {
        return Err(row.refused("has more lines than one answer of Chargebee's holds"));
    }
    let lines = row.objects("line_items")?;
    let lines = lines.iter().enumerate().map(|(index, line)| line_of(&whole, kind, link, index + 1, line));
    let lines = lines.collect::<Result<Vec<_>, _>>()?;
    Ok(std::iter::once(whole.clone()).chain(lines).collect())
}

fn line_of(
    whole: &Record,
    kind: RecordKind,
    link: &'static str,
    position: usize,
    line: &Row<'_>,
) -> Result<Record, Hold> {
    let own = line.text("id").unwrap_or_else(|| format!("#{position}"));
    let mut record = part(kind, whole, &own);
    line.fill(&mut record, LINE)?;
    record.set("name", Some(format!("{} / {position}", whole.id)));
    record.set("position", i64::try_from(position).ok());
    record.set("quantity", line.quantity("quantity")?);
    record.link(link, whole.kind, Some(&*whole.id));
    record.link("subscription", RecordKind::Subscription, line.text("subscription_id"));
    record.link("item_price", RecordKind::ItemPrice, item_price_of(line));
    Ok(record)
}

/// The item price that a charge is of; none of what was charged ad hoc.
pub(super) fn item_price_of(line: &Row<'_>) -> Option<String> {
    let is_price = line.text("entity_type").is_some_and(|sort| sort.ends_with("_item_price"));
    line.text("entity_id").filter(|_| is_price)
}
