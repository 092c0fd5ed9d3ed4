//! Who may do what: roles with privileges, users and teams with roles, and what a test gives or takes besides.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::call::Context;
use super::failure::{Failure, Outcome};
use super::org::Org;
use super::schema::{Ownership, Schema, Table};
use super::store::Row;

/// How far a privilege reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Depth {
    /// The rows of the user or of its teams.
    Basic,
    /// Those of its business unit.
    Local,
    /// Those of the units below besides.
    Deep,
    /// The whole organisation.
    Global,
}

impl Depth {
    pub fn name(self) -> &'static str {
        match self {
            Self::Basic => "Basic",
            Self::Local => "Local",
            Self::Deep => "Deep",
            Self::Global => "Global",
        }
    }
}

/// What is done with rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Create,
    Read,
    Write,
    Delete,
    Append,
    AppendTo,
    Assign,
    Share,
}

const VERBS: [Verb; 8] =
    [Verb::Create, Verb::Read, Verb::Write, Verb::Delete, Verb::Append, Verb::AppendTo, Verb::Assign, Verb::Share];

impl Verb {
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Read => "Read",
            Self::Write => "Write",
            Self::Delete => "Delete",
            Self::Append => "Append",
            Self::AppendTo => "AppendTo",
            Self::Assign => "Assign",
            Self::Share => "Share",
        }
    }

    /// The bit in `accessright`.
    pub fn right(self) -> i64 {
        match self {
            Self::Read => 1,
            Self::Write => 2,
            Self::Append => 4,
            Self::AppendTo => 16,
            Self::Create => 32,
            Self::Delete => 65_536,
            Self::Share => 262_144,
            Self::Assign => 524_288,
        }
    }
}

/// Privileges of customizing, and others that no table has.
const CUSTOMIZING: [&str; 21] = [
    "prvCreateEntity",
    "prvReadEntity",
    "prvWriteEntity",
    "prvDeleteEntity",
    "prvCreateAttribute",
    "prvReadAttribute",
    "prvWriteAttribute",
    "prvDeleteAttribute",
    "prvCreateRelationship",
    "prvReadRelationship",
    "prvWriteRelationship",
    "prvDeleteRelationship",
    "prvCreateOptionSet",
    "prvReadOptionSet",
    "prvWriteOptionSet",
    "prvDeleteOptionSet",
    "prvPublishCustomization",
    "prvImportCustomization",
    "prvExportCustomization",
    "prvBypassCustomBusinessLogic",
    "prvBypassCustomPlugins",
];
const OTHERS: [&str; 2] = ["prvActOnBehalfOfAnotherUser", "prvBulkDelete"];
/// Tables that anybody with a role reads.
const OPEN: [&str; 9] = [
    "organization",
    "publisher",
    "solution",
    "solutioncomponent",
    "role",
    "privilege",
    "sdkmessage",
    "sdkmessagefilter",
    "asyncoperation",
];

/// What a role gives.
#[derive(Clone, Debug)]
pub enum Role {
    /// System Administrator.
    Everything,
    /// System Customizer: customizing, and of data its own rows.
    Customizer,
    Listed(BTreeMap<String, Depth>),
}

/// Roles, who has them, and what is given or taken besides.
#[derive(Debug, Default)]
pub struct Security {
    pub roles: BTreeMap<Uuid, Role>,
    /// By user or team.
    pub members: BTreeMap<Uuid, BTreeSet<Uuid>>,
    pub granted: BTreeMap<Uuid, BTreeMap<String, Depth>>,
    pub revoked: BTreeMap<Uuid, BTreeSet<String>>,
}

impl Security {
    /// How far a user or team reaches with a privilege.
    pub fn depth(&self, principal: Uuid, privilege: &str) -> Option<Depth> {
        if self.revoked.get(&principal).is_some_and(|names| names.contains(privilege)) {
            return None;
        }
        let granted = self.granted.get(&principal).and_then(|names| names.get(privilege)).copied();
        let roles = self.members.get(&principal).into_iter().flatten().filter_map(|role| self.roles.get(role));
        roles.filter_map(|role| of_role(role, privilege)).chain(granted).max()
    }

    /// Whether a user or team has any role at all.
    pub fn is_somebody(&self, principal: Uuid) -> bool {
        self.members.get(&principal).is_some_and(|roles| !roles.is_empty()) || self.granted.contains_key(&principal)
    }
}

