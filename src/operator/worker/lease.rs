//! One worker of a connection at a time, by its Lease. What was begun under it is never dropped: who loses the Lease asks
//! the work to stop and waits for its end, since a token refresh under way must finish (I7).

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use k8s_controller::LeaderElection;
use k8s_openapi::api::coordination::v1::Lease;
use kube::{Api, Client};
use thiserror::Error;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::operator::api_call::words;
use crate::sync::StopSignal;

/// How long a Lease is kept without being renewed; as long as a worker that was killed keeps the next one waiting.
const LIFETIME: Duration = Duration::from_secs(15);
const RENEW_DEADLINE: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_secs(2);
/// So long another's Lease is watched: it has run out by then, or its holder lives.
const PATIENCE: Duration = Duration::from_secs(20);
/// A Lease that cannot be given back runs out.
const RELEASE_PATIENCE: Duration = Duration::from_secs(5);

/// The Lease of a connection, and who takes it.
#[derive(Clone)]
pub struct ConnectionLease {
    api: Api<Lease>,
    name: String,
    namespace: String,
    election: LeaderElection,
    patience: Duration,
}

/// The Lease could not be had.
#[derive(Debug, Error)]
pub enum NoLease {
    #[error("another process works on the connection: Lease {lease} is held by {holder}")]
    Held { lease: String, holder: String },
    #[error("unable to take Lease {lease}: {why}")]
    Unusable { lease: String, why: String },
    #[error("the work under Lease {lease} broke off: {why}")]
    Broken { lease: String, why: String },
}

impl ConnectionLease {
    /// The Lease `name`, which must be there, taken in the name of `process`. Needs `get` and `update` of it.
    pub fn new(client: &Client, namespace: &str, name: &str, process: &str) -> Self {
        // Two of one process must not mistake each other for themselves.
        let identity = format!("{process}/{}", Uuid::new_v4().simple());
        let election = LeaderElection::new(client.clone(), namespace, name, &identity);
        let api = Api::namespaced(client.clone(), namespace);
        let (name, namespace) = (name.to_owned(), namespace.to_owned());
        Self { api, name, namespace, election, patience: PATIENCE }.timed(LIFETIME, RENEW_DEADLINE, RETRY)
    }

    fn timed(mut self, lifetime: Duration, renew_deadline: Duration, retry: Duration) -> Self {
        self.election =
            self.election.with_lease_duration(lifetime).with_renew_deadline(renew_deadline).with_retry_period(retry);
        self
    }

    /// Does `work` under the Lease, and gives the Lease back. Where the Lease is lost meanwhile, `stop` is asked, and the work
    /// comes to its own end.
    ///
    /// # Errors
    /// [`NoLease`], and then nothing was begun; but [`NoLease::Broken`] where the work panicked.
    pub async fn hold<T: Send + 'static>(
        &self,
        stop: StopSignal,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, NoLease> {
        let (begin, begun) = oneshot::channel();
        let (finish, finished) = oneshot::channel::<()>();
        // Ends, and thereby gives the Lease back, once the work is done.
        let mut holding = pin!(self.election.with_lease(async move {
            let _ = begin.send(());
            let _ = finished.await;
        }));
        let taken = tokio::select! {
            _ = &mut holding => false,
            begun = begun => begun.is_ok(),
            () = tokio::time::sleep(self.patience) => false,
        };
        if !taken {
            // It may have been taken at the very moment of giving up.
            let _ = tokio::time::timeout(RELEASE_PATIENCE, self.election.release()).await;
            return Err(self.why_not().await);
        }
        let mut work = tokio::spawn(work);
        let done = tokio::select! {
            done = &mut work => done,
            _ = &mut holding => {
                tracing::warn!(lease = self.name, "the Lease was lost: the run ends after the call under way");
                stop.ask();
                return work.await.map_err(|error| self.broken(&error));
            }
        };
        let _ = finish.send(());
        if tokio::time::timeout(RELEASE_PATIENCE, holding).await.is_err() {
            tracing::warn!(lease = self.name, "the Lease could not be given back; it runs out by itself");
        }
        done.map_err(|error| self.broken(&error))
    }

