//! Which connection stands on which consent of Exact Online, in this process's memory alone: two Secrets of different names may
//! hold one and the same single-use token (design §3, I7). A consent is known by its key, which is a hash; none is ever told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::StreamExt;
use k8s_openapi::api::core::v1::Secret;
use kube::runtime::reflector::ObjectRef;
use kube::{Api, ResourceExt};
use secrecy::ExposeSecret;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::context::Context;
use super::manifests::secret_data;
use crate::api::SyncConnection;
use crate::api::endpoints::ExactCountry;
use crate::api::manifest::{Key, SecretData};
use crate::connectors::exact::TokenKey;

/// How many Secrets are read at once when the process begins.
const READ_AT_ONCE: usize = 8;

/// The consents that connections stand on. Cheap to clone; all clones know the same.
#[derive(Clone, Default)]
pub struct Consents {
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    consents: HashMap<Key, Consent>,
    listeners: Vec<UnboundedSender<ObjectRef<SyncConnection>>>,
}

/// What a connection stands on.
#[derive(Clone, PartialEq, Eq)]
pub struct Consent {
    key: TokenKey,
    /// The Exact Online that gave it: what another one gave is another consent.
    address: String,
    secret: String,
}

/// Another connection on the same consent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holder {
    /// Namespace and name.
    pub connection: Key,
    /// The Secret that it has the consent from.
    pub secret: String,
}

impl Consent {
    /// What the connection stands on, by its Secret; none while that is incomplete.
    pub fn of(connection: &SyncConnection, secret: Option<&SecretData>) -> Option<Self> {
        let exact = connection.spec.exact_online.as_ref()?;
        let address = exact.url.as_deref().or(exact.country.map(ExactCountry::url))?;
        let (client, token) = (secret?.get("clientId")?, secret?.get("refreshToken")?);
        Some(Self {
            key: TokenKey::new(client.expose_secret(), &token),
            address: address.trim_end_matches('/').to_owned(),
            secret: exact.credentials_secret_ref.name.clone(),
        })
    }
}

impl Consents {
    /// Takes in what a connection stands on now, and returns who stands on the same. Whom that concerns, now or until now, is
    /// told to look again.
    pub fn note(&self, connection: &Key, consent: Option<Consent>) -> Vec<Holder> {
        let mut known = self.known();
        let before = match consent.clone() {
            Some(consent) => known.consents.insert(connection.clone(), consent),
            None => known.consents.remove(connection),
        };
        let holders = consent.as_ref().map(|consent| known.others(connection, consent)).unwrap_or_default();
        if before != consent {
            let former = before.map(|before| known.others(connection, &before)).unwrap_or_default();
            known.tell(former.iter().chain(&holders));
        }
        holders
    }

    /// The connection is gone, or goes.
    pub fn forget(&self, connection: &Key) {
        self.note(connection, None);
    }

    /// The connections that something is known of.
    pub fn keys(&self) -> Vec<Key> {
        self.known().consents.keys().cloned().collect()
    }

    /// Hears from now on of every connection that is to look again.
    pub fn listen(&self) -> UnboundedReceiver<ObjectRef<SyncConnection>> {
        let (told, heard) = unbounded_channel();
        self.known().listeners.push(told);
        heard
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn others(&self, connection: &Key, consent: &Consent) -> Vec<Holder> {
        let is_same = |held: &Consent| held.key == consent.key && held.address == consent.address;
        let same = self.consents.iter().filter(|(other, held)| *other != connection && is_same(held));
        let mut others: Vec<Holder> =
            same.map(|(other, held)| Holder { connection: other.clone(), secret: held.secret.clone() }).collect();
        others.sort();
        others
    }

    fn tell<'a>(&mut self, concerned: impl Iterator<Item = &'a Holder>) {
        for holder in concerned {
            let (namespace, name) = &holder.connection;
            let reference = ObjectRef::new(name).within(namespace);
            self.listeners.retain(|listener| listener.send(reference.clone()).is_ok());
        }
    }
}

/// Learns what every connection of a scope stands on, before the first of them is judged: else each start of the operator
/// would let one of two run. What cannot be read is learnt when the connection is looked at.
pub async fn learn(context: &Context) {
    let connections = context.caches.connections.state();
    let there = connections.into_iter().filter(|one| one.metadata.deletion_timestamp.is_none());
    futures::stream::iter(there)
        .for_each_concurrent(READ_AT_ONCE, async |one| {
            let Some(exact) = &one.spec.exact_online else { return };
            let namespace = one.namespace().unwrap_or_default();
            let secrets: Api<Secret> = Api::namespaced(context.client.clone(), &namespace);
            if let Ok(Some(secret)) = secrets.get_opt(&exact.credentials_secret_ref.name).await {
                let consent = Consent::of(&one, Some(&secret_data(&secret)));
                context.consents.note(&(namespace, one.name_any()), consent);
            }
        })
        .await;
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    fn consent(token: &str, secret: &str) -> Option<Consent> {
        let (key, address) = (TokenKey::new("client", &SecretString::from(token)), "https://exact".to_owned());
        Some(Consent { key, address, secret: secret.to_owned() })
    }

    fn key(name: &str) -> Key {
        ("billing".to_owned(), name.to_owned())
    }

    fn told(heard: &mut UnboundedReceiver<ObjectRef<SyncConnection>>) -> Vec<String> {
        std::iter::from_fn(|| heard.try_recv().ok()).map(|reference| reference.name).collect()
    }

    #[test]
    fn two_connections_on_one_consent_find_each_other_whatever_their_secrets_are_called() {
        let consents = Consents::default();
        let mut heard = consents.listen();
        assert_eq!(consents.note(&key("acme"), consent("first", "acme-exact")), []);
        assert_eq!(consents.note(&key("third"), consent("another", "third-exact")), []);
        let found = consents.note(&key("other"), consent("first", "other-exact"));
        assert_eq!(found, [Holder { connection: key("acme"), secret: "acme-exact".to_owned() }]);
        assert_eq!(told(&mut heard), ["acme"]);
        let back = consents.note(&key("acme"), consent("first", "acme-exact"));
        assert_eq!(back.iter().map(|holder| holder.secret.as_str()).collect::<Vec<_>>(), ["other-exact"]);
        assert_eq!(told(&mut heard), [""; 0], "what is the same again is no news");
    }

    /// Sandboxes all begin with the same tokens.
    #[test]
    fn what_another_exact_online_gave_is_another_consent() {
        let consents = Consents::default();
        consents.note(&key("acme"), consent("first", "acme-exact"));
        let elsewhere = consent("first", "x").map(|one| Consent { address: "https://other".to_owned(), ..one });
        assert_eq!(consents.note(&key("other"), elsewhere), []);
    }

    #[test]
    fn a_new_consent_and_a_deletion_free_the_other_one() {
        let consents = Consents::default();
        let mut heard = consents.listen();
        for name in ["acme", "other"] {
            consents.note(&key(name), consent("first", name));
        }
        told(&mut heard);
        assert_eq!(consents.note(&key("other"), consent("second", "other")), []);
        assert_eq!(told(&mut heard), ["acme"]);
        consents.note(&key("other"), consent("first", "other"));
        told(&mut heard);
        consents.forget(&key("other"));
        assert_eq!((told(&mut heard), consents.keys()), (vec!["acme".to_owned()], vec![key("acme")]));
    }
}
