//! What a run must know of the organization before it writes: who Koppel is there, what it may do, whether the tables are
//! there. What is missing is told on the connection, and the run ends.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::CrmSession;
use super::needs::Needs;
use super::owners::Owners;
use super::standard;
use crate::api::conditions::Reason;
use crate::api::dynamics365::SchemaMode;
use crate::connectors::dataverse::{Installed, RowContext, SchemaError};
use crate::crm::rights::{self, Depth, Uses};
use crate::sync::error::{At, SyncResult, Vendor};
use crate::sync::findings::Problem;
use crate::sync::record::RunRecord;

/// An organization that can be worked with.
#[derive(Debug)]
pub struct Organization {
    pub id: Uuid,
    /// The tables; none in mode Plan where they are not there yet.
    pub installed: Option<Installed>,
    /// By code of ISO 4217.
    pub currencies: BTreeMap<String, Uuid>,
    pub owners: Owners,
    /// What the flows need of what there is.
    pub needs: Needs,
    /// Those of the CRM's own tables whose changes are tracked, by logical name.
    pub tracked: BTreeSet<String>,
    /// Digest of what a refusal stands on beside the row: as soon as it is another one, what was refused may go again.
    pub facts: String,
}

impl Organization {
    /// What rows need to know; none in mode Plan where there are no tables yet.
    pub fn rows<'a>(&'a self, session: &'a CrmSession<'_>) -> Option<RowContext<'a>> {
        let installed = self.installed.as_ref()?;
        Some(RowContext { installed, site: &session.connection.chargebee.site, currencies: &self.currencies })
    }
}

/// Reaches both systems and looks at everything that rows stand on; `None` where a person must act first, which has been
/// noted.
///
/// # Errors
/// What ends the run.
pub async fn open(session: &CrmSession<'_>, record: &mut RunRecord) -> SyncResult<Option<Organization>> {
    session.progress.stage("connecting");
    session.chargebee.site().await.at(Vendor::Chargebee)?;
    let me = session.target.who_am_i().await.at(Vendor::Dynamics365)?;
    record.findings.credentials_accepted(Vendor::Dynamics365, &me.user.to_string());
    record.findings.reached.systems = true;
    let (needs, there) = standard::look(session, record).await?;
    let tracks = standard::turns_on(session, &there);
    let asks = |installs, installed| Asks { user: me.user, needs, tracks, installs, installed };
    let Some(mut privileges) = may(session, record, asks(false, false)).await? else { return Ok(None) };
    session.progress.stage("looking at the tables");
    let settings = &session.declared.schema;
    let mut looked = session.target.verify(settings).await;
    if matches!(looked, Err(SchemaError::Missing(_))) && session.declared.schema_mode == SchemaMode::Managed {
        // The rights to install are asked for only where there is something to install.
        if session.writes() {
            let Some(_) = may(session, record, asks(true, false)).await? else { return Ok(None) };
            looked = session.target.install(settings).await;
        }
    }
    let installed = match looked {
        Ok(installed) => Some(installed),
        // Nothing is made in mode Plan, and the plan can be told without it.
        Err(SchemaError::Missing(_)) if may_be_planned(session) => None,
        Err(SchemaError::Call(error)) => return Err(error).at(Vendor::Dynamics365),
        Err(error) => {
            record.findings.reached.mapping = true;
            record.findings.mapping_problem(Problem::new(Reason::SchemaIncomplete, error.to_string(), ""));
            return Ok(None);
        }
    };
    if installed.is_some() {
        let Some(with_tables) = may(session, record, asks(false, true)).await? else { return Ok(None) };
        privileges = with_tables;
    }
    let tracked = standard::tracked(session, there).await?;
    let currencies = session.target.currencies().await.at(Vendor::Dynamics365)?;
    let owners = Owners::find(session, record).await?;
    record.findings.reached.mapping = true;
    let facts = facts(session, &privileges);
    Ok(Some(Organization { id: me.organization, installed, currencies, owners, needs, tracked, facts }))
}

/// The roles of the application user and the connection's own spec: what a person changes to let rows in.
fn facts(session: &CrmSession<'_>, privileges: &BTreeMap<String, Depth>) -> String {
    let mut digest = Sha256::new();
    digest.update(session.connection.generation.to_be_bytes());
    digest.update(format!("{privileges:?}"));
    digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a plan can be told although tables are missing: a run would make them.
fn may_be_planned(session: &CrmSession<'_>) -> bool {
    session.declared.schema_mode == SchemaMode::Managed && !session.writes()
}

/// What the application user is to be allowed.
struct Asks {
    user: Uuid,
    needs: Needs,
    /// Change tracking is to be turned on.
    tracks: bool,
    installs: bool,
    /// The tables are there: rows can be written.
    installed: bool,
}

/// The privileges of the application user; none where it lacks one that the connection needs, which has been noted.
async fn may(
    session: &CrmSession<'_>,
    record: &mut RunRecord,
    asks: Asks,
) -> SyncResult<Option<BTreeMap<String, Depth>>> {
    let Asks { user, needs, tracks, installs, installed } = asks;
    let uses = Uses { installs, reads: needs.privileges(), tracks };
    let needed = rights::needed(&session.declared.schema, &uses, installed);
    let held = session.target.privileges(user).await.at(Vendor::Dynamics365)?;
    let missing = rights::missing(&needed, &held);
    if missing.is_empty() {
        return Ok(Some(held));
    }
    record.findings.privileges_missing(user, &missing);
    Ok(None)
}
