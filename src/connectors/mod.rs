//! The vendors' APIs: wire types, clients, error tables and the conversion to and from the domain.

pub mod chargebee;
pub mod dataverse;
pub mod exact;
pub mod http;
