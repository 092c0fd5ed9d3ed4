//! The engine: one run is dereference → validate → read → plan → apply → report (design §4), one file for each flow. It
//! does not know whether it runs in a pod or on a laptop.

mod books;
mod catalogue;
mod control_accounts;
mod credit_notes;
mod customers;
mod declared;
mod deferral;
mod dereference;
mod documents;
mod drift;
mod empty;
mod entity;
mod error;
mod findings;
mod invoices;
mod items;
pub mod kinds;
mod ledger;
mod master;
mod merged;
mod payments;
mod pdf;
pub mod plan;
mod planned;
mod preflight;
pub mod progress;
mod receipts;
mod record;
mod releases;
mod report;
mod router;
mod run;
mod session;
mod site_time_zone;
mod subscriptions;
pub mod tally;
mod voids;
mod walk;

pub use declared::state_key;
pub use dereference::{Environment, run_connection};
pub use error::{SyncError, SyncResult, Vendor};
pub use report::RunReport;
pub use session::StopSignal;
