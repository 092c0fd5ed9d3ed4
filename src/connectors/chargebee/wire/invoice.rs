//! An invoice at the wire, as far as Koppel reads it (chargebee.md §6).

use serde::Deserialize;

use super::customer::AddressRow;
use super::scalar::{Flag, Number, Rows, Text};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct InvoiceRow {
    pub id: Text,
    pub customer_id: Text,
    pub subscription_id: Text,
    pub business_entity_id: Text,
    pub status: Text,
    pub date: Number,
    pub due_date: Number,
    pub net_term_days: Number,
    pub generated_at: Number,
    pub voided_at: Number,
    pub updated_at: Number,
    pub deleted: Flag,
    pub currency_code: Text,
    pub base_currency_code: Text,
    pub exchange_rate: Number,
    /// Beside the one into the base currency; 1 `currency_code` = `rate` × the invoice's currency.
    pub exchange_rates: Rows<ExchangeRateRow>,
    pub local_currency_code: Text,
    pub local_currency_exchange_rate: Number,
    pub total_in_local_currency: Number,
    pub price_type: Text,
    pub sub_total: Number,
    pub tax: Number,
    pub total: Number,
    pub round_off_amount: Number,
    pub vat_number: Text,
    pub vat_number_prefix: Text,
    pub po_number: Text,
    pub billing_address: Option<AddressRow>,
    pub shipping_address: Option<AddressRow>,
    pub site_details_at_creation: Option<SiteDetailsRow>,
    pub line_items: Rows<LineRow>,
    pub line_item_discounts: Rows<LineDiscountRow>,
    pub line_item_taxes: Rows<LineTaxRow>,
    pub discounts: Rows<DiscountRow>,
    /// Present where the row does not hold all lines.
    pub line_items_next_offset: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ExchangeRateRow {
    pub currency_code: Text,
    pub rate: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SiteDetailsRow {
    pub timezone: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LineRow {
    pub id: Text,
    pub entity_type: Text,
    pub entity_id: Text,
    pub description: Text,
    pub entity_description: Text,
    pub amount: Number,
    pub amount_in_decimal: Number,
    pub quantity: Number,
    pub quantity_in_decimal: Number,
    pub discount_amount: Number,
    pub tax_amount: Number,
    pub tax_rate: Number,
    pub tax_exempt_reason: Text,
    pub date_from: Number,
    pub date_to: Number,
}

/// A discount as it falls on a line: those of the line and the line's part of those of the document.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LineDiscountRow {
    pub line_item_id: Text,
    pub discount_type: Text,
    pub coupon_id: Text,
    pub entity_id: Text,
    pub discount_amount: Number,
}

/// A discount of the document, or of a line where it names one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DiscountRow {
    pub line_item_id: Text,
    pub entity_type: Text,
    pub entity_id: Text,
    pub amount: Number,
}

/// A tax on a line. The invoice's own `taxes[]` has no rate and is not read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LineTaxRow {
    pub line_item_id: Text,
    pub tax_name: Text,
    pub tax_rate: Number,
    pub taxable_amount: Number,
    /// The part of `taxable_amount` that this row taxes, where a rate changed within the service period.
    pub prorated_taxable_amount: Number,
    pub tax_amount: Number,
}
