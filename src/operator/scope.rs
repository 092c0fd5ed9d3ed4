//! One watch scope, a namespace or the cluster: its caches, and the three controllers that work from them.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Secret, ServiceAccount};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::core::PartialObjectMeta;
use kube::runtime::controller::{Action, Config, Controller};
use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::watcher;
use kube::{Api, Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::unbounded_channel;

use super::caches::{Caches, Heard, News, Rivals, Told, because_of, cache, deleted, metadata, own};
use super::consents;
use super::context::{Context, Executor};
use super::controller::dependent::{self, Dependent};
use super::controller::{connection, finalize, on_error};
use super::error::OperatorError;
use super::inline::Key;
use super::manifests::secret_names;
use super::names;
use super::shared_state;
use crate::api::{EntityMapping, RevenueRule, SyncConnection};

/// Changes that come together are looked at together.
const DEBOUNCE: Duration = Duration::from_millis(150);
/// How often it is looked for connections that went while no watch could tell.
const SWEEP: Duration = Duration::from_secs(30);

/// Where objects of a kind are watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// None: the whole cluster.
    pub namespace: Option<String>,
}

impl Scope {
    fn api<K>(&self, client: &Client) -> Api<K>
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        match &self.namespace {
            Some(namespace) => Api::namespaced(client.clone(), namespace),
            None => Api::all(client.clone()),
        }
    }
}

/// The caches of a scope, with what keeps them and what they tell.
pub struct Watched {
    pub caches: Caches,
    scope: Scope,
    work: BoxFuture<'static, ()>,
    connections: [Heard<SyncConnection>; 5],
    mappings: [Heard<EntityMapping>; 4],
    rules: [Heard<RevenueRule>; 4],
}

/// Begins to watch the three kinds in a scope. Nothing happens until [`run`] polls it.
pub fn watch(client: &Client, scope: Scope) -> Watched {
    let (connection_told, connections) = listeners();
    let (mapping_told, mappings) = listeners();
    let (rule_told, rules) = listeners();
    let (connection_cache, keep_connections) = cache(scope.api(client), connection_told);
    let (mapping_cache, keep_mappings) = cache(scope.api(client), mapping_told);
    let (rule_cache, keep_rules) = cache(scope.api(client), rule_told);
    let caches = Caches { connections: connection_cache, mappings: mapping_cache, rules: rule_cache };
    let work = Box::pin(async move {
        tokio::join!(keep_connections, keep_mappings, keep_rules);
    });
    Watched { caches, scope, work, connections, mappings, rules }
}

fn listeners<K, const N: usize>() -> (Vec<Told<K>>, [Heard<K>; N]) {
    let mut told = Vec::new();
    let heard = std::array::from_fn(|_| {
        let (tell, hear) = unbounded_channel();
        told.push(tell);
        hear
    });
    (told, heard)
}

