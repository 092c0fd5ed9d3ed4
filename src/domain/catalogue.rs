//! What is sold: item families, items, item prices and coupons.

use serde::{Deserialize, Serialize};

/// What kind of thing a line sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ItemKind {
    Plan,
    Addon,
    Charge,
    /// A line typed in by hand, of no item.
    Adhoc,
}

/// A family of items; in Exact an item group (E11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemFamily {
    pub id: String,
    pub name: String,
    pub active: bool,
}

/// A plan, add-on or charge (E4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    pub kind: ItemKind,
    pub family: Option<String>,
    pub unit: Option<String>,
    pub active: bool,
}

/// One price of an item, in one currency and period. Invoice lines name prices, not items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemPrice {
    pub id: String,
    pub item: String,
    pub family: Option<String>,
    pub kind: ItemKind,
}

/// A coupon; it becomes an item too (E4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coupon {
    pub id: String,
    pub name: String,
    pub active: bool,
}
