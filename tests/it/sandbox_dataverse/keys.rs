//! Alternate keys: their life from pending to active, reading and writing by them, and what no URL can hold (2.3, 5.6).

use jiff::SignedDuration;
use koppel::sandbox::dataverse::Pace;
use serde_json::{Value, json};

use super::support::{Harness, label};

const KEYS: &str = "EntityDefinitions(LogicalName='cb_invoice')/Keys";

#[tokio::test]
async fn a_row_is_made_and_changed_by_its_key() {
    let harness = Harness::start().await;
    harness.invoices().await;
    let path = "cb_invoices(cb_chargebeeid='INV-1')";
    harness.get(path).await.is_refused(404, "0x80060891");
    harness.patch_with(path, &json!({"cb_name": "A"}), "If-Match", "*").await.is_refused(404, "0x80060891");
    let made = harness.patch_with(path, &json!({"cb_name": "A"}), "Prefer", "return=representation").await.is(201);
    assert_eq!(made.json()["cb_chargebeeid"], "INV-1", "the key's columns come from the URL");
    harness.patch(path, &json!({"cb_name": "B", "cb_chargebeeid": "other"})).await.is(204);
    let row = harness.get(path).await.is(200).json();
    assert_eq!(
        (&row["cb_name"], &row["cb_chargebeeid"]),
        (&json!("B"), &json!("INV-1")),
        "a key does not change itself"
    );
    harness.patch_with(path, &json!({}), "If-None-Match", "*").await.is_refused(412, "0x80040237");
    harness.delete(path).await.is(204);
}

#[tokio::test]
async fn duplicates_are_refused_wherever_they_come_from() {
    let harness = Harness::start().await;
    harness.invoices().await;
    let first = harness.post("cb_invoices", &json!({"cb_chargebeeid": "INV-1"})).await.is(204).id();
    let duplicate = harness.post("cb_invoices", &json!({"cb_chargebeeid": "inv-1"})).await;
    duplicate.is_refused(412, "0x80060892");
    assert!(duplicate.message().contains("cb_key") && duplicate.message().contains(&first.to_string()));
    let second = harness.post("cb_invoices", &json!({"cb_chargebeeid": "INV-2"})).await.is(204).id();
    let change = json!({"cb_chargebeeid": "INV-1"});
    harness.patch(&format!("cb_invoices({second})"), &change).await.is_refused(412, "0x80060892");
    let target = json!({"@odata.type": "Microsoft.Dynamics.CRM.cb_invoice", "cb_chargebeeid": "INV-1"});
    let bulk = harness.post("cb_invoices/Microsoft.Dynamics.CRM.CreateMultiple", &json!({"Targets": [target]})).await;
    bulk.is_refused(412, "0x80060892");
    for _ in 0..2 {
        harness.post("cb_invoices", &json!({"cb_name": "no key"})).await.is(204);
    }
}

#[tokio::test]
async fn values_that_no_url_can_hold() {
    let harness = Harness::start().await;
    harness.invoices().await;
    for value in ["a/b", "a%2Fb", "a%3Cb", "a*b", "a%25b", "a%26b", "a:b", "a%5Cb", "a%3Fb", "a+b"] {
        let status = harness.get(&format!("cb_invoices(cb_chargebeeid='{value}')")).await.status;
        assert!(matches!(status, 400 | 404), "{value}: {status}");
        let path = format!("cb_invoices(cb_chargebeeid='{value}')");
        let status = harness.patch(&path, &json!({"cb_name": "A"})).await.status;
        assert!(matches!(status, 400 | 404), "{value}: {status}");
    }
    assert_eq!(harness.organization.count("cb_invoice"), 0);
    harness.patch("cb_invoices(cb_chargebeeid='O''Brien (1), x')", &json!({"cb_name": "A"})).await.is(204);
    let row = harness.organization.rows("cb_invoice")[0].clone();
    assert_eq!(row["cb_chargebeeid"], "O'Brien (1), x");
    let found = harness.get("cb_invoices?$filter=cb_chargebeeid eq 'O''Brien (1), x'").await.rows();
    assert_eq!(found.len(), 1);
}

#[tokio::test]
async fn a_key_is_refused_until_its_index_is_there() {
    let harness = Harness::start().await;
    harness.organization.set_pace(Pace { key_pending_seconds: 5, key_building_seconds: 10, ..Pace::immediate() });
    harness.invoices().await;
    let path = "cb_invoices(cb_chargebeeid='INV-1')";
    assert_eq!(status(&harness).await, "Pending");
    assert_eq!(harness.patch(path, &json!({"cb_name": "A"})).await.status, 400);
    harness.clock.advance(SignedDuration::from_secs(6));
    assert_eq!(status(&harness).await, "InProgress");
    assert!(harness.get(path).await.message().contains("not valid for resource"));
    harness.clock.advance(SignedDuration::from_secs(10));
    assert_eq!(status(&harness).await, "Active");
    harness.patch(path, &json!({"cb_name": "A"})).await.is(204);
}

