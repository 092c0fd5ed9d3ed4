//! The kinds of documents and records, as the state store knows them.

pub const INVOICE: &str = "invoice";
pub const CUSTOMER: &str = "customer";
pub const ITEM: &str = "item";
