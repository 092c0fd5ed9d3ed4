//! Which privileges the application user needs, and which of them it lacks (dynamics365.md §1.4). Pure.

use std::collections::BTreeMap;

use super::schema::Settings;
use super::tables::{self, schema_name};

/// How far a privilege reaches: over rows of one's own, of one's business unit, of those below it, or over all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    Own,
    BusinessUnit,
    BusinessUnitsBelow,
    Organization,
}

/// A privilege that is needed, and how far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// As the target names it, in its spelling: `prvReadAccount`.
    pub name: String,
    pub depth: Depth,
}

/// What a connection does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// Koppel installs the tables.
    pub installs: bool,
    /// Rows of the CRM are read for Chargebee (C26–C29): by the tables' own names, as `Account`.
    pub reads: Vec<&'static str>,
    /// Change tracking of the CRM's own tables is turned on.
    pub tracks: bool,
}

/// What is done with rows of our own tables.
const OWN: &[&str] = &["Create", "Read", "Write", "Append", "AppendTo"];
/// What installing takes besides.
const INSTALLING: &[&str] = &[
    "prvCreatePublisher",
    "prvReadPublisher",
    "prvCreateSolution",
    "prvReadSolution",
    "prvWriteSolution",
    "prvCreateEntity",
    "prvReadEntity",
    "prvWriteEntity",
    "prvCreateAttribute",
    "prvReadAttribute",
    "prvWriteAttribute",
    "prvCreateRelationship",
    "prvReadRelationship",
];
/// What turning on change tracking takes.
const TRACKING: &[&str] = &["prvReadEntity", "prvWriteEntity"];
/// Rows of other tables that ours name.
const NAMED: &[&str] =
    &["prvReadAccount", "prvAppendToAccount", "prvReadTransactionCurrency", "prvAppendToTransactionCurrency"];

/// The privileges for what a connection does. Those on our own tables exist only once these are installed.
pub fn needed(settings: &Settings, uses: &Uses, installed: bool) -> Vec<Right> {
    let everywhere = |name: String| Right { name, depth: Depth::Organization };
    let mut rights: Vec<Right> = NAMED.iter().map(|name| everywhere((*name).to_owned())).collect();
    if uses.installs {
        rights.extend(INSTALLING.iter().map(|name| everywhere((*name).to_owned())));
    }
    if uses.tracks && !uses.installs {
        rights.extend(TRACKING.iter().map(|name| everywhere((*name).to_owned())));
    }
    rights.extend(uses.reads.iter().map(|table| everywhere(format!("prvRead{table}"))));
    if installed {
        for table in tables::all() {
            let table = schema_name(&settings.prefix, table.name);
            // Rows belong to whom the mapping says, not to the application user: its own are not enough.
            rights.extend(OWN.iter().map(|verb| everywhere(format!("prv{verb}{table}"))));
        }
    }
    rights
}

/// The privileges among `needed` that `held` lacks, each with how far it must reach. Names are compared without regard to
/// case.
pub fn missing(needed: &[Right], held: &BTreeMap<String, Depth>) -> Vec<String> {
    let held: BTreeMap<String, Depth> = held.iter().map(|(name, depth)| (name.to_lowercase(), *depth)).collect();
    let lacks = |right: &&Right| held.get(&right.name.to_lowercase()).is_none_or(|depth| *depth < right.depth);
    needed.iter().filter(lacks).map(|right| right.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::schema::Ownership;
    use super::*;

    fn settings() -> Settings {
        let (prefix, solution, publisher) = ("cb".to_owned(), "Koppel".to_owned(), "koppel".to_owned());
        Settings { prefix, solution, publisher, ownership: Ownership::UserOrTeam }
    }

    fn names(uses: &Uses, installed: bool) -> Vec<String> {
        needed(&settings(), uses, installed).into_iter().map(|right| right.name).collect()
    }

    #[test]
    fn what_is_needed_follows_what_is_done() {
        let least = names(&Uses::default(), false);
        assert_eq!(least, NAMED);
        let tracking = names(&Uses { tracks: true, ..Uses::default() }, false);
        assert!(tracking.iter().any(|there| there == "prvWriteEntity"), "{tracking:?}");
        let all = names(&Uses { installs: true, reads: vec!["Contact", "Quote"], tracks: false }, true);
        for name in
            ["prvCreateEntity", "prvReadContact", "prvReadQuote", "prvAppendTocb_InvoiceLine", "prvCreatecb_Customer"]
        {
            assert!(all.iter().any(|there| there == name), "{name}");
        }
    }

    #[test]
    fn what_does_not_reach_far_enough_is_missing_too() {
        let needed = needed(&settings(), &Uses::default(), false);
        let held = BTreeMap::from([
            ("prvreadaccount".to_owned(), Depth::Organization),
            ("prvAppendToAccount".to_owned(), Depth::BusinessUnit),
            ("prvReadTransactionCurrency".to_owned(), Depth::Organization),
        ]);
        assert_eq!(missing(&needed, &held), ["prvAppendToAccount", "prvAppendToTransactionCurrency"]);
    }
}
