//! Which attributes each list filters and sorts by: a table, because each list has its own (reference sheet, section 3).

mod catalogue;
mod others;

use super::store::Kind;
pub(super) use catalogue::ENTITY_TYPES;
use catalogue::{COUPONS, ENTITLEMENTS, FEATURES, ITEM_FAMILIES, ITEM_PRICES, ITEMS};
use others::{PAYMENT_SOURCES, PROMOTIONAL_CREDITS, QUOTES, UNBILLED_CHARGES};

/// What an attribute holds, which decides how its values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Text,
    /// One of these values; an empty list takes any.
    Enum(&'static [&'static str]),
    Number,
    Boolean,
    /// Unix seconds, ten digits.
    Time,
}

/// One attribute that a list can be filtered by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    /// The attribute; a nested one with a dot (`relationship.parent_id`).
    pub name: &'static str,
    pub holds: Holds,
    pub operators: &'static [&'static str],
}

/// One list.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListSpec {
    pub fields: &'static [Field],
    pub sort_keys: &'static [&'static str],
    pub include_deleted: bool,
    /// Parameters of this list alone that are no filters: `is_voided=true`.
    pub flags: &'static [&'static str],
}

const WORDS: &[&str] = &["is", "is_not", "starts_with", "in", "not_in"];
const WORDS_OR_NONE: &[&str] = &["is", "is_not", "starts_with", "in", "not_in", "is_present"];
const NAME: &[&str] = &["is", "is_not", "starts_with"];
const NAME_OR_NONE: &[&str] = &["is", "is_not", "starts_with", "is_present"];
const ONE_OF: &[&str] = &["is", "is_not", "in", "not_in"];
const ONE_OF_OR_NONE: &[&str] = &["is", "is_not", "in", "not_in", "is_present"];
const AMOUNT: &[&str] = &["is", "is_not", "lt", "lte", "gt", "gte", "between"];
const AMOUNT_OR_NONE: &[&str] = &["is", "is_not", "lt", "lte", "gt", "gte", "between", "is_present"];
const MOMENT: &[&str] = &["after", "before", "on", "between"];
const MOMENT_OR_NONE: &[&str] = &["after", "before", "on", "between", "is_present"];
const IS: &[&str] = &["is"];
const IS_OR_NONE: &[&str] = &["is", "is_present"];

