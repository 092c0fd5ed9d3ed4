//! Billing's records in the CRM (C9–C25): what is proved is read from the organization's own tables, and from the requests
//! that the sandbox has answered.

mod bulk;
mod changes;
mod faults;
mod first_run;
mod schema;
mod tenants;
pub mod world;
