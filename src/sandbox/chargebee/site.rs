//! The site's state behind its lock: rows, limits, keys, faults and calls, and how a change is saved with its event.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::calls::CallLog;
use super::error::ApiError;
use super::faults::Faults;
use super::idempotency;
use super::limits::{Limits, Window};
use super::params::{Params, parse_bool};
use super::pdf::Downloads;
use super::settings::Settings;
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
    pub settings: Settings,
    /// The last numbers given, by business entity; the default one has no id.
    pub series: BTreeMap<Option<String>, Series>,
    /// The site's past is still being played.
    pub is_opening: bool,
    /// What is open to be downloaded for a while.
    pub downloads: Downloads,
}

/// The numbers of one business entity's documents.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub invoices: Numbers,
    pub notes: Numbers,
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

/// A number series: a prefix and digits.
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
    /// The next number for an invoice of this business entity.
    pub(super) fn next_invoice(&mut self, entity: Option<&str>) -> String {
        self.series_of(entity).invoices.next()
    }

    /// The next number for a credit note of this business entity.
    pub(super) fn next_note(&mut self, entity: Option<&str>) -> String {
        self.series_of(entity).notes.next()
    }

    /// An entity without a series of its own gives numbers that begin with its id.
    fn series_of(&mut self, entity: Option<&str>) -> &mut Series {
        let new = || {
            let id = entity.map_or_else(String::new, |entity| format!("{}-", entity.to_uppercase()));
            let after = |name: &str| Numbers::after(&format!("{id}{name}-00000"));
            Series { invoices: after("INV"), notes: after("CN") }
        };
        self.series.entry(entity.map(str::to_owned)).or_insert_with(new)
    }

    /// What the site's owner switches.
    pub(super) fn change_settings(&mut self, params: &Params) -> String {
        if let Some(is_on) = params.text("void_note").and_then(parse_bool) {
            self.settings.void_note = is_on;
        }
        json!({"settings": self.settings}).to_string()
    }

    /// When an act of `at` happens: at its own time while the site has no other history, later by the clock.
    pub(super) fn present(&self, at: Timestamp, now: Timestamp) -> Timestamp {
        if self.is_opening { at.min(now) } else { now }
    }

    /// A new id of a row.
    pub(super) fn new_id(&mut self, prefix: &str) -> String {
        self.store.new_id(prefix)
    }

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
