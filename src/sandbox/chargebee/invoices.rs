//! Writes on invoices: the state machine of section 6 of the reference sheet.

use serde_json::{Value, json};

use super::balance::{is_open, move_balance, resettle, save_invoice};
use super::credit_notes::{self, Reason};
use super::error::ApiError;
use super::params::Params;
use super::payments::{named_row, payable_row};
use super::rows::{list, number, push, raise, sum, take, text};
use super::site::{Caller, Site, wrapped};
use super::store::Kind;
use super::transactions::Fields;

/// `POST /invoices/{id}/void`: from payment_due, posted or not_paid only, and only when nothing was paid or credited.
pub(super) fn void(site: &mut Site, id: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let mut invoice = named_row(site, Kind::Invoice, id, params, caller)?;
    if !is_open(&invoice) {
        return Err(ApiError::wrong_state(format!("Invoice {id} in status {} cannot be voided", invoice["status"])));
    }
    untouched(&invoice)?;
    give_credits_back(site, &invoice, caller);
    let note = if site.settings.void_note && number(&invoice, "amount_due") > 0 {
        let (note, credited) =
            credit_notes::issue_adjustment(site, invoice, &Reason::own("other", "Invoice Void"), caller);
        invoice = credited;
        Some(note)
    } else {
        None
    };
    invoice["status"] = "voided".into();
    invoice["voided_at"] = caller.seconds().into();
    if let Some(row) = invoice.as_object_mut() {
        row.remove("paid_at");
    }
    if let Some(reason) = params.text("void_reason_code") {
        invoice["void_reason_code"] = reason.into();
    }
    // There is no event of its own for a void.
    save_invoice(site, &mut invoice, caller);
    let mut answer = json!({"invoice": invoice});
    if let Some(note) = note {
        answer["credit_note"] = site.fetch(Kind::CreditNote, text(&note, "id"), caller)?;
    }
    Ok(answer.to_string())
}

/// `POST /invoices/{id}/delete`: hidden from then on, unless a list asks for deleted rows.
pub(super) fn delete(site: &mut Site, id: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let mut invoice = named_row(site, Kind::Invoice, id, params, caller)?;
    untouched(&invoice)?;
    give_credits_back(site, &invoice, caller);
    invoice["deleted"] = true.into();
    site.save_and_emit(Kind::Invoice, &mut invoice, "invoice_deleted", caller);
    Ok(wrapped(Kind::Invoice, &invoice))
}

/// Promotional credits that the invoice used are the customer's again.
fn give_credits_back(site: &mut Site, invoice: &Value, caller: Caller<'_>) {
    let used = sum(invoice, "discounts", "amount", |row| text(row, "entity_type") == "promotional_credits");
    move_balance(site, text(invoice, "customer_id"), "promotional_credits", used, caller);
}

/// The preconditions that void and delete share.
fn untouched(invoice: &Value) -> Result<(), ApiError> {
    let payments = list(invoice, "linked_payments").iter();
    let paid = payments.clone().any(|payment| matches!(text(payment, "txn_status"), "success" | "in_progress"));
    let credited = list(invoice, "applied_credits").iter().chain(list(invoice, "issued_credit_notes"));
    let refunded = credited.clone().any(|note| matches!(text(note, "cn_status"), "refunded" | "refund_due"));
    let withheld = !list(invoice, "linked_taxes_withheld").is_empty();
    let written_off = number(invoice, "write_off_amount") != 0;
    if paid || refunded || withheld || written_off || number(invoice, "amount_adjusted") != 0 {
        return Err(ApiError::wrong_state("The invoice has payments, credits or withheld tax linked to it"));
    }
    Ok(())
}

/// `POST /invoices/{id}/close`: a pending invoice is issued and gets its number, by which it is known from then on.
pub(super) fn close(site: &mut Site, id: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let mut invoice = named_row(site, Kind::Invoice, id, params, caller)?;
    if text(&invoice, "status") != "pending" {
        return Err(ApiError::wrong_state(format!("Invoice {id} in status {} is closed already", invoice["status"])));
    }
    let date = Fields { params, object: None }.whole("invoice_date", number(&invoice, "date"))?;
    let number_given = site.next_invoice(invoice["business_entity_id"].as_str());
    let days = number(&invoice, "net_term_days");
    (invoice["id"], invoice["date"]) = (number_given.as_str().into(), date.into());
    (invoice["due_date"], invoice["generated_at"]) = ((date + days * 86_400).into(), caller.seconds().into());
    invoice["status"] = if date + days * 86_400 > caller.seconds() { "posted" } else { "payment_due" }.into();
    site.store.rename(Kind::Invoice, id, &number_given);
    resettle(&mut invoice, caller.seconds(), caller);
    site.save_and_emit(Kind::Invoice, &mut invoice, "invoice_generated", caller);
    Ok(wrapped(Kind::Invoice, &invoice))
}

