//! An API server for unit tests: a few objects, versions that every write raises, and faults on demand.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use http::{Method, Request, Response};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

/// What befalls a request.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// It is refused with this status.
    Refused(u16),
    /// It is carried out, and the answer is lost.
    AnswerLost,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: Method,
    /// With its query.
    pub path: String,
    pub body: Value,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Value>,
    requests: Vec<Seen>,
    /// For the next requests of this method.
    faults: VecDeque<(Method, Fault)>,
    version: u64,
}

/// Clones share the objects.
#[derive(Clone, Default)]
pub struct FakeApi {
    state: Arc<Mutex<State>>,
}

impl FakeApi {
    pub fn client(&self) -> Client {
        let api = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let api = api.clone();
            async move { api.answer(request).await }
        });
        Client::new(service, "default")
    }

    /// Puts an object at a path such as `/api/v1/namespaces/default/secrets/x`.
    pub fn put(&self, path: &str, mut object: Value) {
        let mut state = self.state();
        state.version += 1;
        object["metadata"]["resourceVersion"] = json!(state.version.to_string());
        state.objects.insert(path.to_owned(), object);
    }

    pub fn get(&self, path: &str) -> Option<Value> {
        self.state().objects.get(path).cloned()
    }

    /// Merges a change by someone else into an object.
    pub fn change(&self, path: &str, change: &Value) {
        let mut object = self.get(path).unwrap_or_default();
        merge(&mut object, change);
        self.put(path, object);
    }

    /// Lets the next requests of `method` meet these faults, one each.
    pub fn faults(&self, method: &Method, faults: impl IntoIterator<Item = Fault>) {
        self.state().faults.extend(faults.into_iter().map(|fault| (method.clone(), fault)));
    }

    pub fn requests(&self) -> Vec<Seen> {
        self.state().requests.clone()
    }

    /// The requests that change something.
    pub fn writes(&self) -> Vec<Seen> {
        self.requests().into_iter().filter(|request| request.method != Method::GET).collect()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn list(&self, path: &str) -> Value {
        let state = self.state();
        let within = state.objects.iter().filter(|(name, _)| name.starts_with(&format!("{path}/")));
        json!({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": within.map(|(_, one)| one).collect::<Vec<_>>()})
    }

    /// The paths of all objects that have this in them.
    pub fn paths(&self, part: &str) -> Vec<String> {
        self.state().objects.keys().filter(|path| path.contains(part)).cloned().collect()
    }

    /// Deletes an object.
    pub fn remove(&self, path: &str) {
        self.state().objects.remove(path);
    }

    async fn answer(&self, request: Request<Body>) -> Result<Response<Body>, std::io::Error> {
        let (parts, body) = request.into_parts();
        let bytes = body.collect_bytes().await.unwrap_or_default();
        let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let path = parts.uri.path().to_owned();
        let fault = {
            let mut state = self.state();
            let full = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
            state.requests.push(Seen { method: parts.method.clone(), path: full, body: body.clone() });
            let hit = state.faults.front().is_some_and(|(method, _)| *method == parts.method);
            if hit { state.faults.pop_front().map(|(_, fault)| fault) } else { None }
        };
        if let Some(Fault::Refused(code)) = fault {
            return Ok(refusal(code));
        }
        let answer = self.carry_out(&parts.method, &path, &body);
        match fault {
            Some(Fault::AnswerLost) => Err(std::io::Error::other("connection reset")),
            _ => Ok(answer),
        }
    }

    fn carry_out(&self, method: &Method, path: &str, body: &Value) -> Response<Body> {
        let stored = path.strip_suffix("/status").unwrap_or(path);
        let object = self.get(stored);
        match (method, object) {
            (&Method::GET, Some(object)) => success(&object),
            (&Method::POST, _) => success(body),
            (&Method::GET, None) if LISTED.iter().any(|kind| path.ends_with(kind)) => success(&self.list(path)),
            (_, None) => refusal(404),
            (_, Some(mut object)) => {
                let version = &body["metadata"]["resourceVersion"];
                if version.is_string() && *version != object["metadata"]["resourceVersion"] {
                    return refusal(409);
                }
                match *method {
                    Method::PUT => object = body.clone(),
                    _ => merge(&mut object, body),
                }
                self.put(stored, object);
                success(&self.get(stored).unwrap_or_default())
            }
        }
    }
}

/// Collections that can be listed.
const LISTED: [&str; 2] = ["/entitymappings", "/revenuerules"];

fn success(object: &Value) -> Response<Body> {
    Response::new(Body::from(object.to_string().into_bytes()))
}

fn refusal(code: u16) -> Response<Body> {
    let reason = match code {
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        _ => "Other",
    };
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": format!("refused with {code}")});
    let mut response = success(&status);
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or_default();
    response
}

/// A merge patch: null removes.
fn merge(target: &mut Value, change: &Value) {
    let Value::Object(change) = change else {
        *target = change.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in change {
        if value.is_null() {
            target.as_object_mut().map(|target| target.remove(key));
        } else {
            merge(&mut target[key], value);
        }
    }
}
