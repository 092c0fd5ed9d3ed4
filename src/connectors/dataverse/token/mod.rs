//! The token of an app registration in Entra ID (C1, E37): obtained with a secret, a certificate or a workload identity,
//! kept in memory only, and renewed before it ends (dynamics365.md §1).

mod assertion;
mod credential;
mod endpoint;
mod errors;
mod keeper;

pub(super) use endpoint::TokenEndpoint;
pub(super) use keeper::TokenKeeper;

pub use assertion::{AppCertificate, CertificateError};
pub use credential::Credential;
