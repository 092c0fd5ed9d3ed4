//! The invoice as it was issued. All amounts are in minor units of the invoice's currency.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::catalogue::ItemKind;
use super::customer::Address;
use super::money::{Amount, Currency};

/// Where an invoice stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum InvoiceStatus {
    /// Still a draft: its number may change. Never booked.
    Pending,
    Posted,
    PaymentDue,
    NotPaid,
    Paid,
    Voided,
    /// A status that this version does not know; treated like an issued invoice only where `generated_at` is set.
    Unknown,
}

/// Whether line amounts contain the tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PriceType {
    TaxExclusive,
    TaxInclusive,
}

/// Why a line bears no tax, as billing states it (E17).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExemptReason {
    ReverseCharge,
    Export,
    CustomerExempt,
    ProductExempt,
    ZeroRated,
    RegionNonTaxable,
    TaxNotConfigured,
    ZeroValueItem,
    /// One that has no meaning of its own here, as the vendor spells it.
    Other(String),
}

/// One tax on (a part of) a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineTax {
    pub name: String,
    /// Percent: 21 for 21 %.
    pub rate: Decimal,
    pub taxable: Amount,
    pub tax: Amount,
}

/// What a discount stems from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DiscountKind {
    ItemCoupon,
    DocumentCoupon,
    ItemDiscount,
    DocumentDiscount,
    PromotionalCredit,
    ProratedCredit,
    Other,
}

/// A discount as it falls on one line; those of the whole document are spread over the lines already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineDiscount {
    pub kind: DiscountKind,
    pub coupon: Option<String>,
    pub amount: Amount,
}

/// One line of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    pub id: String,
    pub kind: ItemKind,
    /// The item price; none on a line typed in by hand.
    pub item_price: Option<String>,
    pub description: String,
    /// Before discounts; with tax inside where the prices are tax-inclusive.
    pub amount: Amount,
    pub quantity: Option<Decimal>,
    pub discounts: Vec<LineDiscount>,
    pub taxes: Vec<LineTax>,
    /// The line's whole tax as billing states it.
    pub tax: Amount,
    pub exempt_reason: Option<ExemptReason>,
    /// Service period as billing states it: `service_to` is the end of the term, not its last day (design §6).
    pub service_from: Option<Timestamp>,
    pub service_to: Option<Timestamp>,
}

impl InvoiceLine {
    /// The sum of the discounts that fall on this line.
    pub fn discount(&self) -> Amount {
        self.discounts.iter().map(|discount| discount.amount).sum()
    }
}

/// What one unit of a document's currency is worth in another one, as the document states it beside its exchange rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedRate {
    /// ISO 4217 code of the other currency.
    pub currency: String,
    /// How much of it one unit of the document's currency is.
    pub value: Decimal,
}

/// An invoice as issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// Its number. Numbers come back after a deletion: see [`Invoice::identity`].
    pub number: String,
    pub customer: String,
    pub subscription: Option<String>,
    pub business_entity: Option<String>,
    pub status: InvoiceStatus,
    pub date: Option<Timestamp>,
    pub due_date: Option<Timestamp>,
    pub net_term_days: Option<i32>,
    pub generated_at: Option<Timestamp>,
    pub voided_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    pub deleted: bool,
    pub currency: Currency,
    /// Currency of the site's books, and how much of it one unit of `currency` is.
    pub base_currency: Option<String>,
    pub exchange_rate: Option<Decimal>,
    /// Rates into further currencies, or the same one again: what tells which way round `exchange_rate` is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stated_rates: Vec<StatedRate>,
    pub price_type: PriceType,
    pub sub_total: Amount,
    pub tax: Amount,
    pub total: Amount,
    /// Size of the rounding that the total contains, without a sign.
    pub round_off: Amount,
    pub vat_number: Option<String>,
    pub billing_address: Address,
    pub shipping_address: Option<Address>,
    /// The billing site's own time zone when the document was made.
    pub site_time_zone: Option<String>,
    /// The customer's own order number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub po_number: Option<String>,
    /// Custom fields by their name (`cf_…`), as text; P5.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom_fields: BTreeMap<String, String>,
    pub lines: Vec<InvoiceLine>,
}

impl Invoice {
    /// The document's identity (E24): a digest of when it was issued, its line ids and its amounts. Fields that a payment
    /// changes are left out; another document under the same number has another identity.
    pub fn identity(&self) -> DocumentIdentity {
        let mut digest = Sha256::new();
        let issued = self.generated_at.or(self.date).map_or(0, Timestamp::as_second);
        digest.update(format!("invoice\n{issued}\n{}\n", self.currency));
        digest.update(format!("{} {} {}\n", self.sub_total.0, self.tax.0, self.total.0));
        for line in &self.lines {
            digest.update(format!("{} {} {} {}\n", line.id, line.amount.0, line.discount().0, line.tax.0));
        }
        DocumentIdentity(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// What makes a document the same document, whatever its number (E24, E25).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DocumentIdentity(pub String);

impl fmt::Display for DocumentIdentity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// The present term of a subscription: what the next invoices will need periods for (N2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionTerm {
    pub id: String,
    pub renews: bool,
    pub next_billing_at: Option<Timestamp>,
    pub billing_period: i32,
    pub billing_unit: BillingUnit,
    pub deleted: bool,
    pub updated_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BillingUnit {
    Day,
    Week,
    Month,
    Year,
}
