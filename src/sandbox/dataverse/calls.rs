//! The record of requests, for proofs and tests.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

/// One request that the sandbox answered, or carried out before its answer was lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallRecord {
    pub method: String,
    /// Below `/api/data/v9.2/`, without the query.
    pub path: String,
    /// The query as it was sent.
    pub query: String,
    pub status: u16,
    /// Dataverse's code of the refusal.
    pub code: Option<String>,
    /// The application that called.
    pub client_id: Option<Uuid>,
    /// Rows of a bulk message, or parts of a batch.
    pub items: usize,
    /// By the sandbox clock.
    pub at: Timestamp,
}
