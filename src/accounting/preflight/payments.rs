//! Journals, control accounts and fee accounts of online payments, and the receivable account (E5, E7, P11).

use super::{Check, Finding, FindingReason};
use crate::accounting::payments::{PaymentMethodRule, PaymentRules};
use crate::domain::master::{AccountKind, DimensionUse, GlAccount, Journal, JournalKind};
use crate::domain::money::Currency;

impl Check<'_> {
    pub(super) fn payments(&self) -> Vec<Finding> {
        let Some(rules) = &self.rulebook.payments else { return Vec::new() };
        let mut found: Vec<Finding> = rules.methods.iter().flat_map(|row| self.payment_method(row)).collect();
        if let Some(code) = rules.journal.as_deref() {
            let setting = self.setting("spec.exactOnline.paymentsJournal");
            found.extend(self.payment_journal(&setting, code, false, None));
        }
        found.extend(self.receivable(rules));
        found
    }

    fn payment_method(&self, row: &PaymentMethodRule) -> Vec<Finding> {
        let setting = |field: &str| self.setting(&format!("spec.paymentMethods[{}].{field}", row.index));
        let currency = row.currency.as_deref().and_then(Currency::from_code);
        let control = row.control_account.as_deref();
        let journal = self.payment_journal(&setting("journal"), &row.journal, control.is_some(), currency);
        let control = control.and_then(|code| self.plain_account(&setting("controlAccount"), code, "control", false));
        let fee =
            row.fee.as_ref().and_then(|fee| self.plain_account(&setting("fee.account"), &fee.account, "fee", true));
        [journal, control, fee].into_iter().flatten().collect()
    }

    fn payment_journal(
        &self,
        setting: &str,
        code: &str,
        has_control: bool,
        currency: Option<Currency>,
    ) -> Option<Finding> {
        let problem = match self.master.journals.get(code) {
            None => "does not exist".to_owned(),
            Some(journal) => self.journal_problem(journal, has_control, currency)?,
        };
        let problem = format!("journal {code} {problem} {}", self.in_division());
        let remedy = format!("change {setting} to an open bank, payment service, cash or general journal that fits");
        Some(self.finding(FindingReason::JournalInvalid, setting, &problem, remedy))
    }

    fn journal_problem(&self, journal: &Journal, has_control: bool, currency: Option<Currency>) -> Option<String> {
        let own = journal.account.and_then(|id| self.master.account_by_id(id));
        let takes = journal.currency.or(self.master.currency);
        let other = currency.filter(|currency| takes != Some(*currency) && !journal.allows_other_currencies);
        match journal.kind {
            _ if journal.blocked => Some("is blocked".to_owned()),
            JournalKind::Sales | JournalKind::SalesReturn | JournalKind::Other => {
                Some(format!("is a journal of type {:?}, which takes no payment", journal.kind))
            }
            JournalKind::General if !has_control => {
                Some("is a general journal, so the row needs a controlAccount".to_owned())
            }
            JournalKind::Bank | JournalKind::Cash | JournalKind::PaymentService if own.is_none() && !has_control => {
                Some("has no account of its own, so the row needs a controlAccount".to_owned())
            }
            _ => other.map(|currency| {
                let takes = takes.map_or_else(|| "its own currency".to_owned(), |takes| takes.to_string());
                format!("takes {takes} only, the row is for {currency}")
            }),
        }
    }

    /// An account for money or costs: one that the sub-ledgers or the VAT return keep for themselves would be wrong.
    fn plain_account(&self, setting: &str, code: &str, word: &str, is_cost: bool) -> Option<Finding> {
        let problem = match self.master.accounts.get(code) {
            None => "does not exist".to_owned(),
            Some(account) => plain_problem(account, is_cost)?,
        };
        let problem = format!("account {code} {problem} {}", self.in_division());
        let remedy = format!("change {setting} to an open {word} account");
        Some(self.finding(FindingReason::AccountInvalid, setting, &problem, remedy))
    }

    fn receivable(&self, rules: &PaymentRules) -> Option<Finding> {
        let setting = self.setting("spec.exactOnline.receivableAccount");
        let of_kind = |account: &&GlAccount| account.kind == AccountKind::Receivable;
        let problem = match rules.receivable_account.as_deref() {
            Some(code) => match self.master.accounts.get(code) {
                None => format!("account {code} does not exist"),
                Some(account) if account.kind != AccountKind::Receivable => {
                    format!("account {code} is no receivable account (type 20)")
                }
                Some(account) if account.blocked => format!("account {code} is blocked"),
                Some(_) => return None,
            },
            None => match self.master.accounts.values().filter(of_kind).count() {
                1 => return None,
                0 => "there is no receivable account (type 20)".to_owned(),
                several => format!("it is not set, and there are {several} receivable accounts (type 20)"),
            },
        };
        let problem = format!("{problem} {}", self.in_division());
        let remedy = format!("set {setting} to an open receivable account");
        Some(self.finding(FindingReason::AccountInvalid, &setting, &problem, remedy))
    }
}

fn plain_problem(account: &GlAccount, is_cost: bool) -> Option<String> {
    if account.blocked {
        return Some("is blocked".to_owned());
    }
    if matches!(account.kind, AccountKind::Receivable | AccountKind::Vat | AccountKind::Revenue) {
        return Some(format!("is of type {:?}", account.kind));
    }
    let needs = [("centre", account.cost_center), ("unit", account.cost_unit)];
    let needed = needs.iter().find(|(_, need)| is_cost && *need == DimensionUse::Mandatory);
    needed.map(|(what, _)| format!("needs a cost {what}, which a fee has not"))
}
