//! Manifests that are right, to be made wrong in one place.

use serde_json::{Value, json};

/// The smallest connection that is right.
pub fn connection() -> Value {
    json!({
        "apiVersion": "koppel.dev/v1alpha1", "kind": "SyncConnection", "metadata": {"name": "acme"},
        "spec": {
            "startDate": "2026-07-01", "timeZone": "Europe/Amsterdam",
            "chargebee": {"site": "acme-test", "apiKeySecretRef": {"name": "acme-chargebee"}},
            "exactOnline": {"country": "NL", "credentialsSecretRef": {"name": "acme-exact"}},
        },
    })
}

/// The smallest mapping that is right, with a row in each table that warns when empty.
pub fn mapping() -> Value {
    json!({
        "apiVersion": "koppel.dev/v1alpha1", "kind": "EntityMapping", "metadata": {"name": "acme-nl"},
        "spec": {
            "connectionRef": {"name": "acme"},
            "exactOnline": {"division": 100_001, "salesJournal": "70", "deferralJournal": "90"},
            "vat": [{"when": {"country": "NL", "rate": 21}, "code": "2"}],
            "paymentTerms": [{"netTermDays": 14, "paymentCondition": "14"}],
        },
    })
}

/// The smallest rule that is right.
pub fn rule() -> Value {
    json!({
        "apiVersion": "koppel.dev/v1alpha1", "kind": "RevenueRule", "metadata": {"name": "onboarding"},
        "spec": {"connectionRef": {"name": "acme"}, "match": {"item": "onboarding"}, "revenueAccount": "8020"},
    })
}

/// The sample of a kind.
pub fn sample(kind: &str) -> Value {
    match kind {
        "SyncConnection" => connection(),
        "EntityMapping" => mapping(),
        _ => rule(),
    }
}

/// `object` with `patch` laid over its spec: maps are merged, null removes.
pub fn patched(mut object: Value, patch: &Value) -> Value {
    merge(&mut object["spec"], patch);
    object
}

/// `object` under another name.
pub fn named(mut object: Value, name: &str) -> Value {
    object["metadata"]["name"] = name.into();
    object
}

fn merge(into: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *into = patch.clone();
        return;
    };
    if !into.is_object() {
        *into = json!({});
    }
    for (key, value) in patch {
        match value {
            Value::Null => {
                into.as_object_mut().unwrap().remove(key);
            }
            value => merge(&mut into[key], value),
        }
    }
}
