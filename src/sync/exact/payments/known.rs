//! What the books know of the documents that a transaction settles, and of the customers whose they are.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;
use uuid::Uuid;

use super::super::documents::account_of;
use super::super::entity::EntityBooks;
use super::super::planned::Planned;
use crate::accounting::payments::{DocumentKey, DocumentKind, PaymentRules, Settled};
use crate::domain::calendar::business_date;
use crate::domain::hold::Hold;
use crate::domain::payment::Application;
use crate::sync::error::SyncResult;
use crate::sync::kinds::{CREDIT_NOTE, INVOICE};
use crate::sync::session::Session;

/// The customers of an entry: their accounts, or why there is none today.
#[derive(Debug, Default)]
pub struct Customers {
    pub accounts: BTreeMap<String, Uuid>,
    /// The receivable accounts that accounts have of their own.
    pub own_receivables: BTreeMap<String, Uuid>,
    pub holds: BTreeMap<String, Hold>,
}

/// What the books know of each of `applications`.
///
/// # Errors
/// The state store's.
pub async fn settled(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    rules: &PaymentRules,
    applications: &[(DocumentKind, &Application)],
) -> SyncResult<BTreeMap<DocumentKey, Settled>> {
    let mut settled = BTreeMap::new();
    for (kind, application) in applications {
        let known = known(session, books.division(), rules, *kind, application).await?;
        settled.insert((*kind, application.document.clone()), known);
    }
    Ok(settled)
}

/// The rate that was sent with a document, whatever it was booked as; an invoice that the books issue states none.
#[derive(Deserialize)]
struct Rated {
    #[serde(default)]
    rate: Option<Decimal>,
}

async fn known(
    session: &Session<'_>,
    division: i32,
    rules: &PaymentRules,
    kind: DocumentKind,
    application: &Application,
) -> SyncResult<Settled> {
    let (name, from) = match kind {
        DocumentKind::Invoice => (INVOICE, rules.invoices_from),
        DocumentKind::CreditNote => (CREDIT_NOTE, rules.credit_notes_from),
    };
    // Of a number that came back the latest is what is paid now.
    let booked = session.state.booked_under(name, &application.document).await?;
    if let Some(booked) = booked.into_iter().rev().find(|booked| booked.division == division) {
        let rate = booked.sent::<Rated>()?.and_then(|sent| sent.rate);
        return Ok(Settled::Booked { our_ref: booked.entry_number, customer: booked.customer, rate });
    }
    let in_scope = |from: Date| {
        let date = application.document_date.map(|date| business_date(date, &session.connection.time_zone));
        date.is_none_or(|date| date >= from)
    };
    if !from.is_some_and(in_scope) {
        return Ok(Settled::Unlinked);
    }
    Ok(match session.planned.of(name, &application.document) {
        Some(Planned { customer, entry_number: Some(our_ref) }) => Settled::Booked { our_ref, customer, rate: None },
        Some(Planned { customer, entry_number: None }) => Settled::Planned { customer },
        None => Settled::NotYet,
    })
}

/// The accounts of `customers`.
///
/// # Errors
/// What ends the flow.
pub async fn customers(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    customers: impl IntoIterator<Item = String>,
) -> SyncResult<Customers> {
    let mut known = Customers::default();
    for customer in customers {
        if known.accounts.contains_key(&customer) || known.holds.contains_key(&customer) {
            continue;
        }
        match account_of(session, books, &customer).await? {
            Ok(account) => {
                let row = session.state.book_account(books.division(), account).await?;
                if let Some(own) = row.and_then(|row| row.receivable) {
                    known.own_receivables.insert(customer.clone(), own);
                }
                known.accounts.insert(customer, account);
            }
            Err(hold) => {
                known.holds.insert(customer, hold);
            }
        }
    }
    Ok(known)
}
