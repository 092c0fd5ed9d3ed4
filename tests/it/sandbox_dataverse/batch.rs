//! `$batch`: order, change sets, references, errors, and all legal forms of a part (3.1, 2.1).

use reqwest::Method;
use serde_json::{Value, json};

use super::support::{Harness, Reply, reply};

/// A part of a batch.
fn part(method: &str, url: &str, body: Option<&Value>, content_id: Option<u32>) -> String {
    let id = content_id.map(|id| format!("Content-ID: {id}\r\n")).unwrap_or_default();
    let head = format!(
        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n{id}\r\n{method} {url} HTTP/1.1\r\n"
    );
    match body {
        Some(body) => format!("{head}Content-Type: application/json\r\n\r\n{body}\r\n"),
        None => format!("{head}Accept: application/json\r\n\r\n\r\n"),
    }
}

fn join(boundary: &str, parts: &[String]) -> String {
    let all: String = parts.iter().map(|part| format!("--{boundary}\r\n{part}")).collect();
    format!("{all}--{boundary}--\r\n")
}

fn change_set(parts: &[String]) -> String {
    format!("Content-Type: multipart/mixed; boundary=changeset_1\r\n\r\n{}", join("changeset_1", parts))
}

async fn send(harness: &Harness, content_type: &str, body: String, goes_on: bool) -> Reply {
    let request = harness.request(Method::POST, "$batch").header("Content-Type", content_type).body(body);
    let request = if goes_on { request.header("Prefer", "odata.continue-on-error") } else { request };
    reply(request).await
}

const TYPE: &str = "multipart/mixed; boundary=batch_1";

fn statuses(reply: &Reply) -> Vec<u16> {
    let lines = reply.text.lines().filter_map(|line| line.strip_prefix("HTTP/1.1 "));
    lines.map(|rest| rest[..3].parse().expect("a status")).collect()
}

#[tokio::test]
async fn answers_come_in_the_order_of_the_requests() {
    let harness = Harness::start().await;
    let parts = [
        part("POST", "/api/data/v9.2/accounts", Some(&json!({"name": "A"})), None),
        part("GET", "accounts?$select=name", None, None),
        part("POST", &format!("{}/api/data/v9.2/accounts", harness.url), Some(&json!({"name": "B"})), None),
        part("GET", "/api/data/v9.2/accounts/$count?$filter=name eq 'A' or name eq 'B'", None, None),
    ];
    let answer = send(&harness, TYPE, join("batch_1", &parts), false).await.is(200);
    assert_eq!(statuses(&answer), [204, 200, 204, 200]);
    assert!(answer.header("content-type").expect("a type").starts_with("multipart/mixed; boundary=batchresponse_"));
    assert!(answer.text.contains("\r\n\r\n2\r\n"), "{}", answer.text);
    assert_eq!(harness.last_call().items, 4);
}

#[tokio::test]
async fn the_first_failure_ends_a_batch_unless_it_is_to_go_on() {
    let harness = Harness::start().await;
    let parts = [
        part("POST", "accounts", Some(&json!({"name": "A"})), None),
        part("POST", "accounts", Some(&json!({"nonsense": 1})), None),
        part("POST", "accounts", Some(&json!({"name": "B"})), None),
    ];
    let stopped = send(&harness, TYPE, join("batch_1", &parts), false).await;
    assert_eq!((stopped.status, statuses(&stopped)), (400, vec![204, 400]));
    assert_eq!(harness.organization.count("account"), 1);
    let went_on = send(&harness, TYPE, join("batch_1", &parts), true).await;
    assert_eq!((went_on.status, statuses(&went_on)), (200, vec![204, 400, 204]));
    assert_eq!(harness.organization.count("account"), 3);
}

