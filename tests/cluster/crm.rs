//! Connections to Dynamics 365: what they become in the cluster, and who their pods are (C1, E37).

use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::Role;
use koppel::api::SyncConnection;
use kube::ResourceExt;
use serde_json::{Value, json};

use super::namespace::Namespace;
use super::running::Running;
use super::scene::{ACME, CHILD, mapping_of, tenant, told};
use super::shared::samples::patched;

/// The mapping of a connection to Dynamics 365.
pub fn crm_mapping(name: &str, connection: &str) -> Value {
    let crm = json!({"exactOnline": null, "vat": null, "paymentTerms": null, "dynamics365": {}});
    patched(mapping_of(name, connection), &crm)
}

/// The connection `name` on Acme's Chargebee site, to an organization of its own.
fn to_crm(name: &str, sign_in: &Value) -> Value {
    let organization = format!("https://{name}.crm4.dynamics.com");
    let base = json!({"organizationUrl": organization, "tenantId": "acme.example"});
    let crm = patched(json!({"spec": base}), sign_in)["spec"].clone();
    let chargebee = json!({"site": "acme-test", "apiKeySecretRef": {"name": "acme-chargebee"}});
    patched(tenant(name), &json!({"exactOnline": null, "chargebee": chargebee, "dynamics365": crm}))
}

fn by_identity() -> Value {
    json!({"workloadIdentity": {"clientId": "7f6c8a52-0c8c-4f0f-9a61-3d3f0f1c2b4a"}})
}

fn by_secret() -> Value {
    json!({"credentialsSecretRef": {"name": "acme-crm"}})
}

impl Namespace {
    /// Acme coupled to Dynamics 365 instead of Exact Online.
    async fn acme_to_crm(&self, sign_in: &Value) {
        self.secrets(ACME).await;
        self.secret("acme-crm", json!({"clientId": "app", "clientSecret": "the app's secret"})).await;
        self.apply(&crm_mapping("acme-all", ACME)).await;
        self.apply(&to_crm(ACME, sign_in)).await;
    }

    /// The pod of Acme's runs, as its CronJob makes it.
    async fn pod_spec(&self) -> Value {
        let cron = told(&self.until_there::<CronJob>(CHILD).await);
        cron["spec"]["jobTemplate"]["spec"]["template"]["spec"].clone()
    }

    /// The account that the status names, once it does.
    async fn account_in_status(&self) -> Option<String> {
        let named = |one: &SyncConnection| one.status.as_ref().is_some_and(|status| status.observed_generation > 0);
        let connection = self.until_is::<SyncConnection>(ACME, "is looked at", named).await;
        connection.status.and_then(|status| status.service_account_name)
    }
}

fn projected(pod: &Value) -> Option<&Value> {
    pod["volumes"].as_array().unwrap().iter().find(|volume| !volume["projected"].is_null())
}

fn variable<'a>(pod: &'a Value, name: &str) -> Option<&'a str> {
    let all = pod["containers"][0]["env"].as_array().unwrap();
    all.iter().find(|variable| variable["name"] == name).and_then(|variable| variable["value"].as_str())
}

