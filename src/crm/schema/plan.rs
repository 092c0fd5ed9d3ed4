//! From what is there to what must be there.

use thiserror::Error;

use super::present::{Present, PresentColumn, PresentTable};
use super::step::{KeyStatus, Step};
use super::{SCHEMA_VERSION, Settings, type_name};
use crate::crm::tables::{self, COMMON, Column, ColumnType, NAME, Table};

/// What an installation comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In their order; empty where all is there.
    pub steps: Vec<Step>,
    /// What no step can mend; nothing is carried out before a person has.
    pub obstacles: Vec<Obstacle>,
}

/// Something that is there in another way than it must be, and that the target cannot change.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Obstacle {
    #[error(
        "publisher {publisher} has the prefix {present}, not {wanted}; correct schemaPrefix, or name another publisher"
    )]
    OtherPrefix { publisher: String, present: String, wanted: String },
    #[error(
        "solution {solution} belongs to publisher {present}, not {wanted}; correct publisher, or name another solutionName"
    )]
    OtherPublisher { solution: String, present: String, wanted: String },
    #[error(
        "solution {solution} is managed and lacks {missing}; import a newer version of it, or name another solutionName"
    )]
    ManagedSolution { solution: String, missing: String },
    #[error(
        "table {table} is {present}, which cannot be changed; set ownership accordingly, or name another schemaPrefix"
    )]
    OtherOwnership { table: String, present: String },
    #[error("column {table}.{column} is a {present} and must be a {wanted}; remove it, or name another schemaPrefix")]
    OtherType { table: String, column: String, present: String, wanted: &'static str },
    #[error("alternate key {key} of table {table} is on other columns; remove it")]
    OtherKey { table: String, key: String },
    #[error("table account is not there; Koppel needs the standard tables of Dynamics 365")]
    NoAccounts,
}

impl Plan {
    /// Whether rows can be written.
    pub fn is_installed(&self) -> bool {
        self.obstacles.is_empty() && self.steps.iter().all(|step| *step == Step::SetVersion)
    }
}

/// The steps from `present` to what `settings` want. The same question gives the same answer, and after all steps none.
pub fn plan(settings: &Settings, present: &Present) -> Plan {
    let mut plan = Plan::default();
    plan.solution(settings, present);
    for table in tables::all() {
        match present.tables.get(&settings.table(table)) {
            None => plan.steps.push(Step::CreateTable(table.kind)),
            Some(there) => plan.table(settings, table, there),
        }
    }
    plan.links(settings, present);
    plan.keys(settings, present);
    plan.version(present);
    if !present.tables.contains_key("account") {
        plan.obstacles.push(Obstacle::NoAccounts);
    }
    plan.managed(settings, present);
    plan
}

impl Plan {
    fn solution(&mut self, settings: &Settings, present: &Present) {
        match &present.publisher {
            None => self.steps.push(Step::CreatePublisher),
            Some(publisher) if publisher.prefix != settings.prefix => self.obstacles.push(Obstacle::OtherPrefix {
                publisher: settings.publisher.clone(),
                present: publisher.prefix.clone(),
                wanted: settings.prefix.clone(),
            }),
            Some(_) => {}
        }
        match &present.solution {
            None => self.steps.push(Step::CreateSolution),
            Some(solution) if solution.publisher != settings.publisher => {
                self.obstacles.push(Obstacle::OtherPublisher {
                    solution: settings.solution.clone(),
                    present: solution.publisher.clone(),
                    wanted: settings.publisher.clone(),
                });
            }
            Some(_) => {}
        }
    }

    fn table(&mut self, settings: &Settings, table: &Table, there: &PresentTable) {
        if there.ownership != settings.ownership.as_str() {
            let (table, present) = (settings.table(table), there.ownership.clone());
            self.obstacles.push(Obstacle::OtherOwnership { table, present });
        }
        for column in [&NAME].into_iter().chain(COMMON).chain(table.columns) {
            match there.columns.get(&settings.column(column.name)) {
                None => self.steps.push(Step::CreateColumn { table: table.kind, column: column.name }),
                Some(there) => self.column(settings, table, column, there),
            }
        }
        if !there.tracks_changes {
            self.steps.push(Step::TrackChanges(table.kind));
        }
    }

    fn column(&mut self, settings: &Settings, table: &Table, column: &Column, there: &PresentColumn) {
        let wanted = type_name(column.column_type);
        if there.type_name != wanted {
            self.obstacles.push(Obstacle::OtherType {
                table: settings.table(table),
                column: settings.column(column.name),
                present: there.type_name.clone(),
                wanted,
            });
            return;
        }
        let narrow = match column.column_type {
            ColumnType::Text { length_max } | ColumnType::Memo { length_max } => {
                there.length_max.is_some_and(|length| length < length_max)
            }
            ColumnType::Decimal { decimals } => there.decimals.is_some_and(|present| present < decimals),
            _ => false,
        };
        if narrow {
            self.steps.push(Step::WidenColumn { table: table.kind, column: column.name });
        }
    }

    /// After all tables: two may name each other's rows.
    fn links(&mut self, settings: &Settings, present: &Present) {
        for table in tables::all() {
            let there = present.tables.get(&settings.table(table)).map(|there| &there.relationships);
            for link in table.links {
                let name = settings.relationship(table, link.name);
                if !there.is_some_and(|there| there.contains(&name)) {
                    self.steps.push(Step::CreateLink { table: table.kind, link: link.name });
                }
            }
        }
    }

    /// All are begun before the first is waited for.
    fn keys(&mut self, settings: &Settings, present: &Present) {
        let mut awaited = Vec::new();
        for table in tables::all() {
            let keys = present.tables.get(&settings.table(table)).map(|there| &there.keys);
            match keys.and_then(|keys| keys.get(&settings.key())) {
                Some(key) if key.columns != [settings.key_column()] => {
                    let (table, key) = (settings.table(table), settings.key());
                    self.obstacles.push(Obstacle::OtherKey { table, key });
                }
                Some(key) if key.status == KeyStatus::Active => {}
                there => {
                    match there.map(|key| key.status) {
                        None => self.steps.push(Step::CreateKey(table.kind)),
                        Some(KeyStatus::Failed) => self.steps.push(Step::RebuildKey(table.kind)),
                        Some(_) => {}
                    }
                    awaited.push(Step::AwaitKey(table.kind));
                }
            }
        }
        self.steps.append(&mut awaited);
    }

    /// An organization that a newer Koppel has installed keeps its version: nothing is taken from it.
    fn version(&mut self, present: &Present) {
        let there = present.solution.as_ref().map(|solution| version_parts(&solution.version));
        if there.is_some_and(|there| there < version_parts(SCHEMA_VERSION)) {
            self.steps.push(Step::SetVersion);
        }
    }

    fn managed(&mut self, settings: &Settings, present: &Present) {
        if !present.solution.as_ref().is_some_and(|solution| solution.managed) {
            return;
        }
        self.steps.retain(|step| *step != Step::SetVersion);
        let missing: Vec<String> =
            self.steps.iter().filter(|step| !matches!(step, Step::AwaitKey(_))).map(Step::to_string).collect();
        if !missing.is_empty() {
            let (solution, missing) = (settings.solution.clone(), missing.join(", "));
            self.obstacles.push(Obstacle::ManagedSolution { solution, missing });
        }
    }
}

/// `1.0.0.0` as its numbers; a part that is none counts as 0.
fn version_parts(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.trim().parse().unwrap_or(0)).collect()
}