#[tokio::test]
async fn a_change_set_is_atomic_and_answers_a_failure_once() {
    let harness = Harness::start().await;
    let good = change_set(&[
        part("POST", "accounts", Some(&json!({"name": "A"})), Some(1)),
        part("POST", "accounts", Some(&json!({"name": "B"})), Some(2)),
    ]);
    let bad = change_set(&[
        part("POST", "accounts", Some(&json!({"name": "C"})), Some(1)),
        part("POST", "accounts", Some(&json!({"name": "x".repeat(200)})), Some(2)),
        part("POST", "accounts", Some(&json!({"name": "D"})), Some(3)),
    ]);
    let answer = send(&harness, TYPE, join("batch_1", &[good, bad]), true).await.is(200);
    assert_eq!(statuses(&answer), [204, 204, 400]);
    assert!(answer.text.contains("changesetresponse_") && answer.text.contains("Content-ID: 2"));
    assert_eq!(harness.organization.count("account"), 2, "nothing of a failed change set stays");
}

#[tokio::test]
async fn rows_of_a_change_set_are_referred_to_by_their_content_id() {
    let harness = Harness::start().await;
    let contact = json!({"lastname": "J", "parentcustomerid_account@odata.bind": "$1"});
    let parts = [
        part("POST", "accounts", Some(&json!({"name": "A"})), Some(1)),
        part("POST", "contacts", Some(&contact), Some(2)),
        part("PATCH", "$1", Some(&json!({"telephone1": "020"})), Some(3)),
        part("PUT", "$1/primarycontactid/$ref", Some(&json!({"@odata.id": "$2"})), Some(4)),
    ];
    let answer = send(&harness, TYPE, join("batch_1", &[change_set(&parts)]), false).await.is(200);
    assert_eq!(statuses(&answer), [204, 204, 204, 204], "{}", answer.text);
    let row = harness.get("accounts?$select=name,telephone1&$expand=primarycontactid($select=lastname)").await.rows()
        [0]
    .clone();
    assert_eq!((&row["telephone1"], &row["primarycontactid"]["lastname"]), (&json!("020"), &json!("J")));
}

#[tokio::test]
async fn every_legal_form_of_a_body() {
    let harness = Harness::start().await;
    let parts = [part("POST", "accounts", Some(&json!({"name": "A"})), None)];
    let body = join("batch_1", &parts);
    send(&harness, "multipart/mixed;boundary=\"batch_1\"", body.clone(), false).await.is(200);
    send(&harness, "multipart/mixed; boundary=batch_1; charset=utf-8", body.clone(), false).await.is(200);
    let answer = send(&harness, TYPE, body.replace("\r\n", "\n"), false).await.is(200);
    assert_eq!(statuses(&answer), [204]);
    let request = harness.request(Method::POST, "%24batch").header("Content-Type", TYPE).body(body);
    reply(request).await.is(200);
    assert_eq!(harness.organization.count("account"), 4);
}

#[tokio::test]
async fn what_a_batch_cannot_have() {
    let harness = Harness::start().await;
    let get = change_set(&[part("GET", "accounts", None, Some(1))]);
    send(&harness, TYPE, join("batch_1", &[get]), false).await.is_refused(400, "0x80060888");
    let nameless = change_set(&[part("POST", "accounts", Some(&json!({"name": "A"})), None)]);
    let refused = send(&harness, TYPE, join("batch_1", &[nameless]), false).await;
    refused.is_refused(400, "0x80060888");
    assert!(refused.message().contains("Content-ID"));
    let nested = part("POST", "$batch", Some(&json!({})), None);
    send(&harness, TYPE, join("batch_1", &[nested]), false).await.is_refused(400, "0x80060888");
    let many: Vec<String> = (0..1001).map(|_| part("GET", "WhoAmI", None, None)).collect();
    send(&harness, TYPE, join("batch_1", &many), false).await.is_refused(400, "0x80060888");
    send(&harness, "application/json", "{}".to_owned(), false).await.is_refused(400, "0x80060888");
    send(&harness, TYPE, "--other\r\n".to_owned(), false).await.is_refused(400, "0x80060888");
    assert_eq!(harness.organization.count("account"), 0);
}
