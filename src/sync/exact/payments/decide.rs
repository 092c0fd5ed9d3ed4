//! What becomes of one transaction.

use super::super::documents::{Document, Verdict, carry_out, hold, release, still_unknown};
use super::super::drift::note_withdrawn;
use super::super::entity::EntityBooks;
use super::super::router::Router;
use super::basis::{self, Found};
use super::document::Movement;
use super::known::{self, Customers};
use super::posting::MoneyPosting;
use crate::accounting::payments::{
    self, DocumentKey, MoneyDocument, MovementKind, PaymentContext, PaymentRules, Settled,
};
use crate::domain::calendar::business_date;
use crate::state::Booked;
use crate::sync::error::SyncResult;
use crate::sync::progress::Step;
use crate::sync::session::Session;
use crate::sync::tally::{FlowTally, Notice};

/// Books, holds or skips one transaction, and records which.
///
/// # Errors
/// What ends the flow: the target's, the billing system's or the store's.
pub async fn settle(
    session: &Session<'_>,
    router: &mut Router<'_>,
    movement: &Movement,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    if movement.transaction.deleted && note_deleted(session, movement, tally).await? {
        return Ok(());
    }
    let Some(kind) = movement.movement().filter(|kind| is_in_scope(session, movement, *kind)) else {
        return let_go(session, movement).await;
    };
    if let Some(booked) = session.state.booked(movement.kind(), &movement.identity()).await? {
        return note_change(session, &booked, movement, tally);
    }
    if session.state.has_intent(movement.kind(), &movement.identity()).await? {
        return hold(session, movement, still_unknown(movement), tally).await;
    }
    if session.declared.leaves_out(movement.business_entity()) {
        return let_go(session, movement).await;
    }
    let place = match router.route(movement.business_entity()) {
        Ok(place) => place,
        Err(why) => return hold(session, movement, why, tally).await,
    };
    let mut movement = movement.clone();
    if let Some(before) = basis::unrecorded(session, &router.entities()[place], &movement, kind).await? {
        // An earlier state of ours has booked it: it is known again first, and then taken back.
        Box::pin(settle(session, router, &before, tally)).await?;
    }
    let books = &router.entities()[place];
    let Some(rules) = &books.entity.rulebook.payments else { return let_go(session, &movement).await };
    let basis = match basis::find(session, books, rules, &mut movement, kind).await? {
        Found::Basis(basis) => basis,
        Found::Hold(why) => return hold(session, &movement, why, tally).await,
        Found::Nothing => return let_go(session, &movement).await,
    };
    let document = basis.document(&movement, kind);
    let settled = known::settled(session, books, rules, &document.applications()).await?;
    let customers = known::customers(session, books, customers_of(&document, &movement, &settled)).await?;
    if kind == MovementKind::Undone {
        // What it was held for before it failed is over.
        forget(session, movement.kind(), &movement.transaction.id).await?;
    }
    let decide = |books: &EntityBooks<'_>| verdict(books, &document, &movement, &settled, &customers);
    carry_out(session, router, place, &movement, decide, tally).await
}

fn verdict(
    books: &EntityBooks<'_>,
    document: &MoneyDocument<'_>,
    movement: &Movement,
    settled: &std::collections::BTreeMap<DocumentKey, Settled>,
    customers: &Customers,
) -> Verdict<MoneyPosting> {
    let Some(rules) = &books.entity.rulebook.payments else { return Verdict::Skip };
    let context = PaymentContext {
        rulebook: &books.entity.rulebook,
        rules,
        master: &books.master,
        settled,
        own_receivables: &customers.own_receivables,
    };
    let planned = match payments::book(document, &context) {
        Ok(planned) => planned,
        Err(hold) => return Verdict::Hold(hold),
    };
    let mut named = planned.entry.lines.iter().filter_map(|line| line.customer.as_ref());
    match named.find_map(|customer| customers.holds.get(customer)) {
        Some(hold) => Verdict::Hold(hold.clone()),
        None => {
            let posting = MoneyPosting::new(planned.entry, movement.customer(), &customers.accounts);
            Verdict::Book(posting.with_planned(settled))
        }
    }
}

