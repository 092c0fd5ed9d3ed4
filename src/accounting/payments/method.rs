//! Which row of `paymentMethods[]` takes a payment.

use super::rules::PaymentMethodRule;
use crate::domain::payment::Transaction;

/// The conditions of a row, in the order of the manifest.
fn conditions(rule: &PaymentMethodRule) -> [Option<&str>; 3] {
    [rule.method.as_deref(), rule.gateway.as_deref(), rule.currency.as_deref()]
}

fn weight(rule: &PaymentMethodRule) -> usize {
    conditions(rule).iter().flatten().count()
}

/// The row that takes `payment`: of those that apply the one with the most conditions; none where none applies. Two that
/// tie and differ are both returned.
pub(super) fn choose<'a>(
    rules: &'a [PaymentMethodRule],
    payment: &Transaction,
) -> Result<Option<&'a PaymentMethodRule>, [&'a PaymentMethodRule; 2]> {
    let facts = [Some(payment.method.as_str()), payment.gateway.as_deref(), Some(payment.currency.code())];
    let applies = |rule: &&PaymentMethodRule| {
        conditions(rule).iter().zip(facts).all(|(wanted, fact)| wanted.is_none() || *wanted == fact)
    };
    let applying: Vec<_> = rules.iter().filter(applies).collect();
    let Some(most) = applying.iter().map(|rule| weight(rule)).max() else { return Ok(None) };
    let mut closest = applying.into_iter().filter(|rule| weight(rule) == most);
    let Some(first) = closest.next() else { return Ok(None) };
    match closest.find(|other| differ(first, other)) {
        Some(other) => Err([first, other]),
        None => Ok(Some(first)),
    }
}

fn differ(one: &PaymentMethodRule, other: &PaymentMethodRule) -> bool {
    (&one.journal, &one.control_account, &one.fee) != (&other.journal, &other.control_account, &other.fee)
}

/// The pairs of rows that some payment could meet equally and that say different things, unless a closer row takes every
/// such payment.
pub(in crate::accounting) fn ties(rules: &[PaymentMethodRule]) -> Vec<[&PaymentMethodRule; 2]> {
    let pairs =
        rules.iter().enumerate().flat_map(|(place, one)| rules[place + 1..].iter().map(move |other| [one, other]));
    pairs.filter(|[one, other]| weight(one) == weight(other) && differ(one, other) && meet(rules, one, other)).collect()
}

fn meet(rules: &[PaymentMethodRule], one: &PaymentMethodRule, other: &PaymentMethodRule) -> bool {
    let both: Vec<_> = conditions(one).into_iter().zip(conditions(other)).collect();
    let contradict = |(one, other): &(Option<&str>, Option<&str>)| one.is_some() && other.is_some() && one != other;
    if both.iter().any(contradict) {
        return false;
    }
    let taken_by_closer = |rule: &PaymentMethodRule| {
        let named = |(wanted, (one, other)): (Option<&str>, &(Option<&str>, Option<&str>))| {
            wanted.is_none() || wanted == *one || wanted == *other
        };
        weight(rule) > weight(one) && conditions(rule).into_iter().zip(&both).all(named)
    };
    !rules.iter().any(taken_by_closer)
}
