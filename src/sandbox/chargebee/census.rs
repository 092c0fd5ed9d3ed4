//! How many of everything the site holds, parts of rows included: the truth that proofs compare with (C9–C25).

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::ChargebeeSandbox;
use super::list::is_of_an_active_feature;
use super::rows::{list, text};
use super::store::{Kind, Store};

/// How many of a kind stand, and how many are deleted and still told to those who ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Census {
    pub standing: usize,
    pub deleted: usize,
}

/// What is counted of a row, by name: the row itself under the first one, its parts under the second.
type Parts = (&'static str, Option<(&'static str, &'static str)>);

fn parts(kind: Kind, row: &Value) -> Option<Parts> {
    let whole = |name| Some((name, None));
    match kind {
        Kind::ItemFamily => whole("item_family"),
        Kind::Item => whole(match text(row, "type") {
            "plan" => "plan",
            "addon" => "add_on",
            _ => "charge",
        }),
        Kind::ItemPrice => Some(("item_price", Some(("price_tier", "tiers")))),
        Kind::Coupon => whole("coupon"),
        Kind::Feature => whole("feature"),
        Kind::Entitlement => whole("product_feature"),
        Kind::Customer => whole("customer"),
        Kind::PaymentSource => whole("payment_source"),
        Kind::Subscription => Some(("subscription", Some(("subscription_item", "subscription_items")))),
        Kind::Invoice => Some(("invoice", Some(("invoice_line", "line_items")))),
        Kind::CreditNote => Some(("credit_note", Some(("credit_note_line", "line_items")))),
        Kind::Transaction => match text(row, "type") {
            "payment" => whole("payment"),
            "refund" | "payment_reversal" => whole("refund"),
            _ => None,
        },
        Kind::PromotionalCredit => whole("promotional_credit"),
        Kind::UnbilledCharge => whole("unbilled_charge"),
        Kind::Quote | Kind::Event => None,
    }
}

/// Whether anybody is told of the row.
fn is_told(kind: Kind, row: &Value, store: &Store) -> bool {
    match kind {
        Kind::Entitlement => is_of_an_active_feature(row, store),
        Kind::UnbilledCharge => row["is_voided"] != true && row["deleted"] != true,
        _ => true,
    }
}

impl ChargebeeSandbox {
    /// Counts every kind of record.
    pub fn census(&self) -> BTreeMap<&'static str, Census> {
        let site = self.lock();
        let mut counts: BTreeMap<&'static str, Census> = BTreeMap::new();
        for kind in Kind::ALL {
            let rows = site.store.collection(kind).rows().iter().map(|row| row.value());
            for row in rows.filter(|row| is_told(kind, row, &site.store)) {
                let Some((name, inner)) = parts(kind, &row) else { continue };
                let is_deleted = row["deleted"] == true || text(&row, "status") == "deleted";
                let mut count = |name, number: usize| {
                    let census = counts.entry(name).or_default();
                    *(if is_deleted { &mut census.deleted } else { &mut census.standing }) += number;
                };
                count(name, 1);
                if let Some((name, rows)) = inner {
                    count(name, list(&row, rows).len());
                }
            }
        }
        counts
    }
}