    fn lease(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    fn broken(&self, error: &tokio::task::JoinError) -> NoLease {
        NoLease::Broken { lease: self.lease(), why: error.to_string() }
    }

    async fn why_not(&self) -> NoLease {
        let unusable = |why: String| NoLease::Unusable { lease: self.lease(), why };
        match self.api.get_opt(&self.name).await {
            Ok(None) => unusable("it is not there; koppel operator makes it for each connection".to_owned()),
            Err(error) => unusable(words(&error)),
            Ok(Some(lease)) => {
                match lease.spec.and_then(|spec| spec.holder_identity).filter(|holder| !holder.is_empty()) {
                    Some(holder) => NoLease::Held { lease: self.lease(), holder },
                    None => unusable("it is free, and cannot be written; the Role must allow update of it".to_owned()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use serde_json::{Value, json};

    use super::*;
    use crate::operator::fake_api::{FakeApi, Fault};

    const PATH: &str = "/apis/coordination.k8s.io/v1/namespaces/billing/leases/koppel-acme";

    fn api() -> FakeApi {
        let api = FakeApi::default();
        api.put(
            PATH,
            json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "koppel-acme"}}),
        );
        api
    }

    fn lease(api: &FakeApi, process: &str) -> ConnectionLease {
        let mut lease = ConnectionLease::new(&api.client(), "billing", "koppel-acme", process);
        lease.patience = Duration::from_millis(600);
        lease.timed(Duration::from_millis(1_000), Duration::from_millis(500), Duration::from_millis(100))
    }

    fn holder(api: &FakeApi) -> Value {
        api.get(PATH).unwrap()["spec"]["holderIdentity"].clone()
    }

    #[tokio::test]
    async fn work_is_done_under_the_lease_which_is_given_back() {
        let api = api();
        let seen = api.clone();
        let work = async move { holder(&seen) };
        let during = lease(&api, "pod-1").hold(StopSignal::default(), work).await.unwrap();
        assert!(during.as_str().unwrap().starts_with("pod-1/"));
        assert_eq!(holder(&api), Value::Null);
    }

    #[tokio::test]
    async fn a_lease_that_another_renews_is_not_waited_for_long() {
        let api = api();
        let other = lease(&api, "other");
        let (finish, finished) = oneshot::channel::<()>();
        let held = tokio::spawn(async move { other.hold(StopSignal::default(), async { drop(finished.await) }).await });
        while holder(&api).is_null() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let ran = Arc::new(AtomicBool::new(false));
        let note = Arc::clone(&ran);
        let work = async move { note.store(true, Ordering::Relaxed) };
        let error = lease(&api, "pod-1").hold(StopSignal::default(), work).await.unwrap_err();
        assert!(matches!(&error, NoLease::Held { holder, .. } if holder.starts_with("other/")), "{error}");
        assert!(!ran.load(Ordering::Relaxed), "nothing was begun");
        finish.send(()).unwrap();
        held.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_lease_that_is_lost_stops_the_work_which_comes_to_its_own_end() {
        let api = api();
        let stop = StopSignal::default();
        let (asked, thief) = (stop.clone(), api.clone());
        let work = async move {
            thief.change(PATH, &json!({"spec": {"holderIdentity": "thief"}}));
            while !asked.is_asked() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            "finished"
        };
        assert_eq!(lease(&api, "pod-1").hold(stop, work).await.unwrap(), "finished");
        assert_eq!(holder(&api), "thief", "what another holds is not given back");
    }

    #[tokio::test]
    async fn a_lease_that_is_not_there_is_told() {
        let api = FakeApi::default();
        api.faults(&http::Method::POST, [Fault::Refused(403); 20]);
        let error = lease(&api, "pod-1").hold(StopSignal::default(), async {}).await.unwrap_err().to_string();
        assert!(error.contains("Lease billing/koppel-acme: it is not there"), "{error}");
    }
}
