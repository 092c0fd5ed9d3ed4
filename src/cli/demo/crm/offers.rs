//! What sales has offered, and what of it stands in Chargebee (C29).

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::yes;
use crate::cli::tables;
use crate::sandbox::chargebee::ChargebeeSandbox;
use crate::sandbox::dataverse::Organization;
use crate::sandbox::generator::sales::{Fate, Sales, SalesQuote, Trace};

/// A quote of the CRM beside those of its number in Chargebee.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    pub number: String,
    pub account: String,
    pub title: String,
    /// What has become of it in the CRM.
    pub state: &'static str,
    /// Before tax.
    pub amount: String,
    /// Status and amount of each in Chargebee.
    pub chargebee: Vec<(String, String)>,
    /// Whether Chargebee has what it should have, with the amount of the CRM.
    pub holds: bool,
}

/// Compares every quote with Chargebee; `won` is the account whose active quote sales has won since.
pub fn compare(sales: &Sales, organization: &Organization, chargebee: &ChargebeeSandbox, won: Uuid) -> Vec<Offer> {
    let (rows, standing) = (organization.rows("quote"), chargebee.quotes());
    let mut offers: Vec<Offer> = sales
        .quotes()
        .map(|(account, quote)| {
            let has_been_won = account.id == won && quote.fate == Fate::Active;
            let (state, wanted) = if has_been_won { ("won", Some("accepted")) } else { expected(quote) };
            let (number, amount) = latest(&rows, quote);
            let of_that_number = |one: &&Value| is_of(one, &number);
            let told = |one: &Value| (text(one, "status"), major(one["sub_total"].as_i64().unwrap_or_default()));
            let found: Vec<(String, String)> = standing.iter().filter(of_that_number).map(told).collect();
            let wanted: Vec<(String, String)> =
                wanted.map(|status| (status.to_owned(), amount.clone())).into_iter().collect();
            let account = match account.trace {
                Trace::Unknown => format!("{} (no customer before)", account.name),
                _ => account.name.clone(),
            };
            let (title, holds) = (quote.title.clone(), found == wanted);
            Offer { number, account, title, state, amount, chargebee: found, holds }
        })
        .collect();
    offers.sort_by(|a, b| a.number.cmp(&b.number));
    offers
}

/// What people call its state, and what Chargebee must say of it.
fn expected(quote: &SalesQuote) -> (&'static str, Option<&'static str>) {
    match quote.fate {
        Fate::Draft => ("draft", None),
        Fate::Active => ("active", Some("open")),
        Fate::Won => ("won", Some("accepted")),
        Fate::Lost => ("lost", None),
        Fate::Revised => ("active, revised", Some("open")),
        Fate::Expired => ("active, expired", None),
        Fate::Bespoke => ("active, not for sale in Chargebee", None),
    }
}

/// The number of a quote, and the amount of its latest revision.
fn latest(rows: &[Map<String, Value>], quote: &SalesQuote) -> (String, String) {
    let own = rows.iter().find(|row| row["quoteid"] == quote.id.to_string());
    let number = own.and_then(|row| row["quotenumber"].as_str()).unwrap_or_default().to_owned();
    let revisions = rows.iter().filter(|row| row["quotenumber"] == number.as_str());
    let last = revisions.max_by_key(|row| row["revisionnumber"].as_i64());
    let amount = last.map(|row| row["totalamountlessfreight"].to_string()).and_then(|text| text.parse().ok());
    (number, amount.map(|amount: Decimal| format!("{amount:.2}")).unwrap_or_default())
}

/// Chargebee's quotes bear the CRM's number in their names.
fn is_of(quote: &Value, number: &str) -> bool {
    quote["deleted"] != true && text(quote, "name").split_whitespace().any(|word| word == number)
}

fn text(row: &Value, name: &str) -> String {
    row[name].as_str().unwrap_or_default().to_owned()
}

fn major(minor: i64) -> String {
    Decimal::new(minor, 2).to_string()
}

/// The quotes as a table.
pub fn text_of(offers: &[Offer]) -> String {
    let mut table = tables::table(&["quote", "account", "dynamics 365", "amount", "chargebee", "as it should be"]);
    for offer in offers {
        let there: Vec<String> = offer.chargebee.iter().map(|(status, amount)| format!("{status} {amount}")).collect();
        let there = if there.is_empty() { "-".to_owned() } else { there.join(", ") };
        table.add_row([&offer.number, &offer.account, offer.state, &offer.amount, &there, yes(offer.holds)]);
    }
    table.to_string()
}
