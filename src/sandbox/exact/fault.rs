//! Faults that a test asks for: what goes wrong between the books and the client, for which request, how often.

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind", rename_all_fields = "camelCase")]
pub enum FaultKind {
    /// The request is carried out and the connection closed without an answer. On the token endpoint: the token is
    /// rotated and the new pair lost.
    LoseAnswer,
    /// Nothing is done until released; a client that goes away before that has done nothing.
    HangBefore,
    /// The request is carried out; the answer waits until released.
    HangAfter,
    /// 503 with an HTML page; nothing is done.
    Unavailable,
    /// 500 with the vendor's sentence for an internal error; nothing is done.
    InternalProblem,
    /// The same sentence, but the request was carried out.
    InternalProblemAfter,
    /// 429; with the headers of the minute limit or without any.
    TooManyRequests { headers: bool },
    /// 401 with an empty body; nothing is done.
    Unauthorized,
    /// 403 with an empty body: no right to the resource; nothing is done.
    Forbidden,
    /// The answer's body comes in pieces of `chunk_bytes`, one every `pause_ms`.
    SlowBody { chunk_bytes: usize, pause_ms: u64 },
    /// A body of that many megabytes of JSON instead of the answer.
    HugeBody { megabytes: usize },
    /// 200 with an HTML page instead of JSON; nothing is done.
    HtmlBody,
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
    /// Adds one.
    pub fn add(&mut self, fault: Fault) {
        if fault.times > 0 {
            self.0.push(fault);
        }
    }

    /// Forgets all.
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
        let kind = fault.kind;
        if fault.times == 0 {
            self.0.remove(index);
        }
        Some(kind)
    }
}
