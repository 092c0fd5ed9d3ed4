//! The manifests of the three companies, with nothing changed but the two addresses.

use anyhow::bail;

use crate::api::manifest;
use crate::api::validate::{Secrets, ValidatedConnection, validate};
use crate::sandbox::server::Sandbox;

const FILES: [&str; 6] = [
    include_str!("../../../examples/wolkwerk/syncconnection.yaml"),
    include_str!("../../../examples/wolkwerk/entity-nl.yaml"),
    include_str!("../../../examples/wolkwerk/entity-de.yaml"),
    include_str!("../../../examples/wolkwerk/entity-be.yaml"),
    include_str!("../../../examples/wolkwerk/revenuerules.yaml"),
    include_str!("../../../examples/wolkwerk/secrets.yaml"),
];

/// The connections of examples/wolkwerk, pointed at the sandboxes.
///
/// # Errors
/// Where something is wrong in the manifests.
pub fn connections(sandbox: &Sandbox) -> anyhow::Result<Vec<ValidatedConnection>> {
    let (mut manifests, loaded) = manifest::load_text("examples/wolkwerk", &FILES.join("\n---\n"));
    for connection in &mut manifests.connections {
        let spec = &mut connection.object.spec;
        spec.chargebee.url = Some(sandbox.chargebee_url());
        if let Some(exact) = &mut spec.exact_online {
            exact.country = None;
            exact.url = Some(sandbox.exact_url());
        }
    }
    let outcome = validate(&manifests, Secrets::Here);
    let findings: Vec<String> = loaded.sorted().iter().chain(&outcome.findings).map(ToString::to_string).collect();
    if outcome.connections.is_empty() || !findings.is_empty() {
        bail!("examples/wolkwerk is wrong: {}", findings.join("; "));
    }
    Ok(outcome.connections)
}
