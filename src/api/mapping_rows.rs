//! The tables of an EntityMapping. Nothing here has a default: defaults inside list items would show as drift for ever.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which VAT code lines get for which the conditions hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct VatRow {
    /// All given conditions must hold; without any the row is the last resort.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<VatWhen>,
    /// The VAT code. Example: `"2"`.
    #[schemars(length(min = 1, max = 20), regex(pattern = r"^\S(.*\S)?$"))]
    pub code: String,
}

/// Conditions of a VAT row, as they stand on the invoice itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!(has(self.country) && has(self.region))").message("give country or region, not both: the country says more").field_path(".region"),
    validation = Rule::new("!has(self.exemptReason) || !has(self.rate) || self.rate == 0 || self.rate == '0'").message("a line with exemptReason bears no tax: leave rate out, or set it to 0").field_path(".rate")
)]
pub struct VatWhen {
    /// Country of the customer, ISO 3166-1 alpha-2, or `XI` for Northern Ireland. Quote `"NO"`: unquoted it is the boolean
    /// false.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 2), regex(pattern = r"^[A-Z]{2}$"))]
    pub country: Option<String>,
    /// Where the customer is, seen from the administration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// Who the customer is: `Business` with a valid VAT number, else `Consumer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_type: Option<CustomerType>,
    /// Percent that Chargebee applied: `21`, or `"5.5"` in quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = percent)]
    pub rate: Option<IntOrString>,
    /// Why the line bears no tax, as Chargebee states it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exempt_reason: Option<ExemptReason>,
    /// The kind of supply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supply: Option<Supply>,
}

/// Where a customer is, seen from the administration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Region {
    /// In the administration's own country.
    Domestic,
    /// In another member state of the European Union.
    #[serde(rename = "EU")]
    Eu,
    /// Outside the European Union.
    #[serde(rename = "NonEU")]
    NonEu,
}

/// Who a customer is for VAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CustomerType {
    Business,
    Consumer,
}

/// The kind of supply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Supply {
    #[default]
    Services,
    Goods,
}

/// Why a line bears no tax, as Chargebee states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ExemptReason {
    ReverseCharge,
    Export,
    CustomerExempt,
    ProductExempt,
    ZeroRated,
    RegionNonTaxable,
    TaxNotConfigured,
    TaxNotConfiguredExternalProvider,
    HighValuePhysicalGoods,
    ZeroValueItem,
}

/// Which payment condition a number of days becomes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentTermRow {
    /// Net terms of the invoice, in days; 0 is due on receipt.
    #[schemars(range(min = 0, max = 3650))]
    pub net_term_days: i32,
    /// Code of the payment condition. Example: `"30"`.
    #[schemars(length(min = 1, max = 20), regex(pattern = r"^\S(.*\S)?$"))]
    pub payment_condition: String,
}

/// Which cost centre or cost unit lines get for which the conditions hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct DimensionRow {
    /// Country of the customer, ISO 3166-1 alpha-2. Quote `"NO"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 2), regex(pattern = r"^[A-Z]{2}$"))]
    pub country: Option<String>,
    /// Id of the item family of the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 50))]
    pub item_family: Option<String>,
    /// Year, as `dimensionYear` says which. Example: `2026`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2000, max = 2199))]
    pub year: Option<i32>,
    /// Code of the cost centre or cost unit.
    #[schemars(length(min = 1, max = 20), regex(pattern = r"^\S(.*\S)?$"))]
    pub code: String,
}

/// Which year the rows mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DimensionYear {
    #[default]
    Entry,
    ServiceStart,
}

/// Which item group the items of a family belong to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemGroupRow {
    /// Id of the item family in Chargebee.
    #[schemars(length(min = 1, max = 50))]
    pub item_family: String,
    /// Code of the item group in Exact.
    #[schemars(length(min = 1, max = 20), regex(pattern = r"^\S(.*\S)?$"))]
    pub item_group: String,
    /// Kind of supply of the family, where it differs from the mapping's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supply: Option<Supply>,
}

/// Where payments are booked for which the conditions hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!has(self.fee) || !has(self.fee.fixed) || has(self.currency)").message("a fixed fee is an amount of one currency: give the row a currency").field_path(".currency")
)]
pub struct PaymentMethodRow {
    /// Payment method in Chargebee's words. Example: `card`, `direct_debit`, `ideal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 50), regex(pattern = r"^[a-z0-9_]+$"))]
    pub method: Option<String>,
    /// Gateway in Chargebee's words. Example: `mollie`, `stripe`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 50), regex(pattern = r"^[a-z0-9_]+$"))]
    pub gateway: Option<String>,
    /// Currency of the payment, ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 3), regex(pattern = r"^[A-Z]{3}$"))]
    pub currency: Option<String>,
    /// Code of the journal that they are booked in. Example: `"22"`.
    #[schemars(length(min = 1, max = 20), regex(pattern = r"^\S(.*\S)?$"))]
    pub journal: String,
    /// Code of the control account, where it is not the journal's own. Example: `"1150"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20), regex(pattern = r"^\S(.*\S)?$"))]
    pub control_account: Option<String>,
    /// What the payment service keeps of each payment, booked out of the control account. Chargebee tells no fee, so this
    /// is the tariff; the difference to the service's own invoice stays on the control account. Without it no fee is booked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee: Option<PaymentFee>,
}

/// A payment service's tariff: a percentage, a fixed amount, or both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.percent) || has(self.fixed)", "give percent, fixed, or both"))]
pub struct PaymentFee {
    /// Percent of the amount: `2`, or `"1.8"` in quotes; rounded to cents, halves upwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = percent)]
    pub percent: Option<IntOrString>,
    /// Amount of each payment, in `currency` of the row: `"0.25"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = money)]
    pub fixed: Option<IntOrString>,
    /// Code of the account that bears the fee. Example: `"4550"`.
    #[schemars(length(min = 1, max = 20), regex(pattern = r"^\S(.*\S)?$"))]
    pub account: String,
}

/// An amount that may be written with decimals, in quotes.
fn money(schema: &mut schemars::Schema) {
    int_or_text(schema, 1_000_000, 10, r"^[0-9]{1,7}([.][0-9]{1,2})?$");
}

/// A number that may be written with decimals, in quotes: no float of the manifest ever decides about VAT.
fn percent(schema: &mut schemars::Schema) {
    int_or_text(schema, 100, 8, r"^(100|[0-9]{1,2}([.][0-9]{1,4})?)$");
}

fn int_or_text(schema: &mut schemars::Schema, most: i64, length: u32, pattern: &str) {
    let description = schema.get("description").cloned();
    *schema = schemars::json_schema!({
        "x-kubernetes-int-or-string": true,
        "anyOf": [{"type": "integer"}, {"type": "string"}],
        "minimum": 0,
        "maximum": most,
        "maxLength": length,
        "pattern": pattern,
    });
    schema.ensure_object().extend(description.map(|text| ("description".to_owned(), text)));
}
