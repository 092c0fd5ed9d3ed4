//! Chargebee, Exact Online and Dynamics 365 simulated as HTTP servers on loopback, written from the vendors' behaviour and
//! never from what our own client sends. Shares no code with `connectors`: a mistake must not cancel out.

pub mod authority;
pub mod chargebee;
pub mod clock;
pub mod dataverse;
pub mod dynamics;
pub mod entra;
pub mod exact;
mod front;
pub mod generator;
pub mod receivables;
pub mod sales;
pub mod server;
pub mod world;