/// `POST /invoices/{id}/apply_credits`: the customer's refundable and store notes, those named or all, oldest first.
pub(super) fn apply_credits(
    site: &mut Site,
    id: &str,
    params: &Params,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    let mut invoice = payable_row(site, id, params, caller)?;
    let named: Vec<String> = params.rows("credit_notes").into_values().filter_map(|mut row| row.remove("id")).collect();
    for note in &named {
        let note = site.fetch(Kind::CreditNote, note, caller)?;
        let fits = note["customer_id"] == invoice["customer_id"] && note["currency_code"] == invoice["currency_code"];
        if !fits || text(&note, "status") != "refund_due" {
            let message = format!("Credit note {} cannot be applied to invoice {id}", note["id"]);
            return Err(ApiError::wrong_state(message));
        }
    }
    let notes = if named.is_empty() { credit_left(site, &invoice) } else { named };
    use_credits(site, &mut invoice, &notes, "post_tax", caller)?;
    Ok(wrapped(Kind::Invoice, &invoice))
}

/// The customer's notes in the invoice's currency with credit left, oldest first.
pub(super) fn credit_left(site: &Site, invoice: &Value) -> Vec<String> {
    notes_left(site, invoice).iter().map(|note| text(note, "id").to_owned()).collect()
}

/// Of these the store notes, which are used before tax when an invoice is made, and how much credit is left on them.
pub(super) fn store_credit_left(site: &Site, invoice: &Value) -> (Vec<String>, i64) {
    let mut notes = notes_left(site, invoice);
    notes.retain(|note| text(note, "type") == "store");
    let left = notes.iter().map(|note| number(note, "amount_available")).sum();
    (notes.iter().map(|note| text(note, "id").to_owned()).collect(), left)
}

fn notes_left(site: &Site, invoice: &Value) -> Vec<Value> {
    let rows = site.store.collection(Kind::CreditNote).rows().iter().filter(|row| !row.keys.deleted);
    let own = |row: &Value| {
        row["customer_id"] == invoice["customer_id"]
            && row["currency_code"] == invoice["currency_code"]
            && text(row, "status") == "refund_due"
            && row.get("business_entity_id") == invoice.get("business_entity_id")
    };
    let mut notes: Vec<Value> = rows.map(|row| row.value()).filter(own).collect();
    notes.sort_by_key(|note| number(note, "date"));
    notes
}

/// Pays the invoice from these notes as far as they go, before or after its tax (`pre_tax`, `post_tax`).
pub(super) fn use_credits(
    site: &mut Site,
    invoice: &mut Value,
    notes: &[String],
    tax_application: &str,
    caller: Caller<'_>,
) -> Result<(), ApiError> {
    for id in notes {
        let mut note = site.fetch(Kind::CreditNote, id, caller)?;
        let amount = number(&note, "amount_available").min(number(invoice, "amount_due"));
        if amount < 1 {
            continue;
        }
        raise(&mut note, "amount_available", -amount);
        raise(&mut note, "amount_allocated", amount);
        if number(&note, "amount_available") == 0 {
            note["status"] = "refunded".into();
        }
        let applied = json!({"cn_id": note["id"], "applied_amount": amount, "applied_at": caller.seconds(),
            "cn_reason_code": note["reason_code"], "cn_create_reason_code": note["create_reason_code"],
            "cn_date": note["date"], "cn_status": note["status"], "tax_application": tax_application});
        push(invoice, "applied_credits", applied);
        resettle(invoice, caller.seconds(), caller);
        let allocation = json!({"invoice_id": invoice["id"], "allocated_amount": amount,
            "allocated_at": caller.seconds(), "invoice_date": invoice["date"], "invoice_status": invoice["status"],
            "tax_application": tax_application});
        push(&mut note, "allocations", allocation);
        site.save_and_emit(Kind::CreditNote, &mut note, "credit_note_updated", caller);
        credit_notes::tell_invoice(site, &note, caller);
        save_invoice(site, invoice, caller);
        move_balance(site, text(invoice, "customer_id"), "refundable_credits", -amount, caller);
    }
    Ok(())
}

/// `POST /invoices/{id}/remove_credit_note`: an applied note has its credit again, an adjustment note is voided by it.
pub(super) fn remove_credit_note(
    site: &mut Site,
    id: &str,
    params: &Params,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    let mut invoice = site.fetch(Kind::Invoice, id, caller)?;
    let fields = Fields { params, object: Some("credit_note") };
    let note_id = fields.required("id")?;
    let applied = take(&mut invoice, "applied_credits", "cn_id", note_id);
    let adjusted = take(&mut invoice, "adjustment_credit_notes", "cn_id", note_id);
    if applied.is_empty() && adjusted.is_empty() {
        return Err(fields.wrong("id", "is no note of this invoice"));
    }
    let mut note = site.fetch(Kind::CreditNote, note_id, caller)?;
    let amount: i64 = applied.iter().map(|row| number(row, "applied_amount")).sum();
    take(&mut note, "allocations", "invoice_id", id);
    if adjusted.is_empty() {
        raise(&mut note, "amount_allocated", -amount);
        raise(&mut note, "amount_available", amount);
        note["status"] = "refund_due".into();
    } else {
        note["amount_allocated"] = 0.into();
        (note["status"], note["voided_at"]) = ("voided".into(), caller.seconds().into());
    }
    site.save_and_emit(Kind::CreditNote, &mut note, "credit_note_updated", caller);
    move_balance(site, text(&invoice, "customer_id"), "refundable_credits", amount, caller);
    resettle(&mut invoice, caller.seconds(), caller);
    save_invoice(site, &mut invoice, caller);
    Ok(json!({"invoice": invoice, "credit_note": note}).to_string())
}
