//! Many rows in one statement.

use std::collections::BTreeMap;

use sqlx::any::{AnyArguments, AnyRow};
use sqlx::{Any, AssertSqlSafe, Row, query};
use uuid::Uuid;

use super::error::StateResult;

/// Rows written in one statement: SQLite takes 32,766 parameters, PostgreSQL 65,535.
pub(super) const ROWS_PER_STATEMENT: usize = 1_000;

/// A statement on the way to all its rows.
pub(super) type Rows = sqlx::query::Query<'static, Any, AnyArguments>;

pub(super) fn rows(statement: String) -> Rows {
    // Each number of rows is another statement: none is worth keeping.
    query(AssertSqlSafe(statement)).persistent(false)
}

/// Each row once, as it came last: PostgreSQL changes none twice in one statement, and pages may repeat rows.
pub(super) fn latest<T>(rows: &[T], id: impl Fn(&T) -> Uuid) -> Vec<&T> {
    rows.iter().map(|row| (id(row), row)).collect::<BTreeMap<_, _>>().into_values().collect()
}

pub(super) fn optional_id(row: &AnyRow, column: &str) -> StateResult<Option<Uuid>> {
    Ok(row.try_get::<Option<String>, _>(column)?.and_then(|id| id.parse().ok()))
}

pub(super) fn required_id(row: &AnyRow, column: &str) -> StateResult<Uuid> {
    Ok(optional_id(row, column)?.unwrap_or_default())
}
