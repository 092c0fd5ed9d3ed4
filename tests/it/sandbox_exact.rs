//! The Exact Online sandbox over HTTP, driven by hand: no product code. What it is held to is the checklist of the
//! vendor's reference sheet.

mod deferral;
mod faults;
mod limits;
mod master_data;
mod office;
mod paging;
mod queries;
mod sales_changes;
mod sales_entries;
mod sales_refusals;
mod support;
mod sync;
mod tokens;
