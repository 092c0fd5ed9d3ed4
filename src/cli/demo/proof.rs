//! The proof at the end, as an accountant makes it: per entity and currency, what is open in Exact Online against what is
//! due, credited and paid too much in Chargebee, read over HTTP from both; only which documents are held is Koppel's word.

use std::collections::BTreeMap;

use comfy_table::Table;
use serde::Serialize;

use crate::api::validate::ValidatedConnection;
use crate::cli::show::Shown;
use crate::cli::tables;
use crate::domain::money::{Amount, Currency};
use crate::sandbox::receivables::{self, Addresses, Compared, EntityBalance};
use crate::sandbox::server::{API_KEY, Sandbox};

/// The proof of one entity in one currency, in major units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    /// The mapping's name.
    pub entity: String,
    pub currency: String,
    pub due: String,
    /// What is left of credit notes.
    pub credit: String,
    /// What is left of payments.
    pub unused: String,
    /// Due less credit less unused.
    pub expected: String,
    pub receivables: String,
    pub difference: String,
    pub differences: Vec<Explained>,
    /// Whether the differences are all explained and add up, to the cent.
    pub holds: bool,
}

/// A difference and its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explained {
    pub document: String,
    pub customer: String,
    pub amount: String,
    pub why: String,
}

/// Reads both sides and compares them.
///
/// # Errors
/// When one of the sandboxes gives no answer.
pub async fn proof(
    sandbox: &Sandbox,
    connections: &[ValidatedConnection],
    shown: &[Shown],
) -> anyhow::Result<Vec<Proof>> {
    let addresses =
        Addresses { chargebee: sandbox.chargebee_url(), api_key: API_KEY.to_owned(), admin: sandbox.admin_url() };
    let held: BTreeMap<String, String> = shown
        .iter()
        .flat_map(|shown| &shown.held)
        .map(|held| (held.number.clone(), held.hold.reason.as_str().to_owned()))
        .collect();
    let mut proofs = Vec::new();
    for connection in connections {
        let entities = connection.exact().into_iter().flat_map(|exact| &exact.entities);
        let entities: Vec<_> = entities.map(|entity| (entity.business_entity.clone(), entity.division)).collect();
        let divisions: Vec<i32> = entities.iter().map(|(_, division)| *division).collect();
        let books = receivables::read(&addresses, &divisions).await?;
        let from = connection.start_date.to_zoned(connection.time_zone.clone())?.timestamp();
        let compared = Compared { entities, from, held: held.clone() };
        let balances = receivables::reconcile(&books, &compared);
        proofs.extend(balances.iter().map(|balance| told(balance, &named(connection, balance.division))));
    }
    Ok(proofs)
}

fn named(connection: &ValidatedConnection, division: i32) -> String {
    let entity = connection.exact().and_then(|exact| exact.entities.iter().find(|entity| entity.division == division));
    entity.map(|entity| entity.mapping.clone()).unwrap_or_default()
}

fn told(balance: &EntityBalance, entity: &str) -> Proof {
    let known = Currency::from_code(&balance.currency).unwrap_or(Currency::EUR);
    let text = |amount: i64| Amount(amount).to_decimal(known).to_string();
    let differences = balance.differences.iter().map(|difference| Explained {
        document: difference.what.clone(),
        customer: difference.customer.clone(),
        amount: text(difference.amount),
        why: difference.why.words(),
    });
    Proof {
        entity: entity.to_owned(),
        currency: balance.currency.clone(),
        due: text(balance.due),
        credit: text(balance.credit),
        unused: text(balance.unused),
        expected: text(balance.expected()),
        receivables: text(balance.receivables),
        difference: text(balance.receivables - balance.expected()),
        differences: differences.collect(),
        holds: balance.holds(),
    }
}

/// The proof as a table.
pub fn table(proof: &[Proof]) -> Table {
    let head = ["entity", "currency", "due", "credit", "unused", "expected", "receivables", "difference", "explained"];
    let mut table = tables::table(&head);
    for row in proof {
        let sums = [&row.due, &row.credit, &row.unused, &row.expected, &row.receivables, &row.difference];
        let mut cells = vec![row.entity.as_str(), &row.currency];
        cells.extend(sums.map(String::as_str));
        cells.push(if row.holds { "yes" } else { "NO" });
        table.add_row(cells);
    }
    table
}

/// Every difference with its reason, as a table; none where there are none.
pub fn differences(proof: &[Proof]) -> Option<Table> {
    let mut table = tables::table(&["entity", "document", "customer", "currency", "amount", "why"]);
    for row in proof {
        for item in &row.differences {
            table.add_row([&row.entity, &item.document, &item.customer, &row.currency, &item.amount, &item.why]);
        }
    }
    (!table.is_empty()).then_some(table)
}
