//! What a customer relationship system has the billing system keep (C26–C29): customers, contacts and quotes as they are
//! written, and as they stand there. Texts are of types that cannot be longer than billing takes.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::customer::Address;
use super::money::{Amount, Currency};

/// A text of at most so many characters, without blanks around it and not empty.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Bounded<const MAX: usize>(String);

/// A text that is longer than its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    pub length: usize,
    pub length_max: usize,
}

impl<const MAX: usize> Bounded<MAX> {
    /// The text without blanks around it, or `None` where nothing is left.
    ///
    /// # Errors
    /// Where it is too long. It is never cut: half a name is another name.
    pub fn new(text: &str) -> Result<Option<Self>, TooLong> {
        let text = text.trim();
        let length = text.chars().count();
        if length > MAX {
            return Err(TooLong { length, length_max: MAX });
        }
        Ok((!text.is_empty()).then(|| Self(text.to_owned())))
    }

    /// The text as far as there is place, for what only describes.
    pub fn cut(text: &str) -> Option<Self> {
        let text: String = text.trim().chars().take(MAX).collect();
        let text = text.trim_end();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Debug for Bounded<MAX> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, out)
    }
}

/// A postal address that billing takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BillingAddress {
    pub company: Option<Bounded<250>>,
    pub first_name: Option<Bounded<150>>,
    pub last_name: Option<Bounded<150>>,
    pub email: Option<Bounded<70>>,
    pub phone: Option<Bounded<50>>,
    pub line1: Option<Bounded<150>>,
    pub line2: Option<Bounded<150>>,
    pub line3: Option<Bounded<150>>,
    pub city: Option<Bounded<50>>,
    pub state: Option<Bounded<50>>,
    pub postcode: Option<Bounded<20>>,
    /// ISO 3166-1 alpha-2, or `XI`.
    pub country: Option<Bounded<2>>,
}

/// One field of a customer that both sides may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CustomerField {
    Name,
    Email,
    Phone,
    VatNumber,
    BillingAddress,
    /// Of the customer's subscriptions: a customer itself has none.
    ShippingAddress,
}

impl CustomerField {
    pub const ALL: [Self; 6] =
        [Self::Name, Self::Email, Self::Phone, Self::VatNumber, Self::BillingAddress, Self::ShippingAddress];

    /// As messages name it.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Email => "e-mail address",
            Self::Phone => "phone number",
            Self::VatNumber => "VAT number",
            Self::BillingAddress => "billing address",
            Self::ShippingAddress => "shipping address",
        }
    }
}

/// What is to become of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Change<T> {
    #[default]
    Keep,
    Set(T),
    Clear,
}

impl<T> Change<T> {
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

/// What a customer's fields are to become.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CustomerChanges {
    pub name: Change<Bounded<250>>,
    pub email: Change<Bounded<70>>,
    pub phone: Change<Bounded<50>>,
    /// With its prefix only where billing cannot tell it from the address.
    pub vat_number: Change<WrittenVatNumber>,
    pub billing_address: Change<BillingAddress>,
}

impl CustomerChanges {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A VAT number as billing keeps it: its national part, and the prefix where it cannot be told from the country.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WrittenVatNumber {
    pub number: Bounded<20>,
    pub prefix: Option<Bounded<10>>,
}

/// A customer that is to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewCustomer {
    /// Chosen by us, so that a second attempt finds the first.
    pub id: Bounded<50>,
    pub currency: Option<Currency>,
    pub business_entity: Option<Bounded<50>>,
    pub fields: CustomerChanges,
}

/// A contact of a customer, as it is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContactDraft {
    /// Chosen by us.
    pub id: Bounded<150>,
    pub email: Bounded<70>,
    pub first_name: Option<Bounded<150>>,
    pub last_name: Option<Bounded<150>>,
    pub phone: Option<Bounded<50>>,
    pub label: Option<Bounded<50>>,
}

/// A contact as billing has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingContact {
    pub id: String,
    pub email: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub phone: Option<String>,
    pub label: Option<String>,
}

/// A customer as billing has it, as far as the other side may know it better.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingCustomer {
    pub id: String,
    pub company: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// With its prefix.
    pub vat_number: Option<String>,
    pub billing_address: Option<Address>,
    pub contacts: Vec<BillingContact>,
    pub business_entity: Option<String>,
    pub custom_fields: BTreeMap<String, String>,
    pub resource_version: Option<i64>,
    pub deleted: bool,
}

/// A subscription as billing has it, as far as it is sent somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingSubscription {
    pub id: String,
    pub customer: String,
    /// Neither cancelled nor gone; a paused one, or one that begins later, runs.
    pub is_running: bool,
    pub shipping_address: Option<Address>,
}

/// A quote as it is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuoteDraft {
    /// Holds the reference by which the quote is found again. Given once: billing never changes a quote's name.
    pub name: Bounded<100>,
    pub customer: String,
    pub currency: Currency,
    pub kind: QuoteKind,
    pub lines: Vec<QuoteLine>,
    pub discounts: Vec<QuoteDiscount>,
    pub expires_at: Option<Timestamp>,
    pub shipping_address: Option<BillingAddress>,
}

/// What a quote becomes when it is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum QuoteKind {
    OneOff,
    NewSubscription,
}

/// One line of a quote.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum QuoteLine {
    /// An item price. Without a unit price its own one holds, as where tiers decide.
    Item { item_price: String, quantity: u32, unit_price: Option<Amount> },
    /// Something outside the catalogue, once.
    Adhoc { description: Bounded<250>, amount: Amount },
}

/// A discount on a quote, on each of its terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuoteDiscount {
    /// The item price that it is of; of the whole where there is none.
    pub item_price: Option<String>,
    pub amount: Amount,
}

/// Where a quote stands in billing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BillingQuoteStatus {
    Open,
    Accepted,
    Declined,
    /// It has become an invoice or a subscription.
    Invoiced,
    /// Closed or voided by somebody, or because its time was over.
    Closed,
    /// Somebody inside still has to agree to it.
    InApproval,
}

/// A quote as billing has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingQuote {
    pub id: String,
    pub name: Option<String>,
    pub customer: String,
    pub status: BillingQuoteStatus,
    pub kind: Option<QuoteKind>,
    pub currency: Option<Currency>,
    pub valid_till: Option<Timestamp>,
    /// Before tax.
    pub sub_total: Option<Amount>,
    pub lines: Vec<BillingQuoteLine>,
    pub made_at: Option<Timestamp>,
}

/// A line of a quote as billing has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BillingQuoteLine {
    pub item_price: Option<String>,
    pub description: Option<String>,
    pub quantity: i64,
    pub unit_amount: Amount,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_taken_whole_or_not_at_all() {
        assert_eq!(Bounded::<5>::new(" abcde ").unwrap().unwrap().as_str(), "abcde");
        assert_eq!(Bounded::<5>::new("  ").unwrap(), None);
        assert_eq!(Bounded::<5>::new("ábcdéf").unwrap_err(), TooLong { length: 6, length_max: 5 });
        assert_eq!(Bounded::<5>::cut("abcd ef").unwrap().as_str(), "abcd");
    }
}
