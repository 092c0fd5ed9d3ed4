//! The manifests of the three companies, with nothing changed but the addresses.

use anyhow::bail;

use crate::api::SyncConnection;
use crate::api::manifest;
use crate::api::validate::{Secrets, ValidatedConnection, validate};
use crate::sandbox::dynamics::ORGANIZATION;
use crate::sandbox::server::Sandbox;

const BOOKS: [&str; 6] = [
    include_str!("../../../examples/wolkwerk/syncconnection.yaml"),
    include_str!("../../../examples/wolkwerk/entity-nl.yaml"),
    include_str!("../../../examples/wolkwerk/entity-de.yaml"),
    include_str!("../../../examples/wolkwerk/entity-be.yaml"),
    include_str!("../../../examples/wolkwerk/revenuerules.yaml"),
    include_str!("../../../examples/wolkwerk/secrets.yaml"),
];
const CRM: [&str; 5] = [
    include_str!("../../../examples/wolkwerk-crm/syncconnection.yaml"),
    include_str!("../../../examples/wolkwerk-crm/entity-nl.yaml"),
    include_str!("../../../examples/wolkwerk-crm/entity-de.yaml"),
    include_str!("../../../examples/wolkwerk-crm/entity-be.yaml"),
    include_str!("../../../examples/wolkwerk-crm/secrets.yaml"),
];

/// The connection of examples/wolkwerk, pointed at the sandboxes.
///
/// # Errors
/// Where something is wrong in the manifests.
pub fn books(sandbox: &Sandbox) -> anyhow::Result<Vec<ValidatedConnection>> {
    connections("examples/wolkwerk", &BOOKS, sandbox)
}

/// The connection of examples/wolkwerk-crm, likewise.
///
/// # Errors
/// Where something is wrong in the manifests.
pub fn crm(sandbox: &Sandbox) -> anyhow::Result<Vec<ValidatedConnection>> {
    connections("examples/wolkwerk-crm", &CRM, sandbox)
}

/// Where the organisation with the sales tables is served, without the certificate that nobody trusts yet.
pub fn organization_url(sandbox: &Sandbox) -> String {
    let url = sandbox.dynamics.as_ref().and_then(|dynamics| dynamics.organization_url(ORGANIZATION));
    plain(&url.unwrap_or_default())
}

fn connections(folder: &str, files: &[&str], sandbox: &Sandbox) -> anyhow::Result<Vec<ValidatedConnection>> {
    let (mut manifests, loaded) = manifest::load_text(folder, &files.join("\n---\n"));
    manifests.connections.iter_mut().for_each(|connection| point(&mut connection.object, sandbox));
    let outcome = validate(&manifests, Secrets::Here);
    let findings: Vec<String> = loaded.sorted().iter().chain(&outcome.findings).map(ToString::to_string).collect();
    if outcome.connections.is_empty() || !findings.is_empty() {
        bail!("{folder} is wrong: {}", findings.join("; "));
    }
    Ok(outcome.connections)
}

fn point(connection: &mut SyncConnection, sandbox: &Sandbox) {
    let spec = &mut connection.spec;
    spec.chargebee.url = Some(sandbox.chargebee_url());
    if let Some(exact) = &mut spec.exact_online {
        exact.country = None;
        exact.url = Some(sandbox.exact_url());
    }
    if let Some(crm) = &mut spec.dynamics365 {
        crm.organization_url = organization_url(sandbox);
        crm.authority_url = sandbox.dynamics.as_ref().map(|dynamics| plain(&dynamics.entra_url()));
    }
}

fn plain(url: &str) -> String {
    url.replacen("https:", "http:", 1)
}
