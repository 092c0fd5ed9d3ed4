//! Entries of bank, cash and general journals: what becomes of them in their resources and in the ledger.

use serde_json::{Value, json};

use super::support::{DIVISION, Harness};

/// A line on the receivable account for a customer.
pub async fn receivable(books: &Harness, customer: &str, amount: f64) -> Value {
    json!({"GLAccount": books.gl("1300").await, "Account": customer, "AmountFC": amount, "Date": "2026-12-20"})
}

/// Posts to a resource and gives the entry as answered.
pub async fn posted(books: &Harness, path: &str, body: &Value) -> Value {
    let made = books.post(path, body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.json()["d"].clone()
}

/// Ledger rows of an entry, by line number.
pub async fn ledger(books: &Harness, entry: &Value) -> Vec<Value> {
    let filter = format!("EntryID eq guid'{}'", entry["EntryID"].as_str().expect("a guid"));
    books.find("financialtransaction/TransactionLines", &[("$filter", &filter)]).await.rows()
}

fn amounts(rows: &[Value]) -> Vec<(i64, &str, f64)> {
    let amount = |row: &Value| row["AmountFC"].as_f64().unwrap_or(f64::NAN);
    let code = |row| Value::as_str(row).unwrap_or("").trim();
    rows.iter()
        .map(|row| (row["LineNumber"].as_i64().unwrap_or(-1), code(&row["GLAccountCode"]), amount(row)))
        .collect()
}

#[tokio::test]
async fn a_bank_entry_posts_money_on_the_journals_account_and_takes_it_off_the_receivable() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let mut line = receivable(&books, &customer, 121.0).await;
    line["Description"] = json!("txn_1 INV-1");
    let cost = json!({"GLAccount": books.gl("8999").await, "AmountFC": -1.5, "Date": "2026-12-21"});
    let entry = json!({"JournalCode": "20", "BankEntryLines": [line, cost]});
    let booked = posted(&books, "financialtransaction/BankEntries", &entry).await;
    assert_eq!(booked["EntryNumber"], 262_000_001, "the journal's own series");
    assert_eq!((booked["FinancialYear"].as_i64(), booked["FinancialPeriod"].as_i64()), (Some(2026), Some(12)));
    assert_eq!((booked["OpeningBalanceFC"].as_f64(), booked["ClosingBalanceFC"].as_f64()), (Some(0.0), Some(119.5)));
    assert_eq!((booked["Currency"].as_str(), booked["Status"].as_i64()), (Some("EUR"), Some(20)));
    let rows = ledger(&books, &booked).await;
    assert_eq!(amounts(&rows), [(0, "1100", 119.5), (1, "1300", -121.0), (2, "8999", 1.5)]);
    assert!(rows.iter().all(|row| row["Type"] == 40 && row["JournalCode"] == "20"));
    assert_eq!((rows[1]["Account"].as_str(), rows[1]["Description"].as_str()), (Some(&*customer), Some("txn_1 INV-1")));
    assert!(rows[1]["OffsetID"].is_null(), "nothing is open that it could pay");
    let dates = rows.iter().map(|row| row["Date"].as_str().expect("a date")).collect::<Vec<_>>();
    assert_eq!(dates, ["/Date(1797724800000)/", "/Date(1797724800000)/", "/Date(1797811200000)/"]);
}

#[tokio::test]
async fn balances_of_a_bank_journal_follow_one_another() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let line = receivable(&books, &customer, 100.0).await;
    let first = json!({"JournalCode": "20", "BankEntryLines": [line]});
    let one = posted(&books, "financialtransaction/BankEntries", &first).await;
    let mut second = first.clone();
    (second["OpeningBalanceFC"], second["ClosingBalanceFC"]) = (json!(100.0), json!(200.0));
    let two = posted(&books, "financialtransaction/BankEntries", &second).await;
    assert_eq!((two["EntryNumber"].as_i64(), two["OpeningBalanceFC"].as_f64()), (Some(262_000_002), Some(100.0)));
    let path = |entry: &Value| {
        format!("financialtransaction/BankEntries(guid'{}')", entry["EntryID"].as_str().expect("a guid"))
    };
    assert_eq!(books.delete(&path(&one)).await.status, 204);
    let two = books.get(&path(&two)).await.json();
    assert_eq!(
        (two["d"]["OpeningBalanceFC"].as_f64(), two["d"]["ClosingBalanceFC"].as_f64()),
        (Some(0.0), Some(100.0))
    );
}

#[tokio::test]
async fn payment_services_are_booked_as_bank_entries_and_may_be_hidden_from_readers() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let entry = json!({"JournalCode": "22", "BankEntryLines": [receivable(&books, &customer, 50.0).await]});
    let booked = posted(&books, "financialtransaction/BankEntries", &entry).await;
    assert_eq!(amounts(&ledger(&books, &booked).await), [(0, "1150", 50.0), (1, "1300", -50.0)]);
    assert_eq!(books.get("financialtransaction/BankEntries").await.rows().len(), 1);
    books.sandbox.hide_payment_services(DIVISION, true);
    assert!(books.get("financialtransaction/BankEntries").await.rows().is_empty());
    assert!(books.get("financialtransaction/BankEntryLines").await.rows().is_empty());
    assert_eq!(ledger(&books, &booked).await.len(), 2, "the ledger hides nothing");
    let again = posted(&books, "financialtransaction/BankEntries", &entry).await;
    assert!(again["EntryID"].is_string() && again["EntryNumber"].is_null(), "answered as it was sent");
}

