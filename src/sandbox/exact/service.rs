//! The REST API behind its token and its limits: from a request to an answer, under the world's lock.

use std::collections::HashMap;

use uuid::Uuid;

use super::answer::{Answer, Failure};
use super::world::World;
use super::{calls::CallRecord, consent, read, route, write};

/// Longest URL that the vendor takes, after encoding.
const URL_MAX: usize = 6_000;

/// A request, with the headers that matter.
#[derive(Clone, Debug)]
pub struct ApiRequest {
    pub method: String,
    /// As it came, still encoded.
    pub path: String,
    pub query: String,
    pub accept: String,
    pub authorization: Option<String>,
    pub content_type: String,
    pub prefer: String,
    pub body: Vec<u8>,
}

impl ApiRequest {
    /// The options of the query, decoded.
    pub fn options(&self) -> Vec<(String, String)> {
        pairs(self.query.as_bytes())
    }

    /// Whether the client asked for JSON; else it gets Atom.
    pub fn wants_json(&self) -> bool {
        self.accept.contains("application/json") || self.options().contains(&("$format".to_owned(), "json".to_owned()))
    }

    /// Whether the answer to a POST is to be filled.
    pub fn wants_representation(&self) -> bool {
        self.prefer.split(',').any(|part| part.trim() == "return=representation")
    }

    fn form(&self) -> HashMap<String, String> {
        pairs(&self.body).into_iter().collect()
    }
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// A path without its percent-encoding.
fn decoded(path: &str) -> String {
    let escaped = path.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(escaped.as_bytes()).next().map(|(text, _)| text.into_owned()).unwrap_or_default()
}

/// Answers a request and records the call.
pub fn answer(world: &mut World, request: &ApiRequest) -> Answer {
    let path = decoded(&request.path);
    let answer = match (request.method.as_str(), path.as_str()) {
        ("POST", "/api/oauth2/token") => token(world, request),
        ("GET", "/api/oauth2/auth") => consent::page(&request.options()),
        ("POST", "/api/oauth2/auth") => consent::decide(world, &request.form()),
        ("GET", "/docs/SysAttachment.aspx") => attachment(world, request),
        (_, path) if path.starts_with("/api/v1/") => api(world, request, path),
        _ => Answer::empty(404),
    };
    record(world, request, answer.status);
    answer
}

/// Records a call.
pub fn record(world: &mut World, request: &ApiRequest, status: u16) {
    let path = decoded(&request.path);
    let division = route::parse(&path).and_then(|route| route.division);
    let at = world.now();
    world.calls.push(CallRecord { method: request.method.clone(), path, division, status, at });
}

/// The file of an attachment, at the address that its row gives.
fn attachment(world: &World, request: &ApiRequest) -> Answer {
    if !world.oauth.admits(request.authorization.as_deref(), world.now()) {
        return Answer::empty(401);
    }
    let options: HashMap<String, String> = request.options().into_iter().collect();
    let id = options.get("ID").and_then(|id| Uuid::parse_str(id).ok());
    let division = options.get("_Division_").and_then(|code| code.parse::<i32>().ok());
    let division = division.and_then(|code| world.divisions.get(&code)).filter(|division| !division.no_access);
    match division.zip(id).and_then(|(division, id)| division.attachments.get(&id)) {
        Some(bytes) => Answer::file("application/octet-stream", bytes.clone()),
        None => Answer::empty(404),
    }
}

fn token(world: &mut World, request: &ApiRequest) -> Answer {
    let (now, unlimited) = (world.now(), !world.quotas.enabled);
    world.oauth.token(&request.form(), request.authorization.as_deref(), now, unlimited)
}

fn api(world: &mut World, request: &ApiRequest, path: &str) -> Answer {
    if request.path.len() + request.query.len() + world.public_url.len() > URL_MAX {
        return Answer::empty(414);
    }
    let Some(route) = route::parse(path) else { return Answer::empty(404) };
    let (now, quotas) = (world.now(), world.quotas);
    if !world.oauth.admits(request.authorization.as_deref(), now) {
        world.meters.note_error(quotas, route.division, &route.path, now);
        return Answer::empty(401).with_header("WWW-Authenticate", "Bearer");
    }
    let headers = match route.division.map(|division| world.meters.admit(quotas, division, now)) {
        Some(Err(too_many)) => return too_many,
        Some(Ok(headers)) => headers,
        None => Vec::new(),
    };
    let mut answer = if world.meters.is_blocked(quotas, route.division, &route.path, now) {
        Answer::empty(429)
    } else {
        dispatch(world, request, &route).unwrap_or_else(|failure| failure.into_answer(world.language))
    };
    if matches!(answer.status, 400 | 401 | 403 | 404) {
        world.meters.note_error(quotas, route.division, &route.path, now);
    }
    answer.headers.extend(headers);
    answer
}

fn dispatch(world: &mut World, request: &ApiRequest, route: &route::Route) -> Result<Answer, Failure> {
    if let Some(division) = route.division {
        let forbidden = || Failure::Request(403, "Forbidden".to_owned());
        let known = world.divisions.get(&division).ok_or_else(forbidden)?;
        if known.no_access {
            return Err(forbidden());
        }
    }
    if request.method == "GET" { read::get(world, request, route) } else { write::change(world, request, route) }
}
