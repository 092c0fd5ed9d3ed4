//! From an exchange with Dataverse to what happens next.

use std::time::Duration;

use serde::Deserialize;

use super::errors::{DataverseError, Next, code_number};
use crate::connectors::http::{Answer, CallError, TransportError};

/// Longest part of the vendor's own words that a message repeats.
const SAID_LENGTH_MAX: usize = 400;

/// What a request does, which decides whether it may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    Read,
    /// Twice is as good as once: PATCH and UpsertMultiple by key, PUT, DELETE.
    Idempotent,
    /// POST: never repeated once it may have arrived.
    Create,
}

/// What an exchange came to.
#[derive(Debug)]
pub(super) enum Verdict {
    Good(Answer),
    /// The token is not accepted.
    Unauthorized,
    /// Over a limit: nothing was done, and everybody waits.
    Throttled(Throttle),
    /// Another customization is running: nothing was done.
    Locked {
        told: Option<Duration>,
        error: CallError,
    },
    /// Nothing was done, or doing it again does no harm.
    Passing {
        told: Option<Duration>,
        error: CallError,
    },
    Final(CallError),
}

/// Which limit was met, in the vendor's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Throttle {
    pub facet: DataverseError,
    pub told: Option<Duration>,
    /// The limit that the message states.
    pub limit: Option<u64>,
}

/// The body of an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Problem {
    pub code: Option<u32>,
    pub message: String,
}

impl Problem {
    /// The problem that `body` states; empty where it states none.
    pub fn of(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Body {
            error: Inner,
        }
        #[derive(Deserialize)]
        struct Inner {
            #[serde(default)]
            code: String,
            #[serde(default)]
            message: String,
        }
        let body = serde_json::from_slice::<Body>(body);
        body.map_or_else(
            |_| Self::default(),
            |body| Self { code: code_number(&body.error.code), message: body.error.message },
        )
    }

    /// As a part of a message: `: {the vendor's words} (HTTP 400, 0x80040217)`.
    pub fn told(&self, status: u16) -> String {
        let line = self.message.split_whitespace().collect::<Vec<_>>().join(" ");
        let said: String = line.trim_end_matches('.').chars().take(SAID_LENGTH_MAX).collect();
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        let code = self.code.map_or(String::new(), |code| format!(", {code:#010x}"));
        format!("{said} (HTTP {status}{code})")
    }

    /// The first number after `limit of`, with its thousands: what a limit really is.
    fn limit(&self) -> Option<u64> {
        let rest = self.message.split("limit of ").nth(1)?;
        let digits: String = rest.chars().take_while(|letter| letter.is_ascii_digit() || *letter == ',').collect();
        digits.replace(',', "").parse().ok()
    }
}

/// Judges what came of a request of `nature` to `resource`.
pub(super) fn judge(nature: Nature, resource: &str, exchange: Result<Answer, TransportError>) -> Verdict {
    match exchange {
        Ok(answer) => judge_answer(nature, resource, answer),
        Err(TransportError::NotSent(why)) => Verdict::Passing { told: None, error: unavailable(resource, &why) },
        Err(TransportError::Interrupted(why)) => passing(nature, resource, &why, None),
        Err(error @ TransportError::TooLarge(_)) if nature == Nature::Create => {
            Verdict::Final(outcome_unknown(resource, &error.to_string()))
        }
        Err(error @ TransportError::TooLarge(_)) => {
            let message = format!("unable to read the answer of dynamics 365 to {resource}: {error}");
            Verdict::Final(CallError::Malformed { message })
        }
    }
}

