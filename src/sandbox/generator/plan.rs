//! What happens to the documents of a world, as data: acts in the order of time, on Chargebee's side and at the
//! bookkeeper's desk. They are played through the sandboxes' own operations, so that every row stays as the vendors keep it.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{ChargebeeData, World};

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Act {
    pub at: Timestamp,
    /// What it belongs to. Acts of one story keep their order, whatever else happens in between.
    pub story: String,
    /// Tried again later where it is refused: it waits for something that the other side does.
    pub patient: bool,
    pub deed: Deed,
}

/// What is done. In texts `{name}` stands for what the story's earlier acts made: `{note}`, `{payment}`, `{invoice}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Deed {
    /// A row comes into being in Chargebee: the list's name and the row as JSON.
    Appear { list: &'static str, row: String },
    /// A write of Chargebee's API, by a person in its screens, or what a gateway does.
    Chargebee { path: String, form: Vec<(String, String)> },
    /// The bookkeeper of a division.
    Exact { division: i32, work: Work },
}

/// What the bookkeeper does. Documents are named by their numbers, which Exact keeps as `YourRef`; amounts are in minor
/// units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Work {
    /// Money comes in (or, negative, goes out) in a bank or cash journal for these documents.
    Receive { journal: &'static str, date: Date, settles: Vec<Share>, surplus: i64 },
    /// A receivable is given up.
    WriteOff { number: String, gl_account: &'static str, date: Date },
    /// What a document was matched with comes apart.
    Undo { number: String },
    /// A credit note is matched with an invoice.
    MatchCredit { note: String, invoice: String },
}

/// A document's part of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    pub number: String,
    pub amount: i64,
    /// What is then left is written off as a payment difference.
    pub rest_written_off: bool,
}

#[derive(Deserialize)]
struct Dated {
    date: Option<i64>,
    created_at: Option<i64>,
}

/// Leaves in the data what was there at `opening`; what came later appears by an act at its own time.
pub(in crate::sandbox) fn open_at(world: &mut World, opening: Timestamp) {
    let mut acts = Vec::new();
    let data = &mut world.chargebee;
    appear(&mut data.customers, "customers", opening, &mut acts);
    appear(&mut data.subscriptions, "subscriptions", opening, &mut acts);
    appear(&mut data.invoices, "invoices", opening, &mut acts);
    appear(&mut data.payment_sources, "payment_sources", opening, &mut acts);
    appear(&mut data.promotional_credits, "promotional_credits", opening, &mut acts);
    appear(&mut data.unbilled_charges, "unbilled_charges", opening, &mut acts);
    acts.append(&mut world.acts);
    // Stable, so that a customer comes before its documents and a story keeps its order within one second.
    acts.sort_by_key(|act| act.at);
    world.acts = acts;
}

fn appear(rows: &mut Vec<String>, list: &'static str, opening: Timestamp, acts: &mut Vec<Act>) {
    let (now, later) = std::mem::take(rows).into_iter().partition(|row| since(row) <= opening);
    *rows = now;
    acts.extend(Vec::<String>::into_iter(later).map(|row| Act {
        at: since(&row),
        story: format!("{list}-{}", id(&row)),
        patient: false,
        deed: Deed::Appear { list, row },
    }));
}

fn since(row: &str) -> Timestamp {
    let dated = serde_json::from_str::<Dated>(row).ok();
    let second = dated.and_then(|dated| dated.date.or(dated.created_at)).unwrap_or_default();
    Timestamp::from_second(second).unwrap_or(Timestamp::MIN)
}

fn id(row: &str) -> String {
    let value = serde_json::from_str::<serde_json::Value>(row).unwrap_or_default();
    value["id"].as_str().unwrap_or_default().to_owned()
}

impl ChargebeeData {
    /// How many rows there are of all kinds that appear.
    #[cfg(test)]
    pub(super) fn row_count(&self) -> usize {
        let documents = self.customers.len() + self.subscriptions.len() + self.invoices.len();
        documents + self.payment_sources.len() + self.promotional_credits.len() + self.unbilled_charges.len()
    }
}
