//! Both sides as they were last seen, kept in the state and brought up to date at the beginning of each run, as far as the
//! flows need it: everything is decided from here, so that what is unchanged costs no call.

mod billing;
mod follow;
mod sales;

pub use sales::KeptTie;

use super::CrmSession;
use super::organization::Organization;
use crate::sync::error::SyncResult;
use crate::sync::tally::{FlowTally, Notice};

/// The reading, as reports name it.
pub const NAME: &str = "sales";

/// The kinds of what is kept, as the state store knows them.
pub const ACCOUNTS: &str = "mirror:accounts";
pub const CONTACTS: &str = "mirror:contacts";
pub const QUOTES: &str = "mirror:quotes";
/// Customers' rows in the CRM with the account that each is tied to, by the row's id.
pub const TIES: &str = "mirror:ties";
pub const CUSTOMERS: &str = "mirror:customers";
pub const SUBSCRIPTIONS: &str = "mirror:subscriptions";
pub const BILLING_QUOTES: &str = "mirror:billingQuotes";
pub const PRICES: &str = "mirror:prices";

/// Records that are read from the state at once.
pub const PAGE_ROWS: i64 = 500;

/// Brings everything up to date that the flows need.
///
/// # Errors
/// What ends it; what was read stays, and the next run goes on.
pub async fn refresh(session: &CrmSession<'_>, organization: &Organization, tally: &mut FlowTally) -> SyncResult<()> {
    let needs = organization.needs;
    if needs.accounts {
        sales::accounts(session, organization, tally).await?;
        sales::ties(session, organization, tally).await?;
        billing::customers(session, tally).await?;
    }
    if needs.contacts {
        sales::contacts(session, organization, tally).await?;
    }
    if needs.quotes {
        sales::quotes(session, organization, tally).await?;
    }
    if needs.subscriptions {
        billing::subscriptions(session, tally).await?;
    }
    if needs.billing_quotes {
        billing::quotes(session, tally).await?;
        billing::prices(session, tally).await?;
    }
    Ok(())
}

/// A row that cannot be understood: what is known of it stands.
fn unreadable(tally: &mut FlowTally, object: String, message: String) {
    let remedy = "correct the value, or tell Koppel's makers of it; until then what was read of it before stands";
    tally.notice(Notice { object, reason: "Unreadable".to_owned(), message, remedy: remedy.to_owned() });
}
