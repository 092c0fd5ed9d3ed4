//! What goes wrong at the token endpoint because a test asks for it.

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind", rename_all_fields = "camelCase")]
pub enum FaultKind {
    /// The token is made and lost with the connection.
    LoseAnswer,
    /// 503 in Entra's words, with `Retry-After` where seconds are given.
    Unavailable { retry_after: Option<u32> },
    /// 429 with `Retry-After`.
    TooManyRequests { retry_after: u32 },
    /// Conditional Access blocks the app.
    Blocked,
    /// The answer comes that much later.
    Slow { milliseconds: u64 },
}

/// A fault with how many requests it hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    #[serde(flatten)]
    pub kind: FaultKind,
    /// Requests that pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    #[serde(default = "once")]
    pub times: u32,
}

fn once() -> u32 {
    1
}

impl Fault {
    /// A fault that hits the next request.
    pub fn new(kind: FaultKind) -> Self {
        Self { kind, skip: 0, times: 1 }
    }

    /// Hits `times` requests.
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
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
    pub fn take(&mut self) -> Option<FaultKind> {
        let fault = self.0.first_mut()?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.times -= 1;
        let kind = fault.kind;
        if fault.times == 0 {
            self.0.remove(0);
        }
        Some(kind)
    }
}
