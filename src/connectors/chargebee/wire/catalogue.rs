//! Item families, items, item prices and coupons at the wire (chargebee.md §10).

use serde::Deserialize;

use super::scalar::{Flag, Text};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ItemFamilyRow {
    pub id: Text,
    pub name: Text,
    pub status: Text,
    pub deleted: Flag,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ItemRow {
    pub id: Text,
    pub name: Text,
    pub external_name: Text,
    pub description: Text,
    #[serde(rename = "type")]
    pub kind: Text,
    pub item_family_id: Text,
    pub unit: Text,
    pub status: Text,
    pub deleted: Flag,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ItemPriceRow {
    pub id: Text,
    pub item_id: Text,
    pub item_family_id: Text,
    pub item_type: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CouponRow {
    pub id: Text,
    pub name: Text,
    pub status: Text,
    pub deleted: Flag,
}
