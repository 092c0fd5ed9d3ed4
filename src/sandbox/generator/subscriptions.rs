//! The subscriptions behind the recurring lines, with the term that is running now.

use std::collections::BTreeMap;

use jiff::{Timestamp, Zoned};
use serde_json::{Value, json};

use super::builder::{Builder, term};
use super::catalogue::{Cycle, ItemKind};
use super::customers::Customer;
use super::draft::{Draft, Fate, Line};

/// Each subscription's row, by id.
pub(super) fn rows(builder: &Builder) -> Vec<String> {
    let mut first: BTreeMap<&str, (&Draft, Vec<&Line>)> = BTreeMap::new();
    for draft in builder.drafts.iter().filter(|draft| draft.fate != Fate::Deleted) {
        for line in &draft.lines {
            let Some(id) = line.subscription.as_deref() else { continue };
            let (known, lines) = first.entry(id).or_insert_with(|| (draft, Vec::new()));
            if std::ptr::eq(*known, draft) {
                lines.push(line);
            }
        }
    }
    first.iter().map(|(id, (draft, lines))| row(builder, id, draft, lines).to_string()).collect()
}

fn row(builder: &Builder, id: &str, draft: &Draft, lines: &[&Line]) -> Value {
    let customer = &builder.customers[draft.customer];
    let cycle = if customer.cycle == Cycle::Yearly { Cycle::Yearly } else { Cycle::Monthly };
    let start = draft.lines[0].from;
    let (term_start, term_end) = running_term(builder, start, cycle);
    let items: Vec<Value> = lines.iter().map(|line| item(line)).collect();
    let mrr: i64 = lines.iter().map(|line| line.unit_amount * line.quantity).sum::<i64>() / months(cycle);
    let mut row = json!({
        "id": id, "customer_id": customer.id, "currency_code": customer.currency, "status": "active",
        "billing_period": 1, "billing_period_unit": if cycle == Cycle::Yearly { "year" } else { "month" },
        "start_date": start.as_second(), "created_at": start.as_second(), "started_at": start.as_second(),
        "activated_at": start.as_second(), "current_term_start": term_start, "current_term_end": term_end,
        "next_billing_at": term_end, "auto_collection": if customer.net_term_days == 0 { "on" } else { "off" },
        "net_term_days": customer.net_term_days, "subscription_items": items, "mrr": mrr, "arr": mrr * 12,
        "exchange_rate": 1.0, "base_currency_code": "EUR", "due_invoices_count": 0, "total_dues": 0,
        "has_scheduled_changes": false, "has_scheduled_advance_invoices": false, "create_pending_invoices": false,
        "decommissioned": false, "deleted": false, "channel": "web", "updated_at": term_start,
        "resource_version": term_start * 1000, "object": "subscription",
    });
    loyalty(customer, &mut row);
    if let Some(entity) = builder.entity_of(draft.customer).id {
        row["business_entity_id"] = entity.into();
    }
    row
}

fn loyalty(customer: &Customer, row: &mut Value) {
    if customer.has_loyalty {
        row["coupons"] = json!([{"coupon_id": "LOYAL15", "applied_count": 1, "object": "coupon"}]);
    }
}

fn months(cycle: Cycle) -> i64 {
    if cycle == Cycle::Yearly { 12 } else { 1 }
}

fn item(line: &Line) -> Value {
    let kind = match line.price.kind {
        ItemKind::Plan => "plan",
        ItemKind::Addon => "addon",
        ItemKind::Charge => "charge",
    };
    json!({"item_price_id": line.price.id, "item_type": kind, "quantity": line.quantity,
        "unit_price": line.unit_amount, "amount": line.unit_amount * line.quantity, "free_quantity": 0,
        "object": "subscription_item"})
}

/// Start and end, in Unix seconds, of the term that holds the sandbox's present.
fn running_term(builder: &Builder, start: Timestamp, cycle: Cycle) -> (i64, i64) {
    let first: Zoned = start.to_zoned(builder.zone.clone());
    let mut begins = first.clone();
    for count in 1..=120 {
        let Ok(ends) = term(cycle).checked_mul(count).and_then(|span| first.checked_add(span)) else { break };
        if ends.timestamp() > builder.now {
            return (begins.timestamp().as_second(), ends.timestamp().as_second());
        }
        begins = ends;
    }
    (start.as_second(), start.as_second())
}
