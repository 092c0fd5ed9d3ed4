//! `koppel worker` as the pod that the operator makes for a connection: with the worker's own ServiceAccount, beside an operator
//! that only watches.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use koppel::sandbox::exact::{Fault, FaultKind};
use serde_json::Value;
use tempfile::TempDir;

use super::namespace::Namespace;
use super::operator::Operator;
use super::process::{Process, koppel};
use super::secrets::{assert_nothing_secret, log_lines};
use super::standing::{A_RUN, held, run_id, status_of};
use super::vendors::{CONNECTION, SALES, Vendors};

/// Name of the worker's account and of its Lease.
pub const CHILD: &str = "koppel-wolkwerk";

/// What the pods of a connection have in common: who they are, and their volume.
pub struct Pods<'a> {
    namespace: &'a Namespace,
    kubeconfig: PathBuf,
    variables: Vec<(String, String)>,
    pub volume: TempDir,
}

impl<'a> Pods<'a> {
    /// Waits until the operator has made what a worker needs.
    pub async fn of(namespace: &'a Namespace) -> Self {
        let account = namespace.account(CHILD);
        let kubeconfig = account.kubeconfig().await;
        let may = || async {
            let asked = ["auth", "can-i", "update", &format!("lease/{CHILD}")];
            (namespace.plane.kubectl_as(&kubeconfig, &asked, "").code == 0).then_some(())
        };
        namespace.until("the worker has its rights", A_RUN, may).await;
        let there = || async { namespace.api::<Lease>().get_opt(CHILD).await.unwrap().map(|_| ()) };
        namespace.until("the worker has its Lease", A_RUN, there).await;
        Self { namespace, kubeconfig, variables: Vec::new(), volume: tempfile::tempdir().unwrap() }
    }

    /// With the volume of former pods.
    pub fn on(self, volume: TempDir) -> Self {
        Self { volume, ..self }
    }

    /// With a variable.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A pod of this name begins.
    pub fn begin(&self, pod: &str, more: &[&str]) -> Process {
        let state = self.volume.path().display().to_string();
        let mut arguments = vec!["worker", "--namespace", &self.namespace.name, "--connection", CONNECTION];
        arguments.extend(["--state", &state, "--log-format", "json"]);
        arguments.extend(more);
        let mut command = koppel(&self.kubeconfig, &arguments);
        command.env("POD_NAME", pod).env("KOPPEL_LOG", "debug");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        Process::start(self.namespace.plane, command)
    }

    /// A pod runs to its end, which must be a good one; what it said.
    pub async fn run(&self, pod: &str) -> String {
        let mut process = self.begin(pod, &[]);
        let ended = process.exit(A_RUN).await;
        assert!(ended.success(), "{ended}: {}", process.output());
        process.output()
    }
}

async fn holder(namespace: &Namespace) -> Option<String> {
    let lease = namespace.api::<Lease>().get(CHILD).await.unwrap();
    lease.spec.and_then(|spec| spec.holder_identity).filter(|holder| !holder.is_empty())
}

/// The fields of the status that a manager owns: the ends of the paths, as the API server writes them.
fn owned(connection: &Value, manager: &str) -> BTreeSet<String> {
    let entries = connection["metadata"]["managedFields"].as_array().unwrap();
    let own = entries.iter().filter(|entry| entry["manager"] == manager && entry["subresource"] == "status");
    let mut fields = BTreeSet::new();
    for entry in own {
        assert_eq!(entry["operation"], "Apply", "{entry}");
        ends(&entry["fieldsV1"]["f:status"], "", &mut fields);
    }
    fields
}

fn ends(fields: &Value, path: &str, into: &mut BTreeSet<String>) {
    let below: Vec<_> = fields.as_object().into_iter().flatten().filter(|(name, _)| *name != ".").collect();
    if below.is_empty() {
        into.insert(path.to_owned());
    }
    for (name, fields) in below {
        ends(fields, &format!("{path}/{name}"), into);
    }
}

