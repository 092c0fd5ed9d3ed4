//! The account of the books that a document is booked for, or why there is none today (E27, N6).

use uuid::Uuid;

use super::super::customers;
use super::super::entity::EntityBooks;
use super::super::merged;
use crate::domain::hold::{Hold, HoldReason};
use crate::sync::error::SyncResult;
use crate::sync::kinds::CUSTOMER;
use crate::sync::session::Session;

/// The account of `customer`, or the hold of its documents.
///
/// # Errors
/// What ends the flow.
pub async fn account_of(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    customer: &str,
) -> SyncResult<Result<Uuid, Hold>> {
    let division = books.division();
    let link = match session.state.link(CUSTOMER, customer, division).await? {
        Some(link) => link,
        None => match customers::settle_by_id(session, books, customer).await? {
            Some(link) => link,
            None => return Ok(Err(unknown(customer))),
        },
    };
    if let Some(problem) = link.problem {
        return Ok(Err(problem));
    }
    let Some(target) = link.target else { return Ok(Err(unknown(customer))) };
    if session.state.is_deleted(division, target).await? {
        return match merged::follow(session, division, customer, target).await? {
            Ok(survivor) => usable(session, division, customer, survivor).await,
            Err(hold) => Ok(Err(hold)),
        };
    }
    usable(session, division, customer, target).await
}

/// The account, where a document can be booked for it today.
async fn usable(session: &Session<'_>, division: i32, customer: &str, target: Uuid) -> SyncResult<Result<Uuid, Hold>> {
    match session.state.book_account(division, target).await? {
        Some(account) if !account.usable => Ok(Err(blocked(customer, division, &account.name, &account.state))),
        _ => Ok(Ok(target)),
    }
}

fn blocked(customer: &str, division: i32, name: &str, state: &str) -> Hold {
    Hold::new(
        HoldReason::CustomerBlocked,
        format!("the account {name:?} of customer {customer} is {state} in division {division}"),
        format!("make the account {name:?} an active customer in Exact Online, division {division}"),
    )
}

fn unknown(customer: &str) -> Hold {
    Hold::new(
        HoldReason::WaitingFor,
        format!("customer {customer} is not in the books yet"),
        format!("enable flows.customers, or put {customer:?} into the search code of the account in Exact Online"),
    )
}
