//! What objects say about each other.

use koppel::api::conditions::Reason;
use koppel::api::finding::Finding;
use serde_json::{Value, json};

use super::samples::{connection, errors, mapping, named, outcome, patched, rule};

/// The errors about objects, by object and field, and how many connections can run.
fn told(objects: &[Value]) -> (Vec<(String, String, String)>, usize) {
    let outcome = outcome(objects);
    (errors(&outcome.findings), outcome.connections.len())
}

fn reasons(findings: &[Finding]) -> Vec<Reason> {
    findings.iter().map(|finding| finding.reason).collect()
}

fn one(object: &str, field: &str, message: &str) -> (Vec<(String, String, String)>, usize) {
    (vec![(object.to_owned(), field.to_owned(), message.to_owned())], 0)
}

#[test]
fn the_samples_are_right() {
    assert_eq!(told(&[connection(), mapping(), rule()]), (vec![], 1));
}

#[test]
fn a_reference_to_nothing_names_its_neighbour() {
    let lost = patched(mapping(), &json!({"connectionRef": {"name": "acne"}}));
    let found = outcome(&[connection(), lost, rule()]);
    let about_mapping =
        found.findings.iter().find(|finding| finding.object == "EntityMapping default/acme-nl").unwrap();
    assert_eq!(about_mapping.message, "there is no SyncConnection default/acne");
    assert_eq!(about_mapping.remedy, "did you mean acme?");
    assert_eq!(about_mapping.field, "spec.connectionRef.name");
    // The connection is left without any mapping.
    assert!(reasons(&found.findings).contains(&Reason::EntityMappingMissing));
    assert!(found.connections.is_empty());
}

#[test]
fn references_do_not_cross_namespaces() {
    let mut elsewhere = rule();
    elsewhere["metadata"]["namespace"] = "tenant-b".into();
    let (found, running) = told(&[connection(), mapping(), elsewhere]);
    assert_eq!(found[0].2, "there is no SyncConnection tenant-b/acme");
    assert_eq!(running, 1, "another namespace's mistake stops nobody here");
}

#[test]
fn a_rule_for_an_unknown_mapping_is_an_error() {
    let lost = patched(rule(), &json!({"entityMappingRefs": [{"name": "acme-be"}]}));
    assert_eq!(
        told(&[connection(), mapping(), lost]),
        one(
            "RevenueRule default/onboarding",
            "spec.entityMappingRefs[0].name",
            "there is no EntityMapping default/acme-be"
        )
    );
}

#[test]
fn a_rule_for_a_mapping_of_another_connection_is_an_error() {
    let other = patched(
        named(connection(), "other"),
        &json!({"chargebee": {"site": "other"}, "exactOnline": {"credentialsSecretRef": {"name": "other"}}}),
    );
    let other_mapping = patched(named(mapping(), "other-nl"), &json!({"connectionRef": {"name": "other"}}));
    let strayed = patched(rule(), &json!({"entityMappingRefs": [{"name": "other-nl"}]}));
    let (found, _) = told(&[connection(), mapping(), other, other_mapping, strayed]);
    assert!(
        found.iter().any(|(object, _, message)| object == "RevenueRule default/onboarding"
            && message == "EntityMapping default/other-nl belongs to another connection than this rule"),
        "{found:#?}"
    );
}

#[test]
fn two_default_entities_are_an_error_on_both() {
    let second = patched(named(mapping(), "acme-be"), &json!({"exactOnline": {"division": 5}}));
    let (found, running) = told(&[connection(), mapping(), second]);
    let expected = [
        "the default entity of the connection is mapped by EntityMapping default/acme-be too",
        "the default entity of the connection is mapped by EntityMapping default/acme-nl too",
    ];
    let mut messages: Vec<_> = found.into_iter().map(|(.., message)| message).collect();
    messages.sort();
    assert_eq!((messages, running), (expected.map(str::to_owned).to_vec(), 0));
}

#[test]
fn one_entity_mapped_twice_is_an_error_and_two_entities_in_one_division_are_none() {
    let of_entity = |name: &str, entity: &str| patched(named(mapping(), name), &json!({"businessEntityId": entity}));
    let (found, running) = told(&[connection(), of_entity("a", "be_1"), of_entity("b", "be_1")]);
    assert_eq!((found.len(), running), (2, 0), "{found:#?}");
    assert!(found[0].2.starts_with("business entity \"be_1\" of the connection is mapped by"));
    assert_eq!(told(&[connection(), of_entity("a", "be_1"), of_entity("b", "be_2")]), (vec![], 1));
}

#[test]
fn two_connections_that_would_book_everything_twice_are_an_error_on_both_i1() {
    let other = patched(
        named(connection(), "other"),
        &json!({"exactOnline": {"credentialsSecretRef": {"name": "other-exact"}}}),
    );
    let other_mapping = patched(named(mapping(), "other-nl"), &json!({"connectionRef": {"name": "other"}}));
    let (found, running) = told(&[connection(), mapping(), other, other_mapping]);
    let booked_twice = |message: &str| {
        message.contains("carries the same entity of Chargebee site acme-test into division 100001 too")
    };
    assert_eq!(found.iter().filter(|(.., message)| booked_twice(message)).count(), 2, "{found:#?}");
    assert_eq!(running, 0);
}

