//! Secrets from files, for running without a cluster. No value of one is ever in a finding (I9).

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use secrecy::{ExposeSecret, SecretString};

use super::Origin;
use crate::api::schema::Violation;
use crate::api::yaml::{Node, Value};

/// The values of a Secret.
#[derive(Clone, Default)]
pub struct SecretData {
    values: BTreeMap<String, SecretString>,
    pub origin: Origin,
}

impl SecretData {
    /// A Secret of these values.
    pub fn new(values: impl IntoIterator<Item = (String, SecretString)>) -> Self {
        Self { values: values.into_iter().collect(), origin: Origin::default() }
    }

    /// The value of a key without white space around it: a line break that `echo` or an editor has left is in no key or
    /// token. An empty value counts as missing.
    pub fn get(&self, key: &str) -> Option<SecretString> {
        let value = self.values.get(key)?.expose_secret().trim();
        (!value.is_empty()).then(|| SecretString::from(value))
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

impl fmt::Debug for SecretData {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.values.keys()).finish()
    }
}

/// Reads the values of a Secret: `stringData` as it stands, outweighing `data` in base64.
pub fn read(node: &Node, origin: Origin) -> (SecretData, Vec<Violation>) {
    let mut violations = Vec::new();
    let mut values = BTreeMap::new();
    for part in ["data", "stringData"] {
        for (key, line, value) in node.get(part).map(Node::entries).unwrap_or_default() {
            let field = format!("{part}.{key}");
            match text(value).and_then(|text| if part == "data" { decoded(text) } else { Ok(text.to_owned()) }) {
                Ok(text) => {
                    values.insert(key.clone(), SecretString::from(text));
                }
                Err((message, remedy)) => violations.push(Violation {
                    field,
                    line: *line,
                    message: message.to_owned(),
                    remedy: remedy.to_owned(),
                }),
            }
        }
    }
    (SecretData { values, origin }, violations)
}

type Wrong = (&'static str, &'static str);

fn text(node: &Node) -> Result<&str, Wrong> {
    match &node.value {
        Value::Text(text) => Ok(text),
        _ if node.is_null() => Ok(""),
        Value::Plain(..) => Err(("a text is needed; without quotes the value is none in YAML", "quote it")),
        _ => Err(("a text is needed", "write the value as a text")),
    }
}

fn decoded(text: &str) -> Result<String, Wrong> {
    let compact: String = text.split_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(compact)
        .map_err(|_| ("is not in base64", "encode it, or move it to stringData as it stands"))?;
    String::from_utf8(bytes).map_err(|_| ("is no text once decoded", "credentials are texts: encode the text itself"))
}
