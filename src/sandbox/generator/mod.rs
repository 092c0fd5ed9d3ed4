//! The simulated world: Wolkwerk B.V., a Dutch company that sells software by the month and the year in the Netherlands,
//! Belgium, Germany, France and outside the EU. The same seed, size and present give the same bytes.

mod accounts;
pub(super) mod assemble;
mod builder;
mod catalogue;
mod credit_notes;
mod customers;
mod dice;
pub(super) mod document;
mod draft;
pub(crate) mod entities;
mod failures;
pub(crate) mod plan;
mod regular;
pub mod sales;
mod special;
mod stories;
mod subscriptions;
mod surroundings;
pub(super) mod taxes;
mod vat_numbers;
mod words;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;

pub use accounts::ExistingAccount;
pub use entities::{ENTITIES, Entity};
pub use plan::{Act, Deed, Share, Work};

use builder::Builder;
use sales::Sales;

/// How large a world is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Customers with documents; a few more come with the unusual ones where the invoices are few.
    pub customers: usize,
    /// Invoices in every state, exactly so many.
    pub invoices: usize,
}

impl Size {
    /// A world of about so many records of all kinds, documents with their lines and all that stands around them: each
    /// customer brings some five records, each invoice three.
    pub fn of_records(records: usize) -> Self {
        let customers = (records / 17).max(1);
        Self { customers, invoices: (records.saturating_sub(customers * 5) / 3).max(1) }
    }
}

/// What world is wanted.
#[derive(Clone, Copy, Debug)]
pub struct GeneratorOptions {
    pub seed: u64,
    pub size: Size,
    /// The sandbox's present: nothing is dated later.
    pub now: Timestamp,
    /// Whether there are documents that cannot be booked (E27–E32).
    pub failures: bool,
    pub extent: Extent,
}

/// How much of a company's life is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// Invoices of one company, paid online or open, and a credit note of each kind.
    #[default]
    Invoices,
    /// Three companies, and everything that happens to an invoice: the year's documents from this month on.
    Whole {
        /// 1 to 12.
        first_month: i8,
    },
}

/// Why a document is expected to be held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Expectation {
    /// The requirement's row: `E28`.
    pub row: &'static str,
    /// The reason as the design names it: `VatNumberInvalid`.
    pub reason: &'static str,
    /// Whether opening the two years after the demo's dissolves it.
    pub until_years_are_open: bool,
}

/// A Chargebee site's rows as JSON texts, in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub struct ChargebeeData {
    pub item_families: Vec<String>,
    pub items: Vec<String>,
    pub item_prices: Vec<String>,
    pub coupons: Vec<String>,
    pub customers: Vec<String>,
    pub subscriptions: Vec<String>,
    pub invoices: Vec<String>,
    pub credit_notes: Vec<String>,
    pub transactions: Vec<String>,
    pub payment_sources: Vec<String>,
    pub promotional_credits: Vec<String>,
    pub unbilled_charges: Vec<String>,
    pub features: Vec<String>,
    pub entitlements: Vec<String>,
    /// The last numbers that were given, by business entity.
    pub series: Vec<Series>,
    /// Document number to the reason for which it must be held while only the demo's year and the one before are open.
    /// Every in-scope document that is not here must be booked.
    pub expectations: BTreeMap<String, Expectation>,
}

/// The last numbers that a business entity has given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// The default entity has no id.
    pub entity: Option<String>,
    pub invoice: String,
    pub credit_note: String,
}

/// The world on both sides.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub chargebee: ChargebeeData,
    /// The accounts that exist in Exact before the first run.
    pub accounts: Vec<ExistingAccount>,
    /// What happens to the documents, on both sides, in the order of time.
    pub acts: Vec<Act>,
    /// What sales keeps beside billing.
    pub sales: Sales,
}

/// Makes a world.
pub fn generate(options: GeneratorOptions) -> World {
    let mut builder = Builder::new(options.seed, options.now, options.extent);
    let wanted = options.size.invoices;
    let failed = if options.failures { failures::add(&mut builder, wanted) } else { 0 };
    let unusual = special::add(&mut builder, (wanted - failed) / 2);
    let customers = options.size.customers.saturating_sub(builder.customers.len()).max(1);
    regular::add(&mut builder, customers, wanted - failed - unusual);
    let accounts = accounts::accounts(&mut builder, options.failures && options.size.customers >= 10);
    let mut data = ChargebeeData::default();
    let acts = assemble::documents(&mut builder, &mut data);
    data.subscriptions = subscriptions::rows(&builder);
    data.customers = customer_rows(&builder);
    let currencies: &[&'static str] = if builder.is_whole() { &["EUR", "USD", "GBP"] } else { &["EUR", "USD"] };
    catalogue_rows(&builder, currencies, &mut data);
    surroundings::add(options.seed, &builder, currencies, &mut data);
    let sales = sales::sales(options.seed, &builder, currencies);
    World { chargebee: data, accounts, acts, sales }
}

/// Customers in the order in which they came, the last of each page of ten changed in the same second as the next.
fn customer_rows(builder: &Builder) -> Vec<String> {
    let mut order: Vec<_> = builder.customers.iter().collect();
    order.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    let seconds: Vec<i64> = order.iter().map(|customer| customer.created_at.as_second()).collect();
    let updated_at = |place: usize| {
        let straddles = place % 10 == 9 && place + 1 < seconds.len();
        seconds[if straddles { place + 1 } else { place }]
    };
    order.iter().enumerate().map(|(place, customer)| customer.row(updated_at(place)).to_string()).collect()
}

fn catalogue_rows(builder: &Builder, currencies: &[&str], data: &mut ChargebeeData) {
    let years = SignedDuration::from_hours(24 * 800);
    let catalogue = catalogue::catalogue(builder.now.checked_sub(years).unwrap_or(builder.now), currencies);
    let texts = |rows: Vec<Value>| rows.iter().map(Value::to_string).collect();
    data.item_families = texts(catalogue.item_families);
    data.items = texts(catalogue.items);
    data.item_prices = texts(catalogue.item_prices);
    data.coupons = texts(catalogue.coupons);
}

#[cfg(test)]
mod tests;
