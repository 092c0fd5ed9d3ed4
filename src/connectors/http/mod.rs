//! What every connector needs of HTTP: one client with limits, a clock that can be moved, the kinds of error by what
//! happens next, and a count of the calls.

pub mod causes;
pub mod client;
pub mod clock;
pub mod counter;
pub mod error;
pub mod guard;
pub mod retry;

pub use causes::causes;
pub use client::{Answer, HttpClient, TransportError};
pub use clock::{Clock, ManualClock, SystemClock};
pub use counter::{CallCounter, CallCounts};
pub use error::{CallError, CallResult, Quota};
pub use guard::{GuardedBody, WriteGuard};
pub use retry::Backoff;
