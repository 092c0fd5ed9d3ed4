//! Create, read, update, upsert, delete, and the conditions on them (2.3, 2.4).

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::support::{Harness, reply};

#[tokio::test]
async fn creating_tells_where_the_row_is() {
    let harness = Harness::start().await;
    let made = harness.post("accounts", &json!({"name": "Bakkerij De Vries"})).await.is(204);
    let link = format!("{}/api/data/v9.2/accounts({})", harness.url, made.id());
    assert_eq!(made.header("odata-entityid").as_deref(), Some(link.as_str()));
    assert_eq!(made.header("location").as_deref(), Some(link.as_str()));
    let row = harness.get(&format!("accounts({})?$select=name", made.id())).await.is(200);
    assert_eq!(row.json()["name"], "Bakkerij De Vries");
    assert_eq!(row.json()["accountid"], json!(made.id()));
    assert_eq!(row.header("etag").as_deref(), row.json()["@odata.etag"].as_str());
    assert!(row.json().get("telephone1").is_none(), "only what is selected");
}

#[tokio::test]
async fn a_representation_is_given_to_who_prefers_it() {
    let harness = Harness::start().await;
    let body = json!({"name": "A", "accountnumber": "1"});
    let request = harness.request(Method::POST, "accounts?$select=accountnumber&$expand=primarycontactid").json(&body);
    let made = reply(request.header("Prefer", "return=representation")).await.is(201);
    assert_eq!(made.json()["accountnumber"], "1");
    assert!(made.json().get("name").is_none() && made.json().get("primarycontactid").is_none());
    assert_eq!(made.header("preference-applied").as_deref(), Some("return=representation"));
    let path = format!("accounts({})?$select=name", made.id());
    let changed = harness.patch_with(&path, &json!({"name": "B"}), "Prefer", "return=representation").await.is(200);
    assert_eq!(changed.json()["name"], "B");
}

#[tokio::test]
async fn a_client_may_choose_the_id_but_not_twice() {
    let harness = Harness::start().await;
    let id = Uuid::new_v4();
    let body = json!({"accountid": id, "name": "A"});
    assert_eq!(harness.post("accounts", &body).await.is(204).id(), id);
    harness.post("accounts", &body).await.is_refused(412, "0x80040237");
}

#[tokio::test]
async fn every_change_raises_the_version_even_with_equal_values() {
    let harness = Harness::start().await;
    let (first, second) = (harness.account("A").await, harness.account("B").await);
    let before = harness.organization.row_versions("account");
    assert!(before[&first] < before[&second], "one counter for all");
    harness.patch(&format!("accounts({first})"), &json!({"name": "A"})).await.is(204);
    let after = harness.organization.row_versions("account");
    assert!(after[&first] > before[&second] && after[&second] == before[&second]);
    let row = harness.get(&format!("accounts({first})?$select=versionnumber")).await;
    assert_eq!(row.json()["versionnumber"], json!(after[&first]));
    assert_eq!(row.json()["@odata.etag"], json!(format!("W/\"{}\"", after[&first])));
}

#[tokio::test]
async fn upserts_obey_their_conditions() {
    let harness = Harness::start().await;
    let id = Uuid::new_v4();
    let (path, body) = (format!("accounts({id})"), json!({"name": "A"}));
    harness.patch_with(&path, &body, "If-Match", "*").await.is_refused(404, "0x80040217");
    harness.patch_with(&path, &body, "If-None-Match", "*").await.is(204);
    harness.patch_with(&path, &body, "If-None-Match", "*").await.is_refused(412, "0x80040237");
    harness.patch_with(&path, &json!({"name": "B"}), "If-Match", "*").await.is(204);
    let etag = harness.get(&path).await.header("etag").expect("an etag");
    harness.patch_with(&path, &json!({"name": "C"}), "If-Match", &etag).await.is(204);
    let stale = harness.patch_with(&path, &json!({"name": "D"}), "If-Match", &etag).await;
    stale.is_refused(412, "0x80060882");
    assert!(stale.message().contains("RowVersion"));
    assert_eq!(harness.get(&path).await.json()["name"], "C");
    let missing = format!("accounts({})", Uuid::new_v4());
    let made = harness.patch_with(&missing, &body, "Prefer", "return=representation").await;
    assert_eq!(made.is(201).json()["name"], "A", "without a condition a missing row is made");
}

