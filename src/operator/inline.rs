//! The inline executor: the operator runs the engine itself, one task for each connection, so many at a time. For small
//! clusters and tests; the cluster is told the same as by workers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use super::cron;
use super::state_source::StateSource;
use super::worker::WorkerError;
use super::workloads::stalled_since;
use crate::api::SyncConnection;
use crate::api::conditions::{ConditionType, Reason, Status, find_condition};
use crate::api::status::{RunOutcome, RunSummary, SyncConnectionStatus};
use crate::api::validate::{Cadence, ValidatedConnection};
use crate::sync::StopSignal;

/// After a run that could not begin: another process still has the connection, or the store failed.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(5);
/// How long a run that was asked to stop is waited for: a call to the token endpoint, which must not be broken off, takes no
/// longer (I7).
const END_PATIENCE: Duration = Duration::from_secs(120);

/// Namespace and name.
pub type Key = (String, String);

/// How one run is made and reported; the operator gives the real one.
pub trait Run: Send + Sync + 'static {
    /// Runs the connection once, reports it, and ends early when `stop` is asked.
    fn run(&self, connection: Arc<ValidatedConnection>, stop: StopSignal) -> BoxFuture<'_, Result<(), WorkerError>>;
}

/// What is wanted of a connection.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub connection: Arc<ValidatedConnection>,
    /// Digest of what a run would run with: another one starts a run at once.
    pub inputs: String,
    /// Value of the annotation that asks for a run.
    pub requested: Option<String>,
    /// No run is to start.
    pub rests: bool,
    /// How often a person had to mend something: only a run can say that all is well again.
    pub stalls: u64,
}

/// What was done before this process began, as the status tells.
#[derive(Clone, Debug, Default)]
pub struct Before {
    /// The last run was with this generation and began then.
    pub last_start: Option<Timestamp>,
    /// The value of the annotation that was answered last.
    pub handled: Option<String>,
    /// The digest with which the last run was made, where that is known.
    pub ran_for: Option<String>,
}

impl Before {
    /// What the status of a connection tells. A run that was asked to end is gone on with at once; one that a quota has ended
    /// waits for its turn, since it could do no more now than it could then (I6).
    pub fn of(connection: &SyncConnection) -> Self {
        let Some(status) = &connection.status else { return Self::default() };
        let handled = status.last_handled_reconcile_at.clone();
        let run = status.last_run.as_ref().filter(|run| Some(run.generation) == connection.metadata.generation);
        let is_answered = stalled_since(connection).is_none();
        let was_stopped =
            |run: &RunSummary| run.outcome == Some(RunOutcome::Interrupted) && !is_by_a_quota(status, run);
        let whole = run.filter(|run| is_answered && run.finished_at.is_some() && !was_stopped(run));
        Self { last_start: whole.map(|run| run.started_at.0), handled, ran_for: None }
    }
}

/// Whether it was a quota that ended an interrupted run: of a day or of errors, or one of a vendor who asks to wait for longer
/// than a run does.
fn is_by_a_quota(status: &SyncConnectionStatus, run: &RunSummary) -> bool {
    let quota = find_condition(&status.conditions, ConditionType::QuotaHealthy);
    let told_to_wait = run.verdict.as_ref().is_some_and(|verdict| verdict.reason == Reason::SystemUnreachable.as_str());
    told_to_wait || quota.is_some_and(|quota| quota.status == Status::False.as_str())
}

/// What the executor says of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub handled: Option<String>,
    pub next_run_at: Option<Timestamp>,
    /// The digest with which the last run was made.
    pub ran_for: Option<String>,
}

/// Runs connections. Cheap to clone.
#[derive(Clone)]
pub struct Inline {
    inner: Arc<Inner>,
}

struct Inner {
    run: Box<dyn Run>,
    state: StateSource,
    permits: Semaphore,
    stop: StopSignal,
    tasks: Mutex<HashMap<Key, Task>>,
}

struct Task {
    wanted: watch::Sender<Wanted>,
    told: Arc<Mutex<Told>>,
    stop: StopSignal,
    handle: JoinHandle<()>,
}

