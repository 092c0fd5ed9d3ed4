//! Tokens by secret: what is asked for, what is refused and how, and time (1.1, 1.2).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use koppel::sandbox::dynamics::{CLIENT_ID, CLIENT_SECRET, DOMAIN, OTHER_TENANT, TENANT};
use koppel::sandbox::entra::{Fault, FaultKind};
use serde_json::Value;

use crate::sandbox_dataverse::support::{Harness, Reply, reply};

/// The fields of a good request, some of them replaced.
async fn ask(harness: &Harness, tenant: &str, changes: &[(&str, &str)]) -> Reply {
    let (id, scope) = (CLIENT_ID.to_string(), format!("{}/.default", harness.url));
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", CLIENT_SECRET),
        ("scope", scope.as_str()),
    ];
    for (name, value) in changes {
        form.retain(|(one, _)| one != name);
        if !value.is_empty() {
            form.push((name, value));
        }
    }
    harness.ask_token(tenant, &form).await
}

fn is_refused(reply: &Reply, status: u16, error: &str, number: u64) {
    let body = reply.json();
    assert_eq!(
        (reply.status, &body["error"], &body["error_codes"][0]),
        (status, &error.into(), &number.into()),
        "{}",
        reply.text
    );
    let text = body["error_description"].as_str().expect("a text");
    assert!(text.starts_with(&format!("AADSTS{number}: ")), "{text}");
    for line in ["\nTrace ID: ", "\nCorrelation ID: ", "\nTimestamp: "] {
        assert!(text.contains(line), "{text}");
    }
    assert!(body["error_uri"].as_str().expect("a link").ends_with(&format!("/error?code={number}")));
    assert_eq!(body["timestamp"], "2027-01-05 08:30:00Z");
}

#[tokio::test]
async fn a_token_is_given_by_id_or_domain_and_unknown_fields_are_ignored() {
    let harness = Harness::start().await;
    for tenant in [TENANT.to_string(), DOMAIN.to_owned()] {
        let given = ask(&harness, &tenant, &[("client_info", "1"), ("x", "y")]).await.is(200).json();
        assert_eq!((&given["token_type"], &given["expires_in"]), (&Value::from("Bearer"), &Value::from(3599)));
        assert!(given.get("refresh_token").is_none());
        let claims =
            given["access_token"].as_str().and_then(|token| token.split('.').nth(1)).expect("a token").to_owned();
        let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).expect("base64");
        let claims: Value = serde_json::from_slice(&claims).expect("claims");
        assert_eq!(
            (&claims["aud"], &claims["appid"]),
            (&Value::from(harness.url.clone()), &Value::from(CLIENT_ID.to_string()))
        );
        assert_eq!(claims["idtyp"], "app");
    }
}

#[tokio::test]
async fn id_and_secret_may_come_by_basic() {
    let harness = Harness::start().await;
    let scope = format!("{}/.default", harness.url);
    let pair = STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}"));
    let url = format!("{}/{TENANT}/oauth2/v2.0/token", harness.entra());
    let form = [("grant_type", "client_credentials"), ("scope", scope.as_str())];
    let request = harness.client.post(url).header("Authorization", format!("Basic {pair}")).form(&form);
    reply(request).await.is(200);
}

