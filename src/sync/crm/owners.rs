//! Whose rows are whose (C6, C7): by the business entity that a record belongs to.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::CrmSession;
use crate::api::conditions::Reason;
use crate::api::validate::OwnerName;
use crate::connectors::dataverse::Owner;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::record::{Record, RecordKind};
use crate::sync::error::{At, SyncResult, Vendor};
use crate::sync::findings::Problem;
use crate::sync::record::RunRecord;

/// The entities of a connection with the owner of their rows.
#[derive(Debug, Default)]
pub struct Owners {
    entities: BTreeMap<Option<String>, Standing>,
    /// Records of an entity without mapping are left out, and not held.
    leaves_out: bool,
}

#[derive(Clone, Debug)]
enum Standing {
    /// Its rows belong to that user or team; where none is named, to the application user.
    Open(Option<Owner>),
    /// Why no row of it can be written.
    Closed(String),
}

/// What becomes of a record by the entity that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    To(Option<Owner>),
    /// It is out of scope.
    LeftOut,
}

/// Kinds that belong to the whole site.
fn is_of_the_site(kind: RecordKind) -> bool {
    kind <= RecordKind::Coupon
}

impl Owners {
    /// Finds the owners that the mappings name; one that is not there closes its entity for this run, and is told on the
    /// mapping.
    ///
    /// # Errors
    /// As every call.
    pub async fn find(session: &CrmSession<'_>, record: &mut RunRecord) -> SyncResult<Self> {
        let mut owners = Self { leaves_out: session.declared.leaves_out_unmapped(), ..Self::default() };
        for entity in &session.declared.entities {
            let standing = match &entity.owner {
                None => Standing::Open(None),
                Some(name) => match find(session, name).await? {
                    Some(owner) => Standing::Open(Some(owner)),
                    None => {
                        let why = format!("dynamics 365 has no {}", words(name));
                        let problem = Problem::new(
                            Reason::OwnerUnknown,
                            why.clone(),
                            format!("correct spec.dynamics365.owner of EntityMapping {}", entity.mapping),
                        );
                        let object = format!("EntityMapping {}", entity.mapping);
                        record.findings.mapping_problem(problem.on(vec![object]));
                        Standing::Closed(format!("{why} (EntityMapping {})", entity.mapping))
                    }
                },
            };
            owners.entities.insert(entity.business_entity.clone(), standing);
        }
        Ok(owners)
    }

    /// Whose a record's row is.
    ///
    /// # Errors
    /// The hold of a record that no entity takes.
    pub fn route(&self, record: &Record) -> Result<Route, Hold> {
        match self.entities.get(&record.business_entity) {
            Some(Standing::Open(owner)) => Ok(Route::To(*owner)),
            Some(Standing::Closed(why)) => Err(Hold::new(
                HoldReason::WaitingFor,
                format!("no row of business entity {} can be written: {why}", named(record)),
                "correct the owner in the EntityMapping",
            )),
            None if is_of_the_site(record.kind) => Ok(Route::To(None)),
            None if self.leaves_out => Ok(Route::LeftOut),
            None => {
                let field = match &record.business_entity {
                    Some(id) => format!("businessEntityId: {id}"),
                    None => "no businessEntityId".to_owned(),
                };
                Err(Hold::new(
                    HoldReason::WaitingFor,
                    format!("no EntityMapping takes the records of business entity {}", named(record)),
                    format!("apply an EntityMapping with {field}"),
                ))
            }
        }
    }
}

impl Owners {
    /// Whether the records of a business entity are this connection's business: some mapping takes it.
    pub fn takes(&self, entity: Option<&str>) -> bool {
        self.entities.contains_key(&entity.map(str::to_owned))
    }

    /// The business entity of whom an account's owner sells for: the one whose rows are that owner's, else the default
    /// one, else the only one. The inner value is the entity's id; the outer none where nothing tells.
    pub fn entity_of(&self, owner: Option<Uuid>) -> Option<Option<&str>> {
        let is_owners = |standing: &Standing| match standing {
            Standing::Open(Some(Owner::User(id) | Owner::Team(id))) => Some(*id) == owner,
            _ => false,
        };
        let mut own = self.entities.iter().filter(|(_, standing)| is_owners(standing)).map(|(entity, _)| entity);
        if let (Some(entity), None) = (own.next(), own.next()) {
            return Some(entity.as_deref());
        }
        if self.entities.contains_key(&None) {
            return Some(None);
        }
        let mut all = self.entities.keys();
        match (all.next(), all.next()) {
            (Some(entity), None) => Some(entity.as_deref()),
            _ => None,
        }
    }
}

fn named(record: &Record) -> &str {
    record.business_entity.as_deref().unwrap_or("default")
}

async fn find(session: &CrmSession<'_>, name: &OwnerName) -> SyncResult<Option<Owner>> {
    let found = match name {
        OwnerName::User(user) => session.target.find_user(user).await,
        OwnerName::Team(team) => session.target.find_team(team).await,
    };
    found.at(Vendor::Dynamics365)
}

fn words(name: &OwnerName) -> String {
    match name {
        OwnerName::User(user) => format!("user {user}"),
        OwnerName::Team(team) => format!("team {team}"),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn owners(leaves_out: bool) -> Owners {
        let entities = BTreeMap::from([
            (Some("be_de".to_owned()), Standing::Open(Some(Owner::Team(Uuid::from_u128(1))))),
            (Some("be_be".to_owned()), Standing::Closed("dynamics 365 has no team Gent".to_owned())),
        ]);
        Owners { entities, leaves_out }
    }

    fn invoice(entity: Option<&str>) -> Record {
        Record { business_entity: entity.map(str::to_owned), ..Record::new(RecordKind::Invoice, "INV-1") }
    }

    #[test]
    fn rows_belong_to_whom_the_mapping_says_c7() {
        let route = owners(false).route(&invoice(Some("be_de"))).unwrap();
        assert_eq!(route, Route::To(Some(Owner::Team(Uuid::from_u128(1)))));
    }

    #[test]
    fn an_entity_without_mapping_or_owner_holds_its_records_and_names_the_remedy() {
        let held = |entity: Option<&str>| owners(false).route(&invoice(entity)).unwrap_err();
        assert!(held(Some("be_fr")).remedy.contains("businessEntityId: be_fr"));
        assert!(held(None).remedy.contains("no businessEntityId"));
        assert!(held(Some("be_be")).message.contains("no team Gent"));
        assert_eq!(owners(true).route(&invoice(None)), Ok(Route::LeftOut));
    }

    #[test]
    fn the_catalogue_belongs_to_the_whole_site() {
        let plan = Record::new(RecordKind::Plan, "basic");
        assert_eq!(owners(false).route(&plan), Ok(Route::To(None)));
    }
}
