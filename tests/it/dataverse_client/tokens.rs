//! Tokens of Entra ID (C1, E37): three credentials, when they are renewed, and what is said when none is given.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use koppel::connectors::dataverse::{AppCertificate, CertificateError, Credential};
use koppel::connectors::http::CallError;
use ring::signature::{KeyPair, RSA_PSS_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::fake::{CLIENT, Fake, Reply, SECRET, Seen, TENANT};

const KEY: &str = include_str!("app-key.b64");
pub const CERTIFICATE: &str = include_str!("app-certificate.b64");

pub fn pem(kind: &str, base64: &str) -> String {
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", base64.trim())
}

fn der(base64: &str) -> Vec<u8> {
    STANDARD.decode(base64.split_whitespace().collect::<String>()).unwrap()
}

pub fn certificate() -> AppCertificate {
    AppCertificate::from_pem(&pem("PRIVATE KEY", KEY).into(), &pem("CERTIFICATE", CERTIFICATE)).unwrap()
}

fn who() -> Reply {
    let id = "00000000-0000-0000-0000-000000000001";
    Reply::json(&json!({"UserId": id, "BusinessUnitId": id, "OrganizationId": id}))
}

/// Answers for tokens as `token` says, and to everything else who the caller is.
async fn tenant(mut token: impl FnMut(&Seen) -> Reply + Send + 'static) -> Fake {
    Fake::start(move |seen| if seen.is_token() { token(seen) } else { who() }).await
}

fn refused(status: u16, word: &str, number: u32) -> Reply {
    let body =
        json!({"error": word, "error_description": format!("AADSTS{number}: {SECRET}"), "error_codes": [number]});
    Reply::new(status, body.to_string())
}

#[tokio::test]
async fn a_secret_is_sent_once_and_its_token_kept() {
    let fake = tenant(|_| Reply::default_token()).await;
    let client = fake.client();
    for _ in 0..3 {
        client.who_am_i().await.unwrap();
    }
    let forms: Vec<_> = fake.token_calls().iter().map(Seen::form).collect();
    let scope = format!("{}.default", fake.url);
    let expected =
        [("grant_type", "client_credentials"), ("client_id", CLIENT), ("client_secret", SECRET), ("scope", &scope)];
    assert_eq!(forms, [expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into()]);
    assert!(fake.calls().iter().all(|call| call.bearer() == "access-1"));
}

#[tokio::test]
async fn a_token_is_renewed_five_minutes_before_it_ends() {
    let fake = tenant(|_| Reply::default_token()).await;
    let client = fake.client();
    for (passed, token) in [(0, "access-1"), (3_298, "access-1"), (1, "access-2")] {
        fake.clock.advance(Duration::from_secs(passed));
        client.who_am_i().await.unwrap();
        assert_eq!(fake.calls().last().unwrap().bearer(), token);
    }
}

#[tokio::test]
async fn a_token_that_lives_serves_while_entra_id_is_out_of_order() {
    let mut asked = 0;
    let fake = tenant(move |_| {
        asked += 1;
        if asked == 1 { Reply::default_token() } else { Reply::new(503, "") }
    })
    .await;
    let client = fake.client();
    client.who_am_i().await.unwrap();
    fake.clock.advance(Duration::from_secs(3_300));
    client.who_am_i().await.unwrap();
    fake.clock.advance(Duration::from_secs(300));
    assert!(matches!(client.who_am_i().await, Err(CallError::Unavailable { .. })));
}

#[tokio::test]
async fn a_401_asks_for_one_new_token_and_no_second_one() {
    let fake = Fake::start(|seen| match () {
        () if seen.is_token() => Reply::default_token(),
        () if seen.bearer() == "access-1" => Reply::new(401, ""),
        () => who(),
    })
    .await;
    fake.client().who_am_i().await.unwrap();
    assert_eq!(fake.token_calls().len(), 2);

    let fake = Fake::start(|seen| if seen.is_token() { Reply::default_token() } else { Reply::new(401, "") }).await;
    let error = fake.client().who_am_i().await.unwrap_err();
    assert!(
        matches!(&error, CallError::Unauthorized { message } if message.contains(CLIENT) && message.contains("tenantId")),
        "{error}"
    );
    assert_eq!((fake.token_calls().len(), fake.calls().len()), (2, 2));
}

#[tokio::test]
async fn a_certificate_signs_a_statement_that_its_holder_can_check() {
    let fake = tenant(|_| Reply::default_token()).await;
    fake.client_with(Credential::Certificate(certificate())).who_am_i().await.unwrap();
    let form = fake.token_calls()[0].form();
    assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    assert!(!form.contains_key("client_secret"));
    let assertion = &form["client_assertion"];
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    let key = RsaKeyPair::from_pkcs8(&der(KEY)).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key.public_key().as_ref());
    public.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    let part = |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
    let (header, claims) = signed.split_once('.').unwrap();
    let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(der(CERTIFICATE)));
    assert_eq!(part(header), json!({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint}));
    let claims = part(claims);
    assert_eq!(claims["aud"], format!("{}{TENANT}/oauth2/v2.0/token", fake.url));
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!(CLIENT), &json!(CLIENT)));
    let life = claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap();
    assert!((300..=600).contains(&life), "{life}");
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_put_right_by_entra_ids_own() {
    let at = |form: &Seen| {
        let form = form.form();
        let claims = form["client_assertion"].split('.').nth(1).unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        claims["iat"].as_i64().unwrap()
    };
    let fake = tenant(move |seen| {
        let reply =
            if at(seen) < 1_790_000_000 { refused(401, "invalid_client", 700_024) } else { Reply::default_token() };
        reply.header("date", "Mon, 28 Sep 2026 10:00:00 GMT")
    })
    .await;
    fake.client_with(Credential::Certificate(certificate())).who_am_i().await.unwrap();
    assert_eq!(fake.token_calls().len(), 2);
}

