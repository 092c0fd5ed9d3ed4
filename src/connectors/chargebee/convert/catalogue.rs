//! Item families, items, item prices and coupons (E4, E11).

use super::super::wire::{CouponRow, Flag, ItemFamilyRow, ItemPriceRow, ItemRow, Text};
use super::subject::Subject;
use super::{FromChargebee, parse};
use crate::domain::catalogue::{Coupon, Item, ItemFamily, ItemKind, ItemPrice};
use crate::domain::hold::{Hold, HoldReason};

/// Without a readable catalogue no revenue account can be chosen.
const UNREADABLE: HoldReason = HoldReason::RevenueAccountMissing;

impl FromChargebee for ItemFamily {
    const NOUN: &'static str = "item family";
    const UNREADABLE: HoldReason = UNREADABLE;

    fn from_json(id: &str, json: &str) -> Result<Self, Hold> {
        let row: ItemFamilyRow = parse(&subject::<Self>(id), json)?;
        let active = is_active(&row.status, row.deleted);
        Ok(Self { id: row.id.or(id), name: row.name.or(id), active })
    }
}

impl FromChargebee for Item {
    const NOUN: &'static str = "item";
    const UNREADABLE: HoldReason = UNREADABLE;

    fn from_json(id: &str, json: &str) -> Result<Self, Hold> {
        let row: ItemRow = parse(&subject::<Self>(id), json)?;
        let active = is_active(&row.status, row.deleted);
        Ok(Self {
            id: row.id.or(id),
            name: row.name.0.or(row.external_name.0).unwrap_or_else(|| id.to_owned()),
            description: row.description.0,
            kind: kind(&row.kind),
            family: row.item_family_id.0,
            unit: row.unit.0,
            active,
        })
    }
}

impl FromChargebee for ItemPrice {
    const NOUN: &'static str = "item price";
    const UNREADABLE: HoldReason = UNREADABLE;

    fn from_json(id: &str, json: &str) -> Result<Self, Hold> {
        let subject = subject::<Self>(id);
        let row: ItemPriceRow = parse(&subject, json)?;
        let item = row.item_id.0.ok_or_else(|| subject.hold(UNREADABLE, "names no item"))?;
        Ok(Self { id: row.id.or(id), item, family: row.item_family_id.0, kind: kind(&row.item_type) })
    }
}

impl FromChargebee for Coupon {
    const NOUN: &'static str = "coupon";
    const UNREADABLE: HoldReason = UNREADABLE;

    fn from_json(id: &str, json: &str) -> Result<Self, Hold> {
        let row: CouponRow = parse(&subject::<Self>(id), json)?;
        let active = is_active(&row.status, row.deleted);
        Ok(Self { id: row.id.or(id), name: row.name.or(id), active })
    }
}

fn subject<T: FromChargebee>(id: &str) -> Subject<'_> {
    Subject { noun: T::NOUN, id, unreadable: T::UNREADABLE }
}

/// A kind that this version does not know is billed like a charge.
fn kind(text: &Text) -> ItemKind {
    match text.as_deref() {
        Some("plan") => ItemKind::Plan,
        Some("addon") => ItemKind::Addon,
        _ => ItemKind::Charge,
    }
}

/// These lists show a removal by the status (chargebee.md §2); a status that is not known is in use.
fn is_active(status: &Text, deleted: Flag) -> bool {
    !deleted.0 && !matches!(status.as_deref(), Some("deleted" | "archived" | "expired"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_of_a_new_kind_and_without_a_name_is_taken_e11() {
        let json = r#"{"id":"gold","type":"bundle","item_family_id":"apps","status":"somehow","channel":"web"}"#;
        let item = Item::from_json("gold", json).unwrap();
        assert_eq!((item.name.as_str(), item.kind, item.active), ("gold", ItemKind::Charge, true));
        assert_eq!(item.family.as_deref(), Some("apps"));
    }

    #[test]
    fn what_is_archived_or_deleted_is_not_active_e4() {
        let coupon = |status: &str| {
            Coupon::from_json("c", &format!(r#"{{"id":"c","name":"Spring","status":"{status}"}}"#)).unwrap()
        };
        assert!(coupon("active").active && coupon("future").active);
        assert!(!coupon("archived").active && !coupon("expired").active);
        assert!(!ItemFamily::from_json("f", r#"{"id":"f","status":"deleted"}"#).unwrap().active);
    }

    #[test]
    fn a_price_without_an_item_is_held_with_its_name() {
        let hold = ItemPrice::from_json("gold-EUR", r#"{"id":"gold-EUR"}"#).unwrap_err();
        assert_eq!(hold.message, "item price gold-EUR names no item");
        assert_eq!(hold.reason, HoldReason::RevenueAccountMissing);
    }
}
