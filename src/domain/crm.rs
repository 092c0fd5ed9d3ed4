//! What a customer relationship system knows of customers: accounts, contacts and quotes (C26–C29). Read only: Koppel
//! never changes one of them (C2).

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::customer::Address;
use super::money::Currency;

/// A company or person that sales deals with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmAccount {
    pub id: Uuid,
    pub name: String,
    /// The number under which people know it; not unique by itself.
    pub number: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub website: Option<String>,
    pub vat_number: Option<String>,
    /// The country is as somebody typed it: a code or a name.
    pub billing_address: Option<Address>,
    pub shipping_address: Option<Address>,
    pub currency: Option<Currency>,
    /// The billing system's customer, where a field of the account names one.
    pub billing_customer: Option<String>,
    /// Somebody has marked it for billing.
    pub is_marked: bool,
    pub is_active: bool,
    /// The account that it was merged into.
    pub merged_into: Option<Uuid>,
    pub owner: Option<Uuid>,
    pub modified_at: Option<Timestamp>,
}

/// A person of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmContact {
    pub id: Uuid,
    pub account: Option<Uuid>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub job_title: Option<String>,
    pub is_active: bool,
    pub modified_at: Option<Timestamp>,
}

/// What has become of a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CrmQuoteState {
    /// Being written; nobody outside has seen it.
    Draft,
    /// The customer has it.
    Active,
    Won,
    Lost,
    Canceled,
    /// Another revision has taken its place.
    Revised,
}

/// An offer with its lines. That it has expired is no state: it follows from [`valid_to`](Self::valid_to).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmQuote {
    pub id: Uuid,
    /// The same for all revisions.
    pub number: String,
    pub revision: i32,
    pub name: String,
    pub account: Option<Uuid>,
    pub state: CrmQuoteState,
    pub currency: Option<Currency>,
    /// The last day on which it can be accepted.
    pub valid_to: Option<Date>,
    pub lines: Vec<CrmQuoteLine>,
    /// Off the whole, in per cent.
    pub discount_percent: Option<Decimal>,
    /// Off the whole, in major units.
    pub discount_amount: Option<Decimal>,
    /// In major units.
    pub freight: Option<Decimal>,
    /// What the system makes of lines and discounts before freight and tax, in major units.
    pub net_total: Option<Decimal>,
    pub billing_address: Option<Address>,
    pub shipping_address: Option<Address>,
    pub modified_at: Option<Timestamp>,
}

/// One line of a quote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmQuoteLine {
    pub id: Uuid,
    /// Its place on the quote.
    pub position: i32,
    /// The number of the catalogue's product; none of a line that was written by hand.
    pub product: Option<String>,
    pub description: Option<String>,
    /// The unit in which it is sold: "month", "year", "piece".
    pub unit: Option<String>,
    pub quantity: Decimal,
    /// In major units.
    pub unit_price: Decimal,
    /// Off the line, by hand and by volume, in major units.
    pub discount: Decimal,
}