fn of_role(role: &Role, privilege: &str) -> Option<Depth> {
    match role {
        Role::Everything => Some(Depth::Global),
        Role::Customizer => {
            let customizes = CUSTOMIZING.contains(&privilege)
                || ["Publisher", "Solution"].iter().any(|stem| privilege.ends_with(stem));
            let bypasses = privilege.starts_with("prvBypass");
            match customizes {
                true if !bypasses => Some(Depth::Global),
                false if !OTHERS.contains(&privilege) => Some(Depth::Basic),
                _ => None,
            }
        }
        Role::Listed(names) => names.get(privilege).copied(),
    }
}

/// The name of a table's privilege.
pub fn privilege(verb: Verb, table: &Table) -> String {
    format!("prv{}{}", verb.name(), table.privilege_stem)
}

/// The id of a privilege, the same in every organisation.
pub fn privilege_id(name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
}

/// The verbs that a table's privileges have.
pub fn verbs(table: &Table) -> impl Iterator<Item = Verb> {
    let owned = matches!(table.ownership, Ownership::User | Ownership::BusinessUnit);
    VERBS.into_iter().filter(move |verb| owned || !matches!(verb, Verb::Assign | Verb::Share))
}

/// All privileges that exist, with the bit of their verb.
pub fn all(schema: &Schema) -> BTreeMap<String, i64> {
    let of_tables =
        schema.tables.values().flat_map(|table| verbs(table).map(move |verb| (privilege(verb, table), verb.right())));
    let others = CUSTOMIZING.into_iter().chain(OTHERS).map(|name| (name.to_owned(), 0));
    of_tables.chain(others).collect()
}

impl Org {
    /// How far the caller reaches with a verb on a table, or the refusal that names the missing privilege.
    pub fn need(&self, context: &Context, verb: Verb, table: &Table) -> Outcome<Depth> {
        if verb == Verb::Read && OPEN.contains(&table.logical.as_str()) && self.security.is_somebody(context.caller) {
            return Ok(Depth::Global);
        }
        self.need_of(context.caller, context.caller, verb, table)
    }

    /// The same for another principal, such as whom a row is given to.
    pub fn need_of(&self, principal: Uuid, caller: Uuid, verb: Verb, table: &Table) -> Outcome<Depth> {
        let name = privilege(verb, table);
        let depth = self.security.depth(principal, &name);
        depth.ok_or_else(|| self.missing(principal, caller, &name, table.type_code, &table.logical))
    }

    /// Whether the caller has a privilege that belongs to no table.
    pub fn need_named(&self, context: &Context, name: &str) -> Outcome<()> {
        match self.security.depth(context.caller, name) {
            Some(_) => Ok(()),
            None => Err(self.missing(context.caller, context.caller, name, 0, "")),
        }
    }

    fn missing(&self, principal: Uuid, caller: Uuid, name: &str, code: i64, table: &str) -> Failure {
        let roles = self.security.members.get(&principal).map_or(0, BTreeSet::len);
        let count = all(&self.schema).keys().filter(|name| self.security.depth(principal, name).is_some()).count();
        let kind = if self.store.get("team", principal).is_some() { 9 } else { 8 };
        let message = format!(
            "Principal user (Id={principal}, type={kind}, roleCount={roles}, privilegeCount={count}, accessMode='4 Non-interactive'), is \
             missing {name} privilege (Id={}) on OTC={code} for entity '{table}'. context.Caller={caller}. Or identityUser.SystemUserId={caller}",
            privilege_id(name)
        );
        Failure::new(403, "0x80042f09", message)
    }

    /// Whether a row lies within a depth of the caller's.
    pub fn reaches(&self, context: &Context, depth: Depth, table: &Table, row: &Row) -> bool {
        if depth == Depth::Global || table.ownership != Ownership::User || !table.has_owner() {
            return true;
        }
        if row.id_of("ownerid") == Some(context.caller) {
            return true;
        }
        let unit = self.store.get("systemuser", context.caller).and_then(|user| user.id_of("businessunitid"));
        depth >= Depth::Local && unit.is_some() && row.id_of("owningbusinessunit") == unit
    }

    /// Refuses what lies beyond a depth of the caller's.
    pub fn need_reach(&self, context: &Context, depth: Depth, verb: Verb, table: &Table, row: &Row) -> Outcome<()> {
        if self.reaches(context, depth, table, row) {
            return Ok(());
        }
        let message = format!(
            "SecLib::AccessCheckEx failed. User: {} does not have {}Access right(s) for record with id {} of entity {}.",
            context.caller,
            verb.name(),
            row.id,
            table.logical
        );
        Err(Failure::new(403, "0x80040220", message))
    }
}
