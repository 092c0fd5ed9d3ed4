//! The site as a whole: its probe, its clock, its calls, and the admin interface.

use std::collections::BTreeSet;

use koppel::sandbox::generator::Size;
use koppel::sandbox::server::SandboxOptions;
use serde_json::json;

use super::{Stage, options};

#[tokio::test]
async fn the_probe_names_the_site_and_the_second_catalogue() {
    let stage = Stage::open().await;
    let probe = stage.get("/configurations").await.body["configurations"][0].clone();
    assert_eq!((&probe["domain"], &probe["product_catalog_version"]), (&json!("wolkwerk-test"), &json!("v2")));
}

#[tokio::test]
async fn every_answer_is_dated_by_the_sandbox_clock() {
    let stage = Stage::open().await;
    assert_eq!(stage.get("/items").await.date, "Tue, 05 Jan 2027 08:30:00 GMT");
    stage.admin("/clock", json!({"advanceSeconds": 86_400})).await;
    assert_eq!(stage.get("/items/none").await.date, "Wed, 06 Jan 2027 08:30:00 GMT");
}

#[tokio::test]
async fn calls_are_counted_by_operation() {
    let stage = Stage::open().await;
    stage.get("/invoices?limit=1").await;
    stage.get("/invoices/INV-00002").await;
    stage.get("/invoices/INV-00003").await;
    stage.post("/invoices/INV-00003/void", &[]).await;
    let counts = stage.sandbox.chargebee.call_counts();
    assert_eq!(counts["GET /invoices"], 1);
    assert_eq!(counts["GET /invoices/{id}"], 2);
    assert_eq!(counts["POST /invoices/{id}/void"], 1);
    stage.sandbox.chargebee.reset_calls();
    assert!(stage.sandbox.chargebee.calls().is_empty());
}

#[tokio::test]
async fn the_admin_interface_changes_the_world() {
    let stage = Stage::open().await;
    let mut invoice = stage.sandbox.chargebee.invoices()[5].clone();
    invoice["id"] = "INV-90001".into();
    stage.admin("/chargebee/invoices", json!([invoice])).await;
    assert_eq!(stage.get("/invoices/INV-90001").await.status, 200);
    let changed = stage.admin("/chargebee/invoices/INV-90001", json!({"total": 1_000_000_000_000_000_i64})).await;
    assert_eq!(changed.body["total"], 1_000_000_000_000_000_i64);
    let customer = invoice["customer_id"].as_str().unwrap();
    stage.admin(&format!("/chargebee/customers/{customer}"), json!({"company": "Neu", "vat_number": null})).await;
    let row = stage.get(&format!("/customers/{customer}")).await.body["customer"].clone();
    assert_eq!((&row["company"], row.get("vat_number")), (&json!("Neu"), None));
    let refused = stage.admin("/chargebee/invoices/none/void", json!({})).await;
    assert_eq!((refused.status, refused.body["error"].is_string()), (400, true));
    stage.admin("/chargebee/faults", json!({"kind": "tooManyRequests", "retryAfter": 7})).await;
    assert_eq!(stage.get("/items").await.retry_after.as_deref(), Some("7"));
}

#[tokio::test]
async fn the_summary_agrees_with_the_rows() {
    let stage = Stage::open().await;
    let rows = stage.sandbox.chargebee.invoices();
    let standing =
        rows.iter().filter(|row| row["deleted"] == false && row["status"] != "pending" && row["status"] != "voided");
    let euros: Vec<i64> =
        standing.filter(|row| row["currency_code"] == "EUR").map(|row| row["total"].as_i64().unwrap()).collect();
    let sums = stage.sandbox.chargebee.invoice_sums(None);
    assert_eq!((sums["EUR"].count as usize, sums["EUR"].total), (euros.len(), euros.iter().sum()));
}

/// E27–E32: what must be held is known beforehand and is in the list.
#[tokio::test]
async fn every_failure_cause_is_in_the_list_under_an_ordinary_number() {
    let stage = Stage::open().await;
    let listed: BTreeSet<_> = stage.all_ids("/invoices?limit=100", "invoice").await.into_iter().collect();
    let causes: BTreeSet<_> = stage.sandbox.expectations.values().map(|expected| expected.row).collect();
    assert_eq!(causes.into_iter().collect::<Vec<_>>(), ["E27", "E28", "E29", "E30", "E31", "E32"]);
    assert!(stage.sandbox.expectations.keys().all(|number| listed.contains(number) && number.starts_with("INV-")));
}

#[tokio::test]
async fn a_large_world_starts_and_pages_to_its_end() {
    let size = Size { customers: 120, invoices: 1200 };
    let stage = Stage::with(SandboxOptions { size, failures: false, ..options() }).await;
    let ids = stage.all_ids("/invoices?limit=100&sort_by[asc]=updated_at&include_deleted=true", "invoice").await;
    assert_eq!(ids.len(), 1200);
    assert!(stage.sandbox.expectations.values().all(|expected| expected.until_years_are_open));
}

#[tokio::test]
async fn both_sides_are_served_on_one_clock_and_summed_up_side_by_side() {
    let stage = Stage::open().await;
    let me = format!("{}/api/v1/current/Me", stage.sandbox.exact_url());
    let before = stage.http.get(&me).send().await.unwrap();
    assert_eq!(
        (before.status().as_u16(), &before.headers()["date"]),
        (401, &"Tue, 05 Jan 2027 08:30:00 GMT".parse().unwrap())
    );
    stage.admin("/clock", json!({"set": "2027-02-01T00:00:00Z"})).await;
    let after = stage.http.get(&me).send().await.unwrap();
    assert_eq!(after.headers()["date"], "Mon, 01 Feb 2027 00:00:00 GMT");
    let url = format!("{}/admin/summary", stage.sandbox.admin_url());
    let summed = |from: &str| {
        let request = stage.http.get(&url).query(&[("from", from)]);
        async { request.send().await.unwrap().json::<serde_json::Value>().await.unwrap() }
    };
    let (since_2025, since_2026) = (summed("2025-01-01").await, summed("2026-01-01").await);
    assert_eq!(since_2026["exactOnline"], json!({}), "nothing is booked yet");
    let count = |summary: &serde_json::Value| summary["chargebee"]["EUR"]["count"].as_u64().unwrap();
    assert!(count(&since_2025) > count(&since_2026), "one invoice is dated before the start of the connection");
}

#[tokio::test]
async fn a_taken_port_is_an_error_and_a_shutdown_gives_it_back() {
    let stage = Stage::open().await;
    let port = stage.sandbox.chargebee_url().rsplit(':').next().unwrap().parse().unwrap();
    let same = SandboxOptions { chargebee_port: port, ..options() };
    let error = koppel::sandbox::server::Sandbox::start(same.clone()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    stage.sandbox.shutdown().await;
    Stage::with(same).await;
}
