//! From Entra ID's answer to what happens next: one table (dynamics365.md §1.2). The word in `error` decides; the number
//! of the message only makes the remedy more exact, as Microsoft asks programs to do.

use std::time::Duration;

use serde::Deserialize;

use crate::connectors::http::Answer;

/// What an answer without a token comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The app or its credential is wrong; a person must act.
    Unauthorized,
    /// A policy of the tenant keeps the app out.
    Forbidden,
    /// Passing trouble: again, after the told wait.
    Passing,
    /// Nothing that the endpoint answers.
    Odd,
}

/// An answer without a token.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub outcome: Outcome,
    /// The proof was outside its time: made or read anew, it may pass.
    pub out_of_time: bool,
    /// The word, and the number where there is one.
    pub said: String,
    /// Names `{client}`, `{tenant}` and `{organization}` by these marks.
    pub remedy: &'static str,
    pub retry_after: Option<Duration>,
}

/// One line: the word, maybe the number, what it comes to, what mends it.
type Line = (&'static str, Option<u32>, Outcome, &'static str);

const SECRET: &str = "put the value (not the id) of a secret of app {client} into the Secret as clientSecret";
const EXPIRED: &str = "the secret of app {client} has expired; make a new one in Entra ID and put its value into the Secret as clientSecret";
const NO_APP: &str = "no app {client} is registered in tenant {tenant}; check clientId and tenantId";
const CERTIFICATE: &str =
    "upload the certificate to app {client} in Entra ID, or put the registered one into the Secret";
const TIME: &str = "check this machine's clock, and that the federated token file is kept fresh";
const FEDERATED: &str = "give app {client} a federated credential with this cluster's issuer, the subject \
     system:serviceaccount:<namespace>:<name> of the worker and the audience api://AzureADTokenExchange; a new one takes some minutes";
const TENANT: &str = "there is no tenant {tenant}; check tenantId, and authorityUrl in a sovereign cloud";
const ORGANIZATION: &str =
    "tenant {tenant} knows no organization at {organization}; check organizationUrl and tenantId";
const POLICY: &str =
    "a Conditional Access policy of tenant {tenant} blocks app {client}; let it in from where Koppel runs";
const CHECK: &str = "check clientId {client}, tenantId {tenant} and the credential in the Secret";
const AUTHORITY: &str = "check authorityUrl, and the proxy if there is one";

/// A line with a number outweighs the line of its word; numbers stand under each word that is seen with them.
const TABLE: &[Line] = &[
    ("invalid_client", None, Outcome::Unauthorized, CHECK),
    ("invalid_client", Some(7_000_215), Outcome::Unauthorized, SECRET),
    ("invalid_client", Some(7_000_222), Outcome::Unauthorized, EXPIRED),
    ("invalid_client", Some(700_027), Outcome::Unauthorized, CERTIFICATE),
    ("invalid_client", Some(OUT_OF_TIME), Outcome::Unauthorized, TIME),
    ("invalid_client", Some(70_021), Outcome::Unauthorized, FEDERATED),
    ("invalid_client", Some(700_211), Outcome::Unauthorized, FEDERATED),
    ("invalid_client", Some(700_212), Outcome::Unauthorized, FEDERATED),
    ("invalid_client", Some(700_213), Outcome::Unauthorized, FEDERATED),
    ("invalid_request", None, Outcome::Unauthorized, CHECK),
    ("invalid_request", Some(OUT_OF_TIME), Outcome::Unauthorized, TIME),
    ("invalid_request", Some(70_021), Outcome::Unauthorized, FEDERATED),
    ("invalid_request", Some(700_211), Outcome::Unauthorized, FEDERATED),
    ("invalid_request", Some(700_212), Outcome::Unauthorized, FEDERATED),
    ("invalid_request", Some(700_213), Outcome::Unauthorized, FEDERATED),
    ("invalid_request", Some(90_002), Outcome::Unauthorized, TENANT),
    ("unauthorized_client", None, Outcome::Unauthorized, NO_APP),
    ("invalid_resource", None, Outcome::Unauthorized, ORGANIZATION),
    ("invalid_target", None, Outcome::Unauthorized, ORGANIZATION),
    ("invalid_scope", None, Outcome::Unauthorized, ORGANIZATION),
    ("invalid_grant", None, Outcome::Forbidden, POLICY),
    ("access_denied", None, Outcome::Forbidden, POLICY),
    ("interaction_required", None, Outcome::Forbidden, POLICY),
    ("temporarily_unavailable", None, Outcome::Passing, ""),
    ("server_error", None, Outcome::Passing, ""),
];
const OUT_OF_TIME: u32 = 700_024;

