//! What a movement that takes something back stands on: the entry of what it takes back, or the transaction itself where that
//! is from before Koppel's time.

use super::super::documents::{Document, still_unknown};
use super::super::entity::EntityBooks;
use super::document::Movement;
use super::posting::MoneyPosting;
use crate::accounting::payments::{self, MoneyDocument, MovementKind, Original, PaymentRules};
use crate::connectors::http::CallError;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::money_entry::{MoneyAct, MoneyEntry};
use crate::domain::payment::{Channel, Transaction, TransactionStatus};
use crate::state::Booked;
use crate::sync::error::{SyncError, SyncResult, Vendor};
use crate::sync::kinds::PAYMENT;
use crate::sync::session::Session;

/// What a movement stands on.
pub enum Basis {
    /// On nothing but itself.
    Itself,
    /// On what was booked.
    Booked(Box<MoneyEntry>),
    /// On another transaction, or on itself before it failed, as the rules would book that.
    Row(Box<Transaction>),
}

/// The basis of a movement, or why there is none.
pub enum Found {
    Basis(Basis),
    Hold(Hold),
    /// What it takes back is not in the books and never will be: nor is this.
    Nothing,
}

impl Basis {
    /// What is to be booked.
    pub fn document<'a>(&'a self, movement: &'a Movement, kind: MovementKind) -> MoneyDocument<'a> {
        let transaction = &movement.transaction;
        let original = match self {
            Self::Booked(entry) => Original::Booked(entry),
            Self::Row(row) => Original::Row(row),
            Self::Itself => Original::Row(transaction),
        };
        match (kind, self) {
            (MovementKind::Payment, _) => MoneyDocument::Payment(transaction),
            (MovementKind::Refund, Self::Row(row)) => {
                MoneyDocument::Refund { refund: transaction, by_way_of: Some(row) }
            }
            (MovementKind::Refund, _) => MoneyDocument::Refund { refund: transaction, by_way_of: None },
            (MovementKind::Undone, _) => MoneyDocument::Undoing { undone: transaction, original },
            (MovementKind::Reversal, _) => MoneyDocument::Reversal { reversal: transaction, original },
        }
    }
}

/// What `movement` stands on.
///
/// # Errors
/// The billing system's, or the state store's.
pub async fn find(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    rules: &PaymentRules,
    movement: &mut Movement,
    kind: MovementKind,
) -> SyncResult<Found> {
    match kind {
        MovementKind::Payment => Ok(Found::Basis(Basis::Itself)),
        MovementKind::Undone => undone(session, books, rules, movement).await,
        MovementKind::Refund if movement.transaction.gateway.is_some() => Ok(Found::Basis(Basis::Itself)),
        MovementKind::Refund | MovementKind::Reversal => taken_back(session, books, rules, movement, kind).await,
    }
}

/// What `movement` takes back, as it was before, where the books hold an entry of it and this state does not know of one.
///
/// # Errors
/// The billing system's, or the state store's.
pub async fn unrecorded(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    movement: &Movement,
    kind: MovementKind,
) -> SyncResult<Option<Movement>> {
    let id = match kind {
        MovementKind::Undone => movement.transaction.id.clone(),
        MovementKind::Reversal => movement.transaction.original().unwrap_or_default().to_owned(),
        MovementKind::Payment | MovementKind::Refund => return Ok(None),
    };
    let of_kind = if kind == MovementKind::Undone { movement.kind() } else { PAYMENT };
    if !in_books(session, books, &id).await? || !session.state.booked_under(of_kind, &id).await?.is_empty() {
        return Ok(None);
    }
    let row = match kind {
        MovementKind::Undone => movement.transaction.clone(),
        _ => match original(session, movement, &id).await? {
            Ok(original) => original,
            Err(_) => return Ok(None),
        },
    };
    let before = Transaction { status: TransactionStatus::Success, reversal: None, ..row };
    Ok(Some(before.into()))
}

