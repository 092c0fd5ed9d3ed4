//! From the wire to the domain: pure. What cannot be read is a [`Hold`] that names the object, the value and the remedy.

mod address;
mod catalogue;
mod credit_note;
mod customer;
mod discount;
mod invoice;
mod line;
mod offer;
mod rates;
mod subject;
mod subscription;
mod tax;
#[cfg(test)]
mod tests;
mod transaction;
mod vat;

pub use subject::{Subject, instant_or_none};
pub use vat::vat_number;

use serde::Deserialize;

use crate::domain::hold::{Hold, HoldReason};

/// A domain type that one of Chargebee's resources becomes.
pub trait FromChargebee: Sized {
    /// What the resource is called in messages.
    const NOUN: &'static str;
    /// Why a row is held of which nothing can be read: what cannot be decided without it.
    const UNREADABLE: HoldReason;

    /// Reads the resource with this id from its JSON.
    ///
    /// # Errors
    /// A hold that names the resource, the value and what to do.
    fn from_json(id: &str, json: &str) -> Result<Self, Hold>;
}

/// The wire type in `json`, or a hold that says where it is broken.
fn parse<'a, W: Deserialize<'a>>(subject: &Subject<'_>, json: &'a str) -> Result<W, Hold> {
    serde_json::from_str(json).map_err(|error| subject.unreadable(&error))
}
