//! What is wrong in a set of manifests: each finding names file, line, object, field, what is wrong and what mends it.

use std::fmt;

use serde::Serialize;

use super::conditions::Reason;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The object, or the connection that it belongs to, cannot run.
    Error,
    /// It runs, and a person should know.
    Warning,
    /// Nothing is wrong; something was left out.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// One thing that is wrong. Nothing secret is ever in it (I9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    pub severity: Severity,
    /// The word under which a condition would show it.
    pub reason: Reason,
    /// File as it was named, empty for an object from a cluster.
    pub file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Kind, namespace and name: `SyncConnection default/acme`; empty where the file itself is wrong.
    pub object: String,
    /// Path of the field: `spec.interval`; empty where the object as a whole is wrong.
    pub field: String,
    /// What is wrong; lower case, no full stop.
    pub message: String,
    /// What mends it; empty where the message says it all.
    pub remedy: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.severity, self.file)?;
        if let Some(line) = self.line {
            write!(out, ":{line}")?;
        }
        for part in [&self.object, &self.field].into_iter().filter(|part| !part.is_empty()) {
            write!(out, ": {part}")?;
        }
        write!(out, ": {}", self.message)?;
        if self.remedy.is_empty() { Ok(()) } else { write!(out, "; {}", self.remedy) }
    }
}

/// What is found while a folder is read and judged. Everything is collected; nothing stops at the first.
#[derive(Clone, Debug, Default)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    pub fn push(&mut self, finding: Finding) {
        if !self.0.contains(&finding) {
            self.0.push(finding);
        }
    }

    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// In the order of files and lines, so that the same folder always reads the same.
    pub fn sorted(mut self) -> Vec<Finding> {
        self.0.sort_by(|a, b| {
            (&a.file, a.line, a.severity, &a.object, &a.field).cmp(&(&b.file, b.line, b.severity, &b.object, &b.field))
        });
        self.0
    }
}
