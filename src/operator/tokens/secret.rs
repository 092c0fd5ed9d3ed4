//! What the token Secret holds, and the changes of it. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use serde_json::{Value, json};

use super::LOCK_ANNOTATION;
use crate::connectors::exact::{TokenKey, TokenRecord};

/// Records of former consents that are kept beside the present one: a user who takes back a change of the Secret finds the
/// consent of before alive.
const FORMER_MAX: usize = 2;
/// Digits of a key.
const KEY_LENGTH: usize = 64;

/// The Secret as it was seen last.
pub struct Seen {
    pub resource_version: Option<String>,
    data: BTreeMap<String, ByteString>,
    /// The lock's annotation, where there is one that is not empty.
    pub lock: Option<String>,
}

impl Seen {
    pub fn of(secret: Secret) -> Self {
        let lock = secret.metadata.annotations.and_then(|mut annotations| annotations.remove(LOCK_ANNOTATION));
        Self {
            resource_version: secret.metadata.resource_version,
            data: secret.data.unwrap_or_default(),
            lock: lock.filter(|lock| !lock.is_empty()),
        }
    }

    /// Whether `holder` holds the lock.
    pub fn is_held_by(&self, holder: &str) -> bool {
        self.lock.as_deref().and_then(|lock| lock.split(' ').next()) == Some(holder)
    }

    /// Whether this very record is kept under `key`.
    pub fn keeps(&self, key: &TokenKey, text: &[u8]) -> bool {
        self.data.get(key.as_str()).is_some_and(|kept| kept.0 == text)
    }
}

/// The record under `key`. The parser's error is for nobody: it could quote a token.
pub fn record_of(seen: &Seen, key: &TokenKey) -> Result<Option<TokenRecord>, serde_json::Error> {
    seen.data.get(key.as_str()).map(|text| serde_json::from_slice(&text.0)).transpose()
}

/// The change that makes `holder` the writer until `until`, or nobody.
pub fn lock_change(seen: &Seen, lock: Option<(&str, Timestamp)>) -> Value {
    let lock = lock.map(|(holder, until)| format!("{holder} {until:.0}"));
    json!({"metadata": {"resourceVersion": seen.resource_version, "annotations": {LOCK_ANNOTATION: lock}}})
}

/// The change that keeps `text` under `key`, renews the lock, and drops what is left of consents long past.
pub fn record_change(seen: &Seen, key: &TokenKey, text: &[u8], lock: (&str, Timestamp)) -> Value {
    let mut change = lock_change(seen, Some(lock));
    let mut data = serde_json::Map::new();
    data.insert(key.as_str().to_owned(), json!(ByteString(text.to_vec())));
    data.extend(outlived(seen, key).into_iter().map(|former| (former, Value::Null)));
    change["data"] = Value::Object(data);
    change
}

/// The keys of former consents, but for the newest few. What is no record of ours is left alone.
fn outlived(seen: &Seen, key: &TokenKey) -> Vec<String> {
    let is_key = |text: &str| text.len() == KEY_LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let obtained_at = |text: &ByteString| {
        let record: Option<TokenRecord> = serde_json::from_slice(&text.0).ok();
        record.and_then(|record| record.pair).map(|pair| pair.obtained_at)
    };
    let others = seen.data.iter().filter(|(name, _)| is_key(name) && *name != key.as_str());
    let mut others: Vec<_> = others.map(|(name, text)| (obtained_at(text), name.clone())).collect();
    others.sort();
    others.truncate(others.len().saturating_sub(FORMER_MAX));
    others.into_iter().map(|(_, name)| name).collect()
}
