//! Documents: the PDF of an invoice beside its entry (P6). Two calls make one; it is found again by its subject, so that a
//! lost answer makes no second one (I1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use serde_json::json;
use uuid::Uuid;

use super::answer::Nature;
use super::call::Call;
use super::client::ExactClient;
use super::entries::ENTRIES;
use super::odata::Row;
use super::pages::Source;
use super::query::{Query, day, guid, resource_url, string};
use crate::connectors::http::{Answer, CallResult};

const DOCUMENTS: Source = Source { resource: "documents/Documents", key: "ID" };
const ATTACHMENTS: Source = Source { resource: "documents/DocumentAttachments", key: "ID" };
/// The vendor's type of a document that belongs to a sales invoice.
const SALES_INVOICE: i32 = 10;
/// Largest attachment that Exact takes, decoded (exact-online.md §2).
pub const ATTACHMENT_BYTES_MAX: usize = 10_000_000;

/// A document to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentDraft {
    /// What it is found again by.
    pub subject: String,
    /// The customer.
    pub account: Uuid,
    pub date: Date,
}

impl ExactClient {
    /// Makes a document without any file yet, and gives its id. Never repeated where it may have arrived.
    ///
    /// # Errors
    /// As every call.
    pub async fn create_document(&self, division: i32, draft: &DocumentDraft) -> CallResult<Uuid> {
        let body = json!({
            "Subject": draft.subject,
            "Type": SALES_INVOICE,
            "Account": draft.account,
            "DocumentDate": day(draft.date),
        });
        self.create(division, DOCUMENTS.resource, &body.to_string()).await
    }

    /// Puts a file into a document. Never repeated where it may have arrived.
    ///
    /// # Errors
    /// As every call.
    pub async fn attach(&self, division: i32, document: Uuid, file_name: &str, content: &[u8]) -> CallResult<()> {
        let body = json!({"Document": document, "FileName": file_name, "Attachment": STANDARD.encode(content)});
        self.create(division, ATTACHMENTS.resource, &body.to_string()).await.map(|_| ())
    }

    /// The document with this subject, or none; of several the first.
    ///
    /// # Errors
    /// As every call.
    pub async fn find_document(&self, division: i32, subject: &str) -> CallResult<Option<Uuid>> {
        let query = Query::select("ID,Subject").filter(format!("Subject eq {}", string(subject)));
        let read = |row: Row<'_>| row.need_guid("ID").map(Some);
        Ok(self.read_all(Some(division), DOCUMENTS, &query, read).await?.into_iter().next())
    }

    /// Whether a document has a file.
    ///
    /// # Errors
    /// As every call.
    pub async fn has_attachment(&self, division: i32, document: Uuid) -> CallResult<bool> {
        let query = Query::select("ID,Document").filter(format!("Document eq {}", guid(document)));
        let read = |row: Row<'_>| row.need_guid("ID").map(Some);
        Ok(!self.read_all(Some(division), ATTACHMENTS, &query, read).await?.is_empty())
    }

    /// Ties a document to an entry. Repeated as often as it takes.
    ///
    /// # Errors
    /// As every call.
    pub async fn link_document(&self, division: i32, entry: Uuid, document: Uuid) -> CallResult<()> {
        self.replace(division, ENTRIES.resource, entry, &json!({"Document": document}).to_string()).await
    }

    /// POSTs `body`.
    pub(super) async fn post(&self, division: i32, resource: &'static str, body: &str) -> CallResult<Answer> {
        let url = resource_url(&self.inner.site, Some(division), resource, &Query::default());
        let call = Call { nature: Nature::Create, division: Some(division), resource, url, body: Some(body) };
        self.call(&call).await
    }
}
