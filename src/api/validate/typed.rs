//! What the engine runs with.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use secrecy::SecretString;
use url::Url;

use super::crm::ValidatedCrm;
use crate::accounting::rulebook::Rulebook;
use crate::api::connection::Mode;
use crate::api::customers::MatchRule;
use crate::api::flows::BookAs;
use crate::api::policies::{Policies, UnmatchedCustomer};

/// A connection that cannot be wrong in itself: what is the same for every target, and the target.
#[derive(Clone, Debug)]
pub struct ValidatedConnection {
    pub namespace: String,
    pub name: String,
    /// `metadata.generation`; 0 for an object from a file.
    pub generation: i64,
    /// No run is to be started.
    pub suspended: bool,
    pub mode: Mode,
    pub time_zone: TimeZone,
    /// First day in scope of flows that have none of their own.
    pub start_date: Date,
    pub cadence: Cadence,
    /// How long one run may take.
    pub timeout: SignedDuration,
    pub chargebee: ChargebeeAccess,
    pub target: ValidatedTarget,
}

/// What a connection couples the billing site to.
#[derive(Clone, Debug)]
pub enum ValidatedTarget {
    ExactOnline(Box<ValidatedExact>),
    Dynamics365(Box<ValidatedCrm>),
}

impl ValidatedConnection {
    /// The target, where it is Exact Online.
    pub fn exact(&self) -> Option<&ValidatedExact> {
        match &self.target {
            ValidatedTarget::ExactOnline(exact) => Some(exact),
            ValidatedTarget::Dynamics365(_) => None,
        }
    }

    /// The target, where it is Dynamics 365.
    pub fn crm(&self) -> Option<&ValidatedCrm> {
        match &self.target {
            ValidatedTarget::ExactOnline(_) => None,
            ValidatedTarget::Dynamics365(crm) => Some(crm),
        }
    }
}

/// Exact Online as the target: whose books, and how documents come into them.
#[derive(Clone, Debug)]
pub struct ValidatedExact {
    pub access: ExactAccess,
    pub flows: ValidatedFlows,
    pub policies: Policies,
    /// At least one; each business entity at most once. In the order of the mappings' names.
    pub entities: Vec<ValidatedEntity>,
}

impl ValidatedExact {
    /// The entity that a document of this business entity belongs to; `None` is the site's default one.
    pub fn entity_of(&self, business_entity: Option<&str>) -> Option<&ValidatedEntity> {
        self.entities.iter().find(|entity| entity.business_entity.as_deref() == business_entity)
    }
}

/// When runs start.
#[derive(Clone, Debug)]
pub enum Cadence {
    /// Time between the starts of two runs.
    Every(SignedDuration),
    /// In the connection's time zone.
    Cron(Box<croner::Cron>),
}

/// The Chargebee site and its key.
#[derive(Clone, Debug)]
pub struct ChargebeeAccess {
    pub site: String,
    /// Up to but without `/api/v2`; a slash at its end only where it has no path at all.
    pub base_url: Url,
    pub api_key: SecretString,
}

/// The Exact Online site and the app's credentials.
#[derive(Clone, Debug)]
pub struct ExactAccess {
    /// Up to but without `/api`; a slash at its end only where it has no path at all.
    pub base_url: Url,
    pub client_id: String,
    pub client_secret: SecretString,
    /// The first one, from the user's Secret; later ones are Koppel's own (I7).
    pub first_refresh_token: SecretString,
    /// The Secret that they come from, for messages.
    pub secret_name: String,
}

/// The flows that are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidatedFlows {
    pub catalogue: bool,
    pub customers: bool,
    /// With the first day in scope; none: the flow is off.
    pub invoices: Option<Date>,
    /// As `invoices`.
    pub credit_notes: Option<Date>,
    pub book_as: BookAs,
    pub attach_pdf: bool,
    /// As of `invoices`.
    pub payments_to_exact: Option<Date>,
    /// Money of the books that is recorded at the billing system (E6), as of `invoices`.
    pub payments_to_chargebee: Option<Date>,
}

/// One entity with the rules of its books.
#[derive(Clone, Debug)]
pub struct ValidatedEntity {
    /// Name of the EntityMapping: what a message tells people to change.
    pub mapping: String,
    /// Id of the Chargebee business entity; none for the default one.
    pub business_entity: Option<String>,
    pub division: i32,
    pub rulebook: Rulebook,
    pub customers: CustomerRules,
}

/// How customers become accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerRules {
    /// In this order; each rule at most once.
    pub match_by: Vec<MatchRule>,
    /// Custom field with the id of the account.
    pub pointer_field: Option<String>,
    /// Custom field with the number at the chamber of commerce; there where `match_by` needs it.
    pub chamber_of_commerce_field: Option<String>,
    /// Property of the account → custom field.
    pub fields: BTreeMap<String, String>,
    pub unmatched: UnmatchedCustomer,
}
