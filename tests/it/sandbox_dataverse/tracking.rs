//! Change tracking: links, deletions, what is refused, expiry (4).

use jiff::SignedDuration;
use koppel::sandbox::dataverse::Depth;
use koppel::sandbox::dynamics::CLIENT_ID;
use serde_json::{Value, json};

use super::support::{Harness, Reply};

async fn track(harness: &Harness, path: &str) -> Reply {
    harness.get_with(path, "Prefer", "odata.track-changes,odata.maxpagesize=2").await
}

/// All pages behind a link; rows and the link for the next time.
async fn all(harness: &Harness, path: &str) -> (Vec<Value>, String) {
    let mut page = track(harness, path).await.is(200);
    let mut rows = page.rows();
    loop {
        let body = page.json();
        match (body["@odata.nextLink"].as_str(), body["@odata.deltaLink"].as_str()) {
            (Some(next), None) => page = track(harness, next).await.is(200),
            (None, Some(delta)) => return (rows, delta.to_owned()),
            other => panic!("exactly one link is on a page: {other:?}"),
        }
        rows.extend(page.rows());
    }
}

async fn started() -> (Harness, Vec<uuid::Uuid>) {
    let harness = Harness::start().await;
    harness.organization.track_changes("account");
    let mut ids = Vec::new();
    for index in 0..5 {
        ids.push(harness.account(&format!("A{index}")).await);
    }
    (harness, ids)
}

#[tokio::test]
async fn changes_come_by_version_and_deletions_last() {
    let (harness, ids) = started().await;
    let first = track(&harness, "accounts?$select=name").await;
    assert!(first.header("preference-applied").expect("a header").contains("odata.track-changes"));
    let (rows, delta) = all(&harness, "accounts?$select=name").await;
    assert_eq!(rows.len(), 5);
    assert!(delta.contains("$deltatoken=") && delta.contains("$select=name"));
    let (none, delta) = all(&harness, &delta).await;
    assert_eq!(none.len(), 0);
    harness.delete(&format!("accounts({})", ids[0])).await.is(204);
    harness.patch(&format!("accounts({})", ids[3]), &json!({"name": "new"})).await.is(204);
    harness.patch(&format!("accounts({})", ids[1]), &json!({"name": "newer"})).await.is(204);
    let passing = harness.account("Passing").await;
    harness.delete(&format!("accounts({passing})")).await.is(204);
    let count = delta.replace("/accounts?$select=name&", "/accounts/$count?");
    assert_eq!(harness.get(&count).await.text, "4");
    let (rows, next) = all(&harness, &delta).await;
    assert_eq!((&rows[0]["name"], &rows[1]["name"]), (&json!("new"), &json!("newer")));
    assert!(rows[0]["@odata.etag"].is_string() && rows[0].get("telephone1").is_none());
    let gone: Vec<&Value> = rows[2..].iter().map(|row| &row["id"]).collect();
    assert_eq!(gone, [&json!(ids[0]), &json!(passing)]);
    assert!(rows[2]["@odata.context"].as_str().expect("a context").ends_with("/$metadata#accounts/$deletedEntity"));
    assert_eq!(rows[2]["reason"], "deleted");
    let (again, _) = all(&harness, &delta).await;
    assert_eq!(again.len(), 4, "a link can be used again");
    assert_eq!(all(&harness, &next).await.0.len(), 0);
    let page = track(&harness, &delta).await.json();
    assert!(page["@odata.context"].as_str().expect("a context").ends_with("/$delta"));
}

#[tokio::test]
async fn what_changes_between_pages_is_not_lost() {
    let (harness, ids) = started().await;
    let (_, delta) = all(&harness, "accounts?$select=name").await;
    for id in &ids {
        harness.patch(&format!("accounts({id})"), &json!({"name": "one"})).await.is(204);
    }
    let page = track(&harness, &delta).await.is(200);
    assert_eq!(page.rows().len(), 2);
    harness.patch(&format!("accounts({})", ids[4]), &json!({"name": "two"})).await.is(204);
    harness.patch(&format!("accounts({})", ids[0]), &json!({"name": "two"})).await.is(204);
    let next = page.json()["@odata.nextLink"].as_str().expect("a link").to_owned();
    let (rest, delta) = all(&harness, &next).await;
    let (later, _) = all(&harness, &delta).await;
    let seen = |rows: &[Value], id: uuid::Uuid| rows.iter().any(|row| row["accountid"] == json!(id));
    let everything = [page.rows(), rest, later].concat();
    assert!(ids.iter().all(|id| seen(&everything, *id)));
    let last = everything.iter().rfind(|row| row["accountid"] == json!(ids[4])).expect("the row");
    assert_eq!(last["name"], "two");
}

#[tokio::test]
async fn what_tracking_refuses() {
    let (harness, _) = started().await;
    for option in ["$filter=name eq 'A'", "$orderby=name", "$expand=primarycontactid", "$top=5"] {
        let refused = track(&harness, &format!("accounts?{option}")).await;
        refused.is_refused(400, "0x80060888");
        let name = option.split('=').next().expect("a name");
        let words = format!("The \"{name}\" query parameter isn't supported when Change Tracking is enabled.");
        assert_eq!(refused.message(), words);
    }
    assert_eq!(track(&harness, "contacts?$select=fullname").await.status, 400, "not turned on");
    let user = harness.organization.application_user(CLIENT_ID).expect("a user");
    harness.organization.take_roles(user);
    harness.organization.grant(user, "prvReadAccount", Depth::Local);
    track(&harness, "accounts?$select=name").await.is_refused(403, "0x80040220");
}

#[tokio::test]
async fn links_expire_after_a_week_or_when_they_are_ended() {
    let (harness, _) = started().await;
    let (_, delta) = all(&harness, "accounts?$select=name").await;
    harness.organization.expire_delta_tokens();
    track(&harness, &delta).await.is_refused(400, "0x80044352");
    harness.account("B").await;
    let (_, delta) = all(&harness, "accounts?$select=name").await;
    harness.clock.advance(SignedDuration::from_hours(7 * 24));
    let mut harness = harness;
    harness.token = harness.token_for(koppel::sandbox::dynamics::TENANT, &harness.url.clone()).await;
    assert_eq!(track(&harness, &delta).await.status, 200);
    harness.clock.advance(SignedDuration::from_secs(1));
    let expired = track(&harness, &delta).await;
    expired.is_refused(400, "0x80044352");
    assert_eq!(expired.message(), "Version stamp associated with the client has expired. Please perform a full sync.");
}

#[tokio::test]
async fn tracking_is_turned_on_once_and_for_all() {
    let harness = Harness::start().await;
    let path = "EntityDefinitions(LogicalName='contact')";
    let mut definition = harness.get(path).await.is(200).json();
    assert_eq!(definition["ChangeTrackingEnabled"], false);
    definition["@odata.type"] = json!("Microsoft.Dynamics.CRM.EntityMetadata");
    definition["ChangeTrackingEnabled"] = json!(true);
    harness.put(path, &definition).await.is(204);
    track(&harness, "contacts?$select=fullname").await.is(200);
    definition["ChangeTrackingEnabled"] = json!(false);
    harness.put(path, &definition).await.is_refused(400, "0x80040203");
    let on = harness.get("EntityDefinitions?$select=LogicalName&$filter=ChangeTrackingEnabled eq true").await.rows();
    assert_eq!(on.iter().map(|row| row["LogicalName"].clone()).collect::<Vec<_>>(), ["contact"]);
}
