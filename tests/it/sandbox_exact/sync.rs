//! Sync resources: row versions that rise with every change, and what a move of the division does to them.

use serde_json::{Value, json};

use super::support::{DIVISION, Harness};

fn version(row: &Value) -> i64 {
    row["Timestamp"].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no Timestamp in {row}"))
}

async fn since(books: &Harness, path: &str, version: i64) -> Vec<Value> {
    let filter = format!("Timestamp gt {version}L");
    let answer = books.find(path, &[("$filter", &filter)]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.rows()
}

#[tokio::test]
async fn every_change_of_an_account_raises_its_version() {
    let books = Harness::start().await;
    let id = books.customer("Bakkerij Smit").await;
    let before = since(&books, "sync/CRM/Accounts", 1).await;
    let last = version(before.last().expect("rows"));
    assert_eq!(before.last().expect("rows")["ID"], json!(id));
    assert!(since(&books, "sync/CRM/Accounts", last).await.is_empty());
    assert_eq!(books.put(&format!("crm/Accounts(guid'{id}')"), &json!({"City": "Gouda"})).await.status, 204);
    let changed = since(&books, "sync/CRM/Accounts", last).await;
    assert_eq!((changed.len(), changed[0]["City"].as_str()), (1, Some("Gouda")));
    let all = since(&books, "sync/CRM/Accounts", 1).await;
    assert_eq!(all.len(), before.len(), "a changed row moves, it does not appear twice");
}

#[tokio::test]
async fn ledger_rows_and_terms_appear_with_their_entry_and_move_with_its_changes() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    books.book(&customer, "INV-1").await;
    let second = books.book(&customer, "INV-2").await;
    let rows = since(&books, "sync/Financial/TransactionLines", 1).await;
    assert_eq!(rows.len(), 6);
    assert_eq!((rows[0]["LineNumber"].as_i64(), rows[0]["YourRef"].as_str()), (Some(0), Some("INV-1")));
    assert!(rows.windows(2).all(|pair| version(&pair[0]) < version(&pair[1])));
    let middle = version(&rows[1]);
    assert_eq!(since(&books, "sync/Financial/TransactionLines", middle).await.len(), 4, "also within an entry");
    let last = version(&rows[5]);
    let path = format!("salesentry/SalesEntries(guid'{}')", second["EntryID"].as_str().expect("a guid"));
    assert_eq!(books.put(&path, &json!({"Description": "x"})).await.status, 204);
    let moved = since(&books, "sync/Financial/TransactionLines", last).await;
    assert_eq!((moved.len(), moved[0]["ID"] == rows[3]["ID"]), (3, true));
    let terms = since(&books, "sync/Cashflow/PaymentTerms", 1).await;
    assert_eq!(terms.len(), 2);
    assert!(terms.iter().all(|term| term["LineType"] == 20 && term["IsFullyPaid"] == false));
    assert!(since(&books, "sync/Cashflow/PaymentTerms", version(&terms[1])).await.is_empty());
}

#[tokio::test]
async fn the_merged_account_is_listed_as_deleted() {
    let books = Harness::start().await;
    let deleted = since(&books, "sync/Deleted", 1).await;
    assert_eq!(deleted.len(), 1);
    assert_eq!(
        (deleted[0]["EntityType"].as_i64(), deleted[0]["EntityKey"].as_str()),
        (Some(2), Some("5f0e2c1a-7d34-4b6e-9a10-1f2e3d4c5b6a"))
    );
    assert!(deleted[0]["DeletedDate"].as_str().is_some_and(|at| at.starts_with("/Date(")));
}

#[tokio::test]
async fn a_move_resets_every_version_and_keeps_the_order() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    books.book(&customer, "INV-1").await;
    books.book(&customer, "INV-2").await;
    let before = since(&books, "sync/Financial/TransactionLines", 1).await;
    assert!(books.get("system/Divisions(100001)").await.json()["d"]["DivisionMoveDate"].is_null());
    books.sandbox.move_division(DIVISION);
    let after = since(&books, "sync/Financial/TransactionLines", 0).await;
    let ids = |rows: &[Value]| rows.iter().map(|row| row["ID"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&before), ids(&after));
    assert!(version(&after[5]) < version(&before[0]));
    assert!(books.get("system/Divisions(100001)").await.json()["d"]["DivisionMoveDate"].is_string());
    assert_eq!(since(&books, "sync/CRM/Accounts", 0).await.len(), 11);
}

#[tokio::test]
async fn a_date_leads_to_a_version_to_start_from() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    books.book(&customer, "INV-1").await;
    books.clock.advance(jiff::SignedDuration::from_secs(60));
    books.book(&customer, "INV-2").await;
    let path = "read/sync/Sync/SyncTimestamp?modified=datetime'2027-01-05T09:30:30'&endPoint='TransactionLines'";
    let answer = books.get(path).await.rows();
    let start: i64 = answer[0]["TimeStampAsBigInt"].as_str().and_then(|text| text.parse().ok()).expect("a version");
    let rows = since(&books, "sync/Financial/TransactionLines", start).await;
    assert!(rows.len() == 3 && rows.iter().all(|row| row["YourRef"] == "INV-2"));
    assert_eq!(
        books
            .get("read/sync/Sync/SyncTimestamp?modified=datetime'2027-01-05T00:00:00'&endPoint='Accounts'")
            .await
            .status,
        400
    );
}
