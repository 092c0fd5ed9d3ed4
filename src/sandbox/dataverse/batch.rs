//! `$batch`: many requests in one, change sets of which are atomic.

use std::collections::HashSet;

use uuid::Uuid;

use super::answer::Answer;
use super::call::{Call, Context, Query};
use super::dispatch::{self, Done};
use super::failure::{Failure, Outcome};
use super::multipart::{self, Part};
use super::org::Org;
use super::path;

/// The most requests of a batch.
const MOST: usize = 1000;

/// A request of a batch, or an atomic group of them.
enum Item {
    Single(Box<Call>),
    ChangeSet(Vec<(String, Call)>),
}

/// Answers a batch. Without `odata.continue-on-error` the first failure ends it, and its status is the outer one.
pub fn answer(org: &mut Org, context: &Context, call: &Call) -> Outcome<Done> {
    if call.method != "POST" {
        return Err(dispatch::wrong_method(call));
    }
    let boundary = multipart::boundary(call.header("content-type").unwrap_or_default())
        .ok_or_else(|| Failure::query("The content type of a batch is multipart/mixed with a boundary."))?;
    let parts = multipart::split(&call.body, &boundary)?;
    let items: Vec<Item> = parts.iter().map(|part| item(call, part)).collect::<Outcome<_>>()?;
    let requests = |item: &Item| if let Item::ChangeSet(calls) = item { calls.len() } else { 1 };
    let count: usize = items.iter().map(requests).sum();
    if count > MOST {
        return Err(Failure::query(format!("The batch has {count} requests, at most {MOST} are allowed.")));
    }
    let goes_on = call.prefer().continue_on_error;
    let separator = format!("batchresponse_{}", Uuid::new_v4());
    let (mut body, mut status) = (String::new(), 200);
    for item in &items {
        let (part, failed) = carry_out(org, context, item);
        body.push_str(&format!("--{separator}\r\n{part}"));
        if let Some(failure) = failed.filter(|_| !goes_on) {
            status = failure;
            break;
        }
    }
    body.push_str(&format!("--{separator}--\r\n"));
    let answer = Answer::text(status, &format!("multipart/mixed; boundary={separator}"), body);
    Ok(Done { answer, items: count })
}

fn item(outer: &Call, part: &Part) -> Outcome<Item> {
    let content_type = part.headers.get("content-type").map(String::as_str).unwrap_or_default();
    if let Some(boundary) = multipart::boundary(content_type) {
        let parts = multipart::split(&part.body, &boundary)?;
        return change_set(outer, &parts);
    }
    Ok(Item::Single(Box::new(request(outer, part)?)))
}

fn change_set(outer: &Call, parts: &[Part]) -> Outcome<Item> {
    let (mut calls, mut seen) = (Vec::new(), HashSet::new());
    for part in parts {
        let id = part.headers.get("content-id").cloned();
        let id = id.ok_or_else(|| Failure::query("The 'Content-ID' header is missing in a change set."))?;
        if !seen.insert(id.clone()) {
            return Err(Failure::query(format!("The Content-ID '{id}' was found twice in a change set.")));
        }
        let call = request(outer, part)?;
        if call.method == "GET" {
            return Err(Failure::query("A change set cannot have a GET request."));
        }
        calls.push((id, call));
    }
    Ok(Item::ChangeSet(calls))
}

/// The request within a part; its URL may be absolute, relative to the host, or to the service.
fn request(outer: &Call, part: &Part) -> Outcome<Call> {
    let (head, body) = multipart::head_and_body(&part.body);
    let mut lines = head.lines();
    let line = lines.next().unwrap_or_default();
    // Microsoft's own client sends spaces of a query as they are: the URL goes up to the version.
    let parts = line
        .trim_end()
        .split_once(' ')
        .map(|(method, rest)| (method, rest.rsplit_once(" HTTP/").map_or(rest, |(url, _)| url)));
    let Some((method, url)) = parts.filter(|(_, url)| !url.trim().is_empty()) else {
        return Err(Failure::query(format!("The request line '{line}' of a part is malformed.")));
    };
    let (path, query) = url.trim().split_once('?').map_or((url.trim(), ""), |(path, query)| (path, query));
    let below = path::relative(path);
    if matches!(below, "$batch" | "%24batch") {
        return Err(Failure::query("A batch cannot have a batch."));
    }
    let (base, _) = path::split_base(&outer.path).unwrap_or(("", ""));
    Ok(Call {
        method: method.to_ascii_uppercase(),
        origin: outer.origin.clone(),
        path: format!("{base}/{below}"),
        query: Query::parse(query),
        headers: multipart::headers(lines),
        body: body.to_vec(),
    })
}