impl Inline {
    /// An executor of at most `at_once` runs, all of which end when `stop` is asked.
    pub fn new(run: impl Run, state: StateSource, at_once: usize, stop: StopSignal) -> Self {
        let inner =
            Inner { run: Box::new(run), state, permits: Semaphore::new(at_once), stop, tasks: Mutex::default() };
        Self { inner: Arc::new(inner) }
    }

    /// The state store of all connections.
    pub fn state(&self) -> &StateSource {
        &self.inner.state
    }

    /// How a connection stands; none where nothing was wanted of it yet.
    pub fn told(&self, key: &Key) -> Option<Told> {
        let tasks = self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.get(key).map(Task::told)
    }

    /// Says what is wanted of a connection from now on, and returns how it stands.
    pub fn want(&self, key: &Key, wanted: Wanted, before: Before) -> Told {
        let mut tasks = self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let task = tasks.entry(key.clone()).or_insert_with(|| self.begin(wanted.clone(), before));
        task.wanted.send_if_modified(|current| {
            let wanted = Wanted { stalls: current.stalls, ..wanted };
            let changed = current.inputs != wanted.inputs
                || current.requested != wanted.requested
                || current.rests != wanted.rests;
            *current = wanted;
            changed
        });
        task.told()
    }

    /// No run is to start until [`want`](Self::want) is called again; one under way ends by itself.
    pub fn rest(&self, key: &Key) {
        let tasks = self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = tasks.get(key) {
            task.wanted.send_if_modified(|current| {
                let worked = !std::mem::replace(&mut current.rests, true);
                current.stalls += u64::from(worked);
                worked
            });
        }
    }

    /// The connection is gone: what runs is asked to end, and waited for.
    pub async fn forget(&self, key: &Key) {
        let task = self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        if let Some(task) = task {
            task.stop.ask();
            drop(task.wanted);
            drop(tokio::time::timeout(END_PATIENCE, task.handle).await);
        }
    }

    /// The connection is gone: what runs is asked to end, and ends by itself.
    pub fn let_go(&self, key: &Key) {
        let task = self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        if let Some(task) = task {
            task.stop.ask();
        }
    }

