//! A subscription at the wire, as far as its next terms go (chargebee.md §9).

use serde::Deserialize;

use super::customer::AddressRow;
use super::scalar::{Flag, Number, Text};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SubscriptionRow {
    pub id: Text,
    pub customer_id: Text,
    pub shipping_address: Option<AddressRow>,
    pub status: Text,
    pub billing_period: Number,
    pub billing_period_unit: Text,
    pub next_billing_at: Number,
    pub start_date: Number,
    pub trial_end: Number,
    pub current_term_end: Number,
    pub resume_date: Number,
    pub cancelled_at: Number,
    pub remaining_billing_cycles: Number,
    pub deleted: Flag,
    pub updated_at: Number,
}
