//! Condition types and reasons with their stable words (design §3), and the one function that sets a condition.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use crate::domain::words;

/// Kubernetes' limit on a condition's message, in bytes of UTF-8 at most as many characters.
const MESSAGE_MAX: usize = 32_768;

words! {
    /// What a condition is about.
    ConditionType {
        /// The summary; see [`super::ready`].
        Ready,
        /// Exists only while True.
        Reconciling,
        /// Exists only while True: nothing goes on until a person acts.
        Stalled,
        /// Exists only while True.
        Suspended,
        CredentialsValid,
        MappingComplete,
        FinancialPeriodsAvailable,
        QuotaHealthy,
        DocumentsFlowing,
        WithinEdition,
        Audited,
        /// Of an EntityMapping or RevenueRule: right in itself and among its like.
        Accepted,
        /// Of an EntityMapping or RevenueRule: what it names exists.
        ResolvedRefs,
    }
}

impl ConditionType {
    /// Whether the condition exists only while it is True (kstatus).
    pub fn only_while_true(self) -> bool {
        matches!(self, Self::Reconciling | Self::Stalled | Self::Suspended)
    }
}

words! {
    /// Why a condition has its status. The reasons for single documents are [`crate::domain::hold::HoldReason`].
    Reason {
        // Ready
        Synced,
        Planned,
        AwaitingFirstRun,
        RunFailed,
        RunOverdue,
        WorkloadNotApplied,
        SystemUnreachable,
        StateUnavailable,
        EverythingHeld,
        // Reconciling, Stalled, Suspended, Accepted, ResolvedRefs
        NewGeneration,
        Running,
        InvalidSpec,
        ReferenceNotFound,
        Duplicate,
        SuspendedBySpec,
        Accepted,
        Resolved,
        // CredentialsValid
        CredentialsAccepted,
        TokenExpiring,
        SecretMissing,
        Unauthorized,
        ReauthorizationRequired,
        CredentialsShared,
        PrivilegesMissing,
        // MappingComplete: what a manifest names and is not there
        MappingResolved,
        DivisionInvalid,
        EntityMappingMissing,
        VatCodeInvalid,
        AccountInvalid,
        JournalInvalid,
        PaymentConditionInvalid,
        ItemGroupInvalid,
        CostCenterUnknown,
        CostUnitUnknown,
        RuleConflict,
        DeferralNotConfigured,
        TimeZoneDiffers,
        SchemaIncomplete,
        OwnerUnknown,
        SalesTablesMissing,
        NotYetSupported,
        // MappingComplete: what documents need and no manifest names
        VatCodeUnmapped,
        RevenueAccountMissing,
        PaymentTermUnmapped,
        PaymentMethodUnmapped,
        // FinancialPeriodsAvailable
        PeriodsOpen,
        MissingFinancialPeriod,
        NextYearNotOpened,
        // QuotaHealthy
        QuotaSufficient,
        DayQuotaSpent,
        ErrorQuotaNear,
        // DocumentsFlowing
        NothingHeld,
        DocumentsHeld,
        // WithinEdition, Audited
        WithinLimits,
        TooManyEntities,
        FlowNotInEdition,
        AuditPassed,
        AuditDiffers,
    }
}

impl Reason {
    /// Whether `MappingComplete` False for this reason leaves `Ready` True: single documents need something that no
    /// manifest names, or a warning, while everything that a manifest does name is there (design §3).
    pub fn leaves_ready(self) -> bool {
        matches!(
            self,
            Self::VatCodeUnmapped
                | Self::RevenueAccountMissing
                | Self::PaymentTermUnmapped
                | Self::PaymentMethodUnmapped
                | Self::NextYearNotOpened
                | Self::TimeZoneDiffers
                | Self::SalesTablesMissing
                | Self::NotYetSupported
        )
    }
}

/// The three values of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    True,
    False,
    Unknown,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl From<bool> for Status {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// A condition as a step observes it, before it is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    pub type_: ConditionType,
    pub status: Status,
    pub reason: Reason,
    /// What a person must know, with the value and the object to change; lower case, no full stop.
    pub message: String,
}

impl Observed {
    pub fn new(type_: ConditionType, status: impl Into<Status>, reason: Reason, message: impl Into<String>) -> Self {
        Self { type_, status: status.into(), reason, message: message.into() }
    }

