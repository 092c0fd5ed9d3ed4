//! The rows of both sides as the proof needs them: signed amounts by customer, document and transaction.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{BothBooks, Compared};

/// An item of Exact's subledger. What the customer owes is positive.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    pub journal: String,
    pub your_ref: String,
    pub account: String,
    pub currency: String,
    pub amount: i64,
    pub open: i64,
    pub money: bool,
}

/// What Chargebee says of one document.
#[derive(Clone, Debug, Default)]
pub(super) struct Document {
    pub customer: String,
    pub currency: String,
    /// What it adds to the receivables as long as it stands: credit is negative.
    pub amount: i64,
    /// Its part of what is due and of the credit that is left.
    pub due: i64,
    pub credit: i64,
    pub is_deleted: bool,
}

/// Money that moved by Chargebee's word: paid is negative.
#[derive(Clone, Debug)]
pub(super) struct Money {
    pub id: String,
    pub customer: String,
    pub currency: String,
    pub amount: i64,
    pub unused: i64,
    /// The part that concerns documents out of scope.
    pub out_of_scope: i64,
    pub is_offline: bool,
}

fn text(row: &Value, name: &str) -> String {
    row[name].as_str().unwrap_or_default().to_owned()
}

fn number(row: &Value, name: &str) -> i64 {
    row[name].as_i64().unwrap_or_default()
}

fn is_in_scope(row: &Value, from: Timestamp) -> bool {
    number(row, "date") >= from.as_second()
}

/// The entity's documents in scope, by number. The note that a void made counts with its invoice, which is worth nothing.
pub(super) fn documents(books: &BothBooks, entity: Option<&str>, compared: &Compared) -> BTreeMap<String, Document> {
    let own = |row: &&Value| row["business_entity_id"].as_str() == entity && is_in_scope(row, compared.from);
    let mut documents = BTreeMap::new();
    let mut void = BTreeSet::new();
    for row in books.invoices.iter().filter(own) {
        if row["status"] == "voided" {
            void.insert(text(row, "id"));
        }
        let stands = row["deleted"] != true && row["status"] != "voided" && row["status"] != "pending";
        let due = if stands { number(row, "amount_due") } else { 0 };
        documents.insert(text(row, "id"), document(row, stands, number(row, "total"), (due, 0)));
    }
    for row in books.credit_notes.iter().filter(own) {
        let is_of_void = void.contains(row["reference_invoice_id"].as_str().unwrap_or_default());
        let stands = row["deleted"] != true && row["status"] != "voided" && !is_of_void;
        let credit = if stands { number(row, "amount_available") } else { 0 };
        documents.insert(text(row, "id"), document(row, stands, -number(row, "total"), (0, credit)));
    }
    documents
}

fn document(row: &Value, stands: bool, amount: i64, (due, credit): (i64, i64)) -> Document {
    Document {
        customer: text(row, "customer_id"),
        currency: text(row, "currency_code"),
        amount: if stands { amount } else { 0 },
        due,
        credit,
        is_deleted: row["deleted"] == true,
    }
}

/// What is the number of the invoice that a void's note belongs to, for each such note.
pub(super) fn void_notes(books: &BothBooks) -> BTreeMap<String, String> {
    let void: BTreeSet<String> =
        books.invoices.iter().filter(|row| row["status"] == "voided").map(|row| text(row, "id")).collect();
    let of_void = |row: &&Value| void.contains(row["reference_invoice_id"].as_str().unwrap_or_default());
    books.credit_notes.iter().filter(of_void).map(|row| (text(row, "id"), text(row, "reference_invoice_id"))).collect()
}

/// The entity's money in scope that moved, and tax that customers kept back.
pub(super) fn money(books: &BothBooks, entity: Option<&str>, compared: &Compared) -> Vec<Money> {
    let known: BTreeSet<&str> = books
        .invoices
        .iter()
        .chain(&books.credit_notes)
        .filter(|row| is_in_scope(row, compared.from))
        .filter_map(|row| row["id"].as_str())
        .collect();
    let own = |row: &&Value| row["business_entity_id"].as_str() == entity && is_in_scope(row, compared.from);
    let moved = |row: &&Value| row["deleted"] != true && row["status"] == "success";
    // A payment that has failed counts for nothing: nor does what took it back.
    let standing: BTreeSet<&str> =
        books.transactions.iter().filter(moved).filter_map(|row| row["id"].as_str()).collect();
    let rows = books.transactions.iter().filter(own).filter(moved);
    let transactions = rows.filter_map(|row| {
        let sign = match row["type"].as_str() {
            Some("payment") => -1,
            Some("refund") => 1,
            Some("payment_reversal") if standing.contains(row["linked_payments"][0]["id"].as_str()?) => 1,
            _ => return None,
        };
        let linked = [("linked_invoices", "invoice_id"), ("linked_credit_notes", "cn_id")];
        let linked = linked
            .into_iter()
            .flat_map(|(list, key)| row[list].as_array().into_iter().flatten().map(move |linked| (linked, key)));
        let outside = linked.filter(|(linked, key)| !known.contains(linked[*key].as_str().unwrap_or_default()));
        Some(Money {
            id: text(row, "id"),
            customer: text(row, "customer_id"),
            currency: text(row, "currency_code"),
            amount: sign * number(row, "amount"),
            unused: number(row, "amount_unused"),
            out_of_scope: sign * outside.map(|(linked, _)| number(linked, "applied_amount")).sum::<i64>(),
            is_offline: row["gateway"] == "not_applicable" && row["payment_method"] != "chargeback",
        })
    });
    transactions.chain(withheld(books, entity, compared)).collect()
}

/// Tax that customers kept back settles as money does, and is nothing that Exact hears of.
fn withheld<'a>(
    books: &'a BothBooks,
    entity: Option<&'a str>,
    compared: &'a Compared,
) -> impl Iterator<Item = Money> + use<'a> {
    let own = move |row: &&Value| row["business_entity_id"].as_str() == entity && is_in_scope(row, compared.from);
    books.invoices.iter().filter(own).flat_map(|row| {
        row["linked_taxes_withheld"].as_array().into_iter().flatten().map(|withheld| Money {
            id: text(withheld, "id"),
            customer: text(row, "customer_id"),
            currency: text(row, "currency_code"),
            amount: -number(withheld, "amount"),
            unused: 0,
            out_of_scope: 0,
            is_offline: true,
        })
    })
}
