//! Flow `quotes-to-chargebee` (C29): each quote's latest revision, one step after the other until both sides are in step.
//! What is to be done is decided from the mirrors, which costs no call; before anything is written, the customer's quotes are
//! read as they are now, so that what an earlier run has made is found and not made again (I1).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::held::HeldObject;
use super::write::{Attempt, Written};
use super::{Back, LINES};
use crate::connectors::chargebee::QuoteAnswer;
use crate::connectors::http::{CallError, CallResult};
use crate::crm::Placed;
use crate::crm::quotes::{PriceBook, QuoteContext, QuoteReference, QuoteStep, next_step};
use crate::domain::calendar::business_date;
use crate::domain::crm::{CrmAccount, CrmQuote, CrmQuoteLine, CrmQuoteState};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::offer::BillingQuote;
use crate::domain::record::Record;
use crate::sync::crm::links::CustomerOf;
use crate::sync::crm::mirror::{self, BILLING_QUOTES, PAGE_ROWS, PRICES};
use crate::sync::error::{At, SyncResult, Vendor};
use crate::sync::kinds::CRM_QUOTE;
use crate::sync::tally::{FlowTally, Notice};

/// Steps after which every quote has come to rest: closed, made anew, edited, given time, answered.
const STEPS_MAX: usize = 8;

/// Lines as they were read, with the state of the quote that they are of: only drafts change.
#[derive(Serialize, Deserialize)]
struct KeptLines {
    of: String,
    lines: Vec<CrmQuoteLine>,
}

/// What all quotes stand on.
struct Desk {
    prices: PriceBook,
    /// Quotes of ours in billing, by reference.
    standing: BTreeMap<QuoteReference, Vec<BillingQuote>>,
}

/// A quote with whom it is for.
struct Offer {
    quote: CrmQuote,
    customer: Option<String>,
    account: Option<String>,
    reference: QuoteReference,
}

impl Back<'_, '_> {
    /// The flow.
    pub(super) async fn quotes(&mut self, tally: &mut FlowTally) -> SyncResult<()> {
        self.session.progress.stage(&tally.name);
        self.held.begin(CRM_QUOTE);
        let desk = Desk { prices: self.price_book().await?, standing: self.standing_quotes().await? };
        let latest = self.latest().await?;
        let mut after = String::new();
        loop {
            let page: Vec<(String, CrmQuote)> =
                self.session.state.records_page(mirror::QUOTES, &after, PAGE_ROWS).await?;
            let Some((last, _)) = page.last() else { break };
            after.clone_from(last);
            for (_, quote) in page {
                if latest.get(&quote.number).is_some_and(|(_, id)| *id == quote.id) {
                    self.session.may_go_on().await?;
                    self.one_quote(quote, &desk, tally).await?;
                }
            }
        }
        self.held.finish(CRM_QUOTE);
        Ok(())
    }

    /// Whether a quote is young enough to be looked at: an old one is as little news as an old invoice.
    pub(super) fn is_in_scope(&self, quote: &CrmQuote) -> bool {
        let connection = self.session.connection;
        let changed = quote.modified_at.map(|at| business_date(at, &connection.time_zone));
        changed.is_none_or(|day| day >= connection.start_date)
    }

    async fn one_quote(&mut self, quote: CrmQuote, desk: &Desk, tally: &mut FlowTally) -> SyncResult<()> {
        let reference = QuoteReference::of(self.organization.id, &quote.number);
        let standing = desk.standing.get(&reference).map(Vec::as_slice).unwrap_or_default();
        if standing.is_empty() && !self.is_in_scope(&quote) {
            return Ok(());
        }
        tally.seen += 1;
        let mut offer = self.offer(quote, reference).await?;
        if let Err(hold) = self.read_lines(&mut offer.quote).await? {
            return self.hold_quote(&offer, hold, tally).await;
        }
        match next_step(&offer.quote, standing, &self.context(&offer, desk)) {
            Err(hold) => self.hold_quote(&offer, hold, tally).await,
            Ok(QuoteStep::Nothing(_)) => Ok(()),
            Ok(step) if !self.session.writes() => {
                would_do(&offer, &step, tally);
                Ok(())
            }
            Ok(_) => self.bring_to_rest(&offer, desk, tally).await,
        }
    }

    /// Step after step, each decided from what stands in billing then.
    async fn bring_to_rest(&mut self, offer: &Offer, desk: &Desk, tally: &mut FlowTally) -> SyncResult<()> {
        let Some(customer) = offer.customer.clone().or_else(|| desk.customer_of(&offer.reference)) else {
            return Ok(());
        };
        let mut done: Vec<String> = Vec::new();
        for _ in 0..STEPS_MAX {
            let standing = match self.session.chargebee.quotes_of(&customer).await {
                Err(CallError::Malformed { message }) => {
                    return self.hold_quote(offer, unreadable(offer, &message), tally).await;
                }
                standing => standing.at(Vendor::Chargebee)?,
            };
            self.keep(&standing).await?;
            let step = match next_step(&offer.quote, &standing, &self.context(offer, desk)) {
                Err(hold) => return self.hold_quote(offer, hold, tally).await,
                Ok(QuoteStep::Nothing(_)) => return Ok(()),
                Ok(step) => step,
            };
            let key = step.key(&offer.reference, &standing);
            if done.contains(&key) {
                break;
            }
            if let Written::Held(hold) = self.take_step(offer, &step, &key, tally).await? {
                return self.hold_quote(offer, hold, tally).await;
            }
            done.push(key);
        }
        self.restless(offer, done, tally).await
    }

