//! What goes wrong between client and database because a test asks for it: for which requests, how often.

use serde::{Deserialize, Serialize};

use super::failure::Failure;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind", rename_all_fields = "camelCase")]
pub enum FaultKind {
    /// The request is carried out and the connection closed without an answer.
    LoseAnswer,
    /// The connection is closed before anything is done.
    LoseRequest,
    /// Nothing is done until released; a client that goes away before that has done nothing.
    HangBefore,
    /// The request is carried out; the answer waits until released.
    HangAfter,
    /// 500 `0x80040216`; nothing is done.
    Unexpected,
    /// 500 `0x80040216`, but the request was carried out.
    UnexpectedAfter,
    /// 500: a deadlock; nothing is done.
    Deadlock,
    /// 500: the database took too long; nothing is done.
    SqlTimeout,
    /// 503 with an HTML page, and `Retry-After` where seconds are given.
    Unavailable { retry_after: Option<u64> },
    /// 429 of service protection: `requests`, `time` or `concurrency`.
    Throttled { facet: Facet, retry_after: u64 },
    /// 429: another customization runs.
    CustomizationLock,
    /// 401 as for a token that has ended.
    Unauthorized,
    /// The answer comes that much later.
    Slow { milliseconds: u64 },
    /// 200 with an HTML page; nothing is done.
    HtmlBody,
    /// The answer ends in the middle.
    CutBody,
}

/// A limit of service protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Facet {
    Requests,
    Time,
    Concurrency,
}

impl FaultKind {
    /// The refusal that stands in for the answer.
    pub fn failure(&self) -> Option<Failure> {
        Some(match self {
            Self::Unexpected | Self::UnexpectedAfter => Failure::unexpected(),
            Self::Deadlock => Failure::new(500, "0x80044150", "Generic SQL error. Sql Number: 1205"),
            Self::SqlTimeout => Failure::new(500, "0x80044151", "SQL timeout expired."),
            Self::CustomizationLock => Failure::customization_lock(),
            Self::Throttled { facet, retry_after } => super::limits::refusal(*facet, *retry_after),
            _ => return None,
        })
    }
}

/// A fault with the requests that it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    #[serde(flatten)]
    pub kind: FaultKind,
    /// Any method when absent.
    #[serde(default)]
    pub method: Option<String>,
    /// Any path when absent.
    #[serde(default)]
    pub path_contains: Option<String>,
    /// Matching requests that pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// How many requests it hits after that.
    #[serde(default = "once")]
    pub times: u32,
}

fn once() -> u32 {
    1
}

impl Fault {
    /// A fault that hits the next request, whatever it is.
    pub fn new(kind: FaultKind) -> Self {
        Self { kind, method: None, path_contains: None, skip: 0, times: 1 }
    }

    /// For requests of this method whose path contains `path` only.
    pub fn on(mut self, method: &str, path: &str) -> Self {
        self.method = Some(method.to_owned());
        self.path_contains = Some(path.to_owned());
        self
    }

    /// Hits `times` requests.
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Lets `skip` requests pass first.
    pub fn after(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    fn is_for(&self, method: &str, path: &str) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path_contains.as_deref().is_none_or(|part| path.contains(part))
    }
}

/// The faults that wait, in the order they were asked for.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub fn add(&mut self, fault: Fault) {
        if fault.times > 0 {
            self.0.push(fault);
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// What happens to this request; counts it off.
    pub fn take(&mut self, method: &str, path: &str) -> Option<FaultKind> {
        let index = self.0.iter().position(|fault| fault.is_for(method, path))?;
        let fault = &mut self.0[index];
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.times -= 1;
        let kind = fault.kind.clone();
        if fault.times == 0 {
            self.0.remove(index);
        }
        Some(kind)
    }
}
