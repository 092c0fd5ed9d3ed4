//! What the user may do in a division: a list without right to it can come as an empty one (exact-online.md §5), so that no
//! rows are no proof that there are none.

use serde::Deserialize;

use super::call::Call;
use super::client::ExactClient;
use super::query::{Query, resource_url, string};
use crate::connectors::http::{CallError, CallResult};

const RIGHTS: &str = "users/UserHasRights";

#[derive(Deserialize)]
struct Answered {
    d: Right,
}

#[derive(Deserialize)]
struct Right {
    #[serde(rename = "UserHasRights")]
    has: bool,
}

impl ExactClient {
    /// Whether the user may read `resource` of the division; `None` where the vendor does not tell.
    ///
    /// # Errors
    /// As every call, but for a question that the vendor does not understand.
    pub async fn may_read(&self, division: i32, resource: &str) -> CallResult<Option<bool>> {
        let mut url = resource_url(&self.inner.site, Some(division), RIGHTS, &Query::default());
        url.query_pairs_mut().append_pair("endpoint", &string(resource)).append_pair("action", &string("GET"));
        match self.call(&Call::get(Some(division), RIGHTS, url)).await {
            Ok(answer) => Ok(serde_json::from_slice::<Answered>(&answer.body).ok().map(|answered| answered.d.has)),
            Err(CallError::Rejected { .. } | CallError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
