//! The state store: what a run remembers between runs. SQLite, embedded, one file for all connections of a machine; or
//! PostgreSQL, where more than one machine works. Each connection has rows of its own; the queries are the same for both.
//! Tokens are not in it (I9).

mod booked;
mod books;
mod cache;
mod crm_rows;
mod cursors;
mod drifts;
mod error;
mod held;
mod intents;
mod ledger;
mod links;
pub mod lock;
mod money;
mod postgres;
mod receipts;
mod records;
mod refused;
mod rows;
mod runs;
mod sqlite;
mod store;
#[cfg(test)]
mod tests;

pub use booked::Booked;
pub use books::{AccountField, BookAccount, BookEntry, BookItem};
pub use crm_rows::CrmRow;
pub use drifts::{Drift, GONE};
pub use error::{StateError, StateResult};
pub use held::{HeldDocument, HeldSummary};
pub use intents::Intent;
pub use ledger::LedgerHead;
pub use links::{Link, LinkProblem};
pub use lock::{ConnectionLock, Fence};
pub use money::{ControlBalance, ControlMovement, UnmatchedLine};
pub use receipts::BookedDocument;
pub use refused::Refusal;
pub use store::{ConnectionState, LOCK_LIFETIME, Store};
