//! What `koppel worker` runs: one connection, read from the cluster with rights to its own objects only.

mod continuous;
mod lease;
mod load;
mod part;
pub mod report;
#[cfg(test)]
mod report_tests;
mod run;
#[cfg(all(test, feature = "sandbox"))]
mod tests;
mod without_state;
#[cfg(test)]
mod without_state_tests;

pub use lease::{ConnectionLease, NoLease};
pub use load::{Blocked, LoadError, Loaded, load};
pub use report::{FIELD_MANAGER, ReportError, Reported, StatusReporter};
pub use run::{Ended, Ran, Worker, WorkerError, run_reported};
