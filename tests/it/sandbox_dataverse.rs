//! The sandbox of Dataverse over HTTP, driven by hand: no product code. What it is held to is the vendor's reference sheet.

mod admin;
mod batch;
mod bulk;
mod keys;
mod limits;
mod lookups;
mod metadata;
mod money;
mod privileges;
mod queries;
mod quotes;
mod records;
mod refusals;
pub mod support;
mod tracking;
mod transport;
