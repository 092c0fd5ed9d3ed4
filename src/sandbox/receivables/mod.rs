//! The accountant's proof: per business entity and currency, the receivables in Exact against what is due, credited and
//! paid too much in Chargebee, with every difference laid to a document or to money. Read over HTTP from both sandboxes;
//! of Koppel's own words only which documents are held is used.

mod reconcile;
mod rows;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

pub use reconcile::reconcile;
use rows::Item;

/// What both sides hold.
#[derive(Clone, Debug, Default)]
pub struct BothBooks {
    pub invoices: Vec<Value>,
    pub credit_notes: Vec<Value>,
    pub transactions: Vec<Value>,
    items: BTreeMap<i32, Vec<Item>>,
}

/// What is compared.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Business entity (none: the default one) and its division.
    pub entities: Vec<(Option<String>, i32)>,
    /// Documents dated earlier are out of scope.
    pub from: Timestamp,
    /// Numbers of documents and ids of transactions that are held, with the reason.
    pub held: BTreeMap<String, String>,
}

/// The proof for one entity and currency. Amounts are in minor units; what customers owe is positive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EntityBalance {
    pub entity: Option<String>,
    pub division: i32,
    pub currency: String,
    /// Σ of what is due on invoices.
    pub due: i64,
    /// Σ of credit that is left on credit notes.
    pub credit: i64,
    /// Σ of payments that are not used.
    pub unused: i64,
    /// What is open in Exact.
    pub receivables: i64,
    pub differences: Vec<Difference>,
}

/// Why the two sides differ for one customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// A document's number, a transaction's id, or the journal of money that only the books have.
    pub what: String,
    pub customer: String,
    /// What Exact has more than Chargebee.
    pub amount: i64,
    pub why: Why,
}

/// The reason for a difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Why {
    /// Koppel holds it, for this reason.
    Held(String),
    /// Deleted in Chargebee after it was booked.
    DeletedInChargebee,
    /// Concerns a document that is dated before the first day in scope.
    OutOfScope,
    /// Money in Exact that is matched with nothing.
    NotMatched,
    /// Given up in Exact.
    WrittenOffInExact,
    /// Recorded in Chargebee by hand: what was paid elsewhere is never sent to Exact.
    RecordedByHand,
    Unexplained,
}

impl Why {
    /// The reason in words.
    pub fn words(&self) -> String {
        match self {
            Self::Held(reason) => format!("held: {reason}"),
            Self::DeletedInChargebee => "deleted in Chargebee after it was booked".to_owned(),
            Self::OutOfScope => "of a document before the first day in scope".to_owned(),
            Self::NotMatched => "money in Exact Online that is matched with no document".to_owned(),
            Self::WrittenOffInExact => "given up in Exact Online".to_owned(),
            Self::RecordedByHand => "recorded in Chargebee by hand, not in Exact Online".to_owned(),
            Self::Unexplained => "NOT EXPLAINED".to_owned(),
        }
    }
}

impl EntityBalance {
    /// What Exact should show by Chargebee's word.
    pub fn expected(&self) -> i64 {
        self.due - self.credit - self.unused
    }

    /// Whether the receivables are what they should be, to the cent, but for differences that are explained.
    pub fn holds(&self) -> bool {
        let explained: i64 = self.differences.iter().map(|difference| difference.amount).sum();
        let all = self.differences.iter().all(|difference| difference.why != Why::Unexplained);
        all && self.receivables - self.expected() == explained
    }
}

/// Where both sides are reached.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// `http://HOST:PORT` of the Chargebee site, and its API key.
    pub chargebee: String,
    pub api_key: String,
    /// `http://HOST:PORT` of the admin interface.
    pub admin: String,
}

/// Reads both sides, page by page, as any reader would.
///
/// # Errors
/// When one of them gives no answer.
pub async fn read(addresses: &Addresses, divisions: &[i32]) -> reqwest::Result<BothBooks> {
    let client = reqwest::Client::new();
    let list = async |name: &str, object: &str| all(&client, addresses, name, object).await;
    let mut books = BothBooks {
        invoices: list("invoices", "invoice").await?,
        credit_notes: list("credit_notes", "credit_note").await?,
        transactions: list("transactions", "transaction").await?,
        items: BTreeMap::new(),
    };
    for division in divisions {
        let url = format!("{}/admin/exact/open-items", addresses.admin);
        let answer = client.get(url).query(&[("division", division)]).send().await?.error_for_status()?;
        books.items.insert(*division, answer.json().await?);
    }
    Ok(books)
}

/// Every row of a list, deleted ones included.
async fn all(client: &reqwest::Client, addresses: &Addresses, name: &str, object: &str) -> reqwest::Result<Vec<Value>> {
    let mut rows = Vec::new();
    let mut offset: Option<String> = None;
    loop {
        let mut query = vec![("limit", "100".to_owned()), ("include_deleted", "true".to_owned())];
        query.extend(offset.take().map(|offset| ("offset", offset)));
        let request = client.get(format!("{}/api/v2/{name}", addresses.chargebee));
        let request = request.basic_auth(&addresses.api_key, Some("")).query(&query);
        let mut page: Value = request.send().await?.error_for_status()?.json().await?;
        let list = page["list"].as_array_mut().map(std::mem::take).unwrap_or_default();
        rows.extend(list.into_iter().map(|mut row| row[object].take()));
        offset = page["next_offset"].as_str().map(str::to_owned);
        if offset.is_none() {
            return Ok(rows);
        }
    }
}
