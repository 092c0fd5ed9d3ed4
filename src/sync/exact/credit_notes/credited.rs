//! The invoices that a credit note credits, as they were booked, or why the note is not booked by them.

use std::collections::BTreeSet;

use super::super::voids::is_aside;
use crate::accounting::BookedInvoice;
use crate::connectors::http::CallError;
use crate::domain::calendar::business_date;
use crate::domain::credit_note::{CreditCause, CreditNote};
use crate::domain::entry::{EntryLine, SalesEntry};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::{Invoice, InvoiceStatus};
use crate::state::Booked;
use crate::sync::error::{SyncError, SyncResult, Vendor};
use crate::sync::kinds::{CREDIT_NOTE, CREDIT_NOTE_VOID, INVOICE, VOID};
use crate::sync::session::Session;

/// What a note is booked by.
pub enum Credited {
    /// By these invoices; by none of them, it is ruled like an invoice.
    Invoices(Vec<BookedInvoice>),
    Hold(Hold),
    /// What it credits was never booked, or is reversed already: nothing is to be booked.
    Nothing,
}

/// Finds the invoices that `note` credits.
///
/// # Errors
/// The billing system's, or the state store's.
pub async fn credited(session: &Session<'_>, note: &CreditNote) -> SyncResult<Credited> {
    let Some(number) = &note.reference_invoice else { return by_lines(session, note, Vec::new()).await };
    let booked = session.state.booked_under(INVOICE, number).await?;
    let Some(booked) = invoice_of(note, booked) else { return not_booked(session, note, number).await };
    if note.cause == CreditCause::InvoiceVoid && session.state.booked(VOID, &booked.identity).await?.is_some() {
        return Ok(Credited::Nothing);
    }
    let first: Vec<BookedInvoice> = booked_invoice(session, &booked).await?.into_iter().collect();
    by_lines(session, note, first).await
}

/// The booked invoice of the note's reference; where its number came back, the one whose lines the note names.
fn invoice_of(note: &CreditNote, mut booked: Vec<Booked>) -> Option<Booked> {
    let names = |booked: &Booked| {
        let entry = booked.sent::<SalesEntry>().ok().flatten();
        entry.is_some_and(|entry| entry.lines.iter().any(|line| is_named(note, line)))
    };
    let at = if booked.len() > 1 { booked.iter().position(names).unwrap_or(0) } else { 0 };
    (at < booked.len()).then(|| booked.swap_remove(at))
}

fn is_named(note: &CreditNote, line: &EntryLine) -> bool {
    line.source_line.as_ref().is_some_and(|line| note.credited_lines.values().any(|named| named == line))
}

/// Adds the customer's other invoices whose lines the note names: one note may credit several.
async fn by_lines(session: &Session<'_>, note: &CreditNote, mut invoices: Vec<BookedInvoice>) -> SyncResult<Credited> {
    let known = |invoices: &[BookedInvoice]| -> BTreeSet<String> {
        let lines = invoices.iter().flat_map(|invoice| &invoice.entry.lines);
        lines.filter_map(|line| line.source_line.clone()).collect()
    };
    let here = known(&invoices);
    if note.credited_lines.values().all(|line| here.contains(line)) {
        return Ok(Credited::Invoices(invoices));
    }
    for booked in session.state.booked_for(&[INVOICE], &note.body.customer).await? {
        if invoices.iter().any(|invoice| invoice.identity == booked.identity) {
            continue;
        }
        let Some(entry) = booked.sent::<SalesEntry>()? else { continue };
        if entry.lines.iter().any(|line| is_named(note, line)) {
            invoices.extend(booked_invoice(session, &booked).await?);
        }
    }
    Ok(Credited::Invoices(invoices))
}

/// The booked invoice with what credits have taken of it; none where the books held it before, and its lines are not known.
/// Notes that are no more take nothing, whether or not they are reversed yet.
///
/// # Errors
/// The state store's.
pub async fn booked_invoice(session: &Session<'_>, booked: &Booked) -> SyncResult<Option<BookedInvoice>> {
    let Some(entry) = booked.sent::<SalesEntry>()? else { return Ok(None) };
    let mut credits = Vec::new();
    for credit in session.state.booked_for(&[CREDIT_NOTE, CREDIT_NOTE_VOID, VOID], &booked.customer).await? {
        let mut lines = credit.sent::<SalesEntry>()?.map(|entry| entry.lines).unwrap_or_default();
        lines.retain(|line| line.credits.as_ref().is_some_and(|named| named.invoice == booked.identity));
        let is_gone = credit.kind == CREDIT_NOTE
            && (credit.voided_at.is_some() || is_aside::<CreditNote>(session, &credit.identity).await?);
        if !is_gone {
            credits.extend(lines);
        }
    }
    let identity = booked.identity.clone();
    Ok(Some(BookedInvoice { identity, entry, credits, releases: Vec::new() }))
}

/// The invoice of the reference is not booked: waited for while it may be, else of no account to the note.
async fn not_booked(session: &Session<'_>, note: &CreditNote, number: &str) -> SyncResult<Credited> {
    if session.state.is_held(INVOICE, number).await? {
        return Ok(Credited::Hold(waiting(note, number, "is held itself", "mend what the invoice is held for")));
    }
    if note.cause == CreditCause::InvoiceVoid {
        return Ok(Credited::Nothing);
    }
    let Some(start) = session.declared.flows.invoices else { return Ok(Credited::Invoices(Vec::new())) };
    let invoice = match session.chargebee.invoice(number).await {
        Ok(row) => row.value,
        // Deleted: never booked, and no more.
        Err(CallError::NotFound { .. }) => return Ok(Credited::Nothing),
        Err(error) => return Err(SyncError::Call { vendor: Vendor::Chargebee, error }),
    };
    Ok(match invoice {
        Err(hold) => Credited::Hold(waiting(note, number, &hold.message, &hold.remedy)),
        Ok(invoice) if invoice.deleted || invoice.status == InvoiceStatus::Voided => Credited::Nothing,
        Ok(invoice) if is_earlier(session, &invoice, start) || invoice.total.is_zero() => {
            Credited::Invoices(Vec::new())
        }
        Ok(_) if session.planned.of(INVOICE, number).is_some() => {
            let remedy = "nothing to do: its lines are known once the invoice is booked, and it is booked after it";
            Credited::Hold(waiting(note, number, "is planned in this very run", remedy))
        }
        Ok(_) => Credited::Hold(waiting(note, number, "is not booked yet", "nothing to do: it is booked after it")),
    })
}

/// Out of scope: nothing waits for it (design §6, startDate).
fn is_earlier(session: &Session<'_>, invoice: &Invoice, start: jiff::civil::Date) -> bool {
    let day = invoice.date.or(invoice.generated_at).map(|at| business_date(at, &session.connection.time_zone));
    day.is_some_and(|day| day < start)
}

fn waiting(note: &CreditNote, number: &str, why: &str, remedy: &str) -> Hold {
    Hold::new(
        HoldReason::WaitingFor,
        format!("credit note {} waits for invoice {number}, which {why}", note.body.number),
        remedy,
    )
}
