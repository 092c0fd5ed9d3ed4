//! What cannot go, with what is wrong and what mends it. Everything is looked at in each run, so that what is held this
//! time is all that is held: the rest has dissolved by itself (N3).

use std::collections::{BTreeMap, BTreeSet};

use super::Back;
use crate::domain::hold::Hold;
use crate::state::HeldDocument;
use crate::sync::crm::CrmSession;
use crate::sync::error::SyncResult;
use crate::sync::kinds::{CRM_ACCOUNT, CRM_ADDRESS, CRM_CONTACT, CRM_QUOTE, noun};
use crate::sync::progress::Step;
use crate::sync::tally::{FlowTally, Notice};

const KINDS: [&str; 4] = [CRM_ACCOUNT, CRM_CONTACT, CRM_ADDRESS, CRM_QUOTE];
/// Held ones that are read from the state at once.
const PAGE_ROWS: i64 = 500;

/// What this run holds, by kind.
#[derive(Debug, Default)]
pub struct Held {
    numbers: BTreeMap<&'static str, BTreeSet<String>>,
    /// Kinds of which not everything was looked at.
    unfinished: BTreeSet<&'static str>,
}

/// Something that cannot go.
pub struct HeldObject<'a> {
    pub kind: &'static str,
    /// Its id, or a number that people know.
    pub number: &'a str,
    /// The customer that it is about.
    pub customer: Option<&'a str>,
}

/// Under which refusals of an object are remembered.
pub fn identity(kind: &str, number: &str) -> String {
    format!("{kind}:{number}")
}

impl Held {
    /// A flow begins to look at everything of a kind.
    pub fn begin(&mut self, kind: &'static str) {
        self.unfinished.insert(kind);
    }

    /// It has looked at everything.
    pub fn finish(&mut self, kind: &'static str) {
        self.unfinished.remove(kind);
    }

    /// Lets go of everything that is held no more, that of flows which are off included.
    ///
    /// # Errors
    /// The state store's.
    pub async fn let_go_of_others(&self, session: &CrmSession<'_>) -> SyncResult<()> {
        if !session.writes() {
            return Ok(());
        }
        for kind in KINDS.into_iter().filter(|kind| !self.unfinished.contains(kind)) {
            let held_now = self.numbers.get(kind);
            let mut after = String::new();
            loop {
                let page = session.state.held_page(kind, &after, PAGE_ROWS).await?;
                let Some(last) = page.last() else { break };
                after = last.number.clone();
                for held in &page {
                    if !held_now.is_some_and(|numbers| numbers.contains(&held.number)) {
                        session.state.release(kind, &held.number).await?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Back<'_, '_> {
    /// Holds an object.
    pub(super) async fn hold(&mut self, object: HeldObject<'_>, hold: Hold, tally: &mut FlowTally) -> SyncResult<()> {
        let HeldObject { kind, number, customer } = object;
        let session = self.session;
        let is_first = self.held.numbers.entry(kind).or_default().insert(number.to_owned());
        if !is_first {
            return Ok(());
        }
        tally.held += 1;
        tally.newly_held += u64::from(!session.state.is_held(kind, number).await?);
        session.progress.advance(Step::Held);
        if !session.writes() {
            tally.notice(Notice {
                object: format!("{} {number}", noun(kind)),
                reason: hold.reason.to_string(),
                message: format!("would be held: {}", hold.message),
                remedy: hold.remedy,
            });
            return Ok(());
        }
        let held = HeldDocument {
            kind: kind.to_owned(),
            number: number.to_owned(),
            identity: identity(kind, number),
            customer: customer.map(str::to_owned),
            currency: None,
            total: None,
            hold,
            since: session.now(),
            document: None,
        };
        Ok(session.state.hold(&held).await?)
    }
}
