//! The Exact Online sandbox over HTTP, driven by hand: no product code. What it is held to is the checklist of the
//! vendor's reference sheet.

mod sales_entries;
mod support;