    async fn take_step(
        &mut self,
        offer: &Offer,
        step: &QuoteStep,
        key: &str,
        tally: &mut FlowTally,
    ) -> SyncResult<Written<()>> {
        let session = self.session;
        let what = format!("quote {}", offer.quote.number);
        let attempt = Attempt { kind: CRM_QUOTE, number: &offer.quote.number, digest: key, what: &what };
        let call = async {
            let client = &session.chargebee;
            let answered: CallResult<BillingQuote> = match step {
                QuoteStep::Create(draft) => client.create_quote(draft, key).await,
                QuoteStep::Edit { quote, draft } => client.edit_quote(quote, draft, key).await,
                QuoteStep::Extend { quote, until } => client.extend_quote(quote, *until, key).await,
                QuoteStep::Accept { quote } => client.answer_quote(quote, QuoteAnswer::Accepted, key).await,
                QuoteStep::Decline { quote } => client.answer_quote(quote, QuoteAnswer::Declined, key).await,
                QuoteStep::Close { quote } => client.answer_quote(quote, QuoteAnswer::Closed, key).await,
                QuoteStep::Nothing(_) => return Ok(None),
            };
            answered.map(Some)
        };
        let quote = match self.write(&attempt, call).await? {
            Written::Held(hold) => return Ok(Written::Held(hold)),
            Written::Done(quote) => quote,
        };
        if let Some(quote) = quote {
            let is_new = matches!(step, QuoteStep::Create(_));
            *(if is_new { &mut tally.created } else { &mut tally.updated }) += 1;
            self.keep(&[quote]).await?;
        }
        Ok(Written::Done(()))
    }

    /// Billing makes something else of what it is told: a person has to look, and nothing is sent again unchanged (I5).
    async fn restless(&mut self, offer: &Offer, done: Vec<String>, tally: &mut FlowTally) -> SyncResult<()> {
        let number = &offer.quote.number;
        let hold = Hold::new(
            HoldReason::QuoteNotRepresentable,
            format!("quote {number} was written to Chargebee, which still says something else of it"),
            format!("compare quote {number} in the CRM with the one in Chargebee, and correct one of them"),
        );
        let identity = super::held::identity(CRM_QUOTE, number);
        for attempt in &done {
            let at = self.session.now();
            let refusal = crate::state::Refusal { identity: &identity, attempt, hold: &hold, at };
            self.session.state.remember_refusal(&refusal).await?;
        }
        self.hold_quote(offer, hold, tally).await
    }

    async fn hold_quote(&mut self, offer: &Offer, hold: Hold, tally: &mut FlowTally) -> SyncResult<()> {
        let customer = offer.customer.as_deref();
        self.hold(HeldObject { kind: CRM_QUOTE, number: &offer.quote.number, customer }, hold, tally).await
    }

