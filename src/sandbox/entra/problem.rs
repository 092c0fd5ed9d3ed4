//! What the token endpoint refuses, in Entra's numbers and its words for programs.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

/// A refusal: programs branch on `error`, people read the number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub number: u32,
    pub error: &'static str,
    pub status: u16,
    pub text: String,
}

impl Problem {
    fn new(number: u32, error: &'static str, text: impl Into<String>) -> Self {
        let status = if error == "invalid_client" { 401 } else { 400 };
        Self { number, error, status, text: text.into() }
    }

    pub fn missing(parameter: &str) -> Self {
        let text = format!("The request body must contain the following parameter: '{parameter}'.");
        Self::new(900_144, "invalid_request", text)
    }

    pub fn unsupported_grant(grant: &str) -> Self {
        Self::new(70_003, "unsupported_grant_type", format!("The app requested an unsupported grant type '{grant}'."))
    }

    pub fn unknown_tenant(name: &str) -> Self {
        Self::new(
            90_002,
            "invalid_request",
            format!("Tenant '{name}' not found. Check to make sure you have the correct tenant ID."),
        )
    }

    pub fn unknown_app(id: &str, tenant: Uuid) -> Self {
        let text = format!("Application with identifier '{id}' was not found in the directory '{tenant}'.");
        Self::new(700_016, "unauthorized_client", text)
    }

    pub fn no_credential() -> Self {
        let text = "'client_assertion' or 'client_secret' is required for the 'client_credentials' grant type.";
        Self::new(7_000_218, "invalid_client", text)
    }

    pub fn wrong_secret(id: Uuid) -> Self {
        let text = format!("Invalid client secret provided for app '{id}'. Send the secret value, not the secret ID.");
        Self::new(7_000_215, "invalid_client", text)
    }

    pub fn expired_secret(id: Uuid) -> Self {
        Self::new(7_000_222, "invalid_client", format!("The provided client secret keys for app '{id}' are expired."))
    }

    pub fn bad_assertion(why: &str) -> Self {
        Self::new(700_027, "invalid_client", format!("Client assertion failed signature validation: {why}."))
    }

    pub fn malformed_assertion() -> Self {
        Self::new(50_027, "invalid_request", "JWT token is invalid or malformed.")
    }

    pub fn assertion_out_of_time(now: Timestamp) -> Self {
        let text = format!("Client assertion is not within its valid time range. Current time: {now}.");
        Self::new(700_024, "invalid_client", text)
    }

    pub fn assertion_for_another_audience(audience: &str) -> Self {
        let text = format!("Client assertion audience claim '{audience}' does not match Realm issuer.");
        Self::new(700_023, "invalid_client", text)
    }

    pub fn assertion_of_another_app() -> Self {
        let text = "The client_assertion application identifier does not match the client_id parameter.";
        Self::new(700_021, "invalid_client", text)
    }

    pub fn no_federation(number: u32, what: &str, value: &str) -> Self {
        let text = format!("No matching federated identity record found for presented assertion {what} '{value}'.");
        Self::new(number, "invalid_client", text)
    }

    pub fn malformed_scope(scope: &str) -> Self {
        let text =
            format!("The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid.");
        Self::new(70_011, "invalid_scope", text)
    }

    pub fn unknown_resource(resource: &str, domain: &str) -> Self {
        let text = format!("The resource principal named {resource} was not found in the tenant named {domain}.");
        Self::new(500_011, "invalid_resource", text)
    }

    pub fn temporarily_unavailable() -> Self {
        let text = "A transient error has occurred. Please try again.";
        Self { status: 503, ..Self::new(90_033, "temporarily_unavailable", text) }
    }

    pub fn throttled() -> Self {
        let text = "Server terminated the operation because it encountered a client request rate limit.";
        Self { status: 429, ..Self::new(90_055, "temporarily_unavailable", text) }
    }

    /// Blocked by Conditional Access for workload identities.
    pub fn blocked() -> Self {
        Self::new(53_003, "invalid_grant", "Access has been blocked by Conditional Access policies.")
    }

    /// The answer's body; `authority` is scheme and host as the client used them.
    pub fn body(&self, authority: &str, now: Timestamp) -> Value {
        let (trace, correlation) = (Uuid::new_v4(), Uuid::new_v4());
        let timestamp = now.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let Self { number, error, text, .. } = self;
        json!({
            "error": error,
            "error_description": format!(
                "AADSTS{number}: {text}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {timestamp}"
            ),
            "error_codes": [number],
            "timestamp": timestamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("{authority}/error?code={number}"),
        })
    }
}
