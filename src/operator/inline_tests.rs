//! What the inline executor starts, and when: the runs are counted, not made.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use kube::ResourceExt;
use rstest::rstest;
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
use crate::state::StateError;
use crate::sync::{StopSignal, SyncError};

/// Nothing more is started in so long.
const A_WHILE: Duration = Duration::from_millis(300);

/// Counts runs, each of which goes on until it is asked to stop or let go, or ends at once.
#[derive(Clone, Default)]
struct Counted {
    started: Arc<AtomicUsize>,
    stopped: Arc<AtomicUsize>,
    goes_on: Arc<AtomicBool>,
    /// None can be made.
    fails: Arc<AtomicBool>,
}

impl Run for Counted {
    fn run(&self, _: Arc<ValidatedConnection>, stop: StopSignal) -> BoxFuture<'_, Result<(), WorkerError>> {
        self.started.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            while self.goes_on.load(Ordering::Relaxed) && !stop.is_asked() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            self.stopped.fetch_add(1, Ordering::Relaxed);
            let unusable = SyncError::State(StateError::Url { problem: "cannot be read" });
            if self.fails.load(Ordering::Relaxed) { Err(unusable.into()) } else { Ok(()) }
        })
    }
}

impl Counted {
    /// Each goes on for the present.
    fn going_on() -> Self {
        let run = Self::default();
        run.goes_on.store(true, Ordering::Relaxed);
        run
    }

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
    executor_of(run, 2)
}

fn executor_of(run: &Counted, at_once: usize) -> (Inline, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let state = StateSource::new(StateOptions::Directory(home.path().to_owned()));
    (Inline::new(run.clone(), state, at_once, StopSignal::default()), home)
}

fn key() -> Key {
    ("billing".to_owned(), "acme".to_owned())
}

fn acme(kind: &str, spec: &Value) -> Value {
    let metadata = json!({"name": "acme", "namespace": "billing", "generation": 1});
    json!({"apiVersion": "koppel.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec})
}

fn connection() -> Value {
    let spec = json!({
        "startDate": "2026-01-01", "timeZone": "Europe/Amsterdam",
        "chargebee": {"site": "acme", "apiKeySecretRef": {"name": "a"}},
        "exactOnline": {"country": "NL", "credentialsSecretRef": {"name": "b"}},
    });
    acme("SyncConnection", &spec)
}

fn wanted(inputs: &str) -> Wanted {
    let exact = json!({"division": 123_456, "salesJournal": "70", "deferralJournal": "90"});
    let mapping = acme("EntityMapping", &json!({"connectionRef": {"name": "acme"}, "exactOnline": exact}));
    let secret = |keys: &[&str]| SecretData::new(keys.iter().map(|key| ((*key).to_owned(), SecretString::from("x"))));
    let secrets = [("a", secret(&["apiKey"])), ("b", secret(&["clientId", "clientSecret", "refreshToken"]))];
    let connection: SyncConnection = serde_json::from_value(connection()).unwrap();
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
    let run = Counted::going_on();
    let (inline, _home) = executor(&run);
    inline.want(&key(), wanted("a"), Before::default());
    run.until(1, 0).await;
    assert_eq!(inline.keys(), [key()]);
    inline.let_go(&key());
    assert_eq!(inline.keys(), [] as [Key; 0]);
    run.until(1, 1).await;
}

/// A run costs calls of a quota: what fails is not tried again at once, and each time later (I6).
#[tokio::test]
async fn a_run_that_fails_again_is_tried_later_each_time_and_one_that_is_well_forgets_that() {
    let run = Counted::default();
    run.fails.store(true, Ordering::Relaxed);
    let (inline, _home) = executor(&run);
    let due_in = async |inputs: &str, runs: usize| {
        inline.want(&key(), wanted(inputs), Before::default());
        run.until(runs, runs).await;
        let told = inline.told(&key()).unwrap();
        (told.next_run_at.unwrap().duration_since(Timestamp::now()).as_secs(), told.ran_for)
    };
    // Each change is a run of its own, so that nobody has to wait for the delays themselves.
    for (runs, expected) in [(1, 10), (2, 20), (3, 40), (4, 80)] {
        let (seconds, ran_for) = due_in(&format!("change {runs}"), runs).await;
        assert!((expected - 3..=expected).contains(&seconds), "after {runs} failures it waits {seconds} s");
        assert_eq!(ran_for, None, "a run that failed was put on record");
    }
    run.fails.store(false, Ordering::Relaxed);
    let (seconds, ran_for) = due_in("mended", 5).await;
    assert!(seconds > 600 && ran_for.as_deref() == Some("mended"), "{seconds} {ran_for:?}");
    run.fails.store(true, Ordering::Relaxed);
    assert!(due_in("again", 6).await.0 <= 10);
}

/// It waits for its turn, and by then it is not to run any more.
#[tokio::test]
async fn a_connection_that_is_suspended_while_it_is_queued_does_not_run() {
    let run = Counted::going_on();
    let (inline, _home) = executor_of(&run, 1);
    let queued = ("billing".to_owned(), "queued".to_owned());
    inline.want(&key(), wanted("a"), Before::default());
    run.until(1, 0).await;
    inline.want(&queued, wanted("a"), Before::default());
    run.until(1, 0).await;
    inline.want(&queued, Wanted { rests: true, ..wanted("a") }, Before::default());
    run.goes_on.store(false, Ordering::Relaxed);
    run.until(1, 1).await;
    assert_eq!(inline.told(&queued).unwrap().next_run_at, None);
    inline.want(&queued, wanted("a"), Before::default());
    run.until(2, 2).await;
}

/// What a process that begins anew makes of the last run. A quota has ended it: it waits for its turn, as it did before (I6).
#[rstest]
#[case::whole("Completed", "True", "Synced", true)]
#[case::failed("Failed", "True", "RunFailed", true)]
#[case::stopped("Interrupted", "True", "Synced", false)]
#[case::day_quota("Interrupted", "False", "DayQuotaSpent", true)]
#[case::told_to_wait("Interrupted", "True", "SystemUnreachable", true)]
fn a_run_is_gone_on_with_at_once_only_where_it_was_stopped(
    #[case] outcome: &str,
    #[case] quota: &str,
    #[case] verdict: &str,
    #[case] waits: bool,
) {
    let at = "2026-11-29T10:00:00Z";
    let last_run = json!({
        "id": "r-1", "generation": 1, "startedAt": at, "finishedAt": at, "outcome": outcome, "booked": 0, "updated": 0,
        "held": 0, "calls": {}, "verdict": {"ready": false, "reason": verdict, "message": "x"},
    });
    let quota = json!({
        "type": "QuotaHealthy", "status": quota, "reason": "DayQuotaSpent", "message": "x", "lastTransitionTime": at,
    });
    let mut object = connection();
    object["status"] =
        json!({"observedGeneration": 1, "conditions": [quota], "lastRun": last_run, "lastHandledReconcileAt": "1"});
    let before = Before::of(&serde_json::from_value(object).unwrap());
    assert_eq!(before.last_start, waits.then(|| at.parse().unwrap()));
    assert_eq!(before.handled.as_deref(), Some("1"));
}
