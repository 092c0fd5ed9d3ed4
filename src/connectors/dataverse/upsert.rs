//! Writing rows by their key: made where they are not there, else changed, many in one request, and a row that is refused
//! takes no other with it (dynamics365.md §3.2).

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use reqwest::Method;
use serde::Serialize;

use super::answer::{self, Nature, Verdict};
use super::batch::{PARTS_MAX, Part};
use super::call::Call;
use super::client::DataverseClient;
use super::errors::{DataverseError, Next};
use super::halving::{Halving, Send};
use super::odata::by_key;
use super::row::Row;
use crate::connectors::http::{CallError, CallResult};

/// Rows of one bulk request; the service's own advice is a hundred to a thousand.
pub(super) const BULK_ROWS: usize = 100;
/// How often the rows of a batch that met passing trouble are sent once more.
const BATCH_ROUNDS: u32 = 3;

/// A table to write to, by its names in the organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpsertTarget {
    /// Its entity set: `cb_customers`.
    pub set: String,
    /// Its logical name: `cb_customer`.
    pub table: String,
    /// The column of its alternate key: `cb_key`.
    pub key_column: String,
}

/// A row and the key under which it is found. The row does not hold the key itself.
#[derive(Clone, Debug)]
pub struct KeyedRow {
    pub key: String,
    pub row: Row,
}

/// What became of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowResult {
    Written,
    /// Not to be sent again unchanged (I5).
    Refused {
        meaning: DataverseError,
        message: String,
    },
    /// The call ended before it was sent, or before its outcome was known: it may be sent again.
    NotSent,
}

/// What became of all rows, by key.
#[derive(Debug, Default)]
pub struct UpsertReport {
    pub results: BTreeMap<String, RowResult>,
    /// Why not all were sent.
    pub stopped: Option<CallError>,
}

#[derive(Serialize)]
struct Targets<'a> {
    #[serde(rename = "Targets")]
    targets: Vec<&'a Row>,
}

impl DataverseClient {
    /// Writes `rows`, of which the last of each key counts; as many requests at once as the service hints at, and never one
    /// row in two of them, which would deadlock.
    pub async fn upsert(&self, target: &UpsertTarget, rows: Vec<KeyedRow>) -> UpsertReport {
        let latest: BTreeMap<String, Row> = rows.into_iter().map(|row| (row.key, row.row)).collect();
        let rows: Vec<KeyedRow> = latest.into_iter().map(|(key, row)| KeyedRow { key, row }).collect();
        let chunks = rows.chunks(self.bulk_rows()).map(|chunk| self.upsert_chunk(target, chunk));
        let mut done = futures::stream::iter(chunks).buffer_unordered(self.parallel());
        let mut report = UpsertReport::default();
        while let Some(part) = done.next().await {
            report.results.extend(part.results);
            report.stopped = report.stopped.or(part.stopped);
            if report.stopped.is_some() {
                break;
            }
        }
        drop(done);
        for row in &rows {
            report.results.entry(row.key.clone()).or_insert(RowResult::NotSent);
        }
        report
    }

    /// One bulk request, halved where it is refused; where the table takes none, a batch.
    async fn upsert_chunk(&self, target: &UpsertTarget, rows: &[KeyedRow]) -> UpsertReport {
        let mut report = UpsertReport::default();
        if self.without_bulk().contains(&target.table) {
            self.upsert_apart(target, rows.iter().collect(), &mut report).await;
            return report;
        }
        let mut halving = Halving::new(rows.len());
        while let Some(send) = halving.next() {
            let range = match send {
                Send::Together(range) => range,
                Send::Apart(open) => {
                    self.upsert_apart(target, open.iter().map(|row| &rows[*row]).collect(), &mut report).await;
                    continue;
                }
            };
            let piece = &rows[range.clone()];
            let Err(error) = self.upsert_together(target, piece).await else {
                report.wrote(piece);
                halving.succeeded();
                continue;
            };
            match fault(&error) {
                Fault::NoBulk => {
                    self.without_bulk().insert(target.table.clone());
                    self.upsert_apart(target, rows.iter().collect(), &mut report).await;
                    return report;
                }
                Fault::TooLarge if halving.too_large() => self.shrink_bulk(range.len() / 2),
                Fault::Row(meaning) => {
                    if let Some(row) = halving.refused() {
                        report.refuse(&rows[row], meaning, &error);
                    }
                }
                Fault::TooLarge | Fault::Other => {
                    report.stopped = Some(error);
                    return report;
                }
            }
        }
        report
    }

