//! A quote at the wire, as far as Koppel reads it (chargebee.md §11).

use serde::Deserialize;

use super::scalar::{Flag, Number, Rows, Text};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct QuoteRow {
    pub id: Text,
    pub name: Text,
    pub customer_id: Text,
    pub status: Text,
    pub operation_type: Text,
    pub currency_code: Text,
    pub date: Number,
    pub valid_till: Number,
    pub sub_total: Number,
    pub line_items: Rows<QuoteLineRow>,
    pub deleted: Flag,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct QuoteLineRow {
    pub entity_type: Text,
    pub entity_id: Text,
    pub description: Text,
    pub quantity: Number,
    pub unit_amount: Number,
}
