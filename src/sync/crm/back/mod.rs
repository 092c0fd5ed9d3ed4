//! What sales keeps in the CRM → the billing site (C26–C29), decided from both sides as they were last seen. Each write can
//! be repeated, and what was said once is not said again (I1, I4).

mod accounts;
mod contacts;
mod customers;
mod held;
mod quotes;
mod shipping;
mod write;

use super::CrmSession;
use super::links::Couplings;
use super::organization::Organization;
use crate::sync::error::SyncResult;
use crate::sync::record::RunRecord;
use crate::sync::run::run_flow;
use held::Held;

/// The flows, as reports name them.
pub const ACCOUNTS: &str = "accounts-to-chargebee";
pub const CONTACTS: &str = "contacts-to-chargebee";
pub const ADDRESSES: &str = "addresses-to-chargebee";
pub const QUOTES: &str = "quotes-to-chargebee";

/// What both sides said of an account's customer when they were last in step, by the account's id.
pub const SEEN: &str = "back:seen";
/// Contacts that Koppel has written, as `customer/contact`.
pub const OWN_CONTACTS: &str = "back:contacts";
/// What both sides said of the addresses of an account's subscriptions, by the account's id.
pub const SEEN_ADDRESSES: &str = "back:addresses";
/// Lines of a quote of the CRM, by the quote's id.
const LINES: &str = "back:lines";

/// What the flows back work with.
struct Back<'a, 's> {
    session: &'a CrmSession<'s>,
    organization: &'a Organization,
    couplings: &'a mut Couplings,
    held: Held,
    answers_lost_in_a_row: u32,
}

/// Carries everything back that flows.
///
/// # Errors
/// What ends the run.
pub async fn run(
    session: &CrmSession<'_>,
    organization: &Organization,
    couplings: &mut Couplings,
    record: &mut RunRecord,
) -> SyncResult<()> {
    let flows = &session.declared.flows;
    let mut back = Back { session, organization, couplings, held: Held::default(), answers_lost_in_a_row: 0 };
    let is_on = flows.accounts_to_chargebee.enabled;
    run_flow(session, record, ACCOUNTS, is_on, async |tally| back.accounts(tally).await).await?;
    let is_on = flows.contacts_to_chargebee.enabled;
    run_flow(session, record, CONTACTS, is_on, async |tally| back.contacts(tally).await).await?;
    let is_on = flows.addresses_to_chargebee.enabled;
    run_flow(session, record, ADDRESSES, is_on, async |tally| back.addresses(tally).await).await?;
    let is_on = flows.quotes_to_chargebee.enabled && organization.needs.billing_quotes;
    run_flow(session, record, QUOTES, is_on, async |tally| back.quotes(tally).await).await?;
    back.held.let_go_of_others(session).await
}
