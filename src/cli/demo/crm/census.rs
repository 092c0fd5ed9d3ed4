//! Every kind of record, counted on both sides (C9–C25).

use serde::Serialize;
use serde_json::Value;

use super::yes;
use crate::cli::tables;
use crate::crm::schema::Settings;
use crate::crm::tables::logical_name;
use crate::sandbox::chargebee::{Census, ChargebeeSandbox};
use crate::sandbox::dataverse::Organization;

/// A kind of record.
pub struct Kind {
    /// The requirement's row.
    row: &'static str,
    /// As the census and the tables name it.
    pub name: &'static str,
}

const fn kind(row: &'static str, name: &'static str) -> Kind {
    Kind { row, name }
}

/// All of them.
pub const KINDS: [Kind; 21] = [
    kind("C9", "customer"),
    kind("C10", "payment_source"),
    kind("C11", "invoice"),
    kind("C11", "invoice_line"),
    kind("C12", "credit_note"),
    kind("C12", "credit_note_line"),
    kind("C13", "payment"),
    kind("C14", "refund"),
    kind("C15", "promotional_credit"),
    kind("C16", "unbilled_charge"),
    kind("C17", "item_family"),
    kind("C18", "plan"),
    kind("C18", "subscription"),
    kind("C18", "subscription_item"),
    kind("C19", "add_on"),
    kind("C20", "charge"),
    kind("C21", "coupon"),
    kind("C22", "item_price"),
    kind("C23", "price_tier"),
    kind("C24", "feature"),
    kind("C25", "product_feature"),
];

/// A kind with how many of it there are.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KindCount {
    pub row: &'static str,
    pub kind: &'static str,
    pub chargebee: Census,
    pub dynamics365: Census,
    /// Whether there are some, and as many on both sides.
    pub holds: bool,
}

/// The table of a kind, by its logical name.
pub fn table(schema: &Settings, name: &str) -> String {
    logical_name(&schema.prefix, name)
}

/// Counts the rows of both sides.
pub fn compare(chargebee: &ChargebeeSandbox, organization: &Organization, schema: &Settings) -> Vec<KindCount> {
    let truth = chargebee.census();
    let of = |kind: &Kind| {
        let (own, there) = (truth.get(kind.name).copied().unwrap_or_default(), count(organization, schema, kind));
        let holds = own == there && own.standing > 0;
        KindCount { row: kind.row, kind: kind.name, chargebee: own, dynamics365: there, holds }
    };
    KINDS.iter().map(of).collect()
}

fn count(organization: &Organization, schema: &Settings, kind: &Kind) -> Census {
    let deleted = logical_name(&schema.prefix, "deleted");
    let rows = organization.rows(&table(schema, kind.name));
    let gone = rows.iter().filter(|row| row.get(&deleted) == Some(&Value::Bool(true))).count();
    Census { standing: rows.len() - gone, deleted: gone }
}

/// The counts as a table.
pub fn text(kinds: &[KindCount]) -> String {
    let mut table = tables::table(&["row", "kind", "chargebee", "deleted", "dynamics 365", "deleted", "equal"]);
    for kind in kinds {
        let Census { standing, deleted } = kind.chargebee;
        let there = kind.dynamics365;
        let numbers = [standing, deleted, there.standing, there.deleted].map(|number| number.to_string());
        let mut cells = vec![kind.row.to_owned(), kind.kind.replace('_', " ")];
        cells.extend(numbers);
        cells.push(yes(kind.holds).to_owned());
        table.add_row(cells);
    }
    table.to_string()
}
