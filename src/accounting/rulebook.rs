//! The validated rules of one entity: what its manifests say, in a shape that cannot be wrong in itself. Built by `api`
//! from an EntityMapping, its connection and the RevenueRules; nothing later checks it again.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::payments::PaymentRules;
use crate::domain::catalogue::ItemKind;
use crate::domain::invoice::ExemptReason;

/// Everything that decides how one entity's documents are booked.
#[derive(Clone, Debug)]
pub struct Rulebook {
    /// Name of the EntityMapping: what a message tells people to change.
    pub mapping: String,
    /// Name of the SyncConnection.
    pub connection: String,
    pub time_zone: TimeZone,
    /// Documents dated earlier are out of scope.
    pub start_date: Date,
    /// Journal of the sales entries.
    pub sales_journal: String,
    /// General journal in which Exact books the deferral releases.
    pub deferral_journal: Option<String>,
    /// Bank and cash journals whose money is recorded at the billing system (E6).
    pub bank_journals: Vec<String>,
    /// Code of the account that takes rounding differences.
    pub rounding_account: Option<String>,
    /// Code of the account that takes what is written off.
    pub write_off_account: Option<String>,
    /// VAT code of lines without any VAT: rounding, and what is left untaxed of a partly taxed line.
    pub zero_vat_code: Option<String>,
    /// State Chargebee's exchange rate on entries in a foreign currency.
    pub send_exchange_rate: bool,
    pub policies: Policies,
    pub vat: Vec<VatRule>,
    pub payment_terms: Vec<PaymentTermRule>,
    pub cost_centers: Vec<DimensionRule>,
    pub cost_units: Vec<DimensionRule>,
    pub dimension_year: DimensionYear,
    /// Item family → code of the item group; the default one for the rest.
    pub item_groups: BTreeMap<String, String>,
    pub default_item_group: Option<String>,
    /// Code of the item of lines that no item of the catalogue stands behind, on invoices that the books issue themselves.
    pub ad_hoc_item: Option<String>,
    /// Property of the entry → field of the invoice (P5).
    pub entry_fields: BTreeMap<EntryProperty, String>,
    pub revenue: Vec<RevenueRule>,
    /// What lines supply whose family is not in `family_supply`.
    pub supply: Supply,
    /// How online payments are booked; none while their flow is off.
    pub payments: Option<PaymentRules>,
    /// Item family → what its items supply, where that differs.
    pub family_supply: BTreeMap<String, Supply>,
}

/// A property of an entry that a mapping may fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryProperty {
    /// Instead of the document's number and whose it is.
    Description,
    ExternalLinkDescription,
    ExternalLinkReference,
    /// On every line.
    Notes,
    /// A whole number.
    OrderNumber,
    PaymentReference,
}

/// The policies of a SyncConnection that the accounting obeys (design §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policies {
    /// E22, E23.
    pub deferred_revenue: bool,
    pub deferral_beyond_periods: DeferralBeyondPeriods,
    pub closed_period: ClosedPeriodPolicy,
    pub deferral_method: DeferralMethod,
    pub credit_note_deferral: CreditNoteDeferral,
}

/// E21.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreditNoteDeferral {
    /// As the invoice that is credited was booked.
    FollowInvoice,
    /// By the credit note's own dates.
    AsIssued,
}

/// A period of a deferral range does not exist yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeferralBeyondPeriods {
    Hold,
    NotDeferred,
}

/// E19.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedPeriodPolicy {
    MoveToOpenPeriod,
    Hold,
}

/// How the administration spreads deferred revenue; set in Exact, which its API does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeferralMethod {
    PerPeriod,
    ByDay,
}

/// Where a customer is, seen from the administration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Region {
    Domestic,
    /// Another member state (Northern Ireland, `XI`, is one for goods only and counts as outside for services).
    Eu,
    NonEu,
}

impl Region {
    /// The word of the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Domestic => "Domestic",
            Self::Eu => "EU",
            Self::NonEu => "NonEU",
        }
    }
}

/// Who a customer is for VAT: a number that passes format and check digits makes a business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CustomerType {
    Business,
    Consumer,
}

/// The kind of supply, which decides who owes the VAT across a border.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Supply {
    Services,
    Goods,
}

/// One row of `vat[]`: all given conditions must hold; the row with the most conditions wins; rows tied at the top that
/// name different codes are an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VatRule {
    /// Place in the manifest, from 0: `spec.vat[3]` in messages.
    pub index: usize,
    pub when: VatWhen,
    pub code: String,
}

/// The conditions of a VAT row; an absent one holds always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VatWhen {
    pub country: Option<String>,
    pub region: Option<Region>,
    pub customer_type: Option<CustomerType>,
    /// Percent that billing applied: 21 for 21 %, 0 for none.
    pub rate: Option<Decimal>,
    pub exempt_reason: Option<ExemptReason>,
    pub supply: Option<Supply>,
}

/// One row of `paymentTerms[]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentTermRule {
    pub index: usize,
    pub net_term_days: i32,
    pub payment_condition: String,
}

/// One row of `costCenters[]` or `costUnits[]` (E20): more conditions win; among equals country beats family beats year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DimensionRule {
    pub index: usize,
    pub country: Option<String>,
    pub item_family: Option<String>,
    pub year: Option<i16>,
    pub code: String,
}

/// Which year the rows mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DimensionYear {
    Entry,
    ServiceStart,
}

/// One RevenueRule that applies to this entity. Each of its settings is resolved apart from the others (design §3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevenueRule {
    /// Name of the RevenueRule object.
    pub name: String,
    pub matches: RevenueMatch,
    pub valid_from: Option<Date>,
    pub valid_to: Option<Date>,
    /// Code of the revenue account; for a coupon with `Line` the account of the discount lines.
    pub revenue_account: Option<String>,
    /// Only on coupon rules (E9).
    pub discount: Option<DiscountTreatment>,
    /// Turns deferral off (or on again) for what the rule matches (E23).
    pub deferral: Option<bool>,
    pub cost_center: Option<String>,
    pub cost_unit: Option<String>,
}

/// What a RevenueRule applies to; all given conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevenueMatch {
    pub item_family: Option<String>,
    pub item: Option<String>,
    pub item_price: Option<String>,
    pub coupon: Option<String>,
    pub charge_type: Option<ItemKind>,
    pub country: Option<String>,
    pub currency: Option<String>,
}

/// What becomes of a coupon's discount (E9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscountTreatment {
    /// The revenue line carries the net amount.
    Net,
    /// Gross revenue line and a negative line on the coupon's account.
    Line,
}