    fn context<'a>(&'a self, offer: &'a Offer, desk: &'a Desk) -> QuoteContext<'a> {
        let session = self.session;
        QuoteContext {
            prices: &desk.prices,
            products: &session.declared.products,
            customer: offer.customer.as_deref(),
            account: offer.account.as_deref(),
            organization: self.organization.id,
            zone: &session.connection.time_zone,
            today: session.today(),
            now: session.now(),
        }
    }

    /// A quote with its account and customer.
    async fn offer(&self, quote: CrmQuote, reference: QuoteReference) -> SyncResult<Offer> {
        let account: Option<CrmAccount> = match quote.account {
            Some(id) => self.session.state.record(mirror::ACCOUNTS, &id.to_string()).await?,
            None => None,
        };
        let customer = account.as_ref().and_then(|account| match self.couplings.customer_of(account) {
            CustomerOf::One(customer) => Some(customer.to_owned()),
            CustomerOf::Nobody | CustomerOf::Several(_) => None,
        });
        Ok(Offer { quote, customer, account: account.map(|account| account.name), reference })
    }

    /// Reads the lines of a quote where they matter, once for each of its states.
    async fn read_lines(&self, quote: &mut CrmQuote) -> SyncResult<Result<(), Hold>> {
        if !matches!(quote.state, CrmQuoteState::Active | CrmQuoteState::Won) {
            return Ok(Ok(()));
        }
        let (state, id) = (&self.session.state, quote.id.to_string());
        let of = format!("{:?} {:?}", quote.state, quote.modified_at);
        let kept: Option<KeptLines> = state.record(LINES, &id).await?;
        if let Some(kept) = kept.filter(|kept| kept.of == of) {
            quote.lines = kept.lines;
            return Ok(Ok(()));
        }
        self.session.may_go_on().await?;
        let lines = match self.session.target.quote_lines(quote.id).await {
            Err(CallError::Malformed { message }) => {
                let message = format!("the lines of quote {} cannot be read: {message}", quote.number);
                let hold = Hold::new(HoldReason::QuoteNotRepresentable, message, "correct the quote in the CRM");
                return Ok(Err(hold));
            }
            lines => lines.at(Vendor::Dynamics365)?,
        };
        state.keep_record(LINES, &id, &KeptLines { of, lines: lines.clone() }).await?;
        quote.lines = lines;
        Ok(Ok(()))
    }

    async fn keep(&self, quotes: &[BillingQuote]) -> SyncResult<()> {
        let ours = quotes.iter().filter(|quote| QuoteReference::of_quote(quote).is_some());
        let ours: Vec<_> = ours.map(|quote| (quote.id.clone(), quote.clone())).collect();
        Ok(self.session.state.keep_records(BILLING_QUOTES, &ours).await?)
    }

    /// Of each number the revision that counts; see [`crate::crm::quotes::latest_revisions`].
    async fn latest(&self) -> SyncResult<BTreeMap<String, (i32, Uuid)>> {
        let (mut latest, mut after): (BTreeMap<String, (i32, Uuid)>, _) = (BTreeMap::new(), String::new());
        loop {
            let page: Vec<(String, CrmQuote)> =
                self.session.state.records_page(mirror::QUOTES, &after, PAGE_ROWS).await?;
            let Some((last, _)) = page.last() else { return Ok(latest) };
            after.clone_from(last);
            for (number, quote) in crate::crm::quotes::latest_revisions(page.iter().map(|(_, quote)| quote)) {
                let own = (quote.revision, quote.id);
                let known = latest.entry(number.to_owned()).or_insert(own);
                *known = own.max(*known);
            }
        }
    }

    async fn price_book(&self) -> SyncResult<PriceBook> {
        let (mut records, mut after): (Vec<Record>, _) = (Vec::new(), String::new());
        loop {
            let page: Vec<(String, Vec<String>)> = self.session.state.records_page(PRICES, &after, PAGE_ROWS).await?;
            let Some((last, _)) = page.last() else { return Ok(PriceBook::of(&records)) };
            after.clone_from(last);
            let stored = page.iter().flat_map(|(_, records)| records);
            records.extend(stored.filter_map(|json| Placed::from_json(json).ok()).map(|placed| placed.record));
        }
    }

    async fn standing_quotes(&self) -> SyncResult<BTreeMap<QuoteReference, Vec<BillingQuote>>> {
        let (mut all, mut after): (BTreeMap<_, Vec<BillingQuote>>, _) = (BTreeMap::new(), String::new());
        loop {
            let page: Vec<(String, BillingQuote)> =
                self.session.state.records_page(BILLING_QUOTES, &after, PAGE_ROWS).await?;
            let Some((last, _)) = page.last() else { return Ok(all) };
            after.clone_from(last);
            for (_, quote) in page {
                if let Some(reference) = QuoteReference::of_quote(&quote) {
                    all.entry(reference).or_default().push(quote);
                }
            }
        }
    }
}

impl Desk {
    /// Whose the quotes of a reference are in billing: a quote may be withdrawn although nobody's account it is now.
    fn customer_of(&self, reference: &QuoteReference) -> Option<String> {
        self.standing.get(reference)?.first().map(|quote| quote.customer.clone())
    }
}

fn unreadable(offer: &Offer, message: &str) -> Hold {
    Hold::new(
        HoldReason::QuoteNotRepresentable,
        format!("quote {} cannot be compared with those in Chargebee: {message}", offer.quote.number),
        "correct the quote in Chargebee that cannot be read, or delete it",
    )
}

/// In mode Plan: what the next step would be.
fn would_do(offer: &Offer, step: &QuoteStep, tally: &mut FlowTally) {
    let what = match step {
        QuoteStep::Create(_) => "be made",
        QuoteStep::Edit { .. } => "be edited",
        QuoteStep::Extend { .. } => "be given more time",
        QuoteStep::Accept { .. } => "be accepted",
        QuoteStep::Decline { .. } => "be declined",
        QuoteStep::Close { .. } => "be closed",
        QuoteStep::Nothing(_) => return,
    };
    let is_new = matches!(step, QuoteStep::Create(_));
    *(if is_new { &mut tally.created } else { &mut tally.updated }) += 1;
    tally.notice(Notice {
        object: format!("quote {}", offer.quote.number),
        reason: "Planned".to_owned(),
        message: format!("would {what} in Chargebee"),
        remedy: "set mode: Apply to carry it out".to_owned(),
    });
}
