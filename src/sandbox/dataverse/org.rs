//! An organisation: schema, database, users, and what tests have asked for.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::calls::CallRecord;
use super::failure::{Failure, Outcome};
use super::fault::Faults;
use super::limits::Throttle;
use super::schema::{KeyStatus, Schema, Table};
use super::security::Security;
use super::store::Store;
use crate::sandbox::clock::SandboxClock;
use crate::sandbox::entra::EntraSandbox;

/// How long the service takes for what it does later, by the sandbox's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pace {
    /// Until the job that builds a key's index begins.
    pub key_pending_seconds: i64,
    /// How long that job takes.
    pub key_building_seconds: i64,
    /// How much later than `Consistency: Strong` a plain read sees new metadata.
    pub metadata_lag_seconds: i64,
    /// Real time that a customization takes; others are refused meanwhile.
    pub customization_milliseconds: u64,
}

impl Pace {
    /// About what the vendor's users see.
    pub fn vendor() -> Self {
        Self {
            key_pending_seconds: 5,
            key_building_seconds: 10,
            metadata_lag_seconds: 30,
            customization_milliseconds: 20,
        }
    }

    /// Everything at once.
    pub fn immediate() -> Self {
        Self { key_pending_seconds: 0, key_building_seconds: 0, metadata_lag_seconds: 0, customization_milliseconds: 0 }
    }
}

/// A plug-in of the organisation's own that refuses rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlugIn {
    pub table: String,
    pub column: String,
    /// The text that the column must not have.
    pub value: String,
    /// What the plug-in says.
    pub message: String,
}

/// All that an organisation is.
#[derive(Debug)]
pub struct Org {
    pub name: String,
    pub id: Uuid,
    pub tenant: Uuid,
    pub clock: SandboxClock,
    pub entra: EntraSandbox,
    /// Where the tenant's tokens come from, for the header of a 401.
    pub authority_url: String,
    /// `host:port` by which the organisation is reached.
    pub authorities: BTreeSet<String>,
    pub schema: Schema,
    pub store: Store,
    pub security: Security,
    pub pace: Pace,
    pub throttle: Throttle,
    pub faults: Faults,
    pub calls: Vec<CallRecord>,
    pub plug_ins: Vec<PlugIn>,
    pub unit: Uuid,
    pub base_currency: Uuid,
    /// The person who set the organisation up.
    pub administrator: Uuid,
    /// Keys stay pending while held.
    pub keys_held: bool,
    /// A customization is under way.
    pub customizing: bool,
    /// A test keeps the lock of customizations.
    pub customization_held: bool,
    /// Delta tokens up to this version are taken as expired.
    pub expired_version: Option<u64>,
    pub numbers: BTreeMap<&'static str, u64>,
}

impl Org {
    pub fn now(&self) -> Timestamp {
        let now = self.clock.now();
        // Times are stored to the second.
        Timestamp::from_second(now.as_second()).unwrap_or(now)
    }

    /// The table of an entity set.
    pub fn table_of_set(&self, set: &str) -> Outcome<&Table> {
        self.schema.by_set(set).ok_or_else(|| Failure::no_segment(set))
    }

    /// A table that must be there.
    pub fn table(&self, logical: &str) -> Outcome<&Table> {
        self.schema.table(logical).ok_or_else(|| {
            let message = format!(
                "The entity with a name = '{logical}' with namemapping = 'Logical' was not found in the MetadataCache."
            );
            Failure::new(404, "0x80060888", message)
        })
    }

    /// The next number of a series.
    pub fn next_number(&mut self, series: &'static str) -> u64 {
        let number = self.numbers.entry(series).or_insert(1000);
        *number += 1;
        *number
    }

    /// Runs an act as one transaction: an error undoes all of it.
    pub fn atomically<T>(&mut self, act: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        let mark = self.store.open();
        let outcome = act(self);
        self.store.close(mark, outcome.is_ok());
        outcome
    }

    /// Goes on with what the service does by itself: the indexes of new keys.
    pub fn go_on(&mut self) {
        if self.keys_held {
            return;
        }
        let now = self.clock.now();
        let pending = SignedDuration::from_secs(self.pace.key_pending_seconds);
        let building = pending + SignedDuration::from_secs(self.pace.key_building_seconds);
        for table in self.schema.tables.values_mut() {
            for key in &mut table.keys {
                let age = now.duration_since(key.asked);
                if key.status == KeyStatus::Pending && age >= pending {
                    key.status = KeyStatus::InProgress;
                }
                if key.status == KeyStatus::InProgress && age >= building {
                    let built = self.store.add_index(&table.logical, key.metadata_id, &key.schema_name, &key.columns);
                    key.status = if built { KeyStatus::Active } else { KeyStatus::Failed };
                }
            }
        }
    }
}
