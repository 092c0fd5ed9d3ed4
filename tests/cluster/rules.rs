//! Every CEL rule as the API server enforces it: with our message, and with nothing else.

use futures::{StreamExt, stream};
use kube::api::PostParams;
use serde_json::{Value, json};

use super::namespace::Namespace;
use super::shared::rule_cases::{Case, all_cases, object};
use super::shared::samples::named;

/// How many cases are judged at once.
const AT_ONCE: usize = 8;

fn dry_run() -> PostParams {
    PostParams { dry_run: true, ..PostParams::default() }
}

/// The server's answer to an object: what it would store, or the messages of its refusal.
async fn answer(namespace: &Namespace, case: &Case, name: &str, patch: &Value) -> Result<(), Vec<String>> {
    let mut wanted = made(case, name, patch);
    let api = namespace.dynamic(&namespace.admin, &wanted);
    let answered = if case.before.is_some() {
        let stored = api.get(name).await.unwrap();
        wanted["metadata"]["resourceVersion"] = json!(stored.metadata.resource_version);
        api.replace(name, &dry_run(), &serde_json::from_value(wanted).unwrap()).await
    } else {
        api.create(&dry_run(), &serde_json::from_value(wanted).unwrap()).await
    };
    match answered {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 422 => Err(messages(&status)),
        Err(error) => panic!("{} {patch}: {error}", case.kind),
    }
}

fn messages(status: &kube::core::Status) -> Vec<String> {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    causes.map(|cause| format!("{}: {}", cause.field, cause.message)).collect()
}

/// The object of a case, under a name of its own unless the case is about the name.
fn made(case: &Case, name: &str, patch: &Value) -> Value {
    let object = object(case.kind, patch);
    if patch["name"].is_string() { object } else { named(object, name) }
}

async fn judge(namespace: &Namespace, index: usize, case: &Case) {
    let name = format!("case-{index}");
    if let Some(before) = &case.before {
        namespace.apply(&made(case, &name, before)).await;
    }
    answer(namespace, case, &name, &case.right)
        .await
        .unwrap_or_else(|refused| panic!("{} {}: {refused:#?}", case.kind, case.right));
    let refused = answer(namespace, case, &name, &case.wrong)
        .await
        .expect_err(&format!("{} {} was accepted", case.kind, case.wrong));
    assert_eq!(refused.len(), 1, "{} {}: {refused:#?}", case.kind, case.wrong);
    assert!(refused[0].contains(case.message), "{} {}: {refused:#?}", case.kind, case.wrong);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_is_enforced_by_the_server_with_our_message() {
    let namespace = Namespace::new().await;
    let cases = all_cases();
    assert!(cases.len() > 40, "{}", cases.len());
    let judged = stream::iter(cases.iter().enumerate()).map(|(index, case)| judge(&namespace, index, case));
    judged.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await;
}
