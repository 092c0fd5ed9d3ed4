//! The proof at the end: invoices in scope against entries booked, from the sandboxes' own books and not from what Koppel
//! says of itself; only which documents are held is Koppel's word.

use std::collections::{BTreeMap, BTreeSet};

use comfy_table::Table;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::api::validate::ValidatedConnection;
use crate::cli::show::Shown;
use crate::cli::tables;
use crate::domain::calendar::business_date;
use crate::domain::money::{Amount, Currency};
use crate::sandbox::server::Sandbox;

/// What was invoiced, booked and held in one currency, in major units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CurrencyProof {
    pub currency: String,
    pub invoiced: String,
    pub booked: String,
    pub held: String,
    pub difference: String,
    #[serde(skip)]
    off: i64,
}

impl CurrencyProof {
    /// Whether invoiced = booked + held, to the cent.
    pub fn holds(&self) -> bool {
        self.off == 0
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    invoiced: i64,
    booked: i64,
    held: i64,
}

/// Sums both books per currency.
pub fn proof(sandbox: &Sandbox, connections: &[ValidatedConnection], shown: &[Shown]) -> Vec<CurrencyProof> {
    let held: BTreeSet<&str> = shown.iter().flat_map(|shown| &shown.held).map(|held| held.number.as_str()).collect();
    let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
    let mut numbers = BTreeSet::new();
    for invoice in sandbox.chargebee.invoices() {
        numbers.extend(invoice["id"].as_str().map(str::to_owned));
        if !connections.iter().any(|connection| is_in_scope(&invoice, connection)) {
            continue;
        }
        let total = invoice["total"].as_i64().unwrap_or_default();
        let sums = sums.entry(invoice["currency_code"].as_str().unwrap_or_default().to_owned()).or_default();
        sums.invoiced += total;
        sums.held += if held.contains(invoice["id"].as_str().unwrap_or_default()) { total } else { 0 };
    }
    for division in connections.iter().flat_map(|connection| &connection.entities).map(|entity| entity.division) {
        for entry in sandbox.exact.entries(division).into_iter().filter(|entry| numbers.contains(&entry.your_ref)) {
            sums.entry(entry.currency).or_default().booked += entry.total;
        }
    }
    sums.into_iter().map(|(currency, sums)| shown_sums(currency, sums)).collect()
}

/// Issued, not taken back, and dated on or after the first day in scope.
fn is_in_scope(invoice: &Value, connection: &ValidatedConnection) -> bool {
    let issued = matches!(invoice["status"].as_str(), Some("posted" | "payment_due" | "not_paid" | "paid"));
    let deleted = invoice["deleted"].as_bool().unwrap_or_default();
    let date = invoice["date"].as_i64().and_then(|second| Timestamp::from_second(second).ok());
    let day = date.map(|instant| business_date(instant, &connection.time_zone));
    issued && !deleted && day >= connection.flows.invoices && connection.flows.invoices.is_some()
}

fn shown_sums(currency: String, sums: Sums) -> CurrencyProof {
    let known = Currency::from_code(&currency).unwrap_or(Currency::EUR);
    let text = |amount: i64| Amount(amount).to_decimal(known).to_string();
    let off = sums.invoiced - sums.booked - sums.held;
    CurrencyProof {
        invoiced: text(sums.invoiced),
        booked: text(sums.booked),
        held: text(sums.held),
        difference: text(off),
        currency,
        off,
    }
}

/// The proof as a table.
pub fn table(proof: &[CurrencyProof]) -> Table {
    let mut table = tables::table(&["currency", "invoiced", "booked", "held", "difference"]);
    for row in proof {
        table.add_row([&row.currency, &row.invoiced, &row.booked, &row.held, &row.difference]);
    }
    table
}