#[derive(Deserialize)]
struct Body {
    error: String,
    #[serde(default)]
    error_codes: Vec<u32>,
}

/// What `answer`, which holds no token, comes to. Nothing of the vendor's sentence is repeated: it may quote what was sent.
pub(super) fn judge(answer: &Answer) -> Refusal {
    let retry_after = answer.retry_after();
    let body = serde_json::from_slice::<Body>(&answer.body).ok();
    let number = body.as_ref().and_then(|body| body.error_codes.first().copied());
    let known = body.as_ref().and_then(|body| look_up(&body.error, number));
    let (outcome, remedy) = match (answer.status, known) {
        (429 | 500.., _) => (Outcome::Passing, ""),
        (_, Some((_, _, outcome, remedy))) => (*outcome, *remedy),
        (_, None) => (Outcome::Odd, AUTHORITY),
    };
    let said = match (known, number) {
        (Some((word, ..)), Some(number)) => format!("{word}, AADSTS{number}"),
        (Some((word, ..)), None) => (*word).to_owned(),
        (None, Some(number)) => format!("HTTP {}, AADSTS{number}", answer.status),
        (None, None) => format!("HTTP {}", answer.status),
    };
    let out_of_time = outcome == Outcome::Unauthorized && number == Some(OUT_OF_TIME);
    Refusal { outcome, out_of_time, said, remedy, retry_after }
}

fn look_up(word: &str, number: Option<u32>) -> Option<&'static Line> {
    let of_word = || TABLE.iter().filter(|line| line.0 == word);
    of_word().find(|line| line.1.is_some() && line.1 == number).or_else(|| of_word().find(|line| line.1.is_none()))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;
    use rstest::rstest;

    use super::*;

    fn judged(status: u16, body: &str) -> Refusal {
        judge(&Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() })
    }

    fn body(word: &str, number: u32) -> String {
        format!(r#"{{"error":"{word}","error_description":"AADSTS{number}: hunter2","error_codes":[{number}]}}"#)
    }

    #[rstest]
    #[case(401, "invalid_client", 7_000_215, Outcome::Unauthorized, SECRET)]
    #[case(401, "invalid_client", 7_000_222, Outcome::Unauthorized, EXPIRED)]
    #[case(400, "unauthorized_client", 700_016, Outcome::Unauthorized, NO_APP)]
    #[case(401, "invalid_client", 700_027, Outcome::Unauthorized, CERTIFICATE)]
    #[case(401, "invalid_client", 700_024, Outcome::Unauthorized, TIME)]
    #[case(400, "invalid_request", 70_021, Outcome::Unauthorized, FEDERATED)]
    #[case(401, "invalid_client", 700_213, Outcome::Unauthorized, FEDERATED)]
    #[case(400, "invalid_request", 90_002, Outcome::Unauthorized, TENANT)]
    #[case(400, "invalid_resource", 500_011, Outcome::Unauthorized, ORGANIZATION)]
    #[case(400, "invalid_scope", 70_011, Outcome::Unauthorized, ORGANIZATION)]
    #[case(400, "invalid_grant", 53_003, Outcome::Forbidden, POLICY)]
    #[case(400, "access_denied", 53_003, Outcome::Forbidden, POLICY)]
    #[case(400, "temporarily_unavailable", 90_033, Outcome::Passing, "")]
    #[case(400, "invalid_client", 1, Outcome::Unauthorized, CHECK)]
    #[case(429, "invalid_client", 1, Outcome::Passing, "")]
    #[case(400, "teapot", 1, Outcome::Odd, AUTHORITY)]
    fn the_word_decides_and_the_number_refines(
        #[case] status: u16,
        #[case] word: &str,
        #[case] number: u32,
        #[case] outcome: Outcome,
        #[case] remedy: &str,
    ) {
        let refusal = judged(status, &body(word, number));
        assert_eq!((refusal.outcome, refusal.remedy), (outcome, remedy));
        assert_eq!(refusal.out_of_time, number == OUT_OF_TIME);
        assert!(!refusal.said.contains("hunter2"));
    }

    #[test]
    fn what_is_no_error_of_oauth_is_odd_or_passing() {
        assert_eq!(judged(503, "<html>").outcome, Outcome::Passing);
        assert_eq!(judged(404, "<html>").outcome, Outcome::Odd);
        assert_eq!(judged(200, "{}").outcome, Outcome::Odd);
    }
}
