//! The lines of a credit: each with account, VAT code and dimensions of the line that it credits, as that was booked.

use super::booked::{Ledger, Place, Taken};
use super::released;
use super::split::{Part, Split, split};
use crate::accounting::case::Case;
use crate::accounting::context::LineExplanation;
use crate::accounting::lines::{Explained, Setting, dress};
use crate::accounting::periods::Placement;
use crate::accounting::pieces::{self, LinePieces};
use crate::accounting::revenue::{self, ChosenAccount};
use crate::accounting::rulebook::CreditNoteDeferral;
use crate::accounting::shares::shares;
use crate::accounting::tax_parts::{PartTax, TaxPart, parts};
use crate::accounting::{deferral, position, text, vat};
use crate::domain::calendar::DateRange;
use crate::domain::credit_note::{CreditCause, CreditNote};
use crate::domain::entry::{CreditedLine, EntryKind, EntryLine, SalesEntry};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::InvoiceLine;
use crate::domain::master::{AccountKind, DimensionUse};
use crate::domain::money::Amount;
use rust_decimal::Decimal;

/// Why a write-off is never spread.
const WRITTEN_OFF: &str = "written off at once: the revenue stays where it is";

/// A credit on its way to its entry.
pub(super) struct Credit<'a> {
    pub case: &'a Case<'a>,
    pub note: &'a CreditNote,
    pub placement: Placement,
}

impl Credit<'_> {
    /// The entry lines of one line of the note. What it credits is the same for all its parts, so that either all of them
    /// follow what was booked, or none does.
    pub fn line(&self, ledger: &mut Ledger<'_>, line: &InvoiceLine) -> Result<Vec<Explained>, Hold> {
        let credited = ledger.credited(self.note.credited_lines.get(&line.id).map(String::as_str));
        if credited.is_empty() {
            let ruled = by_the_rules(self.case, &self.placement, line, self.note.before_tax)?;
            return ruled.into_iter().map(|explained| self.written_off(line, explained)).collect();
        }
        let mut lines = Vec::new();
        for part in parts(self.case, line)? {
            if part.net.is_zero() && part.vat.is_zero() {
                continue;
            }
            let group = self.group(ledger, line, &credited, part)?;
            lines.extend(self.part(ledger, line, &group, part)?);
        }
        Ok(lines)
    }

    /// Those of the credited lines that a part is spread over: the ones booked at its rate; all of them where the part was
    /// granted before tax, whatever they were taxed at.
    fn group(
        &self,
        ledger: &Ledger<'_>,
        line: &InvoiceLine,
        credited: &[Place],
        part: TaxPart,
    ) -> Result<Vec<Place>, Hold> {
        if self.is_before_tax(part.tax.rate(), part.vat) {
            return Ok(credited.to_vec());
        }
        let rate = part.tax.rate();
        ledger.at_rate(self.case, credited, rate).map_err(|booked| other_rate(self.case, line, rate, &booked))
    }

    fn is_before_tax(&self, rate: Decimal, vat: Amount) -> bool {
        self.note.before_tax && rate.is_zero() && vat.is_zero()
    }

    /// A part of the note's line, spread over the booked lines that it credits: by what is left of them, so that nothing is
    /// left once all is credited.
    fn part(
        &self,
        ledger: &mut Ledger<'_>,
        line: &InvoiceLine,
        group: &[Place],
        part: TaxPart,
    ) -> Result<Vec<Explained>, Hold> {
        let nets = spread(part.net, group, |place| ledger.left(place).0, |place| ledger.line(place).net);
        let vats = spread(part.vat, group, |place| ledger.left(place).1, |place| ledger.line(place).vat);
        let mut lines = Vec::new();
        for ((place, net), vat) in group.iter().zip(nets).zip(vats) {
            if net.is_zero() && vat.is_zero() {
                continue;
            }
            let (split, why) = self.deferral(ledger, line, *place, net)?;
            let words = text::line_description(&line.description, None);
            let is_before_tax = self.is_before_tax(part.tax.rate(), part.vat);
            for made in turned(ledger, *place, (net, vat), &split, &words, &why) {
                let made = if is_before_tax { self.untaxed(made)? } else { made };
                lines.push(self.written_off(line, made)?);
            }
        }
        Ok(lines)
    }

    /// How the releases of what is credited are turned, and why so.
    fn deferral(
        &self,
        ledger: &mut Ledger<'_>,
        line: &InvoiceLine,
        place: Place,
        net: Amount,
    ) -> Result<(Split, String), Hold> {
        if self.note.cause == CreditCause::WriteOff {
            return Ok((Split::whole(net), WRITTEN_OFF.to_owned()));
        }
        if self.case.rules().policies.credit_note_deferral == CreditNoteDeferral::AsIssued {
            let own = deferral::of(self.case, line, &self.placement.period)?;
            let later: Vec<(DateRange, Amount)> = own.sent.map(|range| (range, net)).into_iter().collect();
            let now = if later.is_empty() { net } else { Amount::ZERO };
            return Ok((Split { now, now_range: None, later }, own.why));
        }
        follow(self.case, ledger, place, net, deferral::service_range(self.case, line), &self.placement)
    }

    /// A line without VAT takes no code with a percentage, which would contradict its amounts (E17). The invoice that the
    /// credit is used on is taxed on so much less, and what is left untaxed there has the same code: together they are zero.
    fn untaxed(&self, (entry, why): Explained) -> Result<Explained, Hold> {
        if vat::is_untaxed(self.case, &entry.vat_code) {
            return Ok((entry, why));
        }
        let code = vat::zero_code(self.case, vat::BEFORE_TAX)?;
        let entry = EntryLine { vat_code: code.code.code.clone(), vat_included: code.is_included(), ..entry };
        Ok((entry, LineExplanation { vat_code: code.why, ..why }))
    }

    /// The line on the account of what is written off, where the note writes off.
    fn written_off(&self, line: &InvoiceLine, (entry, why): Explained) -> Result<Explained, Hold> {
        if self.note.cause != CreditCause::WriteOff {
            return Ok((entry, why));
        }
        let target = write_off_account(self.case, line)?;
        let fits = |code: Option<String>, demand| code.filter(|_| demand != DimensionUse::Forbidden);
        let entry = EntryLine {
            account: target.reference(),
            deferral: None,
            cost_center: fits(entry.cost_center, target.account.cost_center),
            cost_unit: fits(entry.cost_unit, target.account.cost_unit),
            ..entry
        };
        let deferral = WRITTEN_OFF.to_owned();
        Ok((entry, LineExplanation { revenue_account: target.why, deferral, original_range: None, ..why }))
    }
}

