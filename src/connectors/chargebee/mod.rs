//! Chargebee (API v2, Product Catalog 2.0): what is billed is read from here (E1, E2, E4), and what the books received is
//! recorded here (E6).
//!
//! [`ChargebeeClient`] reads lists page by page and gives domain types; a row that cannot be read is held, never dropped
//! and never in the way of the rest of its page. [`ListCursor`] knows from where a list is read on. Wire types stay inside.

mod backoff;
mod client;
mod convert;
mod cursor;
mod errors;
mod lists;
mod offers;
mod page;
mod pdf;
mod receipts;
mod records;
mod site;
mod transport;
mod wire;
mod write;

pub use client::{ChargebeeClient, ChargebeeOptions};
pub use cursor::{ListCursor, OffsetGuard, overlap};
pub use lists::ListQuery;
pub use offers::QuoteAnswer;
pub use page::{Page, Row};
pub use pdf::Pdf;
pub use receipts::{InvoiceBalance, InvoicePayment, TransactionState};
pub use records::RecordList;
pub use site::Site;
