//! What the operator finds of a connection that its manifests alone do not show.

use kube::ResourceExt;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::consents::Holder;
use super::dereference::Dereferenced;
use super::judge::{Blocked, Judged, judge};
use super::manifests::assemble;
use crate::api::SyncConnection;
use crate::api::conditions::{ConditionType, Reason};
use crate::api::manifest::{Manifests, SecretData};

fn connection(workload: &Value) -> SyncConnection {
    serde_json::from_value(json!({
        "apiVersion": "koppel.dev/v1alpha1", "kind": "SyncConnection", "metadata": {"name": "acme", "namespace": "billing"},
        "spec": {
            "startDate": "2026-01-01", "timeZone": "Europe/Amsterdam", "workload": workload,
            "chargebee": {"site": "acme", "apiKeySecretRef": {"name": "a"}},
            "exactOnline": {"country": "NL", "credentialsSecretRef": {"name": "acme-exact"}},
        },
    }))
    .unwrap()
}

/// The connection with its mapping and Secrets; `state` is what the Secret with the URL holds.
fn seen(connection: &SyncConnection, state: Option<&[(&str, &str)]>) -> Dereferenced {
    let mapping = serde_json::from_value(json!({
        "apiVersion": "koppel.dev/v1alpha1", "kind": "EntityMapping", "metadata": {"name": "nl", "namespace": "billing"},
        "spec": {"connectionRef": {"name": "acme"}, "exactOnline": {"division": 1, "salesJournal": "70", "deferralJournal": "90"}},
    }))
    .unwrap();
    let secret = |texts: &[(&str, &str)]| {
        SecretData::new(texts.iter().map(|(key, text)| ((*key).to_owned(), SecretString::from(*text))))
    };
    let exact = secret(&[("clientId", "id"), ("clientSecret", "s3cret"), ("refreshToken", "t0ken")]);
    let mut secrets = vec![("a", secret(&[("apiKey", "k3y")])), ("acme-exact", exact)];
    secrets.extend(state.map(|texts| ("database", secret(texts))));
    let namespace = connection.namespace().unwrap();
    let secrets = secrets.into_iter().map(|(name, data)| ((namespace.clone(), name.to_owned()), data));
    let manifests = assemble([connection.clone()], [mapping], [], secrets.collect::<Vec<_>>());
    of_manifests(manifests)
}

fn of_manifests(manifests: Manifests) -> Dereferenced {
    Dereferenced {
        manifests,
        inputs: "digest".to_owned(),
        state_url: None,
        shared_with: Vec::new(),
        lacks_identity: false,
    }
}

fn blocked(connection: &SyncConnection, seen: &Dereferenced) -> Option<Blocked> {
    match judge(connection, seen) {
        Judged::Runs(_) => None,
        Judged::Blocked(blocked) => Some(blocked),
    }
}

#[test]
fn a_state_whose_secret_or_key_is_missing_is_told_with_object_field_and_remedy() {
    let own = connection(&json!({"storage": {"postgresSecretRef": {"name": "database", "key": "uri"}}}));
    let with = |state: Option<&[(&str, &str)]>| {
        let state_url = Some(("database".to_owned(), "uri".to_owned()));
        blocked(&own, &Dereferenced { state_url, ..seen(&own, state) })
    };
    let missing = with(None).unwrap();
    let condition = &missing.conditions[0];
    assert_eq!((condition.type_, missing.reason), (ConditionType::CredentialsValid, Reason::SecretMissing));
    for told in ["billing/database", "spec.workload.storage.postgresSecretRef", "its keys: uri"] {
        assert!(missing.message.contains(told), "{}", missing.message);
    }
    let without_key = with(Some(&[("url", "postgres://u:hunter2@db/x")])).unwrap();
    assert!(without_key.message.contains("has no key uri"), "{}", without_key.message);
    assert!(!without_key.message.contains("hunter2"), "{}", without_key.message);
    assert_eq!(with(Some(&[("uri", "postgres://db/x")])), None);
}

#[test]
fn a_secret_that_the_chart_names_is_told_as_such() {
    let plain = connection(&json!({}));
    let state_url = Some(("database".to_owned(), "url".to_owned()));
    let told = blocked(&plain, &Dereferenced { state_url, ..seen(&plain, None) }).unwrap().message;
    assert!(told.contains("worker.postgres of the chart") && told.contains("billing/database"), "{told}");
}

