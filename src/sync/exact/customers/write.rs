//! Settling one customer: tied to an account, made, updated, or a problem that its documents are held for.

use std::time::Duration;

use uuid::Uuid;

use super::candidates::{candidates, pointed_to};
use super::{KIND, draft};
use crate::api::policies::UnmatchedCustomer;
use crate::connectors::exact::{AccountDraft, BusinessError};
use crate::connectors::http::CallError;
use crate::domain::customer::Customer;
use crate::domain::hold::{Hold, HoldReason};
use crate::state::{BookAccount, Intent, Link, StateError};
use crate::sync::error::{At, SyncError, SyncResult, Vendor};
use crate::sync::exact::books::{comparable_digits, comparable_text, comparable_vat};
use crate::sync::exact::entity::EntityBooks;
use crate::sync::exact::merged;
use crate::sync::exact::plan::customer::{CustomerFacts, CustomerMatch, MatchRule, match_customer};
use crate::sync::progress::Step;
use crate::sync::session::Session;
use crate::sync::tally::{FlowTally, Notice};

/// How long a fresh account is given to become visible before it is looked up.
const VISIBILITY_WAIT: Duration = Duration::from_secs(2);

/// One customer in one administration, with all that settling it takes.
struct Case<'a, 'b> {
    session: &'a Session<'b>,
    books: &'a EntityBooks<'b>,
    customer: &'a Customer,
    desired: AccountDraft,
    /// The VAT number cannot be right: the customer's documents are held, and no account is made.
    invalid: Option<Hold>,
}

/// Settles a customer and returns its link; `None` where it may not be made, or its making is to be looked up again.
///
/// # Errors
/// What ends the flow.
pub async fn settle(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    customer: &Customer,
    tally: &mut FlowTally,
) -> SyncResult<Option<Link>> {
    let (desired, invalid) = draft::desired(books, customer);
    for message in draft::left_out(books, customer) {
        tally.notice(field_left_out(books, customer, message));
    }
    let case = Case { session, books, customer, desired, invalid };
    let known = session.state.link(KIND, &customer.id, books.division()).await?;
    let target = known.as_ref().and_then(|link| link.target);
    match (known, target) {
        (Some(link), Some(target)) => case.keep_up(link, target, tally).await.map(Some),
        (known, _) => case.tie(known, tally).await,
    }
}

impl Case<'_, '_> {
    fn division(&self) -> i32 {
        self.books.division()
    }

    /// A customer that has its account: follows a merge, and sends what changed (E14).
    async fn keep_up(&self, mut link: Link, target: Uuid, tally: &mut FlowTally) -> SyncResult<Link> {
        let mut target = target;
        if self.session.state.is_deleted(self.division(), target).await? {
            match merged::follow(self.session, self.division(), &self.customer.id, target).await? {
                Ok(survivor) => target = survivor,
                Err(hold) => return self.rematch(link, hold, tally).await,
            }
        }
        link.target = Some(target);
        link.problem = self.invalid.clone();
        if self.invalid.is_none() {
            self.update(&mut link, target, tally).await?;
        }
        self.save(link, tally).await
    }

    /// The account is gone and no entry of ours tells the survivor: only a person's own mark on an account does.
    async fn rematch(&self, mut link: Link, hold: Hold, tally: &mut FlowTally) -> SyncResult<Link> {
        match self.matched().await? {
            CustomerMatch::Account { id, rule: MatchRule::Pointer } => {
                link.target = Some(id);
                link.problem = self.invalid.clone();
            }
            _ => link.problem = Some(hold),
        }
        self.save(link, tally).await
    }

    async fn matched(&self) -> SyncResult<CustomerMatch> {
        let found = candidates(self.session, self.books, self.customer, &self.desired).await?;
        let vat_number = self.desired.vat_number.as_deref().map(comparable_vat);
        let name = self.customer.name();
        let facts = CustomerFacts { id: &self.customer.id, name: &name, vat_number: vat_number.as_deref() };
        Ok(match_customer(&facts, &found))
    }

    /// A customer without an account: found by pointer or rules, or made.
    async fn tie(&self, known: Option<Link>, tally: &mut FlowTally) -> SyncResult<Option<Link>> {
        if let Some(pointer) = pointed_to(self.books, self.customer) {
            let link = match self.follow_pointer(pointer).await? {
                Ok(id) => self.link(Some(id), self.invalid.clone())?,
                Err(hold) => match self.matched().await? {
                    CustomerMatch::Account { id, rule: MatchRule::Pointer } => {
                        self.link(Some(id), self.invalid.clone())?
                    }
                    _ => self.link(None, Some(hold))?,
                },
            };
            return self.save(link, tally).await.map(Some);
        }
        match self.matched().await? {
            CustomerMatch::Account { id, .. } => {
                let link = self.link(Some(id), self.invalid.clone())?;
                self.save(link, tally).await.map(Some)
            }
            CustomerMatch::Unclear(hold) => {
                let link = self.link(None, Some(hold))?;
                self.save(link, tally).await.map(Some)
            }
            CustomerMatch::None => self.make(known, tally).await,
        }
    }

