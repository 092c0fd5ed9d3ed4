//! How the quickstart's connection stands, as its status tells.

use std::collections::BTreeSet;
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use koppel::api::SyncConnection;
use koppel::api::status::SyncConnectionStatus;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::namespace::Namespace;
use super::vendors::CONNECTION;

/// A run, on a machine that has other things to do.
pub const A_RUN: Duration = Duration::from_secs(90);

impl Namespace {
    pub async fn connection(&self) -> SyncConnection {
        self.api::<SyncConnection>().get(CONNECTION).await.unwrap()
    }

    /// The status; empty before anybody has written one, and where there is no connection.
    pub async fn status(&self) -> SyncConnectionStatus {
        let found = self.api::<SyncConnection>().get_opt(CONNECTION).await.unwrap();
        found.and_then(|found| found.status).unwrap_or_default()
    }

    /// Waits for a status that this is true of.
    pub async fn until_status(&self, what: &str, is: impl Fn(&SyncConnectionStatus) -> bool) -> SyncConnectionStatus {
        let seen = || async { Some(self.status().await).filter(|status| is(status)) };
        self.until(what, A_RUN, seen).await
    }

    pub async fn until_ready(&self) -> SyncConnectionStatus {
        self.until_status("Ready", |status| status_of(status, "Ready") == "True").await
    }

    /// Asks for a run by the annotation, and waits until it has been answered and has reported.
    pub async fn run_now(&self, token: &str) -> SyncConnectionStatus {
        let before = run_id(&self.status().await);
        self.request(token).await;
        let answered = |status: &SyncConnectionStatus| {
            status.last_handled_reconcile_at.as_deref() == Some(token) && run_id(status) != before
        };
        self.until_status(&format!("the run that {token} asks for"), answered).await
    }

    /// Asks for a run by the annotation.
    pub async fn request(&self, token: &str) {
        let patch = json!({"metadata": {"annotations": {"koppel.dev/requestedAt": token}}});
        let api: Api<SyncConnection> = self.api();
        api.patch(CONNECTION, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    }
}

/// The condition of a type.
pub fn condition<'a>(status: &'a SyncConnectionStatus, type_: &str) -> Option<&'a Condition> {
    status.conditions.iter().find(|condition| condition.type_ == type_)
}

/// `True`, `False` or `Unknown`; empty where there is no such condition.
pub fn status_of<'a>(status: &'a SyncConnectionStatus, type_: &str) -> &'a str {
    condition(status, type_).map_or("", |condition| &condition.status)
}

/// Reason and message; empty where there is no such condition.
pub fn why<'a>(status: &'a SyncConnectionStatus, type_: &str) -> (&'a str, &'a str) {
    condition(status, type_).map_or(("", ""), |condition| (&condition.reason, &condition.message))
}

/// The run that has reported last.
pub fn run_id(status: &SyncConnectionStatus) -> Option<String> {
    status.last_run.as_ref().map(|run| run.id.clone())
}

/// The numbers of the invoices that are held, all of which the status must show.
pub fn held(status: &SyncConnectionStatus) -> BTreeSet<String> {
    let Some(held) = &status.held else { return BTreeSet::new() };
    assert_eq!(held.total, i64::try_from(held.oldest.len()).unwrap(), "the status does not show all: {held:#?}");
    held.oldest.iter().map(|held| held.document.trim_start_matches("invoice ").to_owned()).collect()
}
