//! A whole world: three companies, and everything that happens to an invoice, played through the site's own operations.

use std::collections::BTreeSet;

use koppel::sandbox::generator::{Extent, Size};
use koppel::sandbox::server::SandboxOptions;
use serde_json::{Value, json};

use super::{Stage, equations, options};

fn whole() -> SandboxOptions {
    SandboxOptions {
        extent: Extent::Whole { first_month: 1 },
        size: Size { customers: 60, invoices: 400 },
        ..options()
    }
}

fn values<'a>(rows: &'a [Value], name: &str) -> BTreeSet<&'a str> {
    rows.iter().filter_map(|row| row[name].as_str()).collect()
}

fn has(rows: &[Value], what: &str, fits: impl Fn(&Value) -> bool) {
    assert!(rows.iter().any(fits), "there is no {what}");
}

fn number(row: &Value, name: &str) -> i64 {
    row[name].as_i64().unwrap_or_default()
}

#[tokio::test]
async fn every_kind_of_document_occurs_and_the_equations_hold() {
    let stage = Stage::with(whole()).await;
    assert_eq!(stage.sandbox.play.state().refused, Vec::<String>::new());
    equations::hold(&stage);
    let chargebee = &stage.sandbox.chargebee;
    let (invoices, notes, money) = (chargebee.invoices(), chargebee.credit_notes(), chargebee.transactions());
    for status in ["paid", "posted", "not_paid", "voided"] {
        assert!(values(&invoices, "status").contains(status), "{status}");
    }
    has(&invoices, "deleted invoice", |row| row["deleted"] == true);
    has(&invoices, "write-off", |row| number(row, "write_off_amount") > 0);
    has(&invoices, "applied credit", |row| number(row, "credits_applied") > 0);
    has(&invoices, "second note on one invoice", |row| row["adjustment_credit_notes"].as_array().unwrap().len() > 1);
    has(&invoices, "second payment of one invoice", |row| row["linked_payments"].as_array().unwrap().len() > 2);
    for kind in [
        "item_level_coupon",
        "document_level_coupon",
        "item_level_discount",
        "document_level_discount",
        "promotional_credits",
    ] {
        has(&invoices, kind, |row| row["discounts"].as_array().unwrap().iter().any(|row| row["entity_type"] == kind));
    }
    assert_eq!(values(&notes, "type"), BTreeSet::from(["adjustment", "refundable", "store"]));
    for status in ["adjusted", "refunded", "refund_due", "voided"] {
        assert!(values(&notes, "status").contains(status), "{status}");
    }
    for reason in ["Write Off", "Invoice Void", "Chargeback", "Half a term only"] {
        assert!(values(&notes, "create_reason_code").contains(reason), "{reason}");
    }
    has(&notes, "note of no invoice", |row| row.get("reference_invoice_id").is_none());
    has(&notes, "deleted note", |row| row["deleted"] == true);
    for status in ["success", "failure", "late_failure"] {
        assert!(values(&money, "status").contains(status), "{status}");
    }
    assert_eq!(values(&money, "type"), BTreeSet::from(["payment", "payment_reversal", "refund"]));
    has(&money, "reversal of another month than its payment", |row| {
        let payment = &row["linked_payments"][0];
        row["type"] == "payment_reversal" && number(row, "date") - number(payment, "date") > 31 * 86_400
    });
    let methods =
        ["ideal", "bancontact", "direct_debit", "card", "paypal_express_checkout", "bank_transfer", "chargeback"];
    assert!(values(&money, "payment_method").is_superset(&BTreeSet::from(methods)));
    has(&money, "payment of several invoices", |row| {
        row["linked_invoices"].as_array().is_some_and(|linked| linked.len() > 1)
    });
    has(&money, "excess payment", |row| number(row, "amount_unused") > 0);
    assert_eq!(values(&invoices, "currency_code"), BTreeSet::from(["EUR", "GBP", "USD"]));
    for rows in [&invoices, &notes, &money, &chargebee.customers()] {
        assert_eq!(values(rows, "business_entity_id"), BTreeSet::from(["wolkwerk-be", "wolkwerk-de"]));
    }
}

