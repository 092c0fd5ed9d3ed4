//! An invoice that the books issue themselves, out of items (P6).

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::entry::SalesEntry;

/// A sales invoice: the entry that it becomes once it is printed, and what is sold on each of its lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesInvoice {
    pub entry: SalesEntry,
    /// One for each line of the entry, in their order.
    pub sold: Vec<SoldItem>,
}

/// An item, how much of it, and at which price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldItem {
    /// Id of the item in the books.
    pub item: Uuid,
    /// Negative on a line that takes something off.
    pub quantity: Decimal,
    /// In major units of the entry's currency; times the quantity it is the line's amount, to the cent.
    pub price: Decimal,
}