/// Issue 6: the operator projects the token, and the account's name is stable and in the status.
#[tokio::test(flavor = "multi_thread")]
async fn a_pod_that_signs_in_by_its_identity_has_a_token_and_its_account_is_in_the_status() {
    let namespace = Namespace::restricted().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme_to_crm(&by_identity()).await;
    let pod = namespace.pod_spec().await;
    assert_eq!(pod["serviceAccountName"], CHILD);
    let volume = projected(&pod).unwrap_or_else(|| panic!("no token: {pod:#}"));
    let token = &volume["projected"]["sources"][0]["serviceAccountToken"];
    assert_eq!((&token["audience"], &token["expirationSeconds"]), (&json!("api://AzureADTokenExchange"), &json!(3600)));
    let mounts = pod["containers"][0]["volumeMounts"].as_array().unwrap();
    let mount = mounts.iter().find(|mount| mount["name"] == volume["name"]).unwrap();
    let file = format!("{}/{}", mount["mountPath"].as_str().unwrap(), token["path"].as_str().unwrap());
    assert_eq!((variable(&pod, "AZURE_FEDERATED_TOKEN_FILE"), &mount["readOnly"]), (Some(&*file), &json!(true)));
    let account = namespace.until_there::<ServiceAccount>(CHILD).await;
    assert_eq!(account.annotations()["azure.workload.identity/tenant-id"], "acme.example");
    assert_eq!(namespace.account_in_status().await.as_deref(), Some(CHILD));
    // The pod itself is admitted where Pod Security is restricted.
    namespace.pod(&format!("koppel.dev/connection={ACME}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_signs_in_by_a_secret_has_no_token_may_read_the_secret_and_runs_when_it_changes() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme_to_crm(&by_secret()).await;
    let pod = namespace.pod_spec().await;
    assert!(projected(&pod).is_none(), "{pod:#}");
    assert_eq!(variable(&pod, "AZURE_FEDERATED_TOKEN_FILE"), None);
    let account = namespace.until_there::<ServiceAccount>(CHILD).await;
    assert!(account.annotations().keys().all(|key| !key.starts_with("azure.")), "{:?}", account.annotations());
    assert_eq!(namespace.account_in_status().await.as_deref(), Some(CHILD));
    let role = told(&namespace.until_there::<Role>(CHILD).await);
    let secrets = role["rules"]
        .as_array()
        .unwrap()
        .iter()
        .find(|rule| rule["verbs"] == json!(["get"]) && rule["resources"] == json!(["secrets"]));
    assert_eq!(secrets.unwrap()["resourceNames"], json!(["acme-chargebee", "acme-crm"]));

    let known = namespace.settled().await;
    namespace.secret("acme-crm", json!({"clientId": "app", "clientSecret": "the next one"})).await;
    namespace.until_another_job(ACME, &known).await;
}

/// From the Secret to the identity of the pod and back: the pod follows.
#[tokio::test(flavor = "multi_thread")]
async fn the_way_to_sign_in_may_change() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme_to_crm(&by_secret()).await;
    namespace.until_there::<CronJob>(CHILD).await;
    for (patch, has_token) in [
        (json!({"credentialsSecretRef": null, "workloadIdentity": {"clientId": "app"}}), true),
        (json!({"credentialsSecretRef": {"name": "acme-crm"}, "workloadIdentity": null}), false),
    ] {
        namespace.change_spec(json!({"dynamics365": patch})).await;
        let follows = |cron: &CronJob| {
            let pod = told(cron)["spec"]["jobTemplate"]["spec"]["template"]["spec"].clone();
            projected(&pod).is_some() == has_token
        };
        namespace.until_is::<CronJob>(CHILD, "follows", follows).await;
    }
}

/// C8: each has a workload of its own, and none is in another's way.
#[tokio::test(flavor = "multi_thread")]
async fn one_site_goes_to_exact_online_and_to_two_tenants_at_once() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme().await;
    for name in ["sales", "service"] {
        namespace.apply(&crm_mapping(&format!("{name}-all"), name)).await;
        namespace.apply(&to_crm(name, &by_identity())).await;
    }
    for name in [ACME, "sales", "service"] {
        namespace.until_there::<CronJob>(&format!("koppel-{name}")).await;
        namespace.until_condition::<SyncConnection>(name, "Ready", "Unknown AwaitingFirstRun").await;
        namespace.until_no_condition::<SyncConnection>(name, "Stalled").await;
    }
}

/// What the operator runs itself has the operator's identity, and this one has none.
#[tokio::test(flavor = "multi_thread")]
async fn run_by_an_operator_without_a_token_a_connection_says_so() {
    let namespace = Namespace::new().await;
    let _operator = Running::inline(&namespace).await;
    namespace.acme_to_crm(&by_identity()).await;
    let found = namespace.until_condition::<SyncConnection>(ACME, "CredentialsValid", "False Unauthorized").await;
    assert!(told(&found)["status"].to_string().contains("AZURE_FEDERATED_TOKEN_FILE is not set"), "{found:#?}");
    namespace.until_condition::<SyncConnection>(ACME, "Stalled", "True Unauthorized").await;
    assert_eq!(namespace.account_in_status().await, None);
}
