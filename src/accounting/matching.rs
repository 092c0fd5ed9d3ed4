//! Which RevenueRule answers a question about a line: the most specific level, among equals the one with more conditions;
//! still equal and of another answer is a tie (design §3).

use jiff::civil::Date;

use super::case::Case;
use super::rulebook::{RevenueMatch, RevenueRule};
use crate::domain::catalogue::ItemKind;
use crate::domain::country::Country;
use crate::domain::invoice::InvoiceLine;

/// How closely something names what a line sells; later is closer. `OwnAccount` and `ItemGroup` are the accounts that the
/// books themselves keep, between the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Anything,
    ChargeType,
    ItemGroup,
    Family,
    OwnAccount,
    Item,
    ItemPrice,
}

impl Level {
    /// The closest condition of a rule decides.
    pub fn of(rule: &RevenueMatch) -> Self {
        let closest = [
            (rule.item_price.is_some(), Self::ItemPrice),
            (rule.item.is_some(), Self::Item),
            (rule.item_family.is_some(), Self::Family),
            (rule.charge_type.is_some(), Self::ChargeType),
        ];
        closest.into_iter().find(|(given, _)| *given).map_or(Self::Anything, |(_, level)| level)
    }
}

/// Number of conditions that a rule gives.
pub(super) fn conditions(rule: &RevenueMatch) -> usize {
    let texts = [&rule.item_family, &rule.item, &rule.item_price, &rule.coupon, &rule.country, &rule.currency];
    texts.into_iter().flatten().count() + usize::from(rule.charge_type.is_some())
}

/// What rules ask of a line.
#[derive(Clone, Copy)]
pub(super) struct LineFacts<'a> {
    pub item_price: Option<&'a str>,
    pub item: Option<&'a str>,
    pub family: Option<&'a str>,
    pub kind: ItemKind,
    pub country: Option<Country>,
    pub currency: &'a str,
    pub day: Date,
}

impl<'a> LineFacts<'a> {
    pub fn of(case: &'a Case<'_>, line: &'a InvoiceLine) -> Self {
        let item = case.item(line);
        Self {
            item_price: line.item_price.as_deref(),
            item: item.map(|facts| facts.item.as_str()),
            family: item.and_then(|facts| facts.family.as_deref()),
            kind: line.kind,
            country: case.country,
            currency: case.invoice.currency.code(),
            day: case.entry_date,
        }
    }

    /// Whether all conditions of `rule` but the coupon hold on the line's day.
    fn satisfy(&self, rule: &RevenueRule) -> bool {
        let same =
            |wanted: &Option<String>, is: Option<&str>| wanted.as_deref().is_none_or(|wanted| is == Some(wanted));
        let wanted = &rule.matches;
        same(&wanted.item_price, self.item_price)
            && same(&wanted.item, self.item)
            && same(&wanted.item_family, self.family)
            && wanted.charge_type.is_none_or(|kind| kind == self.kind)
            && wanted
                .country
                .as_deref()
                .is_none_or(|code| self.country.is_some() && Country::parse(code) == self.country)
            && wanted.currency.as_deref().is_none_or(|code| code.eq_ignore_ascii_case(self.currency))
            && rule.valid_from.is_none_or(|from| from <= self.day)
            && rule.valid_to.is_none_or(|to| self.day <= to)
    }
}

/// The rule that answers, with its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Picked<'a, T> {
    pub rule: &'a RevenueRule,
    pub level: Level,
    pub value: T,
}

/// Two rules that answer differently and are equally close: the names, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tie<'a> {
    pub first: &'a str,
    pub second: &'a str,
}

/// The closest rule that applies to the line, belongs to `coupon` (or to none) and answers `question`.
pub(super) fn pick<'a, T: Copy + PartialEq>(
    rules: &'a [RevenueRule],
    facts: &LineFacts<'_>,
    coupon: Option<&str>,
    question: impl Fn(&'a RevenueRule) -> Option<T>,
) -> Result<Option<Picked<'a, T>>, Tie<'a>> {
    let belongs = |rule: &&RevenueRule| rule.matches.coupon.as_deref() == coupon && facts.satisfy(rule);
    let mut answers: Vec<Picked<'a, T>> = rules
        .iter()
        .filter(belongs)
        .filter_map(|rule| question(rule).map(|value| Picked { rule, level: Level::of(&rule.matches), value }))
        .collect();
    let rank = |picked: &Picked<'a, T>| (picked.level, conditions(&picked.rule.matches));
    let Some(best) = answers.iter().map(rank).max() else { return Ok(None) };
    answers.retain(|picked| rank(picked) == best);
    // By name, so that the order in which rules were listed decides nothing (I8).
    answers.sort_by(|left, right| left.rule.name.cmp(&right.rule.name));
    let first = answers[0];
    match answers.iter().find(|other| other.value != first.value) {
        Some(other) => Err(Tie { first: &first.rule.name, second: &other.rule.name }),
        None => Ok(Some(first)),
    }
}

impl Tie<'_> {
    /// What is wrong, for a question such as `the revenue account`.
    pub fn message(&self, question: &str) -> String {
        let Self { first, second } = self;
        format!("RevenueRules {first} and {second} apply equally and differ in {question}")
    }

    pub fn remedy(&self) -> String {
        let Self { first, second } = self;
        format!("add a condition to RevenueRule {first} or {second}, or make them agree")
    }
}
