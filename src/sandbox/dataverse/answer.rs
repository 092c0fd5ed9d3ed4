//! An answer before it is HTTP.

use serde_json::Value;

use super::cell;
use super::failure::Failure;

/// Status, headers and body.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    pub content_type: String,
}

const JSON: &str = "application/json; odata.metadata=minimal";

impl Answer {
    /// 204.
    pub fn empty() -> Self {
        Self { status: 204, headers: Vec::new(), body: Vec::new(), content_type: String::new() }
    }

    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, JSON, cell::written(body))
    }

    pub fn text(status: u16, content_type: &str, body: String) -> Self {
        Self { status, headers: Vec::new(), body: body.into_bytes(), content_type: content_type.to_owned() }
    }

    pub fn failure(failure: &Failure, annotated: bool) -> Self {
        let answer = Self::json(failure.status, &failure.body(annotated));
        match failure.retry_after {
            Some(seconds) => answer.with("retry-after", seconds.to_string()),
            None => answer,
        }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(one, _)| *one == name).map(|(_, value)| value.as_str())
    }
}
