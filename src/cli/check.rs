//! `koppel check`: judges a folder of manifests without any network.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::output::{Output, print};
use crate::api::conditions::Reason;
use crate::api::finding::{Finding, Findings, Severity};
use crate::api::manifest::{self, Manifests};
use crate::api::validate::{CrmEntityRules, Outcome, OwnerName, Secrets, ValidatedEntity, ValidatedTarget, validate};

/// Check the manifests of a folder without any network: their YAML, fields, values, rules and references to each other.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Everything that is wrong is told, with file, line, object, field and remedy. What needs the systems
themselves (whether an account or VAT code exists in Exact Online) is checked by each run.

Examples:
  koppel check -f deploy/koppel
  koppel check -f deploy/koppel -o json | jq '.findings[] | select(.severity == \"error\")'

Exit codes:
  0  nothing wrong; there may be warnings
  1  errors were found (with --strict: or warnings)
  2  wrong usage, or nothing to read"
)]
pub struct CheckArgs {
    /// Folder of manifests (the folders in it are not read, as with kubectl), or one file
    #[arg(short = 'f', long = "filename", value_name = "PATH")]
    pub file: PathBuf,

    /// Take warnings for errors
    #[arg(long)]
    pub strict: bool,

    /// Take a Secret that is not in the folder for an error, as `koppel run -f` does, and not for a warning
    #[arg(long)]
    pub require_secrets: bool,

    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Runs the command.
///
/// # Errors
/// The result cannot be printed.
pub fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let (manifests, read) = match manifest::load(&args.file) {
        Ok(loaded) => loaded,
        Err(error) => {
            eprintln!("error: {error}");
            return Ok(ExitCode::from(2));
        }
    };
    let report = Report::new(args, &manifests, read);
    match args.output {
        Output::Text => print(&report.text())?,
        Output::Json => print(&(serde_json::to_string_pretty(&report.json())? + "\n"))?,
    }
    Ok(ExitCode::from(report.exit_code(args.strict)))
}

/// What the check found.
#[derive(Debug)]
pub struct Report {
    /// In the order of files and lines.
    pub findings: Vec<Finding>,
    outcome: Outcome,
    objects: usize,
}

impl Report {
    /// Judges what was read; `read` is what reading it found.
    pub fn new(args: &CheckArgs, manifests: &Manifests, mut read: Findings) -> Self {
        let secrets = if args.require_secrets { Secrets::Here } else { Secrets::Elsewhere };
        let mut outcome = validate(manifests, secrets);
        std::mem::take(&mut outcome.findings).into_iter().for_each(|finding| read.push(finding));
        if manifests.is_empty() {
            read.push(nothing_of_ours(args));
        }
        let objects = manifests.connections.len() + manifests.mappings.len() + manifests.rules.len();
        Self { findings: read.sorted(), outcome, objects: objects + manifests.broken.len() }
    }

    /// 0, or 1 where errors were found; with `strict` warnings count too.
    pub fn exit_code(&self, strict: bool) -> u8 {
        let counts = |finding: &Finding| match finding.severity {
            Severity::Error => true,
            Severity::Warning => strict,
            Severity::Note => false,
        };
        u8::from(self.findings.iter().any(counts))
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// The findings for people, and a line that sums them up.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for finding in &self.findings {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "{}", paragraph(finding));
        }
        let (errors, warnings) = (self.count(Severity::Error), self.count(Severity::Warning));
        let _ = writeln!(
            text,
            "{} checked: {}, {}; {} can run",
            plural(self.objects, "object"),
            plural(errors, "error"),
            plural(warnings, "warning"),
            plural(self.outcome.connections.len(), "connection"),
        );
        text
    }

    /// The findings and the connections that can run, for programs.
    pub fn json(&self) -> serde_json::Value {
        let connections = self.outcome.connections.iter().map(|connection| {
            let entities = entities_json(&connection.target);
            json!({"namespace": connection.namespace, "name": connection.name, "entities": entities})
        });
        json!({
            "findings": self.findings,
            "connections": connections.collect::<Vec<_>>(),
            "objects": self.objects,
            "errors": self.count(Severity::Error),
            "warnings": self.count(Severity::Warning),
        })
    }
}

fn entities_json(target: &ValidatedTarget) -> Vec<serde_json::Value> {
    match target {
        ValidatedTarget::ExactOnline(exact) => {
            let entity = |entity: &ValidatedEntity| {
                json!({
                    "mapping": entity.mapping,
                    "businessEntityId": entity.business_entity,
                    "division": entity.division,
                    "revenueRules": entity.rulebook.revenue.len(),
                })
            };
            exact.entities.iter().map(entity).collect()
        }
        ValidatedTarget::Dynamics365(crm) => {
            let entity = |entity: &CrmEntityRules| {
                json!({
                    "mapping": entity.mapping,
                    "businessEntityId": entity.business_entity,
                    "owner": entity.owner.as_ref().map(OwnerName::as_str),
                })
            };
            crm.entities.iter().map(entity).collect()
        }
    }
}

fn nothing_of_ours(args: &CheckArgs) -> Finding {
    Finding {
        severity: Severity::Error,
        reason: Reason::InvalidSpec,
        file: args.file.display().to_string(),
        line: None,
        object: String::new(),
        field: String::new(),
        message: "holds no SyncConnection, EntityMapping or RevenueRule".to_owned(),
        remedy: "give the folder of Koppel's manifests".to_owned(),
    }
}

/// Where, what, and what mends it: a line each.
fn paragraph(finding: &Finding) -> String {
    let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
    let mut text = format!("{}{line}: {}", finding.file, finding.severity);
    for part in [&finding.object, &finding.field].into_iter().filter(|part| !part.is_empty()) {
        let _ = write!(text, ": {part}");
    }
    let _ = write!(text, "\n    {}", finding.message);
    if !finding.remedy.is_empty() {
        let _ = write!(text, "\n    remedy: {}", finding.remedy);
    }
    text
}

fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
