//! What a manifest may say and this version does not carry out: told, never silently left out.

use super::Scope;
use crate::api::conditions::Reason;
use crate::api::finding::Findings;
use crate::api::policies::Deletion;
use crate::api::workload::Workload;

/// Warns of everything in the connection that is not carried out yet.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for (field, what, remedy) in connection_gaps(scope) {
        let message = format!("{what} is not carried out yet");
        findings.push(scope.connection.warning(Reason::NotYetSupported, field, message, remedy));
    }
}

type Gap = (&'static str, &'static str, &'static str);

fn connection_gaps(scope: &Scope) -> Vec<Gap> {
    let spec = &scope.connection.object.spec;
    let gaps: [(bool, Gap); 2] = [
        (
            spec.policies.deletion == Deletion::Delete,
            ("spec.policies.deletion", "removing the state with the resource", "remove the state folder by hand"),
        ),
        (
            spec.workload != Workload::default(),
            ("spec.workload", "running as a workload of a cluster", "on one machine it has no effect"),
        ),
    ];
    gaps.into_iter().filter(|(given, _)| *given).map(|(_, gap)| gap).collect()
}
