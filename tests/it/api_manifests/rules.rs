//! Every CEL rule, refused and accepted. The engine that judges here is the one that `koppel check` uses and that
//! `validate_cel` of the typed objects uses.

use std::collections::BTreeSet;

use koppel::api::cel::{Rules, with_defaults};
use koppel::api::crd::definitions;
use koppel::api::{EntityMapping, RevenueRule, SyncConnection};
use serde_json::Value;

use crate::shared::rule_cases::{Case, all_cases, object};

fn refusals(rules: &Rules, case: &Case, patch: &Value) -> Vec<String> {
    let stored = |patch: &Value| with_defaults(case.kind, &object(case.kind, patch));
    let before = case.before.as_ref().map(stored);
    let broken = rules.check_change(case.kind, &stored(patch), before.as_ref());
    broken
        .into_iter()
        .map(|broken| format!("{}{}", if broken.said_no { "" } else { "not asked: " }, broken.message))
        .collect()
}

#[test]
fn every_rule_refuses_what_is_wrong_and_accepts_what_is_right() {
    let rules = Rules::new();
    for case in all_cases() {
        let refused = refusals(&rules, &case, &case.wrong);
        assert_eq!(refused.len(), 1, "{} {}: {refused:#?}", case.kind, case.wrong);
        assert!(refused[0].starts_with(case.message), "{} {}: {refused:#?}", case.kind, case.wrong);
        let accepted = refusals(&rules, &case, &case.right);
        assert!(accepted.is_empty(), "{} {}: {accepted:#?}", case.kind, case.right);
    }
}

#[test]
fn no_rule_is_without_a_case() {
    let mut messages = BTreeSet::new();
    for definition in definitions() {
        collect_messages(definition.schema(), &mut messages);
    }
    let cases = all_cases();
    let untested: Vec<_> =
        messages.iter().filter(|message| !cases.iter().any(|case| message.starts_with(case.message))).collect();
    assert!(untested.is_empty(), "{untested:#?}");
    assert!(messages.len() > 30, "{messages:#?}");
}

fn collect_messages(value: &Value, messages: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for rule in map.get("x-kubernetes-validations").and_then(Value::as_array).into_iter().flatten() {
                messages.insert(rule["message"].as_str().unwrap().to_owned());
            }
            map.values().for_each(|value| collect_messages(value, messages));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_messages(value, messages)),
        _ => {}
    }
}

/// The typed objects' own `validate_cel` says the same, so that what the operator builds is judged alike.
#[test]
fn typed_objects_are_judged_alike() {
    for case in all_cases().into_iter().filter(|case| case.before.is_none()) {
        let judged = |patch: &Value| typed_verdict(case.kind, object(case.kind, patch));
        let refusal = judged(&case.wrong).expect_err(case.message);
        assert!(refusal.contains(case.message), "{refusal}");
        judged(&case.right).unwrap_or_else(|refusal| panic!("{}: {refusal}", case.right));
    }
}

fn typed_verdict(kind: &str, object: Value) -> Result<(), String> {
    let verdict = match kind {
        "SyncConnection" => serde_json::from_value::<SyncConnection>(object).unwrap().validate_cel(),
        "EntityMapping" => serde_json::from_value::<EntityMapping>(object).unwrap().validate_cel(),
        _ => serde_json::from_value::<RevenueRule>(object).unwrap().validate_cel(),
    };
    verdict.map_err(|errors| errors.to_string())
}
