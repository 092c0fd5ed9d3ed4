//! Payments, excess, refunds, chargebacks and what gateways do.

use serde_json::{Value, json};

use super::{Stage, equations, id};

fn number(row: &Value, name: &str) -> i64 {
    row[name].as_i64().unwrap_or_default()
}

async fn row(stage: &Stage, kind: &str, wrapper: &str, of: &str) -> Value {
    stage.get(&format!("/{kind}/{of}")).await.body[wrapper].clone()
}

/// A customer of its own with so many open invoices of 121 euros.
async fn customer(stage: &Stage, invoices: usize) -> (String, Vec<String>) {
    let form = [("company", "Zonder Zorg B.V."), ("billing_address[country]", "NL")];
    let customer = id(&stage.post("/customers", &form).await.body["customer"]);
    let mut numbers = Vec::new();
    for _ in 0..invoices {
        let charge =
            [("customer_id", customer.as_str()), ("charges[amount][0]", "10000"), ("charges[description][0]", "x")];
        let answer = stage.post("/invoices/create_for_charge_items_and_charges", &charge).await;
        assert_eq!(answer.body["invoice"]["total"], 12_100, "{}", answer.body);
        numbers.push(id(&answer.body["invoice"]));
    }
    (customer, numbers)
}

/// A payment by iDEAL for these invoices, of this amount and status.
async fn pay(stage: &Stage, customer: &str, invoices: &[String], more: Value) -> Value {
    let mut form = json!({"method": "ideal", "gateway": "mollie"});
    for (index, number) in invoices.iter().enumerate() {
        form[format!("invoices[id][{index}]")] = number.as_str().into();
    }
    for (name, value) in more.as_object().unwrap() {
        form[name] = value.clone();
    }
    let answer =
        stage.admin("/chargebee/acts", json!({"path": format!("/customers/{customer}/pay"), "form": form})).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["transaction"].clone()
}

#[tokio::test]
async fn one_payment_pays_several_invoices_and_the_surplus_pays_the_next() {
    let stage = Stage::open().await;
    let (who, invoices) = customer(&stage, 3).await;
    let paid = pay(&stage, &who, &invoices[..2], json!({"amount": "30000"})).await;
    assert_eq!(
        (number(&paid, "amount_unused"), &paid["gateway"], paid["settled_at"].is_i64()),
        (5800, &json!("mollie"), true)
    );
    assert_eq!(row(&stage, "invoices", "invoice", &invoices[1]).await["status"], "paid");
    let unused = [("transactions[id][0]", paid["id"].as_str().unwrap()), ("transactions[amount][0]", "5000")];
    let path = format!("/invoices/{}/apply_payments", invoices[2]);
    let applied = stage.post(&path, &unused).await.body["invoice"].clone();
    assert_eq!((number(&applied, "amount_paid"), number(&applied, "amount_due")), (5000, 7100));
    assert_eq!(stage.post(&path, &[unused[0], ("transactions[amount][0]", "801")]).await.status, 400);
    let rest = stage.post(&path, &[]).await.body["invoice"].clone();
    assert_eq!((number(&rest, "amount_paid"), rest["linked_payments"].as_array().unwrap().len()), (5800, 1));
    assert_eq!(row(&stage, "customers", "customer", &who).await["excess_payments"], 0);
    equations::hold(&stage);
}

#[tokio::test]
async fn money_without_an_invoice_is_excess_and_can_be_taken_off_and_deleted() {
    let stage = Stage::open().await;
    let (who, invoices) = customer(&stage, 1).await;
    let form = [
        ("transaction[amount]", "12100"),
        ("transaction[date]", "1799000000"),
        ("transaction[payment_method]", "bank_transfer"),
        ("transaction[reference_number]", "20-0017"),
    ];
    let path = format!("/customers/{who}/record_excess_payment");
    assert_eq!(stage.post(&path, &form[1..]).await.body["param"], "transaction[amount]");
    let answer = stage.post(&path, &form).await;
    let excess = answer.body["transaction"].clone();
    assert_eq!(
        (number(&excess, "amount_unused"), number(&answer.body["customer"], "excess_payments")),
        (12_100, 12_100)
    );
    let found = stage.all_ids("/transactions?reference_number[is]=20-0017", "transaction").await;
    assert_eq!(found, [id(&excess)]);
    stage.post(&format!("/invoices/{}/apply_payments", invoices[0]), &[]).await;
    let off =
        stage.post(&format!("/invoices/{}/remove_payment", invoices[0]), &[("transaction[id]", &id(&excess))]).await;
    assert_eq!(
        (&off.body["invoice"]["status"], number(&off.body["transaction"], "amount_unused")),
        (&json!("not_paid"), 12_100)
    );
    equations::hold(&stage);
    let gone = stage.post(&format!("/transactions/{}/delete_offline_transaction", id(&excess)), &[]).await;
    assert_eq!(gone.body["transaction"]["deleted"], true);
    assert_eq!(row(&stage, "customers", "customer", &who).await["excess_payments"], 0);
    equations::hold(&stage);
}

