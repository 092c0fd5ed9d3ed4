//! Booking as an invoice that Exact issues itself (P6): drafted, then printed. Each step has its own mark in the intent, so
//! that whatever is killed or lost between them, the draft that is there is printed and never made twice (I1).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::bill::Bill;
use crate::connectors::exact::{BookInvoice, BusinessError};
use crate::connectors::http::CallError;
use crate::domain::entry::{PostedEntry, SalesEntry};
use crate::domain::money::Amount;
use crate::domain::sales_invoice::SalesInvoice;
use crate::state::{Intent, StateError};
use crate::sync::error::{At, SyncError, SyncResult, Vendor};
use crate::sync::exact::documents::{Sending, Sent, Stand, is_for};
use crate::sync::session::Session;

/// The draft of a sales invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    pub id: Uuid,
    /// It is not to be printed but deleted, and nothing of it to be sent again as it is.
    pub refused: bool,
}

/// Drafts and prints the invoice that the intent announces.
///
/// # Errors
/// The state store's, or a wish to stop between the two steps; the intent stays then.
pub async fn issue(sending: &Sending<'_>, bill: &Bill, invoice: &SalesInvoice) -> SyncResult<Sent> {
    let Sending { session, intent, account, document } = *sending;
    let draft = match left_behind(session, intent, &bill.entry).await? {
        Some(draft) => draft,
        None => match session.target.create_sales_invoice(intent.division, invoice, account, document).await {
            Ok(draft) => draft,
            Err(error) => return Ok(Sent::failed(error)),
        },
    };
    mark(session, intent, bill, Draft { id: draft.id, refused: false }).await?;
    session.may_go_on().await?;
    Ok(match print(session, intent, bill, &draft).await? {
        Printed::Yes => match booked(session, intent, &bill.entry).await? {
            Some(posted) => Sent::Booked(Box::new(posted)),
            None => Sent::Unknown("its entry is not to be seen yet".to_owned()),
        },
        Printed::Refused(error) => Sent::Refused(error),
        Printed::Unknown(message) => Sent::Unknown(message),
    })
}

/// A draft of ours that was made before the state was lost. Looked for until the first entry is booked: what is printed is
/// in the books' own index, and of drafts there is one at most.
async fn left_behind(session: &Session<'_>, intent: &Intent, entry: &SalesEntry) -> SyncResult<Option<BookInvoice>> {
    if session.state.has_own_entry(intent.division).await? {
        return Ok(None);
    }
    let found =
        session.target.find_sales_invoices(intent.division, &[&entry.your_ref]).await.at(Vendor::ExactOnline)?;
    Ok(found.into_iter().find(|invoice| !invoice.is_printed && is_ours(intent, entry, invoice)))
}

enum Printed {
    Yes,
    /// And its draft is deleted.
    Refused(CallError),
    Unknown(String),
}

async fn print(session: &Session<'_>, intent: &Intent, bill: &Bill, draft: &BookInvoice) -> SyncResult<Printed> {
    let error = match differing(&bill.entry, draft) {
        // Nothing wrong is put into the books, where it could not be taken back (I2).
        Some(error) => error,
        None => match session.target.print_sales_invoice(intent.division, draft.id, &bill.entry).await {
            Ok(()) => return Ok(Printed::Yes),
            Err(CallError::OutcomeUnknown { message }) => return Ok(Printed::Unknown(message)),
            Err(error @ CallError::Rejected { .. }) => error,
            Err(error) => return Err(SyncError::Call { vendor: Vendor::ExactOnline, error }),
        },
    };
    mark(session, intent, bill, Draft { id: draft.id, refused: true }).await?;
    session.target.delete_draft(intent.division, draft.id).await.at(Vendor::ExactOnline)?;
    Ok(Printed::Refused(error))
}

