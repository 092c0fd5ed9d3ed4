//! Kubernetes: controllers that turn the three kinds into sync workloads, the worker that runs in them, status, events,
//! metrics. The engine knows nothing of it.

pub mod api_call;
pub mod client;
pub mod events;
#[cfg(test)]
mod fake_api;
pub mod manifests;
pub mod metrics;
pub mod server;
pub mod tokens;
pub mod worker;
