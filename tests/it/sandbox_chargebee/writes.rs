//! Writes, their states, their events, and idempotency.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Answered, Stage, id};

/// The event types about one row, oldest first.
async fn events(stage: &Stage, wrapper: &str, row: &str) -> Vec<String> {
    let list = stage.get("/events?limit=100&sort_by[asc]=occurred_at").await;
    let about = list.rows("event").into_iter().filter(|event| event["content"][wrapper]["id"] == row);
    about.map(|event| event["event_type"].as_str().unwrap().to_owned()).collect()
}

async fn open_invoice(stage: &Stage) -> Value {
    let rows = stage.get("/invoices?limit=1&status[in]=[posted,not_paid,payment_due]&amount_due[gt]=1000").await;
    rows.rows("invoice")[0].clone()
}

#[tokio::test]
async fn a_payment_in_parts_leaves_the_status_until_nothing_is_due() {
    let stage = Stage::open().await;
    let invoice = open_invoice(&stage).await;
    let (path, due) = (format!("/invoices/{}/record_payment", id(&invoice)), invoice["amount_due"].as_i64().unwrap());
    let paid_on = "1799000000";
    let part = [("transaction[payment_method]", "bank_transfer"), ("transaction[amount]", "400")];
    let first = stage.post(&path, &part).await;
    assert_eq!(first.body["invoice"]["amount_due"], due - 400);
    assert_eq!(first.body["invoice"]["status"], invoice["status"]);
    let rest = [("transaction[payment_method]", "bank_transfer"), ("transaction[date]", paid_on)];
    let second = stage.post(&path, &rest).await;
    assert_eq!(second.body["invoice"]["status"], "paid");
    assert_eq!(second.body["invoice"]["paid_at"], 1_799_000_000);
    assert_eq!(second.body["transaction"]["amount"], due - 400);
    assert_eq!(second.body["transaction"]["gateway"], "not_applicable");
    assert_eq!(
        events(&stage, "transaction", second.body["transaction"]["id"].as_str().unwrap()).await,
        ["payment_succeeded"]
    );
    assert_eq!(stage.post(&path, &rest).await.status, 409);
}

#[tokio::test]
async fn a_surplus_goes_to_the_customer() {
    let stage = Stage::open().await;
    let invoice = open_invoice(&stage).await;
    let amount = (invoice["amount_due"].as_i64().unwrap() + 250).to_string();
    let form = [("transaction[payment_method]", "cash"), ("transaction[amount]", amount.as_str())];
    let answer = stage.post(&format!("/invoices/{}/record_payment", id(&invoice)), &form).await;
    assert_eq!(answer.body["transaction"]["amount_unused"], 250);
    let customer = stage.get(&format!("/customers/{}", invoice["customer_id"].as_str().unwrap())).await;
    assert_eq!(customer.body["customer"]["excess_payments"], 250);
}

#[tokio::test]
async fn a_failed_payment_changes_nothing_but_is_listed() {
    let stage = Stage::open().await;
    let invoice = open_invoice(&stage).await;
    let form = [("transaction[payment_method]", "check"), ("transaction[status]", "failure")];
    let answer = stage.post(&format!("/invoices/{}/record_payment", id(&invoice)), &form).await;
    assert_eq!(answer.body["invoice"]["amount_due"], invoice["amount_due"]);
    assert_eq!(answer.body["invoice"]["linked_payments"][0]["txn_status"], "failure");
}

#[tokio::test]
async fn a_void_keeps_the_number_and_is_told_by_invoice_updated() {
    let stage = Stage::open().await;
    let invoice = open_invoice(&stage).await;
    stage.sandbox.clock.advance(SignedDuration::from_secs(60));
    let answer = stage.post(&format!("/invoices/{}/void", id(&invoice)), &[("comment", "wrong")]).await;
    assert_eq!(answer.body["invoice"]["status"], "voided");
    assert_eq!(answer.body["invoice"]["voided_at"], 1_799_137_860);
    assert_eq!(answer.body["invoice"]["updated_at"], 1_799_137_860);
    assert_eq!(events(&stage, "invoice", &id(&invoice)).await, ["invoice_updated"]);
    assert_eq!(stage.post(&format!("/invoices/{}/void", id(&invoice)), &[]).await.code(), "invalid_state_for_request");
}

#[tokio::test]
async fn a_deleted_invoice_is_hidden_and_its_number_may_come_back_with_other_content() {
    let stage = Stage::open().await;
    let invoice = open_invoice(&stage).await;
    let number = id(&invoice);
    assert_eq!(stage.post(&format!("/invoices/{number}/delete"), &[]).await.status, 200);
    assert_eq!(stage.get(&format!("/invoices/{number}")).await.status, 404);
    let deleted = stage.get(&format!("/invoices?include_deleted=true&id[is]={number}")).await;
    assert_eq!(deleted.rows("invoice")[0]["deleted"], true);
    let mut again = invoice.clone();
    again["sub_total"] = 1.into();
    stage.sandbox.chargebee.add_invoices(vec![again]).unwrap();
    let back = stage.get(&format!("/invoices/{number}")).await;
    assert_eq!((back.status, &back.body["invoice"]["sub_total"]), (200, &json!(1)));
}

#[tokio::test]
async fn a_paid_invoice_can_be_neither_voided_nor_deleted() {
    let stage = Stage::open().await;
    let paid = stage.get("/invoices?limit=1&status[is]=paid&amount_paid[gt]=0").await.ids("invoice")[0].clone();
    for action in ["void", "delete"] {
        assert_eq!(stage.post(&format!("/invoices/{paid}/{action}"), &[]).await.status, 409);
    }
}