#[tokio::test]
async fn an_index_that_cannot_be_built_fails_and_is_reactivated() {
    let harness = Harness::start().await;
    harness.organization.hold_keys(true);
    harness.invoices().await;
    let ids = [1, 2].map(|_| json!({"cb_chargebeeid": "INV-1"}));
    let mut last = None;
    for body in &ids {
        last = Some(harness.post("cb_invoices", body).await.is(204).id());
    }
    assert_eq!(status(&harness).await, "Pending");
    harness.organization.hold_keys(false);
    assert_eq!(status(&harness).await, "Failed");
    harness.delete(&format!("cb_invoices({})", last.expect("a row"))).await.is(204);
    let again = json!({"EntityLogicalName": "cb_invoice", "EntityKeyLogicalName": "cb_key"});
    harness.post("ReactivateEntityKey", &again).await.is(204);
    assert_eq!(status(&harness).await, "Active");
    harness.post("ReactivateEntityKey", &again).await.is_refused(400, "0x80040203");
}

#[tokio::test]
async fn limits_of_keys() {
    let harness = Harness::start().await;
    harness.invoices().await;
    let key =
        |name: &str, columns: Value| json!({"SchemaName": name, "DisplayName": label(name), "KeyAttributes": columns});
    let refused = |columns: Value| {
        let body = key("cb_Other", columns);
        let harness = &harness;
        async move { harness.post(KEYS, &body).await.status }
    };
    assert_eq!(refused(json!([])).await, 400, "no column");
    assert_eq!(refused(json!(["nonsense"])).await, 400, "no such column");
    assert_eq!(refused(json!(["cb_total"])).await, 400, "money");
    assert_eq!(refused(json!(["cb_chargebeeid"])).await, 400, "the same columns");
    let long = super::support::column("String", "cb_Long", json!({"MaxLength": 451, "FormatName": {"Value": "Text"}}));
    harness.post("EntityDefinitions(LogicalName='cb_invoice')/Attributes", &long).await.is(204);
    assert_eq!(refused(json!(["cb_long"])).await, 400, "900 bytes are the most");
    for (index, columns) in [
        json!(["cb_lines"]),
        json!(["cb_day"]),
        json!(["cb_rate"]),
        json!(["cb_status"]),
        json!(["cb_lines", "cb_day"]),
        json!(["cb_lines", "cb_rate"]),
        json!(["cb_lines", "cb_status"]),
        json!(["cb_day", "cb_rate"]),
        json!(["cb_accountid"]),
    ]
    .into_iter()
    .enumerate()
    {
        harness.post(KEYS, &key(&format!("cb_K{index}"), columns)).await.is(204);
    }
    harness.post(KEYS, &key("cb_K11", json!(["cb_day", "cb_status"]))).await.is_refused(400, "0x80040203");
}

#[tokio::test]
async fn keys_of_several_columns_and_of_lookups() {
    let harness = Harness::start().await;
    harness.invoices().await;
    let key =
        json!({"SchemaName": "cb_Two", "DisplayName": label("Two"), "KeyAttributes": ["cb_accountid", "cb_lines"]});
    harness.post(KEYS, &key).await.is(204);
    let account = harness.account("A").await;
    let path = format!("cb_invoices(cb_lines=5,_cb_accountid_value={account})");
    harness.patch(&path, &json!({"cb_name": "A"})).await.is(204);
    let row = harness.get(&path).await.is(200).json();
    assert_eq!((&row["cb_lines"], &row["_cb_accountid_value"]), (&json!(5), &json!(account)));
    assert_eq!(harness.get("cb_invoices(cb_lines=5)").await.status, 400, "a part of a key is none");
}

#[tokio::test]
async fn a_key_that_is_dropped_is_none() {
    let harness = Harness::start().await;
    harness.invoices().await;
    let key = harness.get(&format!("{KEYS}?$select=SchemaName")).await.rows()[0].clone();
    harness.delete(&format!("{KEYS}({})", key["MetadataId"].as_str().expect("an id"))).await.is(204);
    for _ in 0..2 {
        harness.post("cb_invoices", &json!({"cb_chargebeeid": "INV-1"})).await.is(204);
    }
    assert_eq!(harness.get("cb_invoices(cb_chargebeeid='INV-1')").await.status, 400);
}

async fn status(harness: &Harness) -> String {
    let keys = harness.get(&format!("{KEYS}?$select=SchemaName,KeyAttributes,EntityKeyIndexStatus")).await.rows();
    keys[0]["EntityKeyIndexStatus"].as_str().expect("a status").to_owned()
}
