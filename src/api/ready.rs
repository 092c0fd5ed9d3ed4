//! `Ready`, summarised in one place (design §3).

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::conditions::{ConditionType, Observed, Reason, Status, find_condition};
use super::status::Verdict;

/// So many documents in a row, with none booked between them, are no longer single documents. Fewer would make `Ready` go to
/// and fro with each one that is held.
const EVERYTHING_HELD_MIN: u64 = 3;

/// What `Ready` needs to know beside the conditions.
#[derive(Clone, Debug, Default)]
pub struct RunFacts {
    /// Generation of the spec as it stands.
    pub generation: i64,
    /// Generation with which the last run that has reported ran.
    pub reported_generation: Option<i64>,
    /// The connection only plans (`mode: Plan`).
    pub plan_only: bool,
    /// The workload that runs are to start in could not be made, and why.
    pub no_workload: Option<String>,
    /// No run has finished in time: since when, in words.
    pub overdue: Option<String>,
    /// A system that the last run could not reach, and what happened.
    pub unreachable: Option<String>,
    /// A flow of the last run failed for another cause, in words.
    pub failed: Option<String>,
    /// Nothing of today can be booked (its financial period is missing, say), and why: all that is new will be held.
    pub nothing_of_today: Option<String>,
    /// Documents that are held since the last one was booked or adopted: what came after it, all of it.
    pub held_since_last_booking: u64,
    /// Documents that could be booked and are not yet.
    pub backlog: u64,
    /// The run ended before it could count them.
    pub uncounted: bool,
    /// Documents held, for the message.
    pub held: u64,
    /// What is carried over are records that are kept alike, and not documents that are booked: for the message.
    pub of_records: bool,
    /// What the last run found of `Ready`; the facts of the run above are then in it already.
    pub verdict: Option<Verdict>,
}

/// `Ready` of a connection: False when credentials, spec or references are wrong, when something that a manifest names is not
/// there, when a system cannot be reached, no run has finished in time or everything new is held; Unknown until a run has
/// reported this generation; else True, and then whatever can be booked is booked (I10). Documents held one by one leave it
/// True. `now` becomes the transition time where `conditions` have no `Ready` of the same status yet.
pub fn summarise_ready(conditions: &[Condition], facts: &RunFacts, now: Timestamp) -> Condition {
    let mut ready = verdict(conditions, facts).into_condition(facts.generation, now);
    if let Some(before) = find_condition(conditions, ConditionType::Ready)
        && before.status == ready.status
    {
        ready.last_transition_time = before.last_transition_time.clone();
    }
    ready
}

fn verdict(conditions: &[Condition], facts: &RunFacts) -> Observed {
    if let Some(stalled) = find_condition(conditions, ConditionType::Stalled).filter(|found| found.status == "True") {
        return taken_over(stalled);
    }
    if let Some(message) = &facts.no_workload {
        return Observed::new(ConditionType::Ready, Status::False, Reason::WorkloadNotApplied, message.clone());
    }
    if let (Some(overdue), true) = (&facts.overdue, facts.reported_generation != Some(facts.generation)) {
        return Observed::new(ConditionType::Ready, Status::False, Reason::RunOverdue, overdue.clone());
    }
    if facts.reported_generation != Some(facts.generation) {
        let message = format!("waiting for the first run of generation {}", facts.generation);
        return Observed::new(ConditionType::Ready, Status::Unknown, Reason::AwaitingFirstRun, message);
    }
    if let Some(verdict) = &facts.verdict {
        return of_the_last_run(verdict, facts.overdue.as_deref());
    }
    blocking_condition(conditions)
        .map(taken_over)
        .or_else(|| from_run(conditions, facts))
        .unwrap_or_else(|| all_is_well(facts))
}

/// What the last run found, unless the next one should have ended since.
fn of_the_last_run(verdict: &Verdict, overdue: Option<&str>) -> Observed {
    if let Some(overdue) = overdue {
        return Observed::new(ConditionType::Ready, Status::False, Reason::RunOverdue, overdue);
    }
    let reason = Reason::parse(&verdict.reason).unwrap_or(Reason::RunFailed);
    Observed::new(ConditionType::Ready, verdict.ready, reason, verdict.message.clone())
}

/// The first condition that makes `Ready` False whatever the run came to, the gravest first: credentials, a limit, or
/// something that a manifest names and that is not there. A person must act.
pub fn blocking_condition(conditions: &[Condition]) -> Option<&Condition> {
    use ConditionType::{CredentialsValid, MappingComplete, WithinEdition};
    [CredentialsValid, WithinEdition, MappingComplete]
        .into_iter()
        .filter_map(|type_| find_condition(conditions, type_))
        .filter(|condition| condition.status == Status::False.as_str())
        .find(|condition| !Reason::parse(&condition.reason).is_some_and(Reason::leaves_ready))
}

