//! Application users and what they may do.

use std::sync::Arc;

use uuid::Uuid;

use super::Organization;
use super::cell::Cell;
use super::security::{Depth, Role};
use super::store::Row;

impl Organization {
    /// An application user for a client id, with the roles of these names; the id of its row.
    pub fn add_application_user(&self, client_id: Uuid, roles: &[&str]) -> Uuid {
        let mut org = self.org();
        let mut row = Row::new(Uuid::new_v4());
        let name = format!("# {client_id}");
        row.set("systemuserid", Some(Cell::Id(row.id)));
        row.set("applicationid", Some(Cell::Id(client_id)));
        row.set("azureactivedirectoryobjectid", Some(Cell::Id(Uuid::new_v4())));
        row.set("fullname", Some(Cell::Text(name)));
        row.set("isdisabled", Some(Cell::Bool(false)));
        row.set("accessmode", Some(Cell::Int(4)));
        row.set("businessunitid", Some(Cell::Link { table: "businessunit".to_owned(), id: org.unit }));
        let now = Cell::Moment(org.now());
        row.set("createdon", Some(now.clone()));
        row.set("modifiedon", Some(now));
        let wanted: Vec<Uuid> = org
            .store
            .rows("role")
            .filter(|role| role.text("name").is_some_and(|name| roles.contains(&name)))
            .map(|role| role.id)
            .collect();
        let id = org.store.put("systemuser", row).id;
        org.security.members.insert(id, wanted.into_iter().collect());
        id
    }

    /// A team that rows can be given to; the id of its row.
    pub fn add_team(&self, name: &str) -> Uuid {
        let mut org = self.org();
        let mut row = Row::new(Uuid::new_v4());
        row.set("teamid", Some(Cell::Id(row.id)));
        row.set("name", Some(Cell::Text(name.to_owned())));
        row.set("teamtype", Some(Cell::Int(0)));
        row.set("businessunitid", Some(Cell::Link { table: "businessunit".to_owned(), id: org.unit }));
        row.set("administratorid", Some(Cell::Link { table: "systemuser".to_owned(), id: org.administrator }));
        // Who is to own rows must be able to read them.
        let is_administrators = |role: &&Arc<Row>| role.text("name") == Some(super::ADMINISTRATOR_ROLE);
        let role = org.store.rows("role").find(is_administrators).map(|role| role.id);
        let id = org.store.put("team", row).id;
        org.security.members.insert(id, role.into_iter().collect());
        id
    }

    /// A role with exactly these privileges; application users get it by its name.
    pub fn add_role(&self, name: &str, privileges: &[(&str, Depth)]) {
        let mut org = self.org();
        let mut row = Row::new(Uuid::new_v4());
        row.set("roleid", Some(Cell::Id(row.id)));
        row.set("name", Some(Cell::Text(name.to_owned())));
        row.set("businessunitid", Some(Cell::Link { table: "businessunit".to_owned(), id: org.unit }));
        let id = org.store.put("role", row).id;
        let privileges = privileges.iter().map(|(name, depth)| ((*name).to_owned(), *depth)).collect();
        org.security.roles.insert(id, Role::Listed(privileges));
    }

    /// The row of the application user of a client id.
    pub fn application_user(&self, client_id: Uuid) -> Option<Uuid> {
        let org = self.org();
        org.store.rows("systemuser").find(|row| row.id_of("applicationid") == Some(client_id)).map(|row| row.id)
    }

    /// Gives a user or team a privilege beside its roles.
    pub fn grant(&self, principal: Uuid, privilege: &str, depth: Depth) {
        let mut org = self.org();
        if let Some(revoked) = org.security.revoked.get_mut(&principal) {
            revoked.remove(privilege);
        }
        org.security.granted.entry(principal).or_default().insert(privilege.to_owned(), depth);
    }

    /// Takes a privilege from a user or team, whatever its roles give.
    pub fn revoke(&self, principal: Uuid, privilege: &str) {
        let mut org = self.org();
        org.security.revoked.entry(principal).or_default().insert(privilege.to_owned());
        if let Some(granted) = org.security.granted.get_mut(&principal) {
            granted.remove(privilege);
        }
    }

    /// Takes all roles and what was given besides from a user or team.
    pub fn take_roles(&self, principal: Uuid) {
        let mut org = self.org();
        org.security.members.remove(&principal);
        org.security.granted.remove(&principal);
    }

    /// The salesperson's row.
    pub fn salesperson(&self) -> Uuid {
        let org = self.org();
        let found = org.store.rows("systemuser").find(|row| row.text("fullname") == Some(super::SALESPERSON));
        found.map_or(org.administrator, |row| row.id)
    }

    /// The row of the team that rows can be given to.
    pub fn team(&self) -> Option<Uuid> {
        let org = self.org();
        org.store.rows("team").find(|row| row.text("name") == Some(super::TEAM)).map(|row| row.id)
    }
}