/// Runs the three controllers of a scope until `stop` resolves.
pub async fn run<S, F>(watched: Watched, context: Arc<Context>, concurrency: u16, stop: S)
where
    S: Fn() -> F,
    F: Future<Output = ()> + Send + Sync + 'static,
{
    let Watched { caches, scope, work, connections, mappings, rules } = watched;
    let client = &context.client;
    let config = || Config::default().concurrency(concurrency).debounce(DEBOUNCE);
    let [connection_own, connection_rivals, connection_mappings, connection_rules, connection_gone] = connections;
    let [mapping_own, mapping_connection, mapping_mappings, mapping_rules] = mappings;
    let [rule_own, rule_connection, rule_mappings, rule_rules] = rules;

    let rivals = Rivals::new(caches.clone());
    let mut connection_controller = Controller::for_stream(own(connection_own), caches.connections.clone())
        .with_config(config())
        .reconcile_on(because_of(connection_rivals, move |one: &SyncConnection| rivals.of(one)))
        .reconcile_on(connection_of(mapping_connection, caches.mappings.clone()))
        .reconcile_on(connection_of(rule_connection, caches.rules.clone()))
        .reconcile_on(of_secrets(&scope, &context))
        .reconcile_on(of_consents(&context))
        .graceful_shutdown_on(stop());
    for children in children(&scope, client, context.defaults.network_policy.enabled) {
        connection_controller = connection_controller.reconcile_on(children);
    }
    let mapping_controller = Controller::for_stream(own(mapping_own), caches.mappings.clone())
        .with_config(config())
        .reconcile_on(dependents_of(connection_mappings, caches.mappings.clone()))
        .reconcile_on(fellows(mapping_mappings, caches.mappings.clone(), caches.mappings.clone()))
        .reconcile_on(fellows(rule_mappings, caches.rules.clone(), caches.mappings.clone()))
        .graceful_shutdown_on(stop());
    let rule_controller = Controller::for_stream(own(rule_own), caches.rules.clone())
        .with_config(config())
        .reconcile_on(dependents_of(connection_rules, caches.rules.clone()))
        .reconcile_on(fellows(mapping_rules, caches.mappings.clone(), caches.rules.clone()))
        .reconcile_on(fellows(rule_rules, caches.rules.clone(), caches.rules.clone()))
        .graceful_shutdown_on(stop());

    let controllers = async {
        // What refers to something is judged once everything is in the caches.
        caches.are_filled().await;
        consents::learn(&context).await;
        tokio::join!(
            drive(connection_controller, connection::reconcile, Arc::clone(&context)),
            drive(mapping_controller, dependent::reconcile::<EntityMapping>, Arc::clone(&context)),
            drive(rule_controller, dependent::reconcile::<RevenueRule>, Arc::clone(&context)),
        );
    };
    tokio::select! {
        () = controllers => {}
        () = work => {}
        () = see_off(connection_gone, &scope, &context) => {}
    }
}

/// A connection without finalizer goes without a reconcile: what this process keeps of it is let go of here.
async fn see_off(mut heard: Heard<SyncConnection>, scope: &Scope, context: &Context) {
    context.caches.are_filled().await;
    let mut sweep = tokio::time::interval(SWEEP);
    loop {
        let touched = tokio::select! {
            touched = heard.recv() => match touched {
                Some(one) => vec![(one.namespace().unwrap_or_default(), one.name_any())],
                None => return,
            },
            _ = sweep.tick() => kept(context, scope),
        };
        touched.iter().filter(|key| !context.caches.holds(key)).for_each(|key| finalize::let_go(key, context));
    }
}

/// The connections of a scope that this process keeps something of.
fn kept(context: &Context, scope: &Scope) -> Vec<Key> {
    let mut kept = context.metrics.connections();
    kept.extend(context.consents.keys());
    if let Executor::Inline(inline) = &context.executor {
        kept.extend(inline.keys());
    }
    kept.retain(|(namespace, _)| scope.namespace.as_ref().is_none_or(|own| own == namespace));
    kept
}

async fn drive<K, R, F>(controller: Controller<K>, reconcile: R, context: Arc<Context>)
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug + Send + Sync + 'static,
    R: FnMut(Arc<K>, Arc<Context>) -> F,
    F: Future<Output = Result<Action, OperatorError>> + Send + 'static,
{
    let reconciled = controller.run(reconcile, on_error, context);
    // Errors of a reconcile are told by `on_error`; the others are of the queue, and pass.
    reconciled.for_each(async |_| ()).await;
}

/// The connection of a mapping or rule whose spec is news.
fn connection_of<K>(heard: Heard<K>, cache: Store<K>) -> BoxStream<'static, ObjectRef<SyncConnection>>
where
    K: Dependent + Send + Sync + 'static,
{
    let news = News::new(cache);
    let concerned = move |one: &K| {
        let connection = ObjectRef::new(one.connection()).within(&one.namespace().unwrap_or_default());
        news.is(one).then_some(connection)
    };
    because_of(heard, concerned).boxed()
}

/// What belongs to a connection of which something was heard, its status included: it tells what a run did not find.
fn dependents_of<K>(heard: Heard<SyncConnection>, cache: Store<K>) -> BoxStream<'static, ObjectRef<K>>
where
    K: Dependent + Send + Sync + 'static,
{
    because_of(heard, move |one: &SyncConnection| {
        belonging(&cache, &one.namespace().unwrap_or_default(), &one.name_any())
    })
    .boxed()
}

