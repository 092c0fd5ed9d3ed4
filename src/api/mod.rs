//! What a tenant declares (E10): every switch is a typed, documented field (E39); what is missing is asked for by an issue
//! and becomes one (E38).
//!
//! The three resources, their conditions, and the way from manifests to rules that cannot be wrong in themselves.
//!
//! [`manifest`] reads files as kubectl does, [`schema`] and the CEL rules of the kinds judge each object as the API server
//! would, and [`validate`] makes of them what the engine runs with.

pub mod cel;
pub mod common;
pub mod conditions;
pub mod connection;
pub mod crd;
pub mod customers;
pub mod dynamics365;
pub mod endpoints;
pub mod finding;
pub mod flows;
pub mod invoices;
pub mod manifest;
pub mod mapping;
pub mod mapping_rows;
pub mod policies;
pub mod ready;
pub mod rule;
pub mod schema;
pub mod status;
pub mod validate;
pub mod workload;
pub mod workload_pod;
pub mod yaml;

pub use connection::{SyncConnection, SyncConnectionSpec};
pub use mapping::{EntityMapping, EntityMappingSpec};
pub use rule::{RevenueRule, RevenueRuleSpec};

/// API group of the three kinds.
pub const GROUP: &str = "koppel.dev";
/// Their version.
pub const VERSION: &str = "v1alpha1";
/// Their `apiVersion`.
pub const API_VERSION: &str = "koppel.dev/v1alpha1";
/// The annotation that asks for a run now; any new value, once, answered in `status.lastHandledReconcileAt`.
pub const REQUESTED_AT: &str = "koppel.dev/requestedAt";
