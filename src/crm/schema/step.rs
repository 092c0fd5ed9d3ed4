//! One step of an installation.

use std::fmt;

use crate::domain::record::RecordKind;

/// How far the index behind an alternate key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    /// Under way: rows cannot be addressed by it yet.
    Building,
    Active,
    /// Two rows have the same key, or the build was broken off.
    Failed,
}

/// A step, to be carried out after all before it and never beside another: an organization takes one customization at a
/// time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    CreatePublisher,
    CreateSolution,
    /// With its name and all its columns.
    CreateTable(RecordKind),
    CreateColumn {
        table: RecordKind,
        column: &'static str,
    },
    /// Makes room for what the column must hold; other columns may be wider than they need.
    WidenColumn {
        table: RecordKind,
        column: &'static str,
    },
    TrackChanges(RecordKind),
    CreateLink {
        table: RecordKind,
        link: &'static str,
    },
    CreateKey(RecordKind),
    /// Builds the index of a key once more.
    RebuildKey(RecordKind),
    AwaitKey(RecordKind),
    /// Last, so that a version stands for tables that are whole.
    SetVersion,
}

/// As people read it.
impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |kind: &RecordKind| super::super::tables::of(*kind).name;
        match self {
            Self::CreatePublisher => out.write_str("publisher"),
            Self::CreateSolution => out.write_str("solution"),
            Self::CreateTable(kind) => write!(out, "table {}", name(kind)),
            Self::CreateColumn { table, column } => write!(out, "column {}.{column}", name(table)),
            Self::WidenColumn { table, column } => write!(out, "length of column {}.{column}", name(table)),
            Self::TrackChanges(kind) => write!(out, "change tracking of table {}", name(kind)),
            Self::CreateLink { table, link } => write!(out, "relationship {}.{link}", name(table)),
            Self::CreateKey(kind) | Self::RebuildKey(kind) => write!(out, "alternate key of table {}", name(kind)),
            Self::AwaitKey(kind) => write!(out, "index of the alternate key of table {}", name(kind)),
            Self::SetVersion => write!(out, "solution version {}", super::SCHEMA_VERSION),
        }
    }
}
