//! One write to the billing site: not one that was refused before (I5), only while this run is the one that may, and with
//! what became of it told apart from what is not known (I1).

use sha2::{Digest, Sha256};

use super::Back;
use super::held::identity;
use crate::connectors::http::{CallError, CallResult};
use crate::domain::hold::{Hold, HoldReason};
use crate::state::Refusal;
use crate::sync::error::{SyncError, SyncResult, Vendor};
use crate::sync::progress::Step;

/// So many lost answers in a row end the flow: the billing system is out of order.
const LOST_ANSWERS_MAX: u32 = 3;

/// What is to be written.
pub struct Attempt<'a> {
    pub kind: &'static str,
    /// Of the object that it is for.
    pub number: &'a str,
    /// Digest of what is sent, and of what it stands on.
    pub digest: &'a str,
    /// In words: "the contact Eline Vos".
    pub what: &'a str,
}

/// What became of a write.
pub enum Written<T> {
    Done(T),
    /// It is not, or nobody knows: to be held for this.
    Held(Hold),
}

/// A digest of what is sent.
pub fn digest(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

impl Back<'_, '_> {
    /// Carries out `call`, which is not made before it may be.
    ///
    /// # Errors
    /// What ends the flow.
    pub(super) async fn write<T>(
        &mut self,
        attempt: &Attempt<'_>,
        call: impl Future<Output = CallResult<T>>,
    ) -> SyncResult<Written<T>> {
        let Attempt { kind, number, digest, what } = attempt;
        let (session, identity) = (self.session, identity(kind, number));
        if let Some(hold) = session.state.refusal(&identity, digest).await? {
            return Ok(Written::Held(hold));
        }
        session.may_go_on().await?;
        match call.await {
            Ok(value) => {
                self.answers_lost_in_a_row = 0;
                session.progress.advance(Step::Updated);
                Ok(Written::Done(value))
            }
            Err(CallError::OutcomeUnknown { message }) => self.lost(what, &message),
            Err(error @ (CallError::Rejected { .. } | CallError::NotFound { .. } | CallError::Malformed { .. })) => {
                let hold = refused(what, number, &error);
                let refusal = Refusal { identity: &identity, attempt: digest, hold: &hold, at: session.now() };
                session.state.remember_refusal(&refusal).await?;
                Ok(Written::Held(hold))
            }
            Err(error) => Err(SyncError::Call { vendor: Vendor::Chargebee, error }),
        }
    }

    /// The answer was lost: the next run finds what became of it before it writes again.
    fn lost<T>(&mut self, what: &str, message: &str) -> SyncResult<Written<T>> {
        self.answers_lost_in_a_row += 1;
        if self.answers_lost_in_a_row >= LOST_ANSWERS_MAX {
            let message = format!("{LOST_ANSWERS_MAX} answers in a row were lost, the last one with: {message}");
            return Err(SyncError::Call { vendor: Vendor::Chargebee, error: CallError::Unavailable { message } });
        }
        Ok(Written::Held(Hold::new(
            HoldReason::OutcomeUnknown,
            format!("whether Chargebee has taken {what} is not known: {message}"),
            "nothing to do: the next run looks in Chargebee before it sends anything again",
        )))
    }
}

fn refused(what: &str, number: &str, error: &CallError) -> Hold {
    Hold::new(
        HoldReason::RejectedByTarget,
        format!("Chargebee refused {what}: {error}"),
        format!("correct it in the CRM; it is sent again when it changes, or after koppel held --release {number}"),
    )
}
