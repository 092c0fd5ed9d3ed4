//! Lists of what is neither catalogue nor booked document.

use super::{ListSpec, moment, one_of, words, words_or_none};

pub(super) const PROMOTIONAL_CREDITS: ListSpec = ListSpec {
    fields: &[words("id"), moment("created_at"), one_of("type", &["increment", "decrement"]), words("customer_id")],
    sort_keys: &[],
    include_deleted: false,
    flags: &[],
};

pub(super) const PAYMENT_SOURCES: ListSpec = ListSpec {
    fields: &[
        words("customer_id"),
        one_of("type", &[]),
        one_of("status", &["valid", "expiring", "expired", "invalid", "pending_verification"]),
        moment("updated_at"),
        moment("created_at"),
    ],
    sort_keys: &["created_at", "updated_at"],
    include_deleted: true,
    flags: &["subscription_id"],
};

/// No list of unbilled charges knows when one changed: it is read whole.
pub(super) const UNBILLED_CHARGES: ListSpec = ListSpec {
    fields: &[words_or_none("subscription_id"), words_or_none("customer_id")],
    sort_keys: &[],
    include_deleted: true,
    flags: &["is_voided"],
};

const QUOTE_STATUS: &[&str] = &[
    "open",
    "accepted",
    "declined",
    "invoiced",
    "closed",
    "pending_approval",
    "approval_rejected",
    "proposed",
    "voided",
    "expired",
];

pub(super) const QUOTES: ListSpec = ListSpec {
    fields: &[
        words("id"),
        words("customer_id"),
        words_or_none("subscription_id"),
        one_of("status", QUOTE_STATUS),
        moment("date"),
        moment("updated_at"),
    ],
    sort_keys: &["date"],
    include_deleted: true,
    flags: &[],
};
