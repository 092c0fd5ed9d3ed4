//! What was booked stays as it was booked: frozen rows of Chargebee, frozen manifests and frozen books give the entries that
//! the first version with invoices made of them, byte for byte (E14, N8). The files are never written anew: where this test
//! fails, the entries of people who use Koppel today would change.
#![cfg(feature = "sandbox")]

use std::collections::BTreeMap;

use koppel::accounting::book_invoice;
use koppel::accounting::context::{BookingContext, Decision, ItemFacts};
use koppel::accounting::rulebook::Rulebook;
use koppel::api::manifest;
use koppel::api::validate::{Secrets, validate};
use koppel::connectors::chargebee::ListQuery;
use koppel::connectors::exact::sales_entry_payload;
use koppel::domain::entry::SalesEntry;
use koppel::domain::invoice::Invoice;
use koppel::domain::master::MasterData;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::chargebee_client::peer::{Peer, json as answer};

const ROWS: &str = include_str!("golden/invoices.jsonl");
const ITEMS: &str = include_str!("golden/items.json");
const MASTER: &str = include_str!("golden/master.json");
const MANIFESTS: &str = include_str!("golden/manifests.yaml");
const ENTRIES: &str = include_str!("golden/entries.jsonl");

#[tokio::test]
async fn frozen_invoices_become_the_entries_that_they_became_at_first() {
    let (rulebook, master, items) = (rulebook(), serde_json::from_str(MASTER).unwrap(), items());
    let mut lines = Vec::new();
    for invoice in invoices().await {
        lines.push(decided(&invoice, &rulebook, &master, &items).to_string());
    }
    let expected: Vec<&str> = ENTRIES.lines().collect();
    assert_eq!(lines.len(), expected.len());
    for (line, expected) in lines.iter().zip(expected) {
        assert_eq!(line, expected);
    }
}

/// The entries as the state of an earlier version holds them can still be read: credit notes stand on them.
#[test]
fn entries_that_an_earlier_version_kept_can_be_read() {
    let kept: Vec<Value> = ENTRIES.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let entries: Vec<SalesEntry> = kept
        .iter()
        .filter_map(|line| line.get("entry"))
        .map(|entry| serde_json::from_value(entry.clone()).unwrap())
        .collect();
    assert!(entries.len() > 40, "{}", entries.len());
}

fn decided(invoice: &Invoice, rulebook: &Rulebook, master: &MasterData, items: &BTreeMap<String, ItemFacts>) -> Value {
    match book_invoice(invoice, &BookingContext { rulebook, master, items }) {
        Decision::Book(planned) => json!({
            "number": invoice.number,
            "identity": invoice.identity().0,
            "entry": planned.entry,
            "sent": sales_entry_payload(&planned.entry, Uuid::from_u128(1)),
        }),
        Decision::Hold(hold) => json!({"number": invoice.number, "held": hold.reason.as_str()}),
        Decision::Skip(reason) => json!({"number": invoice.number, "skipped": format!("{reason:?}")}),
    }
}

/// The frozen rows as the client reads them.
async fn invoices() -> Vec<Invoice> {
    let rows: Vec<String> = ROWS.lines().map(|row| format!(r#"{{"invoice":{row}}}"#)).collect();
    let peer = Peer::answering(vec![answer(200, &format!(r#"{{"list":[{}]}}"#, rows.join(",")))]).await;
    let page = peer.client.invoices(&ListQuery::default()).await.unwrap();
    page.rows.into_iter().map(|row| row.value.unwrap()).collect()
}

fn rulebook() -> Rulebook {
    let (manifests, loaded) = manifest::load_text("golden", MANIFESTS);
    let outcome = validate(&manifests, Secrets::Here);
    assert!(loaded.sorted().is_empty() && outcome.findings.is_empty(), "{:#?}", outcome.findings);
    outcome.connections[0].exact().unwrap().entities[0].rulebook.clone()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FrozenItem {
    item: String,
    family: Option<String>,
    kind: koppel::domain::catalogue::ItemKind,
    own_account: Option<Uuid>,
    item_group: Option<String>,
}

fn items() -> BTreeMap<String, ItemFacts> {
    let frozen: BTreeMap<String, FrozenItem> = serde_json::from_str(ITEMS).unwrap();
    let facts = |frozen: FrozenItem| ItemFacts {
        item: frozen.item,
        family: frozen.family,
        kind: frozen.kind,
        own_account: frozen.own_account,
        item_group: frozen.item_group,
        in_books: None,
    };
    frozen.into_iter().map(|(price, frozen)| (price, facts(frozen))).collect()
}
