//! The table from an answer of Exact to what happens next (exact-online.md §4). A business refusal comes as HTTP 500,
//! so that the body decides whether a 5xx is permanent or passing.

use super::errors::BusinessError;
use super::odata;
use crate::connectors::http::{Answer, CallError, TransportError};

/// What a request does, which decides whether it may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// GET.
    Read,
    /// PUT of stated values: twice is as good as once.
    Replace,
    /// DELETE: what is gone already is as good.
    Delete,
    /// POST: never repeated once it may have arrived (I1).
    Create,
}

/// What an exchange came to.
#[derive(Debug)]
pub(super) enum Verdict {
    Good(Answer),
    /// The token is not accepted.
    Unauthorized,
    /// Over a quota; nothing was done.
    Throttled(Answer),
    /// Nothing was done, or doing it again does no harm: worth another try.
    Passing(CallError),
    Final(CallError),
}

/// Whether the vendor counts an answer of `status` against the hourly errors of the endpoint (exact-online.md §2).
pub(super) fn is_counted_error(status: u16) -> bool {
    matches!(status, 400 | 401 | 403 | 404)
}

/// Judges what came of a request of `nature` to `resource`.
pub(super) fn judge(nature: Nature, resource: &str, exchange: Result<Answer, TransportError>) -> Verdict {
    match exchange {
        Ok(answer) => judge_answer(nature, resource, answer),
        Err(TransportError::NotSent(why)) => Verdict::Passing(unavailable(resource, &why)),
        Err(TransportError::Interrupted(why)) => passing(nature, resource, &why),
        Err(error @ TransportError::TooLarge(_)) if nature == Nature::Create => {
            Verdict::Final(outcome_unknown(resource, &error.to_string()))
        }
        Err(error @ TransportError::TooLarge(_)) => {
            let message =
                format!("unable to read the answer of exact online to {resource}: {error}; {}", odata::REMEDY);
            Verdict::Final(CallError::Malformed { message })
        }
    }
}

fn judge_answer(nature: Nature, resource: &str, answer: Answer) -> Verdict {
    match answer.status {
        200..=299 => Verdict::Good(answer),
        401 => Verdict::Unauthorized,
        429 => Verdict::Throttled(answer),
        408 | 502..=504 => passing(nature, resource, &format!("HTTP {}", answer.status)),
        500..=599 => judge_server_error(nature, resource, &answer),
        _ => Verdict::Final(judge_client_error(resource, &answer)),
    }
}

/// 5xx with a sentence is a refusal, unless the sentence is the vendor's own excuse.
fn judge_server_error(nature: Nature, resource: &str, answer: &Answer) -> Verdict {
    let Some(text) = odata::error_text(&answer.body) else {
        return passing(nature, resource, &format!("HTTP {} without a reason", answer.status));
    };
    match BusinessError::of_text(&text) {
        BusinessError::VendorTrouble => passing(nature, resource, &one_line(&text)),
        meaning => Verdict::Final(rejected(resource, answer.status, meaning, &text)),
    }
}

fn judge_client_error(resource: &str, answer: &Answer) -> CallError {
    let text = odata::error_text(&answer.body);
    let said = text.as_deref().map(|text| format!(": {}", one_line(text))).unwrap_or_default();
    match answer.status {
        403 => CallError::Forbidden {
            message: format!(
                "exact online gives no right to {resource}{said}; give the user who consented access to the division and the module"
            ),
        },
        404 => CallError::NotFound { message: format!("exact online has no such {resource}{said}") },
        300..=399 => CallError::Malformed {
            message: format!(
                "exact online answered {resource} with a redirect; check the country or url of the connection"
            ),
        },
        status => match text {
            Some(text) => rejected(resource, status, BusinessError::of_text(&text), &text),
            None => odata::not_the_api(resource, &answer.body, &format!("HTTP {status}")),
        },
    }
}

pub(super) fn rejected(resource: &str, status: u16, meaning: BusinessError, text: &str) -> CallError {
    let message = format!("exact online refused {resource}: {}", one_line(text));
    CallError::Rejected { status, code: Some(meaning.as_str().to_owned()), message }
}

fn passing(nature: Nature, resource: &str, why: &str) -> Verdict {
    match nature {
        Nature::Create => Verdict::Final(outcome_unknown(resource, why)),
        Nature::Read | Nature::Replace | Nature::Delete => Verdict::Passing(unavailable(resource, why)),
    }
}