    async fn follow_pointer(&self, pointer: Result<Uuid, String>) -> SyncResult<Result<Uuid, Hold>> {
        let id = match pointer {
            Ok(id) => id,
            Err(text) => return Ok(Err(bad_pointer(self.customer, &text))),
        };
        let there = self.session.state.book_account(self.division(), id).await?.is_some();
        Ok(if there { Ok(id) } else { Err(merged::merged_away(&self.customer.id, self.division(), id)) })
    }

    async fn make(&self, known: Option<Link>, tally: &mut FlowTally) -> SyncResult<Option<Link>> {
        if let Some(hold) = self.not_to_be_made() {
            let link = self.link(None, Some(hold))?;
            return self.save(link, tally).await.map(Some);
        }
        if !self.session.declared.flows.customers {
            return Ok(None);
        }
        let sent = self.sent()?;
        let refused = known.filter(|link| link.problem.is_some() && link.sent_hash.as_deref() == Some(sent.as_str()));
        if let Some(link) = refused {
            // The very same draft was refused before: not sent again unchanged (I5).
            return self.save(link, tally).await.map(Some);
        }
        if !self.session.writes() {
            tally.created += 1;
            // Mode Plan: its documents are planned as if the account were there.
            return self.link(Some(Uuid::nil()), None).map(Some);
        }
        self.create(sent, tally).await
    }

    fn not_to_be_made(&self) -> Option<Hold> {
        if self.invalid.is_some() {
            return self.invalid.clone();
        }
        if self.books.entity.customers.unmatched == UnmatchedCustomer::Create {
            return None;
        }
        Some(Hold::new(
            HoldReason::CustomerAmbiguous,
            format!(
                "customer {} ({}) fits no account in division {}, and policies.unmatchedCustomer is Hold",
                self.customer.id,
                self.customer.name(),
                self.division()
            ),
            format!("put {:?} into the search code of its account in Exact Online", self.customer.id),
        ))
    }

    async fn create(&self, sent: String, tally: &mut FlowTally) -> SyncResult<Option<Link>> {
        let state = &self.session.state;
        if state.has_intent(KIND, &self.intent_id()).await?
            && let Some(link) = self.look_for_sent(tally).await?
        {
            return Ok(Some(link));
        }
        self.session.may_go_on().await?;
        state.begin(&self.intent(&sent)).await?;
        let made = self.session.target.create_account(self.division(), &self.desired).await;
        if !matches!(made, Err(CallError::OutcomeUnknown { .. })) {
            state.forget(KIND, &self.intent_id()).await?;
        }
        let id = match made {
            Ok(id) => id,
            Err(CallError::OutcomeUnknown { .. }) => match self.look_up().await? {
                Some(id) => id,
                // Not there (yet): the next run has read the books again before it tries.
                None => return self.unknown(tally).await.map(Some),
            },
            Err(error @ CallError::Rejected { .. }) => {
                let problem = refused(self.customer, &error);
                let link = Link { sent_hash: Some(sent), ..self.link(None, Some(problem))? };
                return self.save(link, tally).await.map(Some);
            }
            Err(error) => return Err(SyncError::Call { vendor: Vendor::ExactOnline, error }),
        };
        state.forget(KIND, &self.intent_id()).await?;
        self.made(id, tally).await.map(Some)
    }

    /// An account was sent and its answer lost: searched for, for as long as it may yet appear. None where it was certainly
    /// not taken and is to be sent again.
    async fn look_for_sent(&self, tally: &mut FlowTally) -> SyncResult<Option<Link>> {
        let state = &self.session.state;
        let mut found = self.look_up().await?;
        let intents = state.intents(KIND).await?;
        let sent = intents.iter().find(|intent| intent.identity == self.intent_id());
        if let (None, Some(sent)) = (found, sent)
            && self.session.settles(sent).await?
        {
            found = self.look_up().await?;
        }
        let Some(id) = found else { return Ok(None) };
        state.forget(KIND, &self.intent_id()).await?;
        self.made(id, tally).await.map(Some)
    }

    /// Whether the account was made is not known: the customer's documents wait, and the next run looks again.
    async fn unknown(&self, tally: &mut FlowTally) -> SyncResult<Link> {
        let problem = Hold::new(
            HoldReason::OutcomeUnknown,
            format!("whether the account of customer {} was made is not known: its answer was lost", self.customer.id),
            "nothing to do: the next run looks in the books before it sends the account again",
        );
        let link = self.link(None, Some(problem))?;
        self.save(link, tally).await
    }

    fn intent_id(&self) -> String {
        format!("{} in {}", self.customer.id, self.division())
    }

