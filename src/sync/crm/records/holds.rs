//! Records that cannot go, each with what is wrong and what mends it (N3): kept whole, and looked at again in each run.

use super::Carrying;
use super::send::Order;
use crate::connectors::dataverse::{DataverseError, RowError};
use crate::crm::{Fingerprint, Placed, tables};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::record::{Record, RecordKind};
use crate::state::{HeldDocument, Refusal, StateError};
use crate::sync::error::SyncResult;
use crate::sync::kinds::noun;
use crate::sync::progress::Step;
use crate::sync::tally::{FlowTally, Notice};

/// Under which refusals of a record are remembered.
fn identity(kind: RecordKind, id: &str) -> String {
    format!("{kind}:{id}")
}

/// A record whose row cannot be written down.
pub(super) fn cannot_be_a_row(order: &Order, error: &RowError) -> Hold {
    let record = &order.placed.record;
    let reason = match error {
        RowError::CurrencyMissing(_) => HoldReason::CurrencyNotAllowed,
        RowError::NotInstalled(_) => HoldReason::WaitingFor,
    };
    let (message, remedy) = match error.to_string().split_once("; ") {
        Some((message, remedy)) => (message.to_owned(), remedy.to_owned()),
        None => (error.to_string(), "let Koppel install its tables (schema: Managed)".to_owned()),
    };
    Hold::new(reason, format!("{} {}: {message}", noun(record.kind.as_str()), record.id), remedy)
}

impl Carrying<'_, '_> {
    /// Holds a record with all that looking at it again takes.
    pub(super) async fn hold(&self, placed: &Placed, hold: Hold, tally: &mut FlowTally) -> SyncResult<()> {
        let record = &placed.record;
        let content = placed
            .to_json()
            .map_err(|source| StateError::Corrupt { what: format!("{} {}", record.kind, record.id), source })?;
        let customer = record.links.get("customer").map(|link| link.id.clone());
        self.keep(record.kind, &record.id, customer, hold, Some(content), tally).await
    }

    /// Holds a record that could not be read: it is read again when it changes.
    pub(super) async fn hold_unreadable(
        &self,
        kind: RecordKind,
        id: &str,
        hold: Hold,
        tally: &mut FlowTally,
    ) -> SyncResult<()> {
        self.keep(kind, id, None, hold, None, tally).await
    }

    async fn keep(
        &self,
        kind: RecordKind,
        id: &str,
        customer: Option<String>,
        hold: Hold,
        document: Option<String>,
        tally: &mut FlowTally,
    ) -> SyncResult<()> {
        let session = self.session;
        tally.held += 1;
        tally.newly_held += u64::from(!session.state.is_held(kind.as_str(), id).await?);
        session.progress.advance(Step::Held);
        if !session.writes() {
            tally.notice(Notice {
                object: format!("{} {id}", tables::of(kind).display),
                reason: hold.reason.to_string(),
                message: format!("would be held: {}", hold.message),
                remedy: hold.remedy,
            });
            return Ok(());
        }
        let held = HeldDocument {
            kind: kind.as_str().to_owned(),
            number: id.to_owned(),
            identity: identity(kind, id),
            customer,
            currency: None,
            total: None,
            hold,
            since: session.now(),
            document,
        };
        Ok(session.state.hold(&held).await?)
    }

    /// Lets go of a record that needs nothing any more.
    pub(super) async fn let_go(&self, kind: RecordKind, id: &str, is_held: bool) -> SyncResult<()> {
        if is_held && self.session.writes() {
            self.session.state.release(kind.as_str(), id).await?;
        }
        Ok(())
    }

    /// Why the CRM refused this very row before; nobody sends it again unchanged (I5).
    pub(super) async fn refused_before(&self, record: &Record, fingerprint: &Fingerprint) -> SyncResult<Option<Hold>> {
        let attempt = self.attempt(fingerprint);
        Ok(self.session.state.refusal(&identity(record.kind, &record.id), &attempt).await?)
    }

    /// A row, and what its refusal would stand on.
    fn attempt(&self, fingerprint: &Fingerprint) -> String {
        format!("{fingerprint} {}", self.organization.facts)
    }

    /// Holds a record whose row the CRM has refused, and remembers that it did.
    pub(super) async fn refuse(
        &self,
        order: &Order,
        meaning: DataverseError,
        message: &str,
        tally: &mut FlowTally,
    ) -> SyncResult<()> {
        let record = &order.placed.record;
        let object = noun(record.kind.as_str());
        let hold = Hold::new(
            meaning.hold_reason(),
            format!("Dynamics 365 refused {object} {}: {message}", record.id),
            format!(
                "{}; it is sent again when it changes, or after koppel held --release {}",
                meaning.remedy(),
                record.id
            ),
        );
        if meaning.is_of_the_row() {
            let (identity, attempt) = (identity(record.kind, &record.id), self.attempt(&order.fingerprint));
            let refusal = Refusal { identity: &identity, attempt: &attempt, hold: &hold, at: self.session.now() };
            self.session.state.remember_refusal(&refusal).await?;
        }
        self.hold(&order.placed, hold, tally).await
    }
}
