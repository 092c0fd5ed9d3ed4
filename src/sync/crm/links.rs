//! Whose customer each customer of the billing site is (C3): found anew in each run, told to the CRM where that has changed.
//! What fits several accounts is left open and counted; a row of an account is never written (C2).

use std::collections::BTreeMap;

use uuid::Uuid;

use super::CrmSession;
use super::mirror::{ACCOUNTS, CUSTOMERS, KeptTie, PAGE_ROWS, TIES};
use super::organization::Organization;
use crate::connectors::dataverse::RowResult;
use crate::crm::matching::{AccountIndex, Identity};
use crate::crm::ties::{Standing, Tie, tie};
use crate::domain::crm::CrmAccount;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::offer::BillingCustomer;
use crate::domain::record::RecordKind;
use crate::state::{Link, Refusal};
use crate::sync::error::{At, SyncResult, Vendor};
use crate::sync::progress::Step;
use crate::sync::tally::{FlowTally, Notice};

/// The links, as the state store knows them.
pub const KIND: &str = "crmTie";
/// The flow, as reports name it.
pub const NAME: &str = "account-links";
/// Links are not an administration's.
const DIVISION: i32 = 0;
/// Candidates that a message names.
const NAMED_MAX: usize = 5;

/// Which customers belong to which accounts.
#[derive(Debug, Default)]
pub struct Couplings {
    customers: BTreeMap<Uuid, Vec<String>>,
    /// Customers that may be an account's, which no rule could decide.
    open: BTreeMap<Uuid, Vec<String>>,
    /// Every customer that was looked at.
    found: BTreeMap<String, Found>,
}

#[derive(Debug)]
struct Found {
    tie: Tie,
    standing: Standing,
    /// It is known to be open.
    is_told: bool,
}

/// The customer of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerOf<'a> {
    Nobody,
    One(&'a str),
    /// Nothing tells which of them.
    Several(&'a [String]),
}

impl Couplings {
    /// Finds them, as both sides are known now.
    ///
    /// # Errors
    /// The state store's.
    pub async fn find(session: &CrmSession<'_>, organization: &Organization) -> SyncResult<Self> {
        let mut couplings = Self::default();
        let (index, rows) = (index(session).await?, rows(session).await?);
        let declared = session.declared;
        let mut after = String::new();
        loop {
            let page: Vec<(String, BillingCustomer)> = session.state.records_page(CUSTOMERS, &after, PAGE_ROWS).await?;
            let Some((last, _)) = page.last() else { return Ok(couplings) };
            let ids: Vec<&str> = page.iter().map(|(id, _)| id.as_str()).collect();
            let links = session.state.links_among(KIND, DIVISION, &ids).await?;
            after.clone_from(last);
            let ours = page.iter().map(|(_, customer)| customer);
            let ours = ours.filter(|one| !one.deleted && organization.owners.takes(one.business_entity.as_deref()));
            for customer in ours {
                let link = links.get(&customer.id);
                let standing = Standing {
                    tied: link.and_then(|link| link.target),
                    by_person: link.is_some_and(|link| link.sent_hash.as_deref() == Some(BY_PERSON)),
                    row: rows.get(&customer.id).copied(),
                };
                let identity = Identity::of(customer, &declared.identity_fields);
                let tie = tie(&index, &identity, &declared.account_matching, standing);
                couplings.take(customer.id.clone(), tie, standing, link.is_some_and(|link| link.problem.is_some()));
            }
        }
    }

    fn take(&mut self, customer: String, tie: Tie, standing: Standing, is_told: bool) {
        match &tie {
            Tie::To(account) => self.customers.entry(*account).or_default().push(customer.clone()),
            Tie::Open(candidates) => {
                for account in candidates {
                    self.open.entry(*account).or_default().push(customer.clone());
                }
            }
            Tie::None => {}
        }
        self.found.insert(customer, Found { tie, standing, is_told });
    }

    /// An account has become a customer.
    pub fn made(&mut self, account: Uuid, customer: &str) {
        self.take(customer.to_owned(), Tie::To(account), Standing::default(), false);
    }

    /// The customer of an account: of several the one that Koppel made, or that the account itself names.
    pub fn customer_of(&self, account: &CrmAccount) -> CustomerOf<'_> {
        let customers = self.customers.get(&account.id).map(Vec::as_slice).unwrap_or_default();
        let made = account.id.to_string();
        let named = [Some(made.as_str()), account.billing_customer.as_deref().map(str::trim)];
        let by_name = named.into_iter().flatten().find_map(|name| customers.iter().find(|customer| *customer == name));
        match (customers, by_name) {
            ([], _) => CustomerOf::Nobody,
            (_, Some(customer)) => CustomerOf::One(customer),
            ([customer], None) => CustomerOf::One(customer),
            (several, None) => CustomerOf::Several(several),
        }
    }

    /// Whether some customer is this account's.
    pub fn has_customer(&self, account: Uuid) -> bool {
        self.customers.contains_key(&account)
    }

    /// Customers that may be this account's, which nothing could decide.
    pub fn candidates(&self, account: Uuid) -> &[String] {
        self.open.get(&account).map(Vec::as_slice).unwrap_or_default()
    }
}

