//! Payments, refunds, promotional credits and unbilled charges (C13–C16).

use super::documents::item_price_of;
use super::row::{FieldMap, Row, lines};
use crate::domain::hold::Hold;
use crate::domain::money::Amount;
use crate::domain::record::{Record, RecordKind};

const PAYMENT: FieldMap = &[
    ("status", "status"),
    ("payment_date", "date"),
    ("settled_at", "settled_at"),
    ("voided_at", "voided_at"),
    ("amount", "amount"),
    ("amount_unused", "amount_unused"),
    ("exchange_rate", "exchange_rate"),
    ("payment_method", "payment_method"),
    ("gateway", "gateway"),
    ("gateway_account", "gateway_account_id"),
    ("id_at_gateway", "id_at_gateway"),
    ("reference", "reference_number"),
    ("masked_number", "masked_card_number"),
    ("error_code", "error_code"),
    ("error_text", "error_text"),
];

const REFUND: FieldMap = &[
    ("refund_type", "type"),
    ("status", "status"),
    ("refund_date", "date"),
    ("settled_at", "settled_at"),
    ("voided_at", "voided_at"),
    ("amount", "amount"),
    ("exchange_rate", "exchange_rate"),
    ("payment_method", "payment_method"),
    ("gateway", "gateway"),
    ("gateway_account", "gateway_account_id"),
    ("id_at_gateway", "id_at_gateway"),
    ("reference", "reference_number"),
    ("error_code", "error_code"),
    ("error_text", "error_text"),
];

const PROMOTIONAL_CREDIT: FieldMap = &[
    ("movement", "type"),
    ("amount", "amount"),
    ("closing_balance", "closing_balance"),
    ("credit_type", "credit_type"),
    ("description", "description"),
    ("reference", "reference"),
    ("done_by", "done_by"),
    ("created_at", "created_at"),
];

const UNBILLED_CHARGE: FieldMap = &[
    ("description", "description"),
    ("entity_type", "entity_type"),
    ("entity_id", "entity_id"),
    ("pricing_model", "pricing_model"),
    ("unit_amount", "unit_amount"),
    ("unit_amount_in_decimal", "unit_amount_in_decimal"),
    ("amount", "amount"),
    ("discount", "discount_amount"),
    ("service_from", "date_from"),
    ("service_to", "date_to"),
    ("advance_charge", "is_advance_charge"),
    ("voided", "is_voided"),
    ("voided_at", "voided_at"),
    ("created_at", "created_at"),
];

/// An authorization moves no money and is no record.
pub(super) fn transaction(id: &str, json: &str) -> Result<Vec<Record>, Hold> {
    let row = Row::parse("transaction", id, json)?;
    match row.text("type").as_deref() {
        Some("payment") => payment(&row).map(|record| vec![record]),
        Some("refund" | "payment_reversal") => refund(&row).map(|record| vec![record]),
        _ => Ok(Vec::new()),
    }
}

fn payment(row: &Row<'_>) -> Result<Record, Hold> {
    let mut record = row.record(RecordKind::Payment)?;
    row.fill(&mut record, PAYMENT)?;
    parties(row, &mut record);
    record.link("payment_source", RecordKind::PaymentSource, row.text("payment_source_id"));
    let invoices = applied(row, "linked_invoices", "invoice_id", &mut record)?;
    if let [invoice] = invoices.as_slice() {
        record.link("invoice", RecordKind::Invoice, Some(invoice.as_str()));
    }
    Ok(record)
}

fn refund(row: &Row<'_>) -> Result<Record, Hold> {
    let mut record = row.record(RecordKind::Refund)?;
    row.fill(&mut record, REFUND)?;
    parties(row, &mut record);
    let of = ["refunded_txn_id", "reference_transaction_id"].into_iter().find_map(|name| row.text(name));
    record.link("payment", RecordKind::Payment, of);
    let notes = applied(row, "linked_credit_notes", "cn_id", &mut record)?;
    if let [note] = notes.as_slice() {
        record.link("credit_note", RecordKind::CreditNote, Some(note.as_str()));
    }
    Ok(record)
}

fn parties(row: &Row<'_>, record: &mut Record) {
    record.set("name", Some(record.id.clone()));
    record.link("customer", RecordKind::Customer, row.text("customer_id"));
    record.link("subscription", RecordKind::Subscription, row.text("subscription_id"));
}

/// What the money is applied to, one a line with its amount; gives the documents, each once.
fn applied(row: &Row<'_>, list: &str, key: &str, record: &mut Record) -> Result<Vec<String>, Hold> {
    let (mut documents, mut told) = (Vec::new(), Vec::new());
    for linked in row.objects(list)? {
        let Some(document) = linked.text(key) else { continue };
        let amount = linked.whole("applied_amount")?.map(Amount);
        let shown = record.currency.zip(amount).map(|(currency, amount)| amount.display(currency));
        told.push(format!("{document} {}", shown.unwrap_or_default()).trim_end().to_owned());
        if !documents.contains(&document) {
            documents.push(document);
        }
    }
    record.set("applied_to", lines(told));
    Ok(documents)
}

pub(super) fn promotional_credit(id: &str, json: &str) -> Result<Vec<Record>, Hold> {
    let row = Row::parse("promotional credit", id, json)?;
    let mut record = row.record(RecordKind::PromotionalCredit)?;
    row.fill(&mut record, PROMOTIONAL_CREDIT)?;
    record.set("name", Some(row.text("description").map_or_else(|| id.to_owned(), |text| short(&text))));
    record.link("customer", RecordKind::Customer, row.text("customer_id"));
    Ok(vec![record])
}

pub(super) fn unbilled_charge(id: &str, json: &str) -> Result<Vec<Record>, Hold> {
    let row = Row::parse("unbilled charge", id, json)?;
    let mut record = row.record(RecordKind::UnbilledCharge)?;
    row.fill(&mut record, UNBILLED_CHARGE)?;
    record.set("quantity", row.quantity("quantity")?);
    record.set("name", Some(row.text("description").map_or_else(|| id.to_owned(), |text| short(&text))));
    record.link("customer", RecordKind::Customer, row.text("customer_id"));
    record.link("subscription", RecordKind::Subscription, row.text("subscription_id"));
    record.link("item_price", RecordKind::ItemPrice, item_price_of(&row));
    Ok(vec![record])
}

/// A description as a name: what is longer than a name may be is cut.
fn short(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(150).collect()
}
