//! VAT codes, payment conditions, cost centres and cost units.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{Check, Finding, FindingReason};
use crate::accounting::rulebook::{DimensionRule, PaymentTermRule, VatRule};
use crate::domain::country::Country;
use crate::domain::master::{Dimension, VatCode, VatMethod};

impl Check<'_> {
    pub(super) fn codes(&self) -> Vec<Finding> {
        let mut found = self.zero_code();
        found.extend(self.rulebook.vat.iter().filter_map(|row| self.vat_row(row)));
        found.extend(self.rulebook.payment_terms.iter().filter_map(|row| self.payment_term(row)));
        let name = |list: &str, row: &DimensionRule| self.setting(&format!("{list}[{}]", row.index));
        let centers = &self.rulebook.cost_centers;
        found.extend(centers.iter().filter_map(|row| self.cost_center(&name("spec.costCenters", row), &row.code)));
        let units = &self.rulebook.cost_units;
        found.extend(units.iter().filter_map(|row| self.cost_unit(&name("spec.costUnits", row), &row.code)));
        found
    }

    fn zero_code(&self) -> Vec<Finding> {
        let setting = self.setting("spec.exactOnline.zeroVatCode");
        let Some(code) = self.rulebook.zero_vat_code.as_deref() else { return Vec::new() };
        let problem = self.vat_problem(code, Some(Decimal::ZERO), None);
        problem.map(|problem| self.vat_finding(&setting, code, &problem)).into_iter().collect()
    }

    fn vat_row(&self, row: &VatRule) -> Option<Finding> {
        let setting = self.setting(&format!("spec.vat[{}]", row.index));
        // What is exempt is charged no VAT, whether or not the row says so.
        let rate = row.when.rate.or(row.when.exempt_reason.as_ref().map(|_| Decimal::ZERO));
        let problem = self.vat_problem(&row.code, rate, row.when.country.as_deref())?;
        Some(self.vat_finding(&setting, &row.code, &problem))
    }

    fn vat_finding(&self, setting: &str, code: &str, problem: &str) -> Finding {
        let remedy = format!("change the code in {setting}, or VAT code {code} {}", self.in_division());
        self.finding(FindingReason::VatCodeInvalid, setting, &format!("VAT code {code} {problem}"), remedy)
    }

    /// What is wrong with a code that shall put `rate` percent on supplies to `country`.
    fn vat_problem(&self, code: &str, rate: Option<Decimal>, country: Option<&str>) -> Option<String> {
        let Some(known) = self.master.vat_codes.get(code) else {
            return Some(format!("does not exist {}", self.in_division()));
        };
        if known.blocked {
            return Some(format!("is blocked {}", self.in_division()));
        }
        let Some(percent) = self.percent(known) else { return Some(format!("has no percentage on {}", self.today)) };
        if let Some(rate) = rate.filter(|rate| *rate != percent && !self.was_in_scope(known, *rate)) {
            return Some(format!("is {} %, the row is for {} %", percent.normalize(), rate.normalize()));
        }
        let country = country.and_then(Country::parse)?;
        let shop = known.oss_country.as_deref().filter(|shop| Country::parse(shop) != Some(country))?;
        Some(format!("is the one-stop-shop code of {shop}, the row is for {country}"))
    }

    fn percent(&self, code: &VatCode) -> Option<Decimal> {
        match code.method {
            VatMethod::BaseOnly | VatMethod::None => Some(Decimal::ZERO),
            VatMethod::Excluding | VatMethod::Including => code.percent_on(self.today),
        }
    }

    /// Whether a code was of this rate on a day whose documents are still in scope: late ones are booked with it.
    fn was_in_scope(&self, code: &VatCode, rate: Decimal) -> bool {
        let is_taxing = matches!(code.method, VatMethod::Excluding | VatMethod::Including);
        let in_scope = |to: Option<Date>| to.is_none_or(|to| self.rulebook.start_date <= to);
        is_taxing && code.percentages.iter().any(|row| row.percent == rate && in_scope(row.to))
    }

    fn payment_term(&self, row: &PaymentTermRule) -> Option<Finding> {
        let setting = self.setting(&format!("spec.paymentTerms[{}]", row.index));
        let (code, days) = (&row.payment_condition, row.net_term_days);
        let problem = match self.master.payment_conditions.get(code) {
            None => format!("payment condition {code} does not exist {}", self.in_division()),
            Some(condition) if condition.days != days => {
                format!("payment condition {code} is of {} days, the row of {days}", condition.days)
            }
            Some(_) => return None,
        };
        let remedy = format!("change {setting} to a payment condition of {days} days");
        Some(self.finding(FindingReason::PaymentConditionInvalid, &setting, &problem, remedy))
    }

    pub(super) fn cost_center(&self, setting: &str, code: &str) -> Option<Finding> {
        self.dimension(FindingReason::CostCenterUnknown, "cost centre", &self.master.cost_centers, setting, code)
    }

    pub(super) fn cost_unit(&self, setting: &str, code: &str) -> Option<Finding> {
        self.dimension(FindingReason::CostUnitUnknown, "cost unit", &self.master.cost_units, setting, code)
    }

    fn dimension(
        &self,
        reason: FindingReason,
        word: &str,
        known: &BTreeMap<String, Dimension>,
        setting: &str,
        code: &str,
    ) -> Option<Finding> {
        let problem = match known.get(code) {
            None => "does not exist".to_owned(),
            Some(Dimension { end_date: Some(end), .. }) if *end < self.today => format!("ended on {end}"),
            Some(_) => return None,
        };
        let problem = format!("{word} {code} {problem} {}", self.in_division());
        let remedy = format!("create {word} {code} {}, or change {setting}", self.in_division());
        Some(self.finding(reason, setting, &problem, remedy))
    }
}
