//! Credit notes: how they are made, voided and deleted (section 7 of the reference sheet).

use serde_json::{Value, json};

use super::balance::{WRITE_OFF, in_progress, is_open, move_balance, refundable, resettle, save_invoice};
use super::charges::treatment_of;
use super::error::ApiError;
use super::params::Params;
use super::payments::comment;
use super::prorate::{Body, net_of, of_total};
use super::rows::{inherit, list, number, push, set_linked, take, text};
use super::site::{Caller, Site, wrapped};
use super::store::Kind;
use super::transactions::Fields;
use crate::sandbox::generator::document::tax_name;

/// The reasons that a caller may give by the older enumeration.
const REASONS: [&str; 6] =
    ["product_unsatisfactory", "service_unsatisfactory", "order_change", "order_cancellation", "waiver", "other"];

/// Why a note is made: the older enumeration and the site's own words.
#[derive(Clone, Debug)]
pub(super) struct Reason {
    code: String,
    words: String,
}

impl Reason {
    /// A reason by which the vendor itself makes notes.
    pub(super) fn own(code: &str, words: &str) -> Self {
        Self { code: code.to_owned(), words: words.to_owned() }
    }

    /// The reason as sent; `chargeback` only where a refund is recorded.
    pub(super) fn read(fields: &Fields<'_>, takes_chargeback: bool) -> Result<Self, ApiError> {
        let code = fields.sent("reason_code").unwrap_or("other");
        let is_chargeback = takes_chargeback && code == "chargeback";
        if !is_chargeback && !REASONS.contains(&code) {
            return Err(fields.wrong("reason_code", &format!("should be one of {}", REASONS.join(", "))));
        }
        let words = fields.sent("create_reason_code").map_or_else(|| spoken(code), str::to_owned);
        if words.chars().count() > 100 {
            return Err(fields.wrong("create_reason_code", "should be at most 100 characters"));
        }
        Ok(Self { code: code.to_owned(), words })
    }
}

/// `service_unsatisfactory` as the site words it: `Service Unsatisfactory`.
fn spoken(code: &str) -> String {
    let words = code.split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    });
    words.collect::<Vec<_>>().join(" ")
}

/// `POST /credit_notes`.
pub(super) fn create(site: &mut Site, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    comment(params)?;
    let fields = Fields { params, object: None };
    let kind = fields.required("type")?;
    if !matches!(kind, "adjustment" | "refundable" | "store") {
        return Err(fields.wrong("type", "should be one of adjustment, refundable, store"));
    }
    let reason = Reason::read(&fields, false)?;
    let date = fields.whole("date", caller.seconds())?;
    if date > caller.seconds() {
        return Err(fields.wrong("date", "should not be in the future"));
    }
    let Some(invoice) = fields.sent("reference_invoice_id") else {
        return standalone(site, &fields, kind, &reason, date, caller);
    };
    let invoice = site.fetch(Kind::Invoice, invoice, caller)?;
    let (body, rounding) = body(site, &fields, &invoice, kind)?;
    let tax = if text(&invoice, "price_type") == "tax_inclusive" { 0 } else { body.tax };
    let total = body.sub_total + tax + rounding;
    check(kind, &invoice, total)?;
    let mut note = row(site, kind, &invoice, (body, rounding), &reason, date, caller);
    note["total"] = total.into();
    let (note, invoice) = issue(site, note, invoice, caller);
    Ok(json!({"credit_note": note, "invoice": invoice}).to_string())
}

/// What the note may credit at most.
pub(super) fn check(kind: &str, invoice: &Value, total: i64) -> Result<(), ApiError> {
    let id = text(invoice, "id");
    let most = if kind == "adjustment" {
        if !is_open(invoice) {
            return Err(ApiError::wrong_state(format!(
                "Invoice {id} in status {} takes no adjustment",
                invoice["status"]
            )));
        }
        number(invoice, "amount_due") - in_progress(invoice)
    } else {
        if matches!(text(invoice, "status"), "voided" | "pending") {
            return Err(ApiError::wrong_state(format!("Invoice {id} in status {} takes no note", invoice["status"])));
        }
        refundable(invoice)
    };
    if total < 1 || total > most {
        return Err(ApiError::wrong_value("total", &format!("should be between 1 and {most}")));
    }
    Ok(())
}

