//! The admin interface over HTTP, and divisions that the user may not use.

use koppel::sandbox::exact::seed::{self, relations};
use koppel::sandbox::exact::{Language, Quotas};
use serde_json::json;

use super::support::{DIVISION, Harness};

#[tokio::test]
async fn opening_a_year_lets_its_documents_in() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let mut entry = books.entry(&customer, "INV-1").await;
    entry["EntryDate"] = json!("2027-01-05");
    assert_eq!(books.post("salesentry/SalesEntries", &entry).await.status, 500);
    assert_eq!(books.admin("years", &json!({"division": DIVISION, "year": 2027})).await.status, 200);
    let booked = books.post("salesentry/SalesEntries", &entry).await.json()["d"].clone();
    assert_eq!((booked["ReportingYear"].as_i64(), booked["EntryNumber"].as_i64()), (Some(2027), Some(277_000_001)));
    let closing = json!({"division": DIVISION, "journal": "70", "year": 2027, "period": 1, "closed": true});
    assert_eq!(books.admin("period-status", &closing).await.status, 200);
    assert_eq!(books.post("salesentry/SalesEntries", &entry).await.error(), "Periode is afgesloten: 2027-01");
    assert_eq!(books.admin("years", &json!({"division": 5, "year": 2027})).await.status, 404);
    assert_eq!(books.admin("years", &json!({"division": DIVISION, "jaar": 2027})).await.status, 422);
}

#[tokio::test]
async fn a_merge_moves_the_entries_and_removes_the_loser() {
    let books = Harness::start().await;
    let loser = books.customer("Dubbel").await;
    let booked = books.book(&loser, "INV-1").await;
    let body = json!({"division": DIVISION, "loser": loser, "survivor": relations::SURVIVOR});
    assert_eq!(books.admin("accounts/merge", &body).await.status, 200);
    assert_eq!(books.get(&format!("crm/Accounts(guid'{loser}')")).await.status, 404);
    let path = format!("salesentry/SalesEntries(guid'{}')", booked["EntryID"].as_str().expect("a guid"));
    assert_eq!(books.get(&path).await.json()["d"]["Customer"], json!(relations::SURVIVOR));
    let deleted = books.find("sync/Deleted", &[("$filter", "Timestamp gt 1")]).await.rows();
    assert!(deleted.iter().any(|row| row["EntityKey"] == json!(loser) && row["EntityType"] == 2));
}

#[tokio::test]
async fn codes_accounts_and_ledger_accounts_can_be_spoilt_by_hand() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let entry = books.entry(&customer, "INV-1").await;
    let post = || books.post("salesentry/SalesEntries", &entry);
    books.admin("vat-codes/rename", &json!({"division": DIVISION, "from": "2", "to": "21"})).await;
    assert_eq!(post().await.error(), "Ongeldige referentie: Btw-code");
    books.admin("vat-codes/rename", &json!({"division": DIVISION, "from": "21", "to": "2"})).await;
    books.admin("accounts/block", &json!({"division": DIVISION, "id": customer, "blocked": true})).await;
    assert_eq!(post().await.error(), "Geblokkeerd: Klant");
    books.admin("accounts/block", &json!({"division": DIVISION, "id": customer, "blocked": false})).await;
    books.admin("gl-accounts/block", &json!({"division": DIVISION, "code": "8000", "blocked": true})).await;
    books.admin("language", &json!({"language": "en"})).await;
    assert_eq!(post().await.error(), "Blocked: G/L Account");
    let added = books
        .admin("accounts", &json!({"division": DIVISION, "name": "Met de hand", "vatNumber": "NL826789456B01"}))
        .await;
    assert!(added.json()["id"].is_string());
}

#[tokio::test]
async fn books_calls_quotas_and_clock_are_to_be_had_over_http() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    books.book(&customer, "INV-1").await;
    let read = |path: &'static str| {
        let books = &books;
        async move {
            books
                .client
                .get(format!("{}/admin/exact/{path}", books.url))
                .send()
                .await
                .expect("an answer")
                .json::<serde_json::Value>()
                .await
                .expect("JSON")
        }
    };
    let entries = read("entries?division=100001").await;
    assert_eq!(
        (entries[0]["total"].as_i64(), entries[0]["lines"][0]["glAccount"].as_str()),
        (Some(12_100), Some("8000"))
    );
    let counts = read("calls/counts").await;
    let posted = counts.as_array().expect("counts").iter().find(|count| count["resource"] == "salesentry/SalesEntries");
    assert_eq!(posted.map(|count| count["count"].clone()), Some(json!(1)));
    assert_eq!(read("calls").await[0]["method"], "POST");
    let quotas = json!({"perMinute": 1, "perDay": 5, "errorsPerHour": 2, "enabled": true});
    assert_eq!(books.admin("quotas", &quotas).await.status, 200);
    // The minute already has more calls than that.
    assert_eq!(books.get("financial/Journals").await.status, 429);
    let moved = books.admin("clock", &json!({"advanceSeconds": 86_400})).await;
    assert_eq!(moved.json()["now"], "2027-01-06T08:30:00Z");
}

#[tokio::test]
async fn divisions_and_resources_without_right_say_so_each_in_its_way() {
    let mut closed = seed::wolkwerk();
    closed.division = 100_002;
    closed.no_access = true;
    let books = Harness::start_with(Quotas::off(), Language::Nl, vec![seed::wolkwerk(), closed]).await;
    assert_eq!(books.get("system/Divisions").await.rows().len(), 2);
    assert_eq!(books.get("/api/v1/100002/financial/Journals").await.status, 403);
    assert_eq!(books.get("/api/v1/999999/financial/Journals").await.status, 403);
    books.admin("rights", &json!({"division": DIVISION, "resource": "financial/Journals", "granted": false})).await;
    let hidden = books.get("financial/Journals").await;
    assert_eq!((hidden.status, hidden.rows().len()), (200, 0), "an empty list instead of 403");
    books.sandbox.set_right(DIVISION, "salesentry/SalesEntries", false);
    assert_eq!(books.post("salesentry/SalesEntries", &json!({})).await.status, 403);
}
