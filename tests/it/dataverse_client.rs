//! The client of Dataverse and Entra ID over HTTP: against a small scripted server, one behaviour at a time, and against the
//! sandbox.

mod calls;
mod fake;
mod organization;
mod reading;
mod sales;
mod sandbox;
mod schema;
mod tokens;
mod upserts;
