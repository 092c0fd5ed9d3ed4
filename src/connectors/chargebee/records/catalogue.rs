//! What is sold: item families, items, item prices with their tiers, features, entitlements and coupons (C17–C25).

use super::row::{FieldMap, Row, lines};
use crate::domain::hold::Hold;
use crate::domain::record::{Record, RecordKind, composite_id};

const ITEM_FAMILY: FieldMap = &[("name", "name"), ("description", "description"), ("status", "status")];

const ITEM: FieldMap = &[
    ("name", "name"),
    ("external_name", "external_name"),
    ("description", "description"),
    ("status", "status"),
    ("unit", "unit"),
    ("metered", "metered"),
    ("giftable", "is_giftable"),
    ("shippable", "is_shippable"),
    ("enabled_for_checkout", "enabled_for_checkout"),
    ("enabled_in_portal", "enabled_in_portal"),
    ("applicability", "item_applicability"),
    ("usage_calculation", "usage_calculation"),
    ("archived_at", "archived_at"),
];

const ITEM_PRICE: FieldMap = &[
    ("name", "name"),
    ("external_name", "external_name"),
    ("description", "description"),
    ("status", "status"),
    ("item_type", "item_type"),
    ("pricing_model", "pricing_model"),
    ("price", "price"),
    ("price_in_decimal", "price_in_decimal"),
    ("period", "period"),
    ("period_unit", "period_unit"),
    ("billing_cycles", "billing_cycles"),
    ("trial_period", "trial_period"),
    ("trial_period_unit", "trial_period_unit"),
    ("taxable", "is_taxable"),
    ("invoice_notes", "invoice_notes"),
    ("created_at", "created_at"),
    ("archived_at", "archived_at"),
];

const PRICE_TIER: FieldMap = &[
    ("price", "price"),
    ("price_in_decimal", "price_in_decimal"),
    ("pricing_type", "pricing_type"),
    ("package_size", "package_size"),
];

const FEATURE: FieldMap = &[
    ("name", "name"),
    ("description", "description"),
    ("status", "status"),
    ("feature_type", "type"),
    ("unit", "unit"),
    ("metered", "metered"),
    ("created_at", "created_at"),
];

const ENTITLEMENT: FieldMap = &[("item_type", "entity_type"), ("entitlement", "name"), ("value", "value")];

const COUPON: FieldMap = &[
    ("name", "name"),
    ("invoice_name", "invoice_name"),
    ("status", "status"),
    ("discount_type", "discount_type"),
    ("discount_percentage", "discount_percentage"),
    ("discount_amount", "discount_amount"),
    ("discount_quantity", "discount_quantity"),
    ("apply_on", "apply_on"),
    ("duration_type", "duration_type"),
    ("period", "period"),
    ("period_unit", "period_unit"),
    ("valid_from", "valid_from"),
    ("valid_till", "valid_till"),
    ("max_redemptions", "max_redemptions"),
    ("redemptions", "redemptions"),
    ("invoice_notes", "invoice_notes"),
    ("created_at", "created_at"),
    ("archived_at", "archived_at"),
];

/// A row that is one record and nothing else.
fn whole(noun: &'static str, kind: RecordKind, id: &str, json: &str, map: FieldMap) -> Result<Vec<Record>, Hold> {
    let row = Row::parse(noun, id, json)?;
    let mut record = row.record(kind)?;
    row.fill(&mut record, map)?;
    Ok(vec![named(record, id)])
}

/// A row without a name is called by its id.
fn named(mut record: Record, id: &str) -> Record {
    if !record.values.contains_key("name") {
        record.set("name", Some(id));
    }
    record
}

pub(super) fn item_family(id: &str, json: &str) -> Result<Vec<Record>, Hold> {
    whole("item family", RecordKind::ItemFamily, id, json, ITEM_FAMILY)
}

/// The kind of record and the link to it, of what Chargebee calls an item's type. One that this version does not know is
/// billed like a charge.
pub(super) fn item_kind(item_type: Option<&str>) -> (RecordKind, &'static str) {
    match item_type {
        Some("plan") => (RecordKind::Plan, "plan"),
        Some("addon") => (RecordKind::AddOn, "add_on"),
        _ => (RecordKind::Charge, "charge"),
    }
}

pub(super) fn item(id: &str, json: &str) -> Result<Vec<Record>, Hold> {
    let row = Row::parse("item", id, json)?;
    let (kind, _) = item_kind(row.text("type").as_deref());
    let mut record = row.record(kind)?;
    row.fill(&mut record, ITEM)?;
    record.link("item_family", RecordKind::ItemFamily, row.text("item_family_id"));
    Ok(vec![named(record, id)])
}

