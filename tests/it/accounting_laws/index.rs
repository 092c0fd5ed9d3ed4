//! The index at the head of this module names tests that exist, and each row of the requirements that it is about has a test
//! of its own.

use std::collections::BTreeSet;
use std::path::Path;

const INDEX: [&str; 2] = [include_str!("../accounting_laws.rs"), include_str!("../accounting_payments.rs")];

/// The rows of the requirements that the accounting between Chargebee and Exact Online has to meet.
const ROWS: [&str; 21] = [
    "e3", "e5", "e6", "e7", "e8", "e9", "e16", "e18", "e19", "e20", "e21", "e24", "e25", "e33", "e34", "p5", "p6",
    "p11", "p15", "n7", "n9",
];

/// Every Rust file under a folder of the crate.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            sources(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.push(std::fs::read_to_string(entry).unwrap());
        }
    }
}

/// The names of all functions and cases of the crate and its tests.
fn names() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    ["tests/it", "src"].iter().for_each(|folder| sources(&root.join(folder), &mut texts));
    let name = |line: &str| {
        let line = line.trim_start();
        let starts = ["fn ", "async fn ", "#[case::"];
        let rest = starts.iter().find_map(|start| line.strip_prefix(start))?;
        Some(rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()?.to_owned())
    };
    texts.iter().flat_map(|text| text.lines()).filter_map(name).collect()
}

/// The names in backticks that the rows of a table give, each the last part of a path.
fn listed(index: &str) -> Vec<String> {
    let rows = index.lines().filter(|line| line.starts_with("//! | "));
    let of_row = |row: &str| row.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let tests = rows.flat_map(of_row).filter(|path| path.contains("::"));
    tests.map(|path| path.rsplit("::").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn every_test_that_the_index_names_exists() {
    let names = names();
    for index in INDEX {
        let listed = listed(index);
        assert!(listed.len() > 10, "the index is read");
        let gone: Vec<&String> = listed.iter().filter(|name| !names.contains(*name)).collect();
        assert!(gone.is_empty(), "no such test: {gone:?}");
    }
}

#[test]
fn every_row_of_the_requirements_has_a_test_named_after_it() {
    let names = names();
    let cited: BTreeSet<&str> = names.iter().flat_map(|name| name.split('_')).collect();
    let missing: Vec<&&str> = ROWS.iter().filter(|row| !cited.contains(**row)).collect();
    assert!(missing.is_empty(), "no test is named after {missing:?}");
    let index = INDEX.concat().to_lowercase();
    let unlisted: Vec<&&str> = ROWS.iter().filter(|row| !index.contains(&format!("| {row} |"))).collect();
    assert!(unlisted.is_empty(), "not in the index: {unlisted:?}");
}
