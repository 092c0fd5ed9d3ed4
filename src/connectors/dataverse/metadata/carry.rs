//! Carries one step out.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::answer::not_the_api;
use super::super::call::Call;
use super::super::client::DataverseClient;
use super::super::odata::{by_id, string};
use super::super::row::{self, Row};
use super::read::{Found, definition};
use super::wire::{self, Writer, column_class};
use crate::connectors::http::{CallError, CallResult};
use crate::crm::schema::{KeyStatus, SCHEMA_VERSION, Settings, Step};
use crate::crm::tables::{self, COMMON, Column, ColumnType, LinkTarget, Table};
use crate::domain::record::RecordKind;

/// The index behind a key takes seconds on an empty table, minutes on a full one.
const KEY_POLL: Duration = Duration::from_secs(5);
const KEY_POLLS_MAX: u32 = 240;

impl DataverseClient {
    /// Carries `step` out; `found` is what was there before the first step.
    pub(super) async fn carry_out(&self, settings: &Settings, found: &Found, step: &Step) -> CallResult<()> {
        let writer = Writer { settings, language: found.language };
        let logical = |kind: RecordKind| settings.table(tables::of(kind));
        match step {
            Step::CreatePublisher => self.make("publishers", &wire::publisher(settings), None).await,
            Step::CreateSolution => {
                let publisher = match found.publisher {
                    Some(id) => id,
                    None => self.id_of("publishers", "publisherid", &settings.publisher).await?,
                };
                self.make("solutions", &wire::solution(settings, publisher), None).await
            }
            Step::CreateTable(kind) => {
                self.make("EntityDefinitions", &writer.table(tables::of(*kind)), Some(settings)).await
            }
            Step::CreateColumn { table, column } => {
                let path = format!("{}/Attributes", definition(&logical(*table)));
                self.make(&path, &writer.column(column_of(*table, column)?), Some(settings)).await
            }
            Step::WidenColumn { table, column } => {
                self.widen(settings, &logical(*table), column_of(*table, column)?).await
            }
            Step::TrackChanges(kind) => self.track_changes(Some(settings), &logical(*kind)).await,
            Step::CreateLink { table, link } => self.make_link(settings, &writer, tables::of(*table), link).await,
            Step::CreateKey(kind) => {
                let path = format!("{}/Keys", definition(&logical(*kind)));
                self.make(&path, &writer.key(), Some(settings)).await
            }
            Step::RebuildKey(kind) => {
                let body = json!({"EntityLogicalName": logical(*kind), "EntityKeyLogicalName": settings.key()});
                self.act("ReactivateEntityKey", &body).await
            }
            Step::AwaitKey(kind) => self.await_key(settings, &logical(*kind)).await,
            Step::SetVersion => {
                let id = match found.solution {
                    Some(id) => id,
                    None => self.id_of("solutions", "solutionid", &settings.solution).await?,
                };
                let body = json!({"version": SCHEMA_VERSION}).to_string();
                let url = self.api(&by_id("solutions", id), &[]);
                let call = Call::idempotent(Method::PATCH, "solutions", url, Some(body)).header("If-Match", "*");
                self.call(&call).await.map(|_| ())
            }
        }
    }

    /// Makes something that is not there yet; definitions go into the solution.
    async fn make(&self, path: &str, body: &Value, into: Option<&Settings>) -> CallResult<()> {
        let mut call = Call::create(path, self.api(path, &[]), body.to_string());
        if let Some(settings) = into {
            call = call.header("MSCRM.SolutionUniqueName", &settings.solution);
        }
        self.call(&call).await.map(|_| ())
    }

    /// An action that may be repeated.
    async fn act(&self, action: &str, body: &Value) -> CallResult<()> {
        let call = Call::idempotent(Method::POST, action, self.api(action, &[]), Some(body.to_string()));
        self.call(&call).await.map(|_| ())
    }

    async fn make_link(&self, settings: &Settings, writer: &Writer<'_>, table: &Table, link: &str) -> CallResult<()> {
        let link = table.link(link).ok_or_else(|| not_the_api("RelationshipDefinitions", "no such link"))?;
        let target_id = match link.target {
            LinkTarget::Account => "accountid".to_owned(),
            LinkTarget::Record(kind) => format!("{}id", settings.table(tables::of(kind))),
        };
        self.make("RelationshipDefinitions", &writer.link(table, link, &target_id), Some(settings)).await
    }

