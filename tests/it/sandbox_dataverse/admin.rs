//! The admin interface of the whole sandbox: what people do in the CRM, what is asked of Entra ID.

use koppel::sandbox::dynamics::{CLIENT_ID, DynamicsOptions, ORGANIZATION, TENANT};
use koppel::sandbox::server::{Sandbox, SandboxOptions};
use reqwest::Client;
use serde_json::{Value, json};

use super::support::{Reply, new_year, reply};

struct Admin {
    sandbox: Sandbox,
    client: Client,
}

impl Admin {
    async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let options = SandboxOptions {
            now: new_year(),
            clock_running: false,
            dynamics: Some(DynamicsOptions::quick()),
            ..SandboxOptions::default()
        };
        let sandbox = Sandbox::start(options).await.expect("free ports");
        Self { sandbox, client: Client::builder().no_proxy().build().expect("a client") }
    }

    async fn post(&self, path: &str, body: &Value) -> Reply {
        reply(self.client.post(format!("{}/admin/{path}", self.sandbox.admin_url())).json(body)).await
    }

    async fn get(&self, path: &str) -> Reply {
        reply(self.client.get(format!("{}/admin/{path}", self.sandbox.admin_url()))).await
    }

    async fn delete(&self, path: &str) -> Reply {
        reply(self.client.delete(format!("{}/admin/{path}", self.sandbox.admin_url()))).await
    }
}

#[tokio::test]
async fn a_salesperson_acts_by_the_admin_interface() {
    let admin = Admin::start().await;
    let known = admin.get("dataverse/wolkwerk/tables/account/rows").await.is(200).json();
    let known = known.as_array().expect("rows").len();
    assert!(known > 0, "whom the books know, sales knows");
    let quotes = admin.get("dataverse/wolkwerk/tables/quote/versions").await.is(200).json();
    let quotes = quotes.as_object().expect("versions").len();
    let made = admin.post("dataverse/wolkwerk/tables/account/rows", &json!({"name": "Nieuw"})).await.is(200).json();
    let account = made["id"].as_str().expect("an id").to_owned();
    let path = format!("dataverse/wolkwerk/tables/account/rows/{account}");
    admin.post(&path, &json!({"telephone1": "020"})).await.is(200);
    let refused = admin.post(&path, &json!({"nonsense": 1})).await.is(422).json();
    assert_eq!(refused["code"], "0x80048d19");
    let quote = json!({"name": "Offer", "customerid_account@odata.bind": format!("/accounts({account})")});
    let quote = admin.post("dataverse/wolkwerk/tables/quote/rows", &quote).await.is(200).json();
    let quote = quote["id"].as_str().expect("an id").to_owned();
    admin.post(&format!("dataverse/wolkwerk/quotes/{quote}/activate"), &json!({})).await.is(200);
    let revised = admin.post(&format!("dataverse/wolkwerk/quotes/{quote}/revise"), &json!({})).await.is(200).json();
    let draft = revised["id"].as_str().expect("an id").to_owned();
    admin.post(&format!("dataverse/wolkwerk/quotes/{draft}/win"), &json!({})).await.is(200);
    admin.post(&format!("dataverse/wolkwerk/quotes/{draft}/lose"), &json!({})).await.is(422);
    admin.post(&format!("dataverse/wolkwerk/quotes/{draft}/burn"), &json!({})).await.is(404);
    let versions = admin.get("dataverse/wolkwerk/tables/quote/versions").await.is(200).json();
    assert_eq!(versions.as_object().expect("versions").len(), quotes + 2);
    admin.delete(&path).await.is(200);
    let left = admin.get("dataverse/wolkwerk/tables/account/rows").await.json();
    assert_eq!(left.as_array().expect("rows").len(), known);
    admin.get("dataverse/nowhere/tables/account/rows").await.is(404);
    admin.sandbox.shutdown().await;
}

#[tokio::test]
async fn what_tests_ask_of_an_organisation_and_of_entra() {
    let admin = Admin::start().await;
    let cloud = admin.sandbox.dynamics.as_ref().expect("Dynamics 365");
    let certificate = admin.get("certificate").await.is(200);
    assert_eq!(certificate.text, cloud.certificate());
    let user = cloud.organization(ORGANIZATION).and_then(|one| one.application_user(CLIENT_ID)).expect("a user");
    for (path, body) in [
        ("dataverse/wolkwerk/privileges", json!({"principal": user, "privilege": "prvReadAccount"})),
        ("dataverse/wolkwerk/privileges", json!({"principal": user, "privilege": "prvReadAccount", "depth": "Local"})),
        (
            "dataverse/wolkwerk/application-users",
            json!({"clientId": uuid::Uuid::new_v4(), "roles": ["System Customizer"]}),
        ),
        ("dataverse/wolkwerk/holds", json!({"keys": true, "customizations": false})),
        ("dataverse/wolkwerk/delta-tokens/expire", json!({})),
        ("dataverse/wolkwerk/tables/account/track", json!({})),
        ("dataverse/wolkwerk/plug-ins", json!({"table": "account", "column": "name", "value": "x", "message": "No."})),
        ("dataverse/wolkwerk/faults", json!({"kind": "throttled", "facet": "time", "retryAfter": 3, "method": "GET"})),
        (
            "dataverse/wolkwerk/faults",
            json!({"kind": "loseAnswer", "method": "POST", "pathContains": "accounts", "times": 2}),
        ),
        (
            "dataverse/wolkwerk/pace",
            json!({"keyPendingSeconds": 1, "keyBuildingSeconds": 1, "metadataLagSeconds": 0,
            "customizationMilliseconds": 0}),
        ),
        ("entra/apps", json!({"tenant": TENANT, "clientId": CLIENT_ID})),
        (
            "entra/secrets",
            json!({"tenant": TENANT, "clientId": CLIENT_ID, "secret": "s", "expires": "2027-02-01T00:00:00Z"}),
        ),
        (
            "entra/federated-credentials",
            json!({"tenant": TENANT, "clientId": CLIENT_ID, "issuer": "https://i", "subject": "s"}),
        ),
        ("entra/issuers", json!({"issuer": "https://i", "jwks": {"keys": []}})),
        ("entra/token-lifetime", json!({"tenant": TENANT, "seconds": 600})),
        ("entra/tokens/end", json!({})),
        ("entra/faults", json!({"kind": "unavailable", "retryAfter": 3})),
        ("entra/credentials/remove", json!({"tenant": TENANT, "clientId": CLIENT_ID})),
    ] {
        admin.post(path, &body).await.is(200);
    }
    admin.post("entra/certificates", &json!({"tenant": TENANT, "clientId": CLIENT_ID, "pem": "x"})).await.is(422);
    for path in ["dataverse/wolkwerk/faults", "dataverse/wolkwerk/plug-ins", "dataverse/wolkwerk/calls", "entra/faults"]
    {
        admin.delete(path).await.is(200);
    }
    assert_eq!(admin.get("dataverse/wolkwerk/calls").await.json(), json!([]));
    assert_eq!(admin.get("entra/calls").await.json(), json!([]));
    admin.sandbox.shutdown().await;
}