#[tokio::test]
async fn cash_entries_are_like_bank_entries_in_journals_of_their_own() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let journal = json!({"Code": "10", "Description": "Kas", "Type": 10, "Currency": "EUR",
        "GLAccount": books.gl("1100").await});
    posted(&books, "financial/Journals", &journal).await;
    let entry = json!({"JournalCode": "10", "CashEntryLines": [receivable(&books, &customer, 20.0).await]});
    let booked = posted(&books, "financialtransaction/CashEntries", &entry).await;
    assert_eq!(amounts(&ledger(&books, &booked).await), [(0, "1100", 20.0), (1, "1300", -20.0)]);
    assert!(books.get("financialtransaction/BankEntries").await.rows().is_empty());
    let lines = books.get("financialtransaction/CashEntryLines").await.rows();
    assert_eq!((lines.len(), lines[0]["AmountFC"].as_f64()), (1, Some(20.0)));
}

#[tokio::test]
async fn a_general_entry_is_debit_positive_and_has_no_counter_posting() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let psp = json!({"GLAccount": books.gl("1150").await, "AmountFC": 75.0, "Date": "2026-12-20"});
    let debtor = receivable(&books, &customer, -75.0).await;
    let entry = json!({"JournalCode": "90", "GeneralJournalEntryLines": [psp, debtor]});
    let booked = posted(&books, "generaljournalentry/GeneralJournalEntries", &entry).await;
    assert_eq!((booked["Type"].as_i64(), booked["EntryNumber"].as_i64()), (Some(90), Some(269_000_001)));
    let rows = ledger(&books, &booked).await;
    assert_eq!(amounts(&rows), [(0, "", 0.0), (1, "1150", 75.0), (2, "1300", -75.0)]);
    assert!(rows.iter().all(|row| row["Type"] == 90));
}

#[tokio::test]
async fn entries_are_read_by_filter_selection_expansion_and_page() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let line = receivable(&books, &customer, 1.0).await;
    for _ in 0..61 {
        let entry = json!({"JournalCode": "20", "BankEntryLines": [line, line]});
        posted(&books, "financialtransaction/BankEntries", &entry).await;
    }
    let page = books.get("financialtransaction/BankEntries").await;
    assert_eq!(page.rows().len(), 60);
    let next = page.json()["d"]["__next"].as_str().expect("a next page").to_owned();
    assert_eq!(books.get(&next).await.rows().len(), 1);
    let options = [
        ("$filter", "EntryNumber eq 262000007"),
        ("$expand", "BankEntryLines"),
        ("$select", "EntryID,BankEntryLines/AmountFC,BankEntryLines/LineNumber"),
    ];
    let found = books.find("financialtransaction/BankEntries", &options).await.rows();
    let lines = found[0]["BankEntryLines"]["results"].as_array().expect("lines");
    assert_eq!((found.len(), lines.len(), lines[1]["LineNumber"].as_i64()), (1, 2, Some(2)));
    let key = found[0]["EntryID"].as_str().expect("a guid");
    let below = books.get(&format!("financialtransaction/BankEntries(guid'{key}')/BankEntryLines")).await.rows();
    assert_eq!((below.len(), below[0]["EntryID"].as_str()), (2, Some(key)));
    let more = json!({"EntryID": key, "GLAccount": books.gl("8999").await, "AmountFC": 0.5});
    posted(&books, "financialtransaction/BankEntryLines", &more).await;
    let entry = books.get(&format!("financialtransaction/BankEntries(guid'{key}')")).await.json();
    assert_eq!(entry["d"]["ClosingBalanceFC"].as_f64(), Some(14.5));
}

#[tokio::test]
async fn a_deleted_entry_leaves_its_rows_in_deleted() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let entry = json!({"JournalCode": "20", "BankEntryLines": [receivable(&books, &customer, 10.0).await]});
    let booked = posted(&books, "financialtransaction/BankEntries", &entry).await;
    let rows = ledger(&books, &booked).await;
    let path = format!("financialtransaction/BankEntries(guid'{}')", booked["EntryID"].as_str().expect("a guid"));
    assert_eq!(books.put(&path, &json!({"EntryNumber": 1})).await.status, 405, "there is no PUT");
    assert_eq!(books.delete(&path).await.status, 204);
    assert_eq!(books.get(&path).await.status, 404);
    let deleted = books.find("sync/Deleted", &[("$filter", "Timestamp gt 1L")]).await.rows();
    let keys =
        |kind: i64| deleted.iter().filter(move |row| row["EntityType"] == kind).map(|row| row["EntityKey"].clone());
    assert_eq!(keys(1).collect::<Vec<_>>(), rows.iter().map(|row| row["ID"].clone()).collect::<Vec<_>>());
    assert_eq!(keys(10).count(), 1, "and the term of the open money");
    assert!(books.sandbox.balances(DIVISION).is_empty());
}
