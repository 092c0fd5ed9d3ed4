//! Accounts that were merged away in the books: the survivor is read from an entry that we booked (N6, E27).

use uuid::Uuid;

use crate::domain::hold::{Hold, HoldReason};
use crate::state::Link;
use crate::sync::error::{At, SyncResult, Vendor};
use crate::sync::kinds::CUSTOMER;
use crate::sync::session::Session;

/// The account that took the place of `loser`, tied to the customer from now on; or the hold of its documents where no
/// entry of ours tells.
///
/// # Errors
/// The target's, or the state store's.
pub async fn follow(
    session: &Session<'_>,
    division: i32,
    customer: &str,
    loser: Uuid,
) -> SyncResult<Result<Uuid, Hold>> {
    let Some(entry) = session.state.latest_entry_of(customer, division).await? else {
        return Ok(Err(merged_away(customer, division, loser)));
    };
    let survivor = session.target.entry_account(division, entry).await.at(Vendor::ExactOnline)?;
    let Some(survivor) = survivor.filter(|id| *id != loser) else {
        return Ok(Err(merged_away(customer, division, loser)));
    };
    let mut link = session.state.link(CUSTOMER, customer, division).await?.unwrap_or(Link {
        kind: CUSTOMER.to_owned(),
        id: customer.to_owned(),
        division,
        target: None,
        sent_hash: None,
        problem: None,
    });
    link.target = Some(survivor);
    link.problem = None;
    if session.writes() {
        session.state.set_link(&link).await?;
    }
    Ok(Ok(survivor))
}

/// The hold of a customer whose account is gone.
pub fn merged_away(customer: &str, division: i32, loser: Uuid) -> Hold {
    Hold::new(
        HoldReason::CustomerMerged,
        format!(
            "the account {loser} of customer {customer} no longer exists in division {division}: it was merged into \
             another one, or deleted"
        ),
        format!("put {customer:?} into the search code of the account that took its place in Exact Online"),
    )
}
