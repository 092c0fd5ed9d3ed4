//! What a run must know of the organization before it writes: who Koppel is there, what it may do, whether the tables are
//! there. What is missing is told on the connection, and the run ends.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::CrmSession;
use super::needs::{Needs, QUOTE};
use super::owners::Owners;
use crate::api::conditions::Reason;
use crate::api::dynamics365::{ChangeTracking, SchemaMode};
use crate::connectors::dataverse::{Installed, RowContext, SchemaError, Tracking};
use crate::crm::rights::{self, Uses};
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
    let (needs, there) = look(session).await?;
    if !may(session, record, me.user, needs, false).await? {
        return Ok(None);
    }
    session.progress.stage("looking at the tables");
    let installed = match tables(session).await {
        Ok(installed) => installed,
        Err(SchemaError::Call(error)) => return Err(error).at(Vendor::Dynamics365),
        Err(error) => {
            record.findings.reached.mapping = true;
            record.findings.mapping_problem(Problem::new(Reason::SchemaIncomplete, error.to_string(), ""));
            return Ok(None);
        }
    };
    if installed.is_some() && !may(session, record, me.user, needs, true).await? {
        return Ok(None);
    }
    if needs != Needs::of(session.declared) {
        record.findings.mapping_problem(no_sales());
    }
    let tracked = tracked(session, there).await?;
    let currencies = session.target.currencies().await.at(Vendor::Dynamics365)?;
    let owners = Owners::find(session, record).await?;
    record.findings.reached.mapping = true;
    Ok(Some(Organization { id: me.organization, installed, currencies, owners, needs, tracked }))
}

/// What is needed of the CRM's own tables, as far as they are there.
async fn look(session: &CrmSession<'_>) -> SyncResult<(Needs, BTreeMap<String, Tracking>)> {
    let needs = Needs::of(session.declared);
    let tables = needs.tables();
    if tables.is_empty() {
        return Ok((needs, BTreeMap::new()));
    }
    let there = session.target.tables_there(&tables).await.at(Vendor::Dynamics365)?;
    let has_quotes = !needs.quotes || there.contains_key(QUOTE);
    Ok((if has_quotes { needs } else { needs.without_quotes() }, there))
}

fn no_sales() -> Problem {
    Problem::new(
        Reason::SalesTablesMissing,
        "the organization has no table of quotes: no quote goes to Chargebee, and no account becomes a customer for a \
         quote that was won",
        "install Dynamics 365 Sales in the environment, or turn off flows.quotesToChargebee and give \
         flows.accountsToChargebee.create another value",
    )
}

/// The tables whose changes are tracked; where the connection says so, the others are from now on.
async fn tracked(session: &CrmSession<'_>, there: BTreeMap<String, Tracking>) -> SyncResult<BTreeSet<String>> {
    let turns_on = session.declared.change_tracking == ChangeTracking::Enable && session.writes();
    let mut tracked = BTreeSet::new();
    for (table, tracking) in there {
        if !tracking.is_on && tracking.can_be_on && turns_on {
            session.may_go_on().await?;
            session.target.track_standard(&table).await.at(Vendor::Dynamics365)?;
            tracing::info!(table, "changes of the table are tracked from now on");
            tracked.insert(table);
        } else if tracking.is_on {
            tracked.insert(table);
        }
    }
    Ok(tracked)
}

/// Whether Koppel may do what the connection asks for; what it may not is noted with every privilege that is missing.
async fn may(
    session: &CrmSession<'_>,
    record: &mut RunRecord,
    user: Uuid,
    needs: Needs,
    installed: bool,
) -> SyncResult<bool> {
    let declared = session.declared;
    let installs = session.writes() && declared.schema_mode == SchemaMode::Managed && !installed;
    let tracks = session.writes() && declared.change_tracking == ChangeTracking::Enable && needs.accounts;
    let uses = Uses { installs, reads: needs.privileges(), tracks };
    let needed = rights::needed(&declared.schema, &uses, installed);
    let held = session.target.privileges(user).await.at(Vendor::Dynamics365)?;
    let missing = rights::missing(&needed, &held);
    if missing.is_empty() {
        return Ok(true);
    }
    record.findings.privileges_missing(user, &missing);
    Ok(false)
}

/// The tables, made where they are missing and may be made.
async fn tables(session: &CrmSession<'_>) -> Result<Option<Installed>, SchemaError> {
    let settings = &session.declared.schema;
    match (session.declared.schema_mode, session.writes()) {
        (SchemaMode::Managed, true) => session.target.install(settings).await.map(Some),
        (SchemaMode::Verify, _) => session.target.verify(settings).await.map(Some),
        // Nothing is made in mode Plan, and the plan can be told without it.
        (SchemaMode::Managed, false) => match session.target.verify(settings).await {
            Err(SchemaError::Missing(_)) => Ok(None),
            looked => looked.map(Some),
        },
    }
}