/// Carries an item out; its part of the answer, and the status of a failure.
fn carry_out(org: &mut Org, context: &Context, item: &Item) -> (String, Option<u16>) {
    match item {
        Item::Single(call) => {
            let answer = single(org, context, call);
            (framed(&answer, None), failed(&answer))
        }
        Item::ChangeSet(calls) => match atomic(org, context, calls) {
            Ok(answers) => {
                let separator = format!("changesetresponse_{}", Uuid::new_v4());
                let mut part = format!("Content-Type: multipart/mixed; boundary={separator}\r\n\r\n");
                for (id, answer) in &answers {
                    part.push_str(&format!("--{separator}\r\n{}", framed(answer, Some(id))));
                }
                part.push_str(&format!("--{separator}--\r\n"));
                (part, None)
            }
            // One answer for all of them.
            Err(answer) => (framed(&answer, None), failed(&answer)),
        },
    }
}

fn failed(answer: &Answer) -> Option<u16> {
    (answer.status >= 400).then_some(answer.status)
}

fn single(org: &mut Org, context: &Context, call: &Call) -> Answer {
    match dispatch::answer(org, context, call) {
        Ok(done) => done.answer,
        Err(failure) => Answer::failure(&failure, call.prefer().annotates("Microsoft.PowerApps.CDS.TraceText")),
    }
}

fn atomic(org: &mut Org, context: &Context, calls: &[(String, Call)]) -> Result<Vec<(String, Answer)>, Answer> {
    let mark = org.store.open();
    let mut context = Context::new(context.caller, context.base.clone());
    let mut answers = Vec::new();
    for (id, call) in calls {
        let answer = single(org, &context, call);
        if answer.status >= 400 {
            org.store.close(mark, false);
            return Err(answer);
        }
        if let Some(made) = answer.header("odata-entityid").and_then(row_of) {
            context.made.insert(id.clone(), made);
        }
        answers.push((id.clone(), answer));
    }
    org.store.close(mark, true);
    Ok(answers)
}

/// The entity set and the id in a link to a row.
fn row_of(link: &str) -> Option<(String, Uuid)> {
    let (set, rest) = path::relative(link).split_once('(')?;
    Some((set.to_owned(), rest.strip_suffix(')')?.parse().ok()?))
}

fn framed(answer: &Answer, content_id: Option<&str>) -> String {
    let reason =
        http::StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason()).unwrap_or("");
    let mut part = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n".to_owned();
    if let Some(id) = content_id {
        part.push_str(&format!("Content-ID: {id}\r\n"));
    }
    part.push_str(&format!("\r\nHTTP/1.1 {} {reason}\r\n", answer.status));
    if !answer.content_type.is_empty() {
        part.push_str(&format!("Content-Type: {}\r\n", answer.content_type));
    }
    part.push_str("OData-Version: 4.0\r\n");
    for (name, value) in &answer.headers {
        part.push_str(&format!("{}: {value}\r\n", shown(name)));
    }
    part.push_str("\r\n");
    part.push_str(&String::from_utf8_lossy(&answer.body));
    part.push_str("\r\n");
    part
}

/// A header's name as the service writes it.
fn shown(name: &str) -> &str {
    match name {
        "odata-entityid" => "OData-EntityId",
        "location" => "Location",
        "etag" => "ETag",
        "preference-applied" => "Preference-Applied",
        "retry-after" => "Retry-After",
        other => other,
    }
}