/// A credit at a rate at which nothing of it was booked, such as one without tax of what was taxed.
fn other_rate(case: &Case<'_>, line: &InvoiceLine, rate: Decimal, booked: &[Decimal]) -> Hold {
    let mut booked: Vec<String> = booked.iter().map(|rate| format!("{} %", rate.normalize())).collect();
    booked.dedup();
    let message =
        format!("it is credited at {} % and what it credits was booked at {}", rate.normalize(), booked.join(", "));
    let remedy = "book this credit note by hand, and correct its tax in Chargebee if it is wrong";
    case.hold_line(line, HoldReason::TaxNotRepresentable, message, remedy)
}

fn write_off_account<'a>(case: &'a Case<'_>, line: &InvoiceLine) -> Result<ChosenAccount<'a>, Hold> {
    let setting = format!("spec.exactOnline.writeOffAccount of {}", case.mapping());
    let Some(code) = case.rules().write_off_account.as_deref() else {
        let message = format!("it writes off what is due, and {} names no account for that", case.mapping());
        return Err(case.hold(HoldReason::RevenueAccountMissing, message, format!("set {setting}")));
    };
    revenue::by_code(case, code, &[AccountKind::Revenue, AccountKind::Other], &setting).map_err(|problem| {
        case.hold_line(line, HoldReason::RevenueAccountMissing, problem, format!("change {setting}"))
    })
}

/// The deferral of a part of a booked line, by its range as booked and by what the books have released of it; a note that
/// credits a part of that time states its own.
pub(super) fn follow(
    case: &Case<'_>,
    ledger: &mut Ledger<'_>,
    place: Place,
    net: Amount,
    own: Option<DateRange>,
    placement: &Placement,
) -> Result<(Split, String), Hold> {
    let invoice = ledger.invoice(place);
    let booked = ledger.line(place);
    let original = named(&invoice.entry);
    let Some(range) = booked.deferral else {
        return Ok((Split::whole(net), format!("{original} was booked without deferral")));
    };
    let id = booked.source_line.clone().unwrap_or_default();
    if let Some(own) = own.and_then(|own| within(own, range)) {
        let part = Part { id: &id, amount: net, range: own, taken: &Taken::default(), released: None };
        let why = format!("a part of {original}, released over {}..{}", own.from, own.to);
        return Ok((split(case, &part, placement)?, why));
    }
    // Nothing is left to release after the credit's own period: what was released before it makes no difference.
    let releases = if range.to <= placement.period.days.to { &[] } else { ledger.ask_releases(place) };
    let released = released::of_line(case.master(), &invoice.entry, booked, releases);
    let how = if released.is_some() { ", as the books' own releases of it say" } else { "" };
    let why = format!("follows {original}, released over {}..{}{how}", range.from, range.to);
    let released = released.map(|released| (booked.net, released));
    let part = Part { id: &id, amount: net, range, taken: ledger.taken(place), released };
    Ok((split(case, &part, placement)?, why))
}

