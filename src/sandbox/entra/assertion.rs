//! Assertions instead of a secret: a JWT that the app signed with its certificate's key, or one that another identity
//! provider issued. Signatures are checked.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::Value;
use uuid::Uuid;

use super::problem::Problem;
use super::world::{App, World};

/// How far the clocks of app and Entra may differ.
const SKEW_SECONDS: i64 = 300;

/// A JWT in its parts, nothing of it checked.
#[derive(Debug)]
struct Jwt<'a> {
    header: Value,
    claims: Value,
    message: &'a [u8],
    signature: Vec<u8>,
}

impl<'a> Jwt<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (message, signature) = text.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let json = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        Some(Self {
            header: json(header)?,
            claims: json(claims)?,
            message: message.as_bytes(),
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    fn claim(&self, name: &str) -> &str {
        self.claims[name].as_str().unwrap_or_default()
    }

    fn algorithm(&self) -> &str {
        self.header["alg"].as_str().unwrap_or_default()
    }

    /// The audience, which may be a list.
    fn is_for(&self, audience: &str) -> bool {
        match &self.claims["aud"] {
            Value::String(one) => one == audience,
            Value::Array(many) => many.iter().any(|one| one == audience),
            _ => false,
        }
    }

    fn in_time(&self, now: Timestamp) -> bool {
        let seconds = |name: &str| self.claims[name].as_i64();
        let now = now.as_second();
        let has_begun = seconds("nbf").is_none_or(|from| from <= now + SKEW_SECONDS);
        has_begun && seconds("exp").is_some_and(|until| until > now - SKEW_SECONDS)
    }
}

/// Checks an assertion for an app; `endpoints` are the URLs of the token endpoint that an app's own JWT may be for.
pub fn check(world: &World, app: &App, client_id: Uuid, text: &str, endpoints: &[String]) -> Result<(), Problem> {
    let jwt = Jwt::read(text).ok_or_else(Problem::malformed_assertion)?;
    let is_own = client_id.to_string().eq_ignore_ascii_case(jwt.claim("iss"));
    if is_own { own(world, app, client_id, &jwt, endpoints) } else { federated(world, app, &jwt) }
}

fn own(world: &World, app: &App, client_id: Uuid, jwt: &Jwt, endpoints: &[String]) -> Result<(), Problem> {
    let thumbprint = |name: &str| jwt.header[name].as_str();
    let certificate = app.certificates.iter().find(|certificate| {
        thumbprint("x5t#S256") == Some(certificate.sha256.as_str())
            || thumbprint("x5t") == Some(certificate.sha1.as_str())
    });
    let certificate =
        certificate.ok_or_else(|| Problem::bad_assertion("the key was not found by its thumbprint among the app's"))?;
    let algorithm = match jwt.algorithm() {
        "PS256" => &RSA_PSS_2048_8192_SHA256,
        "RS256" => &RSA_PKCS1_2048_8192_SHA256,
        other => return Err(Problem::bad_assertion(&format!("the algorithm '{other}' is not supported"))),
    };
    let key = UnparsedPublicKey::new(algorithm, &certificate.rsa_key);
    key.verify(jwt.message, &jwt.signature).map_err(|_| Problem::bad_assertion("the signature is not the key's"))?;
    if !jwt.claim("sub").eq_ignore_ascii_case(&client_id.to_string()) {
        return Err(Problem::assertion_of_another_app());
    }
    if !endpoints.iter().any(|endpoint| jwt.is_for(endpoint)) {
        return Err(Problem::assertion_for_another_audience(&jwt.claims["aud"].to_string()));
    }
    if jwt.in_time(world.clock.now()) { Ok(()) } else { Err(Problem::assertion_out_of_time(world.clock.now())) }
}

fn federated(world: &World, app: &App, jwt: &Jwt) -> Result<(), Problem> {
    let (issuer, subject) = (jwt.claim("iss"), jwt.claim("sub"));
    if app.federations.is_empty() {
        return Err(Problem::no_federation(70_021, "of issuer", issuer));
    }
    let of_issuer: Vec<_> = app.federations.iter().filter(|one| one.issuer == issuer).collect();
    if of_issuer.is_empty() {
        return Err(Problem::no_federation(700_211, "issuer", issuer));
    }
    let of_subject: Vec<_> = of_issuer.into_iter().filter(|one| one.subject == subject).collect();
    if of_subject.is_empty() {
        return Err(Problem::no_federation(700_213, "subject", subject));
    }
    if !of_subject.iter().any(|one| jwt.is_for(&one.audience)) {
        return Err(Problem::no_federation(700_212, "audience", &jwt.claims["aud"].to_string()));
    }
    let id = jwt.header["kid"].as_str();
    let mut keys =
        world.issuers.get(issuer).into_iter().flatten().filter(|key| id.is_none() || key.id.as_deref() == id);
    if !keys.any(|key| key.signed(jwt.algorithm(), jwt.message, &jwt.signature)) {
        return Err(Problem::bad_assertion("no key of the issuer made the signature"));
    }
    if jwt.in_time(world.clock.now()) { Ok(()) } else { Err(Problem::assertion_out_of_time(world.clock.now())) }
}
