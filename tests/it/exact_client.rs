//! The Exact Online client over HTTP: against small scripted servers, one behaviour at a time, and against the sandbox.

mod fake;
mod issuing;
mod money;
mod quotas;
mod reading;
mod sandbox;
mod tokens;
mod writing;
