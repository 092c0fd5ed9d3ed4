//! Koppel couples Chargebee billing to Exact Online and Dynamics 365 CRM, declared by three Kubernetes resources.
//!
//! The rooms, innermost first; a room may use those above it in this list and never those below:
//! [`domain`] · [`accounting`] · [`crm`] · [`api`] · [`connectors`] · [`state`] · [`sync`] · [`sandbox`] · [`cli`].
//! Data goes one way: a vendor's wire type becomes a domain type, the accounting makes an entry of it, and the target's
//! connector turns the entry into that vendor's wire type. Wire types do not leave their connector.

pub mod accounting;
pub mod api;
pub mod cli;
pub mod connectors;
pub mod crm;
pub mod domain;
pub mod operator;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod state;
pub mod sync;