pub(super) fn unavailable(resource: &str, why: &str) -> CallError {
    CallError::Unavailable { message: format!("exact online did not answer {resource}: {why}") }
}

pub(super) fn outcome_unknown(resource: &str, why: &str) -> CallError {
    CallError::OutcomeUnknown { message: format!("whether exact online carried out {resource} is not known: {why}") }
}

/// Several problems come joined by line ends; a message has one line.
fn one_line(text: &str) -> String {
    let lines = text.split(['\r', '\n']).map(|line| line.trim().trim_end_matches('.')).filter(|line| !line.is_empty());
    let joined = lines.collect::<Vec<_>>().join("; ");
    joined.chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    fn answer(status: u16, body: &str) -> Result<Answer, TransportError> {
        Ok(Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() })
    }

    fn odata_error(text: &str) -> String {
        format!(r#"{{"error":{{"code":"","message":{{"lang":"","value":"{text}"}}}}}}"#)
    }

    fn failed(verdict: Verdict) -> CallError {
        match verdict {
            Verdict::Final(error) | Verdict::Passing(error) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_500_with_a_sentence_is_a_refusal_and_never_repeated() {
        let body = odata_error(r"Periode is afgesloten: 2026-01.\r\nGeblokkeerd: Klant");
        for nature in [Nature::Read, Nature::Replace, Nature::Create] {
            let verdict = judge(nature, "salesentry/SalesEntries", answer(500, &body));
            let Verdict::Final(error) = verdict else { panic!("{verdict:?}") };
            assert_eq!(BusinessError::of(&error), Some(BusinessError::PeriodClosed));
            let expected =
                "exact online refused salesentry/SalesEntries: Periode is afgesloten: 2026-01; Geblokkeerd: Klant";
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn a_5xx_without_a_sentence_is_passing_but_leaves_a_post_unknown() {
        let excuse =
            odata_error("A problem has occurred. The cause of this issue will be investigated as soon as possible.");
        for (status, body) in
            [(500, ""), (500, "<html>"), (503, "<html>"), (502, ""), (504, ""), (500, &excuse), (501, "{}")]
        {
            let verdict = judge(Nature::Read, "x", answer(status, body));
            assert!(matches!(verdict, Verdict::Passing(CallError::Unavailable { .. })), "{status} {body}");
            let verdict = judge(Nature::Create, "x", answer(status, body));
            assert!(matches!(verdict, Verdict::Final(CallError::OutcomeUnknown { .. })), "{status} {body}");
        }
    }

    #[test]
    fn a_503_with_any_body_is_passing() {
        let body = odata_error("Periode is afgesloten: 2026-01");
        assert!(matches!(judge(Nature::Read, "x", answer(503, &body)), Verdict::Passing(_)));
    }

    #[test]
    fn transport_trouble_tells_whether_a_post_may_have_arrived() {
        let not_sent = || Err(TransportError::NotSent("refused".into()));
        let cut = || Err(TransportError::Interrupted("reset".into()));
        let large = || Err(TransportError::TooLarge(1));
        assert!(matches!(judge(Nature::Create, "x", not_sent()), Verdict::Passing(CallError::Unavailable { .. })));
        assert!(matches!(judge(Nature::Create, "x", cut()), Verdict::Final(CallError::OutcomeUnknown { .. })));
        assert!(matches!(judge(Nature::Create, "x", large()), Verdict::Final(CallError::OutcomeUnknown { .. })));
        assert!(matches!(judge(Nature::Read, "x", cut()), Verdict::Passing(_)));
        assert!(matches!(judge(Nature::Read, "x", large()), Verdict::Final(CallError::Malformed { .. })));
    }

    #[test]
    fn client_errors_by_status() {
        let error = |status, body: &str| failed(judge(Nature::Create, "x", answer(status, body)));
        assert!(matches!(error(403, ""), CallError::Forbidden { .. }));
        assert!(matches!(error(404, "<html>"), CallError::NotFound { .. }));
        assert!(matches!(error(302, ""), CallError::Malformed { .. }));
        assert!(matches!(error(400, "<html>"), CallError::Malformed { .. }));
        let refused = error(400, &odata_error("Error in query syntax at position 3"));
        assert_eq!(BusinessError::of(&refused), Some(BusinessError::RequestInvalid));
        assert!([400, 401, 403, 404].into_iter().all(is_counted_error));
        assert!(![200, 302, 429, 500].into_iter().any(is_counted_error));
    }
}
