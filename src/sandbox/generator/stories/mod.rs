//! What becomes of the documents of a whole world: each ordinary invoice gets a story. Every kind is told once, as far as
//! there are invoices for it; the others are paid online or by bank, as most are.

mod bank;
mod credit;
mod online;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::assemble::Numbered;
use super::builder::Builder;
use super::customers::Customer;
use super::dice::Dice;
use super::draft::Fate;
use super::entities::{ENTITIES, Entity};
use super::plan::{Act, Deed, Work};

/// Which invoices a story can be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    Any,
    /// In euros, for the bookkeeper's bank.
    Euros,
    /// Of a subscription, and its last one.
    Recurring,
    /// Two of one customer.
    Two,
    /// Two of one customer, in euros.
    TwoInEuros,
    Draft,
}

/// A kind of story.
struct Tale {
    needs: Needs,
    tell: fn(&mut Teller<'_>, &[&Numbered<'_>]),
}

const fn tale(needs: Needs, tell: fn(&mut Teller<'_>, &[&Numbered<'_>])) -> Tale {
    Tale { needs, tell }
}

/// Every kind, the most telling first.
const TALES: [Tale; 43] = [
    tale(Needs::Any, online::paid),
    tale(Needs::Any, online::refunded),
    tale(Needs::Euros, bank::paid),
    tale(Needs::Any, credit::adjusted_and_paid),
    tale(Needs::Any, credit::written_off),
    tale(Needs::Any, credit::voided_without_a_note),
    tale(Needs::Any, online::partly_refunded),
    tale(Needs::Any, online::charged_back),
    tale(Needs::Any, online::reversed_late),
    tale(Needs::Two, online::two_at_once),
    tale(Needs::Any, online::overpaid_and_given_back),
    tale(Needs::Euros, bank::paid_in_parts),
    tale(Needs::Any, credit::voided_with_a_note),
    tale(Needs::Two, credit::credit_used_on_the_next),
    tale(Needs::TwoInEuros, bank::two_at_once),
    tale(Needs::Any, online::taken_back_by_the_bank),
    tale(Needs::Any, online::charged_back_late),
    tale(Needs::Any, credit::credited_and_left),
    tale(Needs::Any, credit::line_credited_and_refunded),
    tale(Needs::Any, credit::adjusted_to_nothing),
    tale(Needs::Any, credit::adjusted_twice),
    tale(Needs::Any, credit::of_no_invoice),
    tale(Needs::Any, credit::store_credit),
    tale(Needs::Any, credit::note_withdrawn),
    tale(Needs::Any, credit::note_deleted),
    tale(Needs::Any, credit::deleted),
    tale(Needs::Any, credit::made_again_under_its_number),
    tale(Needs::Recurring, credit::voided_and_regenerated),
    tale(Needs::Draft, credit::draft_closed),
    tale(Needs::Any, online::failed_then_paid),
    tale(Needs::Any, online::paid_in_parts),
    tale(Needs::Any, online::debited_in_days),
    tale(Needs::Any, online::paid_ahead),
    tale(Needs::Any, online::overpaid),
    tale(Needs::Any, online::promotion),
    tale(Needs::Euros, bank::overpaid),
    tale(Needs::Euros, bank::discount_for_early_payment),
    tale(Needs::Euros, bank::match_undone),
    tale(Needs::Euros, bank::written_off_in_the_books),
    tale(Needs::Euros, bank::credited_and_paid_back),
    tale(Needs::Euros, bank::recorded_by_hand),
    tale(Needs::Euros, bank::by_cash),
    tale(Needs::Any, online::reversed_and_paid_again),
];

/// Tells the stories of a world's invoices; the acts come in the order of time.
pub(super) fn tell(builder: &mut Builder, numbered: &[Numbered<'_>]) -> Vec<Act> {
    let mut free = Free::of(builder, numbered);
    let customers = std::mem::take(&mut builder.customers);
    let mut teller = Teller {
        dice: &mut builder.dice,
        customers: &customers,
        zone: &builder.zone,
        acts: Vec::new(),
        stories: 0,
        paid: 0,
    };
    teller.the_site_makes_notes_from(builder.now);
    for tale in &TALES {
        let Some(about) = free.take(tale.needs, &customers) else { continue };
        teller.story(tale, &about);
    }
    loop {
        if let Some(tale) = teller.unusual()
            && let Some(about) = free.take(tale.needs, &customers)
        {
            teller.story(tale, &about);
        }
        let Some(about) = free.take(Needs::Any, &customers) else { break };
        let tale = teller.ordinary(about[0]);
        teller.story(tale, &about);
    }
    let mut acts = teller.acts;
    builder.customers = customers;
    acts.sort_by_key(|act| act.at);
    acts
}

/// The invoices that have no story yet: first those whose stories are just at their end by now.
struct Free<'a> {
    left: BTreeMap<usize, &'a Numbered<'a>>,
    /// The last invoice of each subscription.
    last: BTreeMap<&'a str, &'a str>,
    drafts: Vec<&'a Numbered<'a>>,
}

