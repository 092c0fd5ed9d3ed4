//! The catalogue's lists.

use super::{CHANNEL, Holds, IS_OR_NONE, ITEM_STATUS, ListSpec, NAME, amount, field, flag, moment, one_of, words};

const IS_OR_IN: &[&str] = &["is", "in"];

pub(super) const ITEM_FAMILIES: ListSpec = ListSpec {
    fields: &[
        words("id"),
        field("name", Holds::Text, NAME),
        moment("updated_at"),
        field("business_entity_id", Holds::Text, IS_OR_NONE),
    ],
    sort_keys: &[],
    include_deleted: false,
    flags: &[],
};

pub(super) const ITEMS: ListSpec = ListSpec {
    fields: &[
        words("id"),
        words("item_family_id"),
        one_of("type", &["plan", "addon", "charge"]),
        field("name", Holds::Text, NAME),
        one_of("item_applicability", &["all", "restricted"]),
        one_of("status", ITEM_STATUS),
        flag("is_giftable"),
        moment("updated_at"),
        flag("enabled_for_checkout"),
        flag("enabled_in_portal"),
        flag("metered"),
        one_of("usage_calculation", &["sum_of_usages", "last_usage", "max_usage"]),
        one_of("channel", CHANNEL),
        field("business_entity_id", Holds::Text, IS_OR_NONE),
    ],
    sort_keys: &["name", "id", "updated_at"],
    include_deleted: false,
    flags: &[],
};

pub(super) const ITEM_PRICES: ListSpec = ListSpec {
    fields: &[
        words("id"),
        words("name"),
        one_of("pricing_model", &["flat_fee", "per_unit", "tiered", "volume", "stairstep"]),
        words("item_id"),
        words("item_family_id"),
        one_of("item_type", &["plan", "addon", "charge"]),
        words("currency_code"),
        words("price_variant_id"),
        amount("trial_period"),
        one_of("trial_period_unit", &["day", "month"]),
        one_of("status", ITEM_STATUS),
        moment("updated_at"),
        field("business_entity_id", Holds::Text, IS_OR_NONE),
        one_of("period_unit", &["day", "week", "month", "year"]),
        amount("period"),
        one_of("channel", CHANNEL),
    ],
    sort_keys: &["name", "id", "updated_at"],
    include_deleted: false,
    flags: &[],
};

pub(super) const COUPONS: ListSpec = ListSpec {
    fields: &[
        words("id"),
        words("name"),
        one_of("discount_type", &["fixed_amount", "percentage", "offer_quantity"]),
        one_of("duration_type", &["one_time", "forever", "limited_period"]),
        one_of("status", &["active", "expired", "archived", "deleted", "future"]),
        one_of("apply_on", &["invoice_amount", "each_specified_item"]),
        moment("created_at"),
        moment("updated_at"),
        words("currency_code"),
    ],
    sort_keys: &["created_at"],
    include_deleted: false,
    flags: &[],
};

/// No list of features knows when one changed: it is read whole.
pub(super) const FEATURES: ListSpec = ListSpec {
    fields: &[
        field("name", Holds::Text, NAME),
        words("id"),
        one_of("status", &["active", "archived", "draft"]),
        one_of("type", &["switch", "custom", "quantity", "range"]),
        flag("metered"),
    ],
    sort_keys: &[],
    include_deleted: false,
    flags: &[],
};

pub(super) const ENTITLEMENTS: ListSpec = ListSpec {
    fields: &[
        field("feature_id", Holds::Text, IS_OR_IN),
        field("entity_type", Holds::Enum(ENTITY_TYPES), IS_OR_IN),
        field("entity_id", Holds::Text, IS_OR_IN),
    ],
    sort_keys: &[],
    include_deleted: false,
    flags: &["include_drafts", "embed"],
};

/// What an entitlement can be of.
pub(in crate::sandbox::chargebee) const ENTITY_TYPES: &[&str] =
    &["plan", "addon", "charge", "plan_price", "addon_price"];
