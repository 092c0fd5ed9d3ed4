//! The client of Dataverse and Entra ID over HTTP, against a small scripted server, one behaviour at a time.

mod calls;
mod fake;
mod organization;
mod reading;
mod schema;
mod tokens;
mod upserts;