pub(super) fn item_price(id: &str, json: &str) -> Result<Vec<Record>, Hold> {
    let row = Row::parse("item price", id, json)?;
    let mut record = row.record(RecordKind::ItemPrice)?;
    row.fill(&mut record, ITEM_PRICE)?;
    record.set("free_quantity", row.quantity("free_quantity")?);
    record.set("tax_profile", row.object("tax_detail")?.text("tax_profile_id"));
    let accounting = row.object("accounting_detail")?;
    record.set("sku", accounting.text("sku"));
    record.set("accounting_code", accounting.text("accounting_code"));
    record.link("item_family", RecordKind::ItemFamily, row.text("item_family_id"));
    let (kind, link) = item_kind(row.text("item_type").as_deref());
    record.link(link, kind, row.text("item_id"));
    let record = named(record, id);
    let tiers = row.objects("tiers")?;
    let tiers = tiers.iter().enumerate().map(|(index, tier)| price_tier(&record, index + 1, tier));
    let tiers = tiers.collect::<Result<Vec<_>, _>>()?;
    Ok(std::iter::once(record.clone()).chain(tiers).collect())
}

/// A tier has no id: it is the one that begins with its first unit.
fn price_tier(price: &Record, position: usize, tier: &Row<'_>) -> Result<Record, Hold> {
    let from = tier.quantity("starting_unit")?;
    let start = from.map_or_else(|| format!("#{position}"), |from| from.normalize().to_string());
    let mut record = part(RecordKind::PriceTier, price, &start);
    tier.fill(&mut record, PRICE_TIER)?;
    record.set("name", Some(format!("{} from {start}", price.id)));
    record.set("position", i64::try_from(position).ok());
    record.set("starting_unit", from);
    record.set("ending_unit", tier.quantity("ending_unit")?);
    record.link("item_price", RecordKind::ItemPrice, Some(&*price.id));
    Ok(record)
}

/// A part of a record: of its entity and currency, as new and as deleted as the whole is.
pub(super) fn part(kind: RecordKind, whole: &Record, own: &str) -> Record {
    Record {
        business_entity: whole.business_entity.clone(),
        currency: whole.currency,
        resource_version: whole.resource_version,
        updated_at: whole.updated_at,
        deleted: whole.deleted,
        ..Record::new(kind, composite_id(&[&whole.id, own]))
    }
}

pub(super) fn feature(id: &str, json: &str) -> Result<Vec<Record>, Hold> {
    let row = Row::parse("feature", id, json)?;
    let mut record = row.record(RecordKind::Feature)?;
    row.fill(&mut record, FEATURE)?;
    let level = |level: &Row<'_>| match (level.text("value"), level.text("name")) {
        (Some(value), Some(name)) if value != name => Some(format!("{value}: {name}")),
        (value, name) => value.or(name),
    };
    record.set("levels", lines(row.objects("levels")?.iter().filter_map(level)));
    Ok(vec![named(record, id)])
}

/// What an item, or one of its prices, gives of a feature. Both may bear the same id, so that the sort is part of ours.
pub(super) fn entitlement(id: &str, json: &str) -> Result<Vec<Record>, Hold> {
    let row = Row::parse("entitlement", id, json)?;
    let sort = row.text("entity_type").unwrap_or_else(|| "plan".to_owned());
    let entity = row.text("entity_id").ok_or_else(|| row.refused("is of no item"))?;
    let feature = row.text("feature_id").ok_or_else(|| row.refused("is of no feature"))?;
    let mut record = row.record(RecordKind::ProductFeature)?;
    record.id = composite_id(&[&sort, &entity, &feature]);
    row.fill(&mut record, ENTITLEMENT)?;
    let told = row.text("name").or(row.text("value")).unwrap_or_default();
    let called = row.text("feature_name").unwrap_or_else(|| feature.clone());
    record.set("name", Some(format!("{entity}: {called} {told}").trim_end()));
    record.link("feature", RecordKind::Feature, Some(feature));
    match sort.strip_suffix("_price") {
        Some(_) => record.link("item_price", RecordKind::ItemPrice, Some(entity)),
        None => {
            let (kind, link) = item_kind(Some(&sort));
            record.link(link, kind, Some(entity));
        }
    }
    Ok(vec![record])
}

pub(super) fn coupon(id: &str, json: &str) -> Result<Vec<Record>, Hold> {
    whole("coupon", RecordKind::Coupon, id, json, COUPON)
}
