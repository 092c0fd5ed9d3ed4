//! The quickstart's manifests, with nothing changed but the two addresses.

use anyhow::bail;

use crate::api::manifest;
use crate::api::validate::{Secrets, ValidatedConnection, validate};
use crate::sandbox::server::Sandbox;

const FILES: [&str; 4] = [
    include_str!("../../../examples/quickstart/syncconnection.yaml"),
    include_str!("../../../examples/quickstart/entitymapping.yaml"),
    include_str!("../../../examples/quickstart/revenuerules.yaml"),
    include_str!("../../../examples/quickstart/secrets.yaml"),
];

/// The quickstart's connections, pointed at the sandboxes.
///
/// # Errors
/// Where something is wrong in the manifests.
pub fn connections(sandbox: &Sandbox) -> anyhow::Result<Vec<ValidatedConnection>> {
    let (mut manifests, loaded) = manifest::load_text("examples/quickstart", &FILES.join("\n---\n"));
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
        bail!("the quickstart is wrong: {}", findings.join("; "));
    }
    Ok(outcome.connections)
}
