//! The token request's form: fields that nobody knows are ignored, id and secret may come by HTTP Basic.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

use super::problem::Problem;

/// The fields of a token request.
#[derive(Debug)]
pub struct Form(HashMap<String, String>);

impl Form {
    /// From the body and the header `Authorization`.
    pub fn read(body: &[u8], authorization: Option<&str>) -> Self {
        let mut fields: HashMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
        if let Some((id, secret)) = authorization.and_then(basic) {
            fields.entry("client_id".to_owned()).or_insert(id);
            fields.entry("client_secret".to_owned()).or_insert(secret);
        }
        Self(fields)
    }

    /// A field that is there and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A field that must be there.
    pub fn need(&self, name: &str) -> Result<&str, Problem> {
        self.get(name).ok_or_else(|| Problem::missing(name))
    }
}

/// Id and secret, each of which is URL-encoded before they are joined.
fn basic(header: &str) -> Option<(String, String)> {
    let encoded = header.strip_prefix("Basic ")?;
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    Some((decoded(id), decoded(secret)))
}

fn decoded(text: &str) -> String {
    let field = format!("v={text}");
    form_urlencoded::parse(field.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}
