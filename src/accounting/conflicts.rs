//! Rules that can tie, found without any document: what `koppel check` prints and the condition `RuleConflict` says.

use super::dimensions;
use super::matching::{Level, conditions};
use super::payments::ties;
use super::position::region;
use super::rulebook::{
    CustomerType, DimensionRule, DiscountTreatment, RevenueRule, Rulebook, Supply, VatRule, VatWhen,
};
use crate::domain::country::Country;
use crate::domain::invoice::ExemptReason;

/// What kind of rules conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConflictKind {
    RevenueRules,
    /// A coupon's account beside `discount: Net`, which would never be used.
    CouponAccountUnused,
    VatRows,
    PaymentTerms,
    CostCenters,
    CostUnits,
    PaymentMethods,
}

/// Two rules of which no document can tell which one is meant, or one that contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleConflict {
    pub kind: ConflictKind,
    /// The objects to change, as `RevenueRule onboarding` or `spec.vat[3] of EntityMapping wolkwerk`; both of a pair, or the
    /// one that contradicts itself twice.
    pub objects: [String; 2],
    pub message: String,
    pub remedy: String,
}

/// Every conflict of the rules among each other, whatever the administration: those that depend on which country is
/// domestic are left to [`conflicts_seen_from`]. Sorted; the order of the rules does not matter.
pub fn conflicts(rulebook: &Rulebook) -> Vec<RuleConflict> {
    find(rulebook, None)
}

/// As [`conflicts`], with the administration's country known.
pub fn conflicts_seen_from(rulebook: &Rulebook, home: Country) -> Vec<RuleConflict> {
    find(rulebook, Some(home))
}

fn find(rulebook: &Rulebook, home: Option<Country>) -> Vec<RuleConflict> {
    let mut found = revenue_rules(rulebook);
    found.extend(unused_coupon_accounts(rulebook));
    found.extend(vat_rows(rulebook, home));
    found.extend(payment_terms(rulebook));
    found.extend(payment_methods(rulebook));
    found.extend(dimension_rows(rulebook, ConflictKind::CostCenters, "spec.costCenters", &rulebook.cost_centers));
    found.extend(dimension_rows(rulebook, ConflictKind::CostUnits, "spec.costUnits", &rulebook.cost_units));
    found.sort();
    found
}

/// Every pair of `items`, each once.
fn pairs<T>(items: &[T]) -> impl Iterator<Item = (&T, &T)> {
    items.iter().enumerate().flat_map(|(place, left)| items[place + 1..].iter().map(move |right| (left, right)))
}

fn conflict(kind: ConflictKind, mut objects: [String; 2], what: &str) -> RuleConflict {
    objects.sort();
    let [first, second] = &objects;
    let message = format!("{first} and {second} {what}");
    let remedy = format!("add a condition to {first} or {second}, or make them agree");
    RuleConflict { kind, objects, message, remedy }
}

fn revenue_rules(rulebook: &Rulebook) -> Vec<RuleConflict> {
    let tied = |(left, right): &(&RevenueRule, &RevenueRule)| {
        Level::of(&left.matches) == Level::of(&right.matches)
            && left.matches.coupon == right.matches.coupon
            && conditions(&left.matches) == conditions(&right.matches)
            && share_a_day(left, right)
            && share_a_line(left, right)
    };
    let named = |rule: &RevenueRule| format!("RevenueRule {}", rule.name);
    pairs(&rulebook.revenue)
        .filter(tied)
        .filter_map(|(left, right)| {
            let settings = different_settings(left, right);
            let what = format!("can apply to the same line equally and differ in {}", settings.join(", "));
            (!settings.is_empty()).then(|| conflict(ConflictKind::RevenueRules, [named(left), named(right)], &what))
        })
        .collect()
}

fn payment_methods(rulebook: &Rulebook) -> Vec<RuleConflict> {
    let named = |index: usize| format!("spec.paymentMethods[{index}] of EntityMapping {}", rulebook.mapping);
    let rows = rulebook.payments.iter().flat_map(|payments| ties(&payments.methods));
    rows.map(|[one, other]| {
        let what = "can apply to the same payment equally and book it differently";
        conflict(ConflictKind::PaymentMethods, [named(one.index), named(other.index)], what)
    })
    .collect()
}

