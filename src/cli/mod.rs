//! The commands, one file each; `main.rs` parses and dispatches.

pub mod check;
pub mod crd;
pub mod output;
