//! What each edition allows: one row for each, with the condition that a person reads (E5, E33, E34). Without an edition there
//! is no limit.

use koppel::api::conditions::{ConditionType, Reason};
use koppel::operator::manifests::condition_of;
use rstest::rstest;
use serde_json::{Value, json};

use super::samples::{connection, mapping, named, outcome, patched};

/// A connection of this edition, so many entities and these flows.
fn objects(edition: Option<&str>, entities: usize, flows: &[&str]) -> Vec<Value> {
    let flows: Value = flows.iter().map(|flow| ((*flow).to_owned(), json!({"enabled": true}))).collect();
    let mut objects = vec![patched(connection(), &json!({"edition": edition, "flows": flows}))];
    let journals = json!({"paymentsJournal": "22", "bankJournals": ["20"]});
    objects.extend((0..entities).map(|at| {
        let name = format!("entity-{at}");
        patched(named(mapping(), &name), &json!({"businessEntityId": name, "exactOnline": journals}))
    }));
    objects
}

const PAYMENTS: [&str; 2] = ["paymentsToExact", "paymentsToChargebee"];

#[rstest]
#[case::starter(Some("Starter"), 1, &["creditNotes"])]
#[case::scale(Some("Scale"), 1, &PAYMENTS)]
#[case::enterprise(Some("Enterprise"), 3, &PAYMENTS)]
#[case::none_of_one(None, 1, &PAYMENTS)]
#[case::none_of_many(None, 12, &PAYMENTS)]
fn what_an_edition_allows_runs(#[case] edition: Option<&str>, #[case] entities: usize, #[case] flows: &[&str]) {
    let found = outcome(&objects(edition, entities, flows));
    assert!(found.findings.is_empty(), "{:#?}", found.findings);
    assert_eq!(found.connections[0].exact().unwrap().entities.len(), entities);
}

#[rstest]
#[case::starter("Starter", 2, "edition Starter allows 1 entity, and 2 EntityMappings refer to the connection")]
#[case::scale("Scale", 2, "edition Scale allows 1 entity, and 2 EntityMappings refer to the connection")]
#[case::enterprise(
    "Enterprise",
    4,
    "edition Enterprise allows 3 entities, and 4 EntityMappings refer to the connection"
)]
fn more_entities_than_an_edition_has_run_nothing_and_the_condition_says_so_e33_e34(
    #[case] edition: &str,
    #[case] entities: usize,
    #[case] message: &str,
) {
    let found = outcome(&objects(Some(edition), entities, &[]));
    let [finding] = &found.findings[..] else { panic!("{:#?}", found.findings) };
    assert_eq!((finding.object.as_str(), finding.field.as_str()), ("SyncConnection default/acme", "spec.edition"));
    assert_eq!((finding.reason, finding.message.as_str()), (Reason::TooManyEntities, message));
    assert!(finding.remedy.contains("or none"), "{}", finding.remedy);
    assert_eq!(condition_of(finding), Some(ConditionType::WithinEdition));
    assert!(found.connections.is_empty(), "nothing runs until it is mended");
}

/// One that the API server took before it knew the rule shows it in the same condition: `operator::manifests`.
#[rstest]
#[case::to_exact("paymentsToExact", "Exact")]
#[case::to_chargebee("paymentsToChargebee", "Chargebee")]
fn starter_has_no_payments_in_either_direction_e5_e34(#[case] flow: &str, #[case] to: &str) {
    let found = outcome(&objects(Some("Starter"), 1, &[flow]));
    let [finding] = &found.findings[..] else { panic!("{:#?}", found.findings) };
    assert_eq!(finding.field, format!("spec.flows.{flow}.enabled"));
    let remedy = format!("turn flows.{flow} off, or choose edition Scale or Enterprise, or none");
    assert_eq!(finding.message, format!("edition Starter has no payments to {to}: {remedy}"));
    assert!(found.connections.is_empty(), "nothing runs until it is mended");
}