fn share_a_day(left: &RevenueRule, right: &RevenueRule) -> bool {
    let begins_before_end = |one: &RevenueRule, other: &RevenueRule| match (one.valid_from, other.valid_to) {
        (Some(from), Some(to)) => from <= to,
        _ => true,
    };
    begins_before_end(left, right) && begins_before_end(right, left)
}

/// Whether no condition of one contradicts the other's.
fn share_a_line(left: &RevenueRule, right: &RevenueRule) -> bool {
    let (left, right) = (&left.matches, &right.matches);
    let agree = |one: &Option<String>, other: &Option<String>| one.is_none() || other.is_none() || one == other;
    let agree_in_any_case = |one: &Option<String>, other: &Option<String>| match (one, other) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => true,
    };
    agree(&left.item_family, &right.item_family)
        && agree(&left.item, &right.item)
        && agree(&left.item_price, &right.item_price)
        && left.charge_type.is_none_or(|kind| right.charge_type.is_none_or(|other| kind == other))
        && same_country(left.country.as_deref(), right.country.as_deref())
        && agree_in_any_case(&left.currency, &right.currency)
}

fn same_country(left: Option<&str>, right: Option<&str>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => Country::parse(left) == Country::parse(right),
        _ => true,
    }
}

/// The settings that both give, differently. A coupon's rule answers only what becomes of its discount.
fn different_settings(left: &RevenueRule, right: &RevenueRule) -> Vec<&'static str> {
    fn differ<T: PartialEq>(left: Option<T>, right: Option<T>) -> bool {
        left.is_some() && right.is_some() && left != right
    }
    let of_coupon = left.matches.coupon.is_some();
    let settings = [
        ("revenueAccount", differ(left.revenue_account.as_deref(), right.revenue_account.as_deref())),
        ("discount", of_coupon && differ(left.discount, right.discount)),
        ("deferral", !of_coupon && differ(left.deferral, right.deferral)),
        ("costCenter", !of_coupon && differ(left.cost_center.as_deref(), right.cost_center.as_deref())),
        ("costUnit", !of_coupon && differ(left.cost_unit.as_deref(), right.cost_unit.as_deref())),
    ];
    settings.into_iter().filter(|(_, differ)| *differ).map(|(name, _)| name).collect()
}

fn unused_coupon_accounts(rulebook: &Rulebook) -> Vec<RuleConflict> {
    let unused = |rule: &&RevenueRule| {
        rule.matches.coupon.is_some() && rule.discount == Some(DiscountTreatment::Net) && rule.revenue_account.is_some()
    };
    let told = |rule: &RevenueRule| {
        let name = format!("RevenueRule {}", rule.name);
        let coupon = rule.matches.coupon.as_deref().unwrap_or_default();
        let account = rule.revenue_account.as_deref().unwrap_or_default();
        RuleConflict {
            kind: ConflictKind::CouponAccountUnused,
            objects: [name.clone(), name.clone()],
            message: format!("{name} gives coupon {coupon} account {account}, which discount: Net never uses"),
            remedy: format!("set discount: Line or remove revenueAccount in {name}"),
        }
    };
    rulebook.revenue.iter().filter(unused).map(told).collect()
}

fn vat_rows(rulebook: &Rulebook, home: Option<Country>) -> Vec<RuleConflict> {
    let named = |row: &VatRule| format!("spec.vat[{}] of EntityMapping {}", row.index, rulebook.mapping);
    let tied = |(left, right): &(&VatRule, &VatRule)| {
        left.code != right.code
            && left.when.conditions() == right.when.conditions()
            && merged(&left.when, &right.when).is_some_and(|both| can_hold(&left.when, &right.when, &both, home))
    };
    pairs(&rulebook.vat)
        .filter(tied)
        .map(|(left, right)| {
            let what = format!("can apply to the same line equally and name codes {} and {}", left.code, right.code);
            conflict(ConflictKind::VatRows, [named(left), named(right)], &what)
        })
        .collect()
}

