//! What Wolkwerk sells: item families, items, item prices and coupons, and their rows.

use jiff::Timestamp;
use serde_json::{Value, json};

/// How often a price is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cycle {
    Monthly,
    Yearly,
    Once,
}

/// One thing that is sold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub id: &'static str,
    pub name: &'static str,
    pub kind: ItemKind,
    family: &'static str,
    /// Price of a month, or of the charge itself, in euro cents.
    cents: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ItemKind {
    Plan,
    Addon,
    Charge,
}

impl ItemKind {
    fn word(self) -> &'static str {
        match self {
            ItemKind::Plan => "plan",
            ItemKind::Addon => "addon",
            ItemKind::Charge => "charge",
        }
    }
}

const fn item(id: &'static str, name: &'static str, kind: ItemKind, family: &'static str, cents: i64) -> Item {
    Item { id, name, kind, family, cents }
}

pub(super) const STARTER: Item = item("starter", "Starter", ItemKind::Plan, "platform", 1900);
pub(super) const TEAM: Item = item("team", "Team", ItemKind::Plan, "platform", 4950);
pub(super) const BUSINESS: Item = item("business", "Business", ItemKind::Plan, "platform", 12995);
pub(super) const EXTRA_SEATS: Item = item("extra-seats", "Extra seats", ItemKind::Addon, "addons", 725);
pub(super) const SUPPORT_PLUS: Item = item("support-plus", "Support Plus", ItemKind::Addon, "addons", 2499);
pub(super) const ONBOARDING: Item = item("onboarding", "Onboarding", ItemKind::Charge, "services", 49500);
pub(super) const TRAINING: Item = item("training", "Training day", ItemKind::Charge, "services", 84950);
/// The service for which nobody has given a revenue account (E32).
pub(super) const MIGRATION: Item = item("migration", "Data migration", ItemKind::Charge, "services", 149_500);

const ITEMS: [Item; 8] = [STARTER, TEAM, BUSINESS, EXTRA_SEATS, SUPPORT_PLUS, ONBOARDING, TRAINING, MIGRATION];
const FAMILIES: [(&str, &str); 3] = [("platform", "Platform"), ("addons", "Add-ons"), ("services", "Services")];

/// A price of an item: what an invoice line refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Price {
    pub id: String,
    pub name: String,
    pub kind: ItemKind,
    /// Minor units of the currency.
    pub amount: i64,
}

impl Price {
    /// The line's `entity_type`.
    pub(super) fn entity_type(&self) -> &'static str {
        match self.kind {
            ItemKind::Plan => "plan_item_price",
            ItemKind::Addon => "addon_item_price",
            ItemKind::Charge => "charge_item_price",
        }
    }
}

impl Item {
    /// The item's price in a currency: a year costs ten months, a dollar price is a tenth dearer, one in pounds a tenth lower.
    pub(super) fn price(&self, cycle: Cycle, currency: &str) -> Price {
        let (suffix, word) = match (self.kind, cycle) {
            (ItemKind::Charge, _) | (_, Cycle::Once) => (String::new(), ""),
            (_, Cycle::Monthly) => ("-monthly".to_owned(), " Monthly"),
            (_, Cycle::Yearly) => ("-yearly".to_owned(), " Yearly"),
        };
        let months = if cycle == Cycle::Yearly && self.kind != ItemKind::Charge { 10 } else { 1 };
        let cents = match currency {
            "USD" => self.cents * 11 / 10,
            "GBP" => self.cents * 9 / 10,
            _ => self.cents,
        };
        Price {
            id: format!("{}-{}{suffix}", self.id, currency.to_lowercase()),
            name: format!("{} {currency}{word}", self.name),
            kind: self.kind,
            amount: cents * months,
        }
    }
}

/// The rows of the catalogue.
#[derive(Debug)]
pub(super) struct Catalogue {
    pub item_families: Vec<Value>,
    pub items: Vec<Value>,
    pub item_prices: Vec<Value>,
    pub coupons: Vec<Value>,
}

