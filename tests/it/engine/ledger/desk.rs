//! Documents stated in full at one end, entries in words at the other.

use jiff::{SignedDuration, Timestamp};
use koppel::sandbox::exact::seed::{Administration, wolkwerk_with_money};
use koppel::sandbox::exact::{BookedEntry, MoneyEntry};
use koppel::sandbox::generator::Size;
use koppel::sync::RunReport;
use serde_json::{Value, json};

use super::super::offices::{YEARS, coupled};
use super::super::world::{DIVISION, World, text};

/// The customer of every document here.
pub const FRIES: &str = "fries";

fn second(instant: &str) -> i64 {
    instant.parse::<Timestamp>().unwrap().as_second()
}

/// Books of Wolkwerk B.V. with its bank and its payment service.
pub fn books(division: i32, name: &str) -> Administration {
    Administration { division, name: name.to_owned(), years: YEARS.to_vec(), ..wolkwerk_with_money() }
}

/// Both systems with these books, next to nothing in them, and a customer of whom nothing has been billed.
pub async fn desk(administrations: Vec<Administration>) -> World {
    let world = coupled(Size { customers: 2, invoices: 2 }, administrations).await;
    world.chargebee.put_customer(fries()).unwrap();
    world
}

/// As [`desk`] with the books of one company, and flows switched on.
pub async fn desk_with(flows: &str) -> World {
    let mut world = desk(vec![books(DIVISION, "Wolkwerk B.V.")]).await;
    world.edit("  policies:\n", &format!("  flows:\n    {flows}\n  policies:\n"));
    world
}

fn address() -> Value {
    json!({"company": "Fries & Zn.", "line1": "Kade 1", "city": "Sneek", "zip": "8601 AA", "country": "NL",
        "email": "kas@fries.example", "validation_status": "not_validated", "object": "billing_address"})
}

fn fries() -> Value {
    json!({"id": FRIES, "company": "Fries & Zn.", "email": "kas@fries.example", "vat_number": "NL004495445B01",
        "auto_collection": "off", "net_term_days": 14, "allow_direct_debit": true, "taxability": "taxable",
        "pii_cleared": "active", "channel": "web", "card_status": "no_card", "preferred_currency_code": "EUR",
        "promotional_credits": 0, "unbilled_charges": 0, "refundable_credits": 0, "excess_payments": 0, "deleted": false,
        "created_at": second("2026-08-01T08:00:00Z"), "updated_at": second("2026-08-01T08:00:00Z"),
        "billing_address": address(), "object": "customer"})
}

/// A year of the plan Team, EUR 495.00 and EUR 103.95 of VAT, from 1 September 2026 on, billed on 10 September at 14 days.
pub fn year(number: &str) -> Value {
    let line = json!({"entity_type": "plan_item_price", "entity_id": "team-eur-yearly", "description": "Team EUR Yearly",
        "date_from": second("2026-08-31T22:00:00Z"), "date_to": second("2027-08-31T22:00:00Z")});
    bill(number, line, 49_500, 10_395)
}

/// An onboarding of EUR 495.00 without a service period.
pub fn onboarding(number: &str) -> Value {
    let day = second("2026-09-10T08:00:00Z");
    let line = json!({"entity_type": "charge_item_price", "entity_id": "onboarding-eur", "description": "Onboarding EUR",
        "date_from": day, "date_to": day});
    bill(number, line, 49_500, 10_395)
}

/// The same, billed on 10 June: before the first day in scope.
pub fn of_june(mut invoice: Value) -> Value {
    let day = second("2026-06-10T08:00:00Z");
    for name in ["date", "generated_at", "updated_at"] {
        invoice[name] = day.into();
    }
    invoice["due_date"] = (day + 14 * 86_400).into();
    invoice
}

fn bill(number: &str, line: Value, net: i64, tax: i64) -> Value {
    let (day, id) = (second("2026-09-10T08:00:00Z"), format!("li_{number}_{}", text(&line, "entity_id")));
    let line = merged([
        line,
        json!({"id": id, "unit_amount": net, "quantity": 1, "amount": net, "pricing_model": "per_unit",
            "is_taxed": true, "tax_amount": tax, "tax_rate": 21.0, "discount_amount": 0, "item_level_discount_amount": 0,
            "customer_id": FRIES, "object": "line_item"}),
    ]);
    let tax_row = json!({"line_item_id": id, "tax_name": "BTW", "tax_rate": 21.0, "taxable_amount": net,
        "tax_amount": tax, "is_partial_tax_applied": false, "object": "line_item_tax"});
    merged([
        json!({"id": number, "customer_id": FRIES, "recurring": true, "status": "payment_due", "date": day,
            "due_date": day + 14 * 86_400, "net_term_days": 14, "generated_at": day, "updated_at": day,
            "price_type": "tax_exclusive", "currency_code": "EUR", "base_currency_code": "EUR", "exchange_rate": 1.0,
            "vat_number": "NL004495445B01", "billing_address": address()}),
        json!({"sub_total": net, "tax": tax, "total": net + tax, "amount_paid": 0, "amount_due": net + tax,
            "amount_to_collect": net + tax, "amount_adjusted": 0, "credits_applied": 0, "write_off_amount": 0,
            "round_off_amount": 0, "deleted": false, "channel": "web", "object": "invoice"}),
        json!({"line_items": [line], "line_item_discounts": [], "discounts": [], "line_item_taxes": [tax_row],
            "taxes": [{"name": "BTW", "amount": tax, "object": "tax"}], "notes": [],
            "site_details_at_creation": {"timezone": "Europe/Amsterdam"}}),
        json!({"linked_payments": [], "dunning_attempts": [], "applied_credits": [], "adjustment_credit_notes": [],
            "issued_credit_notes": [], "linked_orders": [], "linked_taxes_withheld": []}),
    ])
}

