//! Faults that a test puts in the way: what a network and a busy vendor do to an honest client.

use serde::{Deserialize, Serialize};

/// A fault and the requests it meets. In JSON: `{"kind": "slowBody", "pauseMs": 50, "method": "GET"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    #[serde(flatten)]
    pub kind: FaultKind,
    /// Only requests of this method (`GET`, `POST`); any when absent.
    #[serde(default)]
    pub method: Option<String>,
    /// Only requests whose path below `/api/v2` contains this (`/invoices`); any when absent.
    #[serde(default)]
    pub path_contains: Option<String>,
    /// How many matching requests pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// How many requests are met before the fault is over.
    #[serde(default = "once")]
    pub times: u32,
}

fn once() -> u32 {
    1
}

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind", rename_all_fields = "camelCase")]
pub enum FaultKind {
    /// The request is carried out, then the connection breaks before the answer arrives.
    LoseAnswer,
    /// The connection breaks before the request is carried out.
    LoseRequest,
    /// 429 `api_request_limit_exceeded`, with or without `Retry-After` in seconds.
    TooManyRequests { retry_after: Option<u32> },
    /// 429 `lock_timeout`: another write holds the resource.
    LockTimeout,
    /// 503 with an HTML page.
    UnavailableHtml,
    /// 503 with plain text.
    UnavailableText,
    /// 500 with an HTML page.
    ErrorHtml,
    /// 500 with Chargebee's JSON error body.
    ErrorJson,
    /// 200 with an HTML page in place of JSON, as a proxy's login page would be.
    HtmlBody,
    /// The right answer, its body in sixteen pieces with `pause_ms` before each.
    SlowBody { pause_ms: u64 },
    /// 200 with a JSON body of this many megabytes.
    HugeBody { megabytes: u32 },
    /// The right answer cut off in the middle of its body.
    CutBody,
    /// A list whose `next_offset` leads to the same page once more.
    RepeatPage,
    /// A list page whose rows come in reverse.
    UnorderedPage,
}

impl Fault {
    /// A fault for the next request of any kind.
    pub fn new(kind: FaultKind) -> Self {
        Self { kind, method: None, path_contains: None, skip: 0, times: 1 }
    }

    /// The same fault for requests of one method whose path contains `path` only.
    pub fn on(self, method: &str, path: &str) -> Self {
        Self { method: Some(method.to_owned()), path_contains: Some(path.to_owned()), ..self }
    }

    /// The same fault, `times` times.
    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    /// The same fault, after `skip` matching requests have passed.
    pub fn after(self, skip: u32) -> Self {
        Self { skip, ..self }
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        let method_fits = self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
        method_fits && self.path_contains.as_deref().is_none_or(|part| path.contains(part))
    }
}

/// The faults that are waiting, in the order in which they were put in.
#[derive(Debug, Default)]
pub(super) struct Faults {
    waiting: Vec<Fault>,
}

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        self.waiting.push(fault);
    }

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// The fault that meets this request, if one does.
    pub(super) fn meet(&mut self, method: &str, path: &str) -> Option<FaultKind> {
        self.waiting.retain(|fault| fault.times > 0);
        let fault = self.waiting.iter_mut().find(|fault| fault.matches(method, path))?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.times -= 1;
        Some(fault.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_meets_only_its_own_requests_and_only_so_often() {
        let mut faults = Faults::default();
        faults.add(Fault::new(FaultKind::LockTimeout).on("POST", "/invoices").after(1).times(2));
        assert_eq!(faults.meet("GET", "/invoices"), None);
        let met: Vec<bool> = (0..4).map(|_| faults.meet("POST", "/invoices/1/void").is_some()).collect();
        assert_eq!(met, [false, true, true, false]);
    }

    #[test]
    fn a_fault_is_written_in_json_as_the_admin_interface_takes_it() {
        let fault: Fault = serde_json::from_str(r#"{"kind":"tooManyRequests","retryAfter":null}"#).unwrap();
        assert_eq!(fault, Fault::new(FaultKind::TooManyRequests { retry_after: None }));
        assert_eq!(serde_json::from_str::<Fault>(r#"{"kind":"loseAnswer","pathContains":"/x"}"#).unwrap().times, 1);
    }
}