    /// The observation as a condition that changed at `now`.
    pub fn into_condition(self, generation: i64, now: Timestamp) -> Condition {
        Condition {
            last_transition_time: Time(now),
            message: shortened(self.message),
            observed_generation: Some(generation),
            reason: self.reason.as_str().to_owned(),
            status: self.status.as_str().to_owned(),
            type_: self.type_.as_str().to_owned(),
        }
    }
}

/// Sets a condition among others, and tells whether that changed anything: where it did not, nothing is to be written. The
/// transition time moves only with the status. A condition that exists only while True is removed by any other status.
pub fn set_condition(conditions: &mut Vec<Condition>, observed: Observed, generation: i64, now: Timestamp) -> bool {
    if observed.type_.only_while_true() && observed.status != Status::True {
        return remove_condition(conditions, observed.type_);
    }
    let mut new = observed.into_condition(generation, now);
    match conditions.iter_mut().find(|condition| condition.type_ == new.type_) {
        None => {
            conditions.push(new);
            true
        }
        Some(old) => {
            if old.status == new.status {
                new.last_transition_time = old.last_transition_time.clone();
            }
            let changed = *old != new;
            *old = new;
            changed
        }
    }
}

/// Removes a condition, and tells whether it was there.
pub fn remove_condition(conditions: &mut Vec<Condition>, type_: ConditionType) -> bool {
    let before = conditions.len();
    conditions.retain(|condition| condition.type_ != type_.as_str());
    conditions.len() != before
}

/// The condition of this type.
pub fn find_condition(conditions: &[Condition], type_: ConditionType) -> Option<&Condition> {
    conditions.iter().find(|condition| condition.type_ == type_.as_str())
}

/// Whether the condition of this type is there and has this status.
pub fn has_status(conditions: &[Condition], type_: ConditionType, status: Status) -> bool {
    find_condition(conditions, type_).is_some_and(|condition| condition.status == status.as_str())
}

fn shortened(mut message: String) -> String {
    if message.len() > MESSAGE_MAX {
        let mut end = MESSAGE_MAX - "…".len();
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        message.truncate(end);
        message.push('…');
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn held(message: &str) -> Observed {
        Observed::new(ConditionType::DocumentsFlowing, false, Reason::DocumentsHeld, message)
    }

    #[test]
    fn the_transition_time_moves_only_with_the_status() {
        let mut conditions = Vec::new();
        assert!(set_condition(&mut conditions, held("1 held"), 1, at(10)));
        assert!(set_condition(&mut conditions, held("2 held"), 1, at(20)));
        assert_eq!(conditions[0].last_transition_time, Time(at(10)));
        let flowing = Observed::new(ConditionType::DocumentsFlowing, true, Reason::NothingHeld, "");
        assert!(set_condition(&mut conditions, flowing, 1, at(30)));
        assert_eq!(conditions[0].last_transition_time, Time(at(30)));
        assert_eq!(conditions.len(), 1);
    }

    #[test]
    fn what_is_unchanged_is_not_to_be_written() {
        let mut conditions = Vec::new();
        assert!(set_condition(&mut conditions, held("1 held"), 1, at(10)));
        assert!(!set_condition(&mut conditions, held("1 held"), 1, at(99)));
        assert!(set_condition(&mut conditions, held("1 held"), 2, at(99)), "a new generation is news");
    }

    #[test]
    fn what_exists_only_while_true_goes_when_it_is_not() {
        let mut conditions = Vec::new();
        let stalled = |status: bool| Observed::new(ConditionType::Stalled, status, Reason::InvalidSpec, "");
        assert!(!set_condition(&mut conditions, stalled(false), 1, at(1)));
        assert!(set_condition(&mut conditions, stalled(true), 1, at(1)));
        assert!(has_status(&conditions, ConditionType::Stalled, Status::True));
        assert!(set_condition(&mut conditions, stalled(false), 1, at(2)));
        assert!(conditions.is_empty());
    }

    #[test]
    fn an_endless_message_is_cut_at_a_character() {
        let mut conditions = Vec::new();
        set_condition(&mut conditions, held(&"é".repeat(40_000)), 1, at(1));
        assert!(conditions[0].message.len() <= MESSAGE_MAX);
        assert!(conditions[0].message.ends_with("é…"));
    }

    #[test]
    fn every_word_is_found_by_its_name() {
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.as_str()), Some(*reason));
        }
        assert_eq!(ConditionType::parse("Ready"), Some(ConditionType::Ready));
        assert_eq!(Reason::parse("ready"), None);
    }
}
