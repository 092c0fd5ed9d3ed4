//! The terms of the running subscriptions: how far the next invoices will reach into the calendar, so that a missing
//! financial year is told before anything is held for it (N2).

use jiff::civil::Date;

use crate::domain::invoice::SubscriptionTerm;
use crate::sync::error::SyncResult;
use crate::sync::session::Session;
use crate::sync::walk::walk_list;

const KIND: &str = "subscription";
const PAGE: i64 = 1_000;

/// Reads what changed in the subscriptions.
///
/// # Errors
/// The billing system's, or the state store's.
pub async fn read(session: &Session<'_>) -> SyncResult<()> {
    let client = session.chargebee.clone();
    walk_list(
        session,
        "subscriptions",
        async |ask| client.subscriptions(ask).await,
        async |rows| {
            for row in rows {
                match row.value {
                    Ok(term) if term.renews && !term.deleted => {
                        session.state.keep_record(KIND, &row.id, &term).await?;
                    }
                    _ => session.state.drop_record(KIND, &row.id).await?,
                }
            }
            Ok(())
        },
    )
    .await
}

/// The terms of all subscriptions that renew and whose next invoice is dated on or before `horizon`.
///
/// # Errors
/// The state store's.
pub async fn renewing_until(session: &Session<'_>, horizon: Date) -> SyncResult<Vec<SubscriptionTerm>> {
    let zone = &session.connection.time_zone;
    let (mut terms, mut after) = (Vec::new(), String::new());
    loop {
        let page: Vec<(String, SubscriptionTerm)> = session.state.records_page(KIND, &after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(terms) };
        after = last.clone();
        let due = |term: &SubscriptionTerm| {
            term.next_billing_at.is_some_and(|at| crate::domain::calendar::business_date(at, zone) <= horizon)
        };
        terms.extend(page.into_iter().map(|(_, term)| term).filter(due));
    }
}
