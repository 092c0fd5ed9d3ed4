//! What `koppel worker` runs: one connection, read from the cluster with rights to its own objects only.

mod part;
pub mod report;
#[cfg(test)]
mod report_tests;

pub use report::{FIELD_MANAGER, ReportError, Reported, StatusReporter};
