//! Cost centre and cost unit of a line (E20): a RevenueRule's own, else the most specific row of country × family × year;
//! and what the account demands or forbids.

use std::collections::BTreeMap;

use super::case::Case;
use super::matching::{LineFacts, Tie, pick};
use super::rulebook::{DimensionRule, DimensionYear};
use crate::domain::calendar::business_date;
use crate::domain::country::Country;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::InvoiceLine;
use crate::domain::master::{Dimension, DimensionUse, GlAccount};

/// A cost centre or unit with the reason for it; no code where none applies or the account takes none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ChosenDimension {
    pub code: Option<String>,
    pub why: String,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    CostCenter,
    CostUnit,
}

impl Which {
    fn word(self) -> &'static str {
        match self {
            Self::CostCenter => "cost centre",
            Self::CostUnit => "cost unit",
        }
    }

    /// The list of the mapping that holds its rows.
    fn list(self) -> &'static str {
        match self {
            Self::CostCenter => "spec.costCenters",
            Self::CostUnit => "spec.costUnits",
        }
    }

    fn rows<'a>(self, case: &'a Case<'_>) -> &'a [DimensionRule] {
        match self {
            Self::CostCenter => &case.rules().cost_centers,
            Self::CostUnit => &case.rules().cost_units,
        }
    }

    fn known<'a>(self, case: &'a Case<'_>) -> &'a BTreeMap<String, Dimension> {
        match self {
            Self::CostCenter => &case.master().cost_centers,
            Self::CostUnit => &case.master().cost_units,
        }
    }

    fn demand(self, account: &GlAccount) -> DimensionUse {
        match self {
            Self::CostCenter => account.cost_center,
            Self::CostUnit => account.cost_unit,
        }
    }
}

/// The dimension of an entry line on `account`; `line` is none for rounding, `book_year` the year the entry is booked in.
pub(super) fn of(
    case: &Case<'_>,
    which: Which,
    line: Option<&InvoiceLine>,
    account: &GlAccount,
    book_year: i16,
) -> Result<ChosenDimension, Hold> {
    let word = which.word();
    if which.demand(account) == DimensionUse::Forbidden {
        return Ok(ChosenDimension { code: None, why: format!("account {} takes no {word}", account.code) });
    }
    let chosen = match line.map(|line| by_rule(case, which, line)).transpose()?.flatten() {
        Some(chosen) => Some(chosen),
        None => by_row(case, which, line, book_year)?,
    };
    match chosen {
        Some((code, why)) => {
            check(case, which, line, code, &why)?;
            Ok(ChosenDimension { code: Some(code.to_owned()), why: format!("{why}: {word} {code}") })
        }
        None if which.demand(account) == DimensionUse::Mandatory => Err(missing(case, which, line, account)),
        None => Ok(ChosenDimension { code: None, why: format!("no rule or row names a {word}") }),
    }
}

fn by_rule<'a>(case: &'a Case<'_>, which: Which, line: &InvoiceLine) -> Result<Option<(&'a str, String)>, Hold> {
    let facts = LineFacts::of(case, line);
    let question = |rule: &'a super::rulebook::RevenueRule| match which {
        Which::CostCenter => rule.cost_center.as_deref(),
        Which::CostUnit => rule.cost_unit.as_deref(),
    };
    let picked = pick(&case.rules().revenue, &facts, None, question).map_err(|tie: Tie<'_>| {
        let question = format!("the {}", which.word());
        case.hold_line(line, HoldReason::CostCenterMissing, tie.message(&question), tie.remedy())
    })?;
    Ok(picked.map(|picked| (picked.value, format!("RevenueRule {}", picked.rule.name))))
}

/// More conditions win; among equals country beats family beats year.
pub(super) fn rank(row: &DimensionRule) -> (usize, bool, bool, bool) {
    let (country, family, year) = (row.country.is_some(), row.item_family.is_some(), row.year.is_some());
    (usize::from(country) + usize::from(family) + usize::from(year), country, family, year)
}

