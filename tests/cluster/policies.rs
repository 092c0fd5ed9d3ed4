//! The NetworkPolicy of a worker: there while it is asked for, with the ports that the chart's values say.

use k8s_openapi::api::networking::v1::NetworkPolicy;
use koppel::api::SyncConnection;
use kube::ResourceExt;
use serde_json::{Value, json};

use super::namespace::Namespace;
use super::running::Running;
use super::scene::{ACME, CHILD, told};

const ENABLED: &str = "worker.networkPolicy.enabled=true";
const PORTS: [&str; 2] = ["networkPolicy.apiServerPorts={8443}", "worker.networkPolicy.postgresPorts={6432}"];

/// The TCP ports that lead out.
fn out(policy: &NetworkPolicy) -> Vec<i64> {
    let policy = told(policy);
    let ports = policy["spec"]["egress"][0]["ports"].as_array().unwrap();
    ports.iter().filter(|port| port["protocol"] == "TCP").map(|port| port["port"].as_i64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_reaches_what_the_values_say_and_nobody_reaches_it() {
    let namespace = Namespace::new().await;
    let _operator = Running::with(&namespace, &[ENABLED, PORTS[0], PORTS[1]]).await;
    namespace.acme().await;
    let policy = namespace.until_there::<NetworkPolicy>(CHILD).await;
    // DNS, the vendors, the API server; no database is there.
    assert_eq!(out(&policy), [53, 443, 8443]);
    let spec = told(&policy)["spec"].clone();
    assert_eq!(spec["podSelector"], json!({"matchLabels": {"koppel.dev/connection": ACME}}));
    assert_eq!((&spec["policyTypes"], &spec["ingress"]), (&json!(["Ingress", "Egress"]), &Value::Null));

    namespace.secret("acme-postgres", json!({"url": "postgres://koppel:pw@127.0.0.1:6432/koppel"})).await;
    namespace.change_spec(json!({"workload": {"storage": {"postgresSecretRef": {"name": "acme-postgres"}}}})).await;
    namespace.until_is::<NetworkPolicy>(CHILD, "opens PostgreSQL", |policy| out(policy) == [53, 443, 6432, 8443]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_go_when_they_are_asked_for_no_longer_and_those_of_others_stay() {
    let namespace = Namespace::new().await;
    let operator = Running::with(&namespace, &[ENABLED]).await;
    namespace.acme().await;
    namespace.until_there::<NetworkPolicy>(CHILD).await;
    operator.ends().await;
    let _operator = Running::workload(&namespace).await;
    namespace.until_gone::<NetworkPolicy>(CHILD).await;

    let metadata = json!({"name": CHILD, "labels": {"koppel.dev/connection": ACME}});
    let spec = json!({"podSelector": {}, "policyTypes": ["Egress"]});
    let own =
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec});
    let own = namespace.apply(&own).await.uid();
    let changed = namespace.change_spec(json!({"timeout": "20m"})).await.metadata.generation;
    let seen = |one: &SyncConnection| one.status.as_ref().map(|status| status.observed_generation) == changed;
    namespace.until_is::<SyncConnection>(ACME, "seen once more", seen).await;
    let there = namespace.find::<NetworkPolicy>(CHILD).await.expect("the policy of a person was taken away");
    assert_eq!((there.uid(), there.metadata.deletion_timestamp), (own, None));
}
