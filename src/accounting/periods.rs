//! The period in which an entry is booked (I3, E19, E29), checked on its own journal.

use jiff::civil::Date;

use super::case::Case;
use super::rulebook::ClosedPeriodPolicy;
use crate::domain::entry::PeriodKey;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::master::{FinancialPeriod, MasterData};

/// Where an entry is booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placement {
    pub period: FinancialPeriod,
    /// The date's own period was closed.
    pub moved_from: Option<PeriodKey>,
}

/// What an entry asks of the periods.
pub(super) struct Wanted<'a> {
    pub master: &'a MasterData,
    /// Name of the SyncConnection, whose policy it is.
    pub connection: &'a str,
    pub journal: &'a str,
    pub policy: ClosedPeriodPolicy,
    pub day: Date,
}

/// Why there is no period: reason, problem and remedy.
type Unplaced = (HoldReason, String, String);

/// The period of the entry's date, or the first open one after it where that is closed.
pub(super) fn place(case: &Case<'_>) -> Result<Placement, Hold> {
    let rules = case.rules();
    let wanted = Wanted {
        master: case.master(),
        connection: &rules.connection,
        journal: &rules.sales_journal,
        policy: rules.policies.closed_period,
        day: case.entry_date,
    };
    wanted.place().map_err(|(reason, problem, remedy)| case.hold(reason, problem, remedy))
}

impl Wanted<'_> {
    /// The period of the day, or the first open one after it where that is closed and the policy says so.
    pub fn place(&self) -> Result<Placement, Unplaced> {
        let Some(own) = self.master.period_of(self.day) else {
            let problem = format!("no financial period covers its date {}", self.day);
            return Err(unopened(self.master, self.day, &problem));
        };
        if !self.master.is_closed(self.journal, own.key) {
            return Ok(Placement { period: *own, moved_from: None });
        }
        let open = self.master.first_open_after(self.journal, own.days.to);
        match (self.policy, open) {
            (ClosedPeriodPolicy::MoveToOpenPeriod, Some(open)) => {
                Ok(Placement { period: *open, moved_from: Some(own.key) })
            }
            _ => Err(self.closed(own.key)),
        }
    }

    /// The date's own period is closed, and by policy or for want of a later one the entry is not moved.
    fn closed(&self, key: PeriodKey) -> Unplaced {
        let (journal, division) = (self.journal, format!("division {}", self.master.division));
        let closed = format!("period {key} is closed for journal {journal} in {division}");
        let reopen = format!("reopen period {key} for journal {journal} in Exact Online, {division}");
        let (message, remedy) = match self.policy {
            ClosedPeriodPolicy::Hold => {
                let connection = self.connection;
                let remedy =
                    format!("{reopen}, or set policies.closedPeriod: MoveToOpenPeriod of SyncConnection {connection}");
                (closed, remedy)
            }
            ClosedPeriodPolicy::MoveToOpenPeriod => {
                let last = self.master.periods.iter().map(|period| period.key.year).max();
                let next = last.map_or(self.day.year(), |year| year.saturating_add(1));
                (format!("{closed}, and no later period is open"), format!("{reopen}, or open financial year {next}"))
            }
        };
        (HoldReason::PeriodClosed, message, remedy)
    }
}

/// A hold because no period covers `day`, naming the year to open.
pub(super) fn missing(case: &Case<'_>, day: Date, problem: &str) -> Hold {
    let (reason, message, remedy) = unopened(case.master(), day, problem);
    case.hold(reason, message, remedy)
}

fn unopened(master: &MasterData, day: Date, problem: &str) -> Unplaced {
    let (year, division) = (financial_year_of(master, day), format!("division {}", master.division));
    let message = format!("{problem} in {division}: financial year {year} is not opened");
    let remedy = format!("open financial year {year} in Exact Online, {division}");
    (HoldReason::MissingFinancialPeriod, message, remedy)
}

/// The financial year that a day without a period will belong to: counted in whole years from the years that exist, as a
/// financial year need not be a calendar year.
pub(super) fn financial_year_of(master: &MasterData, day: Date) -> i16 {
    let first = master.periods.iter().min_by_key(|period| period.days.from);
    let last = master.periods.iter().max_by_key(|period| period.days.to);
    match (first, last) {
        (_, Some(last)) if last.days.to < day => {
            last.key.year.saturating_add(1).saturating_add(whole_years(last.days.to, day))
        }
        (Some(first), _) if day < first.days.from => {
            first.key.year.saturating_sub(1).saturating_sub(whole_years(day, first.days.from))
        }
        _ => master.period_of(day).map_or(day.year(), |period| period.key.year),
    }
}

/// Whole years from the day after `from` to `to`, at least none: one less a day counts as none.
fn whole_years(from: Date, to: Date) -> i16 {
    let years = to.year() - from.year();
    let is_before = (to.month(), to.day()) <= (from.month(), from.day());
    (years - i16::from(is_before)).max(0)
}
