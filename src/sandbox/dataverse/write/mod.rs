//! Writing rows: payloads read and checked, the platform's own columns, the rules of the standard tables.

pub mod addresses;
mod cascade;
mod changes;
pub mod merge;
pub mod money;
mod payload;
pub mod quotes;
mod rows;
mod state;
mod system;
pub mod target;
pub mod values;

pub use payload::Payload;
pub use rows::Writer;
pub use values::edm;
