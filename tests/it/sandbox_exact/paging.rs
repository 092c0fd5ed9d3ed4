//! Paging: 60 rows for crud, 1,000 for bulk and sync, absolute links that are followed as they are.

use std::collections::BTreeSet;

use koppel::sandbox::exact::seed::Account;
use serde_json::Value;

use super::support::{DIVISION, Harness};

fn many(books: &Harness, count: i64) {
    for number in 0..count {
        let account = Account { name: format!("Klant {number:05}"), status: 'C', ..Account::default() };
        books.sandbox.add_account(DIVISION, account);
    }
}

/// Follows `__next` to the end; every page's rows.
async fn pages(books: &Harness, path: &str, options: &[(&str, &str)]) -> Vec<Vec<Value>> {
    let mut answer = books.find(path, options).await;
    let mut pages = vec![answer.rows()];
    while let Some(next) = answer.json()["d"]["__next"].as_str().map(str::to_owned) {
        assert!(next.starts_with(&books.url) && next.contains("skiptoken"), "{next}");
        answer = books.get(&next).await;
        assert_eq!(answer.status, 200, "{next}: {}", answer.text);
        pages.push(answer.rows());
    }
    pages
}

fn sizes(pages: &[Vec<Value>]) -> Vec<usize> {
    pages.iter().map(Vec::len).collect()
}

fn distinct(pages: &[Vec<Value>], property: &str) -> usize {
    let all: BTreeSet<&str> = pages.iter().flatten().filter_map(|row| row[property].as_str()).collect();
    all.len()
}

#[tokio::test]
async fn crud_pages_hold_60_rows() {
    let books = Harness::start().await;
    many(&books, 150);
    let filter = ("$filter", "startswith(Name,'Klant')");
    let found = pages(&books, "crm/Accounts", &[filter, ("$select", "ID,Name")]).await;
    assert_eq!((sizes(&found), distinct(&found, "ID")), (vec![60, 60, 30], 150));
    let ordered = pages(&books, "crm/Accounts", &[filter, ("$orderby", "Name desc"), ("$select", "Name")]).await;
    assert_eq!(sizes(&ordered), [60, 60, 30]);
    assert_eq!(
        (ordered[0][0]["Name"].as_str(), ordered[2][29]["Name"].as_str()),
        (Some("Klant 00149"), Some("Klant 00000"))
    );
}

#[tokio::test]
async fn top_beyond_a_page_goes_on_until_it_is_reached() {
    let books = Harness::start().await;
    many(&books, 150);
    let filter = ("$filter", "startswith(Name,'Klant')");
    let found = pages(&books, "crm/Accounts", &[filter, ("$top", "100"), ("$select", "ID")]).await;
    assert_eq!((sizes(&found), distinct(&found, "ID")), (vec![60, 40], 100));
    let skipped = pages(&books, "crm/Accounts", &[filter, ("$skip", "100"), ("$select", "ID")]).await;
    assert_eq!(sizes(&skipped), [50]);
}

#[tokio::test]
async fn bulk_and_sync_pages_hold_1000_rows() {
    let books = Harness::start().await;
    many(&books, 1_200);
    let filter = ("$filter", "startswith(Name,'Klant')");
    let bulk = pages(&books, "bulk/CRM/Accounts", &[filter, ("$select", "ID,Name")]).await;
    assert_eq!((sizes(&bulk), distinct(&bulk, "ID")), (vec![1000, 200], 1200));
    let sync = pages(&books, "sync/CRM/Accounts", &[("$filter", "Timestamp gt 1L"), ("$select", "ID,Timestamp")]).await;
    assert_eq!((sizes(&sync), distinct(&sync, "ID")), (vec![1000, 210], 1210));
    let versions: Vec<i64> = sync.iter().flatten().filter_map(|row| row["Timestamp"].as_str()?.parse().ok()).collect();
    assert!(versions.is_sorted() && versions.len() == 1210, "in the order of the row versions, as Int64 strings");
}

#[tokio::test]
async fn rows_added_while_paging_are_neither_lost_nor_doubled() {
    let books = Harness::start().await;
    many(&books, 100);
    let first =
        books.find("sync/CRM/Accounts", &[("$filter", "Timestamp gt 1"), ("$select", "ID"), ("$top", "50")]).await;
    assert_eq!(first.rows().len(), 50);
    let page = books.find("crm/Accounts", &[("$filter", "startswith(Name,'Klant')"), ("$select", "ID")]).await;
    let next = page.json()["d"]["__next"].as_str().expect("a next page").to_owned();
    let last = page.rows()[59]["ID"].as_str().expect("a guid").to_owned();
    many(&books, 1);
    let rest = books.get(&next).await.rows();
    assert!((40..=41).contains(&rest.len()) && rest.iter().all(|row| row["ID"].as_str() > Some(last.as_str())));
}

#[tokio::test]
async fn sales_entries_and_their_ledger_rows_page_without_loss() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let entry = books.entry(&customer, "INV-1").await;
    for _ in 0..70 {
        assert_eq!(books.post("salesentry/SalesEntries", &entry).await.status, 201);
    }
    let entries = pages(&books, "salesentry/SalesEntries", &[("$select", "EntryID")]).await;
    assert_eq!((sizes(&entries), distinct(&entries, "EntryID")), (vec![60, 10], 70));
    let lines =
        pages(&books, "financialtransaction/TransactionLines", &[("$filter", "YourRef eq 'INV-1'"), ("$select", "ID")])
            .await;
    assert_eq!((sizes(&lines), distinct(&lines, "ID")), (vec![60, 60, 60, 30], 210), "head, revenue and VAT of each");
    let every =
        pages(&books, "financialtransaction/TransactionLines", &[("$filter", "AmountFC ne 0"), ("$select", "ID")])
            .await;
    assert_eq!(distinct(&every, "ID"), 210);
}
