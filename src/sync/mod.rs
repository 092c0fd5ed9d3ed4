//! The engine: one run is dereference → validate → read → plan → apply → report (design §4), one file for each flow. It
//! does not know whether it runs in a pod or on a laptop.

mod books;
mod catalogue;
mod customers;
mod declared;
mod deferral;
mod dereference;
mod empty;
mod entity;
mod error;
mod findings;
mod invoices;
mod kinds;
mod master;
mod merged;
pub mod plan;
mod preflight;
pub mod progress;
mod record;
mod report;
mod router;
mod run;
mod session;
mod site_time_zone;
mod subscriptions;
pub mod tally;
mod walk;

pub use declared::state_key;
pub use dereference::{Environment, run_connection};
pub use error::{SyncError, SyncResult, Vendor};
pub use report::RunReport;
pub use session::StopSignal;
