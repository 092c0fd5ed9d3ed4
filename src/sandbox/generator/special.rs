//! Documents of unusual form that are bookable all the same (or, pending and deleted ones, never to be booked).

use jiff::ToSpan;

use super::builder::Builder;
use super::catalogue::{BUSINESS, Cycle, EXTRA_SEATS, ONBOARDING, STARTER, SUPPORT_PLUS, TEAM, TRAINING};
use super::customers::{Buyer, Customer};
use super::draft::{Discount, Draft, Fate, Line};
use super::taxes::Tax;
use crate::sandbox::exact::seed::relations;

type Special = fn(&mut Builder) -> Draft;

const SPECIALS: [Special; 31] = [
    known_by_vat_number,
    known_by_mail_address,
    invoice_level_percentage,
    inclusive_consumer,
    pending,
    voided,
    deleted,
    zero,
    line_level_percentage,
    fixed_amount_over_two_families,
    rounded_total,
    two_rates_on_one_line,
    dollars,
    first_minutes_of_july,
    last_minutes_of_the_year,
    without_updated_at,
    greek_business,
    northern_irish_business,
    german_consumer,
    french_business,
    thirty_days,
    two_subscriptions,
    fractional_quantity,
    inclusive_with_discount,
    year_before,
    month_over_a_closed_period,
    known_by_chamber_of_commerce,
    known_by_search_code,
    known_in_belgium,
    adjusted,
    credited,
];

/// Adds at most `count` of them and says how many there are.
pub(super) fn add(builder: &mut Builder, count: usize) -> usize {
    let count = count.min(SPECIALS.len());
    for special in &SPECIALS[..count] {
        let draft = special(builder);
        builder.drafts.push(draft);
    }
    count
}

/// A month of the Team plan and some seats from that day on, for a Dutch company.
fn dutch_month(builder: &mut Builder, month: i8, day: i8) -> Draft {
    let customer = builder.customer("NL", Buyer::Business, |_| {});
    let start = builder.at(builder.day(month, day), 10, 41, 17);
    let plan = builder.line(customer, TEAM, 7, &start, Cycle::Monthly);
    let seats = builder.line(customer, EXTRA_SEATS, 3, &start, Cycle::Monthly);
    builder.draft(customer, &start, vec![plan, seats])
}

/// 10 % off the whole invoice, spread over three lines.
fn invoice_level_percentage(builder: &mut Builder) -> Draft {
    let mut draft = dutch_month(builder, 9, 3);
    let at = draft.date.to_zoned(builder.zone.clone());
    draft.lines.push(builder.charge(draft.customer, ONBOARDING, 1, &at));
    draft.discounts.push(Discount::DocumentPercent { coupon: "WELCOME10", percent: 10 });
    draft
}

/// 15 % off one line only.
fn line_level_percentage(builder: &mut Builder) -> Draft {
    let mut draft = dutch_month(builder, 10, 7);
    draft.lines[0].coupon = Some(("LOYAL15", 15));
    draft
}

/// EUR 50 off, spread over lines of two families.
fn fixed_amount_over_two_families(builder: &mut Builder) -> Draft {
    let mut draft = dutch_month(builder, 8, 19);
    draft.discounts.push(Discount::DocumentAmount { coupon: "SPRING50", amount: 5000 });
    draft
}

fn consumer_month(builder: &mut Builder, country: &'static str, month: i8, inclusive: bool) -> Draft {
    let customer = builder.customer(country, Buyer::Consumer, |customer| customer.tax_inclusive = inclusive);
    let start = builder.at(builder.day(month, 11), 20, 15, 3);
    let plan = builder.line(customer, STARTER, 1, &start, Cycle::Monthly);
    let support = builder.line(customer, SUPPORT_PLUS, 1, &start, Cycle::Monthly);
    builder.draft(customer, &start, vec![plan, support])
}

/// Prices that hold the tax already.
fn inclusive_consumer(builder: &mut Builder) -> Draft {
    consumer_month(builder, "NL", 9, true)
}