/// Requests for the status of the namespace's connection that would have taken fields by force.
fn forced(namespace: &Namespace) -> Vec<String> {
    let log = fs::read_to_string(namespace.plane.audit_log()).unwrap();
    let events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let uris = events.filter_map(|event| event["requestURI"].as_str().map(str::to_owned));
    let path = format!("/namespaces/{}/syncconnections/{CONNECTION}/status", namespace.name);
    uris.filter(|uri| uri.contains(&path) && uri.contains("force=true")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_reports_under_its_own_name_and_the_operator_sums_it_up() {
    let (vendors, namespace) = (Vendors::clean().await, Namespace::new().await);
    let begun = Timestamp::now();
    let operator = Operator::workload(&namespace).await;
    let _running = operator.start();
    vendors.apply(&namespace).await;
    let pods = Pods::of(&namespace).await;
    pods.run("pod-1").await;
    let status = namespace.until_ready().await;
    vendors.assert_books_equal(&held(&status));
    assert_eq!(status.observed_generation, 1);

    let connection = serde_json::to_value(namespace.connection().await).unwrap();
    let (operators, workers) = (owned(&connection, "koppel-operator"), owned(&connection, "koppel-worker"));
    assert_eq!(operators.intersection(&workers).collect::<Vec<_>>(), Vec::<&String>::new());
    let of = |fields: &BTreeSet<String>, field: &str| fields.iter().any(|path| path.starts_with(field));
    for field in
        ["/f:lastRun", "/f:flows", "/f:tokenExpiresAt", "/f:target", r#"/f:conditions/k:{"type":"CredentialsValid"}"#]
    {
        assert!(of(&workers, field), "{field}: {workers:#?}");
    }
    for field in ["/f:observedGeneration", "/f:nextRunAt", r#"/f:conditions/k:{"type":"Ready"}"#] {
        assert!(of(&operators, field), "{field}: {operators:#?}");
    }
    assert_eq!(forced(&namespace), Vec::<String>::new());

    // It has done what it did with its own rights, and asked for no other.
    let writes = namespace.plane.writes_since(begun, &namespace.account(CHILD).user()).await;
    assert!(writes.iter().any(|write| write.resource == "syncconnections/status" && write.code == 200), "{writes:#?}");
    assert!(writes.iter().any(|write| write.resource == "secrets" && write.code == 200), "{writes:#?}");
    // What the test itself asked of its rights aside.
    let mut others = writes.iter().filter(|write| write.resource != "selfsubjectaccessreviews");
    assert!(others.all(|write| write.code < 400 && write.namespace == namespace.name), "{writes:#?}");
    assert_eq!(holder(&namespace).await, None, "the Lease was not given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_tell_connection_and_run_and_nothing_secret_is_told_anywhere() {
    let (vendors, namespace) = (Vendors::with_failures().await, Namespace::new().await);
    let operator = Operator::workload(&namespace).await.variable("KOPPEL_LOG", "debug");
    let running = operator.start();
    vendors.apply(&namespace).await;
    let pods = Pods::of(&namespace).await;
    let said = pods.run("pod-1").await;
    // Once more, with a token that has been refreshed.
    vendors.access_tokens_end();
    let again = pods.run("pod-2").await;
    let status = namespace.until_status("two runs", |status| run_id(status).is_some()).await;

    let run = run_id(&status).unwrap();
    let lines = log_lines(&again);
    let told = |line: &&Value| {
        let text = line.to_string();
        text.contains(&format!("\"connection\":\"{CONNECTION}\"")) && text.contains(&run)
    };
    assert!(lines.iter().any(|line| told(&line)), "no line tells connection and run {run}: {again}");
    log_lines(&said);
    log_lines(&running.output());
    assert_nothing_secret(&namespace, &[("worker", &said), ("worker", &again), ("operator", &running.output())]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_workers_the_second_ends_with_3_and_touches_nothing() {
    let (vendors, namespace) = (Vendors::clean().await, Namespace::new().await);
    let operator = Operator::workload(&namespace).await;
    let _running = operator.start();
    vendors.apply(&namespace).await;
    let pods = Pods::of(&namespace).await;
    vendors.sandbox.exact.inject(Fault::new(FaultKind::HangAfter).on("POST", SALES).after(2));
    let mut first = pods.begin("pod-1", &[]);
    let booked = || async { (vendors.entries().len() == 3).then_some(()) };
    namespace.until("the first worker is in mid-run", A_RUN, booked).await;
    let calls = vendors.sandbox.exact.calls().len();
    let mut second = pods.begin("pod-2", &[]);
    let ended = second.exit(A_RUN).await;
    assert_eq!(ended.code(), Some(3), "{}", second.output());
    assert!(second.output().contains("pod-1"), "it does not say who holds the Lease: {}", second.output());
    assert_eq!(vendors.sandbox.exact.calls().len(), calls);
    vendors.sandbox.exact.release();
    assert!(first.exit(A_RUN).await.success(), "{}", first.output());
    vendors.assert_books_equal(&held(&namespace.until_ready().await));
    assert_eq!(vendors.calls("POST", SALES).len(), vendors.entries().len());
}

/// Asks a worker to end in mid-call, and lets the call go on a moment later.
async fn end_in_mid_call(vendors: &Vendors, worker: &mut Process) -> (ExitStatus, Duration) {
    worker.signal("TERM");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(worker.ended().is_none(), "it broke off a call: {}", worker.output());
    vendors.sandbox.exact.release();
    let asked = Instant::now();
    (worker.exit(A_RUN).await, asked.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stays_ends_cleanly_in_mid_run_and_between_two_runs() {
    let (vendors, namespace) = (Vendors::clean().await, Namespace::new().await);
    let operator = Operator::workload(&namespace).await;
    let _running = operator.start();
    vendors.apply_with(&namespace, |spec| spec["workload"] = serde_json::json!({"type": "Continuous"})).await;
    let pods = Pods::of(&namespace).await;
    vendors.sandbox.exact.inject(Fault::new(FaultKind::HangAfter).on("POST", SALES).after(2));
    let mut worker = pods.begin("pod-1", &["--continuous"]);
    let booked = || async { (vendors.entries().len() == 3).then_some(()) };
    namespace.until("the worker is in mid-run", A_RUN, booked).await;
    let (ended, took) = end_in_mid_call(&vendors, &mut worker).await;
    assert!(ended.success() && took < Duration::from_secs(20), "{ended} after {took:?}: {}", worker.output());
    assert_eq!(holder(&namespace).await, None, "the Lease was not given back");
    assert!(vendors.entries().len() < vendors.in_scope().len(), "it did not end in mid-run");

    let mut worker = pods.begin("pod-2", &["--continuous"]);
    vendors.assert_books_equal(&held(&namespace.until_ready().await));
    assert_eq!(vendors.calls("POST", SALES).len(), vendors.entries().len(), "an entry was sent again");
    assert!(worker.ended().is_none(), "it did not stay: {}", worker.output());
    worker.signal("TERM");
    let asked = Instant::now();
    assert!(worker.exit(A_RUN).await.success(), "{}", worker.output());
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    assert_eq!(status_of(&namespace.status().await, "Ready"), "True");
}