fn from_run(conditions: &[Condition], facts: &RunFacts) -> Option<Observed> {
    let not_ready = |reason, message: String| Some(Observed::new(ConditionType::Ready, Status::False, reason, message));
    if let Some(message) = &facts.unreachable {
        return not_ready(Reason::SystemUnreachable, message.clone());
    }
    if let Some(message) = &facts.failed {
        return not_ready(Reason::RunFailed, message.clone());
    }
    if let Some(message) = &facts.overdue {
        return not_ready(Reason::RunOverdue, message.clone());
    }
    if let Some(message) = &facts.nothing_of_today {
        return not_ready(Reason::MissingFinancialPeriod, message.clone());
    }
    if facts.held_since_last_booking >= EVERYTHING_HELD_MIN && facts.backlog == 0 {
        return not_ready(Reason::EverythingHeld, everything_held(conditions, facts));
    }
    let quota = find_condition(conditions, ConditionType::QuotaHealthy);
    let spent = quota.filter(|quota| quota.status == Status::False.as_str());
    // An endpoint that is left alone for its errors keeps the run from what it is for, whether or not it got so far as to
    // count that.
    let left = facts.backlog > 0 || facts.uncounted;
    spent.filter(|quota| left || quota.reason == Reason::ErrorQuotaNear.as_str()).map(taken_over)
}

fn everything_held(conditions: &[Condition], facts: &RunFacts) -> String {
    let why =
        [ConditionType::FinancialPeriodsAvailable, ConditionType::MappingComplete, ConditionType::DocumentsFlowing]
            .into_iter()
            .filter_map(|type_| find_condition(conditions, type_))
            .find(|condition| condition.status == Status::False.as_str() && !condition.message.is_empty());
    let (count, noun) = (facts.held_since_last_booking, if facts.of_records { "records" } else { "documents" });
    match why {
        Some(condition) => format!("all {count} new {noun} are held: {}", condition.message),
        None => format!("all {count} new {noun} are held"),
    }
}

fn all_is_well(facts: &RunFacts) -> Observed {
    let noun = if facts.of_records { "record" } else { "document" };
    let held = match facts.held {
        0 => String::new(),
        1 => format!("; 1 {noun} is held, see held"),
        count => format!("; {count} {noun}s are held, see held"),
    };
    let (reason, done) = match (facts.plan_only, facts.of_records) {
        (true, false) => (Reason::Planned, "planned whatever can be booked; mode Plan writes nothing"),
        (true, true) => (Reason::Planned, "planned whatever can be carried over; mode Plan writes nothing"),
        (false, false) => (Reason::Synced, "whatever can be booked is booked"),
        (false, true) => (Reason::Synced, "whatever can be carried over is carried over"),
    };
    Observed::new(ConditionType::Ready, Status::True, reason, format!("{done}{held}"))
}

