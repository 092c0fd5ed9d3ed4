//! The three kinds and the way from manifests to validated connections: what is accepted, what is refused, and with which
//! words.

#[path = "api_manifests/check.rs"]
mod check;
#[path = "api_manifests/crm.rs"]
mod crm;
#[path = "api_manifests/editions.rs"]
mod editions;
#[path = "api_manifests/kinds.rs"]
mod kinds;
#[path = "api_manifests/payments.rs"]
mod payments;
#[path = "api_manifests/references.rs"]
mod references;
#[path = "api_manifests/rules.rs"]
mod rules;
#[path = "api_manifests/samples.rs"]
mod samples;
#[path = "api_manifests/strictness.rs"]
mod strictness;
#[path = "api_manifests/validation.rs"]
mod validation;
#[path = "api_manifests/yaml_traps.rs"]
mod yaml_traps;
