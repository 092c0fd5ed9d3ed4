//! Rules that can tie, told on both objects.

use super::Scope;
use crate::accounting::rulebook::Rulebook;
use crate::accounting::{RuleConflict, conflicts};
use crate::api::EntityMapping;
use crate::api::conditions::Reason;
use crate::api::finding::{Finding, Findings};
use crate::api::manifest::Located;

/// Tells every conflict of the rulebook of `mapping` on each object that takes part in it.
pub fn check(scope: &Scope, mapping: &Located<EntityMapping>, rulebook: &Rulebook, findings: &mut Findings) {
    for conflict in conflicts(rulebook) {
        for object in &conflict.objects {
            findings.push(told_on(scope, mapping, object, &conflict));
        }
    }
}

/// The conflict as a finding on `object`, which is `RevenueRule {name}` or `{field} of EntityMapping {name}`.
fn told_on(scope: &Scope, mapping: &Located<EntityMapping>, object: &str, conflict: &RuleConflict) -> Finding {
    let (message, remedy) = (conflict.message.as_str(), conflict.remedy.as_str());
    let rule = object.strip_prefix("RevenueRule ").and_then(|name| scope.rules.iter().find(|rule| rule.name() == name));
    match (rule, object.split_once(" of EntityMapping ")) {
        (Some(rule), _) => rule.error(Reason::RuleConflict, "spec.match", message, remedy),
        (None, Some((field, _))) => mapping.error(Reason::RuleConflict, field, message, remedy),
        (None, None) => mapping.error(Reason::RuleConflict, "", message, remedy),
    }
}
