//! What Koppel keeps in a customer relationship system, and the pure rules about it: which tables there are, whether a
//! record fits its table, under which key it is found, and whether it has changed. No vendor's wire types, no I/O.

pub mod contacts;
mod country;
pub mod customers;
pub mod dispatch;
mod fingerprint;
mod fit;
mod key;
pub mod matching;
pub mod quotes;
pub mod rights;
pub mod schema;
mod stored;
pub mod tables;
pub mod ties;

pub use fingerprint::Fingerprint;
pub use fit::{Misfit, check};
pub use key::{KEY_LENGTH_MAX, record_key};
pub use stored::Placed;