/// The same with a discount.
fn inclusive_with_discount(builder: &mut Builder) -> Draft {
    let draft = consumer_month(builder, "NL", 11, true);
    Draft { discounts: vec![Discount::DocumentPercent { coupon: "WELCOME10", percent: 10 }], ..draft }
}

/// OSS: the consumer's own country's rate.
fn german_consumer(builder: &mut Builder) -> Draft {
    consumer_month(builder, "DE", 10, false)
}

fn pending(builder: &mut Builder) -> Draft {
    Draft { fate: Fate::Pending, ..dutch_month(builder, 12, 20) }
}

fn voided(builder: &mut Builder) -> Draft {
    Draft { fate: Fate::Voided, ..dutch_month(builder, 10, 21) }
}

fn deleted(builder: &mut Builder) -> Draft {
    Draft { fate: Fate::Deleted, ..dutch_month(builder, 11, 5) }
}

/// Open, the plan taken back.
fn adjusted(builder: &mut Builder) -> Draft {
    Draft { fate: Fate::Adjusted, ..dutch_month(builder, 11, 12) }
}

/// Paid, the plan credited and the money not given back yet.
fn credited(builder: &mut Builder) -> Draft {
    Draft { fate: Fate::Credited, ..dutch_month(builder, 10, 13) }
}

/// A free month.
fn zero(builder: &mut Builder) -> Draft {
    let mut draft = dutch_month(builder, 9, 14);
    draft.lines.truncate(1);
    draft.lines = draft.lines.into_iter().map(free).collect();
    draft
}

fn free(line: Line) -> Line {
    Builder::exempt(Line { unit_amount: 0, ..line }, "zero_value_item")
}

/// A total that the site rounds to five cents.
fn rounded_total(builder: &mut Builder) -> Draft {
    let mut draft = Draft { round_to: 5, ..dutch_month(builder, 10, 2) };
    while draft.sums(false).rounding == 0 {
        draft.lines[0].quantity += 1;
    }
    draft
}

/// A training day of which the course book is taxed lower.
fn two_rates_on_one_line(builder: &mut Builder) -> Draft {
    let customer = builder.customer("NL", Buyer::Business, |_| {});
    let at = builder.at(builder.day(9, 24), 9, 0, 0);
    let line = builder.charge(customer, TRAINING, 1, &at);
    let tax = Tax::Split { first: 21, first_share: 60, second: 9, country: "NL" };
    builder.draft(customer, &at, vec![Line { tax, ..line }])
}

fn dollars(builder: &mut Builder) -> Draft {
    let customer = builder.customer("US", Buyer::Business, |_| {});
    let start = builder.at(builder.day(9, 29), 19, 44, 58);
    let plan = builder.line(customer, BUSINESS, 2, &start, Cycle::Monthly);
    builder.draft(customer, &start, vec![plan])
}

/// Still June in UTC, already July in Amsterdam, which matters where June is closed.
fn first_minutes_of_july(builder: &mut Builder) -> Draft {
    let customer = builder.customer("NL", Buyer::Business, |_| {});
    let at = builder.at(builder.day(7, 1), 0, 30, 0);
    let line = builder.charge(customer, ONBOARDING, 1, &at);
    builder.draft(customer, &at, vec![line])
}

/// Ten minutes before the year ends.
fn last_minutes_of_the_year(builder: &mut Builder) -> Draft {
    let customer = builder.customer("NL", Buyer::Business, |_| {});
    let at = builder.at(builder.day(12, 31), 23, 50, 0);
    let line = builder.charge(customer, TRAINING, 1, &at);
    builder.draft(customer, &at, vec![line])
}

/// Imported long ago, without a time of change: no filter on it finds this row.
fn without_updated_at(builder: &mut Builder) -> Draft {
    let draft = dutch_month(builder, 7, 8);
    builder.customers[draft.customer].has_updated_at = false;
    Draft { has_updated_at: false, ..draft }
}

