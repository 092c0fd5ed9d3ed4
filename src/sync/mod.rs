//! The engine: one run is dereference → validate → read → plan → apply → report (design §4). What is the same for every
//! target stands here, what hangs on one in a room of its own. It does not know whether it runs in a pod or on a laptop.

mod crm;
mod declared;
mod dereference;
mod error;
mod exact;
mod findings;
pub mod kinds;
pub mod progress;
mod record;
mod report;
mod run;
mod session;
pub mod tally;
mod target;
mod walk;

pub use declared::state_key;
pub use dereference::{Environment, TOKEN_FILE, run_connection};
pub use error::{SyncError, SyncResult, Vendor};
pub use exact::plan;
pub use report::RunReport;
pub use session::StopSignal;