async fn index(session: &CrmSession<'_>) -> SyncResult<AccountIndex> {
    let (mut index, mut after) = (AccountIndex::default(), String::new());
    loop {
        let page: Vec<(String, CrmAccount)> = session.state.records_page(ACCOUNTS, &after, PAGE_ROWS).await?;
        let Some((last, _)) = page.last() else { return Ok(index) };
        after.clone_from(last);
        page.iter().for_each(|(_, account)| index.add(account));
    }
}

/// What the rows of this site's customers say, by customer.
async fn rows(session: &CrmSession<'_>) -> SyncResult<BTreeMap<String, Option<Uuid>>> {
    let (mut rows, mut after) = (BTreeMap::new(), String::new());
    loop {
        let page: Vec<(String, KeptTie)> = session.state.records_page(TIES, &after, PAGE_ROWS).await?;
        let Some((last, _)) = page.last() else { return Ok(rows) };
        after.clone_from(last);
        let ours = page.into_iter().map(|(_, tie)| tie).filter(|tie| tie.site == session.connection.chargebee.site);
        rows.extend(ours.map(|tie| (tie.customer, tie.account)));
    }
}

/// Tells the CRM, and remembers, whose customer each customer is, where that has changed.
///
/// # Errors
/// The CRM's and the state store's; what was told stays.
pub async fn tell(
    session: &CrmSession<'_>,
    organization: &Organization,
    couplings: &Couplings,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    session.progress.stage(NAME);
    tally.seen += couplings.found.len() as u64;
    let (mut to_write, mut known) = (Vec::new(), Vec::new());
    for (customer, found) in &couplings.found {
        match &found.tie {
            // A row that a person has deleted is not made again of a tie alone.
            Tie::To(_) if found.standing.is_lost() => {}
            Tie::To(account) if found.standing.lacks(*account) => {
                let by_person = found.standing.said().is_some();
                to_write.push(ToTie { customer: customer.as_str(), account: *account, by_person });
            }
            Tie::To(account) if found.standing.tied != Some(*account) || found.is_told => {
                let link = link(customer, Some(*account), None);
                known.push(if found.standing.said().is_some() { persons(link) } else { link });
            }
            Tie::Open(candidates) => {
                let hold = ambiguous(session, customer, candidates).await?;
                tally.notice(told(customer, hold.clone()));
                known.push(link(customer, None, Some(hold)));
            }
            Tie::None if found.is_told => known.push(link(customer, found.standing.tied, None)),
            Tie::To(_) | Tie::None => {}
        }
    }
    if session.writes() {
        session.state.set_links(&known).await?;
    }
    write(session, organization, to_write, tally).await
}

/// What a link says whose tie a person has made in the CRM.
const BY_PERSON: &str = "person";

fn persons(link: Link) -> Link {
    Link { sent_hash: Some(BY_PERSON.to_owned()), ..link }
}

/// A row that is to be tied.
struct ToTie<'a> {
    customer: &'a str,
    account: Uuid,
    /// A person tied it, to an account that has been merged into this one.
    by_person: bool,
}

/// Under which refusals of a tie are remembered (I5).
fn identity(customer: &str) -> String {
    format!("{KIND}:{customer}")
}

