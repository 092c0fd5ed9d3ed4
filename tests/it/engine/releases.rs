//! A credit of deferred revenue stands on what the books have released of its invoice (design §6, Deferral), which is read when
//! the credit is booked: one call for each such invoice, none for what is held or booked.

use std::collections::BTreeMap;

use jiff::Timestamp;
use koppel::sandbox::exact::{BookedEntry, BookedLine, Fault, FaultKind};
use rstest::rstest;
use serde_json::{Value, json};

use super::world::{DIVISION, World, options, text};

const NUMBER: &str = "NL-TERM-1";
/// Where the sandbox puts revenue off.
const PUT_OFF: &str = "1850";
/// Where releases are read.
const READ: &str = "bulk/Financial/TransactionLines";

fn second(at: &str) -> i64 {
    at.parse::<Timestamp>().unwrap().as_second()
}

/// A world without what it has booked before, and a year at EUR 1,000 from July on: 83.33 a month, and 83.37 in the last.
async fn with_a_year() -> World {
    let mut world = World::start(options(24, 80, false)).await;
    world.edit("  policies:\n", "  flows:\n    creditNotes:\n      enabled: true\n  policies:\n");
    world.run_to_end().await;
    world.a_minute_passes();
    let domestic =
        |entry: &BookedEntry| entry.lines.iter().all(|line| line.vat_code == "2" && line.gl_account == "8000");
    let like = world.entries().into_iter().find(domestic).expect("a domestic invoice of the platform");
    let mut row = world.invoice(&like.your_ref);
    let mut line = row["line_items"][0].clone();
    for (key, value) in [
        ("id", json!("li_term")),
        ("amount", json!(100_000)),
        ("unit_amount", json!(100_000)),
        ("quantity", json!(1)),
        ("discount_amount", json!(0)),
        ("item_level_discount_amount", json!(0)),
        ("tax_amount", json!(21_000)),
        ("date_from", json!(second("2026-06-30T22:00:00Z"))),
        ("date_to", json!(second("2027-06-30T22:00:00Z"))),
    ] {
        line[key] = value;
    }
    let mut tax = row["line_item_taxes"][0].clone();
    (tax["line_item_id"], tax["taxable_amount"], tax["tax_amount"]) = (json!("li_term"), json!(100_000), json!(21_000));
    let name = tax["tax_name"].clone();
    for (key, value) in [
        ("id", json!(NUMBER)),
        ("status", json!("payment_due")),
        ("date", json!(second("2026-07-01T08:00:00Z"))),
        ("generated_at", json!(second("2026-07-01T08:00:00Z"))),
        ("due_date", json!(second("2026-07-31T08:00:00Z"))),
        ("line_items", json!([line])),
        ("line_item_taxes", json!([tax])),
        ("taxes", json!([{"name": name, "amount": 21_000}])),
        ("line_item_discounts", json!([])),
        ("discounts", json!([])),
        ("linked_payments", json!([])),
        ("applied_credits", json!([])),
        ("adjustment_credit_notes", json!([])),
        ("issued_credit_notes", json!([])),
        ("sub_total", json!(100_000)),
        ("tax", json!(21_000)),
        ("total", json!(121_000)),
        ("amount_due", json!(121_000)),
        ("amount_to_collect", json!(121_000)),
        ("amount_paid", json!(0)),
        ("amount_adjusted", json!(0)),
        ("credits_applied", json!(0)),
        ("write_off_amount", json!(0)),
        ("round_off_amount", json!(0)),
        ("net_term_days", json!(30)),
    ] {
        row[key] = value;
    }
    world.chargebee.add_invoices(vec![row]).unwrap();
    world
}

async fn credit(world: &World, day: &str, net: &str) -> Value {
    let date = second(&format!("{day}T10:00:00Z")).to_string();
    let form = [
        ("type", "adjustment"),
        ("reference_invoice_id", NUMBER),
        ("line_items[reference_line_item_id][0]", "li_term"),
        ("line_items[amount][0]", net),
        ("date", date.as_str()),
    ];
    world.post("/credit_notes", &form).await["credit_note"].clone()
}

/// `8000 -416.65 -87.50 2 2026-07-01..2027-06-30`
fn lines(entry: &BookedEntry) -> Vec<String> {
    let written = |line: &BookedLine| {
        let money = |cents: i64| format!("{}.{:02}", cents / 100, cents.abs() % 100);
        let range = line.from.zip(line.to).map_or(String::new(), |(from, to)| format!(" {from}..{to}"));
        format!("{} {} {} {}{range}", line.gl_account, money(line.net), money(line.vat), line.vat_code)
    };
    entry.lines.iter().map(written).collect()
}

