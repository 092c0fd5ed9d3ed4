//! The bulk messages: what they take, that one error undoes all, and where they do not exist (3.2).

use serde_json::{Value, json};
use uuid::Uuid;

use super::support::{Harness, Reply};

async fn send(harness: &Harness, set: &str, message: &str, targets: &Value) -> Reply {
    harness.post(&format!("{set}/Microsoft.Dynamics.CRM.{message}"), &json!({"Targets": targets})).await
}

fn invoice(own: Value) -> Value {
    let mut target = json!({"@odata.type": "Microsoft.Dynamics.CRM.cb_invoice"});
    if let (Value::Object(all), Value::Object(own)) = (&mut target, own) {
        all.extend(own);
    }
    target
}

fn keyed(key: &str, own: Value) -> Value {
    let mut target = invoice(own);
    target["@odata.id"] = json!(format!("cb_invoices(cb_chargebeeid='{key}')"));
    target
}

#[tokio::test]
async fn creating_gives_the_ids_in_order() {
    let harness = Harness::start().await;
    harness.invoices().await;
    let chosen = Uuid::new_v4();
    let targets = json!([
        invoice(json!({"cb_name": "A"})),
        invoice(json!({"cb_name": "B", "cb_invoiceid": chosen})),
        invoice(json!({"cb_name": "C"})),
    ]);
    let made = send(&harness, "cb_invoices", "CreateMultiple", &targets).await.is(200).json();
    assert!(
        made["@odata.context"].as_str().expect("a context").ends_with("#Microsoft.Dynamics.CRM.CreateMultipleResponse")
    );
    let ids: Vec<&str> = made["Ids"].as_array().expect("ids").iter().filter_map(Value::as_str).collect();
    assert_eq!((ids.len(), ids[1]), (3, chosen.to_string().as_str()));
    let last = harness.get(&format!("cb_invoices({})?$select=cb_name", ids[2])).await.json();
    assert_eq!(last["cb_name"], "C");
    assert_eq!(harness.last_call().method, "GET");
    assert_eq!(harness.organization.calls().iter().rev().nth(1).expect("a call").items, 3);
}

#[tokio::test]
async fn updating_and_upserting() {
    let harness = Harness::start().await;
    harness.invoices().await;
    let both = json!([keyed("1", json!({"cb_name": "A"})), keyed("2", json!({"cb_name": "B"}))]);
    let answer = send(&harness, "cb_invoices", "UpsertMultiple", &both).await.is(204);
    assert!(answer.text.is_empty(), "nothing is told of the rows");
    let again = json!([keyed("2", json!({"cb_name": "B2"})), keyed("3", json!({"cb_name": "C"}))]);
    send(&harness, "cb_invoices", "UpsertMultiple", &again).await.is(204);
    let rows = harness.organization.rows("cb_invoice");
    let mut names: Vec<&str> = rows.iter().filter_map(|row| row["cb_name"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["A", "B2", "C"]);
    let id = rows[0]["cb_invoiceid"].clone();
    let update = json!([invoice(json!({"cb_invoiceid": id, "cb_lines": 7}))]);
    send(&harness, "cb_invoices", "UpdateMultiple", &update).await.is(204);
    assert_eq!(harness.get(&format!("cb_invoices({})", id.as_str().expect("an id"))).await.json()["cb_lines"], 7);
}

#[tokio::test]
async fn one_error_undoes_all() {
    let harness = Harness::start().await;
    harness.invoices().await;
    send(&harness, "cb_invoices", "UpsertMultiple", &json!([keyed("1", json!({"cb_name": "A"}))])).await.is(204);
    let before = harness.organization.row_versions("cb_invoice");
    let targets = json!([
        keyed("1", json!({"cb_name": "changed"})),
        keyed("2", json!({"cb_name": "new"})),
        keyed("3", json!({"cb_lines": 51})),
    ]);
    send(&harness, "cb_invoices", "UpsertMultiple", &targets).await.is_refused(400, "0x8004432f");
    assert_eq!(harness.organization.row_versions("cb_invoice"), before);
    send(&harness, "cb_invoices", "UpsertMultiple", &json!([keyed("2", json!({"cb_name": "new"}))])).await.is(204);
    assert_eq!(harness.organization.count("cb_invoice"), 2, "the undone key is free");
    let missing = json!([invoice(json!({"cb_invoiceid": Uuid::new_v4(), "cb_name": "X"}))]);
    send(&harness, "cb_invoices", "UpdateMultiple", &missing).await.is_refused(404, "0x80040217");
}

#[tokio::test]
async fn what_the_messages_refuse() {
    let harness = Harness::start().await;
    harness.invoices().await;
    let typeless = json!([{"cb_name": "A"}]);
    send(&harness, "cb_invoices", "CreateMultiple", &typeless).await.is_refused(400, "0x80048d19");
    send(&harness, "cb_invoices", "CreateMultiple", &json!([])).await.is_refused(400, "0x80040203");
    send(&harness, "cb_invoices", "UpdateMultiple", &json!([invoice(json!({"cb_name": "A"}))]))
        .await
        .is_refused(400, "0x80040203");
    send(&harness, "cb_invoices", "UpsertMultiple", &json!([invoice(json!({"cb_name": "A"}))]))
        .await
        .is_refused(400, "0x80040203");
    let twice = json!([keyed("1", json!({"cb_name": "A"})), keyed("1", json!({"cb_name": "B"}))]);
    send(&harness, "cb_invoices", "UpsertMultiple", &twice).await.is_refused(400, "0x80040203");
    let delete = send(&harness, "cb_invoices", "DeleteMultiple", &json!([])).await;
    assert_eq!((delete.status, delete.message().as_str()), (400, "DeleteMultiple has not yet been implemented."));
    let address = json!([{"@odata.type": "Microsoft.Dynamics.CRM.customeraddress", "city": "X"}]);
    for set in ["customeraddresses", "transactioncurrencies"] {
        assert_eq!(send(&harness, set, "CreateMultiple", &address).await.status, 400, "{set}");
    }
    assert_eq!(harness.organization.count("cb_invoice"), 0);
}

#[tokio::test]
async fn a_client_can_ask_where_the_messages_exist() {
    let harness = Harness::start().await;
    harness.invoices().await;
    let ask = |table: &str| {
        format!(
            "sdkmessagefilters?$select=sdkmessagefilterid&$filter=sdkmessageid/name eq 'CreateMultiple' and \
             primaryobjecttypecode eq '{table}'"
        )
    };
    for (table, count) in [("account", 1), ("cb_invoice", 1), ("customeraddress", 0), ("transactioncurrency", 0)] {
        assert_eq!(harness.get(&ask(table)).await.rows().len(), count, "{table}");
    }
}

#[tokio::test]
async fn deleting_by_job() {
    let harness = Harness::start().await;
    let (first, second) = (harness.account("A").await, harness.account("B").await);
    let body = json!({
        "JobName": "clean", "QuerySet": [{"EntityName": "account", "Criteria": {"FilterOperator": "And", "Conditions": [
            {"AttributeName": "accountid", "Operator": "In", "Values": [{"Value": first, "Type": "System.Guid"}]},
        ]}}],
    });
    let job = harness.post("BulkDelete", &body).await.is(200).json();
    let id = job["JobId"].as_str().expect("a job");
    assert_eq!(harness.get(&format!("asyncoperations({id})?$select=statuscode")).await.json()["statuscode"], 30);
    assert_eq!(harness.organization.row_versions("account").into_keys().collect::<Vec<_>>(), [second]);
}
