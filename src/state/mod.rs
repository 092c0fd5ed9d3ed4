//! The state store: what a run remembers between runs. SQLite, embedded; one file for all connections of a machine, each
//! with rows of its own. Tokens are not in it (I9).

mod booked;
mod books;
mod cache;
mod cursors;
mod error;
mod held;
mod intents;
mod links;
pub mod lock;
mod records;
mod refused;
mod runs;
mod store;
#[cfg(test)]
mod tests;

pub use booked::Booked;
pub use books::{AccountField, BookAccount, BookEntry, BookItem};
pub use error::{StateError, StateResult};
pub use held::{HeldDocument, HeldSummary};
pub use intents::Intent;
pub use links::{Link, LinkProblem};
pub use lock::ConnectionLock;
pub use refused::Refusal;
pub use store::{ConnectionState, Store};
