//! Ordinary business: every customer's terms through the year, and the services that it buys besides.

use jiff::civil::Date;
use jiff::{ToSpan, Zoned};

use super::builder::Builder;
use super::catalogue::{Cycle, EXTRA_SEATS, ONBOARDING, SUPPORT_PLUS, TRAINING};
use super::customers::Customer;
use super::draft::{Discount, Draft, Line};

/// Makes `invoices` ordinary invoices, spread over `customers` new customers.
pub(super) fn add(builder: &mut Builder, customers: usize, invoices: usize) {
    let customers = customers.min(invoices);
    let first = builder.customers.len();
    for _ in 0..customers {
        let created_at = builder.some_day_before_the_year();
        let mut customer = Customer::anywhere(&mut builder.dice, created_at);
        if builder.is_whole() {
            customer = customer.of_the_group(&mut builder.dice);
        }
        builder.add_customer(customer);
    }
    for (place, customer) in (first..first + customers).enumerate() {
        let share = invoices / customers + usize::from(place < invoices % customers);
        history(builder, customer, share);
    }
}

/// A customer's invoices: its terms first, then as many services as are still wanted.
fn history(builder: &mut Builder, customer: usize, count: usize) {
    let starts = term_starts(builder, customer, count);
    for start in &starts {
        let is_first = *start == starts[0];
        let draft = term(builder, customer, start, is_first);
        builder.drafts.push(draft);
    }
    for _ in starts.len()..count {
        let draft = service(builder, customer);
        builder.drafts.push(draft);
    }
}

/// The beginnings of the customer's terms within the year, at most `count`.
fn term_starts(builder: &mut Builder, customer: usize, count: usize) -> Vec<Zoned> {
    let is_yearly = builder.customers[customer].cycle == Cycle::Yearly;
    let months = 13 - usize::from(builder.first_month().unsigned_abs());
    let terms = if is_yearly { count.min(1) } else { count.min(months) };
    if terms == 0 {
        return Vec::new();
    }
    let last_start = 13 - terms as i64;
    let (month, day) = (builder.dice.between(builder.first_month().into(), last_start), builder.dice.between(1, 28));
    let date = builder.day(month as i8, day as i8);
    let start = builder.during(date);
    (0..terms as i64).filter_map(|term| start.checked_add(term.months()).ok()).collect()
}

/// One term: the plan, its add-ons, and at the first one perhaps the onboarding and a welcome.
fn term(builder: &mut Builder, customer: usize, start: &Zoned, is_first: bool) -> Draft {
    let who = builder.customers[customer].clone();
    let mut plan = builder.line(customer, who.plan, who.seats, start, who.cycle);
    if who.has_loyalty {
        plan.coupon = Some(("LOYAL15", 15));
    }
    let mut lines = vec![plan];
    if who.extra_seats > 0 {
        lines.push(builder.line(customer, EXTRA_SEATS, who.extra_seats, start, who.cycle));
    }
    if who.has_support {
        lines.push(builder.line(customer, SUPPORT_PLUS, 1, start, who.cycle));
    }
    if is_first && who.company.is_some() && builder.dice.chance(25) {
        lines.push(builder.charge(customer, ONBOARDING, 1, start));
    }
    let mut draft = builder.draft(customer, start, lines);
    if is_first && builder.dice.chance(20) {
        draft.discounts.push(Discount::DocumentPercent { coupon: "WELCOME10", percent: 10 });
    }
    if builder.is_whole() {
        by_hand(builder, &mut draft);
    }
    draft
}

/// What somebody in sales does to some invoices: a discount on a line or on all, credit from a promotion.
fn by_hand(builder: &mut Builder, draft: &mut Draft) {
    match builder.dice.between(1, 20) {
        1 => draft.lines[0].manual_percent = 5,
        2 => draft.discounts.push(Discount::ManualPercent { percent: 7 }),
        3 => draft.discounts.push(Discount::Promotional { amount: 500 }),
        _ => {}
    }
}

/// One service on some working day of the year that has come.
fn service(builder: &mut Builder, customer: usize) -> Draft {
    let date = some_day(builder);
    let at = builder.during(date);
    let is_company = builder.customers[customer].company.is_some();
    let line: Line = if is_company && builder.dice.chance(60) {
        builder.charge(customer, TRAINING, 1, &at)
    } else {
        builder.charge(customer, ONBOARDING, 1, &at)
    };
    builder.draft(customer, &at, vec![line])
}

/// A day of the year that is not later than yesterday.
fn some_day(builder: &mut Builder) -> Date {
    let first = builder.day(builder.first_month(), 1);
    let last = builder.today().yesterday().unwrap_or(first).min(builder.day(12, 30));
    let span = last.since(first).map_or(0, |span| i64::from(span.get_days()));
    let ahead = builder.dice.between(0, span.max(0));
    first.checked_add(ahead.days()).unwrap_or(first)
}
