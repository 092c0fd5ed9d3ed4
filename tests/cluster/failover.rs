//! Two replicas that run the engine themselves, on PostgreSQL: whatever becomes of the leader in mid-run, the other one takes
//! over, and each invoice is booked once (I1; issue 4, acceptance).

use std::path::Path;
use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::Lease;
use koppel::sandbox::exact::{Fault, FaultKind};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::namespace::Namespace;
use super::operator::Operator;
use super::postgres;
use super::process::Process;
use super::standing::{held, status_of};
use super::vendors::{SALES, Vendors};

const PATIENCE: Duration = Duration::from_secs(60);
/// A Lease that runs out soon.
const SHORT: [&str; 6] = ["--lease-duration", "4s", "--renew-deadline", "3s", "--retry-period", "500ms"];

fn database(namespace: &Namespace) -> String {
    postgres::url(Path::new(&namespace.name))
        .expect("there is no KOPPEL_TEST_POSTGRES_URL: run make test-cluster, or the tests under hack/with-postgres.sh")
}

/// The pod that holds the Lease.
async fn leader(namespace: &Namespace) -> Option<String> {
    let lease = namespace.api::<Lease>().get_opt("koppel-operator").await.unwrap()?;
    let holder = lease.spec?.holder_identity.filter(|holder| !holder.is_empty())?;
    Some(holder.split('_').next().unwrap().to_owned())
}

async fn until_leads(namespace: &Namespace, pod: &str) {
    let leads = || async { leader(namespace).await.filter(|leader| leader == pod) };
    namespace.until(&format!("{pod} leads"), PATIENCE, leads).await;
}

/// Waits until this holds of the vendors' world; it is asked often.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A leader, and one that stands by.
async fn two_replicas(operator: &Operator<'_>, namespace: &Namespace) -> (Process, Process) {
    let first = operator.start_as("first");
    until_leads(namespace, "first").await;
    (first, operator.start_as("second"))
}

/// The successor has finished what the leader began.
async fn assert_healed(namespace: &Namespace, vendors: &Vendors) {
    let status = namespace.until_ready().await;
    assert_eq!(held(&status).len(), 0, "{status:#?}");
    vendors.assert_books_equal(&held(&status));
    assert_eq!(vendors.token_answers(), [200], "the consent was used by two");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_killed_in_mid_run_is_succeeded_and_nothing_is_booked_twice() {
    let (vendors, namespace) = (Vendors::clean().await, Namespace::new().await);
    let operator = Operator::replicated(&namespace, &database(&namespace)).await.with(&SHORT);
    let (mut first, _second) = two_replicas(&operator, &namespace).await;
    // The fourth entry is booked, and its answer never comes.
    vendors.sandbox.exact.inject(Fault::new(FaultKind::HangAfter).on("POST", SALES).after(3));
    vendors.apply(&namespace).await;
    until("the fourth entry is booked", || vendors.entries().len() == 4).await;
    first.kill();
    vendors.sandbox.exact.clear_faults();
    vendors.a_minute_passes();
    until_leads(&namespace, "second").await;
    assert_healed(&namespace, &vendors).await;
    assert_eq!(vendors.calls("POST", SALES).len(), vendors.entries().len(), "an entry was sent again");
}

/// What a paused process does after it wakes: nothing to the books, and it ends, to be started anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_paused_in_mid_run_does_nothing_more_once_it_was_succeeded() {
    let mut chance = ChaCha8Rng::seed_from_u64(20_261_130);
    let mut paused = 0;
    for round in 0..3 {
        let (vendors, namespace) = (Vendors::clean().await, Namespace::new().await);
        let operator = Operator::replicated(&namespace, &database(&namespace)).await.with(&SHORT);
        let (mut first, _second) = two_replicas(&operator, &namespace).await;
        vendors.apply(&namespace).await;
        let posts = chance.random_range(2..18);
        until("some entries are booked", || vendors.entries().len() >= posts).await;
        first.signal("STOP");
        paused += usize::from(status_of(&namespace.status().await, "Ready") != "True");
        // What the first one had sent is settled by the vendor's clock, and its lock by the store's.
        vendors.a_minute_passes();
        until_leads(&namespace, "second").await;
        assert_healed(&namespace, &vendors).await;
        let entries = vendors.entries();
        first.signal("CONT");
        let ended = first.exit(PATIENCE).await;
        assert!(!ended.success(), "round {round}: it does not say that it has lost the lead: {}", first.output());
        assert!(first.output().contains("leadership was lost"), "{}", first.output());
        assert!(!first.output().contains("panicked"), "{}", first.output());
        assert_eq!(vendors.entries(), entries, "round {round}: it went on after it had been succeeded");
        assert_eq!(leader(&namespace).await.as_deref(), Some("second"));
        assert_healed(&namespace, &vendors).await;
    }
    assert!(paused >= 2, "only {paused} of 3 rounds paused in mid-run");
}

/// SIGTERM, as at a rolling update: the run ends after the call under way, and the other one begins at once, not when the Lease
/// has run out.
#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_asked_to_end_hands_over_at_once() {
    let (vendors, namespace) = (Vendors::clean().await, Namespace::new().await);
    // The default: 15 s.
    let operator = Operator::replicated(&namespace, &database(&namespace)).await.with(&["--retry-period", "500ms"]);
    let (mut first, mut second) = two_replicas(&operator, &namespace).await;
    vendors.sandbox.exact.inject(Fault::new(FaultKind::HangAfter).on("POST", SALES).after(2));
    vendors.apply(&namespace).await;
    until("the third entry is booked", || vendors.entries().len() == 3).await;
    first.signal("TERM");
    // The call under way is not broken off, whoever waits.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(first.ended().is_none(), "it broke off a call: {}", first.output());
    assert_eq!(leader(&namespace).await.as_deref(), Some("first"));
    vendors.sandbox.exact.release();
    assert!(first.exit(PATIENCE).await.success(), "{}", first.output());
    let ended = Instant::now();
    assert!(vendors.entries().len() < vendors.in_scope().len(), "the run went on to its end");
    until_leads(&namespace, "second").await;
    assert!(ended.elapsed() < Duration::from_secs(8), "the Lease was left to run out: {:?}", ended.elapsed());
    assert_healed(&namespace, &vendors).await;
    assert_eq!(vendors.calls("POST", SALES).len(), vendors.entries().len(), "an entry was sent again");
    // One that stands by and one that leads end well too.
    second.signal("TERM");
    assert!(second.exit(PATIENCE).await.success(), "{}", second.output());
}

/// A replica that stands by is alive and ready, writes nothing, and ends at once when it is asked to.
#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_stands_by_ends_at_once() {
    let namespace = Namespace::new().await;
    let operator = Operator::replicated(&namespace, &database(&namespace)).await;
    let (_first, mut second) = two_replicas(&operator, &namespace).await;
    let waits = || async { second.output().contains("attempting to acquire").then_some(()) };
    namespace.until("the second replica stands by", PATIENCE, waits).await;
    second.signal("TERM");
    let asked = Instant::now();
    assert!(second.exit(PATIENCE).await.success(), "{}", second.output());
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    assert_eq!(leader(&namespace).await.as_deref(), Some("first"));
}