/// The whole catalogue, made at `since`.
pub(super) fn catalogue(since: Timestamp, currencies: &[&str]) -> Catalogue {
    let at = since.as_second();
    let mut prices = Vec::new();
    for item in &ITEMS {
        let cycles: &[Cycle] =
            if item.kind == ItemKind::Charge { &[Cycle::Once] } else { &[Cycle::Monthly, Cycle::Yearly] };
        for currency in currencies {
            prices.extend(cycles.iter().map(|cycle| price_row(item, *cycle, currency, at)));
        }
    }
    Catalogue {
        item_families: FAMILIES.iter().map(|(id, name)| family_row(id, name, at)).collect(),
        items: ITEMS.iter().map(|item| item_row(item, at)).collect(),
        item_prices: prices,
        coupons: coupons(at),
    }
}

fn family_row(id: &str, name: &str, at: i64) -> Value {
    json!({
        "id": id, "name": name, "description": format!("{name} of Wolkwerk"), "status": "active", "deleted": false,
        "channel": "web", "updated_at": at, "resource_version": at * 1000, "object": "item_family",
    })
}

fn item_row(item: &Item, at: i64) -> Value {
    json!({
        "id": item.id, "name": item.name, "external_name": item.name, "type": item.kind.word(), "status": "active",
        "item_family_id": item.family, "is_shippable": false, "is_giftable": false, "enabled_for_checkout": true,
        "enabled_in_portal": true, "included_in_mrr": item.kind != ItemKind::Charge, "item_applicability": "all",
        "metered": false, "is_percentage_pricing": false, "channel": "web", "deleted": false, "metadata": {},
        "updated_at": at + 60, "resource_version": (at + 60) * 1000, "object": "item",
    })
}

fn price_row(item: &Item, cycle: Cycle, currency: &str, at: i64) -> Value {
    let price = item.price(cycle, currency);
    let mut row = json!({
        "id": price.id, "name": price.name, "external_name": item.name, "item_id": item.id,
        "item_family_id": item.family, "item_type": item.kind.word(), "status": "active",
        "pricing_model": "per_unit", "price": price.amount, "currency_code": currency, "free_quantity": 0,
        "is_taxable": true, "tax_detail": {}, "accounting_detail": {"sku": item.id.to_uppercase()},
        "show_description_in_invoices": false, "show_description_in_quotes": false, "channel": "web",
        "created_at": at + 120, "deleted": false, "metadata": {},
        "updated_at": at + 120, "resource_version": (at + 120) * 1000, "object": "item_price",
    });
    let unit = match cycle {
        Cycle::Monthly => "month",
        Cycle::Yearly => "year",
        Cycle::Once => return row,
    };
    row["period"] = 1.into();
    row["period_unit"] = unit.into();
    row
}

/// WELCOME10 (10 % of the first invoice), LOYAL15 (15 % of the plan, for ever), SPRING50 (EUR 50 off).
fn coupons(at: i64) -> Vec<Value> {
    let coupon = |id: &str, name: &str, own: Value| {
        let mut row = json!({
            "id": id, "name": name, "invoice_name": name, "status": "active", "redemptions": 0, "included_in_mrr": false,
            "apply_discount_on": "not_applicable", "plan_constraint": "not_applicable",
            "addon_constraint": "not_applicable", "created_at": at + 180, "deleted": false,
            "updated_at": at + 180, "resource_version": (at + 180) * 1000, "object": "coupon",
        });
        for (name, value) in own.as_object().into_iter().flatten() {
            row[name] = value.clone();
        }
        row
    };
    let constraints = |plan: &str, other: &str| {
        json!([
            {"item_type": "plan", "constraint": plan},
            {"item_type": "addon", "constraint": other},
            {"item_type": "charge", "constraint": other},
        ])
    };
    vec![
        coupon(
            "WELCOME10",
            "Welcome 10%",
            json!({"discount_type": "percentage", "discount_percentage": 10.0, "duration_type": "one_time",
                "apply_on": "invoice_amount", "item_constraints": constraints("all", "all")}),
        ),
        coupon(
            "LOYAL15",
            "Loyal 15%",
            json!({"discount_type": "percentage", "discount_percentage": 15.0, "duration_type": "forever",
                "apply_on": "each_specified_item", "item_constraints": constraints("all", "none")}),
        ),
        coupon(
            "SPRING50",
            "Spring EUR 50",
            json!({"discount_type": "fixed_amount", "discount_amount": 5000, "currency_code": "EUR",
                "duration_type": "one_time", "apply_on": "invoice_amount",
                "item_constraints": constraints("all", "all")}),
        ),
    ]
}