/// What is released by these entries in each period, where that is not nothing.
fn released(entries: &[&BookedEntry]) -> BTreeMap<(i16, i16), i64> {
    let mut sums = BTreeMap::new();
    for (year, period, cents) in entries.iter().flat_map(|entry| &entry.lines).flat_map(|line| &line.releases) {
        *sums.entry((*year, *period)).or_default() += cents;
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

/// What stands on an account.
fn balance(world: &World, account: &str) -> i64 {
    let rows = world.exact.ledger(DIVISION, None).into_iter().filter(|row| row.gl_account == account);
    rows.map(|row| row.amount_home).sum()
}

/// Calls of the last run that read releases.
fn reads(world: &World) -> usize {
    let calls = world.exact_calls();
    calls.iter().filter(|call| call.resource() == READ).count()
}

#[tokio::test]
async fn a_year_credited_in_december_gives_back_what_the_books_have_released_until_then() {
    let world = with_a_year().await;
    let before = [PUT_OFF, "8000"].map(|account| balance(&world, account));
    world.run_to_end().await;
    assert_eq!(reads(&world), 0, "an invoice needs none");
    let [invoice] = &world.entries_of(NUMBER)[..] else { panic!("{NUMBER} is not booked once") };
    assert_eq!(lines(invoice), ["8000 1000.00 210.00 2 2026-07-01..2027-06-30"]);
    world.a_minute_passes();
    let note = credit(&world, "2026-12-10", "100000").await;
    world.run_to_end().await;
    assert_eq!(reads(&world), 1, "the releases of one invoice");
    let [entry] = &world.entries_of(&text(&note, "id"))[..] else { panic!("{note} is not booked once") };
    assert_eq!(
        lines(entry),
        [
            "8000 -416.65 -87.50 2",
            "8000 -499.98 -104.99 2 2026-12-01..2027-05-31",
            "8000 -83.37 -17.51 2 2027-06-01..2027-06-30",
        ]
    );
    assert_eq!((entry.total, entry.vat, entry.year, entry.period), (-121_000, -21_000, 2026, 12));
    let left = released(&[invoice, entry]);
    assert_eq!(left.keys().copied().collect::<Vec<_>>(), [7, 8, 9, 10, 11].map(|period| (2026, period)));
    let after = [PUT_OFF, "8000"].map(|account| balance(&world, account));
    assert_eq!(after, before, "nothing stays put off, and no revenue");
    world.a_minute_passes();
    world.run_to_end().await;
    assert_eq!((reads(&world), world.writes()), (0, Vec::new()));
}

#[tokio::test]
async fn a_void_gives_back_what_the_books_have_released_until_then() {
    let world = with_a_year().await;
    let before = [PUT_OFF, "8000"].map(|account| balance(&world, account));
    world.run_to_end().await;
    world.a_minute_passes();
    world.chargebee.void_invoice(NUMBER).unwrap();
    world.run_to_end().await;
    assert_eq!(reads(&world), 1);
    let [_, mirror] = &world.entries_of(NUMBER)[..] else { panic!("{NUMBER} is not reversed once") };
    assert_eq!(
        lines(mirror),
        [
            "8000 -499.98 -105.00 2",
            "8000 -416.65 -87.49 2 2027-01-01..2027-05-31",
            "8000 -83.37 -17.51 2 2027-06-01..2027-06-30",
        ]
    );
    assert_eq!([PUT_OFF, "8000"].map(|account| balance(&world, account)), before);
}

/// A list that is refused holds no credit: equal shares decide. It is not asked for again at once (I6).
#[tokio::test]
async fn where_releases_are_refused_equal_shares_decide() {
    let world = with_a_year().await;
    world.run_to_end().await;
    world.a_minute_passes();
    world.exact.inject(Fault::new(FaultKind::Forbidden).on("GET", READ).times(1_000));
    for (amount, reads_made, expected) in [
        ("60000", 1, ["8000 -250.00 -52.50 2", "8000 -350.00 -73.50 2 2026-12-01..2027-06-30"]),
        ("40000", 0, ["8000 -166.67 -35.00 2", "8000 -233.33 -49.00 2 2026-12-01..2027-06-30"]),
    ] {
        let note = credit(&world, "2026-12-10", amount).await;
        world.run_to_end().await;
        assert_eq!(reads(&world), reads_made);
        let [entry] = &world.entries_of(&text(&note, "id"))[..] else { panic!("{note} is not booked once") };
        assert_eq!(lines(entry), expected);
        world.a_minute_passes();
    }
}

/// Trouble on the way is no reason to book another entry than without it: the run ends, and the next one reads them (I8).
#[rstest]
#[case(FaultKind::Unavailable)]
#[case(FaultKind::HtmlBody)]
#[tokio::test]
async fn where_the_target_is_out_of_order_the_credit_waits_for_the_next_run(#[case] kind: FaultKind) {
    let world = with_a_year().await;
    world.run_to_end().await;
    world.a_minute_passes();
    world.exact.inject(Fault::new(kind).on("GET", READ).times(20));
    let note = text(&credit(&world, "2026-12-10", "100000").await, "id");
    world.run().await;
    assert_eq!(world.entries_of(&note), []);
    world.exact.clear_faults();
    world.a_minute_passes();
    world.run_to_end().await;
    assert_eq!(world.entries_of(&note)[0].lines.len(), 3);
}

/// What is held costs no call, however often it is planned again.
#[tokio::test]
async fn what_is_held_reads_no_releases() {
    let mut world = with_a_year().await;
    world.run_to_end().await;
    world.edit("closedPeriod: MoveToOpenPeriod", "closedPeriod: Hold");
    world.exact.set_period_status(DIVISION, "70", 2026, 12, true);
    world.a_minute_passes();
    let note = credit(&world, "2026-12-10", "100000").await;
    for _ in 0..2 {
        world.run_to_end().await;
        assert_eq!(reads(&world), 0);
        assert_eq!(world.entries_of(&text(&note, "id")), []);
        world.a_minute_passes();
    }
    world.exact.set_period_status(DIVISION, "70", 2026, 12, false);
    world.clock.advance(jiff::SignedDuration::from_hours(24));
    world.run_to_end().await;
    assert_eq!((reads(&world), world.entries_of(&text(&note, "id")).len()), (1, 1));
}
