//! The client of Dataverse and Entra ID over HTTP, against a small scripted server, one behaviour at a time.

mod calls;
mod fake;
mod reading;
mod tokens;
mod upserts;
