//! What went wrong with a call, by what happens next.

use jiff::Timestamp;
use thiserror::Error;

/// Result of a call to a vendor.
pub type CallResult<T> = Result<T, CallError>;

/// Which quota stands in the way (I6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quota {
    /// So many calls in the last minute, and waiting it out did not help.
    Minute,
    Day,
    /// The vendor's limit on counted errors, or our own breaker that keeps clear of it (N4).
    Errors,
    /// The limit on token calls.
    Token,
}

/// An error of a call, after everything that waiting and repeating could mend has been tried.
#[derive(Clone, Debug, Error)]
pub enum CallError {
    /// The credentials are refused; a person must put in others. Stalled: no retry.
    #[error("{message}")]
    Unauthorized { message: String },
    /// The consent is gone; a person with a browser must give it again. Stalled: no retry.
    #[error("{message}")]
    ReauthorizationRequired { message: String },
    /// No right on this resource, module or division. Stalled: no retry.
    #[error("{message}")]
    Forbidden { message: String },
    /// The vendor understood and refuses this very payload: never sent again unchanged (I5).
    #[error("{message}")]
    Rejected { status: u16, code: Option<String>, message: String },
    /// What was asked for by id does not exist.
    #[error("{message}")]
    NotFound { message: String },
    /// A quota is spent; the run ends cleanly and goes on after `resets_at`.
    #[error("{message}")]
    QuotaSpent { quota: Quota, resets_at: Option<Timestamp>, message: String },
    /// The vendor cannot be reached or is out of order; nothing was changed there. Retried with the next run.
    #[error("{message}")]
    Unavailable { message: String },
    /// A write may or may not have happened: look before anything is sent again (I1).
    #[error("{message}")]
    OutcomeUnknown { message: String },
    /// The answer is not what the vendor's interface promises: HTML, broken JSON, too large, a missing key.
    #[error("{message}")]
    Malformed { message: String },
}

impl CallError {
    /// Whether a person must act before it makes sense to call again.
    pub fn is_stalled(&self) -> bool {
        matches!(self, Self::Unauthorized { .. } | Self::ReauthorizationRequired { .. } | Self::Forbidden { .. })
    }

    /// The same error with what was being done put before its message.
    #[must_use]
    pub fn while_doing(mut self, doing: &str) -> Self {
        let message = self.message_mut();
        *message = format!("unable to {doing}: {message}");
        self
    }

    /// The same error without `secret`, should the vendor have repeated it (I9).
    #[must_use]
    pub fn without(mut self, secret: &str) -> Self {
        let message = self.message_mut();
        if !secret.is_empty() && message.contains(secret) {
            *message = message.replace(secret, "[secret]");
        }
        self
    }

    fn message_mut(&mut self) -> &mut String {
        match self {
            Self::Unauthorized { message }
            | Self::ReauthorizationRequired { message }
            | Self::Forbidden { message }
            | Self::Rejected { message, .. }
            | Self::NotFound { message }
            | Self::QuotaSpent { message, .. }
            | Self::Unavailable { message }
            | Self::OutcomeUnknown { message }
            | Self::Malformed { message } => message,
        }
    }
}
