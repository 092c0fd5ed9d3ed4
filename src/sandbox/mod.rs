//! Chargebee and Exact Online simulated as HTTP servers on loopback, written from the vendors' behaviour and never from
//! what our own client sends. Shares no code with `connectors`: a mistake must not cancel out.

pub mod chargebee;
pub mod clock;
pub mod exact;
pub mod generator;
pub mod receivables;
pub mod server;
pub mod world;
