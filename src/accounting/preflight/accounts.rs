//! Revenue, discount and rounding accounts, and what item groups and RevenueRules name.

use super::{Check, Finding, FindingReason};
use crate::accounting::revenue::flaw;
use crate::accounting::rulebook::RevenueRule;
use crate::domain::master::{AccountKind, ItemGroup};

const REVENUE: &[AccountKind] = &[AccountKind::Revenue];
/// Discounts and rounding may also stand among the costs.
const REVENUE_OR_COST: &[AccountKind] = &[AccountKind::Revenue, AccountKind::Other];

impl Check<'_> {
    pub(super) fn accounts(&self) -> Vec<Finding> {
        let own = [
            ("roundingAccount", self.rulebook.rounding_account.as_deref()),
            ("writeOffAccount", self.rulebook.write_off_account.as_deref()),
        ];
        let wrong = |(field, code): (&str, Option<&str>)| {
            self.account(&self.setting(&format!("spec.exactOnline.{field}")), code?, REVENUE_OR_COST)
        };
        let mut found: Vec<Finding> = own.into_iter().filter_map(wrong).collect();
        found.extend(self.item_groups());
        let mut rules: Vec<&RevenueRule> = self.rulebook.revenue.iter().filter(|rule| self.is_in_force(rule)).collect();
        rules.sort_by(|left, right| left.name.cmp(&right.name));
        for rule in rules {
            found.extend(self.revenue_rule(rule));
        }
        found
    }

    /// A rule that has ended may name what has ended since.
    fn is_in_force(&self, rule: &RevenueRule) -> bool {
        rule.valid_to.is_none_or(|to| self.today <= to)
    }

    fn revenue_rule(&self, rule: &RevenueRule) -> Vec<Finding> {
        let field = |field: &str| format!("{field} of RevenueRule {}", rule.name);
        let kinds = if rule.matches.coupon.is_some() { REVENUE_OR_COST } else { REVENUE };
        let account =
            rule.revenue_account.as_deref().and_then(|code| self.account(&field("revenueAccount"), code, kinds));
        let center = rule.cost_center.as_deref().and_then(|code| self.cost_center(&field("costCenter"), code));
        let unit = rule.cost_unit.as_deref().and_then(|code| self.cost_unit(&field("costUnit"), code));
        [account, center, unit].into_iter().flatten().collect()
    }

    fn account(&self, setting: &str, code: &str, kinds: &[AccountKind]) -> Option<Finding> {
        let problem = match self.master.accounts.get(code) {
            None => "does not exist".to_owned(),
            Some(account) => flaw(account, kinds)?,
        };
        let problem = format!("account {code} {problem} {}", self.in_division());
        Some(self.finding(
            FindingReason::AccountInvalid,
            setting,
            &problem,
            format!("change {setting} to an open revenue account"),
        ))
    }

    fn item_groups(&self) -> Vec<Finding> {
        let families = self.rulebook.item_groups.iter();
        let named = families.map(|(family, code)| (self.setting(&format!("spec.itemGroups (family {family})")), code));
        let default = self.rulebook.default_item_group.iter().map(|code| (self.setting("spec.defaultItemGroup"), code));
        named.chain(default).filter_map(|(setting, code)| self.item_group(&setting, code)).collect()
    }

    fn item_group(&self, setting: &str, code: &str) -> Option<Finding> {
        let Some(group) = self.master.item_groups.get(code) else {
            let problem = format!("item group {code} does not exist {}", self.in_division());
            let remedy = format!("create item group {code} {}, or change {setting}", self.in_division());
            return Some(self.finding(FindingReason::ItemGroupInvalid, setting, &problem, remedy));
        };
        let problem = self.group_account_problem(group)?;
        let remedy = format!("change the revenue account of item group {code} {}", self.in_division());
        Some(self.finding(FindingReason::AccountInvalid, setting, &format!("item group {code}: {problem}"), remedy))
    }

    /// A group needs no account: a RevenueRule may give it. One that it has must be open.
    fn group_account_problem(&self, group: &ItemGroup) -> Option<String> {
        let id = group.revenue_account?;
        match self.master.account_by_id(id) {
            None => Some(format!("its revenue account ({id}) does not exist")),
            Some(account) => flaw(account, REVENUE).map(|flaw| format!("its revenue account {} {flaw}", account.code)),
        }
    }
}
