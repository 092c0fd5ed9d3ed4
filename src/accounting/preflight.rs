//! Before any document: everything that the rules name exists in the books, is open, and has the right type and rate
//! (design §3 `MappingComplete`; E17, E30–E32, N2).

mod accounts;
mod codes;
mod payments;

use jiff::civil::Date;

use super::conflicts::conflicts_seen_from;
use super::rulebook::Rulebook;
use crate::domain::country::Country;
use crate::domain::master::{JournalKind, MasterData};
use crate::domain::words;

/// The condition that a finding belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    MappingComplete,
    FinancialPeriodsAvailable,
}

words! {
    /// The condition's reason.
    FindingReason {
        JournalInvalid,
        AccountInvalid,
        VatCodeInvalid,
        PaymentConditionInvalid,
        CostCenterUnknown,
        CostUnitUnknown,
        ItemGroupInvalid,
        DeferralNotConfigured,
        RuleConflict,
        DivisionInvalid,
        MissingFinancialPeriod,
        NextYearNotOpened,
    }
}

/// Something that a person has to change before documents can be booked as the rules say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub topic: Topic,
    pub reason: FindingReason,
    /// The objects to change: `EntityMapping acme-nl`; none where the books are what is to be changed.
    pub objects: Vec<String>,
    /// Names the object and the value; lower case, no full stop.
    pub message: String,
    /// What mends it, naming the object to change.
    pub remedy: String,
}

/// Checks the rules against the books as they are on `today`; empty: everything is there. In the order of the manifest,
/// journals and accounts first.
pub fn preflight(rulebook: &Rulebook, master: &MasterData, today: Date) -> Vec<Finding> {
    let check = Check { rulebook, master, today };
    let mut found = check.division();
    found.extend(check.journals());
    found.extend(check.accounts());
    found.extend(check.codes());
    found.extend(check.payments());
    found.extend(check.conflicts());
    found
}

/// What every check looks at.
struct Check<'a> {
    rulebook: &'a Rulebook,
    master: &'a MasterData,
    today: Date,
}

impl Check<'_> {
    fn finding(&self, reason: FindingReason, setting: &str, problem: &str, remedy: impl Into<String>) -> Finding {
        let message = format!("{setting}: {problem}");
        let objects = setting.contains(" of ").then(|| object_of(setting)).into_iter().collect();
        Finding { topic: Topic::MappingComplete, reason, objects, message, remedy: remedy.into() }
    }

    /// `spec.exactOnline.salesJournal of EntityMapping wolkwerk`.
    fn setting(&self, field: &str) -> String {
        format!("{field} of EntityMapping {}", self.rulebook.mapping)
    }

    fn in_division(&self) -> String {
        format!("in Exact Online, division {}", self.master.division)
    }

    fn division(&self) -> Vec<Finding> {
        let division = format!("division {}", self.master.division);
        let mut found = Vec::new();
        if Country::parse(&self.master.country).is_none() {
            let problem =
                format!("its country {:?} does not exist, so what is domestic cannot be told", self.master.country);
            let remedy = format!("set the country of the administration {}", self.in_division());
            found.push(self.finding(FindingReason::DivisionInvalid, &division, &problem, remedy));
        }
        if self.master.currency.is_none() {
            let remedy = format!("set the currency of the administration {}", self.in_division());
            found.push(self.finding(
                FindingReason::DivisionInvalid,
                &division,
                "it has no currency that is known",
                remedy,
            ));
        }
        found
    }

    fn journals(&self) -> Vec<Finding> {
        let sales = (
            self.setting("spec.exactOnline.salesJournal"),
            Some(self.rulebook.sales_journal.as_str()),
            JournalKind::Sales,
        );
        let general = (
            self.setting("spec.exactOnline.deferralJournal"),
            self.rulebook.deferral_journal.as_deref(),
            JournalKind::General,
        );
        let mut found: Vec<Finding> = [sales, general]
            .into_iter()
            .filter_map(|(setting, code, kind)| self.journal(&setting, code?, kind))
            .collect();
        found.extend(self.bank_journals());
        if self.rulebook.policies.deferred_revenue && self.rulebook.deferral_journal.is_none() {
            found.push(self.no_deferral_journal());
        }
        found
    }

    fn journal(&self, setting: &str, code: &str, kind: JournalKind) -> Option<Finding> {
        let problem = match self.master.journals.get(code) {
            None => "does not exist".to_owned(),
            Some(journal) if journal.blocked => "is blocked".to_owned(),
            Some(journal) if journal.kind != kind => format!("is a journal of type {:?}, not {kind:?}", journal.kind),
            Some(_) => return None,
        };
        let problem = format!("journal {code} {problem} {}", self.in_division());
        Some(self.finding(
            FindingReason::JournalInvalid,
            setting,
            &problem,
            format!("change {setting} to an open {kind:?} journal"),
        ))
    }

    fn bank_journals(&self) -> Vec<Finding> {
        let setting = self.setting("spec.exactOnline.bankJournals");
        let problem = |code: &String| match self.master.journals.get(code) {
            None => Some("does not exist".to_owned()),
            Some(journal) if !matches!(journal.kind, JournalKind::Bank | JournalKind::Cash) => {
                Some(format!("is a journal of type {:?}, neither Bank nor Cash", journal.kind))
            }
            Some(_) => None,
        };
        let found = self.rulebook.bank_journals.iter().filter_map(|code| Some((code, problem(code)?)));
        let finding = |(code, problem): (&String, String)| {
            let problem = format!("journal {code} {problem} {}", self.in_division());
            let remedy = format!("name bank and cash journals of the administration in {setting}");
            self.finding(FindingReason::JournalInvalid, &setting, &problem, remedy)
        };
        found.map(finding).collect()
    }

    fn no_deferral_journal(&self) -> Finding {
        let setting = self.setting("spec.exactOnline.deferralJournal");
        let connection = &self.rulebook.connection;
        let problem = "it is not set, so closed periods of the deferral entries cannot be told";
        let remedy = format!("set {setting}, or policies.deferredRevenue: Disabled of SyncConnection {connection}");
        self.finding(FindingReason::DeferralNotConfigured, &setting, problem, remedy)
    }

    fn conflicts(&self) -> Vec<Finding> {
        let Some(home) = Country::parse(&self.master.country) else { return Vec::new() };
        let told = |conflict: super::conflicts::RuleConflict| Finding {
            topic: Topic::MappingComplete,
            reason: FindingReason::RuleConflict,
            objects: conflict.objects.iter().map(|object| object_of(object)).collect(),
            message: conflict.message,
            remedy: conflict.remedy,
        };
        conflicts_seen_from(self.rulebook, home).into_iter().map(told).collect()
    }
}

/// The object that a setting (`{field} of {kind} {name}`) belongs to.
fn object_of(setting: &str) -> String {
    setting.rsplit_once(" of ").map_or(setting, |(_, object)| object).to_owned()
}
