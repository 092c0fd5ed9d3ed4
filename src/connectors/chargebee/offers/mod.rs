//! What a CRM has billing keep (C26–C29): customers, contacts, shipping addresses and quotes, read as they stand and
//! written. Every write can be repeated: by its key, by an id that we chose, or because it says the same again.

mod customers;
mod form;
mod quotes;

pub use quotes::QuoteAnswer;
