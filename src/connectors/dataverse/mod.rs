//! Dynamics 365: the Dataverse Web API and its tokens from Entra ID (C1). One client for an application user, its limits
//! and errors, reading with change tracking, writing in bulk, and the installation of tables. What the vendor does is in the
//! reference sheet `dynamics365.md`, cited by section.

mod answer;
mod batch;
mod call;
mod client;
mod errors;
mod halving;
mod limits;
mod metadata;
mod odata;
mod pages;
mod payload;
mod preflight;
mod row;
mod sales;
mod token;
mod upsert;

pub use client::{DataverseClient, DataverseOptions, WhoAmI};
pub use errors::DataverseError;
pub use limits::DayUse;
pub use metadata::{Installed, SchemaError};
pub use pages::{ChangePage, Changes, ReadFrom};
pub use payload::{Beside, RowContext, RowError};
pub use preflight::{Owner, Tracking};
pub use row::Row;
pub use sales::{AccountColumns, Changed, LeftOut, QuoteContext, Tie};
pub use token::{AppCertificate, CertificateError, Credential};
pub use upsert::{KeyedRow, RowResult, UpsertReport, UpsertTarget};
