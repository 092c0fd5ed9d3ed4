//! What the sandboxes' own books say: what was invoiced, and what is booked of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use koppel::sandbox::chargebee::ChargebeeSandbox;
use koppel::sandbox::exact::BookedEntry;
use serde_json::Value;

/// Documents by number, each with currency and total.
pub type Amounts = BTreeMap<String, (String, i64)>;

/// The invoices that are to be booked or held: issued, not taken back, dated on `start` or later, not without any amount.
pub fn in_scope(chargebee: &ChargebeeSandbox, start: &str) -> Amounts {
    let invoices = chargebee.invoices();
    let rows = invoices.iter().filter(|invoice| is_in_scope(invoice, start));
    rows.map(|row| (text(row, "id"), (text(row, "currency_code"), row["total"].as_i64().unwrap()))).collect()
}

/// Both books are equal (I1, I2): every document in scope is either held, or booked once with its own total; nothing else is
/// booked.
pub fn assert_equal(in_scope: &Amounts, held: &BTreeSet<String>, entries: &[BookedEntry]) {
    let mut expected = in_scope.clone();
    expected.retain(|number, _| !held.contains(number));
    let mut booked = Amounts::new();
    for entry in entries {
        let before = booked.insert(entry.your_ref.clone(), (entry.currency.clone(), entry.total));
        assert_eq!(before, None, "{} is booked twice", entry.your_ref);
    }
    assert_eq!(booked, expected, "what is booked is not what was invoiced and is not held");
    assert_eq!(sums(&booked), sums(&expected));
}

/// A text of a row; empty where there is none.
pub fn text(row: &Value, name: &str) -> String {
    row[name].as_str().unwrap_or_default().to_owned()
}

fn is_in_scope(invoice: &Value, start: &str) -> bool {
    let issued = matches!(invoice["status"].as_str(), Some("posted" | "payment_due" | "not_paid" | "paid"));
    let date = Timestamp::from_second(invoice["date"].as_i64().unwrap_or_default()).unwrap();
    let day = date.to_zoned(TimeZone::get("Europe/Amsterdam").unwrap()).date().to_string();
    let lines = invoice["line_items"].as_array().into_iter().flatten();
    let has_amounts = invoice["total"] != 0 || lines.clone().any(|line| line["amount"] != 0);
    issued && invoice["deleted"] != true && day.as_str() >= start && has_amounts
}

fn sums(amounts: &Amounts) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    amounts.values().for_each(|(currency, total)| *sums.entry(currency.clone()).or_default() += total);
    sums
}
