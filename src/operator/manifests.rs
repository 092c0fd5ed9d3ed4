//! From objects of a cluster to what `api::validate` judges, and from its findings to conditions. Pure: the worker feeds it
//! from calls, the operator from its caches.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Secret;
use secrecy::SecretString;

use crate::api::conditions::{ConditionType, Observed, Reason};
use crate::api::finding::{Finding, Severity};
use crate::api::manifest::{Key, Located, Manifests, SecretData};
use crate::api::{EntityMapping, RevenueRule, SyncConnection};

/// What one condition says at the most; the rest is counted.
const SPELLED_OUT_MAX: usize = 10;

/// The manifests that these objects are, as if they had been read from files.
pub fn assemble(
    connections: impl IntoIterator<Item = SyncConnection>,
    mappings: impl IntoIterator<Item = EntityMapping>,
    rules: impl IntoIterator<Item = RevenueRule>,
    secrets: impl IntoIterator<Item = (Key, SecretData)>,
) -> Manifests {
    Manifests {
        connections: connections.into_iter().map(Located::from_cluster).collect(),
        mappings: mappings.into_iter().map(Located::from_cluster).collect(),
        rules: rules.into_iter().map(Located::from_cluster).collect(),
        secrets: secrets.into_iter().collect(),
        ..Manifests::default()
    }
}

/// The values of a Secret. What is no text counts as missing: credentials are texts.
pub fn secret_data(secret: &Secret) -> SecretData {
    let data = secret.data.iter().flatten();
    let texts = data.filter_map(|(key, value)| Some((key.clone(), std::str::from_utf8(&value.0).ok()?)));
    SecretData::new(texts.map(|(key, text)| (key, SecretString::from(text))))
}

/// The names of the Secrets that a connection refers to, all in its own namespace.
pub fn secret_names(connection: &SyncConnection) -> BTreeSet<String> {
    let spec = &connection.spec;
    let exact = spec.exact_online.as_ref().map(|exact| &exact.credentials_secret_ref);
    let crm = spec.dynamics365.as_ref().and_then(|crm| crm.credentials_secret_ref.as_ref());
    let targets = exact.into_iter().chain(crm).map(|secret| secret.name.clone());
    targets.chain([spec.chargebee.api_key_secret_ref.name.clone()]).collect()
}

/// The conditions of the worker's part that findings make False. What is wrong in the connection's own spec is none of them:
/// that is the operator's `Stalled`.
pub fn blocking_conditions(findings: &[Finding]) -> Vec<Observed> {
    [ConditionType::CredentialsValid, ConditionType::WithinEdition, ConditionType::MappingComplete]
        .into_iter()
        .filter_map(|type_| blocking_condition(type_, findings))
        .collect()
}

fn blocking_condition(type_: ConditionType, findings: &[Finding]) -> Option<Observed> {
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    let concerned: Vec<&Finding> = errors.filter(|finding| condition_of(finding) == Some(type_)).collect();
    let reason = concerned.first()?.reason;
    let mut texts: Vec<String> = concerned.iter().map(|finding| text(finding)).collect();
    texts.dedup();
    let rest = texts.len().saturating_sub(SPELLED_OUT_MAX);
    texts.truncate(SPELLED_OUT_MAX);
    if rest > 0 {
        texts.push(format!("and {rest} more"));
    }
    Some(Observed::new(type_, false, reason, texts.join(" · ")))
}

/// Which condition shows a finding.
pub fn condition_of(finding: &Finding) -> Option<ConditionType> {
    match finding.reason {
        Reason::SecretMissing
        | Reason::Unauthorized
        | Reason::ReauthorizationRequired
        | Reason::CredentialsShared
        | Reason::TokenExpiring => Some(ConditionType::CredentialsValid),
        Reason::TooManyEntities | Reason::FlowNotInEdition => Some(ConditionType::WithinEdition),
        Reason::InvalidSpec if finding.object.starts_with("SyncConnection ") => None,
        _ => Some(ConditionType::MappingComplete),
    }
}

/// A finding in one line, with the object and field to change; a connection is told of itself without its name.
pub fn text(finding: &Finding) -> String {
    let object = if finding.object.starts_with("SyncConnection ") { "" } else { finding.object.as_str() };
    told(object, finding)
}

/// The same, told on the very object that it is about.
pub fn own_text(finding: &Finding) -> String {
    told("", finding)
}

fn told(object: &str, finding: &Finding) -> String {
    let mut text = String::new();
    for part in [object, finding.field.as_str()].into_iter().filter(|part| !part.is_empty()) {
        text += &format!("{part}: ");
    }
    text += &finding.message;
    if !finding.remedy.is_empty() {
        text += &format!("; {}", finding.remedy);
    }
    text
}

#[cfg(test)]
mod tests {
    use k8s_openapi::ByteString;
    use serde_json::json;

    use super::*;
    use crate::api::connection::Edition;
    use crate::api::validate::{Secrets, validate};

    fn connection(name: &str, secret: &str) -> SyncConnection {
        serde_json::from_value(json!({
            "apiVersion": "koppel.dev/v1alpha1", "kind": "SyncConnection",
            "metadata": {"name": name, "namespace": "billing", "generation": 3},
            "spec": {
                "startDate": "2026-01-01", "timeZone": "Europe/Amsterdam", "edition": "Starter",
                "chargebee": {"site": name, "apiKeySecretRef": {"name": format!("{name}-chargebee")}},
                "exactOnline": {"country": "NL", "credentialsSecretRef": {"name": secret}},
            },
        }))
        .unwrap()
    }