#[tokio::test]
async fn conditional_reads_answer_304_but_never_with_annotations() {
    let harness = Harness::start().await;
    let path = format!("accounts({})", harness.account("A").await);
    let etag = harness.get(&path).await.header("etag").expect("an etag");
    assert_eq!(harness.get_with(&path, "If-None-Match", &etag).await.status, 304);
    let request = harness.request(Method::GET, &path).header("If-None-Match", &etag);
    let annotated = reply(request.header("Prefer", "odata.include-annotations=\"*\"")).await;
    assert_eq!(annotated.status, 200);
    harness.patch(&path, &json!({"name": "B"})).await.is(204);
    assert_eq!(harness.get_with(&path, "If-None-Match", &etag).await.status, 200);
}

#[tokio::test]
async fn single_properties_are_set_cleared_and_read() {
    let harness = Harness::start().await;
    let path = format!("accounts({})", harness.account("A").await);
    harness.put(&format!("{path}/telephone1"), &json!({"value": "020"})).await.is(204);
    assert_eq!(harness.get(&format!("{path}/telephone1")).await.json()["value"], "020");
    harness.delete(&format!("{path}/telephone1")).await.is(204);
    harness.get(&format!("{path}/telephone1")).await.is(204);
    assert_eq!(harness.delete(&format!("{path}/primarycontactid")).await.status, 400);
    assert_eq!(harness.get(&format!("{path}/nonsense")).await.status, 404);
}

#[tokio::test]
async fn deleting_twice_is_404() {
    let harness = Harness::start().await;
    let path = format!("accounts({})", harness.account("A").await);
    harness.delete(&path).await.is(204);
    let gone = harness.delete(&path).await;
    gone.is_refused(404, "0x80040217");
    assert!(gone.message().starts_with("account With Id = ") && gone.message().ends_with("Does Not Exist"));
    harness.get(&path).await.is_refused(404, "0x80040217");
}

#[tokio::test]
async fn nested_rows_are_made_with_their_parent_or_not_at_all() {
    let harness = Harness::start().await;
    let body = json!({
        "name": "A", "primarycontactid": {"lastname": "Jansen"},
        "account_parent_account": [{"name": "Child 1"}, {"name": "Child 2"}],
    });
    let parent = harness.post("accounts", &body).await.is(204).id();
    let children = harness.get(&format!("accounts?$filter=_parentaccountid_value eq {parent}")).await.rows();
    assert_eq!(children.len(), 2);
    let expanded =
        harness.get(&format!("accounts({parent})?$select=name&$expand=primarycontactid($select=fullname)")).await;
    assert_eq!(expanded.json()["primarycontactid"]["fullname"], "Jansen");
    let before = harness.organization.count("account");
    let bad = json!({"name": "B", "primarycontactid": {"lastname": "X".repeat(51)}});
    harness.post("accounts", &bad).await.is_refused(400, "0x80044331");
    assert_eq!(harness.organization.count("account"), before);
}

#[tokio::test]
async fn principals_are_addressed_by_ownerid_and_others_by_their_own_key() {
    let harness = Harness::start().await;
    let account = harness.account("A").await;
    harness.get(&format!("accounts(accountid={account})")).await.is(200);
    let user = harness.organization.salesperson();
    harness.get(&format!("systemusers(ownerid={user})?$select=fullname")).await.is(200);
    assert_eq!(harness.get(&format!("systemusers(systemuserid={user})")).await.status, 400);
}
