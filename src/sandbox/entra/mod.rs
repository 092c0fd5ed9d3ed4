//! Entra ID, as far as an application that acts for itself meets it: tenants, app registrations, tokens for one resource.
//! [`EntraSandbox`] is a handle; all state is in one [`world::World`] behind a lock.

mod admin;
mod assertion;
mod certificate;
mod fault;
mod form;
mod http;
mod keys;
mod problem;
mod token;
mod world;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

pub use fault::{Fault, FaultKind};
pub use world::{Bearer, TokenCall};

use crate::sandbox::clock::SandboxClock;
use world::{App, Federation, Secret, Tenant, World};

/// The audience that a federated assertion must be for.
const FEDERATED_AUDIENCE: &str = "api://AzureADTokenExchange";

/// What another identity provider's token must say to stand for an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FederatedCredential {
    pub issuer: String,
    pub subject: String,
    /// `api://AzureADTokenExchange` when absent.
    #[serde(default = "federated_audience")]
    pub audience: String,
}

fn federated_audience() -> String {
    FEDERATED_AUDIENCE.to_owned()
}

impl FederatedCredential {
    /// For tokens of `issuer` about `subject` that are meant for Entra's exchange.
    pub fn new(issuer: &str, subject: &str) -> Self {
        Self { issuer: issuer.to_owned(), subject: subject.to_owned(), audience: federated_audience() }
    }
}

/// A running Entra ID. Clones share the same tenants.
#[derive(Clone, Debug)]
pub struct EntraSandbox {
    world: Arc<Mutex<World>>,
}

impl EntraSandbox {
    /// Without any tenant yet.
    pub fn new(clock: SandboxClock) -> Self {
        Self { world: Arc::new(Mutex::new(World::new(clock))) }
    }

    /// Token endpoint, discovery and keys of every tenant.
    pub fn router(&self) -> axum::Router {
        http::router(self.clone())
    }

    /// The admin interface, to be nested under a path of the server's choice.
    pub fn admin_router(&self) -> axum::Router {
        admin::router(self.clone())
    }

    /// A tenant, which is addressed by its id or its domain.
    pub fn add_tenant(&self, id: Uuid, domain: &str) {
        self.world().tenants.insert(id, Tenant::new(domain));
    }

    /// An app registration without a credential.
    pub fn add_app(&self, tenant: Uuid, client_id: Uuid) {
        self.in_tenant(tenant, |tenant| {
            tenant.apps.entry(client_id).or_default();
        });
    }

    /// A secret of an app that ends at `expires`, if ever.
    pub fn add_secret(&self, tenant: Uuid, client_id: Uuid, secret: &str, expires: Option<Timestamp>) {
        let secret = Secret { value: secret.to_owned(), expires };
        self.in_app(tenant, client_id, |app| app.secrets.push(secret));
    }

    /// A certificate of an app.
    ///
    /// # Errors
    /// When `pem` is no certificate with an RSA key, in words.
    pub fn add_certificate(&self, tenant: Uuid, client_id: Uuid, pem: &str) -> Result<(), String> {
        let certificate = certificate::parse(pem)?;
        self.in_app(tenant, client_id, |app| app.certificates.push(certificate));
        Ok(())
    }

    /// Lets tokens of another identity provider stand for an app.
    pub fn add_federated_credential(&self, tenant: Uuid, client_id: Uuid, credential: FederatedCredential) {
        let FederatedCredential { issuer, subject, audience } = credential;
        self.in_app(tenant, client_id, |app| app.federations.push(Federation { issuer, subject, audience }));
    }

    /// Takes all credentials of an app away.
    pub fn remove_credentials(&self, tenant: Uuid, client_id: Uuid) {
        self.in_app(tenant, client_id, |app| *app = App { object_id: app.object_id, ..App::default() });
    }

    /// The keys of another identity provider, as its JWKS document gives them; what it published before is forgotten.
    ///
    /// # Errors
    /// When `jwks` has a key that is neither RSA nor of the curve P-256, in words.
    pub fn set_issuer_keys(&self, issuer: &str, jwks: &Value) -> Result<(), String> {
        let keys = keys::parse(jwks)?;
        self.world().issuers.insert(issuer.to_owned(), keys);
        Ok(())
    }

    /// Makes a resource known in a tenant by `host:port`, whatever the scheme.
    pub fn add_resource(&self, tenant: Uuid, authority: &str) {
        let authority = authority.to_ascii_lowercase();
        self.in_tenant(tenant, |tenant| {
            tenant.resources.insert(authority);
        });
    }

    /// How long tokens of a tenant are good from now on.
    pub fn set_token_lifetime(&self, tenant: Uuid, lifetime: SignedDuration) {
        self.in_tenant(tenant, |tenant| tenant.token_lifetime = lifetime);
    }

    /// Whom a token stands for and for which resource; nobody where it is unknown, has expired or was ended.
    pub fn bearer(&self, token: &str) -> Option<Bearer> {
        self.world().bearer(token)
    }

    /// Ends every token that was given out.
    pub fn end_tokens(&self) {
        self.world().tokens.clear();
    }

    /// Something that goes wrong at the token endpoint.
    pub fn inject(&self, fault: Fault) {
        self.world().faults.add(fault);
    }

    /// Forgets the faults that wait.
    pub fn clear_faults(&self) {
        self.world().faults.clear();
    }

    /// Requests for tokens, in order.
    pub fn calls(&self) -> Vec<TokenCall> {
        self.world().calls.clone()
    }

    /// Forgets the calls.
    pub fn reset_calls(&self) {
        self.world().calls.clear();
    }

    fn in_tenant(&self, tenant: Uuid, act: impl FnOnce(&mut Tenant)) {
        if let Some(tenant) = self.world().tenants.get_mut(&tenant) {
            act(tenant);
        }
    }

    fn in_app(&self, tenant: Uuid, client_id: Uuid, act: impl FnOnce(&mut App)) {
        self.in_tenant(tenant, |tenant| act(tenant.apps.entry(client_id).or_default()));
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
