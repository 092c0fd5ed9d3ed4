//! Which entity a document belongs to (E33).

use std::collections::BTreeSet;

use super::entity::EntityBooks;
use crate::domain::hold::{Hold, HoldReason};

/// The entities of a connection, by the billing system's business entity.
pub struct Router<'a> {
    entities: Vec<EntityBooks<'a>>,
    /// Entities that cannot be worked for in this run, with the reason in words.
    closed: Vec<(Option<String>, String)>,
    /// Prices that the billing system does not know: not asked for again in this run.
    unknown_prices: BTreeSet<String>,
}

impl<'a> Router<'a> {
    pub fn new(entities: Vec<EntityBooks<'a>>, closed: Vec<(Option<String>, String)>) -> Self {
        Self { entities, closed, unknown_prices: BTreeSet::new() }
    }

    pub fn entities_mut(&mut self) -> &mut [EntityBooks<'a>] {
        &mut self.entities
    }

    pub fn entities(&self) -> &[EntityBooks<'a>] {
        &self.entities
    }

    pub fn is_unknown_price(&self, id: &str) -> bool {
        self.unknown_prices.contains(id)
    }

    pub fn note_unknown_price(&mut self, id: &str) {
        self.unknown_prices.insert(id.to_owned());
    }

    /// The place of the entity of a business entity: the one that names it, or the default one where a document names
    /// none. Nothing is guessed: a document of another entity in these books would be wrong for good.
    ///
    /// # Errors
    /// The hold of a document that no entity takes.
    pub fn route(&self, business_entity: Option<&str>) -> Result<usize, Hold> {
        let named = |books: &EntityBooks<'_>| books.entity.business_entity.as_deref() == business_entity;
        if let Some(place) = self.entities.iter().position(named) {
            return Ok(place);
        }
        let closed = self.closed.iter().find(|(id, _)| id.as_deref() == business_entity);
        if let Some((_, why)) = closed {
            return Err(waiting(business_entity, why));
        }
        Err(unmapped(business_entity))
    }
}

fn waiting(business_entity: Option<&str>, why: &str) -> Hold {
    let name = business_entity.unwrap_or("default");
    Hold::new(
        HoldReason::WaitingFor,
        format!("the administration of business entity {name} cannot be worked for: {why}"),
        "mend what the connection's conditions say of the administration",
    )
}

fn unmapped(business_entity: Option<&str>) -> Hold {
    let (name, field) = match business_entity {
        Some(id) => (id, format!("businessEntityId: {id}")),
        None => ("default", "no businessEntityId".to_owned()),
    };
    Hold::new(
        HoldReason::WaitingFor,
        format!("no EntityMapping takes the documents of business entity {name}"),
        format!("apply an EntityMapping with {field}"),
    )
}
