//! Dataverse over HTTP: organisations that take what the vendor's Web API takes, refuse what it refuses, and say so in its
//! words. [`DataverseSandbox`] is a handle on them all, [`Organization`] on one of them.

mod actions;
mod acts;
mod admin;
mod answer;
mod batch;
mod bulk;
mod call;
mod calls;
mod cell;
mod csdl;
mod dispatch;
mod failure;
mod fault;
mod http;
mod limits;
mod metadata;
mod multipart;
mod options;
mod org;
mod path;
mod people;
mod query;
mod records;
mod schema;
mod security;
mod seed;
mod service;
mod store;
mod write;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};
use tokio::sync::watch;
use uuid::Uuid;

pub use acts::{QuoteLine, Refused};
pub use calls::CallRecord;
pub use fault::{Facet, Fault, FaultKind};
pub use limits::ServiceLimits;
pub use options::OrganizationOptions;
pub use org::{Pace, PlugIn};
pub use security::Depth;
pub use seed::{ADMINISTRATOR_ROLE, CUSTOMIZER_ROLE, SALES_ROLE, SALESPERSON, TEAM};

use super::clock::SandboxClock;
use super::entra::EntraSandbox;
use org::Org;

/// All organisations of the simulated cloud. Clones share them.
#[derive(Clone, Debug)]
pub struct DataverseSandbox {
    clock: SandboxClock,
    entra: EntraSandbox,
    organizations: Arc<Mutex<BTreeMap<String, Organization>>>,
}

impl DataverseSandbox {
    /// Without any organisation yet; tokens come from `entra`.
    pub fn new(clock: SandboxClock, entra: EntraSandbox) -> Self {
        Self { clock, entra, organizations: Arc::default() }
    }

    /// Makes an organisation, or makes it anew.
    pub fn add(&self, options: &OrganizationOptions) -> Organization {
        let org = seed::organization(options, self.clock.clone(), self.entra.clone());
        let organization = Organization { org: Arc::new(Mutex::new(org)), released: Arc::new(watch::Sender::new(0)) };
        self.all().insert(options.name.clone(), organization.clone());
        organization
    }

    /// An organisation by its name.
    pub fn organization(&self, name: &str) -> Option<Organization> {
        self.all().get(name).cloned()
    }

    /// The names of all organisations.
    pub fn names(&self) -> Vec<String> {
        self.all().keys().cloned().collect()
    }

    /// The admin interface, to be nested under a path of the server's choice; an organisation's name comes first.
    pub fn admin_router(&self) -> axum::Router {
        admin::router(self.clone())
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Organization>> {
        self.organizations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One organisation. Clones share it.
#[derive(Clone, Debug)]
pub struct Organization {
    org: Arc<Mutex<Org>>,
    released: Arc<watch::Sender<u64>>,
}

impl Organization {
    /// The Web API, below `/api/data/v9.2`.
    pub fn router(&self) -> axum::Router {
        http::router(self.clone())
    }

    /// Makes the organisation known by `host:port`, whatever the scheme, and says where its tenant's tokens come from.
    pub fn set_address(&self, authority: &str, authority_url: &str) {
        let mut org = self.org();
        org.entra.add_resource(org.tenant, authority);
        org.authorities.insert(authority.to_ascii_lowercase());
        org.authority_url = authority_url.trim_end_matches('/').to_owned();
    }

    /// What goes wrong from now on.
    pub fn inject(&self, fault: Fault) {
        self.org().faults.add(fault);
    }

    /// Forgets the faults that wait.
    pub fn clear_faults(&self) {
        self.org().faults.clear();
    }

    /// Lets every request go on that a hanging fault holds.
    pub fn release(&self) {
        self.released.send_modify(|count| *count += 1);
    }

    /// How many requests a hanging fault holds now; one whose client has gone is none.
    pub fn hanging(&self) -> usize {
        self.released.receiver_count()
    }

    /// Every request that was answered, in order.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.org().calls.clone()
    }

    /// Forgets the calls.
    pub fn reset_calls(&self) {
        self.org().calls.clear();
    }

    /// All rows of a table, as the API shows them without annotations, in the order of their ids.
    pub fn rows(&self, table: &str) -> Vec<Map<String, Value>> {
        let org = self.org();
        let Some(definition) = org.schema.table(table) else { return Vec::new() };
        let show = |row: &Arc<store::Row>| {
            let cell = |column: &schema::Column| row.get(&column.logical).map_or(Value::Null, cell::Cell::json);
            let mut shown: Map<String, Value> =
                definition.columns.values().map(|column| (column.property(), cell(column))).collect();
            shown.insert("versionnumber".to_owned(), row.version.into());
            serde_json::from_str(&cell::written(&Value::Object(shown))).unwrap_or_default()
        };
        org.store.rows(table).map(show).collect()
    }

    /// How many rows a table has.
    pub fn count(&self, table: &str) -> usize {
        self.org().store.count(table)
    }

    /// The version of every row of a table, by id: what was not written keeps it.
    pub fn row_versions(&self, table: &str) -> BTreeMap<Uuid, u64> {
        self.org().store.rows(table).map(|row| (row.id, row.version)).collect()
    }

    /// Whether a table exists.
    pub fn has_table(&self, table: &str) -> bool {
        self.org().schema.table(table).is_some()
    }

    /// Turns change tracking of a table on, as a customizer does in the screens.
    pub fn track_changes(&self, table: &str) {
        if let Some(table) = self.org().schema.tables.get_mut(table) {
            table.change_tracking = true;
        }
    }

    /// Gives a table a column of text of the organisation's own, as a customizer does in the screens.
    pub fn add_text_column(&self, table: &str, schema_name: &str, display_name: &str, max: usize) {
        let mut org = self.org();
        let since = org.clock.now();
        let Some(table) = org.schema.tables.get_mut(table) else { return };
        let kind = schema::Kind::Text { max, format: "Text".to_owned() };
        let column = schema::Column {
            schema_name: schema_name.to_owned(),
            is_custom: true,
            display_name: schema::label(display_name),
            since,
            ..schema::Column::new(&schema_name.to_lowercase(), kind)
        };
        table.columns.insert(column.logical.clone(), column);
    }

    /// Takes every delta token that is out as expired.
    pub fn expire_delta_tokens(&self) {
        let mut org = self.org();
        org.expired_version = Some(org.store.version());
    }

    /// Keeps the indexes of new keys from being built, or lets them go on.
    pub fn hold_keys(&self, hold: bool) {
        self.org().keys_held = hold;
    }

    /// Keeps the lock of customizations, as an import of a solution does, or gives it up.
    pub fn hold_customizations(&self, hold: bool) {
        self.org().customization_held = hold;
    }

    /// A plug-in that refuses rows from now on.
    pub fn add_plug_in(&self, plug_in: PlugIn) {
        self.org().plug_ins.push(plug_in);
    }

    /// Removes all plug-ins.
    pub fn remove_plug_ins(&self) {
        self.org().plug_ins.clear();
    }

    /// Other limits from now on; what was used stays counted.
    pub fn set_limits(&self, limits: ServiceLimits) {
        self.org().throttle.limits = limits;
    }

    /// Another pace from now on.
    pub fn set_pace(&self, pace: Pace) {
        self.org().pace = pace;
    }

    fn org(&self) -> MutexGuard<'_, Org> {
        self.org.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn wait_for_release(&self) {
        let mut released = self.released.subscribe();
        released.borrow_and_update();
        // The sender lives as long as this handle, so the wait cannot end by its loss.
        let _ = released.changed().await;
    }
}
