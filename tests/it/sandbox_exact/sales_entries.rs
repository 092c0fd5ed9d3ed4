//! Booking: what a good entry becomes.

use serde_json::{Value, json};

use super::support::{DIVISION, Harness};

#[tokio::test]
async fn an_entry_is_booked_with_number_totals_and_defaults() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let mut entry = books.entry(&customer, "INV-1").await;
    entry["PaymentCondition"] = json!("30");
    let booked = books.post("salesentry/SalesEntries", &entry).await;
    assert_eq!(booked.status, 201, "{}", booked.text);
    let row = &booked.json()["d"];
    assert_eq!((row["AmountFC"].as_f64(), row["VATAmountFC"].as_f64()), (Some(121.0), Some(21.0)));
    assert_eq!((row["EntryNumber"].as_i64(), row["InvoiceNumber"].as_i64()), (Some(267_000_001), Some(267_000_001)));
    assert_eq!((row["ReportingYear"].as_i64(), row["ReportingPeriod"].as_i64()), (Some(2026), Some(12)));
    assert_eq!(row["EntryDate"], "/Date(1797292800000)/", "midnight of the wall clock");
    assert_eq!(row["DueDate"], "/Date(1799884800000)/", "30 days later");
    assert_eq!((row["Type"].as_i64(), row["Status"].as_i64()), (Some(20), Some(20)));
    assert!(row["SalesEntryLines"]["__deferred"]["uri"].as_str().is_some_and(|uri| uri.starts_with(&books.url)));
    assert_eq!(row["__metadata"]["type"], "Exact.Web.Api.Models.SalesEntry");
    let second = books.book(&customer, "INV-1").await;
    assert_eq!(second["EntryNumber"], 267_000_002, "the same YourRef is taken again, under the next number");
}

#[tokio::test]
async fn without_prefer_only_what_was_sent_comes_back() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let entry = books.entry(&customer, "INV-1").await;
    let sent = books.request(reqwest::Method::POST, "salesentry/SalesEntries").json(&entry).send().await;
    let booked = super::support::reply(sent.expect("an answer")).await;
    let row = &booked.json()["d"];
    assert_eq!(booked.status, 201);
    assert!(row["EntryID"].is_string() && row["YourRef"] == "INV-1");
    assert!(row["EntryNumber"].is_null() && row["AmountFC"].is_null());
}