    async fn upsert_together(&self, target: &UpsertTarget, rows: &[KeyedRow]) -> CallResult<()> {
        let typed: Vec<Row> = rows.iter().map(|row| typed(target, row)).collect();
        // Rows always serialize.
        let body = serde_json::to_string(&Targets { targets: typed.iter().collect() }).unwrap_or_default();
        let url = self.api(&format!("{}/Microsoft.Dynamics.CRM.UpsertMultiple", target.set), &[]);
        let call = Call::idempotent(Method::POST, &target.set, url, Some(body)).rows(rows.len());
        self.call(&call).await.map(|_| ())
    }

    /// Each row for itself, all in one request; those that meet passing trouble once more.
    async fn upsert_apart(&self, target: &UpsertTarget, rows: Vec<&KeyedRow>, report: &mut UpsertReport) {
        let mut open = rows;
        for _ in 0..BATCH_ROUNDS {
            let mut again = Vec::new();
            for chunk in open.chunks(PARTS_MAX) {
                match self.batch(&chunk.iter().map(|row| self.part(target, row)).collect::<Vec<_>>()).await {
                    Ok(answers) => {
                        for (row, answer) in chunk.iter().zip(answers) {
                            match answer::judge(Nature::Idempotent, &target.set, Ok(answer)) {
                                Verdict::Good(_) => report.wrote(std::slice::from_ref(*row)),
                                Verdict::Throttled(throttle) => {
                                    self.pause(&throttle);
                                    again.push(*row);
                                }
                                Verdict::Final(error) => match fault(&error) {
                                    Fault::Row(meaning) => report.refuse(row, meaning, &error),
                                    _ => report.stopped = Some(error),
                                },
                                _ => again.push(*row),
                            }
                        }
                    }
                    Err(error) => report.stopped = Some(error),
                }
                if report.stopped.is_some() {
                    return;
                }
            }
            open = again;
            if open.is_empty() {
                return;
            }
        }
        let why = format!("{} rows of a batch met passing trouble each time", open.len());
        report.stopped = Some(answer::unavailable(&target.set, &why));
    }

    fn part(&self, target: &UpsertTarget, row: &KeyedRow) -> Part {
        let url = self.api(&by_key(&target.set, &target.key_column, &row.key), &[]);
        Part { method: Method::PATCH, url, body: row.row.to_json() }
    }
}

/// The row as a bulk request has it: with its table, and its key as its address.
fn typed(target: &UpsertTarget, row: &KeyedRow) -> Row {
    let mut typed = row.row.clone();
    typed.put("@odata.type", &format!("Microsoft.Dynamics.CRM.{}", target.table));
    typed.put("@odata.id", &by_key(&target.set, &target.key_column, &row.key));
    typed
}

/// What a failed request says of its rows.
enum Fault {
    /// One of them is at fault.
    Row(DataverseError),
    TooLarge,
    /// The table takes no bulk requests; of a request without any, there is no such table.
    NoBulk,
    /// It has nothing to do with the rows.
    Other,
}

fn fault(error: &CallError) -> Fault {
    match error {
        CallError::NotFound { .. } => return Fault::NoBulk,
        // What the application user may was asked before: it is the owner of a row who may not have it (dynamics365.md §2.5).
        CallError::Forbidden { .. } => return Fault::Row(DataverseError::PrivilegeMissing),
        _ => {}
    }
    match DataverseError::of(error) {
        Some(DataverseError::NotSupported) => Fault::NoBulk,
        Some(meaning) if meaning.next() == Next::Smaller => Fault::TooLarge,
        Some(DataverseError::CustomizationLocked) | None => Fault::Other,
        Some(meaning) => Fault::Row(meaning),
    }
}

impl UpsertReport {
    fn wrote(&mut self, rows: &[KeyedRow]) {
        self.results.extend(rows.iter().map(|row| (row.key.clone(), RowResult::Written)));
    }

    fn refuse(&mut self, row: &KeyedRow, meaning: DataverseError, error: &CallError) {
        self.results.insert(row.key.clone(), RowResult::Refused { meaning, message: error.to_string() });
    }

    /// The keys of the rows that were written.
    pub fn written(&self) -> BTreeSet<&str> {
        let written = self.results.iter().filter(|(_, result)| **result == RowResult::Written);
        written.map(|(key, _)| key.as_str()).collect()
    }
}