#[tokio::test]
async fn a_direct_debit_is_under_way_then_paid_then_taken_back_by_the_bank() {
    let stage = Stage::open().await;
    let (who, invoices) = customer(&stage, 1).await;
    let debit = pay(&stage, &who, &invoices, json!({"method": "direct_debit", "status": "in_progress"})).await;
    let waiting = row(&stage, "invoices", "invoice", &invoices[0]).await;
    assert_eq!((number(&waiting, "amount_due"), number(&waiting, "amount_to_collect")), (12_100, 0));
    let turn = async |status: &str| {
        let act = json!({"path": format!("/transactions/{}/turn", id(&debit)), "form": {"status": status}});
        stage.admin("/chargebee/acts", act).await
    };
    assert_eq!(turn("late_failure").await.status, 400, "nothing has succeeded yet");
    assert_eq!(turn("success").await.body["transaction"]["status"], "success");
    assert_eq!(row(&stage, "invoices", "invoice", &invoices[0]).await["status"], "paid");
    equations::hold(&stage);
    let back = turn("late_failure").await.body["transaction"].clone();
    assert_eq!((&back["error_code"], number(&back, "amount_unused")), (&json!("AM04"), 0));
    let open = row(&stage, "invoices", "invoice", &invoices[0]).await;
    assert_eq!((&open["status"], number(&open, "amount_due"), open.get("paid_at")), (&json!("not_paid"), 12_100, None));
    equations::hold(&stage);
}

#[tokio::test]
async fn a_reversal_is_a_transaction_of_its_own_and_what_it_paid_is_due_again() {
    let stage = Stage::open().await;
    let (who, invoices) = customer(&stage, 1).await;
    let paid = pay(&stage, &who, &invoices, json!({"method": "direct_debit", "amount": "12600"})).await;
    let reverse = async || {
        let act = json!({"path": format!("/transactions/{}/reverse", id(&paid)), "form": {}});
        stage.admin("/chargebee/acts", act).await
    };
    let reversal = reverse().await.body["transaction"].clone();
    assert_eq!((&reversal["type"], &reversal["status"]), (&json!("payment_reversal"), &json!("success")));
    assert_eq!((number(&reversal, "amount"), &reversal["gateway"]), (12_600, &paid["gateway"]));
    assert_eq!(reversal["linked_payments"][0]["id"], paid["id"]);
    let failed = row(&stage, "transactions", "transaction", &id(&paid)).await;
    assert_eq!((&failed["status"], number(&failed, "amount_unused")), (&json!("late_failure"), 0));
    assert_eq!(failed["reversal_transaction_id"], reversal["id"]);
    let open = row(&stage, "invoices", "invoice", &invoices[0]).await;
    assert_eq!((&open["status"], number(&open, "amount_due")), (&json!("not_paid"), 12_100));
    equations::hold(&stage);
    assert_eq!(reverse().await.status, 400, "once");
}

#[tokio::test]
async fn a_gateway_refund_makes_a_note_and_goes_back_the_way_it_came() {
    let stage = Stage::open().await;
    let (who, invoices) = customer(&stage, 1).await;
    let paid = pay(&stage, &who, &invoices, json!({})).await;
    let path = format!("/invoices/{}/refund", invoices[0]);
    let answer = stage.post(&path, &[("refund_amount", "2100"), ("credit_note[reason_code]", "order_change")]).await;
    let (refund, note) = (&answer.body["transaction"], &answer.body["credit_note"]);
    assert_eq!(
        (&refund["type"], &refund["gateway"], &refund["refunded_txn_id"]),
        (&json!("refund"), &json!("mollie"), &paid["id"])
    );
    assert_eq!(
        (&note["status"], number(note, "amount_refunded"), &note["reason_code"]),
        (&json!("refunded"), 2100, &json!("order_change"))
    );
    assert_eq!(answer.body["invoice"]["issued_credit_notes"][0]["cn_status"], "refunded");
    assert_eq!(stage.post(&path, &[("refund_amount", "10001")]).await.status, 400);
    assert_eq!(number(&stage.post(&path, &[]).await.body["transaction"], "amount"), 10_000);
    assert_eq!(stage.post(&path, &[]).await.status, 400, "nothing is left");
    equations::hold(&stage);
}

