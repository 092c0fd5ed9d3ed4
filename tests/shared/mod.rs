//! What more than one test binary needs.

pub mod books;
pub mod crm;
pub mod rule_cases;
pub mod samples;
