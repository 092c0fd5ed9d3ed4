//! The manifests that pages show are checked like a user's: together, page by page.

use std::path::Path;

use super::written_pages;
use crate::api::finding::Severity;
use crate::api::manifest::load_text;
use crate::api::validate::{Secrets, validate};

/// What is wrong with the manifests of the written pages, a line for each.
///
/// # Errors
/// A page cannot be read.
pub fn faults(dir: &Path) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for (file, text) in written_pages(dir)? {
        let manifests = manifests(&text);
        if !manifests.is_empty() {
            lines.extend(judge(&file.display().to_string(), &manifests.join("---\n")));
        }
    }
    Ok(lines)
}

/// Errors only: an example may name a Secret that the page does not show.
fn judge(file: &str, text: &str) -> Vec<String> {
    let (manifests, mut findings) = load_text(file, text);
    let mut outcome = validate(&manifests, Secrets::Elsewhere);
    std::mem::take(&mut outcome.findings).into_iter().for_each(|finding| findings.push(finding));
    let errors = findings.sorted().into_iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| format!("an example of {finding}")).collect()
}

/// The blocks of YAML that hold whole manifests.
fn manifests(page: &str) -> Vec<String> {
    let blocks = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split_once("\n```"));
    blocks.map(|(block, _)| format!("{block}\n")).filter(|block| block.contains("apiVersion:")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_that_is_wrong_is_told() {
        let page = "text\n```yaml\napiVersion: koppel.dev/v1alpha1\nkind: RevenueRule\nmetadata: {name: a}\nspec: {}\n```\nand\n```yaml\nkey: 1\n```\n";
        let manifests = manifests(page);
        assert_eq!(manifests.len(), 1, "a block that is no manifest is none");
        let lines = judge("page.md", &manifests[0]);
        assert!(!lines.is_empty() && lines[0].starts_with("an example of error: page.md"), "{lines:?}");
    }
}