#[tokio::test]
async fn deleting_a_customer_takes_its_documents_along() {
    let stage = Stage::open().await;
    let invoice = open_invoice(&stage).await;
    let customer = invoice["customer_id"].as_str().unwrap();
    assert_eq!(stage.post(&format!("/customers/{customer}/delete"), &[]).await.body["customer"]["deleted"], true);
    assert_eq!(stage.get(&format!("/customers/{customer}")).await.status, 404);
    assert!(stage.all_ids(&format!("/invoices?customer_id[is]={customer}"), "invoice").await.is_empty());
    let list = stage.get("/events?limit=1&sort_by[desc]=occurred_at").await;
    assert_eq!(list.rows("event")[0]["event_type"], "customer_deleted");
    assert!(list.rows("event")[0]["content"]["subscriptions"].is_array());
}

#[tokio::test]
async fn versions_rise_with_every_change_even_within_one_second() {
    let stage = Stage::open().await;
    let made = stage.post("/customers", &[("id", "c/1"), ("company", "A")]).await;
    let mut last = made.body["customer"]["resource_version"].as_i64().unwrap();
    for company in ["B", "C", "D"] {
        // An id with a slash gives one more path segment, as the official clients send it.
        let changed = stage.post("/customers/c/1", &[("company", company)]).await;
        let version = changed.body["customer"]["resource_version"].as_i64().unwrap();
        assert!(version > last);
        last = version;
    }
    assert_eq!(stage.get("/customers/c/1").await.body["customer"]["company"], "D");
}

#[tokio::test]
async fn a_plain_update_takes_neither_vat_number_nor_address() {
    let stage = Stage::open().await;
    stage.post("/customers", &[("id", "plain")]).await;
    for name in ["vat_number", "billing_address[city]", "resource_version", "id"] {
        let answer = stage.post("/customers/plain", &[(name, "x")]).await;
        assert_eq!((answer.status, answer.body["param"].as_str()), (400, Some(name)));
    }
    let country = stage.post("/customers/plain/update_billing_info", &[("billing_address[country]", "UK")]).await;
    assert_eq!(country.body["param"], "billing_address[country]");
}

#[tokio::test]
async fn an_idempotency_key_replays_for_half_an_hour() {
    let stage = Stage::open().await;
    let send = || stage.request(reqwest::Method::POST, "/customers").header("chargebee-idempotency-key", "k1");
    let once = async |company: &str| Answered::read(send().form(&[("company", company)]).send().await.unwrap()).await;
    let first = once("A").await;
    let second = once("A").await;
    assert!(!first.replayed && second.replayed);
    assert_eq!(first.body, second.body);
    assert_eq!(once("B").await.status, 422);
    stage.sandbox.clock.advance(SignedDuration::from_mins(31));
    let later = once("A").await;
    assert!(!later.replayed && later.body["customer"]["id"] != first.body["customer"]["id"]);
}

#[tokio::test]
async fn what_is_not_there_is_told_apart() {
    let stage = Stage::open().await;
    assert_eq!(stage.get("/invoices/none").await.code(), "resource_not_found");
    assert_eq!(stage.get("/nonsense").await.status, 404);
    let put = stage.request(reqwest::Method::PUT, "/customers/x").send().await.unwrap();
    assert_eq!(Answered::read(put).await.code(), "http_method_not_supported");
    assert_eq!(stage.post("/payment_sources", &[("id", "x")]).await.status, 405);
}

#[tokio::test]
async fn hostile_parameters_get_an_answer_and_the_site_lives_on() {
    let stage = Stage::open().await;
    let invoice = id(&open_invoice(&stage).await);
    let pay = format!("/invoices/{invoice}/record_payment");
    for amount in ["-1", "9223372036854775807", "1e9", "ten"] {
        let form = [("transaction[payment_method]", "cash"), ("transaction[amount]", amount)];
        let answer = stage.post(&pay, &form).await;
        assert_eq!((answer.status, answer.body["param"].as_str()), (400, Some("transaction[amount]")), "{amount}");
    }
    let charge =
        [("customer_id", "plain"), ("charges[amount][0]", "9223372036854775807"), ("charges[description][0]", "x")];
    stage.post("/customers", &[("id", "plain")]).await;
    assert_eq!(stage.post("/invoices/create_for_charge_items_and_charges", &charge).await.status, 400);
    let mut row = stage.sandbox.chargebee.invoices()[0].clone();
    (row["id"], row["date"], row["total"]) = ("INV-99999".into(), i64::MAX.into(), i64::MAX.into());
    stage.sandbox.chargebee.add_invoices(vec![row]).unwrap();
    assert_eq!(stage.get("/invoices?limit=1&sort_by[desc]=date").await.ids("invoice"), ["INV-99999"]);
    for nonsense in ["[[[", "a[b", "%FF%FE", "x]=1", "=&=&", "sort_by[", "id[in]=["] {
        let answer = stage.get(&format!("/invoices?{nonsense}")).await;
        assert!(matches!(answer.status, 200 | 400), "{nonsense}");
    }
    let large = stage.request(reqwest::Method::POST, "/customers").body(vec![b'x'; 2 << 20]).send().await.unwrap();
    assert_eq!(large.status().as_u16(), 413);
    assert_eq!(stage.get("/invoices").await.status, 200);
}