fn judge_answer(nature: Nature, resource: &str, answer: Answer) -> Verdict {
    let (status, told) = (answer.status, answer.retry_after());
    match status {
        200..=299 if is_page(&answer) => return page(nature, resource, status),
        200..=299 => return Verdict::Good(answer),
        300..=399 => return Verdict::Final(not_the_api(resource, &format!("a redirect (HTTP {status})"))),
        401 => return Verdict::Unauthorized,
        // A gateway's answer: whether the request went through it is not known.
        408 | 502..=504 => return passing(nature, resource, &format!("HTTP {status}"), told),
        _ => {}
    }
    let problem = Problem::of(&answer.body);
    let meaning = DataverseError::of_answer(status, problem.code);
    match meaning.next() {
        Next::Throttled => Verdict::Throttled(Throttle { facet: meaning, told, limit: problem.limit() }),
        Next::Locked => Verdict::Locked { told, error: refused(resource, status, meaning, &problem) },
        // The service itself says that its transaction failed; only a bare 500 leaves a creation open.
        Next::Again if problem.code.is_some() => {
            Verdict::Passing { told, error: unavailable(resource, problem.told(status).trim_start_matches([':', ' '])) }
        }
        Next::Again => passing(nature, resource, &format!("HTTP {status} without a reason"), told),
        Next::Refuse | Next::Missing | Next::Stall | Next::Smaller if is_foreign(&answer, &problem) => {
            Verdict::Final(not_the_api(resource, &format!("HTTP {status} without one of its errors")))
        }
        _ => Verdict::Final(refused(resource, status, meaning, &problem)),
    }
}

/// A page for people, such as a proxy's for signing in: whatever its status says, nothing was carried out for us.
fn is_page(answer: &Answer) -> bool {
    answer.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<')
}

fn page(nature: Nature, resource: &str, status: u16) -> Verdict {
    let what = format!("a page (HTTP {status})");
    Verdict::Final(match nature {
        Nature::Create => outcome_unknown(resource, &what),
        Nature::Read | Nature::Idempotent => not_the_api(resource, &what),
    })
}

/// An answer of something else, such as a proxy: it says nothing about the resource.
fn is_foreign(answer: &Answer, problem: &Problem) -> bool {
    problem.code.is_none() && problem.message.is_empty() && answer.status != 413
}

/// The error of a request that was understood and not carried out.
pub(super) fn refused(resource: &str, status: u16, meaning: DataverseError, problem: &Problem) -> CallError {
    let told = problem.told(status);
    match meaning.next() {
        Next::Stall => CallError::Forbidden {
            message: format!("dynamics 365 gives no right to {resource}{told}; {}", meaning.remedy()),
        },
        Next::Missing if matches!(meaning, DataverseError::ResourceUnknown) => {
            CallError::NotFound { message: format!("dynamics 365 has no {resource}{told}; {}", meaning.remedy()) }
        }
        _ => CallError::Rejected {
            status,
            code: Some(meaning.as_str().to_owned()),
            message: format!("dynamics 365 refused {resource}{told}"),
        },
    }
}

fn passing(nature: Nature, resource: &str, why: &str, told: Option<Duration>) -> Verdict {
    match nature {
        Nature::Create => Verdict::Final(outcome_unknown(resource, why)),
        Nature::Read | Nature::Idempotent => Verdict::Passing { told, error: unavailable(resource, why) },
    }
}

pub(super) fn unavailable(resource: &str, why: &str) -> CallError {
    CallError::Unavailable { message: format!("dynamics 365 did not answer {resource}: {why}") }
}

pub(super) fn not_the_api(resource: &str, what: &str) -> CallError {
    let message = format!(
        "dynamics 365 answered {resource} with {what} and not as its API does; check organizationUrl, and the proxy if there is one"
    );
    CallError::Malformed { message }
}

