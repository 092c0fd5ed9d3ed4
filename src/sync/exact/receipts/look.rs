//! Looking before anything is sent: whether the money is at the billing system already, by our reference or by a person's
//! hand, and whether it has its place there (I1). Also after a lost answer, and after the state was lost.

use crate::accounting::receipts::{OtherPayment, Room, room};
use crate::connectors::chargebee::TransactionState;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::money::Amount;
use crate::domain::receipt::{ReceiptDraft, ReceiptKind, Standing};
use crate::sync::error::{At, SyncResult, Vendor};
use crate::sync::session::Session;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing: it may be sent. With what was seen, which a refusal stands on (I5).
    Free(String),
    /// It is there, as this transaction.
    There(String, Standing),
    Unclear(Hold),
}

/// Looks for what `draft` means.
///
/// # Errors
/// The billing system's, or the state store's.
pub async fn look(session: &Session<'_>, draft: &ReceiptDraft) -> SyncResult<Look> {
    if draft.kind == ReceiptKind::Applied {
        return applied(session, draft).await;
    }
    let found = session.chargebee.receipt_by_reference(&draft.reference).await.at(Vendor::Chargebee)?;
    match found {
        Some(found) if found.amount == draft.amount => Ok(Look::There(found.id, Standing::Recorded)),
        Some(found) => Ok(Look::Unclear(differs(draft, &found))),
        None if draft.kind == ReceiptKind::Payment => on_invoice(session, draft).await,
        None => Ok(Look::Free(String::new())),
    }
}

/// Whether the invoice takes the payment.
async fn on_invoice(session: &Session<'_>, draft: &ReceiptDraft) -> SyncResult<Look> {
    let number = draft.document.as_deref().unwrap_or_default();
    let balance = session.chargebee.invoice_balance(number).await.at(Vendor::Chargebee)?;
    let Some(balance) = balance.filter(|balance| balance.is_issued) else {
        return Ok(Look::Unclear(unclear(draft, "the invoice is void, a draft or gone in Chargebee")));
    };
    let mut others = Vec::new();
    for payment in &balance.payments {
        if session.state.is_receipt(&payment.transaction).await? {
            continue;
        }
        let state = session.chargebee.transaction_state(&payment.transaction).await.at(Vendor::Chargebee)?;
        // One that is gone by now does not count; one of ours whose record was lost is nobody else's.
        let Some(state) = state.filter(|state| !is_ours(state)) else { continue };
        others.push(OtherPayment { transaction: state.id, applied: payment.applied, is_online: state.is_online });
    }
    Ok(match room(draft.amount, draft.currency, balance.due, &others) {
        Room::Record => Look::Free(format!("{:?} {others:?}", balance.due)),
        Room::Adopt(transaction) => Look::There(transaction, Standing::Adopted),
        Room::Unclear(why) => Look::Unclear(unclear(draft, &why)),
    })
}

fn is_ours(state: &TransactionState) -> bool {
    !state.is_online && state.reference.as_deref().is_some_and(|reference| reference.starts_with("EX-"))
}

/// Whether the excess has what is to be applied of it, or has it applied already.
async fn applied(session: &Session<'_>, draft: &ReceiptDraft) -> SyncResult<Look> {
    let excess = draft.excess.as_deref().unwrap_or_default();
    let invoice = draft.document.as_deref().unwrap_or_default();
    let Some(state) = session.chargebee.transaction_state(excess).await.at(Vendor::Chargebee)? else {
        return Ok(Look::Unclear(unclear(draft, &format!("the excess payment {excess} is gone in Chargebee"))));
    };
    let recorded = session.state.receipts_of(draft.division, draft.closed_by).await?;
    let known: Amount = recorded
        .iter()
        .filter(|receipt| receipt.kind == ReceiptKind::Applied && receipt.transaction == excess)
        .filter(|receipt| receipt.document.as_deref() == Some(invoice))
        .map(|receipt| receipt.amount)
        .sum();
    if state.applied_to(invoice) - known >= draft.amount {
        return Ok(Look::There(state.id, Standing::Recorded));
    }
    if state.unused < draft.amount {
        let left = state.unused.display(draft.currency);
        return Ok(Look::Unclear(unclear(draft, &format!("only {left} of the excess payment {excess} is unused"))));
    }
    Ok(Look::Free(format!("{:?}", state.unused)))
}

fn differs(draft: &ReceiptDraft, found: &TransactionState) -> Hold {
    let amount = found.amount.display(draft.currency);
    unclear(draft, &format!("transaction {} bears its reference and is of {amount}", found.id))
}

fn unclear(draft: &ReceiptDraft, why: &str) -> Hold {
    Hold::new(
        HoldReason::PaymentUnclear,
        format!("the {} ({}) is not recorded in Chargebee: {why}", draft.words(), draft.comment),
        "record the money in Chargebee by hand as it is meant, or match it otherwise in Exact Online",
    )
}
