//! The world under construction: dice, customers and drafts, and how a line is made.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan, Zoned};

use super::Extent;
use super::catalogue::{Cycle, Item, ItemKind};
use super::customers::{Buyer, Customer};
use super::dice::Dice;
use super::draft::{Draft, Fate, Line};
use super::entities::{ENTITIES, Entity};
use super::taxes::{Tax, treatment};

/// Where Wolkwerk is, and by which its documents are dated.
const ZONE: &str = "Europe/Amsterdam";

/// Everything that is being generated.
#[derive(Debug)]
pub(super) struct Builder {
    pub dice: Dice,
    pub zone: TimeZone,
    pub now: Timestamp,
    pub extent: Extent,
    pub customers: Vec<Customer>,
    pub drafts: Vec<Draft>,
}

impl Builder {
    pub(super) fn new(seed: u64, now: Timestamp, extent: Extent) -> Self {
        Self {
            dice: Dice::new(seed),
            zone: TimeZone::get(ZONE).unwrap_or(TimeZone::UTC),
            now,
            extent,
            customers: Vec::new(),
            drafts: Vec::new(),
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.extent != Extent::Invoices
    }

    /// The first month, of the year that the demo books, in which ordinary documents are dated.
    pub(super) fn first_month(&self) -> i8 {
        match self.extent {
            Extent::Invoices => 1,
            Extent::Whole { first_month } => first_month.clamp(1, 12),
        }
    }

    /// The company that a customer buys from.
    pub(super) fn entity_of(&self, customer: usize) -> Entity {
        ENTITIES[self.customers[customer].entity]
    }

    /// The business date of the sandbox's present.
    pub(super) fn today(&self) -> Date {
        self.now.to_zoned(self.zone.clone()).date()
    }

    /// The year before the present one: the year that the demo books.
    pub(super) fn year(&self) -> i16 {
        self.today().year() - 1
    }

    /// An instant by Amsterdam's clock.
    pub(super) fn at(&self, date: Date, hour: i8, minute: i8, second: i8) -> Zoned {
        let local: DateTime = date.at(hour, minute, second, 0);
        self.zone.to_ambiguous_zoned(local).compatible().unwrap_or_else(|_| self.now.to_zoned(self.zone.clone()))
    }

    /// Some moment of that day's office hours.
    pub(super) fn during(&mut self, date: Date) -> Zoned {
        let (hour, minute) = (self.dice.between(8, 17), self.dice.between(0, 59));
        let second = self.dice.between(0, 59);
        self.at(date, hour as i8, minute as i8, second as i8)
    }

    /// Adds a customer and gives its place.
    pub(super) fn add_customer(&mut self, customer: Customer) -> usize {
        self.customers.push(customer);
        self.customers.len() - 1
    }

    /// A customer of chance of one country, changed by `shape`, that came before the year began.
    pub(super) fn customer(&mut self, country: &'static str, buyer: Buyer, shape: impl FnOnce(&mut Customer)) -> usize {
        let created_at = self.some_day_before_the_year();
        let mut customer = Customer::random(&mut self.dice, country, buyer, created_at);
        customer.cycle = Cycle::Monthly;
        customer.currency = if country == "US" { "USD" } else { "EUR" };
        customer.tax_inclusive = false;
        customer.has_loyalty = false;
        shape(&mut customer);
        self.add_customer(customer)
    }

    pub(super) fn some_day_before_the_year(&mut self) -> Timestamp {
        let days = self.dice.between(5, 330);
        let date = self.first_day().checked_sub(days.days()).unwrap_or_else(|_| self.first_day());
        self.during(date).timestamp()
    }

    /// The first of January of the year that the demo books.
    pub(super) fn first_day(&self) -> Date {
        Date::new(self.year(), 1, 1).unwrap_or(Date::MIN)
    }

    /// A day of the year that the demo books.
    pub(super) fn day(&self, month: i8, day: i8) -> Date {
        Date::new(self.year(), month, day).unwrap_or_else(|_| self.first_day())
    }

    /// A line of one item for the customer's term that begins at `from`, at list price and the customer's tax.
    pub(super) fn line(&self, customer: usize, item: Item, quantity: i64, from: &Zoned, cycle: Cycle) -> Line {
        let home = self.entity_of(customer).country;
        let customer = &self.customers[customer];
        let price = item.price(cycle, customer.currency);
        let is_charge = item.kind == ItemKind::Charge;
        Line {
            unit_amount: price.amount,
            quantity,
            hundredths: None,
            from: from.timestamp(),
            to: if is_charge { from.timestamp() } else { term_end(from, cycle) },
            coupon: None,
            manual_percent: 0,
            tax: treatment(home, customer.country, customer.vat_number.is_some()),
            subscription: (!is_charge).then(|| customer.subscription_id.clone()),
            price,
        }
    }

    /// A charge line: bought at one moment, no service period.
    pub(super) fn charge(&self, customer: usize, item: Item, quantity: i64, at: &Zoned) -> Line {
        self.line(customer, item, quantity, at, Cycle::Once)
    }

    /// An ordinary invoice of that date with these lines.
    pub(super) fn draft(&self, customer: usize, date: &Zoned, lines: Vec<Line>) -> Draft {
        Draft {
            customer,
            date: date.timestamp(),
            lines,
            discounts: Vec::new(),
            net_term_days: self.customers[customer].net_term_days,
            round_to: 1,
            fate: Fate::Any,
            has_updated_at: true,
            failure: None,
        }
    }

    /// A line without tax for another reason than the customer's.
    pub(super) fn exempt(line: Line, reason: &'static str) -> Line {
        Line { tax: Tax::Exempt(reason), ..line }
    }
}

/// The first instant of the next term, at the same time of day.
pub(super) fn term_end(from: &Zoned, cycle: Cycle) -> Timestamp {
    from.checked_add(term(cycle)).map_or(from.timestamp(), |end| end.timestamp())
}

/// A term's length.
pub(super) fn term(cycle: Cycle) -> Span {
    match cycle {
        Cycle::Monthly => 1.month(),
        Cycle::Yearly => 1.year(),
        Cycle::Once => Span::new(),
    }
}
