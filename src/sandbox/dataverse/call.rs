//! A request as the Web API reads it: whole, or as a part of a batch.

use std::collections::HashMap;

use serde_json::Value;
use url::form_urlencoded;
use uuid::Uuid;

use super::failure::{Failure, Outcome};

/// The query of a URL, decoded.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(text: &str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }

    /// The value of an option, with parameter aliases such as `@p1` resolved.
    pub fn resolved(&self, value: &str) -> String {
        if value.starts_with('@') { self.get(value).unwrap_or(value).to_owned() } else { value.to_owned() }
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

/// A request.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: String,
    /// Scheme, host and port as the client used them.
    pub origin: String,
    /// Without the query, still encoded.
    pub path: String,
    pub query: Query,
    /// Names in lower case.
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Call {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The body as a JSON object; none is an empty one.
    pub fn json(&self) -> Outcome<Value> {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Value::Object(serde_json::Map::new()));
        }
        let content_type = self.header("content-type").unwrap_or_default();
        if !content_type.contains("json") {
            let message =
                format!("A supported MIME type could not be found that matches the content type '{content_type}'.");
            return Err(Failure::new(415, "0x0", message));
        }
        match serde_json::from_slice(&self.body) {
            Ok(value @ Value::Object(_)) => Ok(value),
            Ok(_) => Err(Failure::new(400, "0x80048d19", "The payload is not a JSON object.")),
            Err(error) => {
                Err(Failure::new(400, "0x80048d19", format!("Error reading JObject from JsonReader: {error}")))
            }
        }
    }

    pub fn prefer(&self) -> Prefer {
        self.header("prefer").map(Prefer::parse).unwrap_or_default()
    }
}

/// What the header `Prefer` asks for.
#[derive(Clone, Debug, Default)]
pub struct Prefer {
    pub representation: bool,
    pub page_size: Option<usize>,
    /// `*`, or a list of annotations.
    pub annotations: Option<String>,
    pub track_changes: bool,
    pub continue_on_error: bool,
}

impl Prefer {
    fn parse(text: &str) -> Self {
        let mut prefer = Self::default();
        for part in split_outside_quotes(text) {
            let (name, value) =
                part.split_once('=').map_or((part.as_str(), ""), |(name, value)| (name.trim(), value.trim()));
            match name.trim().trim_start_matches("odata.") {
                "return" => prefer.representation = value == "representation",
                "maxpagesize" => prefer.page_size = value.parse().ok().filter(|size| *size > 0),
                "include-annotations" => prefer.annotations = Some(value.trim_matches('"').to_owned()),
                "track-changes" => prefer.track_changes = true,
                "continue-on-error" => prefer.continue_on_error = value != "false",
                _ => {}
            }
        }
        prefer
    }

    /// Whether annotations of this name are asked for.
    pub fn annotates(&self, name: &str) -> bool {
        let matches = |pattern: &str| match pattern.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == pattern,
        };
        self.annotations.as_deref().is_some_and(|list| list.split(',').any(|pattern| matches(pattern.trim())))
    }

    /// The header that tells what was heeded; empty where nothing was.
    pub fn applied(&self) -> String {
        let mut parts = Vec::new();
        if self.representation {
            parts.push("return=representation".to_owned());
        }
        if let Some(size) = self.page_size {
            parts.push(format!("odata.maxpagesize={size}"));
        }
        if let Some(annotations) = &self.annotations {
            parts.push(format!("odata.include-annotations=\"{annotations}\""));
        }
        if self.track_changes {
            parts.push("odata.track-changes".to_owned());
        }
        parts.join(",")
    }
}

fn split_outside_quotes(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for character in text.chars() {
        quoted ^= character == '"';
        if character == ',' && !quoted {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(character);
        }
    }
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// Who calls and how, the same for all parts of a batch.
#[derive(Clone, Debug)]
pub struct Context {
    /// The `systemuser` row.
    pub caller: Uuid,
    /// `https://host/api/data/v9.2`, for links in answers.
    pub base: String,
    /// Rows that earlier parts of the change set made, by Content-ID: entity set and id.
    pub made: HashMap<String, (String, Uuid)>,
    /// Custom plug-ins are passed by.
    pub bypasses: bool,
}

impl Context {
    /// For `caller`, with links below `base`.
    pub fn new(caller: Uuid, base: String) -> Self {
        Self { caller, base, made: HashMap::new(), bypasses: false }
    }

    /// A link to a row.
    pub fn link(&self, set: &str, id: Uuid) -> String {
        format!("{}/{set}({id})", self.base)
    }
}