/// `Ready` False for the reason that another condition gives.
fn taken_over(condition: &Condition) -> Observed {
    let reason = Reason::parse(&condition.reason).unwrap_or(Reason::RunFailed);
    Observed::new(ConditionType::Ready, Status::False, reason, condition.message.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::conditions::set_condition;
    use rstest::rstest;

    fn reported() -> RunFacts {
        RunFacts { generation: 3, reported_generation: Some(3), ..RunFacts::default() }
    }

    fn with(findings: &[(ConditionType, bool, Reason)]) -> Vec<Condition> {
        let mut conditions = Vec::new();
        for (type_, status, reason) in findings {
            set_condition(
                &mut conditions,
                Observed::new(*type_, *status, *reason, "because"),
                3,
                Timestamp::UNIX_EPOCH,
            );
        }
        conditions
    }

    fn summary(conditions: &[Condition], facts: &RunFacts) -> (String, String) {
        let ready = summarise_ready(conditions, facts, Timestamp::UNIX_EPOCH);
        (ready.status, ready.reason)
    }

    #[rstest]
    #[case(ConditionType::CredentialsValid, Reason::SecretMissing)]
    #[case(ConditionType::CredentialsValid, Reason::ReauthorizationRequired)]
    #[case(ConditionType::MappingComplete, Reason::VatCodeInvalid)]
    #[case(ConditionType::MappingComplete, Reason::RuleConflict)]
    #[case(ConditionType::WithinEdition, Reason::TooManyEntities)]
    fn what_is_wrong_in_manifest_or_credentials_makes_ready_false(
        #[case] type_: ConditionType,
        #[case] reason: Reason,
    ) {
        assert_eq!(summary(&with(&[(type_, false, reason)]), &reported()), ("False".into(), reason.to_string()));
    }

    #[rstest]
    #[case(ConditionType::MappingComplete, Reason::VatCodeUnmapped)]
    #[case(ConditionType::MappingComplete, Reason::RevenueAccountMissing)]
    #[case(ConditionType::MappingComplete, Reason::PaymentTermUnmapped)]
    #[case(ConditionType::FinancialPeriodsAvailable, Reason::MissingFinancialPeriod)]
    #[case(ConditionType::FinancialPeriodsAvailable, Reason::NextYearNotOpened)]
    #[case(ConditionType::DocumentsFlowing, Reason::DocumentsHeld)]
    fn what_holds_single_documents_leaves_ready_true(#[case] type_: ConditionType, #[case] reason: Reason) {
        let facts = RunFacts { held: 2, ..reported() };
        assert_eq!(summary(&with(&[(type_, false, reason)]), &facts), ("True".into(), "Synced".into()));
    }

    #[test]
    fn ready_is_unknown_until_a_run_has_reported_this_generation() {
        let facts = RunFacts { generation: 4, ..reported() };
        assert_eq!(summary(&[], &facts), ("Unknown".into(), "AwaitingFirstRun".into()));
        let stalled = with(&[(ConditionType::Stalled, true, Reason::InvalidSpec)]);
        assert_eq!(summary(&stalled, &facts), ("False".into(), "InvalidSpec".into()), "no run will ever report it");
    }

    #[test]
    fn everything_new_held_is_not_ready_and_says_why() {
        let facts = RunFacts { held_since_last_booking: 5, held: 5, ..reported() };
        let conditions = with(&[(ConditionType::FinancialPeriodsAvailable, false, Reason::MissingFinancialPeriod)]);
        let ready = summarise_ready(&conditions, &facts, Timestamp::UNIX_EPOCH);
        assert_eq!((ready.status.as_str(), ready.reason.as_str()), ("False", "EverythingHeld"));
        assert_eq!(ready.message, "all 5 new documents are held: because");
    }

    #[test]
    fn unreachable_failed_and_overdue_are_not_ready() {
        let lost = RunFacts { unreachable: Some("exact online does not answer".into()), ..reported() };
        assert_eq!(summary(&[], &lost), ("False".into(), "SystemUnreachable".into()));
        let late = RunFacts { overdue: Some("no run has finished since 09:00".into()), ..reported() };
        assert_eq!(summary(&[], &late), ("False".into(), "RunOverdue".into()));
        let failed = RunFacts { failed: Some("flow invoices failed".into()), ..reported() };
        assert_eq!(summary(&[], &failed), ("False".into(), "RunFailed".into()));
    }

    #[test]
    fn the_verdict_of_the_last_run_stands_until_the_next_one_is_overdue() {
        let verdict =
            Verdict { ready: true, reason: "Synced".into(), message: "whatever can be booked is booked".into() };
        let facts = RunFacts { verdict: Some(verdict), ..reported() };
        assert_eq!(summary(&[], &facts), ("True".into(), "Synced".into()));
        let unmade = RunFacts { no_workload: Some("the volume cannot shrink".into()), ..facts.clone() };
        assert_eq!(summary(&[], &unmade), ("False".into(), "WorkloadNotApplied".into()));
        let late = RunFacts { overdue: Some("no run has ended since 09:00".into()), ..facts.clone() };
        assert_eq!(summary(&[], &late), ("False".into(), "RunOverdue".into()));
        let new = RunFacts { generation: 4, ..facts };
        assert_eq!(summary(&[], &new), ("Unknown".into(), "AwaitingFirstRun".into()));
        let never = RunFacts { overdue: Some("no run has ended".into()), ..new };
        assert_eq!(summary(&[], &never), ("False".into(), "RunOverdue".into()));
    }

    #[test]
    fn an_endpoint_left_alone_for_its_errors_is_not_ready_n4() {
        let near = with(&[(ConditionType::QuotaHealthy, false, Reason::ErrorQuotaNear)]);
        assert_eq!(summary(&near, &reported()), ("False".into(), "ErrorQuotaNear".into()));
    }

    #[test]
    fn a_spent_quota_with_a_backlog_is_not_ready_i10() {
        let spent = with(&[(ConditionType::QuotaHealthy, false, Reason::DayQuotaSpent)]);
        let facts = RunFacts { backlog: 800, ..reported() };
        assert_eq!(summary(&spent, &facts), ("False".into(), "DayQuotaSpent".into()));
        assert_eq!(summary(&spent, &RunFacts { backlog: 0, ..facts.clone() }), ("True".into(), "Synced".into()));
        let blind = RunFacts { backlog: 0, uncounted: true, ..facts };
        assert_eq!(summary(&spent, &blind), ("False".into(), "DayQuotaSpent".into()), "what is left is not known");
    }

    #[test]
    fn the_transition_time_of_ready_moves_only_with_its_status() {
        let before = vec![summarise_ready(&[], &reported(), Timestamp::UNIX_EPOCH)];
        let later = Timestamp::from_second(60).unwrap();
        let same = summarise_ready(&before, &RunFacts { held: 1, ..reported() }, later);
        assert_eq!(same.last_transition_time.0, Timestamp::UNIX_EPOCH);
        let other = summarise_ready(&before, &RunFacts { failed: Some("x".into()), ..reported() }, later);
        assert_eq!(other.last_transition_time.0, later);
    }
}
