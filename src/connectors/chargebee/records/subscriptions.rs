//! Subscriptions and their items (C18).

use std::collections::BTreeMap;

use super::catalogue::part;
use super::row::{FieldMap, Row, lines};
use crate::domain::hold::Hold;
use crate::domain::record::{Record, RecordKind};

const SUBSCRIPTION: FieldMap = &[
    ("status", "status"),
    ("billing_period", "billing_period"),
    ("billing_period_unit", "billing_period_unit"),
    ("remaining_billing_cycles", "remaining_billing_cycles"),
    ("start_date", "start_date"),
    ("trial_start", "trial_start"),
    ("trial_end", "trial_end"),
    ("started_at", "started_at"),
    ("activated_at", "activated_at"),
    ("current_term_start", "current_term_start"),
    ("current_term_end", "current_term_end"),
    ("next_billing_at", "next_billing_at"),
    ("pause_date", "pause_date"),
    ("resume_date", "resume_date"),
    ("cancelled_at", "cancelled_at"),
    ("cancel_reason", "cancel_reason"),
    ("cancel_reason_code", "cancel_reason_code"),
    ("po_number", "po_number"),
    ("auto_collection", "auto_collection"),
    ("offline_payment_method", "offline_payment_method"),
    ("net_term_days", "net_term_days"),
    ("mrr", "mrr"),
    ("arr", "arr"),
    ("total_dues", "total_dues"),
    ("due_invoices_count", "due_invoices_count"),
    ("due_since", "due_since"),
    ("exchange_rate", "exchange_rate"),
    ("has_scheduled_changes", "has_scheduled_changes"),
    ("invoice_notes", "invoice_notes"),
    ("created_at", "created_at"),
];

const ITEM: FieldMap = &[
    ("item_type", "item_type"),
    ("unit_price", "unit_price"),
    ("unit_price_in_decimal", "unit_price_in_decimal"),
    ("amount", "amount"),
    ("billing_period", "billing_period"),
    ("billing_period_unit", "billing_period_unit"),
    ("billing_cycles", "billing_cycles"),
    ("trial_end", "trial_end"),
    ("service_period_days", "service_period_days"),
    ("charge_on_event", "charge_on_event"),
    ("charge_once", "charge_once"),
];

pub(super) fn subscription(id: &str, json: &str) -> Result<Vec<Record>, Hold> {
    let row = Row::parse("subscription", id, json)?;
    let mut record = row.record(RecordKind::Subscription)?;
    row.fill(&mut record, SUBSCRIPTION)?;
    let coupons = row.objects("coupons")?;
    record.set("coupons", lines(coupons.iter().filter_map(|coupon| coupon.text("coupon_id"))));
    record.set("custom_fields", row.custom_fields());
    record.link("customer", RecordKind::Customer, row.text("customer_id"));
    record.link("payment_source", RecordKind::PaymentSource, row.text("payment_source_id"));
    let items = row.objects("subscription_items")?;
    let plan = items.iter().find(|item| item.text("item_type").as_deref() == Some("plan"));
    let plan = plan.and_then(|item| item.text("item_price_id"));
    record.set("name", Some(plan.as_ref().map_or_else(|| id.to_owned(), |plan| format!("{plan} ({id})"))));
    record.link("plan_price", RecordKind::ItemPrice, plan);
    let mut seen = BTreeMap::new();
    let items = items.iter().map(|item| item_of(&record, item, &mut seen)).collect::<Result<Vec<_>, _>>()?;
    Ok(std::iter::once(record.clone()).chain(items).collect())
}

/// An item has no id: it is the one of its price, or the second of it, and so on.
fn item_of(whole: &Record, item: &Row<'_>, seen: &mut BTreeMap<String, usize>) -> Result<Record, Hold> {
    let price = item.text("item_price_id").ok_or_else(|| item.refused("has an item of no item price"))?;
    let count = seen.entry(price.clone()).or_default();
    *count += 1;
    let own = if *count == 1 { price.clone() } else { format!("{price}#{count}") };
    let mut record = part(RecordKind::SubscriptionItem, whole, &own);
    item.fill(&mut record, ITEM)?;
    record.set("name", Some(price.as_str()));
    record.set("quantity", item.quantity("quantity")?);
    record.set("free_quantity", item.quantity("free_quantity")?);
    record.link("subscription", RecordKind::Subscription, Some(&*whole.id));
    record.link("item_price", RecordKind::ItemPrice, Some(price));
    Ok(record)
}