    fn mapping(name: &str, connection: &str, entity: Option<&str>) -> EntityMapping {
        serde_json::from_value(json!({
            "apiVersion": "koppel.dev/v1alpha1", "kind": "EntityMapping",
            "metadata": {"name": name, "namespace": "billing"},
            "spec": {
                "connectionRef": {"name": connection}, "businessEntityId": entity,
                "exactOnline": {"division": 123_456, "salesJournal": "70", "deferralJournal": "90"},
            },
        }))
        .unwrap()
    }

    fn secret(entries: &[(&str, &[u8])]) -> Secret {
        let data = entries.iter().map(|(key, value)| ((*key).to_owned(), ByteString(value.to_vec())));
        Secret { data: Some(data.collect()), ..Secret::default() }
    }

    #[test]
    fn the_names_of_all_secrets_are_told_once() {
        let names = secret_names(&connection("acme", "acme-exact"));
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["acme-chargebee", "acme-exact"]);
        assert_eq!(secret_names(&connection("acme", "acme-chargebee")).len(), 1);
    }

    #[test]
    fn a_missing_secret_makes_the_credentials_invalid_and_is_named() {
        let manifests = assemble([connection("acme", "acme-exact")], [mapping("nl", "acme", None)], [], []);
        let outcome = validate(&manifests, Secrets::Here);
        assert!(outcome.connections.is_empty());
        let conditions = blocking_conditions(&outcome.findings);
        assert_eq!(conditions.len(), 1, "{conditions:?}");
        assert_eq!(
            (conditions[0].type_, conditions[0].reason),
            (ConditionType::CredentialsValid, Reason::SecretMissing)
        );
        for name in ["billing/acme-exact", "billing/acme-chargebee"] {
            assert!(conditions[0].message.contains(name), "{}", conditions[0].message);
        }
        assert!(!conditions[0].message.contains("folder"), "there is none in a cluster: {}", conditions[0].message);
    }

    #[test]
    fn a_complete_set_runs_and_values_of_secrets_are_taken_as_texts() {
        let exact = secret(&[("clientId", b"id\n"), ("clientSecret", b"s"), ("refreshToken", b"r")]);
        let chargebee = secret(&[("apiKey", b"key"), ("other", &[0xff, 0xfe])]);
        let secrets = [("acme-exact", &exact), ("acme-chargebee", &chargebee)]
            .map(|(name, secret)| (("billing".to_owned(), name.to_owned()), secret_data(secret)));
        let manifests = assemble([connection("acme", "acme-exact")], [mapping("nl", "acme", None)], [], secrets);
        let outcome = validate(&manifests, Secrets::Here);
        assert_eq!(blocking_conditions(&outcome.findings), [], "{:?}", outcome.findings);
        assert_eq!(outcome.connections[0].generation, 3);
        assert_eq!(outcome.connections[0].exact().unwrap().access.client_id, "id");
    }

    #[test]
    fn each_finding_shows_in_the_condition_that_it_belongs_to() {
        let connections = [connection("acme", "shared"), connection("other", "shared")];
        let mappings = [mapping("nl", "acme", None), mapping("be", "acme", Some("be")), mapping("de", "acme", None)];
        let outcome = validate(&assemble(connections, mappings, [], []), Secrets::Here);
        let of_acme: Vec<Finding> =
            outcome.findings.into_iter().filter(|finding| !finding.object.ends_with("/other")).collect();
        let conditions = blocking_conditions(&of_acme);
        let told = |type_| conditions.iter().find(|condition| condition.type_ == type_).unwrap();
        assert!(told(ConditionType::CredentialsValid).message.contains("other"));
        assert_eq!(told(ConditionType::WithinEdition).reason, Reason::TooManyEntities);
        assert_eq!(told(ConditionType::MappingComplete).reason, Reason::Duplicate);
    }

    /// Of an object that the API server took before it knew the rule.
    #[test]
    fn a_flow_that_the_edition_does_not_have_shows_in_its_own_condition_e34() {
        let with = |edition: Option<Edition>, to_exact: bool| {
            let mut connection = connection("acme", "acme-exact");
            connection.spec.edition = edition;
            connection.spec.flows.payments_to_exact.enabled = to_exact;
            connection.spec.flows.payments_to_chargebee.enabled = !to_exact;
            let outcome = validate(&assemble([connection], [mapping("nl", "acme", None)], [], []), Secrets::Elsewhere);
            let found = blocking_conditions(&outcome.findings);
            let within = found.into_iter().find(|condition| condition.type_ == ConditionType::WithinEdition);
            within.map(|condition| (condition.reason, condition.message))
        };
        for (to_exact, flow, to) in [(true, "paymentsToExact", "Exact"), (false, "paymentsToChargebee", "Chargebee")] {
            let (reason, message) = with(Some(Edition::Starter), to_exact).expect("a condition");
            assert_eq!(reason, Reason::FlowNotInEdition);
            let told = format!("spec.flows.{flow}.enabled: edition Starter has no payments to {to}; turn the flow off");
            assert!(message.starts_with(&told), "{message}");
            for edition in [None, Some(Edition::Scale), Some(Edition::Enterprise)] {
                assert_eq!(with(edition, to_exact), None);
            }
        }
    }

    #[test]
    fn a_wrong_spec_is_no_condition_of_the_worker() {
        let mut wrong = connection("acme", "acme-exact");
        wrong.spec.time_zone = "Europe/Nowhere".to_owned();
        let outcome = validate(&assemble([wrong], [mapping("nl", "acme", None)], [], []), Secrets::Elsewhere);
        assert!(outcome.connections.is_empty());
        assert_eq!(blocking_conditions(&outcome.findings), []);
    }
}