/// Voids with a note and without, regenerations, numbers that come back: each told apart by its rows.
#[tokio::test]
async fn both_kinds_of_voids_and_both_ways_of_making_again_occur() {
    let stage = Stage::with(whole()).await;
    let invoices = stage.sandbox.chargebee.invoices();
    let voided: Vec<&Value> = invoices.iter().filter(|row| row["status"] == "voided").collect();
    has(&invoices, "void with a note", |row| row["status"] == "voided" && row["adjustment_credit_notes"] != json!([]));
    assert!(voided.iter().any(|row| row["adjustment_credit_notes"] == json!([])), "there is no void without a note");
    has(&invoices, "invoice regenerated", |row| {
        let of = |row: &Value| row["subscription_id"].clone();
        row["status"] != "voided"
            && voided.iter().any(|voided| of(voided) == of(row) && voided["sub_total"] == row["sub_total"])
    });
    // Made again: the lines' ids do not follow from the number any more.
    has(&invoices, "number that came back", |row| {
        let plain = format!("li_{}", row["id"].as_str().unwrap().replace('-', ""));
        row["deleted"] == false && row["line_items"][0]["id"].as_str().unwrap().len() > plain.len() + 2
    });
}

#[tokio::test]
async fn the_same_world_comes_about_whether_it_is_past_or_happens() {
    let past = Stage::with(whole()).await;
    let options =
        SandboxOptions { now: "2026-10-01T08:30:00Z".parse().unwrap(), until: Some(options().now), ..whole() };
    let stage = Stage::with(options).await;
    assert!(stage.sandbox.chargebee.invoices().len() < past.sandbox.chargebee.invoices().len());
    // What callers of the API make in between changes no id of the acts.
    stage.post("/customers", &[("company", "Tussendoor B.V.")]).await;
    let mut state = stage.sandbox.play.state();
    let ahead = past.sandbox.play.state().ahead;
    while state.ahead > ahead {
        state = stage.sandbox.play.next((state.ahead - ahead).min(7));
    }
    assert_eq!(state.refused, Vec::<String>::new());
    equations::hold(&stage);
    let same = |here: Vec<Value>, there: Vec<Value>| {
        let (here, there) = (without_times(here), without_times(there));
        let differing: Vec<_> = here.iter().zip(&there).filter(|(here, there)| here != there).take(3).collect();
        assert!(differing.is_empty() && here.len() == there.len(), "{differing:?}");
    };
    let (here, there) = (&stage.sandbox.chargebee, &past.sandbox.chargebee);
    same(here.invoices(), there.invoices());
    same(here.credit_notes(), there.credit_notes());
    same(here.transactions(), there.transactions());
}

/// What the moment of a change cannot have changed.
fn without_times(rows: Vec<Value>) -> Vec<Value> {
    let mut rows: Vec<Value> = rows
        .into_iter()
        .map(|mut row| {
            let kept = ["id", "amount", "total", "amount_due", "amount_available", "amount_unused", "customer_id"];
            row.as_object_mut().unwrap().retain(|name, _| kept.contains(&name.as_str()));
            row
        })
        .collect();
    rows.sort_by_key(|row| row["id"].to_string());
    rows
}

#[tokio::test]
async fn the_bookkeeper_waits_for_the_entries() {
    let stage = Stage::with(whole()).await;
    let state = stage.sandbox.play.due();
    assert!(state.waiting > 20, "{state:?}");
    let shown = stage.http.get(format!("{}/admin/world", stage.sandbox.admin_url())).send().await.unwrap();
    assert_eq!(shown.json::<Value>().await.unwrap()["waiting"], state.waiting);
    let played = stage.admin("/world", json!({})).await;
    assert_eq!((played.body["done"].as_u64(), played.body["waiting"].as_u64()), (Some(0), Some(state.waiting as u64)));
}
