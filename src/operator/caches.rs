//! The three kinds as the operator has them at hand, kept by one watch each; whoever is to look again is told after the cache
//! was brought up to date.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::{Stream, StreamExt, TryStreamExt};
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use super::api_call::watch_words;
use crate::api::manifest::{Key, Located, Manifests};
use crate::api::{EntityMapping, RevenueRule, SyncConnection};

/// Everything that one watch scope (a namespace, or the cluster) holds of the three kinds.
#[derive(Clone)]
pub struct Caches {
    pub connections: Store<SyncConnection>,
    pub mappings: Store<EntityMapping>,
    pub rules: Store<RevenueRule>,
}

/// Mappings and rules of one connection, in the order of their names.
#[derive(Debug, Default)]
pub struct Belonging {
    pub mappings: Vec<Located<EntityMapping>>,
    pub rules: Vec<Located<RevenueRule>>,
}

impl Caches {
    /// Waits until everything that was there at the start is in.
    pub async fn are_filled(&self) -> bool {
        let (connections, mappings, rules) = tokio::join!(
            self.connections.wait_until_ready(),
            self.mappings.wait_until_ready(),
            self.rules.wait_until_ready()
        );
        connections.is_ok() && mappings.is_ok() && rules.is_ok()
    }

    /// The mappings and rules that refer to a connection.
    pub fn belonging_to(&self, namespace: &str, name: &str) -> Belonging {
        Belonging {
            mappings: sorted(&self.mappings, |mapping| {
                is_in(mapping, namespace) && mapping.spec.connection_ref.name == name
            }),
            rules: sorted(&self.rules, |rule| is_in(rule, namespace) && rule.spec.connection_ref.name == name),
        }
    }

    /// The connection and what belongs to it, with the connections that could claim what it claims: the same credentials, or
    /// the same Chargebee site.
    pub fn with_rivals(&self, connection: &Arc<SyncConnection>, own: Belonging) -> Manifests {
        let namespace = connection.namespace().unwrap_or_default();
        let mut manifests = Manifests { mappings: own.mappings, rules: own.rules, ..Manifests::default() };
        manifests.connections.push(Located::from_cluster((**connection).clone()));
        for rival in self.rivals(connection) {
            manifests.mappings.extend(self.belonging_to(&namespace, &rival.name_any()).mappings);
            manifests.connections.push(Located::from_cluster((*rival).clone()));
        }
        manifests
    }

    /// Whether there is such a connection, by namespace and name.
    pub fn holds(&self, (namespace, name): &Key) -> bool {
        self.connections.get(&ObjectRef::new(name).within(namespace)).is_some()
    }

    /// Other connections of the namespace on the same credentials or site.
    pub fn rivals(&self, connection: &SyncConnection) -> Vec<Arc<SyncConnection>> {
        self.rivals_for(&Claims::of(connection), connection)
    }

    fn rivals_for(&self, claims: &Claims, connection: &SyncConnection) -> Vec<Arc<SyncConnection>> {
        let (namespace, name) = (connection.namespace().unwrap_or_default(), connection.name_any());
        let mut rivals = self.connections.state_filter(|other| {
            is_in(other, &namespace) && other.name_any() != name && claims.meet(&Claims::of(other))
        });
        rivals.sort_by_key(|rival| rival.name_any());
        rivals
    }
}

/// What a connection wants for itself.
struct Claims {
    site: String,
    secret: Option<String>,
}

impl Claims {
    fn of(connection: &SyncConnection) -> Self {
        let spec = &connection.spec;
        let secret = spec.exact_online.as_ref().map(|exact| exact.credentials_secret_ref.name.clone());
        Self { site: spec.chargebee.site.clone(), secret }
    }

    fn meet(&self, other: &Self) -> bool {
        self.site == other.site || (self.secret.is_some() && self.secret == other.secret)
    }
}

/// Who is to look again because of a connection: those that claim what it claims, and those that claim what it claimed before.
pub struct Rivals {
    caches: Caches,
    before: Mutex<HashMap<ObjectRef<SyncConnection>, Claims>>,
}

impl Rivals {
    pub fn new(caches: Caches) -> Self {
        Self { caches, before: Mutex::default() }
    }

    pub fn of(&self, connection: &SyncConnection) -> Vec<ObjectRef<SyncConnection>> {
        let key = ObjectRef::from_obj(connection);
        let mut rivals = self.caches.rivals(connection);
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        let former = match self.caches.connections.get(&key) {
            Some(_) => before.insert(key, Claims::of(connection)),
            None => before.remove(&key),
        };
        rivals.extend(former.iter().flat_map(|former| self.caches.rivals_for(former, connection)));
        rivals.iter().map(|rival| ObjectRef::from_obj(&**rival)).collect()
    }
}

fn is_in<K: Resource>(object: &K, namespace: &str) -> bool {
    object.meta().namespace.as_deref() == Some(namespace)
}