#[test]
fn a_consent_that_another_connection_stands_on_is_told_with_that_connection() {
    let own = connection(&json!({}));
    let holder = |namespace: &str, name: &str, secret: &str| Holder {
        connection: (namespace.to_owned(), name.to_owned()),
        secret: secret.to_owned(),
    };
    let shared_with = vec![holder("billing", "other", "other-exact"), holder("staging", "acme", "acme-exact")];
    let found = blocked(&own, &Dereferenced { shared_with, ..seen(&own, None) }).unwrap();
    assert_eq!(found.reason, Reason::CredentialsShared);
    for told in ["billing/other (Secret other-exact)", "staging/acme", "koppel authorize"] {
        assert!(found.message.contains(told), "{}", found.message);
    }
    assert!(!found.message.contains("t0ken"), "{}", found.message);
    // Who names the same Secret is found by that, and told once.
    let shared_with = vec![holder("billing", "other", "acme-exact")];
    assert_eq!(blocked(&own, &Dereferenced { shared_with, ..seen(&own, None) }), None);
}

/// A connection to Dynamics 365 that signs in like this, with its mapping and the Secret `acme-crm`.
fn crm(sign_in: &Value, secret: &[(&str, &str)]) -> (SyncConnection, Dereferenced) {
    let mut own = connection(&json!({}));
    own.spec.exact_online = None;
    let mut target = json!({"organizationUrl": "https://acme.crm4.dynamics.com", "tenantId": "acme.example"});
    target.as_object_mut().unwrap().extend(sign_in.as_object().unwrap().clone());
    own.spec.dynamics365 = serde_json::from_value(target).unwrap();
    let mapping = serde_json::from_value(json!({
        "apiVersion": "koppel.dev/v1alpha1", "kind": "EntityMapping", "metadata": {"name": "nl", "namespace": "billing"},
        "spec": {"connectionRef": {"name": "acme"}, "dynamics365": {}},
    }))
    .unwrap();
    let data = |texts: &[(&str, &str)]| {
        SecretData::new(texts.iter().map(|(key, text)| ((*key).to_owned(), SecretString::from(*text))))
    };
    let secrets = [("a", data(&[("apiKey", "k3y")])), ("acme-crm", data(secret))];
    let secrets = secrets.map(|(name, data)| (("billing".to_owned(), name.to_owned()), data));
    let seen = of_manifests(assemble([own.clone()], [mapping], [], secrets));
    (own, seen)
}

#[test]
fn a_connection_to_a_crm_runs_by_a_secret_or_by_the_identity_of_its_pod() {
    let by_secret = json!({"credentialsSecretRef": {"name": "acme-crm"}});
    let (own, seen) = crm(&by_secret, &[("clientId", "app"), ("clientSecret", "hush")]);
    assert_eq!(blocked(&own, &seen), None);
    let (own, seen) = crm(&json!({"workloadIdentity": {"clientId": "app"}}), &[]);
    assert_eq!(blocked(&own, &seen), None);
}

#[test]
fn where_the_operator_that_runs_it_has_no_token_a_connection_says_so() {
    let (own, seen) = crm(&json!({"workloadIdentity": {"clientId": "app"}}), &[]);
    let found = blocked(&own, &Dereferenced { lacks_identity: true, ..seen }).unwrap();
    assert_eq!((found.reason, found.conditions[0].type_), (Reason::Unauthorized, ConditionType::CredentialsValid));
    for told in ["spec.dynamics365.workloadIdentity", "AZURE_FEDERATED_TOKEN_FILE", "executor workload"] {
        assert!(found.message.contains(told), "{}", found.message);
    }
}

#[test]
fn a_certificate_that_nothing_can_be_signed_with_is_told_before_a_run() {
    let by_secret = json!({"credentialsSecretRef": {"name": "acme-crm"}});
    let (own, seen) = crm(&by_secret, &[("clientId", "app"), ("tls.crt", "not PEM"), ("tls.key", "n0thing")]);
    let found = blocked(&own, &seen).unwrap();
    assert_eq!(found.reason, Reason::Unauthorized);
    for told in ["spec.dynamics365.credentialsSecretRef", "Secret acme-crm: tls.crt holds no certificate in PEM"] {
        assert!(found.message.contains(told), "{}", found.message);
    }
    assert!(!found.message.contains("n0thing"), "{}", found.message);
}
