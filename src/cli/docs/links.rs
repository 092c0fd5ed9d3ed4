//! Links between the pages, and from the README: the file is there, and so is the heading.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::written_pages;

/// Links of the written pages and of the README above them that lead nowhere, a line for each.
///
/// # Errors
/// A page cannot be read.
pub fn dead(dir: &Path) -> anyhow::Result<Vec<String>> {
    let mut pages = written_pages(dir)?;
    let readme = dir.join("../README.md");
    if readme.exists() {
        let text = fs::read_to_string(&readme).with_context(|| format!("unable to read {}", readme.display()))?;
        pages.push((readme, text));
    }
    let mut lines = Vec::new();
    for (file, text) in &pages {
        for link in links(text).filter(|link| !link.contains("://")) {
            if let Some(problem) = problem(file, text, link) {
                lines.push(format!("{}: link to {link}: {problem}", file.display()));
            }
        }
    }
    Ok(lines)
}

/// The targets of the links of a page.
fn links(page: &str) -> impl Iterator<Item = &str> {
    page.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

fn problem(file: &Path, text: &str, link: &str) -> Option<String> {
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target: PathBuf = file.parent().unwrap_or(Path::new("")).join(path);
    let text = match path {
        "" => text.to_owned(),
        _ if !target.exists() => return Some("there is no such file".to_owned()),
        _ if anchor.is_empty() => return None,
        _ => fs::read_to_string(&target).ok()?,
    };
    let found = anchor.is_empty() || headings(&text).any(|heading| heading == anchor);
    (!found).then(|| "there is no such heading".to_owned())
}

/// The anchors that headings get: small letters, digits and hyphens, blanks as hyphens.
fn headings(page: &str) -> impl Iterator<Item = String> {
    let titles = page.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    titles.map(|title| {
        let kept = title.to_lowercase();
        kept.chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_headings_are_found() {
        let page = "# What is not there yet\n[a](#what-is-not-there-yet) and [b](x.md#y)\n## Under `systemd`";
        assert_eq!(links(page).collect::<Vec<_>>(), ["#what-is-not-there-yet", "x.md#y"]);
        assert_eq!(headings(page).collect::<Vec<_>>(), ["what-is-not-there-yet", "under-systemd"]);
    }

    #[test]
    fn dead_links_are_told() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.md"), "[here](#gone) [there](b.md) [well](#a)\n# A\n").unwrap();
        let dead = dead(dir.path()).unwrap();
        assert_eq!(dead.len(), 2, "{dead:?}");
        assert!(dead[0].ends_with("link to #gone: there is no such heading"));
        assert!(dead[1].ends_with("link to b.md: there is no such file"));
    }
}
