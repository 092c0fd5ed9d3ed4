//! What ends a flow before its end, with the vendor that it concerns.

use thiserror::Error;

use crate::connectors::http::{CallError, CallResult};
use crate::state::StateError;

/// Whom a call went to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Vendor {
    Chargebee,
    ExactOnline,
    Dynamics365,
}

impl Vendor {
    pub fn name(self) -> &'static str {
        match self {
            Self::Chargebee => "Chargebee",
            Self::ExactOnline => "Exact Online",
            Self::Dynamics365 => "Dynamics 365",
        }
    }
}

pub type SyncResult<T> = Result<T, SyncError>;

/// Why a flow stops. What it had done stays done, and the next run goes on from there.
#[derive(Debug, Error)]
pub enum SyncError {
    #[error("{error}")]
    Call { vendor: Vendor, error: CallError },
    #[error(transparent)]
    State(#[from] StateError),
    /// A signal or time limit asked the run to end.
    #[error("the run was asked to stop")]
    Stopped,
}

impl SyncError {
    /// The call error, where it is one.
    pub fn call(&self) -> Option<(Vendor, &CallError)> {
        match self {
            Self::Call { vendor, error } => Some((*vendor, error)),
            Self::State(_) | Self::Stopped => None,
        }
    }

    /// Whether the other flows of the run would fail alike: quota, consent, the store, a signal.
    pub fn ends_the_run(&self) -> bool {
        match self {
            Self::Call { error, .. } => matches!(
                error,
                CallError::Unauthorized { .. }
                    | CallError::ReauthorizationRequired { .. }
                    | CallError::QuotaSpent { .. }
            ),
            Self::State(_) | Self::Stopped => true,
        }
    }
}

/// Names the vendor of a call's error.
pub trait At<T> {
    /// The result with its vendor named.
    ///
    /// # Errors
    /// The call's error.
    fn at(self, vendor: Vendor) -> SyncResult<T>;
}

impl<T> At<T> for CallResult<T> {
    fn at(self, vendor: Vendor) -> SyncResult<T> {
        self.map_err(|error| SyncError::Call { vendor, error })
    }
}
