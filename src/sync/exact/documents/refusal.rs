//! What the books refused is not sent again unchanged (I5): an attempt is the payload with the facts that it stands on.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::super::entity::EntityBooks;
use super::book::Order;
use super::carry_out::sent;
use super::holds;
use super::posting::{Document, Posting};
use crate::connectors::exact::BusinessError;
use crate::connectors::http::CallError;
use crate::domain::hold::Hold;
use crate::domain::master::MasterData;
use crate::state::{BookAccount, Refusal};
use crate::sync::error::SyncResult;
use crate::sync::kinds::noun;
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;

/// The payload, and the digest of it with the facts of the books that it stands on.
pub struct Attempt {
    pub payload_hash: String,
    /// Another one as soon as the payload or any of those facts changes: then it may be sent again (N3).
    pub digest: String,
}

impl Attempt {
    pub fn new(posting: &impl Posting, account: Uuid, master: &MasterData, known: Option<&BookAccount>) -> Self {
        let payload_hash = posting.digest(account);
        let mut digest = Sha256::new();
        digest.update(&payload_hash);
        digest.update(posting.facts(master, known));
        Self { payload_hash, digest: hex(&digest.finalize()) }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Records that the books refused what was sent, with the facts that `books` tell now: it is not sent again until it or one
/// of them is another (I5).
///
/// # Errors
/// The state store's.
pub async fn refuse<P: Posting>(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    order: &Order<'_, P>,
    error: &CallError,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    let hold = refused(books, order.document, error);
    let identity = order.document.identity();
    let known = session.state.book_account(books.division(), order.account).await?;
    let attempt = Attempt::new(order.posting, order.account, &books.master, known.as_ref());
    let refusal = Refusal { identity: &identity, attempt: &attempt.digest, hold: &hold, at: session.now() };
    session.state.remember_refusal(&refusal).await?;
    holds::hold(session, order.document, hold, tally).await
}

fn refused(books: &EntityBooks<'_>, document: &dyn Document, error: &CallError) -> Hold {
    let meaning = BusinessError::of(error).unwrap_or(BusinessError::Unknown);
    Hold::new(
        meaning.hold_reason(),
        format!(
            "Exact Online refused {} {} of {} in division {}: {error}",
            noun(document.kind()),
            document.number(),
            document.total().display(document.currency()),
            books.division()
        ),
        format!(
            "{}; {} is sent again when it, a rule or the master data changes, or after koppel held --release {}",
            meaning.remedy(),
            sent(document),
            document.number()
        ),
    )
}
