//! The documents that cannot be booked as they stand: each failure cause E27 to E32 at least once. All but those of E29
//! are dated in December and end with the year, so that nothing but their own cause holds them.

use super::builder::Builder;
use super::catalogue::{Cycle, EXTRA_SEATS, MIGRATION, TEAM, TRAINING};
use super::customers::{Buyer, Customer};
use super::draft::{Draft, Fate};
use super::vat_numbers;
use crate::sandbox::exact::seed::relations;

/// The row of a document that is held until a financial year is opened, and its reason.
pub(super) const MISSING_YEAR: (&str, &str) = ("E29", "MissingFinancialPeriod");

/// How each failure's document is made, the most telling first.
type Failure = fn(&mut Builder) -> Draft;

const FAILURES: [Failure; 11] = [
    merged_customer,
    german_number_miscounted,
    after_new_year,
    spanish_consumer,
    unusual_terms,
    migration,
    yearly_into_next_year,
    dutch_number_mistyped,
    first_minutes_of_the_year,
    migration_beside_a_plan,
    on_new_years_day,
];

/// Adds at most `count` of them and says how many there are.
pub(super) fn add(builder: &mut Builder, count: usize) -> usize {
    let count = count.min(FAILURES.len());
    for failure in &FAILURES[..count] {
        let draft = failure(builder);
        builder.drafts.push(draft);
    }
    count
}

/// A plan's month of December: it begins with the month, so that it ends with the year.
fn december(builder: &mut Builder, country: &'static str, buyer: Buyer, shape: impl FnOnce(&mut Customer)) -> Draft {
    let customer = builder.customer(country, buyer, shape);
    let seats = builder.dice.between(2, 9);
    let start = builder.at(builder.day(12, 1), 9, 12, 40);
    let plan = builder.line(customer, TEAM, seats, &start, Cycle::Monthly);
    builder.draft(customer, &start, vec![plan])
}

fn held(draft: Draft, row: &'static str, reason: &'static str) -> Draft {
    Draft { failure: Some((row, reason)), fate: Fate::Open, ..draft }
}

/// E27: the customer points at an Exact account that was merged away.
fn merged_customer(builder: &mut Builder) -> Draft {
    let pointer = |customer: &mut Customer| customer.exact_account = Some(relations::MERGED_AWAY.to_string());
    let draft = december(builder, "NL", Buyer::Business, pointer);
    held(draft, "E27", "CustomerMerged")
}

/// E28: a German number whose check digit is wrong.
fn german_number_miscounted(builder: &mut Builder) -> Draft {
    let number = vat_numbers::miscounted(&vat_numbers::germany(&mut builder.dice));
    let draft = december(builder, "DE", Buyer::Business, |customer| customer.vat_number = Some(number));
    held(draft, "E28", "VatNumberInvalid")
}

/// E28: a Dutch number that lost a digit on its way.
fn dutch_number_mistyped(builder: &mut Builder) -> Draft {
    let mut number = vat_numbers::netherlands(&mut builder.dice);
    number.remove(4);
    let draft = december(builder, "NL", Buyer::Business, |customer| customer.vat_number = Some(format!("NL{number}")));
    held(draft, "E28", "VatNumberInvalid")
}

/// E29: dated in a year that is not opened.
fn after_new_year(builder: &mut Builder) -> Draft {
    new_year(builder, 4, (11, 20, 5))
}

/// E29: dated on New Year's Day itself.
fn on_new_years_day(builder: &mut Builder) -> Draft {
    new_year(builder, 1, (10, 0, 0))
}

/// E29: still the old year in UTC, already the new one in Amsterdam.
fn first_minutes_of_the_year(builder: &mut Builder) -> Draft {
    new_year(builder, 1, (0, 10, 30))
}

/// A month that begins on that day of January, which must have come already.
fn new_year(builder: &mut Builder, day: i8, (hour, minute, second): (i8, i8, i8)) -> Draft {
    let customer = builder.customer("NL", Buyer::Business, |_| {});
    let december = builder.day(12, 31);
    let date = december.checked_add(jiff::Span::new().days(day)).unwrap_or(december);
    let start = builder.at(date.min(builder.today()), hour, minute, second);
    let plan = builder.line(customer, TEAM, 3, &start, Cycle::Monthly);
    Draft { fate: Fate::Open, ..builder.draft(customer, &start, vec![plan]) }
}

/// E29: a year of service that begins in October and ends in the next.
fn yearly_into_next_year(builder: &mut Builder) -> Draft {
    let customer = builder.customer("BE", Buyer::Business, |customer| customer.cycle = Cycle::Yearly);
    let start = builder.at(builder.day(10, 15), 14, 5, 9);
    let plan = builder.line(customer, TEAM, 5, &start, Cycle::Yearly);
    let seats = builder.line(customer, EXTRA_SEATS, 4, &start, Cycle::Yearly);
    builder.draft(customer, &start, vec![plan, seats])
}

/// E30: a consumer in a country whose rate nobody has mapped.
fn spanish_consumer(builder: &mut Builder) -> Draft {
    let draft = december(builder, "ES", Buyer::Consumer, |_| {});
    held(draft, "E30", "VatCodeUnmapped")
}

/// E31: net 45, which nobody has mapped.
fn unusual_terms(builder: &mut Builder) -> Draft {
    let draft = december(builder, "NL", Buyer::Business, |customer| customer.net_term_days = 45);
    held(draft, "E31", "PaymentTermUnmapped")
}

/// E32: a service whose item, family and group have no revenue account.
fn migration(builder: &mut Builder) -> Draft {
    let customer = builder.customer("NL", Buyer::Business, |_| {});
    let at = builder.at(builder.day(12, 9), 15, 30, 0);
    let line = builder.charge(customer, MIGRATION, 1, &at);
    held(builder.draft(customer, &at, vec![line]), "E32", "RevenueAccountMissing")
}

/// E32: one line of two has no revenue account; the document is held as a whole.
fn migration_beside_a_plan(builder: &mut Builder) -> Draft {
    let customer = builder.customer("BE", Buyer::Business, |_| {});
    let at = builder.at(builder.day(12, 14), 11, 0, 0);
    let lines = vec![builder.charge(customer, TRAINING, 1, &at), builder.charge(customer, MIGRATION, 1, &at)];
    held(builder.draft(customer, &at, lines), "E32", "RevenueAccountMissing")
}
