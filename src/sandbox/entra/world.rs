//! What Entra knows: tenants with their apps, other issuers' keys, and the tokens that are out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use super::certificate::Certificate;
use super::fault::Faults;
use super::keys::Key;
use crate::sandbox::clock::SandboxClock;

/// What Entra states as typical: an hour less a second.
const TOKEN_LIFETIME: SignedDuration = SignedDuration::from_secs(3599);

#[derive(Debug)]
pub struct World {
    pub clock: SandboxClock,
    pub tenants: BTreeMap<Uuid, Tenant>,
    /// Keys of other identity providers, by issuer.
    pub issuers: BTreeMap<String, Vec<Key>>,
    pub tokens: HashMap<String, Bearer>,
    pub faults: Faults,
    pub calls: Vec<TokenCall>,
}

impl World {
    pub fn new(clock: SandboxClock) -> Self {
        Self {
            clock,
            tenants: BTreeMap::new(),
            issuers: BTreeMap::new(),
            tokens: HashMap::new(),
            faults: Faults::default(),
            calls: Vec::new(),
        }
    }

    /// The tenant of this id or domain.
    pub fn tenant(&self, name: &str) -> Option<(Uuid, &Tenant)> {
        if let Ok(id) = name.parse::<Uuid>() {
            return self.tenants.get(&id).map(|tenant| (id, tenant));
        }
        let is_named = |tenant: &Tenant| tenant.domain.eq_ignore_ascii_case(name);
        self.tenants.iter().find(|(_, tenant)| is_named(tenant)).map(|(id, tenant)| (*id, tenant))
    }

    pub fn bearer(&self, token: &str) -> Option<Bearer> {
        let bearer = self.tokens.get(token)?;
        (bearer.expires > self.clock.now()).then(|| bearer.clone())
    }
}

/// Whom a token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    pub tenant: Uuid,
    pub client_id: Uuid,
    /// `host:port` of the resource that the token is for.
    pub authority: String,
    pub expires: Timestamp,
}

/// One request for a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenCall {
    /// The tenant as the path names it.
    pub tenant: String,
    pub client_id: String,
    pub scope: String,
    pub status: u16,
    /// Entra's number for the problem.
    pub problem: Option<u32>,
    /// By the sandbox clock.
    pub at: Timestamp,
}

#[derive(Debug)]
pub struct Tenant {
    pub domain: String,
    pub apps: BTreeMap<Uuid, App>,
    /// `host:port` of the resources that tokens can be asked for.
    pub resources: BTreeSet<String>,
    pub token_lifetime: SignedDuration,
}

impl Tenant {
    pub fn new(domain: &str) -> Self {
        Self {
            domain: domain.to_owned(),
            apps: BTreeMap::new(),
            resources: BTreeSet::new(),
            token_lifetime: TOKEN_LIFETIME,
        }
    }
}

/// An app registration.
#[derive(Debug)]
pub struct App {
    pub object_id: Uuid,
    pub secrets: Vec<Secret>,
    pub certificates: Vec<Certificate>,
    pub federations: Vec<Federation>,
}

impl Default for App {
    fn default() -> Self {
        Self { object_id: Uuid::new_v4(), secrets: Vec::new(), certificates: Vec::new(), federations: Vec::new() }
    }
}

#[derive(Debug)]
pub struct Secret {
    pub value: String,
    pub expires: Option<Timestamp>,
}

#[derive(Debug)]
pub struct Federation {
    pub issuer: String,
    pub subject: String,
    pub audience: String,
}
