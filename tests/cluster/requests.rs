//! Which values of the annotation ask for a run: whatever is not the one that was answered last, as Flux's users know it.

use std::collections::BTreeSet;

use koppel::api::SyncConnection;
use kube::ResourceExt;
use serde_json::json;

use super::namespace::Namespace;
use super::running::Running;
use super::scene::{A_WHILE, ACME};

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_comes_back_after_another_one_starts_a_run_again() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme().await;
    let mut known = namespace.settled().await;
    for value in ["A", "B", "A", "B"] {
        let asked = json!({"metadata": {"annotations": {"koppel.dev/requestedAt": value}}});
        namespace.change::<SyncConnection>(ACME, asked).await;
        let job = namespace.until_another_job(ACME, &known).await;
        assert_eq!(job.annotations().get("koppel.dev/requested").map(String::as_str), Some(value));
        namespace.finish(&job.name_any(), "Succeeded").await;
        let answered = |one: &SyncConnection| {
            one.status.as_ref().and_then(|status| status.last_handled_reconcile_at.as_deref()) == Some(value)
        };
        namespace.until_is::<SyncConnection>(ACME, &format!("{value} answered"), answered).await;
        known.insert(job.name_any());
    }
    tokio::time::sleep(A_WHILE).await;
    let jobs: BTreeSet<_> = namespace.job_names(ACME).await;
    assert_eq!(jobs, known, "one run for each wish");
}