fn body(site: &mut Site, fields: &Fields<'_>, invoice: &Value, kind: &str) -> Result<(Body, i64), ApiError> {
    let prefix = site.new_id("li_");
    let rows = fields.params.rows("line_items");
    if rows.is_empty() == fields.sent("total").is_none() {
        return Err(fields.wrong("total", "either a total or line items should be given"));
    }
    if rows.is_empty() {
        let total = fields.whole("total", 0)?;
        if kind == "store" {
            return Ok((untaxed(invoice, total, &prefix), 0));
        }
        return Ok(of_total(invoice, total, &prefix));
    }
    let mut body = Body::default();
    for (index, row) in rows {
        let wrong = |name: &str, problem: &str| ApiError::wrong_value(&format!("line_items[{name}][{index}]"), problem);
        let whole = |name: &str| {
            row.get(name).map(|text| text.parse::<i64>().map_err(|_| wrong(name, "should be a number"))).transpose()
        };
        let line =
            row.get("reference_line_item_id").ok_or_else(|| wrong("reference_line_item_id", "cannot be blank"))?;
        let line = list(invoice, "line_items").iter().find(|known| known["id"] == line.as_str());
        let line = line.ok_or_else(|| wrong("reference_line_item_id", "is no line of the invoice"))?;
        let quantity = whole("quantity")?.unwrap_or(1);
        let net = match (whole("amount")?, whole("unit_amount")?) {
            (Some(amount), _) => amount,
            (None, Some(unit)) => unit.saturating_mul(quantity),
            (None, None) => net_of(line),
        };
        if net < 1 || net > net_of(line) {
            return Err(wrong("amount", &format!("should be between 1 and {}", net_of(line))));
        }
        body.credit(invoice, line, net, &format!("{prefix}{index}"));
        for name in ["date_from", "date_to"] {
            if let (Some(at), Some(line)) = (whole(name)?, body.lines.last_mut()) {
                line[name] = at.into();
            }
        }
    }
    Ok((if kind == "store" { body.before_tax() } else { body }, 0))
}

/// One line without tax: a store note has none when it is made.
fn untaxed(invoice: &Value, total: i64, prefix: &str) -> Body {
    let line = free_line(&format!("{prefix}0"), total, "Store credit", "tax_not_configured", &invoice["date"]);
    Body { lines: vec![line], sub_total: total, ..Body::default() }
}

fn free_line(id: &str, amount: i64, description: &str, reason: &str, at: &Value) -> Value {
    json!({"id": id, "date_from": at, "date_to": at, "unit_amount": amount, "quantity": 1, "amount": amount,
        "pricing_model": "flat_fee", "is_taxed": false, "tax_amount": 0, "discount_amount": 0,
        "item_level_discount_amount": 0, "metered": false, "is_percentage_pricing": false,
        "description": description, "entity_type": "adhoc", "tax_exempt_reason": reason, "object": "line_item"})
}

/// A note that credits no invoice: a customer and an amount, with the customer's own tax in it.
fn standalone(
    site: &mut Site,
    fields: &Fields<'_>,
    kind: &str,
    reason: &Reason,
    date: i64,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    if kind == "adjustment" {
        return Err(fields.wrong("reference_invoice_id", "cannot be blank"));
    }
    let customer = site.fetch(Kind::Customer, fields.required("customer_id")?, caller)?;
    fields.required("total")?;
    let total = fields.whole("total", 0)?;
    if total < 1 {
        return Err(fields.wrong("total", "should be at least 1"));
    }
    let currency = fields.sent("currency_code").or(customer["preferred_currency_code"].as_str()).unwrap_or("EUR");
    let rate = crate::sandbox::generator::assemble::exchange_rate(currency, caller.now);
    let mut owner = json!({"customer_id": customer["id"], "currency_code": currency, "price_type": "tax_exclusive",
        "exchange_rate": rate, "date": date});
    inherit(&mut owner, &customer, &["business_entity_id", "vat_number", "vat_number_prefix", "billing_address"]);
    let id = site.new_id("li_") + "0";
    let body = if kind == "store" { untaxed(&owner, total, &id) } else { taxed(&customer, total, &id, date) };
    let mut note = row(site, kind, &owner, (body, 0), reason, date, caller);
    note["total"] = total.into();
    offer(site, &mut note, caller);
    Ok(wrapped(Kind::CreditNote, &note))
}