const fn field(name: &'static str, holds: Holds, operators: &'static [&'static str]) -> Field {
    Field { name, holds, operators }
}
const fn words(name: &'static str) -> Field {
    field(name, Holds::Text, WORDS)
}
const fn words_or_none(name: &'static str) -> Field {
    field(name, Holds::Text, WORDS_OR_NONE)
}
const fn name_or_none(name: &'static str) -> Field {
    field(name, Holds::Text, NAME_OR_NONE)
}
const fn one_of(name: &'static str, values: &'static [&'static str]) -> Field {
    field(name, Holds::Enum(values), ONE_OF)
}
const fn amount(name: &'static str) -> Field {
    field(name, Holds::Number, AMOUNT)
}
const fn moment(name: &'static str) -> Field {
    field(name, Holds::Time, MOMENT)
}
const fn flag(name: &'static str) -> Field {
    field(name, Holds::Boolean, IS)
}
const fn entity() -> Field {
    field("business_entity_id", Holds::Text, IS)
}

const CHANNEL: &[&str] = &["web", "app_store", "play_store"];
const ITEM_STATUS: &[&str] = &["active", "archived", "deleted"];
const PRICE_TYPE: &[&str] = &["tax_exclusive", "tax_inclusive"];
const DUNNING: &[&str] = &["in_progress", "exhausted", "stopped", "success"];
const INVOICE_STATUS: &[&str] = &["paid", "posted", "payment_due", "not_paid", "voided", "pending"];
const NOTE_STATUS: &[&str] = &["adjusted", "refunded", "refund_due", "voided"];
const TRANSACTION_STATUS: &[&str] =
    &["in_progress", "success", "voided", "failure", "timeout", "needs_attention", "late_failure"];

const CUSTOMERS: ListSpec = ListSpec {
    fields: &[
        words("id"),
        name_or_none("first_name"),
        name_or_none("last_name"),
        name_or_none("email"),
        name_or_none("company"),
        name_or_none("phone"),
        one_of("auto_collection", &["on", "off"]),
        one_of("taxability", &["taxable", "exempt"]),
        moment("created_at"),
        moment("updated_at"),
        one_of("offline_payment_method", &[]),
        flag("auto_close_invoices"),
        one_of("channel", CHANNEL),
        entity(),
        words("relationship.parent_id"),
        words("relationship.payment_owner_id"),
        words("relationship.invoice_owner_id"),
    ],
    sort_keys: &["created_at", "updated_at"],
    include_deleted: true,
    flags: &[],
};

const SUBSCRIPTIONS: ListSpec = ListSpec {
    fields: &[
        words("id"),
        words("customer_id"),
        words("item_id"),
        words("item_price_id"),
        one_of("status", &["future", "in_trial", "active", "non_renewing", "paused", "cancelled", "transferred"]),
        field("cancel_reason", Holds::Enum(&[]), ONE_OF_OR_NONE),
        words("cancel_reason_code"),
        field("remaining_billing_cycles", Holds::Number, AMOUNT_OR_NONE),
        moment("created_at"),
        field("activated_at", Holds::Time, MOMENT_OR_NONE),
        moment("next_billing_at"),
        moment("cancelled_at"),
        flag("has_scheduled_changes"),
        moment("updated_at"),
        one_of("offline_payment_method", &[]),
        flag("auto_close_invoices"),
        flag("override_relationship"),
        entity(),
        one_of("channel", CHANNEL),
        flag("decommissioned"),
    ],
    sort_keys: &["created_at", "updated_at"],
    include_deleted: true,
    flags: &[],
};

const INVOICES: ListSpec = ListSpec {
    fields: &[
        words("id"),
        words_or_none("subscription_id"),
        words("customer_id"),
        flag("recurring"),
        one_of("status", INVOICE_STATUS),
        one_of("price_type", PRICE_TYPE),
        moment("date"),
        moment("paid_at"),
        amount("total"),
        amount("amount_paid"),
        amount("amount_adjusted"),
        amount("credits_applied"),
        amount("amount_due"),
        field("dunning_status", Holds::Enum(DUNNING), ONE_OF_OR_NONE),
        words("payment_owner"),
        moment("updated_at"),
        one_of("channel", CHANNEL),
        moment("voided_at"),
        words("void_reason_code"),
        one_of("einvoice.status", &[]),
    ],
    sort_keys: &["date", "updated_at"],
    include_deleted: true,
    flags: &[],
};

const CREDIT_NOTES: ListSpec = ListSpec {
    fields: &[
        words("id"),
        words("customer_id"),
        words_or_none("subscription_id"),
        words_or_none("reference_invoice_id"),
        one_of("type", &["adjustment", "refundable", "store"]),
        one_of("reason_code", &[]),
        words("create_reason_code"),
        one_of("status", NOTE_STATUS),
        moment("date"),
        amount("total"),
        one_of("price_type", PRICE_TYPE),
        amount("amount_allocated"),
        amount("amount_refunded"),
        amount("amount_available"),
        moment("voided_at"),
        moment("updated_at"),
        one_of("channel", CHANNEL),
        one_of("einvoice.status", &[]),
    ],
    sort_keys: &["date"],
    include_deleted: true,
    flags: &[],
};

const TRANSACTIONS: ListSpec = ListSpec {
    fields: &[
        words("id"),
        words_or_none("customer_id"),
        words_or_none("subscription_id"),
        words_or_none("payment_source_id"),
        one_of("payment_method", &[]),
        one_of("gateway", &[]),
        words("gateway_account_id"),
        field("id_at_gateway", Holds::Text, NAME),
        name_or_none("reference_number"),
        one_of("type", &["authorization", "payment", "refund", "payment_reversal"]),
        moment("date"),
        amount("amount"),
        amount("amount_capturable"),
        one_of("status", TRANSACTION_STATUS),
        moment("updated_at"),
    ],
    sort_keys: &["date", "updated_at"],
    include_deleted: true,
    flags: &[],
};

const EVENTS: ListSpec = ListSpec {
    fields: &[
        words("id"),
        one_of("webhook_status", &[]),
        one_of("event_type", &[]),
        one_of("source", &[]),
        moment("occurred_at"),
    ],
    sort_keys: &["occurred_at"],
    include_deleted: false,
    flags: &[],
};

/// The list of a kind.
pub(super) fn list_spec(kind: Kind) -> &'static ListSpec {
    match kind {
        Kind::Customer => &CUSTOMERS,
        Kind::Subscription => &SUBSCRIPTIONS,
        Kind::Invoice => &INVOICES,
        Kind::CreditNote => &CREDIT_NOTES,
        Kind::Transaction => &TRANSACTIONS,
        Kind::ItemFamily => &ITEM_FAMILIES,
        Kind::Item => &ITEMS,
        Kind::ItemPrice => &ITEM_PRICES,
        Kind::Coupon => &COUPONS,
        Kind::PromotionalCredit => &PROMOTIONAL_CREDITS,
        Kind::PaymentSource => &PAYMENT_SOURCES,
        Kind::UnbilledCharge => &UNBILLED_CHARGES,
        Kind::Feature => &FEATURES,
        Kind::Entitlement => &ENTITLEMENTS,
        Kind::Quote => &QUOTES,
        Kind::Event => &EVENTS,
    }
}
