//! What the sandbox answers, before it becomes an HTTP response; and the error bodies.

use serde_json::{Value, json};

use super::Language;
use super::refusal::Refusal;

/// The vendor's sentence for an internal error, which is transient.
pub const INTERNAL_PROBLEM: &str =
    "A problem has occurred. The cause of this issue will be investigated as soon as possible.";

/// A decided answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub content_type: &'static str,
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), content_type: "", body: Vec::new() }
    }

    /// A JSON answer.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json;charset=utf-8", body.to_string())
    }

    /// An answer of any other kind.
    pub fn text(status: u16, content_type: &'static str, body: String) -> Self {
        Self { status, headers: Vec::new(), content_type, body: body.into_bytes() }
    }

    /// A file.
    pub fn file(content_type: &'static str, body: Vec<u8>) -> Self {
        Self { status: 200, headers: Vec::new(), content_type, body }
    }

    /// The OData error shape: `code` and `lang` stay empty, as in practice.
    pub fn odata_error(status: u16, message: &str) -> Self {
        Self::json(status, &json!({"error": {"code": "", "message": {"lang": "", "value": message}}}))
    }

    /// The same answer with one more header.
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Why a request was not carried out.
#[derive(Debug)]
pub enum Failure {
    /// The request cannot be parsed or is not allowed; status and the vendor's sentence.
    Request(u16, String),
    /// The administration refuses it.
    Business(Vec<Refusal>),
}

impl Failure {
    /// HTTP 400 with a sentence.
    pub fn bad(message: impl Into<String>) -> Self {
        Self::Request(400, message.into())
    }

    /// HTTP 404: no such path or key.
    pub fn not_found() -> Self {
        Self::Request(404, "Resource not found for the segment.".to_owned())
    }

    /// One business refusal.
    pub fn refused(refusal: Refusal) -> Self {
        Self::Business(vec![refusal])
    }

    /// The answer to the client.
    pub fn into_answer(self, language: Language) -> Answer {
        let status = if let Self::Request(status, _) = &self { *status } else { 500 };
        Answer::odata_error(status, &self.text(language))
    }

    /// What the client reads: the request's problem, or one line per business problem.
    pub fn text(&self, language: Language) -> String {
        match self {
            Self::Request(_, message) => message.clone(),
            Self::Business(refusals) => {
                let lines: Vec<String> = refusals.iter().map(|refusal| refusal.text(language)).collect();
                lines.join("\r\n")
            }
        }
    }
}
