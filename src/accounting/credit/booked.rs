//! An invoice as it was booked, and what is left of it once earlier credits are taken off.

use std::collections::BTreeSet;

use crate::accounting::case::Case;
use crate::domain::calendar::DateRange;
use crate::domain::entry::{EntryLine, LineOrigin, SalesEntry};
use crate::domain::ledger::Release;
use crate::domain::master::{VatCode, VatMethod};
use crate::domain::money::Amount;
use rust_decimal::Decimal;

/// An invoice as it was booked, with the lines of the entries that have credited it since.
#[derive(Clone, Debug)]
pub struct BookedInvoice {
    /// Identity of the invoice, by which lines name what they credit.
    pub identity: String,
    pub entry: SalesEntry,
    /// Lines of entries booked before: those that name another invoice are left out of account.
    pub credits: Vec<EntryLine>,
    /// The rows by which the books release its deferred lines, where they were read: then they decide what had been released,
    /// else equal shares or days do ([`releases_wanted`](super::releases_wanted)).
    pub releases: Vec<Release>,
}

/// What was taken of one booked line. Amounts have the sign of the booked line.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken {
    pub net: Amount,
    pub vat: Amount,
    /// The parts whose releases were turned, with their ranges.
    pub ranged: Vec<(DateRange, Amount)>,
}

/// Booked invoices while one entry after another takes of them.
pub(super) struct Ledger<'a> {
    invoices: &'a [BookedInvoice],
    taken: Vec<Vec<Taken>>,
    /// The invoices whose releases were asked for.
    asked: BTreeSet<usize>,
}

/// One booked line: of which invoice, and which of its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub invoice: usize,
    pub line: usize,
}

impl<'a> Ledger<'a> {
    pub fn new(invoices: &'a [BookedInvoice]) -> Self {
        let taken = invoices.iter().map(|invoice| vec![Taken::default(); invoice.entry.lines.len()]).collect();
        let mut ledger = Self { invoices, taken, asked: BTreeSet::new() };
        for (at, invoice) in invoices.iter().enumerate() {
            for line in &invoice.credits {
                let credits = line.credits.as_ref().filter(|credits| credits.invoice == invoice.identity);
                if let Some(credits) = credits {
                    ledger.take(Place { invoice: at, line: credits.line }, -line.net, -line.vat, line.deferral);
                }
            }
        }
        ledger
    }

    /// Takes a part of a booked line; of a range, where its releases are turned.
    pub fn take(&mut self, place: Place, net: Amount, vat: Amount, range: Option<DateRange>) {
        let Some(taken) = self.taken.get_mut(place.invoice).and_then(|lines| lines.get_mut(place.line)) else { return };
        taken.net += net;
        taken.vat += vat;
        taken.ranged.extend(range.map(|range| (range, net)));
    }

    pub fn invoices(&self) -> &'a [BookedInvoice] {
        self.invoices
    }

    pub fn invoice(&self, place: Place) -> &'a BookedInvoice {
        &self.invoices[place.invoice]
    }

    pub fn line(&self, place: Place) -> &'a EntryLine {
        &self.invoices[place.invoice].entry.lines[place.line]
    }

    pub fn taken(&self, place: Place) -> &Taken {
        &self.taken[place.invoice][place.line]
    }

    /// What is left of a booked line: net and VAT.
    pub fn left(&self, place: Place) -> (Amount, Amount) {
        let (line, taken) = (self.line(place), self.taken(place));
        (line.net - taken.net, line.vat - taken.vat)
    }

    /// Every booked line of an invoice.
    pub fn places(&self, invoice: usize) -> Vec<Place> {
        (0..self.invoices[invoice].entry.lines.len()).map(|line| Place { invoice, line }).collect()
    }

    /// The booked line that took the rounding of the first invoice.
    pub fn rounding(&self) -> Option<Place> {
        let lines = &self.invoices.first()?.entry.lines;
        let line = lines.iter().position(|line| line.origin == LineOrigin::Rounding)?;
        Some(Place { invoice: 0, line })
    }

    /// The booked lines that a line of a note credits: those that came from the invoice line `source`, else all lines of the
    /// first invoice but its rounding. None where nothing that it credits is known as it was booked.
    pub fn credited(&self, source: Option<&str>) -> Vec<Place> {
        let all = (0..self.invoices.len()).flat_map(|invoice| self.places(invoice));
        let of_source = all.filter(|place| source.is_some() && self.line(*place).source_line.as_deref() == source);
        let found: Vec<Place> = of_source.collect();
        if !found.is_empty() || self.invoices.is_empty() {
            return found;
        }
        let mut whole = self.places(0);
        whole.retain(|place| self.line(*place).origin != LineOrigin::Rounding);
        whole
    }

    /// Those of `places` that were booked at `rate`.
    ///
    /// # Errors
    /// The other rates, where none of them was booked at this one: a VAT code would contradict the amounts (E17).
    pub fn at_rate(&self, case: &Case<'_>, places: &[Place], rate: Decimal) -> Result<Vec<Place>, Vec<Decimal>> {
        let rate_of = |place: &Place| rate_of(case, self.line(*place), &self.invoice(*place).entry);
        // A code that the books no longer have tells nothing.
        let at_rate = |place: &&Place| rate_of(place).is_none_or(|booked| booked == rate);
        let found: Vec<Place> = places.iter().filter(at_rate).copied().collect();
        if found.is_empty() { Err(places.iter().filter_map(rate_of).collect()) } else { Ok(found) }
    }

    /// Notes that the releases of an invoice decide about a part of a credit of it, and gives those that were read.
    pub fn ask_releases(&mut self, place: Place) -> &'a [Release] {
        self.asked.insert(place.invoice);
        &self.invoices[place.invoice].releases
    }

    /// The places of the invoices whose releases decided.
    pub fn asked(&self) -> Vec<usize> {
        self.asked.iter().copied().collect()
    }
}

/// The percentage at which a line was booked.
fn rate_of(case: &Case<'_>, line: &EntryLine, entry: &SalesEntry) -> Option<Decimal> {
    let code: &VatCode = case.master().vat_codes.get(&line.vat_code)?;
    match code.method {
        VatMethod::BaseOnly | VatMethod::None => Some(Decimal::ZERO),
        VatMethod::Excluding | VatMethod::Including => code.percent_on(entry.entry_date),
    }
}
