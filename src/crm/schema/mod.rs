//! How the tables come into an organization: what is there is compared with what there must be, and the difference is an
//! ordered list of steps. Pure; nothing that is there is ever made narrower, renamed or removed.

mod plan;
mod present;
mod step;
#[cfg(test)]
mod tests;

pub use plan::{Obstacle, Plan, plan};
pub use present::{Present, PresentColumn, PresentKey, PresentPublisher, PresentSolution, PresentTable};
pub use step::{KeyStatus, Step};

use super::tables::{ColumnType, LinkTarget, Table, logical_name};

/// The version of the tables, as the solution carries it. To be raised with every change of them.
pub const SCHEMA_VERSION: &str = "1.0.0.0";

/// Who rows belong to. Cannot be changed once a table is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ownership {
    /// Each row to a user or team (C7).
    UserOrTeam,
    /// All rows to the organization.
    Organization,
}

/// What a connection says of its tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Before every name: 2 to 8 letters and digits, the first one a letter.
    pub prefix: String,
    /// Unique name of the solution that the tables belong to.
    pub solution: String,
    /// Unique name of the solution's publisher, whose prefix it is.
    pub publisher: String,
    pub ownership: Ownership,
}

impl Settings {
    /// The logical name of `table`.
    pub fn table(&self, table: &Table) -> String {
        logical_name(&self.prefix, table.name)
    }

    /// The logical name of a column or link, which is also the name that rows address a link by.
    pub fn column(&self, name: &str) -> String {
        logical_name(&self.prefix, name)
    }

    /// The column that the alternate key is on.
    pub fn key_column(&self) -> String {
        self.column("key")
    }

    /// The alternate key's own name.
    pub fn key(&self) -> String {
        format!("{}_sitekey", self.prefix)
    }

    /// The name of the relationship behind a link.
    pub fn relationship(&self, table: &Table, link: &str) -> String {
        format!("{}_{}", self.table(table), link.replace('_', ""))
    }

    /// The logical name of the table that a link leads to.
    pub fn target(&self, target: LinkTarget) -> String {
        match target {
            LinkTarget::Record(kind) => self.table(super::tables::of(kind)),
            LinkTarget::Account => "account".to_owned(),
        }
    }
}

impl Ownership {
    /// The target's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserOrTeam => "UserOwned",
            Self::Organization => "OrganizationOwned",
        }
    }
}

/// The target's word for a column's type.
pub fn type_name(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Text { .. } => "StringType",
        ColumnType::Memo { .. } => "MemoType",
        ColumnType::Money => "MoneyType",
        ColumnType::Decimal { .. } => "DecimalType",
        ColumnType::Integer => "IntegerType",
        ColumnType::Big => "BigIntType",
        ColumnType::Flag => "BooleanType",
        ColumnType::Instant => "DateTimeType",
    }
}
