//! Who the worker is and what it may do: its own objects, each by name, and nothing else (issue 4; design §7).

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{PolicyRule, Role, RoleBinding, RoleRef, Subject};
use kube::ResourceExt;

use super::{Plan, identity};
use crate::api::GROUP;
use crate::operator::manifests::secret_names;
use crate::operator::names;

/// The worker's identity.
pub fn service_account(plan: &Plan<'_>) -> ServiceAccount {
    let mut metadata = plan.owned(names::child(&plan.connection()));
    let mut annotations = plan.defaults.service_account_annotations.clone();
    annotations.extend(identity::annotations(plan));
    metadata.annotations = (!annotations.is_empty()).then_some(annotations);
    ServiceAccount { metadata, ..ServiceAccount::default() }
}

/// The worker's rights, which the operator holds itself: it could not grant others.
pub fn role(plan: &Plan<'_>) -> Role {
    let connection = plan.connection();
    let child = names::child(&connection);
    let secrets: Vec<String> = secret_names(plan.object).into_iter().collect();
    let rules = vec![
        rule(GROUP, "syncconnections", &["get"], std::slice::from_ref(&connection)),
        rule(GROUP, "syncconnections/status", &["get", "patch"], std::slice::from_ref(&connection)),
        rule(GROUP, "entitymappings", &["get", "list"], &[]),
        rule(GROUP, "revenuerules", &["get", "list"], &[]),
        rule("", "secrets", &["get"], &secrets),
        rule("", "secrets", &["get", "patch"], &[names::token_secret(&connection)]),
        rule("coordination.k8s.io", "leases", &["get", "update"], std::slice::from_ref(&child)),
        // An event that is made cannot be named beforehand.
        rule("events.k8s.io", "events", &["create"], &[]),
    ];
    Role { metadata: plan.owned(child), rules: Some(rules) }
}

pub fn role_binding(plan: &Plan<'_>) -> RoleBinding {
    let child = names::child(&plan.connection());
    RoleBinding {
        metadata: plan.owned(child.clone()),
        role_ref: RoleRef {
            api_group: Some("rbac.authorization.k8s.io".to_owned()),
            kind: "Role".to_owned(),
            name: child.clone(),
        },
        subjects: Some(vec![Subject {
            kind: "ServiceAccount".into(),
            name: child,
            namespace: plan.object.namespace(),
            ..Subject::default()
        }]),
    }
}

/// Made beforehand, so that the worker needs no right to make one. Its spec is the worker's. It stays as long as the state: a
/// worker that is still ending keeps the next one waiting, though its connection was deleted and applied again.
pub fn lease(plan: &Plan<'_>) -> Lease {
    Lease { metadata: plan.retained(names::child(&plan.connection())), ..Lease::default() }
}

fn rule(group: &str, resource: &str, verbs: &[&str], names: &[String]) -> PolicyRule {
    PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(vec![resource.to_owned()]),
        verbs: verbs.iter().map(|verb| (*verb).to_owned()).collect(),
        resource_names: (!names.is_empty()).then(|| names.to_vec()),
        ..PolicyRule::default()
    }
}
