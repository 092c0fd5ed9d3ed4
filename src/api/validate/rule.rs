//! One RevenueRule, as it stands in the rulebook of an entity.

use jiff::civil::Date;

use super::{codes, times};
use crate::accounting::rulebook;
use crate::api::RevenueRule;
use crate::api::conditions::Reason;
use crate::api::finding::Findings;
use crate::api::manifest::Located;
use crate::api::rule::{ChargeType, Discount, RevenueMatch};
use crate::domain::catalogue::ItemKind;

/// The rule as it stands in the rulebook of `mapping`; none where it is for other entities.
pub fn for_entity(
    rule: &Located<RevenueRule>,
    mapping: &str,
    findings: &mut Findings,
) -> Option<rulebook::RevenueRule> {
    let spec = &rule.object.spec;
    check_codes(rule, findings);
    let valid_from = day(rule, "spec.validFrom", spec.valid_from.as_deref(), findings);
    let valid_to = day(rule, "spec.validTo", spec.valid_to.as_deref(), findings);
    let is_for_it = spec.entity_mapping_refs.is_empty() || spec.entity_mapping_refs.iter().any(|to| to.name == mapping);
    is_for_it.then(|| rulebook::RevenueRule {
        name: rule.name(),
        matches: matches(&spec.matches),
        valid_from,
        valid_to,
        revenue_account: spec.revenue_account.clone(),
        discount: spec.discount.map(|discount| match discount {
            Discount::Net => rulebook::DiscountTreatment::Net,
            Discount::Line => rulebook::DiscountTreatment::Line,
        }),
        deferral: spec.deferral.map(|switch| switch.is_enabled()),
        cost_center: spec.cost_center.clone(),
        cost_unit: spec.cost_unit.clone(),
    })
}

fn matches(spec: &RevenueMatch) -> rulebook::RevenueMatch {
    rulebook::RevenueMatch {
        item_family: spec.item_family.clone(),
        item: spec.item.clone(),
        item_price: spec.item_price.clone(),
        coupon: spec.coupon.clone(),
        charge_type: spec.charge_type.map(|charge_type| match charge_type {
            ChargeType::Plan => ItemKind::Plan,
            ChargeType::Addon => ItemKind::Addon,
            ChargeType::Charge => ItemKind::Charge,
            ChargeType::Adhoc => ItemKind::Adhoc,
        }),
        country: spec.country.clone(),
        currency: spec.currency.clone(),
    }
}

fn day(rule: &Located<RevenueRule>, field: &str, text: Option<&str>, findings: &mut Findings) -> Option<Date> {
    match times::date(text?) {
        Ok(day) => Some(day),
        Err(message) => {
            findings.push(rule.error(Reason::InvalidSpec, field, message, "write it like \"2026-07-01\""));
            None
        }
    }
}

fn check_codes(rule: &Located<RevenueRule>, findings: &mut Findings) {
    let spec = &rule.object.spec.matches;
    for (field, wrong) in [
        ("spec.match.country", spec.country.as_deref().map(codes::country)),
        ("spec.match.currency", spec.currency.as_deref().map(codes::currency)),
    ] {
        if let Some(Err((message, remedy))) = wrong {
            findings.push(rule.error(Reason::InvalidSpec, field, message, remedy));
        }
    }
}