fn business_month(builder: &mut Builder, country: &'static str, month: i8) -> Draft {
    let customer = builder.customer(country, Buyer::Business, |customer| customer.net_term_days = 14);
    let start = builder.at(builder.day(month, 17), 13, 4, 0);
    let plan = builder.line(customer, TEAM, 4, &start, Cycle::Monthly);
    builder.draft(customer, &start, vec![plan])
}

/// Reverse charge with Greece's own prefix, `EL`.
fn greek_business(builder: &mut Builder) -> Draft {
    business_month(builder, "GR", 9)
}

/// Services to Northern Ireland are outside the EU's VAT, whatever its prefix.
fn northern_irish_business(builder: &mut Builder) -> Draft {
    business_month(builder, "XI", 8)
}

fn french_business(builder: &mut Builder) -> Draft {
    business_month(builder, "FR", 10)
}

fn thirty_days(builder: &mut Builder) -> Draft {
    Draft { net_term_days: 30, fate: Fate::Open, ..dutch_month(builder, 11, 27) }
}

/// Two subscriptions on one invoice, which itself names neither.
fn two_subscriptions(builder: &mut Builder) -> Draft {
    let mut draft = dutch_month(builder, 9, 9);
    let other = builder.dice.token(16);
    draft.lines[1].subscription = Some(other);
    draft
}

/// Two and a half seats, on a site with decimal quantities.
fn fractional_quantity(builder: &mut Builder) -> Draft {
    let mut draft = dutch_month(builder, 10, 28);
    let seats = &mut draft.lines[1];
    (seats.quantity, seats.hundredths) = (3, Some(250));
    draft
}

/// Dated before the start of the connection: out of scope.
fn year_before(builder: &mut Builder) -> Draft {
    let customer = builder.customer("NL", Buyer::Business, |_| {});
    let date = builder.first_day().checked_sub(13.days()).unwrap_or_else(|_| builder.first_day());
    let at = builder.at(date, 16, 0, 0);
    let line = builder.charge(customer, ONBOARDING, 1, &at);
    builder.draft(customer, &at, vec![line])
}

/// A month that begins in a closed period and ends in an open one.
fn month_over_a_closed_period(builder: &mut Builder) -> Draft {
    dutch_month(builder, 6, 18)
}

/// A month of a customer whose account the books hold already, and which `shape` makes that customer.
fn known(builder: &mut Builder, country: &'static str, shape: impl FnOnce(&mut Customer)) -> Draft {
    let customer = builder.customer(country, Buyer::Business, |customer| {
        (customer.kvk, customer.net_term_days) = (None, 14);
        shape(customer);
    });
    let start = builder.at(builder.day(9, 20), 8, 30, 11);
    let plan = builder.line(customer, TEAM, 6, &start, Cycle::Monthly);
    builder.draft(customer, &start, vec![plan])
}

fn named(customer: &mut Customer, company: &str) {
    customer.company = Some(company.to_owned());
}

fn known_by_vat_number(builder: &mut Builder) -> Draft {
    known(builder, "NL", |customer| {
        named(customer, "Molenaar Techniek B.V.");
        customer.vat_number = Some(relations::BY_VAT_NUMBER.to_owned());
    })
}

fn known_in_belgium(builder: &mut Builder) -> Draft {
    known(builder, "BE", |customer| {
        named(customer, "Lievens & Co BV");
        customer.vat_number = Some(relations::BY_BELGIAN_VAT_NUMBER.to_owned());
    })
}

fn known_by_mail_address(builder: &mut Builder) -> Draft {
    known(builder, "NL", |customer| {
        named(customer, "Studio Ravel");
        customer.email = relations::BY_EMAIL.to_owned();
    })
}

fn known_by_chamber_of_commerce(builder: &mut Builder) -> Draft {
    known(builder, "NL", |customer| {
        named(customer, "Van Dam Logistiek B.V.");
        customer.kvk = Some(relations::BY_CHAMBER_OF_COMMERCE.to_owned());
    })
}

fn known_by_search_code(builder: &mut Builder) -> Draft {
    known(builder, "NL", |customer| {
        named(customer, "Kwekerij Hazelaar");
        customer.id = relations::BY_SEARCH_CODE.to_owned();
    })
}