/// The amounts of a draft are the books' own: they compute the VAT. What they do not say is compared after printing.
fn differing(entry: &SalesEntry, draft: &BookInvoice) -> Option<CallError> {
    let total = draft.total.unwrap_or(entry.total());
    let vat = draft.vat.unwrap_or(entry.vat());
    if (total, vat) == (entry.total(), entry.vat()) {
        return None;
    }
    let show = |amount: Amount| amount.display(entry.currency);
    let message = format!(
        "its draft came to total {} and VAT {}, but Chargebee says {} and {}; it was not printed",
        show(total),
        show(vat),
        show(entry.total()),
        show(entry.vat())
    );
    Some(CallError::Rejected { status: 201, code: Some(BusinessError::AmountsDiffer.as_str().to_owned()), message })
}

/// Notes in the intent how far it has come.
async fn mark(session: &Session<'_>, intent: &Intent, bill: &Bill, draft: Draft) -> SyncResult<()> {
    let corrupt = |source| StateError::Corrupt { what: format!("the intent of {}", intent.number), source };
    let content = serde_json::to_string(&bill.drafted(draft)).map_err(corrupt)?;
    Ok(session.state.begin(&Intent { content, ..intent.clone() }).await?)
}

/// Goes on from wherever `intent` was left: a draft is printed, a refused one deleted, a printed one looked up.
///
/// # Errors
/// The target's, or the state store's.
pub async fn resume(session: &Session<'_>, intent: &Intent, bill: &Bill) -> SyncResult<Stand> {
    let (division, entry) = (intent.division, &bill.entry);
    let found = session.target.find_sales_invoices(division, &[&entry.your_ref]).await.at(Vendor::ExactOnline)?;
    let ours = match bill.draft {
        Some(draft) => found.into_iter().find(|invoice| invoice.id == draft.id),
        None => found.into_iter().find(|invoice| is_ours(intent, entry, invoice)),
    };
    let Some(ours) = ours else { return Ok(Stand::Nothing) };
    if !ours.is_printed {
        if bill.draft.is_some_and(|draft| draft.refused) {
            session.target.delete_draft(division, ours.id).await.at(Vendor::ExactOnline)?;
            return Ok(Stand::Nothing);
        }
        mark(session, intent, bill, Draft { id: ours.id, refused: false }).await?;
        session.may_go_on().await?;
        match print(session, intent, bill, &ours).await? {
            Printed::Yes => {}
            Printed::Refused(_) => return Ok(Stand::Nothing),
            Printed::Unknown(_) => return Ok(Stand::Open),
        }
    }
    Ok(booked(session, intent, entry).await?.map_or(Stand::Open, |posted| Stand::Booked(Box::new(posted))))
}

/// Whether an invoice of the books is the one that `intent` announces, though its answer was lost: of the same customer and
/// currency, and of the same net amount or total. The VAT is the books' own, and one of the two is what was sent.
fn is_ours(intent: &Intent, entry: &SalesEntry, invoice: &BookInvoice) -> bool {
    let same_customer = invoice.customer.is_none() || intent.account.is_none() || invoice.customer == intent.account;
    let same_amount = invoice.total.is_none_or(|total| total == entry.total())
        || invoice.net.is_some_and(|net| net == entry.total() - entry.vat());
    same_customer && same_amount && invoice.currency.is_none_or(|currency| currency == entry.currency)
}

/// The entry of a printed invoice. Its amounts are the books' own: they are compared when it is recorded (I2).
async fn booked(session: &Session<'_>, intent: &Intent, entry: &SalesEntry) -> SyncResult<Option<PostedEntry>> {
    let references = [entry.your_ref.as_str()];
    let found = session.target.find_sales_entries(intent.division, &references).await.at(Vendor::ExactOnline)?;
    for posted in found {
        let account = intent.account.unwrap_or_default();
        let same_customer = is_for(session, intent.division, account, posted.customer).await?;
        let is_credit = posted.total.is_negative();
        if same_customer && !is_credit && !session.state.is_entry_recorded(posted.entry_id).await? {
            return Ok(Some(posted));
        }
    }
    Ok(None)
}
