//! What customers have taken (C18).

use super::{Column, LinkColumn, Table};
use crate::domain::record::RecordKind;

pub(super) const TABLES: &[Table] = &[
    Table {
        kind: RecordKind::Subscription,
        name: "subscription",
        display: "CB Subscription",
        display_plural: "CB Subscriptions",
        columns: &[
            Column::word("status", "Status"),
            Column::integer("billing_period", "Billing Period"),
            Column::word("billing_period_unit", "Billing Period Unit"),
            Column::integer("remaining_billing_cycles", "Remaining Billing Cycles"),
            Column::instant("start_date", "Start Date"),
            Column::instant("trial_start", "Trial Start"),
            Column::instant("trial_end", "Trial End"),
            Column::instant("started_at", "Started At"),
            Column::instant("activated_at", "Activated At"),
            Column::instant("current_term_start", "Current Term Start"),
            Column::instant("current_term_end", "Current Term End"),
            Column::instant("next_billing_at", "Next Billing At"),
            Column::instant("pause_date", "Pause Date"),
            Column::instant("resume_date", "Resume Date"),
            Column::instant("cancelled_at", "Cancelled At"),
            Column::word("cancel_reason", "Cancel Reason"),
            Column::text("cancel_reason_code", "Cancel Reason Code", 250),
            Column::text("po_number", "PO Number", 100),
            Column::word("auto_collection", "Auto Collection"),
            Column::word("offline_payment_method", "Offline Payment Method"),
            Column::integer("net_term_days", "Net Term Days"),
            Column::money("mrr", "MRR"),
            Column::money("arr", "ARR"),
            Column::money("total_dues", "Total Dues"),
            Column::integer("due_invoices_count", "Due Invoices"),
            Column::instant("due_since", "Due Since"),
            Column::decimal("exchange_rate", "Chargebee Exchange Rate"),
            Column::flag("has_scheduled_changes", "Has Scheduled Changes"),
            // One a line.
            Column::memo("coupons", "Coupons", 10_000),
            Column::memo("invoice_notes", "Invoice Notes", 2_000),
            Column::memo("custom_fields", "Custom Fields", 100_000),
            Column::instant("created_at", "Created in Chargebee"),
        ],
        links: &[
            LinkColumn::to("customer", "Customer", RecordKind::Customer),
            LinkColumn::to("payment_source", "Payment Source", RecordKind::PaymentSource),
            // The price of the plan, which is one of the subscription's items.
            LinkColumn::to("plan_price", "Plan Price", RecordKind::ItemPrice),
        ],
    },
    Table {
        kind: RecordKind::SubscriptionItem,
        name: "subscription_item",
        display: "CB Subscription Item",
        display_plural: "CB Subscription Items",
        columns: &[
            Column::word("item_type", "Item Type"),
            Column::decimal("quantity", "Quantity"),
            Column::money("unit_price", "Unit Price"),
            Column::decimal("unit_price_in_decimal", "Unit Price in Decimal"),
            Column::money("amount", "Amount"),
            Column::decimal("free_quantity", "Free Quantity"),
            Column::integer("billing_period", "Billing Period"),
            Column::word("billing_period_unit", "Billing Period Unit"),
            Column::integer("billing_cycles", "Billing Cycles"),
            Column::instant("trial_end", "Trial End"),
            Column::integer("service_period_days", "Service Period Days"),
            Column::word("charge_on_event", "Charge On Event"),
            Column::flag("charge_once", "Charge Once"),
        ],
        links: &[
            LinkColumn::to("subscription", "Subscription", RecordKind::Subscription),
            LinkColumn::to("item_price", "Item Price", RecordKind::ItemPrice),
        ],
    },
];
