//! What the inline executor starts, and when: the runs are counted, not made.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use kube::ResourceExt;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::inline::{Before, Inline, Key, Run, Wanted};
use super::manifests::assemble;
use super::run::StateOptions;
use super::state_source::StateSource;
use super::worker::WorkerError;
use crate::api::manifest::SecretData;
use crate::api::validate::{Secrets, ValidatedConnection, validate};
use crate::api::{EntityMapping, SyncConnection};
use crate::sync::StopSignal;

/// Nothing more is started in so long.
const A_WHILE: Duration = Duration::from_millis(300);

/// Counts runs, each of which goes on until it is asked to stop, or ends at once.
#[derive(Clone, Default)]
struct Counted {
    started: Arc<AtomicUsize>,
    stopped: Arc<AtomicUsize>,
    goes_on: bool,
}

impl Run for Counted {
    fn run(&self, _: Arc<ValidatedConnection>, stop: StopSignal) -> BoxFuture<'_, Result<(), WorkerError>> {
        self.started.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            while self.goes_on && !stop.is_asked() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            self.stopped.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
    }
}

impl Counted {
    async fn until(&self, started: usize, stopped: usize) {
        let seen = || (self.started.load(Ordering::Relaxed), self.stopped.load(Ordering::Relaxed));
        for _ in 0..1_000 {
            if seen() == (started, stopped) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(A_WHILE).await;
        assert_eq!(seen(), (started, stopped));
    }
}

fn executor(run: &Counted) -> (Inline, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let state = StateSource::new(StateOptions::Directory(home.path().to_owned()));
    (Inline::new(run.clone(), state, 2, StopSignal::default()), home)
}

fn key() -> Key {
    ("billing".to_owned(), "acme".to_owned())
}

fn wanted(inputs: &str) -> Wanted {
    let of = |kind: &str, spec: Value| json!({"apiVersion": "koppel.dev/v1alpha1", "kind": kind, "metadata": {"name": "acme", "namespace": "billing"}, "spec": spec});
    let connection = of(
        "SyncConnection",
        json!({
            "startDate": "2026-01-01", "timeZone": "Europe/Amsterdam",
            "chargebee": {"site": "acme", "apiKeySecretRef": {"name": "a"}},
            "exactOnline": {"country": "NL", "credentialsSecretRef": {"name": "b"}},
        }),
    );
    let exact = json!({"division": 123_456, "salesJournal": "70", "deferralJournal": "90"});
    let mapping = of("EntityMapping", json!({"connectionRef": {"name": "acme"}, "exactOnline": exact}));
    let secret = |keys: &[&str]| SecretData::new(keys.iter().map(|key| ((*key).to_owned(), SecretString::from("x"))));
    let secrets = [("a", secret(&["apiKey"])), ("b", secret(&["clientId", "clientSecret", "refreshToken"]))];
    let connection: SyncConnection = serde_json::from_value(connection).unwrap();
    let mapping: EntityMapping = serde_json::from_value(mapping).unwrap();
    let namespace = connection.namespace().unwrap();
    let secrets = secrets.map(|(name, data)| ((namespace.clone(), name.to_owned()), data));
    let outcome = validate(&assemble([connection], [mapping], [], secrets), Secrets::Here);
    let connection = Arc::new(outcome.connections.into_iter().next().unwrap());
    Wanted { connection, inputs: inputs.to_owned(), requested: None, rests: false, stalls: 0 }
}

#[tokio::test]
async fn the_same_wish_runs_once_and_another_one_again() {
    let run = Counted::default();
    let (inline, _home) = executor(&run);
    for _ in 0..3 {
        inline.want(&key(), wanted("a"), Before::default());
    }
    run.until(1, 1).await;
    inline.want(&key(), wanted("b"), Before::default());
    run.until(2, 2).await;
    inline.want(&key(), wanted("a"), Before::default());
    run.until(3, 3).await;
}

/// Nothing of its own has changed (another connection had claimed its credentials, say): only a run can tell.
#[tokio::test]
async fn what_is_mended_runs_again() {
    let run = Counted::default();
    let (inline, _home) = executor(&run);
    inline.want(&key(), wanted("a"), Before::default());
    run.until(1, 1).await;
    inline.rest(&key());
    inline.rest(&key());
    run.until(1, 1).await;
    inline.want(&key(), wanted("a"), Before::default());
    run.until(2, 2).await;
    // A suspension is no mistake.
    inline.want(&key(), Wanted { rests: true, ..wanted("a") }, Before::default());
    inline.want(&key(), wanted("a"), Before::default());
    run.until(2, 2).await;
}

#[tokio::test]
async fn a_connection_that_is_gone_is_let_go_of_and_what_runs_ends() {
    let run = Counted { goes_on: true, ..Counted::default() };
    let (inline, _home) = executor(&run);
    inline.want(&key(), wanted("a"), Before::default());
    run.until(1, 0).await;
    assert_eq!(inline.keys(), [key()]);
    inline.let_go(&key());
    assert_eq!(inline.keys(), [] as [Key; 0]);
    run.until(1, 1).await;
}
