//! Chargebee's error bodies: `message`, `type`, `api_error_code`, `param`, and their older twins.

use serde_json::{Value, json};

/// An error answer. `kind` is the body's `type`, which Chargebee leaves out for untyped errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiError {
    pub status: u16,
    kind: Option<&'static str>,
    code: &'static str,
    message: String,
    param: Option<String>,
}

impl ApiError {
    fn new(status: u16, kind: Option<&'static str>, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, code, message: message.into(), param: None }
    }

    fn at(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// 400 `param_wrong_value`, naming the parameter as it was sent.
    pub(super) fn wrong_value(param: &str, problem: &str) -> Self {
        Self::new(400, Some("invalid_request"), "param_wrong_value", format!("{param} : {problem}")).at(param)
    }

    /// 400 `duplicate_entry`: the id is taken.
    pub(super) fn duplicate(param: &str, value: &str) -> Self {
        let message = format!("{param} : The value {value} is already present.");
        Self::new(400, Some("invalid_request"), "duplicate_entry", message).at(param)
    }

    /// 401, without a type.
    pub(super) fn unauthorized() -> Self {
        Self::new(401, None, "api_authentication_failed", "Sorry, authentication failed. Invalid API key.")
    }

    /// 404 `resource_not_found` for a row.
    pub(super) fn not_found(id: &str) -> Self {
        Self::new(404, Some("invalid_request"), "resource_not_found", format!("{id} not found"))
    }

    /// 404 for a path that names no operation.
    pub(super) fn no_such_path(path: &str) -> Self {
        Self::new(404, None, "resource_not_found", format!("Sorry, we couldn't find that resource: {path}"))
    }

    /// 405: the path exists, with another method.
    pub(super) fn wrong_method(method: &str) -> Self {
        let message = format!("HTTP method {method} is not supported for this request");
        Self::new(405, Some("invalid_request"), "http_method_not_supported", message)
    }

    /// 409: the document is in a state that does not allow the call.
    pub(super) fn wrong_state(message: impl Into<String>) -> Self {
        Self::new(409, Some("invalid_request"), "invalid_state_for_request", message)
    }

    /// 422: an idempotency key was used again for another request.
    pub(super) fn key_reused() -> Self {
        let message = "The idempotency key was used already with another request.";
        Self::new(422, Some("invalid_request"), "unable_to_process_request", message)
    }

    /// 429 for the per-minute or the concurrent ceiling.
    pub(super) fn too_many_requests() -> Self {
        let message = "Sorry, access has been blocked temporarily due to request count exceeding acceptable limits.";
        Self::new(429, Some("operation_failed"), "api_request_limit_exceeded", message)
    }

    /// 429 that has nothing to do with quota: another write holds the resource.
    pub(super) fn lock_timeout() -> Self {
        let message = "Another operation on this resource is in progress. Please try again.";
        Self::new(429, Some("operation_failed"), "lock_timeout", message)
    }

    /// The JSON body, with the older twins of `api_error_code` and `message`.
    pub(super) fn body(&self) -> Value {
        let mut body = json!({
            "message": self.message,
            "api_error_code": self.code,
            "error_code": self.code,
            "error_msg": self.message,
            "http_status_code": self.status,
        });
        if let Some(kind) = self.kind {
            body["type"] = kind.into();
        }
        if let Some(param) = &self.param {
            body["param"] = param.as_str().into();
            body["error_param"] = param.as_str().into();
        }
        body
    }
}
