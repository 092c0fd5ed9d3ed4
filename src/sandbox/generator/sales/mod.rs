//! What sales keeps beside billing: accounts, contacts, products and quotes. Some accounts are customers, found by one mark
//! or another; some fit several; some are nobody's yet. Drawn from a stream of chance of its own, so that the documents of
//! a seed stay what they are.

mod accounts;
mod products;
mod quotes;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use super::builder::Builder;
use super::dice::Dice;
use accounts::Circle;

pub use products::{PriceList, Product, UNITS};

/// Sets the stream apart from the documents' own.
const STREAM: u64 = 0x5A1E_5000_C0DE_0000;

/// Everything that sales keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sales {
    pub products: Vec<Product>,
    pub accounts: Vec<SalesAccount>,
}

/// By what billing can find out whose account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Trace {
    /// A column of the account's own holds the customer's id.
    Pointer,
    /// Its number is the customer's id.
    AccountNumber,
    /// A column of its own holds the customer's VAT number.
    VatNumber,
    /// Its website and the customer's mail are of one domain.
    EmailDomain,
    /// Another account bears the same marks: nobody can tell.
    Ambiguous,
    /// Billing has never heard of it.
    Unknown,
}

impl Trace {
    /// All of them, the surest first.
    pub const ALL: [Self; 6] =
        [Self::Pointer, Self::AccountNumber, Self::VatNumber, Self::EmailDomain, Self::Ambiguous, Self::Unknown];
}

/// A company that sales deals with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SalesAccount {
    pub id: Uuid,
    /// The Chargebee customer that it is.
    pub customer: Option<String>,
    pub trace: Trace,
    pub name: String,
    pub number: Option<String>,
    /// With its country prefix.
    pub vat_number: Option<String>,
    /// What the column of its own holds.
    pub pointer: Option<String>,
    pub email: Option<String>,
    pub website: Option<String>,
    pub line1: String,
    pub postcode: String,
    pub city: String,
    /// As people type it: a name.
    pub country: String,
    pub currency: &'static str,
    pub contacts: Vec<SalesContact>,
    pub quotes: Vec<SalesQuote>,
}

/// A person there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SalesContact {
    pub id: Uuid,
    pub first_name: String,
    pub last_name: String,
    /// Nobody has written down everybody's.
    pub email: Option<String>,
    pub phone: String,
    pub job_title: String,
}

impl SalesContact {
    /// First and last name.
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }
}

/// What has become of a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    Draft,
    Active,
    Won,
    Lost,
    /// Its second revision is the active one.
    Revised,
    /// Active still, and its last day is over.
    Expired,
    /// Active, with something that the billing site does not sell.
    Bespoke,
}

impl Fate {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Draft, Self::Active, Self::Won, Self::Lost, Self::Revised, Self::Expired, Self::Bespoke];
}

/// A quote, at the list's prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SalesQuote {
    pub id: Uuid,
    pub title: String,
    pub fate: Fate,
    /// The last day on which it can be accepted.
    pub until: Date,
    pub lines: Vec<SalesLine>,
}

/// So many of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SalesLine {
    pub id: Uuid,
    pub product: String,
    pub unit: &'static str,
    pub quantity: i64,
}

/// What sales keeps while billing is as it was built.
pub(super) fn sales(seed: u64, builder: &Builder, currencies: &[&'static str]) -> Sales {
    let mut dice = Dice::new(seed ^ STREAM);
    let products = products::products(&mut dice, currencies);
    let mut accounts = Circle::around(builder).accounts(&mut dice);
    quotes::add(&mut dice, builder.today(), &mut accounts);
    Sales { products, accounts }
}

fn id(dice: &mut Dice) -> Uuid {
    let bytes = std::array::from_fn(|_| u8::try_from(dice.between(0, 255)).unwrap_or_default());
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

impl Sales {
    /// The account of each customer that can be told, with the mark by which.
    pub fn known(&self) -> BTreeMap<&str, (Uuid, Trace)> {
        let told = self.accounts.iter().filter(|account| account.trace < Trace::Ambiguous);
        told.filter_map(|account| Some((account.customer.as_deref()?, (account.id, account.trace)))).collect()
    }

    /// Customers that several accounts fit.
    pub fn ambiguous(&self) -> BTreeSet<&str> {
        let open = self.accounts.iter().filter(|account| account.trace == Trace::Ambiguous);
        open.filter_map(|account| account.customer.as_deref()).collect()
    }

    /// All quotes with their accounts.
    pub fn quotes(&self) -> impl Iterator<Item = (&SalesAccount, &SalesQuote)> {
        self.accounts.iter().flat_map(|account| account.quotes.iter().map(move |quote| (account, quote)))
    }
}

#[cfg(test)]
mod tests;
