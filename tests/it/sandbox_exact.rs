//! The Exact Online sandbox over HTTP, driven by hand: no product code. What it is held to is the checklist of the
//! vendor's reference sheet.

mod bookkeeper;
mod bookkeeper_http;
mod credits;
mod custom_fields;
mod deferral;
mod documents;
mod faults;
mod invoice_refusals;
mod invoices;
mod limits;
mod master_data;
mod matching;
mod money;
mod money_refusals;
mod office;
mod paging;
mod queries;
mod sales_changes;
mod sales_entries;
mod sales_refusals;
mod support;
mod sync;
mod tokens;