fn told(customer: &str, hold: Hold) -> Notice {
    let (object, reason) = (format!("customer {customer}"), hold.reason.to_string());
    Notice { object, reason, message: hold.message, remedy: hold.remedy }
}

fn link(customer: &str, target: Option<Uuid>, problem: Option<Hold>) -> Link {
    let (kind, id) = (KIND.to_owned(), customer.to_owned());
    Link { kind, id, division: DIVISION, target, sent_hash: None, problem }
}

/// Ties rows; those that are not in the CRM yet wait for it.
async fn write(
    session: &CrmSession<'_>,
    organization: &Organization,
    ties: Vec<ToTie<'_>>,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    if !session.declared.flows.customers.enabled || ties.is_empty() {
        return Ok(());
    }
    if !session.writes() {
        tally.updated += ties.len() as u64;
        return Ok(());
    }
    let Some(context) = organization.rows(session) else { return Ok(()) };
    let Some(target) = context.installed.targets.get(&RecordKind::Customer) else { return Ok(()) };
    let ids: Vec<&str> = ties.iter().map(|tie| tie.customer).collect();
    let there = session.state.crm_rows(RecordKind::Customer.as_str(), &ids).await?;
    let mut open = Vec::new();
    for tie in ties.into_iter().filter(|tie| there.contains_key(tie.customer)) {
        match session.state.refusal(&identity(tie.customer), &attempt(organization, &tie)).await? {
            Some(hold) => tally.notice(told(tie.customer, hold)),
            None => open.push(tie),
        }
    }
    let ties = open;
    if ties.is_empty() {
        return Ok(());
    }
    session.may_go_on().await?;
    let rows: Vec<_> = ties.iter().map(|tie| context.tied(tie.customer, tie.account)).collect();
    let keys: Vec<String> = rows.iter().map(|row| row.key.clone()).collect();
    let report = session.target.upsert(target, rows).await;
    let mut tied = Vec::new();
    for (tie, key) in ties.into_iter().zip(keys) {
        let (customer, account) = (tie.customer, tie.account);
        match report.results.get(&key) {
            Some(RowResult::Written) => {
                session.progress.advance(Step::Updated);
                let link = link(customer, Some(account), None);
                tied.push(if tie.by_person { persons(link) } else { link });
            }
            Some(RowResult::Refused { meaning, message }) => {
                let message =
                    format!("Dynamics 365 does not let customer {customer} be tied to account {account}: {message}");
                let hold = Hold::new(HoldReason::RejectedByTarget, message, meaning.remedy());
                if meaning.is_of_the_row() {
                    let (identity, attempt) = (identity(customer), attempt(organization, &tie));
                    let refusal = Refusal { identity: &identity, attempt: &attempt, hold: &hold, at: session.now() };
                    session.state.remember_refusal(&refusal).await?;
                }
                tied.push(link(customer, None, Some(hold.clone())));
                tally.notice(told(customer, hold));
            }
            Some(RowResult::NotSent) | None => {}
        }
    }
    tally.updated += tied.iter().filter(|link| link.problem.is_none()).count() as u64;
    session.state.set_links(&tied).await?;
    report.stopped.map_or(Ok(()), |error| Err(error).at(Vendor::Dynamics365))
}

/// A tie, and what its refusal would stand on.
fn attempt(organization: &Organization, tie: &ToTie<'_>) -> String {
    format!("{} {}", tie.account, organization.facts)
}

async fn ambiguous(session: &CrmSession<'_>, customer: &str, candidates: &[Uuid]) -> SyncResult<Hold> {
    let mut names = Vec::new();
    for account in candidates.iter().take(NAMED_MAX) {
        let known: Option<CrmAccount> = session.state.record(ACCOUNTS, &account.to_string()).await?;
        names.push(known.map_or_else(|| account.to_string(), |known| known.name));
    }
    let rest = candidates.len().saturating_sub(NAMED_MAX);
    let rest = if rest == 0 { String::new() } else { format!(" or one of {rest} more") };
    let message = format!("customer {customer} may be account {}{rest}, and no rule can tell", names.join(" or "));
    let remedy =
        format!("set the account in the row of customer {customer} in the CRM, or give both the same account number");
    Ok(Hold::new(HoldReason::CustomerAmbiguous, message, remedy))
}
