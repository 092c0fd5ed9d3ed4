//! Assertions instead of a secret: signed by a certificate's key, or issued by another identity provider (1.1, 1.3).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use koppel::sandbox::dynamics::{CLIENT_ID, DOMAIN, TENANT};
use koppel::sandbox::entra::FederatedCredential;
use rcgen::{CertificateParams, KeyPair};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::sandbox_dataverse::support::{Harness, Reply};

/// A key of the tests alone.
const APP_KEY: &str = include_str!("app-key.pem");
const ISSUER: &str = "https://oidc.cluster.example";
const SUBJECT: &str = "system:serviceaccount:wolkwerk:koppel";
const AUDIENCE: &str = "api://AzureADTokenExchange";

/// An app's key with its certificate.
struct Signer {
    key: RsaKeyPair,
    pem: String,
    der: Vec<u8>,
}

impl Signer {
    fn new() -> Self {
        let pair = KeyPair::from_pem(APP_KEY).expect("a key");
        let certificate = CertificateParams::new(vec!["koppel".to_owned()])
            .expect("names")
            .self_signed(&pair)
            .expect("a certificate");
        let key = RsaKeyPair::from_pkcs8(&pair.serialize_der()).expect("an RSA key");
        Self { key, pem: certificate.pem(), der: certificate.der().to_vec() }
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let padding: &dyn ring::signature::RsaEncoding =
            if header["alg"] == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key.sign(padding, &SystemRandom::new(), message.as_bytes(), &mut signature).expect("a signature");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn header(&self, algorithm: &str) -> Value {
        json!({"alg": algorithm, "typ": "JWT", "x5t#S256": URL_SAFE_NO_PAD.encode(digest(&SHA256, &self.der))})
    }

    /// The public key as a cluster publishes it.
    fn jwks(&self) -> Value {
        use ring::rsa::PublicKeyComponents;
        let parts: PublicKeyComponents<Vec<u8>> = self.key.public().into();
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({"keys": [{"kty": "RSA", "kid": "one", "use": "sig", "n": text(&parts.n), "e": text(&parts.e)}]})
    }
}

fn claims(harness: &Harness) -> Value {
    let now = harness.clock.now().as_second();
    json!({
        "aud": format!("{}/{TENANT}/oauth2/v2.0/token", harness.entra()), "iss": CLIENT_ID, "sub": CLIENT_ID,
        "jti": Uuid::new_v4(), "nbf": now, "iat": now, "exp": now + 300,
    })
}

async fn exchange(harness: &Harness, assertion: &str) -> Reply {
    let (id, scope) = (CLIENT_ID.to_string(), format!("{}/.default", harness.url));
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("scope", scope.as_str()),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
    ];
    harness.ask_token(&TENANT.to_string(), &form).await
}

fn number(reply: &Reply) -> u64 {
    reply.json()["error_codes"][0].as_u64().unwrap_or_else(|| panic!("no refusal: {} {}", reply.status, reply.text))
}

#[tokio::test]
async fn a_certificate_s_key_signs_by_both_algorithms_and_is_found_by_either_thumbprint() {
    let harness = Harness::start().await;
    let signer = Signer::new();
    harness.dynamics.entra.add_certificate(TENANT, CLIENT_ID, &signer.pem).expect("a certificate");
    for algorithm in ["PS256", "RS256"] {
        exchange(&harness, &signer.sign(&signer.header(algorithm), &claims(&harness))).await.is(200);
    }
    let by_sha1 = json!({"alg": "PS256", "typ": "JWT", "x5t": URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &signer.der))});
    exchange(&harness, &signer.sign(&by_sha1, &claims(&harness))).await.is(200);
    let mut by_domain = claims(&harness);
    by_domain["aud"] = json!(format!("{}/{DOMAIN}/oauth2/v2.0/token", harness.entra()));
    exchange(&harness, &signer.sign(&by_sha1, &by_domain)).await.is(200);
}