fn taxed(customer: &Value, total: i64, id: &str, date: i64) -> Body {
    let tax = treatment_of(customer);
    let parts = tax.parts(total, true);
    let Some(part) = parts.first() else {
        let reason = if let crate::sandbox::generator::taxes::Tax::Exempt(reason) = tax { reason } else { "" };
        let line = free_line(id, total, "Goodwill", reason, &date.into());
        return Body { lines: vec![line], sub_total: total, ..Body::default() };
    };
    let mut line = free_line(id, part.taxable, "Goodwill", "", &date.into());
    (line["is_taxed"], line["tax_amount"], line["tax_rate"]) =
        (true.into(), part.tax.into(), (part.percent as f64).into());
    line.as_object_mut().map(|row| row.remove("tax_exempt_reason"));
    let tax = json!({"line_item_id": id, "tax_name": tax_name(part.country), "tax_rate": part.percent as f64,
        "taxable_amount": part.taxable, "tax_amount": part.tax, "is_partial_tax_applied": false,
        "is_non_compliance_tax": false, "tax_juris_type": "country", "tax_juris_name": part.country,
        "tax_juris_code": part.country, "object": "line_item_tax"});
    Body { lines: vec![line], taxes: vec![tax], sub_total: part.taxable, tax: part.tax, ..Body::default() }
}

/// The note's row without what is allocated, refunded or available. Its `total` is lines, tax and rounding.
fn row(
    site: &mut Site,
    kind: &str,
    of: &Value,
    (body, rounding): (Body, i64),
    reason: &Reason,
    date: i64,
    caller: Caller<'_>,
) -> Value {
    let tax = if text(of, "price_type") == "tax_inclusive" { 0 } else { body.tax };
    let mut note = json!({
        "id": site.next_note(of["business_entity_id"].as_str()), "customer_id": of["customer_id"], "type": kind,
        "reason_code": reason.code, "create_reason_code": reason.words, "date": date,
        "generated_at": caller.seconds(), "price_type": of["price_type"], "currency_code": of["currency_code"],
        "base_currency_code": "EUR", "exchange_rate": of["exchange_rate"], "sub_total": body.sub_total,
        "total": body.sub_total + tax + rounding, "round_off_amount": rounding.abs(), "fractional_correction": 0,
        "amount_allocated": 0, "amount_refunded": 0, "amount_available": 0, "taxes": body.tax_rows(),
        "discounts": body.discount_rows(), "line_items": body.lines, "line_item_taxes": body.taxes,
        "line_item_discounts": body.discounts, "linked_refunds": [], "linked_tax_withheld_refunds": [],
        "allocations": [], "notes": [], "channel": "web", "deleted": false,
    });
    if of.get("line_items").is_some() {
        note["reference_invoice_id"] = of["id"].clone();
    }
    let names = ["subscription_id", "vat_number", "vat_number_prefix", "billing_address", "business_entity_id"];
    inherit(&mut note, of, &names);
    note
}

/// Links a note to its invoice and saves both: an adjustment lowers what is due, the others wait for their use.
pub(super) fn issue(site: &mut Site, mut note: Value, mut invoice: Value, caller: Caller<'_>) -> (Value, Value) {
    let is_adjustment = text(&note, "type") == "adjustment";
    let list = if is_adjustment { "adjustment_credit_notes" } else { "issued_credit_notes" };
    let linked = json!({"cn_id": note["id"], "cn_reason_code": note["reason_code"],
        "cn_create_reason_code": note["create_reason_code"], "cn_date": note["date"], "cn_total": note["total"],
        "cn_status": if is_adjustment { "adjusted" } else { "refund_due" }});
    push(&mut invoice, list, linked);
    if !is_adjustment {
        offer(site, &mut note, caller);
        save_invoice(site, &mut invoice, caller);
        return (note, invoice);
    }
    resettle(&mut invoice, number(&note, "date"), caller);
    (note["status"], note["amount_allocated"]) = ("adjusted".into(), note["total"].clone());
    let allocation = json!({"invoice_id": invoice["id"], "allocated_amount": note["total"],
        "allocated_at": caller.seconds(), "invoice_date": invoice["date"], "invoice_status": invoice["status"],
        "tax_application": "post_tax"});
    push(&mut note, "allocations", allocation);
    site.save_and_emit(Kind::CreditNote, &mut note, "credit_note_created", caller);
    save_invoice(site, &mut invoice, caller);
    (note, invoice)
}

