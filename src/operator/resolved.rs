//! Whether an EntityMapping or RevenueRule can be used: `Accepted` and `ResolvedRefs`. Pure.

use super::manifests::own_text;
use crate::api::conditions::{ConditionType, Observed, Reason};
use crate::api::finding::{Finding, Severity};
use crate::api::status::ObjectProblem;

/// The two conditions of the object that findings call `described` (`EntityMapping default/acme-nl`) and problems of a run
/// `named` (`EntityMapping acme-nl`).
pub fn conditions(described: &str, named: &str, findings: &[Finding], problems: &[ObjectProblem]) -> [Observed; 2] {
    let mut refused: Vec<(Reason, String)> = Vec::new();
    let mut unresolved: Vec<(Reason, String)> = Vec::new();
    let errors = findings.iter().filter(|one| one.severity == Severity::Error && one.object == described);
    for error in errors {
        let list = if error.reason == Reason::ReferenceNotFound { &mut unresolved } else { &mut refused };
        list.push((error.reason, own_text(error)));
    }
    for problem in problems.iter().filter(|problem| problem.object == named) {
        let reason = Reason::parse(&problem.reason).unwrap_or(Reason::ReferenceNotFound);
        // Rules that tie only where the books say which country is domestic.
        let list = if reason == Reason::RuleConflict { &mut refused } else { &mut unresolved };
        list.push((reason, problem.message.clone()));
    }
    let fine = (Reason::Accepted, "right in itself and among its like");
    let there = (Reason::Resolved, "everything that it names was found, as far as the last run has looked");
    [condition(ConditionType::Accepted, refused, fine), condition(ConditionType::ResolvedRefs, unresolved, there)]
}

fn condition(type_: ConditionType, wrong: Vec<(Reason, String)>, fine: (Reason, &str)) -> Observed {
    let Some((reason, _)) = wrong.first() else { return Observed::new(type_, true, fine.0, fine.1) };
    let reason = *reason;
    let mut texts: Vec<String> = wrong.into_iter().map(|(_, text)| text).collect();
    texts.dedup();
    Observed::new(type_, false, reason, texts.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(object: &str, reason: Reason) -> Finding {
        Finding {
            severity: Severity::Error,
            reason,
            file: String::new(),
            line: None,
            object: object.to_owned(),
            field: "spec.match".to_owned(),
            message: "is wrong".to_owned(),
            remedy: String::new(),
        }
    }

    fn told(findings: &[Finding], problems: &[ObjectProblem]) -> Vec<(&'static str, Reason)> {
        let conditions = conditions("RevenueRule a/one", "RevenueRule one", findings, problems);
        conditions.iter().map(|observed| (observed.status.as_str(), observed.reason)).collect()
    }

    #[test]
    fn what_others_are_wrong_in_is_not_told_here() {
        let others = [error("RevenueRule a/two", Reason::RuleConflict)];
        assert_eq!(told(&others, &[]), [("True", Reason::Accepted), ("True", Reason::Resolved)]);
    }

    #[test]
    fn a_tie_is_not_accepted_and_an_unknown_connection_not_resolved() {
        let tied = [error("RevenueRule a/one", Reason::RuleConflict)];
        assert_eq!(told(&tied, &[]), [("False", Reason::RuleConflict), ("True", Reason::Resolved)]);
        let lost = [error("RevenueRule a/one", Reason::ReferenceNotFound)];
        assert_eq!(told(&lost, &[]), [("True", Reason::Accepted), ("False", Reason::ReferenceNotFound)]);
    }

    #[test]
    fn what_the_last_run_did_not_find_is_not_resolved() {
        let problem = |object: &str| ObjectProblem {
            object: object.to_owned(),
            reason: "AccountInvalid".to_owned(),
            message: "account 8999 does not exist".to_owned(),
        };
        let found = told(&[], &[problem("RevenueRule two"), problem("RevenueRule one")]);
        assert_eq!(found, [("True", Reason::Accepted), ("False", Reason::AccountInvalid)]);
    }
}