/// Everyone whose receivable the entry may touch.
fn customers_of(
    document: &MoneyDocument<'_>,
    movement: &Movement,
    settled: &std::collections::BTreeMap<DocumentKey, Settled>,
) -> Vec<String> {
    let of_documents = settled.values().filter_map(|known| match known {
        Settled::Booked { customer, .. } | Settled::Planned { customer } => Some(customer.clone()),
        Settled::Unlinked | Settled::NotYet => None,
    });
    let of_original = document.original_customers();
    movement.transaction.customer.iter().cloned().chain(of_documents).chain(of_original).collect()
}

/// Whether it is dated at or after the flow's first day, a failure by when it was seen.
fn is_in_scope(session: &Session<'_>, movement: &Movement, kind: MovementKind) -> bool {
    let transaction = &movement.transaction;
    let instant = if kind == MovementKind::Undone { transaction.undone_at() } else { transaction.date };
    let day = instant.map(|instant| business_date(instant, &session.connection.time_zone));
    day.is_none_or(|day| session.declared.flows.payments_to_exact.is_some_and(|start| day >= start))
}

/// Nothing of it is to be booked (any more): it was never in the books, and so is held for nothing.
async fn let_go(session: &Session<'_>, movement: &Movement) -> SyncResult<()> {
    session.progress.advance(Step::Unchanged);
    forget(session, movement.kind(), &movement.transaction.id).await?;
    release(session, movement).await
}

/// Lets go of what is held of a transaction that is not in the books; what is held of a booked one is a person's to mend.
async fn forget(session: &Session<'_>, kind: &str, number: &str) -> SyncResult<()> {
    if session.writes() && session.state.booked_under(kind, number).await?.is_empty() {
        session.state.release(kind, number).await?;
    }
    Ok(())
}

/// Tells that a booked transaction was deleted, and whether it was booked at all. One whose failure is booked too stands for
/// nothing in the books.
async fn note_deleted(session: &Session<'_>, movement: &Movement, tally: &mut FlowTally) -> SyncResult<bool> {
    let booked = session.state.booked(movement.kind(), &movement.identity_before()).await?;
    let Some(booked) = booked else { return Ok(false) };
    let undoing = movement.transaction.undoing_identity().0;
    if session.state.booked(movement.kind(), &undoing).await?.is_none() {
        note_withdrawn(session, &booked, tally).await?;
    }
    session.progress.advance(Step::Unchanged);
    Ok(true)
}

/// A booked transaction is not rewritten (E14); that it settles other documents now is told.
fn note_change(session: &Session<'_>, booked: &Booked, movement: &Movement, tally: &mut FlowTally) -> SyncResult<()> {
    session.progress.advance(Step::Unchanged);
    let sent: Option<MoneyPosting> = booked.sent()?;
    let elsewhere = sent.and_then(|posting| match movement.movement() {
        Some(MovementKind::Payment | MovementKind::Refund) => {
            payments::applied_elsewhere(&posting.entry, &movement.transaction)
        }
        _ => None,
    });
    if let Some(difference) = elsewhere {
        tally.notice(Notice {
            object: format!("{} {}", booked.kind, booked.number),
            reason: "AppliedElsewhere".to_owned(),
            message: format!(
                "transaction {} is applied otherwise than entry {} in division {} was booked: {difference}",
                booked.number, booked.entry_number, booked.division
            ),
            remedy: format!(
                "match entry {} in Exact Online, division {}, with what it settles now",
                booked.entry_number, booked.division
            ),
        });
    }
    Ok(())
}

/// Whether a transaction would be booked if a call could be made: not booked, not held, and in scope.
///
/// # Errors
/// The state store's.
pub async fn is_bookable(session: &Session<'_>, router: &Router<'_>, movement: &Movement) -> SyncResult<bool> {
    let in_scope = movement.movement().is_some_and(|kind| is_in_scope(session, movement, kind));
    let rules: Option<&PaymentRules> = router
        .route(movement.business_entity())
        .ok()
        .and_then(|place| router.entities()[place].entity.rulebook.payments.as_ref());
    if !in_scope || rules.is_none() {
        return Ok(false);
    }
    Ok(session.state.booked(movement.kind(), &movement.identity()).await?.is_none()
        && !session.state.is_held(movement.kind(), movement.number()).await?)
}