#[tokio::test]
async fn every_part_of_a_certificate_s_assertion_is_checked() {
    let harness = Harness::start().await;
    let signer = Signer::new();
    let good = signer.sign(&signer.header("PS256"), &claims(&harness));
    assert_eq!(number(&exchange(&harness, &good).await), 700_027, "the certificate is not registered");
    harness.dynamics.entra.add_certificate(TENANT, CLIENT_ID, &signer.pem).expect("a certificate");
    let with = |name: &str, value: Value| {
        let mut claims = claims(&harness);
        claims[name] = value;
        signer.sign(&signer.header("PS256"), &claims)
    };
    let now = harness.clock.now().as_second();
    for (assertion, expected) in [
        (with("aud", json!("https://elsewhere.example/token")), 700_023),
        (with("sub", json!(Uuid::new_v4())), 700_021),
        (with("exp", json!(now - 301)), 700_024),
        (with("nbf", json!(now + 301)), 700_024),
        (with("exp", Value::Null), 700_024),
        (signer.sign(&json!({"alg": "PS256", "x5t#S256": "nonsense"}), &claims(&harness)), 700_027),
        (signer.sign(&signer.header("none"), &claims(&harness)), 700_027),
        ("nonsense".to_owned(), 50_027),
    ] {
        let refused = exchange(&harness, &assertion).await;
        assert_eq!(number(&refused), expected, "{}", refused.text);
    }
    let (message, signature) = good.rsplit_once('.').expect("a signature");
    let other = with("jti", json!("other"));
    let swapped = format!("{message}.{}", other.rsplit_once('.').expect("a signature").1);
    let refused = exchange(&harness, &swapped).await;
    assert_eq!((refused.status, number(&refused)), (401, 700_027), "a signature of something else");
    assert_ne!(signature, other.rsplit_once('.').expect("a signature").1);
    assert!(harness.dynamics.entra.add_certificate(TENANT, CLIENT_ID, "nonsense").is_err());
}

#[tokio::test]
async fn a_token_of_another_issuer_stands_for_the_app() {
    let harness = Harness::start().await;
    let (signer, entra) = (Signer::new(), &harness.dynamics.entra);
    let now = harness.clock.now().as_second();
    let header = json!({"alg": "RS256", "kid": "one"});
    let token = |changes: Value| {
        let mut claims =
            json!({"iss": ISSUER, "sub": SUBJECT, "aud": [AUDIENCE], "iat": now, "nbf": now, "exp": now + 3600});
        if let (Value::Object(all), Value::Object(changes)) = (&mut claims, changes) {
            all.extend(changes);
        }
        signer.sign(&header, &claims)
    };
    let good = token(json!({}));
    assert_eq!(number(&exchange(&harness, &good).await), 70_021);
    entra.add_federated_credential(TENANT, CLIENT_ID, FederatedCredential::new(ISSUER, SUBJECT));
    assert_eq!(number(&exchange(&harness, &good).await), 700_027, "the issuer's keys are not known");
    entra.set_issuer_keys(ISSUER, &signer.jwks()).expect("keys");
    exchange(&harness, &good).await.is(200);
    exchange(&harness, &token(json!({"aud": AUDIENCE}))).await.is(200);
    for (changes, expected) in [
        (json!({"iss": "https://other.example"}), 700_211),
        (json!({"aud": ["https://kubernetes.default.svc"]}), 700_212),
        (json!({"sub": "system:serviceaccount:wolkwerk:other"}), 700_213),
        (json!({"exp": now - 301}), 700_024),
    ] {
        assert_eq!(number(&exchange(&harness, &token(changes)).await), expected);
    }
    let other_key = signer.sign(
        &json!({"alg": "RS256", "kid": "two"}),
        &json!({"iss": ISSUER, "sub": SUBJECT, "aud": AUDIENCE, "exp": now + 60}),
    );
    assert_eq!(number(&exchange(&harness, &other_key).await), 700_027);
    assert_eq!(
        number(&exchange(&harness, &format!("{good}\n")).await),
        50_027,
        "a line end is a part of the assertion"
    );
    entra.remove_credentials(TENANT, CLIENT_ID);
    assert_eq!(number(&exchange(&harness, &good).await), 70_021);
}

#[tokio::test]
async fn keys_of_the_curve_p_256_are_known_too() {
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    let harness = Harness::start().await;
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).expect("a key");
    let point = key.public_key().as_ref();
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let jwks = json!({"keys": [{"kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..])}]});
    harness.dynamics.entra.set_issuer_keys(ISSUER, &jwks).expect("keys");
    harness.dynamics.entra.add_federated_credential(TENANT, CLIENT_ID, FederatedCredential::new(ISSUER, SUBJECT));
    let now = harness.clock.now().as_second();
    let claims = json!({"iss": ISSUER, "sub": SUBJECT, "aud": AUDIENCE, "exp": now + 60});
    let message =
        format!("{}.{}", text(json!({"alg": "ES256"}).to_string().as_bytes()), text(claims.to_string().as_bytes()));
    let signature = key.sign(&random, message.as_bytes()).expect("a signature");
    exchange(&harness, &format!("{message}.{}", text(signature.as_ref()))).await.is(200);
    let unknown = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA"}]});
    assert!(harness.dynamics.entra.set_issuer_keys(ISSUER, &unknown).is_err());
}