    fn intent(&self, sent: &str) -> Intent {
        Intent {
            kind: KIND.to_owned(),
            identity: self.intent_id(),
            number: self.customer.id.clone(),
            division: self.division(),
            account: None,
            payload_hash: String::new(),
            content: sent.to_owned(),
            created_at: self.session.now(),
        }
    }

    async fn made(&self, id: Uuid, tally: &mut FlowTally) -> SyncResult<Link> {
        // Known at once, so that a second customer of the same company finds it in this very run (E27).
        self.session.state.put_accounts(self.division(), &[self.book_account(id)]).await?;
        tally.created += 1;
        self.session.progress.advance(Step::Updated);
        let link = self.link(Some(id), None)?;
        self.save(link, tally).await
    }

    async fn look_up(&self) -> SyncResult<Option<Uuid>> {
        self.session.clock.sleep(VISIBILITY_WAIT).await;
        let found = self.session.target.find_accounts_by_search_code(self.division(), &self.customer.id).await;
        Ok(found.at(Vendor::ExactOnline)?.first().map(|account| account.id))
    }

    /// Sends what changed since it was last sent. What the books refuse of it is told, and tried again when the customer
    /// changes; the customer's documents do not wait for it.
    async fn update(&self, link: &mut Link, target: Uuid, tally: &mut FlowTally) -> SyncResult<()> {
        let before = link.sent_hash.as_deref().and_then(|sent| serde_json::from_str::<AccountDraft>(sent).ok());
        let Some(before) = before else {
            link.sent_hash = Some(self.sent()?);
            return Ok(());
        };
        let changes = self.desired.changes_from(&before);
        if changes.is_empty() || !self.session.writes() || !self.session.declared.flows.customers {
            return Ok(());
        }
        self.session.may_go_on().await?;
        match self.session.target.update_account(self.division(), target, &changes).await {
            Ok(()) => {
                tally.updated += 1;
                self.session.progress.advance(Step::Updated);
            }
            Err(error @ CallError::Rejected { .. }) => tally.notice(update_refused(self.customer, &error)),
            Err(error) => return Err(SyncError::Call { vendor: Vendor::ExactOnline, error }),
        }
        link.sent_hash = Some(self.sent()?);
        Ok(())
    }

    fn sent(&self) -> SyncResult<String> {
        let what = || format!("customer {}", self.customer.id);
        Ok(serde_json::to_string(&self.desired).map_err(|source| StateError::Corrupt { what: what(), source })?)
    }

    fn link(&self, target: Option<Uuid>, problem: Option<Hold>) -> SyncResult<Link> {
        Ok(Link {
            kind: KIND.to_owned(),
            id: self.customer.id.clone(),
            division: self.division(),
            target,
            sent_hash: if target.is_some() { Some(self.sent()?) } else { None },
            problem,
        })
    }

    async fn save(&self, link: Link, tally: &mut FlowTally) -> SyncResult<Link> {
        if link.problem.is_some() {
            tally.held += 1;
        }
        if self.session.writes() {
            self.session.state.set_link(&link).await?;
        }
        Ok(link)
    }

    fn book_account(&self, id: Uuid) -> BookAccount {
        BookAccount {
            id,
            code: None,
            name: self.desired.name.clone(),
            vat_number: self.desired.vat_number.as_deref().map(comparable_vat),
            chamber_of_commerce: self.desired.chamber_of_commerce.as_deref().map(comparable_digits),
            email: self.desired.email.as_deref().map(comparable_text),
            search_code: Some(comparable_text(&self.customer.id)),
            usable: true,
            state: String::new(),
            receivable: None,
            row_version: 0,
        }
    }
}

fn refused(customer: &Customer, error: &CallError) -> Hold {
    let meaning = BusinessError::of(error).unwrap_or(BusinessError::Unknown);
    let message = format!("Exact Online refused the account of customer {}: {error}", customer.id);
    Hold::new(meaning.hold_reason(), message, format!("customer {} in Chargebee: {}", customer.id, meaning.remedy()))
}

fn field_left_out(books: &EntityBooks<'_>, customer: &Customer, message: String) -> Notice {
    Notice {
        object: format!("customer {}", customer.id),
        reason: "FieldNotCarried".to_owned(),
        message: format!("customer {}: {message}", customer.id),
        remedy: format!(
            "correct the field in Chargebee, or change spec.customers.fields of EntityMapping {}",
            books.entity.mapping
        ),
    }
}

fn update_refused(customer: &Customer, error: &CallError) -> Notice {
    let hold = refused(customer, error);
    Notice {
        object: format!("customer {}", customer.id),
        reason: hold.reason.to_string(),
        message: format!("Exact Online refused the change of customer {}: {error}", customer.id),
        remedy: hold.remedy,
    }
}

fn bad_pointer(customer: &Customer, text: &str) -> Hold {
    Hold::new(
        HoldReason::CustomerMerged,
        format!("customer {} points to the account {text:?}, which is no id of an account", customer.id),
        format!("correct the pointer of customer {} in Chargebee, or empty it", customer.id),
    )
}
