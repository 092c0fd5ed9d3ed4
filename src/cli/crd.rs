//! `koppel crd`: the definitions of the three kinds, printed, written or compared.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use super::output::{Output, print};
use crate::api::crd::{Definition, definitions};

/// The files of these definitions begin so; another one of the same beginning is left over.
const FILE_PREFIX: &str = "koppel.dev_";

/// Print the CustomResourceDefinitions of SyncConnection, EntityMapping and RevenueRule, or write them to a folder.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  koppel crd | kubectl apply --server-side -f -
  koppel crd --dir crds
  koppel crd --dir crds --check

Exit codes:
  0  printed, written, or without drift
  1  with --check: the folder differs from what this version writes
  2  wrong usage")]
pub struct CrdArgs {
    /// Folder to write one file for each kind to, instead of printing
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,

    /// Compare the folder (crds, if --dir does not say another) with what would be written, and write nothing
    #[arg(long)]
    pub check: bool,

    /// How to print: as YAML documents, or as one JSON list
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Runs the command.
///
/// # Errors
/// The folder cannot be read or written.
pub fn run(args: &CrdArgs) -> anyhow::Result<ExitCode> {
    let dir = args.dir.as_deref();
    if args.check {
        return check(dir.unwrap_or(Path::new("crds")));
    }
    match dir {
        Some(dir) => write(dir)?,
        None => print(&printed(args.output)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn printed(output: Output) -> anyhow::Result<String> {
    match output {
        Output::Text => {
            let documents: Result<Vec<_>, _> = definitions().iter().map(Definition::to_yaml).collect();
            Ok(documents?.join("---\n"))
        }
        Output::Json => {
            let items: Vec<_> = definitions().iter().map(|definition| &definition.document).collect();
            let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items});
            Ok(serde_json::to_string_pretty(&list)? + "\n")
        }
    }
}

fn write(dir: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("unable to make folder {}", dir.display()))?;
    for definition in definitions() {
        let file = dir.join(&definition.file_name);
        fs::write(&file, definition.to_yaml()?).with_context(|| format!("unable to write {}", file.display()))?;
        eprintln!("wrote {}", file.display());
    }
    Ok(())
}

fn check(dir: &Path) -> anyhow::Result<ExitCode> {
    let drift = drift(dir)?;
    for line in &drift {
        eprintln!("{line}");
    }
    if drift.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("run: koppel crd --dir {}", dir.display());
    Ok(ExitCode::from(1))
}

/// What differs between a folder and what this version writes, a line for each file; none: no drift.
///
/// # Errors
/// The folder or a file in it cannot be read.
pub fn drift(dir: &Path) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for definition in definitions() {
        let file = dir.join(&definition.file_name);
        match fs::read_to_string(&file) {
            Ok(text) if text == definition.to_yaml()? => {}
            Ok(_) => lines.push(format!("{} differs from src/api", file.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                lines.push(format!("{} is missing", file.display()));
            }
            Err(error) => return Err(error).with_context(|| format!("unable to read {}", file.display())),
        }
    }
    lines.extend(left_over(dir)?);
    Ok(lines)
}

fn left_over(dir: &Path) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    let Ok(entries) = fs::read_dir(dir) else { return Ok(lines) };
    for entry in entries {
        let entry = entry.with_context(|| format!("unable to read folder {}", dir.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_ours = definitions().iter().any(|definition| definition.file_name == name);
        if name.starts_with(FILE_PREFIX) && !is_ours {
            lines.push(format!("{} belongs to no kind: delete it", entry.path().display()));
        }
    }
    Ok(lines)
}