    /// The connections that it has a task for.
    pub fn keys(&self) -> Vec<Key> {
        self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// Asks every run to end, and waits for them: a call under way is not broken off.
    pub async fn end(&self) {
        self.inner.stop.ask();
        futures::future::join_all(self.keys().iter().map(|key| self.forget(key))).await;
    }

    fn begin(&self, wanted: Wanted, before: Before) -> Task {
        let (sender, receiver) = watch::channel(wanted);
        let (handled, ran_for) = (before.handled.clone(), before.ran_for.clone());
        let told = Arc::new(Mutex::new(Told { handled, next_run_at: None, ran_for }));
        let stop = self.inner.stop.narrower();
        let work = Work {
            inner: Arc::clone(&self.inner),
            wanted: receiver,
            told: Arc::clone(&told),
            stop: stop.clone(),
            started_for: None,
            ran_for: before.ran_for,
            stalls: 0,
            handled: before.handled,
            due: Timestamp::UNIX_EPOCH,
            failures: 0,
        };
        Task { wanted: sender, told, stop, handle: tokio::spawn(work.go_on(before.last_start)) }
    }
}

impl Task {
    fn told(&self) -> Told {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One connection's task.
struct Work {
    inner: Arc<Inner>,
    wanted: watch::Receiver<Wanted>,
    told: Arc<Mutex<Told>>,
    stop: StopSignal,
    /// The digest for which a run was started last.
    started_for: Option<String>,
    /// The digest with which a run was made last.
    ran_for: Option<String>,
    /// How often something had been mended by then.
    stalls: u64,
    handled: Option<String>,
    due: Timestamp,
    /// Runs in a row that could not be made or reported.
    failures: u32,
}

impl Work {
    async fn go_on(mut self, last_start: Option<Timestamp>) {
        if let Some(last_start) = last_start {
            // The operator was started anew: its connections go on where they were, and do not all run at once.
            let wanted = self.wanted.borrow().clone();
            self.due = next_start(&wanted.connection, last_start);
            // What has changed meanwhile starts a run all the same.
            self.started_for = self.ran_for.clone().or(Some(wanted.inputs));
        }
        while !self.stop.is_asked() {
            let wanted = self.wanted.borrow_and_update().clone();
            if self.is_due(&wanted) {
                self.run().await;
            } else if !self.wait(&wanted).await {
                return;
            }
        }
    }

    fn is_due(&self, wanted: &Wanted) -> bool {
        let asked = wanted.requested.is_some() && wanted.requested != self.handled;
        let changed = self.started_for.as_deref() != Some(wanted.inputs.as_str());
        let mended = self.stalls != wanted.stalls;
        !wanted.rests && (asked || changed || mended || Timestamp::now() >= self.due)
    }

    async fn run(&mut self) {
        let inner = Arc::clone(&self.inner);
        let Ok(_permit) = inner.permits.acquire().await else { return };
        // It may have waited for its turn for long: what is wanted is looked at once more.
        let wanted = self.wanted.borrow_and_update().clone();
        if self.stop.is_asked() || !self.is_due(&wanted) {
            return;
        }
        // Told before: the report of the run is what makes the operator look.
        let started = Timestamp::now();
        self.started_for = Some(wanted.inputs.clone());
        self.stalls = wanted.stalls;
        if wanted.requested.is_some() {
            self.handled.clone_from(&wanted.requested);
        }
        self.due = next_start(&wanted.connection, started);
        self.tell(Some(self.due));
        let ran = self.inner.run.run(Arc::clone(&wanted.connection), self.stop.narrower()).await;
        match ran {
            Ok(()) => {
                self.failures = 0;
                self.ran_for = Some(wanted.inputs);
            }
            Err(error) => self.try_again(&error, &wanted, started),
        }
        self.tell(Some(self.due));
    }

    /// A run costs calls of a quota: one that could not be made or reported is tried later each time, and no later than the
    /// next one would be anyway. What another process holds is waited for.
    fn try_again(&mut self, error: &WorkerError, wanted: &Wanted, started: Timestamp) {
        let connection = wanted.connection.key();
        if error.is_anothers_turn() {
            tracing::info!(connection, %error, "the run waits");
        } else {
            tracing::error!(connection, %error, "the run could not be made or reported");
            self.failures = (self.failures + 1).min(12);
        }
        let again = AGAIN_AFTER.saturating_mul(2_i32.saturating_pow(self.failures));
        self.due = started.saturating_add(again).map_or(self.due, |again| again.min(self.due));
    }

    /// Waits until something is due or has changed; false once nothing more is wanted.
    async fn wait(&mut self, wanted: &Wanted) -> bool {
        self.tell(Some(self.due).filter(|_| !wanted.rests));
        let left = Duration::try_from(self.due.duration_since(Timestamp::now())).unwrap_or_default();
        let left = if wanted.rests { Duration::MAX } else { left };
        tokio::select! {
            // Closed where the connection, or the operator, goes.
            changed = self.wanted.changed() => changed.is_ok(),
            () = tokio::time::sleep(left) => true,
        }
    }

    fn tell(&self, next_run_at: Option<Timestamp>) {
        let told = Told { handled: self.handled.clone(), next_run_at, ran_for: self.ran_for.clone() };
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = told;
    }
}

/// When the next run starts after one that started at `start`. Whole seconds, as a status tells them.
fn next_start(connection: &ValidatedConnection, start: Timestamp) -> Timestamp {
    let next = match &connection.cadence {
        Cadence::Every(interval) => start.checked_add(*interval).ok(),
        Cadence::Cron(cron) => {
            let local = start.to_zoned(connection.time_zone.clone());
            cron.find_next_occurrence(&local, false).ok().map(|next| next.timestamp())
        }
    };
    // As much later for each name as a CronJob's schedule would be.
    let jitter = SignedDuration::from_millis(cron::offset(&connection.key(), 1_000));
    let next = next.and_then(|next| next.checked_add(jitter).ok()).unwrap_or(Timestamp::MAX);
    Timestamp::from_second(next.as_second()).unwrap_or(next)
}