/// One row of several parts.
fn merged<const N: usize>(parts: [Value; N]) -> Value {
    let rows = parts.into_iter().filter_map(|part| match part {
        Value::Object(row) => Some(row),
        _ => None,
    });
    Value::Object(rows.flatten().collect())
}

/// A minute passes, and a run to its end.
pub async fn run(world: &World) -> RunReport {
    world.clock.advance(SignedDuration::from_mins(1));
    world.run_to_end().await
}

fn euros(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", minor.abs() / 100, minor.abs() % 100)
}

/// What the books hold under a reference, as Exact's own screens show it: each entry with its lines.
pub fn stated(world: &World, division: i32, number: &str) -> Vec<String> {
    let entries = world.exact.entries(division).into_iter().filter(|entry| entry.your_ref == number);
    entries.flat_map(|entry| words(&entry)).collect()
}

/// `20 journal 70 L-1 of Fries & Zn., 2026-09-10 due 2026-09-24 terms 14, in 2026-09, EUR 598.95 with 103.95 VAT: L-1 Fries`,
/// and each line as `8000 495.00 VAT 103.95 code 2 @NL/ABO | 2026-09-01..2027-08-31 by 12 x 41.25 from 2026-09 | Team`.
fn words(entry: &BookedEntry) -> Vec<String> {
    let mut words = vec![format!(
        "{} journal {} {} of {}, {} due {} terms {}, in {}-{:02}, {} {} with {} VAT: {}",
        entry.kind,
        entry.journal,
        entry.your_ref,
        entry.customer_name,
        entry.entry_date,
        entry.due_date,
        entry.payment_condition,
        entry.year,
        entry.period,
        entry.currency,
        euros(entry.total),
        euros(entry.vat),
        entry.description
    )];
    words.extend(entry.lines.iter().map(|line| {
        let range = match (line.from, line.to) {
            (Some(from), Some(to)) => format!(" | {from}..{to}{}", released(&line.releases)),
            _ => String::new(),
        };
        format!(
            "{} {} VAT {} code {} @{}/{}{range} | {}",
            line.gl_account,
            euros(line.net),
            euros(line.vat),
            line.vat_code,
            line.cost_center,
            line.cost_unit,
            line.description
        )
    }));
    words
}

/// ` by 12 x 41.25 from 2026-09`, where every period gets the same.
fn released(releases: &[(i16, i16, i64)]) -> String {
    let Some((year, period, amount)) = releases.first() else { return String::new() };
    assert!(releases.iter().all(|(_, _, other)| other == amount), "{releases:?}");
    format!(" by {} x {} from {year}-{period:02}", releases.len(), euros(*amount))
}

/// The money entries of which a line begins with `start`: form and journal, then account, amount and words of each line, and
/// whether Exact has matched it with an entry.
pub fn money(world: &World, start: &str) -> Vec<String> {
    let entries = world.exact.money_entries(DIVISION).into_iter();
    let of = |entry: &MoneyEntry| entry.lines.iter().any(|line| line.description.starts_with(start));
    let of_entry = |entry: MoneyEntry| {
        let head = format!(
            "{} journal {} in {}-{:02}, {}",
            entry.kind, entry.journal, entry.year, entry.period, entry.currency
        );
        let lines = entry.lines.into_iter().map(|line| {
            let matched = if line.settles.is_some() { ", matched" } else { "" };
            format!("{} {} on {}{matched} | {}", line.gl_account, euros(line.amount), line.date, line.description)
        });
        [vec![head], lines.collect()].concat()
    };
    entries.filter(of).flat_map(of_entry).collect()
}

/// What is open of the receivable of an invoice.
pub fn open(world: &World, number: &str) -> String {
    let items = world.exact.open_items(DIVISION);
    euros(items.iter().filter(|item| item.your_ref == number && !item.money).map(|item| item.open).sum())
}

/// What Chargebee says of an invoice: status, due and paid.
pub fn at_chargebee(world: &World, number: &str) -> String {
    let row = world.invoice(number);
    let amount = |name: &str| euros(row[name].as_i64().unwrap_or_default());
    format!("{}, due {}, paid {}", text(&row, "status"), amount("amount_due"), amount("amount_paid"))
}
