//! Credit notes on generated invoices: one that lowers an open invoice, one for money that was paid.

use serde_json::{Value, json};

use super::draft::Fate;

/// The credit note that an invoice of this fate gets, linked on both sides; it credits the invoice's first line.
pub(super) fn credit(invoice: &mut Value, fate: Fate, number: &str, now: i64) -> Option<Value> {
    let kind = match fate {
        Fate::Adjusted => "adjustment",
        Fate::Credited => "refundable",
        _ => return None,
    };
    let at = (invoice["date"].as_i64()? + 6 * 86_400).min(now);
    let note = note(invoice, kind, number, at);
    link(invoice, kind, &note);
    Some(note)
}

fn note(invoice: &Value, kind: &str, number: &str, at: i64) -> Value {
    let line = &invoice["line_items"][0];
    let of_line = |list: &str| -> Value {
        let rows = invoice[list].as_array().into_iter().flatten().filter(|row| row["line_item_id"] == line["id"]);
        rows.cloned().map(|row| renamed(row, "line_item_id", number)).collect()
    };
    let sub_total = whole(line, "amount") - whole(line, "discount_amount");
    let tax = if invoice["price_type"] == "tax_inclusive" { 0 } else { whole(line, "tax_amount") };
    let total = sub_total + tax;
    let is_adjustment = kind == "adjustment";
    let allocations = if is_adjustment {
        json!([{"invoice_id": invoice["id"], "allocated_amount": total, "allocated_at": at,
            "invoice_date": invoice["date"], "invoice_status": invoice["status"], "tax_application": "post_tax"}])
    } else {
        json!([])
    };
    let mut note = json!({
        "id": number, "customer_id": invoice["customer_id"], "reference_invoice_id": invoice["id"], "type": kind,
        "status": if is_adjustment { "adjusted" } else { "refund_due" }, "reason_code": "other",
        "create_reason_code": "Other", "date": at, "generated_at": at, "price_type": invoice["price_type"],
        "currency_code": invoice["currency_code"], "base_currency_code": "EUR",
        "exchange_rate": invoice["exchange_rate"], "sub_total": sub_total, "total": total, "round_off_amount": 0,
        "fractional_correction": 0, "amount_allocated": if is_adjustment { total } else { 0 }, "amount_refunded": 0,
        "amount_available": if is_adjustment { 0 } else { total }, "line_items": [credited_line(line, number)],
        "line_item_taxes": of_line("line_item_taxes"), "line_item_discounts": of_line("line_item_discounts"),
        "discounts": [], "taxes": taxes(invoice, line), "linked_refunds": [], "allocations": allocations,
        "billing_address": invoice["billing_address"], "channel": "web", "deleted": false, "updated_at": at + 1,
        "resource_version": (at + 1) * 1000, "object": "credit_note",
    });
    for name in ["subscription_id", "vat_number", "vat_number_prefix", "business_entity_id"] {
        if let Some(value) = invoice.get(name) {
            note[name] = value.clone();
        }
    }
    note
}

fn credited_line(line: &Value, number: &str) -> Value {
    let mut credited = renamed(line.clone(), "id", number);
    credited["reference_line_item_id"] = line["id"].clone();
    credited
}

/// The row with the id of the credit note's own line.
fn renamed(mut row: Value, name: &str, number: &str) -> Value {
    row[name] = format!("li_{}0", number.replace('-', "")).into();
    row
}

fn taxes(invoice: &Value, line: &Value) -> Value {
    let name = invoice["taxes"][0]["name"].as_str();
    name.map_or(json!([]), |name| json!([{"name": name, "amount": line["tax_amount"], "object": "tax"}]))
}

/// An adjustment lowers what is due; a refundable note is listed and leaves the invoice as it is.
fn link(invoice: &mut Value, kind: &str, note: &Value) {
    let row = json!([{"cn_id": note["id"], "cn_reason_code": "other", "cn_create_reason_code": "Other",
        "cn_date": note["date"], "cn_total": note["total"], "cn_status": note["status"]}]);
    if kind == "refundable" {
        invoice["issued_credit_notes"] = row;
        return;
    }
    invoice["adjustment_credit_notes"] = row;
    invoice["amount_adjusted"] = note["total"].clone();
    let due = whole(invoice, "amount_due") - whole(note, "total");
    invoice["amount_due"] = due.into();
    invoice["amount_to_collect"] = due.into();
}

fn whole(row: &Value, name: &str) -> i64 {
    row[name].as_i64().unwrap_or_default()
}
