//! The sandbox of Entra ID over HTTP, driven by hand: credentials, scopes, refusals, time.

mod assertions;
mod tokens;
