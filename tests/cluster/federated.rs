//! A worker signs in to Dynamics 365 with the token of its own ServiceAccount, as this cluster's API server signs it (E37).

use jiff::Timestamp;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use koppel::sandbox::chargebee::Limits;
use koppel::sandbox::dynamics::{CLIENT_ID, Dynamics, DynamicsOptions, ORGANIZATION, TENANT};
use koppel::sandbox::entra::FederatedCredential;
use koppel::sandbox::generator::Size;
use koppel::sandbox::server::{API_KEY, Sandbox, SandboxOptions};
use kube::api::PostParams;
use serde_json::{Value, json};

use super::crm::crm_mapping;
use super::namespace::Namespace;
use super::operator::Operator;
use super::shared::samples::{connection, named, patched};
use super::standing::{A_RUN, status_of, why};
use super::vendors::CONNECTION;
use super::worker::{CHILD, Pods};

/// Who issues the tokens of the control plane's ServiceAccounts.
const ISSUER: &str = "https://kubernetes.default.svc";

/// Chargebee and Dynamics 365, at the time of the cluster: a token is valid for an hour of it.
async fn world() -> Sandbox {
    let options = SandboxOptions {
        now: Timestamp::now(),
        clock_running: true,
        size: Size { customers: 6, invoices: 12 },
        chargebee_limits: Limits::off(),
        failures: false,
        dynamics: Some(DynamicsOptions::quick()),
        ..SandboxOptions::default()
    };
    Sandbox::start(options).await.unwrap()
}

/// The connection to the sandbox's organization, without encryption.
fn to_sandbox(sandbox: &Sandbox, cloud: &Dynamics) -> Value {
    let plain = |url: String| url.replace("https:", "http:");
    let crm = json!({
        "organizationUrl": plain(cloud.organization_url(ORGANIZATION).unwrap()),
        "authorityUrl": plain(cloud.entra_url()), "tenantId": TENANT.to_string(),
        "workloadIdentity": {"clientId": CLIENT_ID.to_string()},
    });
    let chargebee =
        json!({"site": "wolkwerk-test", "url": sandbox.chargebee_url(), "apiKeySecretRef": {"name": "key"}});
    let spec = json!({
        "startDate": "2020-01-01", "exactOnline": null, "chargebee": chargebee, "dynamics365": crm,
        "policies": {"unmappedEntity": "LeaveOut"},
    });
    named(patched(connection(), &spec), CONNECTION)
}

/// A token of the worker's account for Entra ID, as the kubelet puts it into the pod.
async fn token(namespace: &Namespace) -> String {
    let spec = TokenRequestSpec {
        audiences: Some(vec!["api://AzureADTokenExchange".to_owned()]),
        expiration_seconds: Some(3600),
        ..TokenRequestSpec::default()
    };
    let request = TokenRequest { spec: Some(spec), ..TokenRequest::default() };
    let accounts = namespace.api::<ServiceAccount>();
    let given = accounts.create_token_request(CHILD, &PostParams::default(), &request).await.unwrap();
    given.status.unwrap().token.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_signs_in_with_its_own_token_once_entra_id_knows_its_account() {
    let (sandbox, namespace) = (world().await, Namespace::new().await);
    let cloud = sandbox.dynamics.as_ref().unwrap();
    let operator = Operator::workload(&namespace).await;
    let _running = operator.start();
    namespace.secret("key", json!({"apiKey": API_KEY})).await;
    namespace.apply(&crm_mapping("all", CONNECTION)).await;
    namespace.apply(&to_sandbox(&sandbox, cloud)).await;
    let pods = Pods::of(&namespace).await;
    let file = pods.volume.path().join("entra-token");
    std::fs::write(&file, token(&namespace).await + "\n").unwrap();
    let pods = pods.variable("AZURE_FEDERATED_TOKEN_FILE", &file.display().to_string());

    // A stranger to the app: its name is what a person enters there.
    let mut stranger = pods.begin("pod-1", &[]);
    assert_eq!(stranger.exit(A_RUN).await.code(), Some(1), "{}", stranger.output());
    let refused = |status: &_| why(status, "CredentialsValid").0 == "Unauthorized";
    let status = namespace.until_status("Entra ID refuses it", refused).await;
    let account = status.service_account_name.expect("the account");
    let subject = format!("system:serviceaccount:{}:{account}", namespace.name);
    cloud.entra.add_federated_credential(TENANT, CLIENT_ID, FederatedCredential::new(ISSUER, &subject));
    let keys: Value = serde_json::from_str(&namespace.kubectl(&["get", "--raw", "/openid/v1/jwks"])).unwrap();
    cloud.entra.set_issuer_keys(ISSUER, &keys).unwrap();

    pods.run("pod-2").await;
    let status = namespace.until_ready().await;
    let run = status.last_run.clone().unwrap();
    assert!(run.updated > 0 && run.booked == 0 && run.calls.dynamics365["2xx"] > 0, "{run:#?}");
    assert!(run.calls.exact_online.is_empty(), "{run:#?}");
    assert_eq!(status_of(&status, "CredentialsValid"), "True", "{:?}", why(&status, "CredentialsValid"));
    assert!(why(&status, "Ready").1.starts_with("whatever can be carried over is carried over"), "{status:#?}");
    assert!(status.target.unwrap().starts_with("Dynamics 365 127.0.0.1"));
}