#[tokio::test]
async fn a_chargeback_is_a_recorded_refund_of_the_whole() {
    let stage = Stage::open().await;
    let (who, invoices) = customer(&stage, 1).await;
    let paid = pay(&stage, &who, &invoices, json!({"method": "card"})).await;
    let form = [
        ("transaction[payment_method]", "chargeback"),
        ("transaction[date]", "1799137800"),
        ("credit_note[reason_code]", "chargeback"),
    ];
    let path = format!("/invoices/{}/record_refund", invoices[0]);
    let late = [form[0], ("transaction[date]", "1899137800"), form[2]];
    assert_eq!(stage.post(&path, &late).await.body["param"], "transaction[date]");
    let answer = stage.post(&path, &form).await;
    let refund = &answer.body["transaction"];
    assert_eq!(
        (&refund["payment_method"], number(refund, "amount"), &refund["refunded_txn_id"]),
        (&json!("chargeback"), 12_100, &paid["id"])
    );
    assert_eq!(
        (&answer.body["credit_note"]["reason_code"], &answer.body["invoice"]["status"]),
        (&json!("chargeback"), &json!("paid"))
    );
    let only_there = stage
        .post(
            "/credit_notes",
            &[("type", "refundable"), ("reason_code", "chargeback"), ("customer_id", &who), ("total", "1")],
        )
        .await;
    assert_eq!(only_there.body["param"], "reason_code");
    equations::hold(&stage);
}

#[tokio::test]
async fn credit_is_paid_out_in_parts_and_a_recorded_refund_can_be_deleted() {
    let stage = Stage::open().await;
    let (who, invoices) = customer(&stage, 1).await;
    pay(&stage, &who, &invoices, json!({})).await;
    let form = [("type", "refundable"), ("reference_invoice_id", invoices[0].as_str()), ("total", "6050")];
    let note = id(&stage.post("/credit_notes", &form).await.body["credit_note"]);
    let by_bank = [
        ("transaction[payment_method]", "bank_transfer"),
        ("transaction[date]", "1799137800"),
        ("transaction[amount]", "50"),
    ];
    let part = stage.post(&format!("/credit_notes/{note}/record_refund"), &by_bank).await;
    assert_eq!(
        (number(&part.body["credit_note"], "amount_available"), &part.body["transaction"]["gateway"]),
        (6000, &json!("not_applicable"))
    );
    let rest = stage.post(&format!("/credit_notes/{note}/refund"), &[]).await;
    assert_eq!(
        (number(&rest.body["transaction"], "amount"), &rest.body["credit_note"]["status"]),
        (6000, &json!("refunded"))
    );
    equations::hold(&stage);
    let refund = id(&part.body["transaction"]);
    stage.post(&format!("/transactions/{refund}/delete_offline_transaction"), &[]).await;
    let note = row(&stage, "credit_notes", "credit_note", &note).await;
    assert_eq!((number(&note, "amount_available"), &note["status"]), (50, &json!("refund_due")));
    assert_eq!(row(&stage, "customers", "customer", &who).await["refundable_credits"], 50);
    equations::hold(&stage);
}

#[tokio::test]
async fn an_excess_payment_is_given_back() {
    let stage = Stage::open().await;
    let (who, invoices) = customer(&stage, 1).await;
    let paid = id(&pay(&stage, &who, &invoices, json!({"amount": "13000"})).await);
    let answer = stage.post(&format!("/transactions/{paid}/refund"), &[("amount", "400")]).await;
    assert_eq!(
        (&answer.body["transaction"]["type"], &answer.body["transaction"]["gateway"]),
        (&json!("refund"), &json!("mollie"))
    );
    let flat = [("payment_method", "bank_transfer"), ("date", "1799137800")];
    let rest = stage.post(&format!("/transactions/{paid}/record_refund"), &flat).await;
    assert_eq!(number(&rest.body["transaction"], "amount"), 500);
    assert_eq!(stage.post(&format!("/transactions/{paid}/refund"), &[]).await.status, 409);
    let paid = row(&stage, "transactions", "transaction", &paid).await;
    assert_eq!((number(&paid, "amount_unused"), paid["linked_refunds"].as_array().unwrap().len()), (0, 2));
    equations::hold(&stage);
}

#[tokio::test]
async fn withheld_tax_settles_without_money_and_a_site_may_refuse_a_surplus() {
    let stage = Stage::open().await;
    let (_, invoices) = customer(&stage, 1).await;
    let withheld = [("tax_withheld[amount]", "2100"), ("tax_withheld[reference_number]", "W-1")];
    let after =
        stage.post(&format!("/invoices/{}/record_tax_withheld", invoices[0]), &withheld).await.body["invoice"].clone();
    assert_eq!((number(&after, "amount_due"), number(&after, "amount_paid")), (10_000, 0));
    stage.admin("/chargebee/settings", json!({"overpayment": "refused"})).await;
    let form = [("transaction[payment_method]", "cash"), ("transaction[amount]", "10001")];
    let path = format!("/invoices/{}/record_payment", invoices[0]);
    assert_eq!(stage.post(&path, &form).await.body["param"], "transaction[amount]");
    assert_eq!(stage.post(&path, &form[..1]).await.body["invoice"]["status"], "paid");
    equations::hold(&stage);
}

/// The rows of the generator stand by the same equations before anybody has done anything.
#[tokio::test]
async fn the_equations_hold_of_the_generated_world() {
    equations::hold(&Stage::open().await);
}