/// Of a failure: the transaction's own entry. One that was never booked leaves nothing to undo, unless it is from before the
/// start: then it is in the books without us.
async fn undone(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    rules: &PaymentRules,
    movement: &Movement,
) -> SyncResult<Found> {
    let (kind, before) = (movement.kind(), movement.identity_before());
    if let Some(booked) = session.state.booked(kind, &before).await? {
        return Ok(Found::Basis(of_booked(&booked, &movement.transaction)?));
    }
    if session.state.has_intent(kind, &before).await? {
        return Ok(Found::Hold(still_unknown(movement)));
    }
    let transaction = &movement.transaction;
    if session.state.is_held(kind, &transaction.id).await? && in_books(session, books, &transaction.id).await? {
        return Ok(Found::Hold(waits_for(movement, &transaction.id)));
    }
    if payments::is_before_start(transaction.date, &books.entity.rulebook, rules) {
        return Ok(Found::Basis(Basis::Row(Box::new(transaction.clone()))));
    }
    Ok(Found::Nothing)
}

async fn in_books(session: &Session<'_>, books: &EntityBooks<'_>, id: &str) -> SyncResult<bool> {
    let reference = MoneyAct::Payment.reference(id);
    Ok(!session.state.entries_under(books.division(), &reference).await?.is_empty())
}

/// Of a chargeback: the entry of the payment that it takes back.
async fn taken_back(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    rules: &PaymentRules,
    movement: &mut Movement,
    kind: MovementKind,
) -> SyncResult<Found> {
    let Some(id) = movement.transaction.original().map(str::to_owned) else {
        return Ok(Found::Hold(unclear(movement, "it names no payment that it takes back")));
    };
    // A refund is booked by the rules, by way of the payment's gateway: only a reversal takes the entry's own lines back.
    if kind == MovementKind::Reversal {
        if let Some(booked) = session.state.booked_under(PAYMENT, &id).await?.into_iter().next_back() {
            match of_booked(&booked, &movement.transaction)? {
                basis @ Basis::Booked(_) => return Ok(Found::Basis(basis)),
                Basis::Itself | Basis::Row(_) => {}
            }
        } else if session.state.is_held(PAYMENT, &id).await? {
            return Ok(Found::Hold(waits_for(movement, &id)));
        }
    }
    let original = match original(session, movement, &id).await? {
        Ok(original) => original,
        Err(hold) => return Ok(Found::Hold(hold)),
    };
    if original.channel == Channel::Offline {
        return Ok(Found::Nothing);
    }
    let is_settled = kind == MovementKind::Refund
        || payments::is_before_start(original.date, &books.entity.rulebook, rules)
        || !session.state.booked_under(PAYMENT, &id).await?.is_empty();
    if is_settled {
        movement.original = Some(original.clone());
        return Ok(Found::Basis(Basis::Row(Box::new(original))));
    }
    let waits = session.state.has_intent(PAYMENT, &original.identity().0).await?
        || payments::movement(&original) == Some(MovementKind::Payment);
    Ok(if waits { Found::Hold(waits_for(movement, &id)) } else { Found::Nothing })
}

/// An adopted entry's lines may not be known: then the transaction tells them.
fn of_booked(booked: &Booked, otherwise: &Transaction) -> SyncResult<Basis> {
    let sent: Option<MoneyPosting> = booked.sent()?;
    Ok(sent.map_or_else(|| Basis::Row(Box::new(otherwise.clone())), |posting| Basis::Booked(Box::new(posting.entry))))
}

/// The transaction that is taken back, as it was kept or as it is now.
async fn original(session: &Session<'_>, movement: &Movement, id: &str) -> SyncResult<Result<Transaction, Hold>> {
    if let Some(kept) = &movement.original {
        return Ok(Ok(kept.clone()));
    }
    match session.chargebee.transaction(id).await {
        Ok(row) => Ok(row.value),
        Err(CallError::NotFound { .. }) => {
            Ok(Err(unclear(movement, &format!("payment {id}, which it takes back, is not in Chargebee any more"))))
        }
        Err(error) => Err(SyncError::Call { vendor: Vendor::Chargebee, error }),
    }
}

fn waits_for(movement: &Movement, id: &str) -> Hold {
    Hold::new(
        HoldReason::WaitingFor,
        format!("transaction {} takes payment {id} back, which is not in the books yet", movement.transaction.id),
        format!("nothing to do here: it goes on when payment {id} is booked; see what that one is held for"),
    )
}

fn unclear(movement: &Movement, why: &str) -> Hold {
    let id = &movement.transaction.id;
    Hold::new(
        HoldReason::PaymentUnclear,
        format!("transaction {id}: {why}"),
        format!("look at transaction {id} in Chargebee, and book it by hand where it is in order there"),
    )
}
