//! What an administration holds before anybody calls: plain data, so that tests and the generator can make their own.

pub mod relations;
mod sisters;
mod wolkwerk;

use jiff::civil::Date;
use rust_decimal::Decimal;
use uuid::Uuid;

pub use sisters::{wolkwerk_belgium, wolkwerk_germany, wolkwerk_with_money};
pub use wolkwerk::wolkwerk;

/// The app registration that the sandbox knows: client id.
pub const CLIENT_ID: &str = "koppel-sandbox-client";
/// The app registration that the sandbox knows: client secret.
pub const CLIENT_SECRET: &str = "koppel-sandbox-secret";
/// The refresh token that is good until it is used for the first time.
pub const FIRST_REFRESH_TOKEN: &str = "koppel-sandbox-first-refresh-token";

/// One division with its master data. Codes are given unpadded; the sandbox pads where the vendor does.
#[derive(Clone, Debug, Default)]
pub struct Administration {
    pub division: i32,
    pub name: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// ISO 4217; the home currency.
    pub currency: String,
    pub vat_number: String,
    pub chamber_of_commerce: String,
    /// The user sees the division but may not use it: every call is answered with 403.
    pub no_access: bool,
    /// Resources (`service/Resource`) without right: GET gives an empty list, everything else 403.
    pub denied: Vec<String>,
    /// Financial years that are open, each of twelve calendar months.
    pub years: Vec<i16>,
    /// Closed periods: journal, year, period.
    pub closed: Vec<(String, i16, i16)>,
    pub journals: Vec<Journal>,
    pub gl_accounts: Vec<GlAccount>,
    pub vat_codes: Vec<VatCode>,
    pub payment_conditions: Vec<PaymentCondition>,
    /// Code and description.
    pub cost_centers: Vec<(String, String)>,
    /// Code and description.
    pub cost_units: Vec<(String, String)>,
    pub item_groups: Vec<ItemGroup>,
    /// Code and description.
    pub currencies: Vec<(String, String)>,
    pub exchange_rates: Vec<ExchangeRate>,
    pub accounts: Vec<Account>,
    pub items: Vec<Item>,
    /// Accounts that were merged away earlier: loser, survivor. The loser is gone and in `sync/Deleted`.
    pub merged: Vec<(Uuid, Uuid)>,
    /// `None`: deferral is not configured; `From` and `To` are then dropped without a word.
    pub deferral: Option<Deferral>,
    /// Code of the GL account that carries the receivable.
    pub receivable_account: String,
    /// Code of the GL account that carries the VAT to pay.
    pub vat_account: String,
    /// Code of the GL account for payment differences; without one they are refused.
    pub payment_difference_account: Option<String>,
    /// Code of the GL account for differences in rate; without one foreign money of another rate is not matched.
    pub rate_difference_account: Option<String>,
}

/// A relation (`crm/Accounts`).
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Given by the sandbox when absent.
    pub id: Option<Uuid>,
    /// The next free number when absent.
    pub code: Option<i64>,
    pub name: String,
    /// `C` customer, `S` suspect, `P` prospect, `A` none.
    pub status: char,
    /// ISO 3166 alpha-2; empty when unknown.
    pub country: String,
    pub vat_number: Option<String>,
    pub chamber_of_commerce: Option<String>,
    pub email: Option<String>,
    pub search_code: Option<String>,
    pub phone: Option<String>,
    pub address_line_1: Option<String>,
    pub postcode: Option<String>,
    pub city: Option<String>,
    pub payment_condition: Option<String>,
    pub blocked: bool,
    /// Inactive from the day after.
    pub end_date: Option<Date>,
}

/// A journal.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    pub code: String,
    pub description: String,
    /// 20 sales, 21 return invoice, 10 cash, 12 bank, 16 payment service, 90 general.
    pub kind: i16,
    pub currency: String,
    pub allow_variable_currency: bool,
    pub allow_variable_rate: bool,
    pub allow_vat: bool,
    pub blocked: bool,
    /// Code of the journal's own GL account, such as the bank's.
    pub gl_account: Option<String>,
}

/// A general ledger account.
#[derive(Clone, Debug, Default)]
pub struct GlAccount {
    pub code: String,
    pub description: String,
    /// The vendor's enumeration: 110 revenue, 20 receivable, 24 VAT …
    pub kind: i16,
    pub blocked: bool,
    /// 0 optional, 1 mandatory, 2 no.
    pub use_cost_center: i16,
    /// 0 optional, 1 mandatory, 2 no.
    pub use_cost_unit: i16,
    /// Default VAT code.
    pub vat_code: Option<String>,
}

/// A VAT code with one percentage from the beginning of time.
#[derive(Clone, Debug, Default)]
pub struct VatCode {
    pub code: String,
    pub description: String,
    /// A fraction: 0.21.
    pub percentage: Decimal,
    /// `E` excluding, `I` including, `B` base only, `N` none.
    pub kind: char,
    /// `S` services, `L` goods, `T` triangulation, `N` none.
    pub eu_sales_listing: char,
    pub oss_country: Option<String>,
    pub blocked: bool,
    /// `S` sales, `P` purchase, `B` both.
    pub transaction_type: char,
}

/// A payment condition.
#[derive(Clone, Debug, Default)]
pub struct PaymentCondition {
    pub code: String,
    pub description: String,
    pub days: i32,
}

/// An item group; the API cannot create one.
#[derive(Clone, Debug, Default)]
pub struct ItemGroup {
    pub code: String,
    pub description: String,
    pub is_default: bool,
    /// Code of the revenue account.
    pub gl_revenue: Option<String>,
}

/// An item.
#[derive(Clone, Debug, Default)]
pub struct Item {
    pub code: String,
    pub description: String,
    /// Code of the group; the default group when absent.
    pub group: Option<String>,
    /// Code of the item's own revenue account.
    pub gl_revenue: Option<String>,
}

/// A dated rate: one unit of `currency` in the home currency.
#[derive(Clone, Debug)]
pub struct ExchangeRate {
    pub currency: String,
    pub rate: Decimal,
    pub from: Date,
}

/// The administration's settings for deferred revenue.
#[derive(Clone, Debug)]
pub struct Deferral {
    /// Code of the balance-sheet account.
    pub account: String,
    /// Code of the general journal that takes the releases.
    pub journal: String,
    pub method: DeferralMethod,
}

/// How a deferred amount is spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeferralMethod {
    /// One equal share per touched period.
    PerPeriod,
    /// By the number of days in each period.
    ByDay,
}
