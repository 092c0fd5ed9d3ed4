//! Credit notes of several lines and their releases: what they take back cancels to the cent, period by period.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::support::{DIVISION, Harness};

fn line(books_account: &str, amount: f64, range: Option<(&str, &str)>) -> Value {
    let mut line = json!({"GLAccount": books_account, "AmountFC": amount, "VATCode": "2"});
    if let Some((from, to)) = range {
        (line["From"], line["To"]) = (json!(from), json!(to));
    }
    line
}

async fn book(books: &Harness, customer: &str, your_ref: &str, kind: i64, lines: &[Value]) -> Value {
    let mut entry = books.entry(customer, your_ref).await;
    (entry["Type"], entry["SalesEntryLines"]) = (json!(kind), json!(lines));
    let booked = books.post("salesentry/SalesEntries", &entry).await;
    assert_eq!(booked.status, 201, "{}", booked.text);
    booked.json()["d"].clone()
}

/// What stands on each GL account in each period, without what is zero.
fn by_period(books: &Harness) -> BTreeMap<(String, i16), i64> {
    let mut sums = BTreeMap::new();
    for row in books.sandbox.ledger(DIVISION, None) {
        *sums.entry((row.gl_account, row.period)).or_default() += row.amount;
    }
    sums.retain(|_, amount| *amount != 0);
    sums
}

#[tokio::test]
async fn a_full_credit_of_several_deferred_lines_cancels_in_every_period() {
    let books = Harness::start().await;
    let (customer, abo, addons) =
        (books.customer("Bakkerij Smit").await, books.gl("8000").await, books.gl("8010").await);
    let sides = |sign: f64| {
        vec![
            line(&abo, sign * 100.0, Some(("2026-10-01", "2026-12-31"))),
            line(&addons, sign * 0.05, Some(("2026-11-15", "2026-12-14"))),
            line(&abo, sign * -10.01, Some(("2026-10-01", "2026-12-31"))),
            line(&addons, sign * 33.33, None),
        ]
    };
    book(&books, &customer, "INV-1", 20, &sides(1.0)).await;
    let invoiced = by_period(&books);
    assert_eq!(invoiced[&("8000".to_owned(), 10)], -2999, "33.33 less the discount's 3.34");
    assert_eq!(invoiced[&("8000".to_owned(), 12)], -3001, "33.34 less 3.33: the last period takes the rest");
    let credited = book(&books, &customer, "CN-1", 21, &sides(-1.0)).await;
    assert_eq!((&credited["Type"], &credited["AmountFC"]), (&json!(21), &json!(-149.28)));
    assert_eq!(by_period(&books), BTreeMap::new(), "each period of each account is back at zero");
}

#[tokio::test]
async fn a_credit_from_now_on_takes_back_what_is_not_released_yet() {
    let books = Harness::start().await;
    let (customer, abo) = (books.customer("Bakkerij Smit").await, books.gl("8000").await);
    book(&books, &customer, "INV-1", 20, &[line(&abo, 300.0, Some(("2026-10-01", "2026-12-31")))]).await;
    // Two of three months: one line for what November had, one with the range that is left.
    let lines = [line(&abo, -100.0, None), line(&abo, -100.0, Some(("2026-12-01", "2026-12-31")))];
    book(&books, &customer, "CN-1", 21, &lines).await;
    let entry = books.sandbox.entries(DIVISION).pop().expect("the credit note");
    assert_eq!((entry.total, entry.lines[0].releases.len()), (-24_200, 0));
    assert_eq!(entry.lines[1].releases, [(2026, 12, -10_000)]);
    let sums = by_period(&books);
    assert_eq!(sums.iter().filter(|((account, _), _)| account == "1850").map(|(_, amount)| amount).sum::<i64>(), 0);
    let revenue: Vec<i64> =
        [10, 11, 12].map(|period| sums.get(&("8000".to_owned(), period)).copied().unwrap_or(0)).into();
    assert_eq!(
        revenue,
        [-10_000, -10_000, 10_000],
        "the line without a range is revenue of December, the entry's period"
    );
}

#[tokio::test]
async fn a_discount_inside_an_invoice_is_released_beside_its_line() {
    let books = Harness::start().await;
    let (customer, abo, discounts) =
        (books.customer("Bakkerij Smit").await, books.gl("8000").await, books.gl("8090").await);
    let range = Some(("2026-11-01", "2026-12-31"));
    let booked =
        book(&books, &customer, "INV-1", 20, &[line(&abo, 100.0, range), line(&discounts, -25.01, range)]).await;
    assert_eq!(
        (&booked["Type"], &booked["AmountFC"], &booked["VATAmountFC"]),
        (&json!(20), &json!(90.74), &json!(15.75))
    );
    let releases: Vec<_> = books.sandbox.entries(DIVISION)[0].lines.iter().map(|line| line.releases.clone()).collect();
    assert_eq!(releases[0], [(2026, 11, 5_000), (2026, 12, 5_000)]);
    assert_eq!(releases[1], [(2026, 11, -1_251), (2026, 12, -1_250)], "half away from zero, the rest at the end");
    let rows =
        books.find("bulk/Financial/TransactionLines", &[("$filter", "Type eq 84"), ("$select", "ID,AmountFC")]).await;
    assert_eq!(rows.rows().len(), 8);
    let sum: f64 = rows.rows().iter().filter_map(|row| row["AmountFC"].as_f64()).sum();
    assert!(sum.abs() < 1e-9, "debit and credit of the releases are equal: {sum}");
}
