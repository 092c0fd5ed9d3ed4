//! The commands, one file each; `main.rs` parses and dispatches.

#[cfg(feature = "sandbox")]
pub mod sandbox;