/// The note's own service period, where it is a part of the time that was booked.
fn within(own: DateRange, booked: DateRange) -> Option<DateRange> {
    let inside = DateRange::new(own.from.max(booked.from), own.to.min(booked.to))?;
    (inside != booked && own.to <= booked.to && own.from >= booked.from).then_some(inside)
}

/// The lines that turn a part of a booked line, which is thereby taken.
pub(super) fn turned(
    ledger: &mut Ledger<'_>,
    place: Place,
    (net, vat): (Amount, Amount),
    split: &Split,
    words: &str,
    why: &str,
) -> Vec<Explained> {
    let booked = ledger.line(place);
    let invoice = ledger.invoice(place);
    let credits = CreditedLine { invoice: invoice.identity.clone(), line: place.line };
    let nets: Vec<Amount> = split.later.iter().map(|(_, net)| *net).collect();
    let later: Amount = nets.iter().copied().sum();
    let [now_vat, later_vat]: [Amount; 2] = if split.later.is_empty() {
        [vat, Amount::ZERO]
    } else if split.now.is_zero() {
        [Amount::ZERO, vat]
    } else {
        let of_later = shares(vat, &[later, net - later])[0];
        [vat - of_later, of_later]
    };
    let mut lines = Vec::new();
    let mut add = |net: Amount, vat: Amount, range: Option<DateRange>, description: String| {
        ledger.take(place, net, vat, range);
        let line = EntryLine {
            net: -net,
            vat: -vat,
            deferral: range,
            description,
            credits: Some(credits.clone()),
            ..booked.clone()
        };
        lines.push((line, explanation(&named(&invoice.entry), why)));
    };
    if split.later.is_empty() || !split.now.is_zero() {
        let stands_for = split.now_range.filter(|_| !split.later.is_empty());
        add(net - later, now_vat, None, text::line_description(words, stands_for));
    }
    for ((range, net), vat) in split.later.iter().zip(shares(later_vat, &nets)) {
        add(*net, vat, Some(*range), text::line_description(words, None));
    }
    lines
}

/// What is given back, in the words of an explanation.
fn named(entry: &SalesEntry) -> String {
    let noun = if entry.kind == EntryKind::Credit { "credit note" } else { "invoice" };
    format!("{noun} {}", entry.your_ref)
}

fn explanation(original: &str, deferral: &str) -> LineExplanation {
    let as_booked = format!("as {original} was booked");
    LineExplanation {
        revenue_account: as_booked.clone(),
        vat_code: as_booked.clone(),
        cost_center: as_booked.clone(),
        cost_unit: as_booked,
        deferral: deferral.to_owned(),
        original_range: None,
    }
}

/// `total` over booked lines as what is left of them; where more is credited than is left, as they were booked.
fn spread(
    total: Amount,
    group: &[Place],
    left: impl Fn(Place) -> Amount,
    booked: impl Fn(Place) -> Amount,
) -> Vec<Amount> {
    let lefts: Vec<Amount> = group.iter().map(|place| left(*place)).collect();
    let sum: Amount = lefts.iter().copied().sum();
    if sum.is_negative() == total.is_negative() && total.size() <= sum.size() {
        return shares(total, &lefts);
    }
    let wholes: Vec<Amount> = group.iter().map(|place| booked(*place)).collect();
    shares(total, &wholes)
}

/// A line that credits nothing that was booked is ruled like one of an invoice, with the sign turned.
pub(super) fn by_the_rules(
    case: &Case<'_>,
    placement: &Placement,
    line: &InvoiceLine,
    before_tax: bool,
) -> Result<Vec<Explained>, Hold> {
    let position = position::of(case)?;
    let setting = Setting { case, position: &position, placement: *placement };
    let Some(mut pieces) = pieces::of_one(case, line)? else { return Ok(Vec::new()) };
    if before_tax {
        granted_before_tax(&mut pieces);
    }
    Ok(dress(&setting, &pieces)?.into_iter().map(negated).collect())
}

/// That billing states no tax does not mean that there is none on what it is used on.
fn granted_before_tax(line: &mut LinePieces<'_>) {
    let untaxed = line.pieces.iter_mut().filter(|piece| piece.tax.rate().is_zero() && piece.vat.is_zero());
    untaxed.for_each(|piece| piece.tax = PartTax::BeforeTax);
}

pub(super) fn negated((line, why): Explained) -> Explained {
    (EntryLine { net: -line.net, vat: -line.vat, ..line }, why)
}
