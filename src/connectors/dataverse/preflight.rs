//! What an organization has and what the application user may do there, asked before anything is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use uuid::Uuid;

use super::client::DataverseClient;
use super::odata::{by_id, string};
use super::row;
use super::{answer, call::Call};
use crate::connectors::http::{CallError, CallResult};
use crate::crm::rights::Depth;

/// To whom rows belong (C7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    User(Uuid),
    Team(Uuid),
}

/// Whether the changes of a table are tracked (dynamics365.md §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracking {
    pub is_on: bool,
    pub can_be_on: bool,
}

#[derive(Deserialize)]
struct Managed {
    #[serde(rename = "Value")]
    value: bool,
}

#[derive(Deserialize)]
struct Privileges {
    #[serde(rename = "RolePrivileges")]
    held: Vec<Privilege>,
}

#[derive(Deserialize)]
struct Privilege {
    #[serde(rename = "PrivilegeName")]
    name: String,
    #[serde(rename = "Depth")]
    depth: String,
}

impl DataverseClient {
    /// What `user` may do by all roles, its teams' included: privileges by name, each with the furthest that it reaches.
    ///
    /// # Errors
    /// As every call.
    pub async fn privileges(&self, user: Uuid) -> CallResult<BTreeMap<String, Depth>> {
        const RESOURCE: &str = "RetrieveUserPrivileges";
        let path = format!("{}/Microsoft.Dynamics.CRM.{RESOURCE}()", by_id("systemusers", user));
        let answer = self.call(&Call::get(RESOURCE, self.api(&path, &[]))).await?;
        let privileges: Privileges = row::body(RESOURCE, &answer)?;
        let mut held = BTreeMap::new();
        for Privilege { name, depth } in privileges.held {
            let depth = depth_of(&depth)
                .ok_or_else(|| answer::not_the_api(RESOURCE, &format!("the unknown depth {depth:?}")))?;
            held.entry(name).and_modify(|held: &mut Depth| *held = depth.max(*held)).or_insert(depth);
        }
        Ok(held)
    }

    /// Those of `tables`, by logical name, that the organization has, with whether their changes are tracked: a plain
    /// Dataverse knows no quotes.
    ///
    /// # Errors
    /// As every call.
    pub async fn tables_there(&self, tables: &[&str]) -> CallResult<BTreeMap<String, Tracking>> {
        let select = "LogicalName,ChangeTrackingEnabled,CanChangeTrackingBeEnabled";
        let rows = self.metadata_rows("EntityDefinitions", select, Some(&any_of("LogicalName", tables))).await?;
        let one = |row: &row::Row| {
            let can_be_on = row.get::<Managed>("CanChangeTrackingBeEnabled")?.is_some_and(|managed| managed.value);
            let is_on = row.flag("ChangeTrackingEnabled")?.unwrap_or_default();
            Ok((row.need_text("LogicalName")?, Tracking { is_on, can_be_on }))
        };
        rows.iter().map(one).collect()
    }

    /// The currencies of the organization, by their code of ISO 4217. Their ids differ between organizations.
    ///
    /// # Errors
    /// As every call.
    pub async fn currencies(&self) -> CallResult<BTreeMap<String, Uuid>> {
        let rows = self.rows("transactioncurrencies", "transactioncurrencyid,isocurrencycode", None).await?;
        let one = |row: &row::Row| Ok((row.need_text("isocurrencycode")?, row.need_guid("transactioncurrencyid")?));
        rows.iter().map(one).collect()
    }

    /// The user of this id, e-mail address or user name, who is not disabled; `None` where there is none.
    ///
    /// # Errors
    /// As every call; [`CallError::Rejected`] where there are several.
    pub async fn find_user(&self, name: &str) -> CallResult<Option<Owner>> {
        let by = match Uuid::parse_str(name) {
            Ok(id) => format!("systemuserid eq {id}"),
            Err(_) => format!("(internalemailaddress eq {0} or domainname eq {0})", string(name)),
        };
        let filter = format!("{by} and isdisabled eq false");
        let rows = self.rows("systemusers", "systemuserid", Some(&filter)).await?;
        Ok(only(&rows, "systemuserid", "user", name)?.map(Owner::User))
    }

    /// The team of this id or name; `None` where there is none.
    ///
    /// # Errors
    /// As every call; [`CallError::Rejected`] where there are several.
    pub async fn find_team(&self, name: &str) -> CallResult<Option<Owner>> {
        let filter = match Uuid::parse_str(name) {
            Ok(id) => format!("teamid eq {id}"),
            Err(_) => format!("name eq {}", string(name)),
        };
        let rows = self.rows("teams", "teamid", Some(&filter)).await?;
        Ok(only(&rows, "teamid", "team", name)?.map(Owner::Team))
    }
}

/// `a eq 'x' or a eq 'y'`.
pub(super) fn any_of<T: AsRef<str>>(column: &str, values: &[T]) -> String {
    values.iter().map(|value| format!("{column} eq {}", string(value.as_ref()))).collect::<Vec<_>>().join(" or ")
}

fn only(rows: &[row::Row], id: &str, what: &str, name: &str) -> CallResult<Option<Uuid>> {
    match rows {
        [] => Ok(None),
        [row] => row.need_guid(id).map(Some),
        _ => {
            let message = format!(
                "dynamics 365 has {} {what}s {name:?}; name the owner by its id in the entity mapping",
                rows.len()
            );
            Err(CallError::Rejected { status: 0, code: None, message })
        }
    }
}

/// A depth by its name, or by the number that some answers give.
fn depth_of(text: &str) -> Option<Depth> {
    match text {
        "Basic" | "0" => Some(Depth::Own),
        "Local" | "1" => Some(Depth::BusinessUnit),
        "Deep" | "2" => Some(Depth::BusinessUnitsBelow),
        "Global" | "3" => Some(Depth::Organization),
        _ => None,
    }
}
