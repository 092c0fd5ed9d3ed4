//! The generated world holds something of every kind, and as much as is asked for.

use koppel::sandbox::generator::{Extent, Size};

use super::{Stage, options};

const KINDS: [&str; 21] = [
    "add_on",
    "charge",
    "coupon",
    "credit_note",
    "credit_note_line",
    "customer",
    "feature",
    "invoice",
    "invoice_line",
    "item_family",
    "item_price",
    "payment",
    "payment_source",
    "plan",
    "price_tier",
    "product_feature",
    "promotional_credit",
    "refund",
    "subscription",
    "subscription_item",
    "unbilled_charge",
];

#[tokio::test]
async fn a_whole_world_holds_every_kind_c9_to_c25() {
    let size = Size { customers: 60, invoices: 260 };
    let whole = koppel::sandbox::server::SandboxOptions { extent: Extent::Whole { first_month: 1 }, size, ..options() };
    let stage = Stage::with(whole).await;
    let census = stage.sandbox.chargebee.census();
    assert_eq!(census.keys().copied().collect::<Vec<_>>(), KINDS);
    assert!(census.values().all(|census| census.standing > 0), "{census:?}");
    let catalogue = ["item_family", "plan", "add_on", "charge", "item_price", "price_tier", "coupon"];
    for kind in catalogue.into_iter().chain(["customer", "subscription", "invoice", "payment_source"]) {
        assert!(census[kind].deleted > 0, "{kind} {:?}", census[kind]);
    }
    let told = stage.get("/subscriptions?limit=100&include_deleted=true").await.rows("subscription").len();
    assert_eq!(census["subscription"].standing + census["subscription"].deleted, told);
}

#[tokio::test]
async fn twenty_thousand_records_are_made_when_they_are_asked_for() {
    let stage =
        Stage::with(koppel::sandbox::server::SandboxOptions { size: Size::of_records(20_000), ..options() }).await;
    let census = stage.sandbox.chargebee.census();
    let all: usize = census.values().map(|census| census.standing + census.deleted).sum();
    assert!((20_000..24_000).contains(&all), "{all} of {census:?}");
}
