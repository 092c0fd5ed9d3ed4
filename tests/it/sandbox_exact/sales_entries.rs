//! Booking: what a good entry becomes.

use serde_json::{Value, json};

use super::support::{DIVISION, Harness, reply};

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
    let booked = reply(sent.expect("an answer")).await;
    let row = &booked.json()["d"];
    assert_eq!(booked.status, 201);
    assert!(row["EntryID"].is_string() && row["YourRef"] == "INV-1");
    assert!(row["EntryNumber"].is_null() && row["AmountFC"].is_null());
}

/// Books one line and gives net, VAT and total in cents.
async fn line(books: &Harness, customer: &str, code: &str, amount: Value) -> (i64, i64, i64) {
    let mut entry = books.entry(customer, "V").await;
    entry["SalesEntryLines"][0]["VATCode"] = json!(code);
    entry["SalesEntryLines"][0]["AmountFC"] = amount;
    let booked = books.post("salesentry/SalesEntries", &entry).await;
    assert_eq!(booked.status, 201, "{code}: {}", booked.text);
    let last = books.sandbox.entries(DIVISION).pop().expect("an entry");
    (last.lines[0].net, last.lines[0].vat, last.total)
}

#[tokio::test]
async fn vat_follows_the_type_of_the_code() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    assert_eq!(line(&books, &customer, "2", json!(100)).await, (10_000, 2_100, 12_100));
    assert_eq!(line(&books, &customer, "1", json!("9.99")).await, (999, 90, 1_089));
    assert_eq!(line(&books, &customer, "3", json!(121.0)).await, (10_000, 2_100, 12_100), "including");
    assert_eq!(line(&books, &customer, "7", json!(100.0)).await, (10_000, 0, 10_000), "reverse charge");
    assert_eq!(line(&books, &customer, "0", json!(0.01)).await, (1, 0, 1), "rounding");
    assert_eq!(line(&books, &customer, "D", json!(-50.0)).await, (-5_000, -950, -5_950), "OSS, negative");
}

#[tokio::test]
async fn an_override_stands_in_lines_totals_and_ledger() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let mut entry = books.entry(&customer, "INV-1").await;
    let gl = books.gl("8010").await;
    entry["SalesEntryLines"] = json!([
        {"GLAccount": gl, "AmountFC": 33.33, "VATCode": "2", "VATAmountFC": 7.01, "Description": "a"},
        {"GLAccount": gl, "AmountFC": 66.67, "VATCode": "1", "CostCenter": "NL", "CostUnit": "ADD"},
    ]);
    let booked = books.post("salesentry/SalesEntries", &entry).await.json()["d"].clone();
    assert_eq!((booked["AmountFC"].as_f64(), booked["VATAmountFC"].as_f64()), (Some(113.01), Some(13.01)));
    entry["VATAmountFC"] = json!(13.02);
    let whole = books.post("salesentry/SalesEntries", &entry).await.json()["d"].clone();
    assert_eq!((whole["AmountFC"].as_f64(), whole["VATAmountFC"].as_f64()), (Some(113.02), Some(13.02)));
    let options = [
        ("$filter", "EntryNumber eq 267000001"),
        ("$select", "LineNumber,AmountFC,GLAccountCode,Type,VATCode,CostUnit"),
    ];
    let rows = books.find("financialtransaction/TransactionLines", &options).await.rows();
    let amounts: Vec<(String, f64)> = rows
        .iter()
        .map(|row| {
            (row["GLAccountCode"].as_str().unwrap_or_default().to_owned(), row["AmountFC"].as_f64().unwrap_or(0.0))
        })
        .collect();
    let expected = [("1300", 113.01), ("8010", -33.33), ("8010", -66.67), ("1500", -7.01), ("1500", -6.0)];
    assert_eq!(amounts, expected.map(|(code, amount)| (code.to_owned(), amount)));
    assert_eq!((rows[0]["LineNumber"].as_i64(), rows[0]["Type"].as_i64()), (Some(0), Some(20)));
    assert_eq!((rows[2]["CostUnit"].as_str(), rows[2]["VATCode"].as_str()), (Some("ADD"), Some("1  ")));
}

#[tokio::test]
async fn a_credit_note_is_type_21_and_an_open_item_of_its_own() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let mut entry = books.entry(&customer, "CN-1").await;
    entry["Type"] = json!(21);
    entry["SalesEntryLines"][0]["AmountFC"] = json!(-100.0);
    let booked = books.post("salesentry/SalesEntries", &entry).await.json()["d"].clone();
    assert_eq!((booked["Type"].as_i64(), booked["AmountFC"].as_f64()), (Some(21), Some(-121.0)));
    let items = books.find("cashflow/Receivables", &[("$filter", "YourRef eq 'CN-1'")]).await.rows();
    assert_eq!((items[0]["AmountFC"].as_f64(), items[0]["Status"].as_i64()), (Some(-121.0), Some(20)));
    assert_eq!(items[0]["TransactionEntryID"], booked["EntryID"]);
}

#[tokio::test]
async fn foreign_entries_are_in_balance_in_both_currencies() {
    let books = Harness::start().await;
    let customer = books.customer("Acme Inc").await;
    let mut entry = books.entry(&customer, "USD-1").await;
    let gl = books.gl("8030").await;
    entry["Currency"] = json!("USD");
    entry["Rate"] = json!(0.9137);
    entry["SalesEntryLines"] = json!([
        {"GLAccount": gl, "AmountFC": 0.99, "VATCode": "6"},
        {"GLAccount": gl, "AmountFC": 33.33, "VATCode": "6"},
        {"GLAccount": gl, "AmountFC": 66.66, "VATCode": "6"},
    ]);
    assert_eq!(books.post("salesentry/SalesEntries", &entry).await.status, 201);
    let options = [("$filter", "YourRef eq 'USD-1'"), ("$select", "AmountFC,AmountDC")];
    let rows = books.find("financialtransaction/TransactionLines", &options).await.rows();
    for property in ["AmountFC", "AmountDC"] {
        let cents: i64 = rows.iter().map(|row| (row[property].as_f64().unwrap_or(1.0) * 100.0).round() as i64).sum();
        assert_eq!(cents, 0, "{property}");
    }
}

#[tokio::test]
async fn the_customers_defaults_fill_what_is_not_sent() {
    let books = Harness::start().await;
    let body = json!({"Name": "Vaste Klant", "Status": "C", "PaymentConditionSales": "14", "SalesVATCode": "1"});
    let customer = books.post("crm/Accounts", &body).await.json()["d"].clone();
    assert_eq!(customer["SalesVATCode"], "1  ");
    let entry = json!({
        "Customer": customer["ID"], "Journal": "70",
        "EntryDate": "2026-12-01T00:00:00",
        "SalesEntryLines": [{"GLAccount": books.gl("8000").await, "AmountFC": 100}],
    });
    let booked = books.post("salesentry/SalesEntries", &entry).await.json()["d"].clone();
    assert_eq!((booked["PaymentCondition"].as_str(), booked["VATAmountFC"].as_f64()), (Some("14"), Some(9.0)));
    let entry = books.sandbox.entries(DIVISION).pop().expect("an entry");
    assert_eq!((entry.due_date, entry.customer_name.as_str()), (jiff::civil::date(2026, 12, 15), "Vaste Klant"));
}
