//! What the written pages must have: a section for every reason to hold a document, a row for every reason of a condition.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Context;

use super::written_pages;
use crate::api::conditions::{ConditionType, Reason};
use crate::domain::hold::HoldReason;

/// What the written pages lack, or have too much, a line for each.
///
/// # Errors
/// A page cannot be read.
pub fn gaps(dir: &Path) -> anyhow::Result<Vec<String>> {
    let mut lines = hold_sections(&dir.join("holds.md"))?;
    let pages = written_pages(dir)?;
    let rows: BTreeSet<&str> = pages.iter().flat_map(|(_, text)| text.lines()).filter_map(first_cell).collect();
    let reasons = Reason::ALL.iter().map(|reason| reason.as_str());
    let types = ConditionType::ALL.iter().map(|type_| type_.as_str());
    for word in reasons.chain(types).filter(|word| !rows.contains(word)) {
        lines.push(format!("{}: no table explains `{word}`: add a row to the conditions of its kind", dir.display()));
    }
    Ok(lines)
}

/// `holds.md` has exactly one section for every reason, in their order.
fn hold_sections(file: &Path) -> anyhow::Result<Vec<String>> {
    let text = fs::read_to_string(file).with_context(|| format!("unable to read {}", file.display()))?;
    let found: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let wanted = HoldReason::ALL.iter().map(|reason| reason.as_str()).collect::<Vec<_>>();
    let missing = wanted.iter().filter(|reason| !found.contains(reason));
    let mut lines: Vec<String> =
        missing.map(|reason| format!("{}: section ## {reason} is missing", file.display())).collect();
    let unknown = found.iter().filter(|title| !wanted.contains(title));
    lines.extend(unknown.map(|title| format!("{}: {title} is no reason to hold a document", file.display())));
    if lines.is_empty() && found != wanted {
        lines.push(format!("{}: the sections stand in another order than the reasons, or twice", file.display()));
    }
    Ok(lines)
}

/// The word in the first cell of a row: `` | `Word` | … ``.
fn first_cell(line: &str) -> Option<&str> {
    line.strip_prefix("| `")?.split_once("` |").map(|(word, _)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_section_and_an_unknown_one_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("holds.md");
        let all: String = HoldReason::ALL.iter().map(|reason| format!("## {reason}\n\n")).collect();
        fs::write(&file, &all).unwrap();
        assert!(hold_sections(&file).unwrap().is_empty());
        fs::write(&file, all.replace("## PeriodClosed", "## PeriodShut")).unwrap();
        let lines = hold_sections(&file).unwrap();
        assert!(lines[0].ends_with("section ## PeriodClosed is missing"), "{lines:?}");
        assert!(lines[1].contains("PeriodShut is no reason"), "{lines:?}");
        let (first, rest) = all.split_once("\n\n").unwrap();
        fs::write(&file, format!("{rest}{first}\n")).unwrap();
        assert!(hold_sections(&file).unwrap()[0].contains("another order"));
    }

    #[test]
    fn the_word_of_a_row_is_its_first_cell() {
        assert_eq!(first_cell("| `Synced` | all is well |"), Some("Synced"));
        assert_eq!(first_cell("Synced | all is well |"), None);
    }
}