#[tokio::test]
async fn refusals_have_their_numbers() {
    let harness = Harness::start().await;
    let tenant = TENANT.to_string();
    let unknown = uuid::Uuid::new_v4().to_string();
    let elsewhere = "https://contoso.crm.dynamics.com/.default";
    for (changes, status, error, number) in [
        (("client_secret", "wrong"), 401, "invalid_client", 7_000_215),
        (("client_secret", ""), 401, "invalid_client", 7_000_218),
        (("client_id", unknown.as_str()), 400, "unauthorized_client", 700_016),
        (("client_id", "nonsense"), 400, "unauthorized_client", 700_016),
        (("scope", elsewhere), 400, "invalid_resource", 500_011),
        (("scope", "user.read"), 400, "invalid_scope", 70_011),
        (("scope", ""), 400, "invalid_request", 900_144),
        (("grant_type", "password"), 400, "unsupported_grant_type", 70_003),
    ] {
        is_refused(&ask(&harness, &tenant, &[changes]).await, status, error, number);
    }
    is_refused(&ask(&harness, "nowhere.example", &[]).await, 400, "invalid_request", 90_002);
    is_refused(&ask(&harness, "common", &[]).await, 400, "invalid_request", 90_002);
    let other = ask(&harness, &OTHER_TENANT.to_string(), &[]).await;
    is_refused(&other, 400, "invalid_resource", 500_011);
    let last = harness.dynamics.entra.calls().pop().expect("a call");
    assert_eq!((last.status, last.problem), (400, Some(500_011)));
}

#[tokio::test]
async fn secrets_end_and_a_second_one_lives_on() {
    let harness = Harness::start().await;
    let ends = harness.clock.now() + SignedDuration::from_hours(1);
    harness.dynamics.entra.add_secret(TENANT, CLIENT_ID, "passing", Some(ends));
    let tenant = TENANT.to_string();
    ask(&harness, &tenant, &[("client_secret", "passing")]).await.is(200);
    harness.clock.advance(SignedDuration::from_hours(1));
    let refused = ask(&harness, &tenant, &[("client_secret", "passing")]).await;
    assert_eq!((refused.status, &refused.json()["error_codes"][0]), (401, &Value::from(7_000_222)));
    ask(&harness, &tenant, &[]).await.is(200);
}

#[tokio::test]
async fn tokens_end_by_the_clock_or_by_hand() {
    let mut harness = Harness::start().await;
    harness.dynamics.entra.set_token_lifetime(TENANT, SignedDuration::from_mins(10));
    harness.token = harness.token_for(TENANT, &harness.url.clone()).await;
    harness.clock.advance(SignedDuration::from_secs(599));
    harness.get("WhoAmI").await.is(200);
    harness.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(harness.get("WhoAmI").await.status, 401);
    harness.token = harness.token_for(TENANT, &harness.url.clone()).await;
    harness.dynamics.entra.end_tokens();
    assert_eq!(harness.get("WhoAmI").await.status, 401);
}

#[tokio::test]
async fn discovery_names_the_endpoints_by_the_host_that_was_used() {
    let harness = Harness::start().await;
    let url = format!("{}/{DOMAIN}/v2.0/.well-known/openid-configuration", harness.entra());
    let found = reply(harness.client.get(&url)).await.is(200).json();
    let base = harness.entra();
    assert_eq!(found["token_endpoint"], format!("{base}/{TENANT}/oauth2/v2.0/token"));
    assert_eq!(found["issuer"], format!("{base}/{TENANT}/v2.0"));
    assert!(found["authorization_endpoint"].is_string());
    let unknown = reply(harness.client.get(url.replace(DOMAIN, "nowhere.example"))).await;
    assert_eq!((unknown.status, &unknown.json()["error"]), (400, &Value::from("invalid_request")));
}

#[tokio::test]
async fn faults_of_the_token_endpoint() {
    let harness = Harness::start().await;
    let (entra, tenant) = (&harness.dynamics.entra, TENANT.to_string());
    entra.inject(Fault::new(FaultKind::Unavailable { retry_after: Some(5) }));
    let answer = ask(&harness, &tenant, &[]).await;
    is_refused(&answer, 503, "temporarily_unavailable", 90_033);
    assert_eq!(answer.header("retry-after").as_deref(), Some("5"));
    entra.inject(Fault::new(FaultKind::TooManyRequests { retry_after: 9 }));
    assert_eq!(ask(&harness, &tenant, &[]).await.header("retry-after").as_deref(), Some("9"));
    entra.inject(Fault::new(FaultKind::Blocked));
    is_refused(&ask(&harness, &tenant, &[]).await, 400, "invalid_grant", 53_003);
    ask(&harness, &tenant, &[]).await.is(200);
}
