//! The site's state behind its lock: rows, limits, keys, faults and calls, and how a change is saved with its event.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::calls::CallLog;
use super::error::ApiError;
use super::faults::Faults;
use super::idempotency;
use super::limits::{Limits, Window};
use super::store::{Kind, Store};

/// Everything that a request may read or change.
#[derive(Debug)]
pub(super) struct Site {
    pub store: Store,
    pub limits: Limits,
    pub window: Window,
    pub keys: idempotency::Keys,
    pub faults: Faults,
    pub calls: CallLog,
    pub domain: String,
    pub zone: TimeZone,
    pub zone_name: String,
    /// Last number given to an invoice, and the text before it.
    pub numbers: Numbers,
}

/// Who makes a change, when, and for which business entity.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller<'a> {
    pub now: Timestamp,
    /// The event's `source`: `api` or `admin_console`.
    pub source: &'static str,
    /// The header `chargebee-business-entity-id`.
    pub entity: Option<&'a str>,
}

impl Caller<'_> {
    /// Unix seconds.
    pub(super) fn seconds(&self) -> i64 {
        self.now.as_second()
    }
}

/// The invoice number series: a prefix and digits.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    pub prefix: String,
    pub width: usize,
    pub last: u64,
}

impl Numbers {
    /// The series that goes on after `number`, its trailing digits counted up.
    pub(super) fn after(number: &str) -> Self {
        let prefix = number.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = &number[prefix.len()..];
        Self { prefix: prefix.to_owned(), width: digits.len(), last: digits.parse().unwrap_or(0) }
    }

    /// The next number.
    pub(super) fn next(&mut self) -> String {
        self.last += 1;
        format!("{}{:0width$}", self.prefix, self.last, width = self.width)
    }
}

impl Site {
    /// A row that the caller may see and change.
    ///
    /// # Errors
    /// 404.
    pub(super) fn fetch(&self, kind: Kind, id: &str, caller: Caller<'_>) -> Result<Value, ApiError> {
        self.store.visible(kind, id, caller.entity).map(|row| row.value())
    }

    /// Saves a changed row: new times, new version.
    pub(super) fn save(&mut self, kind: Kind, row: &mut Value, caller: Caller<'_>) {
        self.store.put_changed(kind, row, caller.now.as_millisecond());
    }

    /// Records that something happened. `content` is a snapshot: what the rows look like now.
    pub(super) fn emit(&mut self, event_type: &str, content: Value, caller: Caller<'_>) {
        let event = json!({
            "id": self.store.new_id("ev_"),
            "occurred_at": caller.seconds(),
            "source": caller.source,
            "event_type": event_type,
            "api_version": "v2",
            "webhook_status": "not_configured",
            "webhooks": [],
            "content": content,
            "object": "event",
        });
        // An event always has an id, so it is always kept.
        let _ = self.store.put_text(Kind::Event, &event.to_string());
    }

    /// Saves a row and records its event, the row being the only content.
    pub(super) fn save_and_emit(&mut self, kind: Kind, row: &mut Value, event_type: &str, caller: Caller<'_>) {
        self.save(kind, row, caller);
        self.emit(event_type, json!({ kind.object(): row }), caller);
    }
}

/// `{"customer": …}`.
pub(super) fn wrapped(kind: Kind, row: &Value) -> String {
    json!({ kind.object(): row }).to_string()
}
