//! Money, currencies, dates: rounding, rates, base values (2.7, 2.8).

use serde_json::{Value, json};

use super::support::Harness;

async fn currency(harness: &Harness, code: &str) -> String {
    let rows = harness
        .get(&format!("transactioncurrencies?$select=exchangerate&$filter=isocurrencycode eq '{code}'"))
        .await
        .rows();
    rows[0]["transactioncurrencyid"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn money_without_a_currency_gets_the_base_currency() {
    let harness = Harness::start().await;
    harness.invoices().await;
    let id = harness.post("cb_invoices", &json!({"cb_total": 10.005})).await.is(204).id();
    let row = harness.get(&format!("cb_invoices({id})")).await;
    let euro = currency(&harness, "EUR").await;
    assert_eq!(row.json()["_transactioncurrencyid_value"], json!(euro));
    assert!(row.text.contains("\"cb_total\":10.01,") && row.text.contains("\"exchangerate\":1"), "{}", row.text);
    let plain = harness.post("cb_invoices", &json!({"cb_name": "A"})).await.is(204).id();
    let row = harness.get(&format!("cb_invoices({plain})")).await.json();
    assert_eq!(row["_transactioncurrencyid_value"], Value::Null);
}

#[tokio::test]
async fn a_base_value_is_the_value_by_the_rate_and_cannot_be_written() {
    let harness = Harness::start().await;
    harness.invoices().await;
    let dollar = currency(&harness, "USD").await;
    let body = json!({
        "cb_total": 100, "cb_total_base": 5, "exchangerate": 7,
        "transactioncurrencyid@odata.bind": format!("/transactioncurrencies({dollar})"),
    });
    let path = format!(
        "cb_invoices({})?$select=cb_total,cb_total_base,exchangerate",
        harness.post("cb_invoices", &body).await.id()
    );
    let row = harness.get(&path).await;
    assert!(
        row.text.contains("\"cb_total_base\":90.9091") && row.text.contains("\"exchangerate\":1.1"),
        "{}",
        row.text
    );
    harness.patch(&path, &json!({"cb_total": -50.5})).await.is(204);
    let row = harness.get(&path).await;
    assert!(
        row.text.contains("\"cb_total_base\":-45.9091") && row.text.contains("\"cb_total\":-50.50,"),
        "{}",
        row.text
    );
}

#[tokio::test]
async fn the_currency_s_own_precision_counts() {
    let harness = Harness::start().await;
    harness.invoices().await;
    let yen = json!({
        "currencyname": "Yen", "isocurrencycode": "JPY", "currencysymbol": "¥", "currencyprecision": 0, "exchangerate": 160,
    });
    let yen = harness.post("transactioncurrencies", &yen).await.is(204).id();
    let body =
        json!({"cb_total": 1999.5, "transactioncurrencyid@odata.bind": format!("/transactioncurrencies({yen})")});
    let id = harness.post("cb_invoices", &body).await.is(204).id();
    let row = harness.get(&format!("cb_invoices({id})")).await;
    assert!(row.text.contains("\"cb_total\":2000,") && row.text.contains("\"cb_total_base\":12.5"), "{}", row.text);
    harness.delete(&format!("transactioncurrencies({yen})")).await.is_refused(405, "0x80040227");
}

#[tokio::test]
async fn decimals_are_rounded_and_dates_have_no_time() {
    let harness = Harness::start().await;
    harness.invoices().await;
    let id = harness.post("cb_invoices", &json!({"cb_rate": 1.23456, "cb_day": "2026-01-31"})).await.is(204).id();
    let row = harness.get(&format!("cb_invoices({id})")).await;
    assert!(row.text.contains("\"cb_rate\":1.2346"), "{}", row.text);
    assert_eq!(row.json()["cb_day"], "2026-01-31");
    for day in ["2026-01-31T10:00:00Z", "31-01-2026", "2026-02-30"] {
        harness.post("cb_invoices", &json!({"cb_day": day})).await.is_refused(400, "0x80048d19");
    }
    harness.post("cb_invoices", &json!({"cb_rate": "1.2"})).await.is_refused(400, "0x80048d19");
    harness.post("cb_invoices", &json!({"cb_rate": 101})).await.is_refused(400, "0x80044330");
    harness.post("cb_invoices", &json!({"cb_status": 5})).await.is_refused(400, "0x8004431a");
    let found = harness.get("cb_invoices?$filter=cb_day eq 2026-01-31 and cb_rate gt 1").await.rows();
    assert_eq!(found.len(), 1);
}

#[tokio::test]
async fn times_are_kept_to_the_second() {
    let harness = Harness::start().await;
    let id = harness
        .post("accounts", &json!({"name": "A", "lastusedincampaign": "2026-01-31T11:00:00.789+01:00"}))
        .await
        .is(204)
        .id();
    let row = harness.get(&format!("accounts({id})")).await.json();
    assert_eq!(
        (&row["lastusedincampaign"], &row["createdon"]),
        (&json!("2026-01-31T10:00:00Z"), &json!("2027-01-05T08:30:00Z"))
    );
}