#[test]
fn two_connections_on_one_refresh_token_are_an_error_on_both_i7() {
    let other = patched(named(connection(), "other"), &json!({"chargebee": {"site": "other"}}));
    let other_mapping = patched(named(mapping(), "other-nl"), &json!({"connectionRef": {"name": "other"}}));
    let found = outcome(&[connection(), mapping(), other, other_mapping]);
    let shared = found.findings.iter().filter(|finding| finding.reason == Reason::CredentialsShared);
    assert_eq!(shared.count(), 2, "{:#?}", found.findings);
    assert!(found.connections.is_empty());
}

#[test]
fn a_mapping_of_another_target_is_an_error() {
    let crm = patched(
        mapping(),
        &json!({"exactOnline": null, "dynamics365": {"owner": {"team": "Sales"}}, "vat": [], "paymentTerms": []}),
    );
    let (found, running) = told(&[connection(), crm]);
    assert_eq!((found[0].1.as_str(), running), ("spec.dynamics365", 0));
    assert!(found[0].2.contains("has the target exactOnline"), "{found:#?}");
}

#[test]
fn a_connection_without_mapping_books_nothing_and_says_so() {
    assert_eq!(
        told(&[connection()]),
        one("SyncConnection default/acme", "", "no EntityMapping refers to this connection: nothing can be booked")
    );
}

#[test]
fn a_broken_object_stops_its_own_connection_only_and_is_told_once() {
    let broken_rule = patched(named(rule(), "broken"), &json!({"revenueAccount": null}));
    let other = patched(
        named(connection(), "other"),
        &json!({"chargebee": {"site": "other"}, "exactOnline": {"credentialsSecretRef": {"name": "other-exact"}}}),
    );
    let other_mapping = patched(named(mapping(), "other-nl"), &json!({"connectionRef": {"name": "other"}}));
    let other_secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "other-exact"}, "stringData": {"clientId": "i", "clientSecret": "s", "refreshToken": "t"}});
    let found = outcome(&[connection(), mapping(), broken_rule, other, other_mapping, other_secret]);
    assert_eq!(errors(&found.findings).len(), 1, "{:#?}", found.findings);
    let running: Vec<_> = found.connections.iter().map(|connection| connection.name.as_str()).collect();
    assert_eq!(running, ["other"], "booking acme's lines without its rule could not be undone");
}

#[test]
fn what_refers_to_a_broken_object_is_not_told_that_it_is_missing() {
    let broken = patched(connection(), &json!({"interval": "7m"}));
    let (found, running) = told(&[broken, mapping(), rule()]);
    assert_eq!((found.len(), running), (1, 0), "{found:#?}");
    assert_eq!(found[0].1, "spec.interval");
}

#[test]
fn nothing_runs_while_a_document_cannot_be_understood() {
    let (found, running) = told(&[
        connection(),
        mapping(),
        json!({"apiVersion": "koppel.dev/v1alpha1", "kind": "RevenuRule", "metadata": {"name": "x"}}),
    ]);
    assert_eq!(running, 0);
    assert!(found.iter().any(
        |(object, _, message)| object == "SyncConnection default/acme" && message.starts_with("does not run while")
    ));
}

#[test]
fn tied_rules_are_an_error_on_both_e8() {
    let other = patched(named(rule(), "onboarding-too"), &json!({"revenueAccount": "8000"}));
    let found = outcome(&[connection(), mapping(), rule(), other]);
    let tied: Vec<_> = found.findings.iter().filter(|finding| finding.reason == Reason::RuleConflict).collect();
    let objects: Vec<_> = tied.iter().map(|finding| finding.object.as_str()).collect();
    assert_eq!(objects, ["RevenueRule default/onboarding", "RevenueRule default/onboarding-too"]);
    assert!(tied[0].message.contains("revenueAccount"), "{}", tied[0].message);
    assert!(found.connections.is_empty());
}

#[test]
fn tied_rows_are_an_error_on_the_mapping_with_their_place() {
    let rows = json!({"vat": [
        {"when": {"country": "NL", "rate": 21}, "code": "2"},
        {"when": {"country": "NL", "rate": 21}, "code": "3"},
    ], "costCenters": [{"country": "NL", "code": "A"}, {"country": "NL", "code": "B"}]});
    let (found, running) = told(&[connection(), patched(mapping(), &rows)]);
    let fields: Vec<_> = found.iter().map(|(_, field, _)| field.as_str()).collect();
    assert_eq!(fields, ["spec.costCenters[0]", "spec.costCenters[1]", "spec.vat[0]", "spec.vat[1]"]);
    assert_eq!(running, 0);
}
