//! A connection between a billing site and an organization of Dynamics 365: its manifests, and what is counted in its tables.

use std::collections::BTreeMap;

use koppel::crm::schema::{Ownership, Settings};
use koppel::crm::tables;
use koppel::domain::record::RecordKind;
use koppel::sandbox::dataverse::Organization;
use koppel::sandbox::dynamics::{CLIENT_ID, CLIENT_SECRET, Dynamics};
use koppel::sandbox::generator::ENTITIES;
use serde_json::Value;

/// The prefix that the manifests leave as it is.
pub const PREFIX: &str = "kop";

/// Counts by table, in the words of the census: standing and deleted.
pub type Counts = BTreeMap<String, (usize, usize)>;

/// The table of a kind.
pub fn table(kind: RecordKind) -> String {
    let (prefix, solution, publisher) = (PREFIX.to_owned(), String::new(), String::new());
    Settings { prefix, solution, publisher, ownership: Ownership::UserOrTeam }.table(tables::of(kind))
}

/// How many rows of each kind stand in an organization, and how many are marked.
pub fn counts(organization: &Organization) -> Counts {
    let mut counts = Counts::new();
    for kind in RecordKind::ALL.iter().copied() {
        let rows = organization.rows(&table(kind));
        let deleted =
            rows.iter().filter(|row| row.get(&format!("{PREFIX}_deleted")) == Some(&Value::Bool(true))).count();
        if !rows.is_empty() {
            counts.insert(tables::of(kind).name.to_owned(), (rows.len() - deleted, deleted));
        }
    }
    counts
}

/// The manifests of a connection from the site to an organization, with a mapping for each entity.
pub fn manifests(name: &str, chargebee: &str, dynamics: &Dynamics, organization: &str, tenant: &str) -> String {
    let plain = |url: String| url.replace("https://", "http://");
    let (url, authority) = (plain(dynamics.organization_url(organization).unwrap()), plain(dynamics.entra_url()));
    let entities: String = ENTITIES.iter().map(|entity| mapping(name, entity.id)).collect();
    format!(
        r#"apiVersion: koppel.dev/v1alpha1
kind: SyncConnection
metadata: {{name: {name}}}
spec:
  timeZone: Europe/Amsterdam
  startDate: "2026-01-01"
  chargebee:
    site: wolkwerk-test
    url: {chargebee}
    apiKeySecretRef: {{name: {name}, key: apiKey}}
  dynamics365:
    organizationUrl: {url}
    authorityUrl: {authority}
    tenantId: {tenant}
    credentialsSecretRef: {{name: {name}}}
    flows: {{}}
{entities}
---
apiVersion: v1
kind: Secret
metadata: {{name: {name}}}
stringData:
  apiKey: test_wolkwerk_full_access
  clientId: {CLIENT_ID}
  clientSecret: {CLIENT_SECRET}
"#
    )
}

fn mapping(connection: &str, entity: Option<&str>) -> String {
    let (name, id) = match entity {
        Some(id) => (format!("{connection}-{id}"), format!("\n  businessEntityId: {id}")),
        None => (connection.to_owned(), String::new()),
    };
    format!(
        r"
---
apiVersion: koppel.dev/v1alpha1
kind: EntityMapping
metadata: {{name: {name}}}
spec:
  connectionRef: {{name: {connection}}}{id}
  dynamics365: {{}}
"
    )
}