#[test]
fn a_pair_that_cannot_serve_is_named_before_anything_is_sent() {
    let other = rcgen::generate_simple_self_signed(vec!["x".to_owned()]).unwrap();
    let key = pem("PRIVATE KEY", KEY);
    let of = |key: &str, certificate: &str| AppCertificate::from_pem(&key.into(), certificate).unwrap_err();
    assert_eq!(of(&key, &other.cert.pem()), CertificateError::Mismatch);
    assert_eq!(of(&other.signing_key.serialize_pem(), &pem("CERTIFICATE", CERTIFICATE)), CertificateError::UnusableKey);
    assert_eq!(of("", &pem("CERTIFICATE", CERTIFICATE)), CertificateError::NoKey);
    assert_eq!(of(&key, "no certificate"), CertificateError::NoCertificate);
}

fn workload(file: PathBuf) -> Credential {
    Credential::WorkloadIdentity { token_file: file }
}

#[tokio::test]
async fn a_federated_token_is_read_anew_each_time_without_its_line_end() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("token");
    std::fs::write(&file, "header.one.signature\n").unwrap();
    let fake = tenant(|_| Reply::default_token()).await;
    let client = fake.client_with(workload(file.clone()));
    client.who_am_i().await.unwrap();
    std::fs::write(&file, "header.two.signature\n\n").unwrap();
    fake.clock.advance(Duration::from_secs(3_600));
    client.who_am_i().await.unwrap();
    let sent: Vec<String> = fake.token_calls().iter().map(|call| call.form()["client_assertion"].clone()).collect();
    assert_eq!(sent, ["header.one.signature", "header.two.signature"]);
}

#[tokio::test]
async fn a_federated_token_that_is_stale_is_read_once_more() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("token");
    std::fs::write(&file, "stale").unwrap();
    let fresh = file.clone();
    let fake = tenant(move |seen| {
        let stale = seen.form()["client_assertion"] == "stale";
        std::fs::write(&fresh, "fresh").unwrap();
        if stale { refused(401, "invalid_client", 700_024) } else { Reply::default_token() }
    })
    .await;
    fake.client_with(workload(file)).who_am_i().await.unwrap();
    assert_eq!(fake.token_calls().len(), 2);
}

#[tokio::test]
async fn a_missing_or_empty_token_file_is_named() {
    let home = tempfile::tempdir().unwrap();
    let fake = tenant(|_| Reply::default_token()).await;
    let missing = home.path().join("none");
    let empty = home.path().join("empty");
    std::fs::write(&empty, " \n").unwrap();
    for file in [missing, empty] {
        let error = fake.client_with(workload(file.clone())).who_am_i().await.unwrap_err();
        let told = error.to_string();
        assert!(
            error.is_stalled() && told.contains(file.to_str().unwrap()) && told.contains("api://AzureADTokenExchange"),
            "{told}"
        );
    }
    assert_eq!(fake.token_calls().len(), 0);
}

#[tokio::test]
async fn a_refusal_names_app_tenant_and_remedy_and_never_the_secret_i9() {
    for (word, number, named) in [
        ("invalid_client", 7_000_215, "put the value (not the id) of a secret of app 11111111"),
        ("invalid_client", 7_000_222, "has expired"),
        (
            "unauthorized_client",
            700_016,
            "no app 11111111-2222-3333-4444-555555555555 is registered in tenant contoso.example",
        ),
        ("invalid_request", 90_002, "there is no tenant contoso.example"),
        ("invalid_resource", 500_011, "tenant contoso.example knows no organization at http://127.0.0.1"),
        ("access_denied", 53_003, "Conditional Access"),
    ] {
        let fake = tenant(move |_| refused(400, word, number)).await;
        let error = fake.client().who_am_i().await.unwrap_err();
        let told = error.to_string();
        assert!(error.is_stalled() && told.contains(named) && !told.contains(SECRET), "{told}");
        assert_eq!((fake.token_calls().len(), fake.calls().len()), (1, 0), "nothing is tried twice");
    }
}

#[tokio::test]
async fn entra_ids_own_trouble_is_waited_out_as_told() {
    let mut asked = 0;
    let fake = tenant(move |_| {
        asked += 1;
        if asked < 3 { Reply::new(429, "").header("retry-after", 20) } else { Reply::default_token() }
    })
    .await;
    fake.client().who_am_i().await.unwrap();
    let calls = fake.token_calls();
    let waited: Vec<i64> = calls.windows(2).map(|two| two[1].at.as_second() - two[0].at.as_second()).collect();
    assert_eq!(waited, [20, 20]);

    let fake = tenant(|_| Reply::new(200, "<html>hello</html>")).await;
    let error = fake.client().who_am_i().await.unwrap_err();
    assert!(matches!(&error, CallError::Malformed { message } if message.contains("authorityUrl")), "{error}");
}