fn outcome_unknown(resource: &str, why: &str) -> CallError {
    CallError::OutcomeUnknown { message: format!("whether dynamics 365 carried out {resource} is not known: {why}") }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderValue};

    use super::*;

    fn answer(status: u16, body: &str) -> Result<Answer, TransportError> {
        Ok(Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() })
    }

    fn problem(code: &str, message: &str) -> String {
        serde_json::json!({"error": {"code": code, "message": message}}).to_string()
    }

    #[test]
    fn a_gateways_trouble_leaves_a_creation_unknown_and_all_else_worth_another_try() {
        for exchange in [
            || answer(503, "<html>"),
            || answer(502, ""),
            || answer(500, ""),
            || Err(TransportError::Interrupted("reset".into())),
        ] {
            assert!(matches!(judge(Nature::Create, "x", exchange()), Verdict::Final(CallError::OutcomeUnknown { .. })));
            assert!(matches!(judge(Nature::Idempotent, "x", exchange()), Verdict::Passing { .. }));
            assert!(matches!(judge(Nature::Read, "x", exchange()), Verdict::Passing { .. }));
        }
        let not_sent = judge(Nature::Create, "x", Err(TransportError::NotSent("refused".into())));
        assert!(matches!(not_sent, Verdict::Passing { .. }));
    }

    #[test]
    fn a_deadlock_was_rolled_back_and_may_be_tried_again() {
        let body = problem("0x80044150", "Generic SQL error. Sql Number: 1205");
        assert!(matches!(judge(Nature::Create, "x", answer(500, &body)), Verdict::Passing { .. }));
    }

    #[test]
    fn the_real_limit_is_read_from_the_words() {
        let mut throttled = answer(429, &problem("0x80072321", "Combined execution time of incoming requests exceeded limit of 1,200,000 milliseconds over time window of 300 seconds.")).unwrap();
        throttled.headers.insert("retry-after", HeaderValue::from_static("17"));
        let Verdict::Throttled(throttle) = judge(Nature::Create, "x", Ok(throttled)) else { panic!() };
        assert_eq!(
            throttle,
            Throttle {
                facet: DataverseError::TimeThrottled,
                told: Some(Duration::from_secs(17)),
                limit: Some(1_200_000)
            }
        );
        let body =
            problem("0x80072322", "Number of requests exceeded the limit of 8000 over time window of 300 seconds.");
        let Verdict::Throttled(throttle) = judge(Nature::Read, "x", answer(429, &body)) else { panic!() };
        assert_eq!(throttle.limit, Some(8_000));
    }

    #[test]
    fn a_refusal_says_who_said_what() {
        let body = problem(
            "0x80044331",
            "A validation error occurred. The length of the 'name' attribute exceeded the maximum allowed length of '160'.",
        );
        let Verdict::Final(error) = judge(Nature::Idempotent, "cb_customers", answer(400, &body)) else { panic!() };
        assert_eq!(DataverseError::of(&error), Some(DataverseError::TextTooLong));
        let told = error.to_string();
        assert!(
            told.starts_with("dynamics 365 refused cb_customers: A validation error")
                && told.ends_with("'160' (HTTP 400, 0x80044331)"),
            "{told}"
        );
    }

    #[test]
    fn a_page_is_no_success() {
        let page = || answer(200, "\n<!DOCTYPE html><title>Sign in</title>");
        for nature in [Nature::Read, Nature::Idempotent] {
            assert!(matches!(judge(nature, "x", page()), Verdict::Final(CallError::Malformed { .. })));
        }
        assert!(matches!(judge(Nature::Create, "x", page()), Verdict::Final(CallError::OutcomeUnknown { .. })));
        for body in ["", "{}", "--batchresponse_1"] {
            assert!(matches!(judge(Nature::Create, "x", answer(200, body)), Verdict::Good(_)));
        }
    }

    #[test]
    fn an_answer_of_something_else_is_no_refusal() {
        for (status, body) in [(404, "<html>"), (403, "blocked"), (302, ""), (400, "")] {
            let verdict = judge(Nature::Read, "x", answer(status, body));
            assert!(matches!(verdict, Verdict::Final(CallError::Malformed { .. })), "{status} {verdict:?}");
        }
        assert!(matches!(judge(Nature::Idempotent, "x", answer(413, "")), Verdict::Final(CallError::Rejected { .. })));
    }
}