/// All conditions of both rows, or `None` where they contradict each other.
fn merged(left: &VatWhen, right: &VatWhen) -> Option<VatWhen> {
    fn both<T: Clone + PartialEq>(left: &Option<T>, right: &Option<T>) -> Option<Option<T>> {
        match (left, right) {
            (Some(one), Some(other)) if one != other => None,
            (Some(one), _) | (None, Some(one)) => Some(Some(one.clone())),
            (None, None) => Some(None),
        }
    }
    if !same_country(left.country.as_deref(), right.country.as_deref()) {
        return None;
    }
    Some(VatWhen {
        country: left.country.clone().or_else(|| right.country.clone()),
        region: both(&left.region, &right.region)?,
        customer_type: both(&left.customer_type, &right.customer_type)?,
        rate: both(&left.rate, &right.rate)?,
        exempt_reason: both(&left.exempt_reason, &right.exempt_reason)?,
        supply: both(&left.supply, &right.supply)?,
    })
}

/// Whether a line can fulfil all conditions: what is exempt bears no rate, a reverse charge falls on businesses only, and
/// country and region fit each other.
fn can_hold(left: &VatWhen, right: &VatWhen, both: &VatWhen, home: Option<Country>) -> bool {
    let exempt_and_taxed = both.exempt_reason.is_some() && both.rate.is_some_and(|rate| !rate.is_zero());
    let consumer_charged =
        both.exempt_reason == Some(ExemptReason::ReverseCharge) && both.customer_type == Some(CustomerType::Consumer);
    if exempt_and_taxed || consumer_charged {
        return false;
    }
    let (Some(country), Some(wanted)) = (both.country.as_deref().and_then(Country::parse), both.region) else {
        return true;
    };
    let one_names_both = [left, right].iter().any(|when| when.country.is_some() && when.region.is_some());
    match home {
        Some(home) => {
            let supplies = both.supply.map_or(vec![Supply::Services, Supply::Goods], |supply| vec![supply]);
            supplies.into_iter().any(|supply| region(country, home, supply) == wanted)
        }
        // Where that country is cannot be told: only a row that names both itself is believed.
        None => one_names_both,
    }
}

fn payment_terms(rulebook: &Rulebook) -> Vec<RuleConflict> {
    let named = |index: usize| format!("spec.paymentTerms[{index}] of EntityMapping {}", rulebook.mapping);
    pairs(&rulebook.payment_terms)
        .filter(|(left, right)| {
            left.net_term_days == right.net_term_days && left.payment_condition != right.payment_condition
        })
        .map(|(left, right)| {
            let objects = [named(left.index), named(right.index)];
            let what = format!(
                "both have netTermDays {} and name payment conditions {} and {}",
                left.net_term_days, left.payment_condition, right.payment_condition
            );
            let remedy = format!("delete {} or {}", objects[0], objects[1]);
            RuleConflict { remedy, ..conflict(ConflictKind::PaymentTerms, objects, &what) }
        })
        .collect()
}

/// Rows of the same rank that both fit a line have the same conditions.
fn dimension_rows(rulebook: &Rulebook, kind: ConflictKind, list: &str, rows: &[DimensionRule]) -> Vec<RuleConflict> {
    let tied = |(left, right): &(&DimensionRule, &DimensionRule)| {
        left.code != right.code
            && dimensions::rank(left) == dimensions::rank(right)
            && same_country(left.country.as_deref(), right.country.as_deref())
            && left.item_family == right.item_family
            && left.year == right.year
    };
    let named = |row: &DimensionRule| format!("{list}[{}] of EntityMapping {}", row.index, rulebook.mapping);
    pairs(rows)
        .filter(tied)
        .map(|(left, right)| {
            let what = format!("have the same conditions and name {} and {}", left.code, right.code);
            conflict(kind, [named(left), named(right)], &what)
        })
        .collect()
}
