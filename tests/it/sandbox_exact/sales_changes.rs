//! Changes of a booked entry: head, lines, end.

use serde_json::json;

use super::support::{DIVISION, Harness};

async fn booked(books: &Harness) -> String {
    let customer = books.customer("Bakkerij Smit").await;
    let row = books.book(&customer, "INV-1").await;
    row["EntryID"].as_str().expect("a guid").to_owned()
}

#[tokio::test]
async fn the_head_can_be_changed_in_part() {
    let books = Harness::start().await;
    let path = format!("salesentry/SalesEntries(guid'{}')", booked(&books).await);
    let changed = books.put(&path, &json!({"Description": "nagekeken", "YourRef": "INV-1a"})).await;
    assert_eq!((changed.status, changed.text.as_str()), (204, ""));
    let row = books.get(&path).await.json()["d"].clone();
    assert_eq!((row["Description"].as_str(), row["AmountFC"].as_f64()), (Some("nagekeken"), Some(121.0)));
    let find = |reference: &'static str| {
        let books = &books;
        async move {
            books
                .find("salesentry/SalesEntries", &[("$filter", &*format!("YourRef eq '{reference}'"))])
                .await
                .rows()
                .len()
        }
    };
    assert_eq!((find("INV-1").await, find("INV-1a").await), (0, 1));
}

#[tokio::test]
async fn lines_cannot_be_bound_and_the_year_is_fixed() {
    let books = Harness::start().await;
    let path = format!("salesentry/SalesEntries(guid'{}')", booked(&books).await);
    let bound = books.put(&path, &json!({"SalesEntryLines": []})).await;
    assert!(
        bound.status == 400 && bound.error().starts_with("Error processing request stream. Binding to new entities")
    );
    let year = books.put(&path, &json!({"EntryDate": "2025-12-31"})).await;
    assert_eq!((year.status, year.error().as_str()), (500, "Het boekjaar kan niet worden gewijzigd."));
    assert_eq!(books.put(&path, &json!({"EntryDate": "2026-11-30"})).await.status, 204);
    assert_eq!(books.get(&path).await.json()["d"]["ReportingPeriod"], 11);
    books.sandbox.set_period_status(DIVISION, "70", 2026, 11, true);
    for answer in [books.put(&path, &json!({"Description": "x"})).await, books.delete(&path).await] {
        assert_eq!(answer.error(), "Periode is afgesloten: 2026-11");
    }
    assert_eq!(
        books.put("salesentry/SalesEntries(guid'00000000-0000-0000-0000-000000000001')", &json!({})).await.status,
        404
    );
}

#[tokio::test]
async fn lines_are_added_and_deleted_and_the_last_one_takes_the_entry_along() {
    let books = Harness::start().await;
    let id = booked(&books).await;
    let line = json!({"EntryID": id, "GLAccount": books.gl("8010").await, "AmountFC": 10, "VATCode": "0"});
    let added = books.post("salesentry/SalesEntryLines", &line).await;
    assert_eq!((added.status, added.json()["d"]["LineNumber"].as_i64()), (201, Some(2)));
    let entry = format!("salesentry/SalesEntries(guid'{id}')");
    assert_eq!(books.get(&entry).await.json()["d"]["AmountFC"].as_f64(), Some(131.0));
    let lines = books.get(&format!("{entry}/SalesEntryLines")).await.rows();
    for (index, line) in lines.iter().enumerate() {
        let path = format!("salesentry/SalesEntryLines(guid'{}')", line["ID"].as_str().expect("a guid"));
        assert_eq!(books.delete(&path).await.status, 204);
        assert_eq!(books.delete(&path).await.status, 404, "gone");
        assert_eq!(books.get(&entry).await.status, if index == 0 { 200 } else { 404 });
    }
    assert!(books.sandbox.entries(DIVISION).is_empty());
}

#[tokio::test]
async fn a_deleted_entry_is_in_sync_deleted_and_its_number_is_not_used_again() {
    let books = Harness::start().await;
    let id = booked(&books).await;
    let lines = books.find("financialtransaction/TransactionLines", &[("$filter", "YourRef eq 'INV-1'")]).await.rows();
    let customer = books.customer("Nog een").await;
    books.book(&customer, "INV-2").await;
    assert_eq!(books.delete(&format!("salesentry/SalesEntries(guid'{id}')")).await.status, 204);
    let deleted = books.find("sync/Deleted", &[("$filter", "Timestamp gt 1")]).await.rows();
    let keys: Vec<&str> =
        deleted.iter().filter(|row| row["EntityType"] == 1).filter_map(|row| row["EntityKey"].as_str()).collect();
    assert_eq!(keys.len(), 3);
    assert!(lines.iter().all(|line| keys.contains(&line["ID"].as_str().expect("a guid"))));
    assert_eq!(deleted.iter().filter(|row| row["EntityType"] == 10).count(), 1, "the payment term");
    assert_eq!(books.book(&customer, "INV-3").await["EntryNumber"], 267_000_003);
}