    /// Definitions are replaced as a whole: what was read is sent back with the one change.
    async fn widen(&self, settings: &Settings, table: &str, column: &Column) -> CallResult<()> {
        let path = format!("{}/Attributes(LogicalName={})", definition(table), string(&settings.column(column.name)));
        let class = format!("Microsoft.Dynamics.CRM.{}", column_class(column.column_type));
        let mut whole = self.definition_at(&format!("{path}/{class}")).await?;
        whole.put("@odata.type", &class);
        match column.column_type {
            ColumnType::Text { length_max } | ColumnType::Memo { length_max } => whole.put("MaxLength", &length_max),
            ColumnType::Decimal { decimals } => whole.put("Precision", &decimals),
            _ => {}
        }
        self.replace(Some(settings), &path, &whole).await?;
        self.publish(table).await
    }

    /// Has changes of a table that is not ours tracked from now on; this cannot be taken back. The table goes into no
    /// solution.
    ///
    /// # Errors
    /// As every call.
    pub async fn track_standard(&self, table: &str) -> CallResult<()> {
        self.track_changes(None, table).await
    }

    async fn track_changes(&self, settings: Option<&Settings>, table: &str) -> CallResult<()> {
        let mut whole = self.definition_at(&definition(table)).await?;
        let id: Uuid = whole.need_guid("MetadataId")?;
        whole.put("@odata.type", "Microsoft.Dynamics.CRM.EntityMetadata");
        whole.put("ChangeTrackingEnabled", &true);
        self.replace(settings, &by_id("EntityDefinitions", id), &whole).await?;
        self.publish(table).await
    }

    async fn definition_at(&self, path: &str) -> CallResult<Row> {
        let call = Call::get(path, self.api(path, &[])).header("Consistency", "Strong");
        row::body(path, &self.call(&call).await?)
    }

    async fn replace(&self, settings: Option<&Settings>, path: &str, whole: &Row) -> CallResult<()> {
        let call = Call::idempotent(Method::PUT, path, self.api(path, &[]), Some(whole.to_json()));
        // Labels in other languages are somebody's work.
        let mut call = call.header("MSCRM.MergeLabels", "true");
        if let Some(settings) = settings {
            call = call.header("MSCRM.SolutionUniqueName", &settings.solution);
        }
        self.call(&call).await.map(|_| ())
    }

    async fn publish(&self, table: &str) -> CallResult<()> {
        let xml = format!("<importexportxml><entities><entity>{table}</entity></entities></importexportxml>");
        self.act("PublishXml", &json!({"ParameterXml": xml})).await
    }

    async fn await_key(&self, settings: &Settings, table: &str) -> CallResult<()> {
        for _ in 0..KEY_POLLS_MAX {
            let keys = self.find_keys(table).await?;
            match keys.get(&settings.key()).map(|key| key.status) {
                Some(KeyStatus::Active) => return Ok(()),
                Some(KeyStatus::Failed) => return Err(key_failed(settings, table)),
                _ => self.inner.clock.sleep(KEY_POLL).await,
            }
        }
        let message = format!("dynamics 365 is still building the alternate key of {table}; the next run goes on");
        Err(CallError::Unavailable { message })
    }

    async fn id_of(&self, set: &str, id: &str, unique_name: &str) -> CallResult<Uuid> {
        let filter = format!("uniquename eq {}", string(unique_name));
        let rows = self.rows(set, id, Some(&filter)).await?;
        let missing = || not_the_api(set, "nothing where it was just made");
        rows.first().ok_or_else(missing)?.need_guid(id)
    }
}

fn column_of(kind: RecordKind, name: &str) -> CallResult<&'static Column> {
    let common = COMMON.iter().find(|column| column.name == name);
    common.or_else(|| tables::of(kind).column(name)).ok_or_else(|| not_the_api("Attributes", "no such column"))
}

fn key_failed(settings: &Settings, table: &str) -> CallError {
    let message = format!(
        "dynamics 365 could not build the alternate key {} of {table}: two rows have the same {}; remove one",
        settings.key(),
        settings.key_column()
    );
    CallError::Rejected { status: 0, code: None, message }
}
