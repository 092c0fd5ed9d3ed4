//! Definitions of tables: read, compared by [`crate::crm::schema`], and changed step by step (dynamics365.md §5).

mod carry;
mod install;
mod read;
mod wire;

pub use install::{Installed, SchemaError};
