//! Flow `customers`: every customer is one account of the books, matched by ordered rules or made (E1, P12); only customer
//! data is updated later (E14), and only what changed.

mod candidates;
mod draft;
mod write;

use super::entity::EntityBooks;
use super::router::Router;
use crate::connectors::http::CallError;
use crate::domain::customer::Customer;
use crate::domain::hold::Hold;
use crate::state::Link;
use crate::sync::error::{SyncError, SyncResult, Vendor};
use crate::sync::kinds::CUSTOMER as KIND;
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;
use crate::sync::walk::walk_list;

const PAGE: i64 = 200;

/// Reads what changed and settles it; then tries again what had a problem before, which costs no call.
///
/// # Errors
/// What ends the flow before its end.
pub async fn run(session: &Session<'_>, router: &Router<'_>, tally: &mut FlowTally) -> SyncResult<()> {
    session.progress.stage("customers");
    for books in router.entities() {
        match rules_changed(session, books).await? {
            true => settle_all(session, router, books, tally).await?,
            false => settle_problems(session, books, tally).await?,
        }
        keep_rules(session, books).await?;
    }
    let client = session.chargebee.clone();
    walk_list(
        session,
        "customers",
        async |ask| client.customers(ask).await,
        async |rows| {
            for row in rows {
                session.may_go_on().await?;
                tally.seen += 1;
                match row.value {
                    Ok(customer) => take(session, router, &customer, tally).await?,
                    Err(hold) => hold_unreadable(session, router, &row.id, &hold, tally).await?,
                }
            }
            Ok(())
        },
    )
    .await
}

/// A customer that cannot be read holds its documents until it can; an account that it has already is kept.
async fn hold_unreadable(
    session: &Session<'_>,
    router: &Router<'_>,
    id: &str,
    hold: &Hold,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    tally.held += 1;
    for books in router.entities().iter().filter(|_| session.writes()) {
        let known = session.state.link(KIND, id, books.division()).await?;
        let (target, sent_hash) = known.map_or((None, None), |link| (link.target, link.sent_hash));
        let (kind, id, problem) = (KIND.to_owned(), id.to_owned(), Some(hold.clone()));
        session.state.set_link(&Link { kind, id, division: books.division(), target, sent_hash, problem }).await?;
    }
    Ok(())
}

async fn take(
    session: &Session<'_>,
    router: &Router<'_>,
    customer: &Customer,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    session.state.keep_record(KIND, &customer.id, customer).await?;
    // A customer of an entity that nobody maps is no problem of its own: its documents are held, and say so.
    let own = router.route(customer.business_entity.as_deref()).ok();
    for (place, books) in router.entities().iter().enumerate() {
        let known = session.state.link(KIND, &customer.id, books.division()).await?;
        if customer.deleted {
            no_longer_a_problem(session, known).await?;
        } else if own == Some(place) || known.is_some_and(|link| link.target.is_some()) {
            // Also where it has an account through documents of another entity: its data changed there as well (E14).
            write::settle(session, books, customer, tally).await?;
        }
    }
    Ok(())
}

/// A customer that is gone waits for nobody; its account, if it has one, stays.
async fn no_longer_a_problem(session: &Session<'_>, known: Option<Link>) -> SyncResult<()> {
    match known.filter(|link| link.problem.is_some() && session.writes()) {
        Some(link) => Ok(session.state.set_link(&Link { problem: None, ..link }).await?),
        None => Ok(()),
    }
}

/// How customers become accounts, as the mapping says it.
fn rules_of(books: &EntityBooks<'_>) -> String {
    format!("{:?}", books.entity.customers)
}

fn rules_scope(books: &EntityBooks<'_>) -> String {
    format!("customers:{}", books.division())
}

/// Whether the mapping says another thing of customers than when they were settled.
async fn rules_changed(session: &Session<'_>, books: &EntityBooks<'_>) -> SyncResult<bool> {
    let before: Option<String> = session.state.cursor(&rules_scope(books), &books.entity.mapping).await?;
    Ok(before.is_some_and(|before| before != rules_of(books)))
}

async fn keep_rules(session: &Session<'_>, books: &EntityBooks<'_>) -> SyncResult<()> {
    if session.writes() {
        session.state.set_cursor(&rules_scope(books), &books.entity.mapping, &rules_of(books)).await?;
    }
    Ok(())
}

/// Settles every customer of an entity again: what the changed rules fill in otherwise is sent, nothing else.
async fn settle_all(
    session: &Session<'_>,
    router: &Router<'_>,
    books: &EntityBooks<'_>,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    let mut after = String::new();
    loop {
        let page: Vec<(String, Customer)> = session.state.records_page(KIND, &after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = last.clone();
        for (_, customer) in page.iter().filter(|(_, customer)| !customer.deleted) {
            session.may_go_on().await?;
            let own = router.route(customer.business_entity.as_deref());
            if own.is_ok_and(|place| router.entities()[place].entity.mapping == books.entity.mapping) {
                write::settle(session, books, customer, tally).await?;
            }
        }
    }
}

/// Tries the links with a problem again with what the books hold today (N3).
async fn settle_problems(session: &Session<'_>, books: &EntityBooks<'_>, tally: &mut FlowTally) -> SyncResult<()> {
    let mut after = String::new();
    loop {
        let page = session.state.links_with_problems(KIND, books.division(), &after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id.clone();
        for link in page {
            session.may_go_on().await?;
            if let Some(customer) = session.state.record::<Customer>(KIND, &link.id).await? {
                write::settle(session, books, &customer, tally).await?;
            }
        }
    }
}

/// Settles the customer that a document names and that is not linked yet: an older one than the flow has read, or of a
/// connection whose flow is off, where it is matched but never made.
///
/// # Errors
/// What ends the flow.
pub async fn settle_by_id(session: &Session<'_>, books: &EntityBooks<'_>, id: &str) -> SyncResult<Option<Link>> {
    let customer = match session.state.record::<Customer>(KIND, id).await? {
        Some(customer) => customer,
        None => match session.chargebee.customer(id).await {
            Ok(customer) => customer,
            Err(CallError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(SyncError::Call { vendor: Vendor::Chargebee, error }),
        },
    };
    session.state.keep_record(KIND, id, &customer).await?;
    // Counted where the flow itself runs; here it is part of booking its document.
    let mut uncounted = FlowTally::new("customers");
    write::settle(session, books, &customer, &mut uncounted).await
}