/// Saves a note whose whole total is the customer's to use.
fn offer(site: &mut Site, note: &mut Value, caller: Caller<'_>) {
    (note["status"], note["amount_available"]) = ("refund_due".into(), note["total"].clone());
    site.save_and_emit(Kind::CreditNote, note, "credit_note_created", caller);
    move_balance(site, text(note, "customer_id"), "refundable_credits", number(note, "total"), caller);
}

/// A refundable note of a part of a paid invoice, which the vendor makes when it records a refund.
pub(super) fn issue_refundable(
    site: &mut Site,
    invoice: &Value,
    (total, date): (i64, i64),
    reason: &Reason,
    caller: Caller<'_>,
) -> Result<Value, ApiError> {
    check("refundable", invoice, total)?;
    let prefix = site.new_id("li_");
    let parts = of_total(invoice, total, &prefix);
    let note = row(site, "refundable", invoice, parts, reason, date, caller);
    Ok(issue(site, note, invoice.clone(), caller).0)
}

/// Shows a note's status on the invoice that it was issued for.
pub(super) fn tell_invoice(site: &mut Site, note: &Value, caller: Caller<'_>) {
    let Ok(mut invoice) = site.fetch(Kind::Invoice, text(note, "reference_invoice_id"), caller) else { return };
    set_linked(&mut invoice, "issued_credit_notes", ("cn_id", text(note, "id")), "cn_status", &note["status"]);
    save_invoice(site, &mut invoice, caller);
}

/// An adjustment note of everything that is due, which the vendor makes for a write-off or a void.
pub(super) fn issue_adjustment(site: &mut Site, invoice: Value, reason: &Reason, caller: Caller<'_>) -> (Value, Value) {
    let prefix = site.new_id("li_");
    let parts = of_total(&invoice, number(&invoice, "amount_due"), &prefix);
    let note = row(site, "adjustment", &invoice, parts, reason, caller.seconds(), caller);
    issue(site, note, invoice, caller)
}

/// `POST /invoices/{id}/write_off`: a note of all that is due; the invoice is then `paid` without any money.
pub(super) fn write_off(site: &mut Site, id: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    comment(params)?;
    let invoice = site.fetch(Kind::Invoice, id, caller)?;
    if !is_open(&invoice) || in_progress(&invoice) > 0 {
        return Err(ApiError::wrong_state(format!(
            "Invoice {id} in status {} cannot be written off",
            invoice["status"]
        )));
    }
    let (note, invoice) = issue_adjustment(site, invoice, &Reason::own("write_off", WRITE_OFF), caller);
    Ok(json!({"invoice": invoice, "credit_note": note}).to_string())
}

/// `POST /credit_notes/{id}/void` and `/delete`: not once it is refunded or used; an adjustment's invoice is due again.
pub(super) fn withdraw(
    site: &mut Site,
    id: &str,
    params: &Params,
    is_delete: bool,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    comment(params)?;
    let mut note = site.fetch(Kind::CreditNote, id, caller)?;
    let is_adjustment = text(&note, "status") == "adjusted";
    let used = number(&note, "amount_refunded") + if is_adjustment { 0 } else { number(&note, "amount_allocated") };
    if !matches!(text(&note, "status"), "adjusted" | "refund_due") || used > 0 {
        let message = format!("Credit note {id} in status {} has refunds or allocations", text(&note, "status"));
        return Err(ApiError::wrong_state(message));
    }
    let status = if is_delete { note["status"].clone() } else { "voided".into() };
    if let Ok(mut invoice) = site.fetch(Kind::Invoice, text(&note, "reference_invoice_id"), caller) {
        take(&mut invoice, "adjustment_credit_notes", "cn_id", id);
        if is_delete {
            take(&mut invoice, "issued_credit_notes", "cn_id", id);
        }
        set_linked(&mut invoice, "issued_credit_notes", ("cn_id", id), "cn_status", &status);
        resettle(&mut invoice, caller.seconds(), caller);
        save_invoice(site, &mut invoice, caller);
    }
    let available = number(&note, "amount_available");
    move_balance(site, text(&note, "customer_id"), "refundable_credits", -available, caller);
    (note["status"], note["amount_available"], note["amount_allocated"]) = (status, 0.into(), 0.into());
    note["allocations"] = json!([]);
    let event = if is_delete {
        note["deleted"] = true.into();
        "credit_note_deleted"
    } else {
        note["voided_at"] = caller.seconds().into();
        "credit_note_updated"
    };
    site.save_and_emit(Kind::CreditNote, &mut note, event, caller);
    Ok(wrapped(Kind::CreditNote, &note))
}
