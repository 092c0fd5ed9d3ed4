//! Deferred revenue: `From` and `To` on a line become releases of type 84 in the general journal.

use koppel::sandbox::exact::seed::{self, Deferral, DeferralMethod};
use koppel::sandbox::exact::{Language, Quotas};
use serde_json::{Value, json};

use super::support::{DIVISION, Harness, Reply};

async fn post_range(books: &Harness, amount: f64, from: &str, to: &str) -> Reply {
    let customer = books.customer("Bakkerij Smit").await;
    let mut entry = books.entry(&customer, "DEF-1").await;
    entry["SalesEntryLines"][0]["AmountFC"] = json!(amount);
    entry["SalesEntryLines"][0]["From"] = json!(from);
    entry["SalesEntryLines"][0]["To"] = json!(to);
    books.post("salesentry/SalesEntries", &entry).await
}

fn releases(books: &Harness) -> Vec<(i16, i16, i64)> {
    books.sandbox.entries(DIVISION).pop().expect("an entry").lines[0].releases.clone()
}

#[tokio::test]
async fn a_range_is_spread_equally_and_adds_up() {
    let books = Harness::start().await;
    assert_eq!(post_range(&books, 100.0, "2026-10-15", "2026-12-14").await.status, 201);
    assert_eq!(releases(&books), [(2026, 10, 3333), (2026, 11, 3333), (2026, 12, 3334)]);
    assert_eq!(post_range(&books, -0.05, "2026-11-01", "2026-12-31").await.status, 201);
    assert_eq!(releases(&books), [(2026, 11, -3), (2026, 12, -2)]);
}

#[tokio::test]
async fn the_ledger_shows_the_deferral_account_and_the_releases() {
    let books = Harness::start().await;
    let booked = post_range(&books, 100.0, "2026-11-01", "2026-12-31").await.json()["d"].clone();
    let options = [
        ("$filter", "EntryNumber eq 267000001"),
        ("$select", "GLAccountCode,AmountFC,Type,JournalCode,FinancialPeriod,YourRef,EntryID,Account"),
    ];
    let rows = books.find("financialtransaction/TransactionLines", &options).await.rows();
    let seen: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!([row["GLAccountCode"], row["AmountFC"], row["Type"], row["JournalCode"], row["FinancialPeriod"]])
        })
        .collect();
    let expected = json!([
        ["1300", 121.0, 20, "70", 12],
        ["1850", -100.0, 20, "70", 12],
        ["1500", -21.0, 20, "70", 12],
        ["1850", 50.0, 84, "90", 11],
        ["8000", -50.0, 84, "90", 11],
        ["1850", 50.0, 84, "90", 12],
        ["8000", -50.0, 84, "90", 12],
    ]);
    assert_eq!(Value::Array(seen), expected);
    assert!(rows[3]["YourRef"].is_null() && rows[3]["Account"].is_null(), "amount and number are all there is");
    assert_ne!(rows[3]["EntryID"], booked["EntryID"]);
    let only =
        books.find("bulk/Financial/TransactionLines", &[("$filter", "Type eq 84"), ("$select", "ID,EntryID")]).await;
    assert_eq!(only.rows().len(), 4);
    let filter = [("$filter", "EntryNumber eq 267000001 and Type eq 84"), ("$select", "ID,AmountFC")];
    let amounts = books.find("bulk/Financial/TransactionLines", &filter).await.rows();
    assert_eq!(amounts.iter().map(|row| row["AmountFC"].as_f64().unwrap()).sum::<f64>(), 0.0, "in balance");
    assert_eq!(amounts.len(), 4);
    let other = [("$filter", "EntryNumber eq 267000002 and Type eq 84"), ("$select", "ID")];
    assert_eq!(books.find("bulk/Financial/TransactionLines", &other).await.rows(), Vec::<Value>::new());
    let of_release = format!("EntryID eq guid'{}'", rows[3]["EntryID"].as_str().expect("a guid"));
    let found = books.find("financialtransaction/TransactionLines", &[("$filter", &of_release)]).await;
    assert_eq!(found.rows().len(), 2);
    let line =
        books.find("salesentry/SalesEntryLines", &[("$filter", "GLAccountCode eq '8000'")]).await.rows()[0].clone();
    assert_eq!(
        (line["From"].as_str(), line["To"].as_str()),
        (Some("/Date(1793491200000)/"), Some("/Date(1798675200000)/"))
    );
}

#[tokio::test]
async fn by_day_counts_the_days_of_each_period() {
    let mut data = seed::wolkwerk();
    data.deferral = Some(Deferral { account: "1850".into(), journal: "90".into(), method: DeferralMethod::ByDay });
    let books = Harness::start_with(Quotas::off(), Language::Nl, vec![data]).await;
    assert_eq!(post_range(&books, 100.0, "2026-11-21", "2026-12-10").await.status, 201);
    assert_eq!(releases(&books), [(2026, 11, 5000), (2026, 12, 5000)], "ten days each");
}

#[tokio::test]
async fn every_period_must_exist_and_be_open_for_the_general_journal() {
    let books = Harness::start().await;
    let missing = post_range(&books, 100.0, "2026-12-01", "2027-11-30").await;
    assert_eq!((missing.status, missing.error().as_str()), (500, "Onbekend: Boekjaar (Periode-datumtabel)"));
    books.sandbox.open_year(DIVISION, 2027);
    assert_eq!(post_range(&books, 100.0, "2026-12-01", "2027-11-30").await.status, 201);
    assert_eq!(releases(&books).len(), 12);
    let closed = post_range(&books, 100.0, "2026-06-30", "2026-07-31").await;
    assert_eq!(closed.error(), "Periode is afgesloten: 2026-06");
    books.sandbox.set_period_status(DIVISION, "90", 2026, 6, false);
    assert_eq!(post_range(&books, 100.0, "2026-06-30", "2026-07-31").await.status, 201, "journal 70 is not asked");
}

#[tokio::test]
async fn both_ends_or_none_and_in_order() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let mut entry = books.entry(&customer, "DEF-1").await;
    entry["SalesEntryLines"][0]["From"] = json!("2026-12-01");
    assert_eq!(books.post("salesentry/SalesEntries", &entry).await.error(), "Verplicht: Tot en met");
    assert_eq!(post_range(&books, 1.0, "2026-12-02", "2026-12-01").await.error(), "Ongeldig: Tot en met");
    assert_eq!(
        post_range(&books, 1.0, "2026-12-01", "9999-12-31").await.error(),
        "Onbekend: Boekjaar (Periode-datumtabel)"
    );
}

#[tokio::test]
async fn without_the_settings_the_range_is_dropped_without_a_word() {
    let books = Harness::start().await;
    books.sandbox.remove_deferral(DIVISION);
    assert_eq!(post_range(&books, 100.0, "2026-12-01", "2027-11-30").await.status, 201);
    let line = books.find("salesentry/SalesEntryLines", &[]).await.rows()[0].clone();
    assert!(line["From"].is_null() && line["To"].is_null());
    assert!(
        books
            .find("bulk/Financial/TransactionLines", &[("$filter", "Type eq 84"), ("$select", "ID")])
            .await
            .rows()
            .is_empty()
    );
}
