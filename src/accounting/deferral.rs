//! The deferral range of a line: `From` and `To`, from which the books spread its revenue (E18, E19, E21–E23; design §6).

use jiff::{SignedDuration, Timestamp};

use super::case::Case;
use super::matching::{LineFacts, Tie, pick};
use super::periods;
use super::rulebook::{ClosedPeriodPolicy, DeferralBeyondPeriods};
use crate::domain::calendar::{DateRange, business_date, day_before};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::InvoiceLine;
use crate::domain::master::FinancialPeriod;

/// What is sent of a line's service period, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Deferral {
    pub sent: Option<DateRange>,
    /// The service period as billed, where not that is sent: it stays in the line's description.
    pub billed: Option<DateRange>,
    pub why: String,
}

impl Deferral {
    fn none(why: impl Into<String>) -> Self {
        Self { why: why.into(), ..Self::default() }
    }
}

/// The deferral of `line` in an entry that is booked in `booked`.
pub(super) fn of(case: &Case<'_>, line: &InvoiceLine, booked: &FinancialPeriod) -> Result<Deferral, Hold> {
    if let Some(switch) = switched_off(case, line)? {
        return Ok(Deferral::none(switch));
    }
    let Some(billed) = service_range(case, line) else {
        return Ok(Deferral::none("a one-off charge, no service period"));
    };
    if booked.days.covers(&billed) {
        return Ok(Deferral::none(format!("service period within {}, the period it is booked in", booked.key)));
    }
    match start_in_open_period(case, line, billed)? {
        Start::Open(open) => of_range(case, line, billed, open, booked),
        Start::NothingLeft => {
            let why = format!("every period of {}..{} is closed: not deferred", billed.from, billed.to);
            Ok(Deferral { sent: None, billed: Some(billed), why })
        }
        Start::Missing => beyond_periods(case, line, billed),
    }
}

/// The deferral of what was `billed`, of which `open` is left once closed periods have moved its start.
fn of_range(
    case: &Case<'_>,
    line: &InvoiceLine,
    billed: DateRange,
    open: DateRange,
    booked: &FinancialPeriod,
) -> Result<Deferral, Hold> {
    if booked.days.covers(&open) {
        let why =
            format!("what open periods leave of its service period is {}, the period it is booked in", booked.key);
        return Ok(Deferral { sent: None, billed: Some(billed), why });
    }
    if case.master().first_day_without_period(open).is_some() {
        return beyond_periods(case, line, billed);
    }
    check_no_closed_period_within(case, &line.id, open)?;
    let range = format!("service period {}..{}", billed.from, billed.to);
    let moved = open != billed;
    let why = if moved { format!("{range}, whose start is in a closed period, from {}", open.from) } else { range };
    Ok(Deferral { sent: Some(open), billed: moved.then_some(billed), why })
}

/// Why the line is not deferred whatever its service period, if so. The connection's switch turns all deferral off; below
/// it a rule turns it off, or a closer rule on again (E23).
fn switched_off(case: &Case<'_>, line: &InvoiceLine) -> Result<Option<String>, Hold> {
    if !case.rules().policies.deferred_revenue {
        return Ok(Some(format!("policies.deferredRevenue of SyncConnection {} is off", case.rules().connection)));
    }
    let facts = LineFacts::of(case, line);
    let rule = pick(&case.rules().revenue, &facts, None, |rule| rule.deferral).map_err(|tie: Tie<'_>| {
        case.hold_line(line, HoldReason::RevenueAccountMissing, tie.message("deferral"), tie.remedy())
    })?;
    Ok(rule.filter(|picked| !picked.value).map(|picked| format!("RevenueRule {} turns deferral off", picked.rule.name)))
}

/// The days of a line's service. Billing's end is the end of the term (the next term's first instant, or the last second
/// of the last day): a second more and a day less is the last day. An end at the start, or before it, is a one-off charge.
pub(super) fn service_range(case: &Case<'_>, line: &InvoiceLine) -> Option<DateRange> {
    let (from, to) = (line.service_from?, line.service_to?);
    if from == to {
        return None;
    }
    let zone = &case.rules().time_zone;
    let end = to.checked_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX);
    DateRange::new(business_date(from, zone), day_before(business_date(end, zone)))
}

enum Start {
    Open(DateRange),
    NothingLeft,
    /// No period covers the start, or what would be the moved start.
    Missing,
}

/// Revenue that starts in a period closed for the journal of the deferral entries starts with the first open one after it.
fn start_in_open_period(case: &Case<'_>, line: &InvoiceLine, billed: DateRange) -> Result<Start, Hold> {
    let master = case.master();
    let Some(own) = master.period_of(billed.from) else { return Ok(Start::Missing) };
    let Some(journal) = case.rules().deferral_journal.as_deref() else { return Ok(Start::Open(billed)) };
    if !master.is_closed(journal, own.key) {
        return Ok(Start::Open(billed));
    }
    if case.rules().policies.closed_period == ClosedPeriodPolicy::Hold {
        return Err(closed(case, &line.id, journal, own));
    }
    Ok(match master.first_open_after(journal, own.days.to) {
        Some(open) => DateRange::new(open.days.from, billed.to).map_or(Start::NothingLeft, Start::Open),
        None if master.first_day_without_period(billed).is_none() => Start::NothingLeft,
        None => Start::Missing,
    })
}

pub(super) fn closed(case: &Case<'_>, id: &str, journal: &str, period: &FinancialPeriod) -> Hold {
    let (key, division) = (period.key, case.division());
    let message = format!("its revenue touches period {key}, which is closed for journal {journal} in {division}");
    let remedy = format!("reopen period {key} for journal {journal} in Exact Online, {division}");
    case.hold_at(id, HoldReason::PeriodClosed, message, remedy)
}

/// A closed period behind an open one cannot be stepped over by moving the start, and no release may fall into it (I3).
pub(super) fn check_no_closed_period_within(case: &Case<'_>, id: &str, range: DateRange) -> Result<(), Hold> {
    let Some(journal) = case.rules().deferral_journal.as_deref() else { return Ok(()) };
    let master = case.master();
    let is_hit = |period: &&FinancialPeriod| period.days.overlaps(&range) && master.is_closed(journal, period.key);
    match master.periods.iter().filter(is_hit).min_by_key(|period| period.days.from) {
        Some(period) => Err(closed(case, id, journal, period)),
        None => Ok(()),
    }
}

/// A period of the range does not exist: held, or by policy not deferred (E29).
fn beyond_periods(case: &Case<'_>, line: &InvoiceLine, billed: DateRange) -> Result<Deferral, Hold> {
    let range = format!("{}..{}", billed.from, billed.to);
    let day = case.master().first_day_without_period(billed).unwrap_or(billed.to);
    if case.rules().policies.deferral_beyond_periods == DeferralBeyondPeriods::NotDeferred {
        let why =
            format!("no financial period covers {day} of {range}, and policies.deferralBeyondPeriods is NotDeferred");
        return Ok(Deferral { sent: None, billed: Some(billed), why });
    }
    let problem = format!(
        "line {}: no financial period covers {day} of its service period {range}",
        super::text::cut(&line.id, 50)
    );
    Err(periods::missing(case, day, &problem))
}
