//! What is in the organization already. Read past the cache, which may lag behind what was just made.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use uuid::Uuid;

use super::super::call::Call;
use super::super::client::DataverseClient;
use super::super::odata::string;
use super::super::preflight::any_of;
use super::super::row::{self, Listing, Row};
use crate::connectors::http::{CallError, CallResult};
use crate::crm::schema::{
    KeyStatus, Present, PresentColumn, PresentKey, PresentPublisher, PresentSolution, PresentTable, Settings,
};
use crate::crm::tables;

/// What there is, and what writing definitions needs to know besides.
#[derive(Debug)]
pub(super) struct Found {
    pub present: Present,
    pub publisher: Option<Uuid>,
    pub solution: Option<Uuid>,
    /// The organization's own language, in which every label must be given.
    pub language: i64,
}

#[derive(Deserialize)]
struct Named {
    #[serde(rename = "Value")]
    value: String,
}

impl DataverseClient {
    /// Definitions at `path`, of the columns `select` (all of them where it is empty).
    pub(in super::super) async fn metadata_rows(
        &self,
        path: &str,
        select: &str,
        filter: Option<&str>,
    ) -> CallResult<Vec<Row>> {
        let select = Some(("$select", select)).filter(|(_, columns)| !columns.is_empty());
        let options: Vec<(&str, &str)> = select.into_iter().chain(filter.map(|filter| ("$filter", filter))).collect();
        let call = Call::get(path, self.api(path, &options)).header("Consistency", "Strong");
        let listing: Listing = row::body(path, &self.call(&call).await?)?;
        Ok(listing.value)
    }

    pub(super) async fn find_schema(&self, settings: &Settings) -> CallResult<Found> {
        let (publisher, present_publisher) = self.find_publisher(settings).await?;
        let (solution, present_solution) = self.find_solution(settings, publisher).await?;
        let names: Vec<String> = tables::all().iter().map(|table| settings.table(table)).collect();
        let mut there = BTreeMap::new();
        let wanted: Vec<&str> = names.iter().map(String::as_str).chain(["account"]).collect();
        let select = "LogicalName,EntitySetName,OwnershipType,ChangeTrackingEnabled";
        for row in self.metadata_rows("EntityDefinitions", select, Some(&any_of("LogicalName", &wanted))).await? {
            let name = row.need_text("LogicalName")?;
            let mut table = PresentTable {
                entity_set: row.need_text("EntitySetName")?,
                ownership: row.need_text("OwnershipType")?,
                tracks_changes: row.flag("ChangeTrackingEnabled")?.unwrap_or_default(),
                ..PresentTable::default()
            };
            // Of the standard tables it is enough to know that they are there.
            if names.contains(&name) {
                table.columns = self.find_columns(&name).await?;
                table.keys = self.find_keys(&name).await?;
                table.relationships = self.find_relationships(&name).await?;
            }
            there.insert(name, table);
        }
        let present = Present { publisher: present_publisher, solution: present_solution, tables: there };
        Ok(Found { present, publisher, solution, language: self.language().await? })
    }

    async fn find_publisher(&self, settings: &Settings) -> CallResult<(Option<Uuid>, Option<PresentPublisher>)> {
        let filter = format!("uniquename eq {}", string(&settings.publisher));
        let rows = self.rows("publishers", "publisherid,customizationprefix", Some(&filter)).await?;
        let Some(row) = rows.first() else { return Ok((None, None)) };
        let present = PresentPublisher { prefix: row.text("customizationprefix")?.unwrap_or_default() };
        Ok((Some(row.need_guid("publisherid")?), Some(present)))
    }

    async fn find_solution(
        &self,
        settings: &Settings,
        publisher: Option<Uuid>,
    ) -> CallResult<(Option<Uuid>, Option<PresentSolution>)> {
        let filter = format!("uniquename eq {}", string(&settings.solution));
        let select = "solutionid,version,ismanaged,_publisherid_value";
        let rows = self.rows("solutions", select, Some(&filter)).await?;
        let Some(row) = rows.first() else { return Ok((None, None)) };
        let of = row.guid("_publisherid_value")?;
        let publisher = match of {
            of if of == publisher => settings.publisher.clone(),
            Some(other) => match self.row("publishers", other, "uniquename").await? {
                Some(row) => row.need_text("uniquename")?,
                None => other.to_string(),
            },
            None => String::new(),
        };
        let version = row.text("version")?.unwrap_or_default();
        let present = PresentSolution { version, managed: row.flag("ismanaged")?.unwrap_or_default(), publisher };
        Ok((Some(row.need_guid("solutionid")?), Some(present)))
    }

    async fn language(&self) -> CallResult<i64> {
        let rows = self.rows("organizations", "languagecode", None).await?;
        let code = rows.first().map(|row| row.integer("languagecode")).transpose()?.flatten();
        code.ok_or_else(|| CallError::Malformed { message: "dynamics 365 does not tell its language".to_owned() })
    }

    /// Without `$select`: lengths and decimals are told only by whole definitions.
    async fn find_columns(&self, table: &str) -> CallResult<BTreeMap<String, PresentColumn>> {
        let rows = self.metadata_rows(&format!("{}/Attributes", definition(table)), "", None).await?;
        let one = |row: &Row| {
            let number = |name| Ok::<_, CallError>(row.integer(name)?.map(|number| u32::try_from(number).unwrap_or(0)));
            let column = PresentColumn {
                type_name: row.get::<Named>("AttributeTypeName")?.map(|named| named.value).unwrap_or_default(),
                length_max: number("MaxLength")?,
                decimals: number("Precision")?.map(|decimals| u8::try_from(decimals).unwrap_or(u8::MAX)),
            };
            Ok((row.need_text("LogicalName")?, column))
        };
        rows.iter().map(one).collect()
    }

    pub(super) async fn find_keys(&self, table: &str) -> CallResult<BTreeMap<String, PresentKey>> {
        let select = "SchemaName,KeyAttributes,EntityKeyIndexStatus";
        let rows = self.metadata_rows(&format!("{}/Keys", definition(table)), select, None).await?;
        let one = |row: &Row| {
            let status = match row.text("EntityKeyIndexStatus")?.as_deref() {
                Some("Active") => KeyStatus::Active,
                Some("Failed") => KeyStatus::Failed,
                _ => KeyStatus::Building,
            };
            let columns = row.get::<Vec<String>>("KeyAttributes")?.unwrap_or_default();
            Ok((row.need_text("SchemaName")?.to_lowercase(), PresentKey { columns, status }))
        };
        rows.iter().map(one).collect()
    }

    async fn find_relationships(&self, table: &str) -> CallResult<BTreeSet<String>> {
        let path = format!("{}/ManyToOneRelationships", definition(table));
        let rows = self.metadata_rows(&path, "SchemaName", None).await?;
        rows.iter().map(|row| Ok(row.need_text("SchemaName")?.to_lowercase())).collect()
    }
}

/// `EntityDefinitions(LogicalName='…')`.
pub(super) fn definition(table: &str) -> String {
    format!("EntityDefinitions(LogicalName={})", string(table))
}