fn by_row<'a>(
    case: &'a Case<'_>,
    which: Which,
    line: Option<&InvoiceLine>,
    book_year: i16,
) -> Result<Option<(&'a str, String)>, Hold> {
    let year = year(case, line, book_year);
    let family = line.and_then(|line| case.item(line)).and_then(|facts| facts.family.as_deref());
    let holds = |row: &&DimensionRule| {
        row.country.as_deref().is_none_or(|code| case.country.is_some() && Country::parse(code) == case.country)
            && row.item_family.as_deref().is_none_or(|wanted| family == Some(wanted))
            && row.year.is_none_or(|wanted| wanted == year)
    };
    let mut rows: Vec<&DimensionRule> = which.rows(case).iter().filter(holds).collect();
    let best = rows.iter().map(|row| rank(row)).max();
    rows.retain(|row| Some(rank(row)) == best);
    rows.sort_by_key(|row| row.index);
    let Some(first) = rows.first() else { return Ok(None) };
    match rows.iter().find(|row| row.code != first.code) {
        Some(other) => Err(tied(case, which, line, first, other)),
        None => Ok(Some((&first.code, format!("{}[{}] of {}", which.list(), first.index, case.mapping())))),
    }
}

/// The year that rows mean: that of the entry as booked, or that in which the service starts.
fn year(case: &Case<'_>, line: Option<&InvoiceLine>, book_year: i16) -> i16 {
    match (case.rules().dimension_year, line.and_then(|line| line.service_from)) {
        (DimensionYear::ServiceStart, Some(start)) => business_date(start, &case.rules().time_zone).year(),
        _ => book_year,
    }
}

fn tied(
    case: &Case<'_>,
    which: Which,
    line: Option<&InvoiceLine>,
    first: &DimensionRule,
    other: &DimensionRule,
) -> Hold {
    let (list, mapping) = (which.list(), case.mapping());
    let message = format!(
        "rows {list}[{}] ({}) and {list}[{}] ({}) of {mapping} apply equally",
        first.index, first.code, other.index, other.code
    );
    let remedy = format!("add a condition to one of {list}[{}] and {list}[{}] of {mapping}", first.index, other.index);
    hold(case, line, message, remedy)
}

/// The code exists and is still in use on the entry's date.
fn check(case: &Case<'_>, which: Which, line: Option<&InvoiceLine>, code: &str, because: &str) -> Result<(), Hold> {
    let problem = match which.known(case).get(code) {
        None => "does not exist".to_owned(),
        Some(Dimension { end_date: Some(end), .. }) if *end < case.entry_date => format!("ended on {end}"),
        Some(_) => return Ok(()),
    };
    let (word, division) = (which.word(), case.division());
    let message = format!("{word} {code} of {because} {problem} in {division}");
    Err(hold(case, line, message, format!("create {word} {code} in Exact Online, {division}, or change {because}")))
}

fn missing(case: &Case<'_>, which: Which, line: Option<&InvoiceLine>, account: &GlAccount) -> Hold {
    let (word, list, mapping) = (which.word(), which.list(), case.mapping());
    let country = case.country.map_or_else(|| "none".to_owned(), |country| country.to_string());
    let family = line.and_then(|line| case.item(line)).and_then(|facts| facts.family.as_deref()).unwrap_or("none");
    let message =
        format!("account {} demands a {word}, and no row fits country {country}, item family {family}", account.code);
    hold(case, line, message, format!("add a row to {list} of {mapping} for country {country} or item family {family}"))
}

fn hold(case: &Case<'_>, line: Option<&InvoiceLine>, message: String, remedy: String) -> Hold {
    match line {
        Some(line) => case.hold_line(line, HoldReason::CostCenterMissing, message, remedy),
        None => case.hold(HoldReason::CostCenterMissing, format!("rounding line: {message}"), remedy),
    }
}