impl<'a> Free<'a> {
    fn of(builder: &Builder, numbered: &'a [Numbered<'a>]) -> Self {
        let first = builder.at(builder.day(builder.first_month(), 1), 0, 0, 0).timestamp();
        let is_told = |document: &&Numbered<'_>| {
            let draft = document.draft;
            let fits = matches!(draft.fate, Fate::Any | Fate::Adjusted | Fate::Credited) && draft.failure.is_none();
            fits && document.sums.total > 1500 && draft.date >= first
        };
        let told = builder.now - SignedDuration::from_hours(24 * 40);
        let mut left: Vec<_> = numbered.iter().filter(is_told).collect();
        left.sort_by_key(|document| (document.draft.date.as_second() - told.as_second()).abs());
        let left = left.into_iter().enumerate().collect();
        let drafts = numbered.iter().filter(|document| document.draft.fate == Fate::Pending).collect();
        let mut last = BTreeMap::new();
        for document in numbered {
            let subscriptions = document.draft.lines.iter().filter_map(|line| line.subscription.as_deref());
            last.extend(subscriptions.map(|subscription| (subscription, document.number.as_str())));
        }
        Self { left, last, drafts }
    }

    /// Invoices for a story, no longer free then.
    fn take(&mut self, needs: Needs, customers: &[Customer]) -> Option<Vec<&'a Numbered<'a>>> {
        let in_euros = |document: &Numbered<'_>| customers[document.draft.customer].currency == "EUR";
        match needs {
            Needs::Any => self.first(|_| true),
            Needs::Euros => self.first(in_euros),
            Needs::Recurring => {
                let last = std::mem::take(&mut self.last);
                let is_last = |number: &str, of: Option<&str>| of.is_some_and(|of| last.get(of) == Some(&number));
                let found = self.first(|document| {
                    let lines = &document.draft.lines;
                    lines.iter().all(|line| is_last(&document.number, line.subscription.as_deref()))
                });
                self.last = last;
                found
            }
            Needs::Two => self.two(|_| true),
            Needs::TwoInEuros => self.two(in_euros),
            Needs::Draft => self.drafts.pop().map(|draft| vec![draft]),
        }
    }

    fn first(&mut self, mut fits: impl FnMut(&Numbered<'_>) -> bool) -> Option<Vec<&'a Numbered<'a>>> {
        let place = self.left.iter().find(|(_, document)| fits(document)).map(|(place, _)| *place)?;
        self.left.remove(&place).map(|document| vec![document])
    }

    /// Two of one customer, the earlier one first.
    fn two(&mut self, fits: impl Fn(&Numbered<'_>) -> bool) -> Option<Vec<&'a Numbered<'a>>> {
        let mut last = BTreeMap::new();
        let mut fitting = self.left.iter().filter(|(_, document)| fits(document));
        let pair = fitting
            .find_map(|(place, document)| last.insert(document.draft.customer, *place).map(|other| (other, *place)));
        let (one, other) = pair?;
        let mut pair = vec![self.left.remove(&one)?, self.left.remove(&other)?];
        pair.sort_by_key(|document| document.draft.date);
        Some(pair)
    }
}

/// Who tells the stories.
struct Teller<'a> {
    dice: &'a mut Dice,
    customers: &'a [Customer],
    zone: &'a TimeZone,
    acts: Vec<Act>,
    stories: usize,
    /// Payments by companies so far: they take the ways in turn.
    paid: usize,
}

impl<'a> Teller<'a> {
    /// The site makes `Invoice Void` notes from the last quarter's beginning on.
    fn the_site_makes_notes_from(&mut self, now: Timestamp) {
        let at = now - SignedDuration::from_hours(24 * 40);
        self.push(at, "/site/settings", &[("void_note", "true")], false);
    }

    fn story(&mut self, tale: &Tale, about: &[&Numbered<'_>]) {
        self.stories += 1;
        (tale.tell)(self, about);
    }

    /// Now and then one of all kinds.
    fn unusual(&mut self) -> Option<&'static Tale> {
        let place = self.dice.between(0, TALES.len() as i64 * 8) as usize;
        TALES.get(place)
    }

    /// What happens to most invoices.
    fn ordinary(&mut self, document: &Numbered<'_>) -> &'static Tale {
        const PAID: Tale = tale(Needs::Any, online::paid);
        const BANK: Tale = tale(Needs::Euros, bank::paid);
        const OPEN: Tale = tale(Needs::Any, open);
        let customer = self.customer(document);
        let by_bank = customer.currency == "EUR" && customer.net_term_days > 0;
        match self.dice.between(1, 100) {
            1..=12 => &OPEN,
            _ if by_bank => &BANK,
            _ => &PAID,
        }
    }

    fn customer(&self, document: &Numbered<'_>) -> &'a Customer {
        &self.customers[document.draft.customer]
    }

    fn entity(&self, document: &Numbered<'_>) -> Entity {
        ENTITIES[self.customer(document).entity]
    }

    /// An instant so many hours after a document's date.
    fn after(document: &Numbered<'_>, hours: i64) -> Timestamp {
        document.draft.date + SignedDuration::from_hours(hours)
    }

    fn date(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    fn push(&mut self, at: Timestamp, path: &str, form: &[(&str, &str)], patient: bool) {
        let form = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.act(at, Deed::Chargebee { path: path.to_owned(), form }, patient);
    }

    fn act(&mut self, at: Timestamp, deed: Deed, patient: bool) {
        self.acts.push(Act { at, story: format!("story-{}", self.stories), patient, deed });
    }

    fn work(&mut self, document: &Numbered<'_>, at: Timestamp, work: Work) {
        let division = self.entity(document).division;
        self.act(at, Deed::Exact { division, work }, false);
    }
}

/// Nothing happens: it stays open.
fn open(_: &mut Teller<'_>, _: &[&Numbered<'_>]) {}
