//! Kubernetes: controllers that turn the three kinds into sync workloads, the worker that runs in them, status, events,
//! metrics. The engine knows nothing of it.

pub mod api_call;
mod apply;
mod backoff;
mod build;
mod caches;
pub mod client;
mod consents;
mod context;
mod controller;
mod cron;
pub mod defaults;
mod dereference;
mod engine;
mod error;
pub mod events;
#[cfg(test)]
mod fake_api;
mod farewells;
mod inline;
#[cfg(test)]
mod inline_tests;
mod judge;
#[cfg(test)]
mod judge_tests;
pub mod manifests;
pub mod metrics;
pub mod names;
pub mod quiesce;
mod resolved;
pub mod run;
mod runs;
mod scope;
pub mod server;
mod shared_state;
mod state_source;
mod status;
mod threads;
pub mod tokens;
pub mod worker;
mod workloads;
