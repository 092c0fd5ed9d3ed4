//! http and https on one port, the sandbox's own authority, and links as the client addressed the server (8.3).

use koppel::sandbox::dynamics::{ORGANIZATION, TENANT};
use reqwest::{Certificate, Client};
use serde_json::json;

use super::support::{Harness, reply};

#[tokio::test]
async fn https_is_served_under_the_sandbox_s_own_authority() {
    let harness = Harness::start().await;
    let url = harness.dynamics.organization_url(ORGANIZATION).expect("an organisation");
    assert!(url.starts_with("https://"));
    let distrusting = Client::builder().no_proxy().build().expect("a client");
    assert!(distrusting.get(&url).send().await.is_err(), "nobody trusts it by accident");
    let certificate = Certificate::from_pem(harness.dynamics.certificate().as_bytes()).expect("a certificate");
    let client = Client::builder().no_proxy().tls_certs_only([certificate]).build().expect("a client");
    let port = url.rsplit_once(':').expect("a port").1;
    let token = harness.token_for(TENANT, &url).await;
    for host in ["127.0.0.1", "localhost"] {
        let base = format!("https://{host}:{port}");
        let request =
            client.post(format!("{base}/api/data/v9.2/accounts")).bearer_auth(&token).json(&json!({"name": "A"}));
        let made = reply(request).await.is(204);
        let link = made.header("odata-entityid").expect("a link");
        assert!(link.starts_with(&format!("{base}/api/data/v9.2/accounts(")), "{link}");
    }
    let entra = format!("{}/{TENANT}/v2.0/.well-known/openid-configuration", harness.dynamics.entra_url());
    let found = reply(client.get(entra)).await.is(200).json();
    assert!(found["token_endpoint"].as_str().expect("an endpoint").starts_with("https://"));
}

#[tokio::test]
async fn old_versions_of_the_path_keep_working() {
    let harness = Harness::start().await;
    for version in ["v9.0", "v9.1", "v9.2"] {
        let request = harness.request(reqwest::Method::GET, &format!("{}/api/data/{version}/WhoAmI", harness.url));
        let answer = reply(request).await.is(200).json();
        assert!(answer["@odata.context"].as_str().expect("a context").contains(version));
    }
    let other = format!("{}/api/data/v8.2/WhoAmI", harness.url);
    assert_eq!(reply(harness.request(reqwest::Method::GET, &other)).await.status, 404);
}

#[tokio::test]
async fn calls_are_recorded() {
    let harness = Harness::start().await;
    harness.get("accounts?$select=name&$top=1").await.is(200);
    let call = harness.last_call();
    assert_eq!((call.method.as_str(), call.path.as_str(), call.status), ("GET", "accounts", 200));
    assert_eq!(call.query, "$select=name&$top=1");
    harness.get("nonsense").await.is_refused(404, "0x8006088a");
    assert_eq!(harness.last_call().code.as_deref(), Some("0x8006088a"));
}
