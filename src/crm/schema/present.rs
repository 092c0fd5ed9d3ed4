//! What is in an organization already, as far as the plan asks.

use std::collections::{BTreeMap, BTreeSet};

use super::step::KeyStatus;

/// What there is of a connection's tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Present {
    pub publisher: Option<PresentPublisher>,
    pub solution: Option<PresentSolution>,
    /// By logical name; only those that Koppel would make, and `account`.
    pub tables: BTreeMap<String, PresentTable>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentPublisher {
    pub prefix: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentSolution {
    pub version: String,
    /// A managed solution was imported and takes no changes.
    pub managed: bool,
    /// Unique name of its publisher.
    pub publisher: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PresentTable {
    /// The name in addresses, which the target makes itself: `cb_customers`.
    pub entity_set: String,
    /// The target's word: `UserOwned`.
    pub ownership: String,
    pub tracks_changes: bool,
    /// By logical name.
    pub columns: BTreeMap<String, PresentColumn>,
    /// By logical name.
    pub keys: BTreeMap<String, PresentKey>,
    /// Names of the relationships in which its rows name others, in lower case.
    pub relationships: BTreeSet<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PresentColumn {
    /// The target's word: `StringType`.
    pub type_name: String,
    /// Of a text.
    pub length_max: Option<u32>,
    /// Decimals of a number.
    pub decimals: Option<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentKey {
    pub columns: Vec<String>,
    pub status: KeyStatus,
}