fn sorted<K: Resource<DynamicType = ()> + Clone>(store: &Store<K>, wanted: impl Fn(&K) -> bool) -> Vec<Located<K>> {
    let mut found: Vec<_> =
        store.state_filter(wanted).into_iter().map(|object| Located::from_cluster((*object).clone())).collect();
    found.sort_by_key(Located::name);
    found
}

/// Where touched objects of a kind are told.
pub type Told<K> = mpsc::UnboundedSender<Arc<K>>;
/// Where they are heard.
pub type Heard<K> = mpsc::UnboundedReceiver<Arc<K>>;

/// Keeps a cache of a kind, and tells every listener of each object that was touched, after the cache knows it. Returns the
/// cache and the work, which ends only with the watch.
pub fn cache<K>(api: Api<K>, listeners: Vec<Told<K>>) -> (Store<K>, impl Future<Output = ()> + Send)
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug + Send + Sync + 'static,
{
    let (store, writer) = reflector::store();
    let touched =
        reflector::reflector(writer, watcher(api, watcher::Config::default())).default_backoff().touched_objects();
    let work = touched.for_each(move |touched| {
        match touched {
            Ok(object) => {
                let object = Arc::new(object);
                // A listener that is gone ends with the process.
                listeners.iter().for_each(|listener| drop(listener.send(Arc::clone(&object))));
            }
            Err(error) => tracing::warn!(kind = %K::kind(&()), error = watch_words(&error), "the watch broke off and is begun again"),
        }
        std::future::ready(())
    });
    (store, work)
}

/// What was heard, as the stream of objects that a controller of their own kind starts from.
pub fn own<K: Clone + Send + Sync + 'static>(heard: Heard<K>) -> impl Stream<Item = Result<K, watcher::Error>> + Send {
    stream(heard).map(|object| Ok((*object).clone()))
}

/// What was heard, as the objects of another kind that are to look again because of it.
pub fn because_of<K, O, I>(
    heard: Heard<K>,
    concerned: impl Fn(&K) -> I + Send + 'static,
) -> impl Stream<Item = ObjectRef<O>> + Send
where
    K: Send + Sync + 'static,
    O: Resource<DynamicType = ()> + Send + 'static,
    I: IntoIterator<Item = ObjectRef<O>> + Send,
    I::IntoIter: Send,
{
    stream(heard).flat_map(move |object| futures::stream::iter(concerned(&object)))
}

fn stream<K: Send + Sync + 'static>(heard: Heard<K>) -> impl Stream<Item = Arc<K>> + Send {
    futures::stream::unfold(heard, async |mut heard| heard.recv().await.map(|object| (object, heard)))
}

/// Identity and generation: an object that was made again begins to count anew.
type Version = (Option<String>, Option<i64>);

/// Whether what was heard of an object is news to others: its spec is another one, or it is gone. A status is no news.
pub struct News<K: Resource<DynamicType = ()> + Clone + 'static> {
    cache: Store<K>,
    versions: Mutex<HashMap<ObjectRef<K>, Version>>,
}

impl<K: Resource<DynamicType = ()> + Clone> News<K> {
    pub fn new(cache: Store<K>) -> Self {
        Self { cache, versions: Mutex::default() }
    }

    pub fn is(&self, object: &K) -> bool {
        let key = ObjectRef::from_obj(object);
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        if self.cache.get(&key).is_none() {
            versions.remove(&key);
            return true;
        }
        let version = (object.meta().uid.clone(), object.meta().generation);
        versions.insert(key, version.clone()) != Some(version)
    }
}

/// Touched objects of which only the metadata is wanted: of Secrets, never more.
pub fn metadata<K>(
    api: Api<PartialObjectMeta<K>>,
    config: watcher::Config,
) -> impl Stream<Item = PartialObjectMeta<K>> + Send
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug + Send + Sync + 'static,
{
    events(api, config).filter_map(async |event| match event {
        watcher::Event::Apply(one) | watcher::Event::InitApply(one) | watcher::Event::Delete(one) => Some(one),
        watcher::Event::Init | watcher::Event::InitDone => None,
    })
}

/// Objects that are gone, by their metadata. One that goes while the watch is broken is not told of.
pub fn deleted<K>(
    api: Api<PartialObjectMeta<K>>,
    config: watcher::Config,
) -> impl Stream<Item = PartialObjectMeta<K>> + Send
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug + Send + Sync + 'static,
{
    events(api, config).filter_map(async |event| match event {
        watcher::Event::Delete(one) => Some(one),
        _ => None,
    })
}

fn events<K>(
    api: Api<PartialObjectMeta<K>>,
    config: watcher::Config,
) -> impl Stream<Item = watcher::Event<PartialObjectMeta<K>>> + Send
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug + Send + Sync + 'static,
{
    watcher(api, config)
        .default_backoff()
        .inspect_err(|error| tracing::warn!(kind = %K::kind(&()), error = watch_words(error), "the watch broke off and is begun again"))
        .filter_map(async |event| event.ok())
}
