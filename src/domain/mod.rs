//! What is billed and what is booked, in bookkeeping's own words: money, dates, parties, documents, entries and master
//! data. No vendor's words, no I/O, no async.

pub mod calendar;
pub mod catalogue;
pub mod chamber_of_commerce;
pub mod country;
pub mod credit_note;
pub mod crm;
pub mod customer;
pub mod entry;
pub mod hold;
pub mod invoice;
pub mod ledger;
pub mod master;
pub mod money;
pub mod money_entry;
pub mod offer;
pub mod payment;
pub mod receipt;
pub mod record;
pub mod sales_invoice;
pub mod vat_number;
mod words;

pub(crate) use words::words;
