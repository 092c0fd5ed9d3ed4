//! One request from its token to its answer: who calls, whether the limits let it in, and what it asks for.

use uuid::Uuid;

use super::answer::Answer;
use super::call::{Call, Context};
use super::calls::CallRecord;
use super::failure::{Failure, Outcome};
use super::org::Org;
use super::{batch, dispatch, path};

/// Who calls, as the token says it.
pub struct Caller {
    pub client_id: Uuid,
    /// The application user of the client.
    pub user: Uuid,
}

/// Finds out who calls.
///
/// # Errors
/// The answer instead: 401 without a token for this organisation, 403 for an application without a user here.
pub fn authenticate(org: &Org, call: &Call) -> Result<Caller, Box<Answer>> {
    let token = call.header("authorization").and_then(|header| header.strip_prefix("Bearer "));
    let bearer = token.and_then(|token| org.entra.bearer(token.trim()));
    let bearer = bearer.filter(|bearer| bearer.tenant == org.tenant && org.authorities.contains(&bearer.authority));
    let Some(bearer) = bearer else { return Err(Box::new(unauthorized(org, call))) };
    let is_user = |row: &&std::sync::Arc<super::store::Row>| row.id_of("applicationid") == Some(bearer.client_id);
    let user = org.store.rows("systemuser").find(is_user);
    let is_enabled =
        |row: &&std::sync::Arc<super::store::Row>| row.get("isdisabled") != Some(&super::cell::Cell::Bool(true));
    match user.filter(is_enabled) {
        Some(user) => Ok(Caller { client_id: bearer.client_id, user: user.id }),
        None => Err(Box::new(Answer::failure(&Failure::not_a_member(), false))),
    }
}

fn unauthorized(org: &Org, call: &Call) -> Answer {
    let challenge = format!(
        "Bearer authorization_uri={}/{}/oauth2/authorize, resource_id={}/",
        org.authority_url, org.tenant, call.origin
    );
    Answer { status: 401, ..Answer::empty() }.with("www-authenticate", challenge)
}

/// Carries out a request of a caller that was let in, and tells how many rows or parts it had.
pub fn answer(org: &mut Org, call: &Call, caller: &Caller) -> (Answer, usize) {
    org.go_on();
    let base = path::split_base(&call.path).map(|(base, _)| format!("{}{base}", call.origin)).unwrap_or_default();
    let outcome = impersonated(org, call, caller).and_then(|user| {
        let context = Context::new(user, base);
        match path::split_base(&call.path) {
            Some((_, "$batch" | "%24batch")) => batch::answer(org, &context, call),
            Some(_) => dispatch::answer(org, &context, call),
            None => Err(Failure::no_segment(&call.path)),
        }
    });
    match outcome {
        Ok(done) => (done.answer, done.items),
        Err(failure) => (Answer::failure(&failure, call.prefer().annotates("Microsoft.PowerApps.CDS.TraceText")), 1),
    }
}

/// Whom the caller acts for: itself, or a user that the headers name.
fn impersonated(org: &Org, call: &Call, caller: &Caller) -> Outcome<Uuid> {
    let named = match (call.header("callerobjectid"), call.header("mscrmcallerid")) {
        (Some(text), _) => Some(("azureactivedirectoryobjectid", text)),
        (None, Some(text)) => Some(("systemuserid", text)),
        (None, None) => None,
    };
    let Some((column, text)) = named else { return Ok(caller.user) };
    let context = Context::new(caller.user, String::new());
    org.need_named(&context, "prvActOnBehalfOfAnotherUser")?;
    let id: Uuid = text.parse().map_err(|_| Failure::argument("The caller's id is malformed."))?;
    let user = org.store.rows("systemuser").find(|row| row.id_of(column) == Some(id));
    user.map(|user| user.id).ok_or_else(Failure::not_a_member)
}

/// Remembers a request.
pub fn record(org: &mut Org, call: &Call, query: &str, client_id: Option<Uuid>, answer: &Answer, items: usize) {
    let code = (answer.status >= 400).then(|| serde_json::from_slice::<serde_json::Value>(&answer.body).ok()).flatten();
    let code = code.and_then(|body| body["error"]["code"].as_str().map(str::to_owned));
    let below = path::split_base(&call.path).map_or(call.path.as_str(), |(_, below)| below);
    let record = CallRecord {
        method: call.method.clone(),
        path: below.to_owned(),
        query: query.to_owned(),
        status: answer.status,
        code,
        client_id,
        items,
        at: org.clock.now(),
    };
    org.calls.push(record);
}
