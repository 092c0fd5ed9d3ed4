//! Brings an organization's tables to what they must be, however far an earlier attempt got.

use std::collections::BTreeMap;

use thiserror::Error;

use super::super::client::DataverseClient;
use super::super::upsert::UpsertTarget;
use crate::connectors::http::CallError;
use crate::crm::schema::{Obstacle, Present, Settings, Step, plan};
use crate::crm::tables;
use crate::domain::record::RecordKind;

/// How often what is there is looked at again after a step whose outcome is open.
const ROUNDS_MAX: u32 = 5;

/// Tables that rows can be written to, by the names that the organization gave them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    pub settings: Settings,
    pub targets: BTreeMap<RecordKind, UpsertTarget>,
}

/// Why rows cannot be written.
#[derive(Clone, Debug, Error)]
pub enum SchemaError {
    /// A person must mend it.
    #[error("{}", joined(.0))]
    Obstacles(Vec<Obstacle>),
    /// Something is not there, and Koppel may not make it.
    #[error("dynamics 365 lacks {}; set schema: Managed, or import Koppel's solution", .0.join(", "))]
    Missing(Vec<String>),
    #[error(transparent)]
    Call(#[from] CallError),
}

impl DataverseClient {
    /// Makes what is missing of the tables that `settings` want, one step after the other. Nothing is taken away, and where
    /// all is there nothing is written.
    ///
    /// # Errors
    /// [`SchemaError`]; a later call goes on where this one ended.
    pub async fn install(&self, settings: &Settings) -> Result<Installed, SchemaError> {
        let mut failed: Option<Step> = None;
        for _ in 0..ROUNDS_MAX {
            let found = self.find_schema(settings).await?;
            let plan = plan(settings, &found.present);
            if !plan.obstacles.is_empty() {
                return Err(SchemaError::Obstacles(plan.obstacles));
            }
            let mut open = None;
            for step in &plan.steps {
                tracing::info!(%step, solution = settings.solution, "installing");
                if let Err(error) = self.carry_out(settings, &found, step).await {
                    open = Some((step.clone(), error.while_doing(&format!("install {step} in dynamics 365"))));
                    break;
                }
            }
            match open {
                None if plan.steps.is_empty() => return Ok(Installed::of(settings, &found.present)),
                // Looked at once more: an organization may leave out what it was given.
                None => {}
                // Somebody else may have made it, or the answer was lost: what is there tells.
                Some((step, error)) if is_open(&error) && failed.as_ref() != Some(&step) => failed = Some(step),
                Some((_, error)) => return Err(error.into()),
            }
        }
        let message = "dynamics 365 does not keep the tables as they were installed; the next run tries again";
        Err(CallError::Unavailable { message: message.to_owned() }.into())
    }

    /// Looks whether the tables that `settings` want are there; changes nothing.
    ///
    /// # Errors
    /// [`SchemaError::Missing`] names what is not.
    pub async fn verify(&self, settings: &Settings) -> Result<Installed, SchemaError> {
        let found = self.find_schema(settings).await?;
        let plan = plan(settings, &found.present);
        if !plan.obstacles.is_empty() {
            return Err(SchemaError::Obstacles(plan.obstacles));
        }
        if !plan.is_installed() {
            return Err(SchemaError::Missing(plan.steps.iter().map(Step::to_string).collect()));
        }
        Ok(Installed::of(settings, &found.present))
    }
}

/// Whether what is there can tell what came of the step.
fn is_open(error: &CallError) -> bool {
    matches!(error, CallError::OutcomeUnknown { .. } | CallError::Rejected { .. })
}

impl Installed {
    fn of(settings: &Settings, present: &Present) -> Self {
        let targets = tables::all().iter().filter_map(|table| {
            let name = settings.table(table);
            let set = present.tables.get(&name)?.entity_set.clone();
            Some((table.kind, UpsertTarget { set, table: name, key_column: settings.key_column() }))
        });
        Self { settings: settings.clone(), targets: targets.collect() }
    }
}

fn joined(obstacles: &[Obstacle]) -> String {
    obstacles.iter().map(Obstacle::to_string).collect::<Vec<_>>().join("; ")
}
