//! Before any document: the administration is there and open, its master data is read, and everything that the manifests
//! name is looked for in it (E17, E29–E32, N2).

use super::empty::prove_master;
use super::entity::EntityBooks;
use super::master::{Freshness, read_master};
use super::subscriptions;
use crate::accounting::{Finding, FindingReason, Topic, latest_term_end, period_outlook, preflight};
use crate::api::conditions::Reason;
use crate::api::validate::ValidatedEntity;
use crate::connectors::exact::Division;
use crate::domain::hold::HoldReason;
use crate::domain::master::MasterData;
use crate::sync::error::SyncResult;
use crate::sync::findings::Problem;
use crate::sync::record::RunRecord;
use crate::sync::session::Session;

/// The administration of an entity.
///
/// # Errors
/// Why it cannot be worked for, in words that name it and the remedy.
pub fn find_division<'a>(entity: &ValidatedEntity, divisions: &'a [Division]) -> Result<&'a Division, String> {
    let (code, mapping) = (entity.division, &entity.mapping);
    let Some(division) = divisions.iter().find(|division| division.code == code) else {
        return Err(format!(
            "division {code} of EntityMapping {mapping} is not among those that Exact Online's user may use; correct \
             exactOnline.division, or give the user the right to it"
        ));
    };
    match division {
        Division { active: false, .. } => {
            Err(format!("division {code} ({}) of EntityMapping {mapping} is not active in Exact Online", division.name))
        }
        Division { blocked: true, .. } => {
            Err(format!("division {code} ({}) of EntityMapping {mapping} is blocked in Exact Online", division.name))
        }
        _ => Ok(division),
    }
}

/// Reads the master data and checks the entity's rules against it. Where something looks missing by what was cached, it is
/// read anew before anything is said.
///
/// # Errors
/// The target's, or the state store's.
pub async fn checked_master(
    session: &Session<'_>,
    record: &mut RunRecord,
    entity: &ValidatedEntity,
    division: &Division,
) -> SyncResult<MasterData> {
    let mut held = session.state.held_summary().await?;
    if held.by_reason.contains_key(HoldReason::RejectedByTarget.as_str()) {
        // What the target refused may have been mended in any kind of master data.
        held.by_reason.extend(HoldReason::ALL.iter().map(|reason| (reason.as_str().to_owned(), 1)));
    }
    let mut read = read_master(session, division, &held, Freshness::ByAge).await?;
    let mut found = preflight(&entity.rulebook, &read.master, session.today());
    if !found.is_empty() {
        read = read_master(session, division, &held, Freshness::Anew(&read)).await?;
        found = preflight(&entity.rulebook, &read.master, session.today());
    }
    prove_master(session, &read.master).await?;
    found.into_iter().for_each(|finding| note(record, finding));
    Ok(read.master)
}

/// Whether the books have the periods that today and the coming terms need.
///
/// # Errors
/// The state store's.
pub async fn outlook(session: &Session<'_>, record: &mut RunRecord, books: &EntityBooks<'_>) -> SyncResult<()> {
    let today = session.today();
    let last_day = books.master.periods.iter().map(|period| period.days.to).max().unwrap_or(today);
    let terms = subscriptions::renewing_until(session, last_day).await?;
    let furthest = latest_term_end(&terms, &session.connection.time_zone);
    let warning_days = i64::from(session.declared.policies.next_year_warning_days);
    let journal = &books.entity.rulebook.sales_journal;
    let outlook = period_outlook(&books.master, journal, today, warning_days, furthest.as_ref());
    if let Some(finding) = outlook.present {
        record.findings.nothing_of_today(&finding.message);
        note(record, finding);
    }
    outlook.next_year.into_iter().for_each(|finding| note(record, finding));
    Ok(())
}

fn note(record: &mut RunRecord, finding: Finding) {
    let problem = Problem::new(reason_of(finding.reason), finding.message, finding.remedy).on(finding.objects);
    match finding.topic {
        Topic::MappingComplete => record.findings.mapping_problem(problem),
        Topic::FinancialPeriodsAvailable => record.findings.period_problem(problem),
    }
}

/// The same word: both enums are spelt alike, and a test holds them together.
fn reason_of(reason: FindingReason) -> Reason {
    Reason::parse(reason.as_str()).unwrap_or(Reason::RuleConflict)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_of_the_accounting_is_a_reason_of_the_conditions() {
        for reason in FindingReason::ALL {
            assert!(Reason::parse(reason.as_str()).is_some(), "{reason}");
        }
    }
}
