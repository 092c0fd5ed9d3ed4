//! From Chargebee's answer to what happens next: one table (chargebee.md §4).

use std::time::Duration;

use super::wire::ErrorBody;
use crate::connectors::http::Answer;

/// What a call that failed comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The credentials, or the site that they are for, are wrong.
    Unauthorized,
    Forbidden,
    NotFound,
    Rejected,
    /// Too many calls; wait as told and try again.
    Busy,
    /// Another writer holds the resource for a moment; nothing to do with quotas.
    Locked,
    /// Out of order for now; try again.
    OutOfOrder,
    /// Out of order for longer than a retry takes.
    Unavailable,
    /// Not Chargebee's interface at all.
    Malformed,
}

/// One line of the table: a status, maybe a code, what it comes to and what mends it.
struct Rule {
    status: u16,
    code: Option<&'static str>,
    verdict: Verdict,
    remedy: &'static str,
}

const fn rule(status: u16, code: Option<&'static str>, verdict: Verdict, remedy: &'static str) -> Rule {
    Rule { status, code, verdict, remedy }
}

const KEY: &str = "put a full-access or read-only API key of this site into the Secret that apiKeySecretRef names";
const RIGHTS: &str =
    "use an API key with read access to all of the site's data, and write access where something flows into Chargebee";
const SITE: &str = "correct spec.chargebee.site, the first part of the site's address in Chargebee";
const BLOCKED: &str = "ask Chargebee's support to lift the block, and lengthen the interval";
const REPORT: &str = "report it to Koppel with this message";
const VALUE: &str = "correct the value of this parameter where it comes from";
const THERE: &str = "it is there already; the next run takes it up as it is";
const SWITCHED_OFF: &str = "switch the feature on in the settings of the Chargebee site";
const LIMIT: &str = "ask Chargebee's support to raise this limit of the site";
const CHANGED: &str = "it was changed in Chargebee meanwhile; the next run decides anew";
const NONE: &str = "";

/// A line with a code outweighs the line of its status.
const TABLE: &[Rule] = &[
    rule(400, None, Verdict::Rejected, REPORT),
    rule(400, Some("param_wrong_value"), Verdict::Rejected, VALUE),
    rule(400, Some("duplicate_entry"), Verdict::Rejected, THERE),
    rule(400, Some("configuration_incompatible"), Verdict::Rejected, SWITCHED_OFF),
    rule(400, Some("resource_limit_exceeded"), Verdict::Rejected, LIMIT),
    rule(400, Some("resource_limit_exhausted"), Verdict::Rejected, LIMIT),
    rule(401, None, Verdict::Unauthorized, KEY),
    rule(403, None, Verdict::Forbidden, RIGHTS),
    rule(403, Some("request_blocked"), Verdict::Forbidden, BLOCKED),
    rule(404, Some("resource_not_found"), Verdict::NotFound, NONE),
    rule(404, Some("site_not_found"), Verdict::Unauthorized, SITE),
    rule(405, None, Verdict::Rejected, REPORT),
    rule(408, None, Verdict::OutOfOrder, NONE),
    rule(409, None, Verdict::Rejected, REPORT),
    rule(409, Some("invalid_state_for_request"), Verdict::Rejected, CHANGED),
    rule(422, None, Verdict::Rejected, REPORT),
    rule(429, None, Verdict::Busy, NONE),
    rule(429, Some("lock_timeout"), Verdict::Locked, NONE),
    rule(500, None, Verdict::OutOfOrder, NONE),
    rule(502, None, Verdict::OutOfOrder, NONE),
    rule(503, None, Verdict::OutOfOrder, NONE),
    rule(503, Some("site_not_ready"), Verdict::Unavailable, "wait until Chargebee has set the site up"),
    rule(504, None, Verdict::OutOfOrder, NONE),
];

/// A call that failed: what it comes to and what to say about it.
#[derive(Clone, Debug)]
pub struct Failure {
    pub verdict: Verdict,
    pub status: u16,
    pub code: Option<String>,
    pub message: String,
    pub retry_after: Option<Duration>,
}

/// What the answer, whose status is no success, comes to.
pub fn classify(answer: &Answer) -> Failure {
    let body: Option<ErrorBody> = serde_json::from_slice(&answer.body).ok();
    let code = body.as_ref().and_then(|body| body.code()).map(str::to_owned);
    let (verdict, remedy) = look_up(answer.status, code.as_deref(), body.is_some());
    let message = message(answer, body.as_ref(), remedy);
    Failure { verdict, status: answer.status, code, message, retry_after: answer.retry_after() }
}

fn look_up(status: u16, code: Option<&str>, is_json: bool) -> (Verdict, &'static str) {
    let of_status = || TABLE.iter().filter(|rule| rule.status == status);
    let by_code = of_status().find(|rule| rule.code.is_some() && rule.code == code);
    if let Some(rule) = by_code.or_else(|| of_status().find(|rule| rule.code.is_none())) {
        return (rule.verdict, rule.remedy);
    }
    match status {
        // Without one of Chargebee's codes, a missing page says nothing about the resource.
        404 if !is_json || code.is_none() => (Verdict::Malformed, SITE),
        404 => (Verdict::NotFound, NONE),
        400..=499 => (Verdict::Rejected, REPORT),
        500..=599 => (Verdict::OutOfOrder, NONE),
        _ => (Verdict::Malformed, SITE),
    }
}

fn message(answer: &Answer, body: Option<&ErrorBody>, remedy: &str) -> String {
    let said = body.and_then(|body| body.message()).map(|text| text.chars().take(300).collect::<String>());
    let said = said.map_or_else(|| foreign(answer), |text| format!("chargebee says \"{}\"", text.trim()));
    let code = body.and_then(|body| body.code()).map_or(String::new(), |code| format!(", {code}"));
    let param = body.and_then(|body| body.param()).map_or(String::new(), |param| format!(", parameter {param}"));
    let remedy = if remedy.is_empty() { String::new() } else { format!("; {remedy}") };
    format!("{said} (HTTP {}{code}{param}){remedy}", answer.status)
}

/// What an answer says that is not one of Chargebee's errors: HTML, text, nothing.
pub fn foreign(answer: &Answer) -> String {
    let excerpt = answer.excerpt();
    if excerpt.is_empty() { "the answer is empty".to_owned() } else { format!("the answer begins with \"{excerpt}\"") }
}