/// What belongs to the same connection as a mapping or rule whose spec is news: two may tie, or claim the same.
fn fellows<K, O>(heard: Heard<K>, cache: Store<K>, others: Store<O>) -> BoxStream<'static, ObjectRef<O>>
where
    K: Dependent + Send + Sync + 'static,
    O: Dependent + Send + Sync + 'static,
{
    let news = News::new(cache);
    because_of(heard, move |one: &K| {
        if !news.is(one) {
            return Vec::new();
        }
        belonging(&others, &one.namespace().unwrap_or_default(), one.connection())
    })
    .boxed()
}

fn belonging<K: Dependent>(cache: &Store<K>, namespace: &str, connection: &str) -> Vec<ObjectRef<K>> {
    let found =
        cache.state_filter(|one| one.meta().namespace.as_deref() == Some(namespace) && one.connection() == connection);
    found.iter().map(|one| ObjectRef::from_obj(&**one)).collect()
}

/// Connections that refer to a touched Secret, whose state it leads to, or whose tokens it holds. Only metadata is watched.
fn of_secrets(scope: &Scope, context: &Arc<Context>) -> BoxStream<'static, ObjectRef<SyncConnection>> {
    let touched = metadata::<Secret>(scope.api(&context.client), watcher::Config::default());
    let context = Arc::clone(context);
    let concerned = move |secret: PartialObjectMeta<Secret>| {
        let (namespace, name) = (secret.namespace().unwrap_or_default(), secret.name_any());
        let leads_to_state = |one: &SyncConnection| {
            let state = shared_state::of_workers(one, &context.executor, &context.defaults);
            state.is_some_and(|(secret, _)| secret == name)
        };
        let refers = context.caches.connections.state_filter(|one| {
            let is_named = || secret_names(one).contains(&name) || leads_to_state(one);
            one.metadata.namespace.as_deref() == Some(&namespace) && is_named()
        });
        let mut concerned: BTreeSet<String> = refers.iter().map(|one| one.name_any()).collect();
        concerned.extend(secret.labels().get(names::CONNECTION_LABEL).cloned());
        let found: Vec<_> = concerned.iter().map(|name| ObjectRef::new(name).within(&namespace)).collect();
        futures::stream::iter(found)
    };
    touched.flat_map(concerned).boxed()
}

/// Connections that stand, or stood until now, on the consent of another one.
fn of_consents(context: &Arc<Context>) -> BoxStream<'static, ObjectRef<SyncConnection>> {
    let (heard, connections) = (context.consents.listen(), context.caches.connections.clone());
    let heard = futures::stream::unfold(heard, async |mut heard| heard.recv().await.map(|told| (told, heard)));
    // What another scope watches is that scope's matter.
    heard.filter(move |told| std::future::ready(connections.get(told).is_some())).boxed()
}

/// The connections of touched children. A Lease is renewed all the time: only its going is news.
fn children(
    scope: &Scope,
    client: &Client,
    network_policies: bool,
) -> Vec<BoxStream<'static, ObjectRef<SyncConnection>>> {
    let mut streams = vec![
        of_children::<CronJob>(scope, client),
        of_children::<Deployment>(scope, client),
        of_children::<Job>(scope, client),
        of_children::<ServiceAccount>(scope, client),
        of_children::<Role>(scope, client),
        of_children::<RoleBinding>(scope, client),
        of_children::<PersistentVolumeClaim>(scope, client),
        deleted::<Lease>(scope.api(client), watcher::Config::default().labels(names::CHILDREN))
            .filter_map(async |lease| connection_of_child(&lease))
            .boxed(),
    ];
    if network_policies {
        streams.push(of_children::<NetworkPolicy>(scope, client));
    }
    streams
}

fn of_children<K>(scope: &Scope, client: &Client) -> BoxStream<'static, ObjectRef<SyncConnection>>
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug
        + Send
        + Sync
        + 'static,
{
    let touched = metadata::<K>(scope.api(client), watcher::Config::default().labels(names::CHILDREN));
    touched.filter_map(async |child| connection_of_child(&child)).boxed()
}

fn connection_of_child<K: Resource<DynamicType = ()>>(
    child: &PartialObjectMeta<K>,
) -> Option<ObjectRef<SyncConnection>> {
    let connection = child.labels().get(names::CONNECTION_LABEL)?;
    Some(ObjectRef::new(connection).within(&child.namespace().unwrap_or_default()))
}
