//! (thin)
/// x
#[derive(Debug, Default)]
pub struct ChargebeeData {
    pub item_families: Vec<String>, pub items: Vec<String>, pub item_prices: Vec<String>, pub coupons: Vec<String>,
    pub customers: Vec<String>, pub subscriptions: Vec<String>, pub invoices: Vec<String>, pub credit_notes: Vec<String>,
    pub transactions: Vec<String>, pub events: Vec<String>, pub last_number: String,
}
