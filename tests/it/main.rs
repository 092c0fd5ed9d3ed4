// Integration tests, one binary: linking is what costs time.
mod accounting_laws;
mod accounting_payments;
mod api_manifests;
mod chargebee_client;
mod cli_commands;
mod dataverse_client;
mod engine;
mod exact_client;
mod golden;
mod sandbox_chargebee;
mod sandbox_dataverse;
mod sandbox_entra;
mod sandbox_exact;
#[path = "../shared/mod.rs"]
mod shared;
