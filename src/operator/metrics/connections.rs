//! The series of each connection, made from its status whenever they are read.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::Labels;
use crate::api::SyncConnection;
use crate::api::conditions::Status;
use crate::api::status::{RunOutcome, RunSummary, SyncConnectionStatus};

/// Namespace and name.
type Key = (String, String);

/// The connections that were seen last.
#[derive(Debug, Default)]
pub struct Connections {
    seen: Mutex<BTreeMap<Key, Seen>>,
}

#[derive(Debug)]
struct Seen {
    suspended: bool,
    status: SyncConnectionStatus,
    /// The run that was counted last.
    counted: Option<String>,
    totals: Totals,
}

/// What has been counted since this process has seen the connection.
#[derive(Debug, Default)]
struct Totals {
    runs: BTreeMap<&'static str, u64>,
    booked: u64,
    updated: u64,
    /// By vendor and status class.
    calls: BTreeMap<(&'static str, String), u64>,
}

impl Connections {
    /// Takes in how a connection stands.
    pub fn observe(&self, connection: &SyncConnection) {
        let metadata = &connection.metadata;
        let key = (metadata.namespace.clone().unwrap_or_default(), metadata.name.clone().unwrap_or_default());
        let status = connection.status.clone().unwrap_or_default();
        let run = status.last_run.clone().filter(|run| run.finished_at.is_some());
        let mut seen = self.seen();
        match seen.get_mut(&key) {
            Some(seen) => {
                seen.suspended = connection.spec.suspend;
                seen.status = status;
                run.into_iter().for_each(|run| seen.count(&run));
            }
            None => {
                let counted = run.map(|run| run.id);
                let (suspended, totals) = (connection.spec.suspend, Totals::default());
                seen.insert(key, Seen { suspended, status, counted, totals });
            }
        }
    }

    /// Forgets a connection and with it its series.
    pub fn forget(&self, namespace: &str, name: &str) {
        self.seen().remove(&(namespace.to_owned(), name.to_owned()));
    }

    pub fn keys(&self) -> Vec<Key> {
        self.seen().keys().cloned().collect()
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<Key, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn count(&mut self, run: &RunSummary) {
        if self.counted.as_ref() == Some(&run.id) {
            return;
        }
        self.counted = Some(run.id.clone());
        if let Some(outcome) = run.outcome {
            *self.totals.runs.entry(outcome.as_str()).or_default() += 1;
        }
        self.totals.booked += u64::try_from(run.booked).unwrap_or(0);
        self.totals.updated += u64::try_from(run.updated).unwrap_or(0);
        let calls = &run.calls;
        let vendors = [
            ("chargebee", &calls.chargebee),
            ("exact_online", &calls.exact_online),
            ("dynamics365", &calls.dynamics365),
        ];
        for (vendor, calls) in vendors {
            for (class, count) in calls {
                let total = self.totals.calls.entry((vendor, class.clone())).or_default();
                *total += u64::try_from(*count).unwrap_or(0);
            }
        }
    }

    fn conditions(&self) -> Vec<Row> {
        let statuses = [Status::True, Status::False, Status::Unknown];
        let rows = self.status.conditions.iter().flat_map(|condition| {
            statuses.map(|status| {
                let labels = vec![("type", condition.type_.clone()), ("status", status.as_str().to_owned())];
                (labels, f64::from(u8::from(condition.status == status.as_str())))
            })
        });
        rows.collect()
    }

    fn held(&self) -> Vec<Row> {
        let by_reason = self.status.held.iter().flat_map(|held| &held.by_reason);
        by_reason.map(|(reason, count)| (vec![("reason", reason.clone())], number(*count))).collect()
    }

    fn backlog(&self) -> Vec<Row> {
        self.status.flows.iter().map(|flow| (vec![("flow", flow.name.clone())], number(flow.backlog))).collect()
    }

    fn quota(&self) -> Vec<Row> {
        let quota = self.status.quota.as_ref();
        let windows = [
            ("minute", quota.and_then(|quota| quota.minute_remaining)),
            ("day", quota.and_then(|quota| quota.day_remaining)),
        ];
        let rows =
            windows.into_iter().filter_map(|(window, left)| Some((vec![("window", window.to_owned())], number(left?))));
        rows.collect()
    }

    fn requests_today(&self) -> Vec<Row> {
        let used = self.status.quota.as_ref().and_then(|quota| quota.requests_today);
        used.map(|used| (Vec::new(), number(used))).into_iter().collect()
    }

    fn last_run(&self) -> Vec<Row> {
        let finished = self.status.last_run.as_ref().and_then(|run| run.finished_at.as_ref());
        finished.map(|at| (Vec::new(), number(at.0.as_second()))).into_iter().collect()
    }

    fn token_expiry(&self) -> Vec<Row> {
        self.status.token_expires_at.iter().map(|at| (Vec::new(), number(at.0.as_second()))).collect()
    }

    /// All three outcomes, so that the first failure is a rise.
    fn runs(&self) -> Vec<Row> {
        let outcomes = [RunOutcome::Completed, RunOutcome::Interrupted, RunOutcome::Failed].map(RunOutcome::as_str);
        let count = |outcome| self.totals.runs.get(outcome).copied().unwrap_or(0) as f64;
        outcomes.map(|outcome| (vec![("outcome", outcome.to_owned())], count(outcome))).into()
    }

    fn calls(&self) -> Vec<Row> {
        let row = |(vendor, class): &(&str, String), count: u64| {
            (vec![("vendor", (*vendor).to_owned()), ("status", class.clone())], count as f64)
        };
        self.totals.calls.iter().map(|(key, count)| row(key, *count)).collect()
    }
}

/// Labels beside namespace and name, and a value.
type Row = (Labels, f64);

fn number(count: i64) -> f64 {
    count as f64
}

/// Name, help, type, and the rows of one connection.
struct Family(&'static str, &'static str, MetricType, fn(&Seen) -> Vec<Row>);

const FAMILIES: [Family; 12] = [
    Family(
        "koppel_connection_condition",
        "Conditions of a connection, 1 for the status that it has",
        MetricType::Gauge,
        Seen::conditions,
    ),
    Family("koppel_connection_suspended", "Whether spec.suspend is true", MetricType::Gauge, |seen| {
        vec![(Vec::new(), f64::from(u8::from(seen.suspended)))]
    }),
    Family("koppel_runs", "Runs by outcome", MetricType::Counter, Seen::runs),
    Family("koppel_last_run_timestamp_seconds", "When the last run ended", MetricType::Gauge, Seen::last_run),
    Family("koppel_documents_booked", "Documents booked", MetricType::Counter, |seen| {
        vec![(Vec::new(), seen.totals.booked as f64)]
    }),
    Family("koppel_records_updated", "Records created or brought up to date", MetricType::Counter, |seen| {
        vec![(Vec::new(), seen.totals.updated as f64)]
    }),
    Family("koppel_documents_held", "Documents and records held, by reason", MetricType::Gauge, Seen::held),
    Family("koppel_backlog", "Documents read and not yet carried over, by flow", MetricType::Gauge, Seen::backlog),
    Family("koppel_vendor_calls", "Calls to a vendor, by class of status", MetricType::Counter, Seen::calls),
    Family("koppel_quota_remaining", "Calls that Exact Online still allows", MetricType::Gauge, Seen::quota),
    Family(
        "koppel_requests_today",
        "Requests of this day (UTC) against the daily entitlement of Dynamics 365",
        MetricType::Gauge,
        Seen::requests_today,
    ),
    Family(
        "koppel_token_expiry_timestamp_seconds",
        "When the refresh token ends unless it is used",
        MetricType::Gauge,
        Seen::token_expiry,
    ),
];

impl Collector for Connections {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let seen = self.seen();
        for Family(name, help, type_, rows) in &FAMILIES {
            let mut family = encoder.encode_descriptor(name, help, None, *type_)?;
            for ((namespace, connection), seen) in &*seen {
                for (own, value) in rows(seen) {
                    let mut labels = vec![("namespace", namespace.clone()), ("name", connection.clone())];
                    labels.extend(own);
                    let series = family.encode_family(&labels)?;
                    match type_ {
                        MetricType::Counter => ConstCounter::new(value).encode(series)?,
                        _ => ConstGauge::new(value).encode(series)?,
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::Metrics;
    use super::*;

    fn connection(name: &str, status: &Value) -> SyncConnection {
        serde_json::from_value(json!({
            "apiVersion": "koppel.dev/v1alpha1", "kind": "SyncConnection",
            "metadata": {"name": name, "namespace": "billing"},
            "spec": {
                "startDate": "2026-01-01", "timeZone": "Europe/Amsterdam",
                "chargebee": {"site": name, "apiKeySecretRef": {"name": "a"}},
                "exactOnline": {"country": "NL", "credentialsSecretRef": {"name": "b"}},
            },
            "status": status,
        }))
        .unwrap()
    }

    fn run(id: &str, outcome: &str, booked: i64) -> Value {
        json!({
            "id": id, "generation": 1, "startedAt": "2026-05-04T10:00:00Z", "finishedAt": "2026-05-04T10:01:00Z",
            "outcome": outcome, "booked": booked, "updated": 0, "held": 0,
            "calls": {"chargebee": {"2xx": 2}, "exactOnline": {"2xx": 5, "429": 1}},
        })
    }

    /// A run with Dynamics 365, which books nothing.
    fn records_run(id: &str, updated: i64) -> Value {
        let mut run = run(id, "Completed", 0);
        run["updated"] = json!(updated);
        run["calls"] = json!({"chargebee": {"2xx": 2}, "exactOnline": {}, "dynamics365": {"2xx": 7, "429": 2}});
        run
    }

    /// The value of a series of connection `billing/acme`.
    fn value(metrics: &Metrics, name: &str, more: &str) -> Option<String> {
        let series = format!("{name}{{namespace=\"billing\",name=\"acme\"{more}}} ");
        metrics.text().lines().find_map(|line| line.strip_prefix(&series).map(str::to_owned))
    }

    #[test]
    fn a_status_becomes_series() {
        let metrics = Metrics::new();
        let status = json!({
            "conditions": [{"type": "Ready", "status": "False", "reason": "RunFailed", "message": "", "lastTransitionTime": "2026-05-04T10:00:00Z"}],
            "lastRun": run("r-1", "Completed", 3), "tokenExpiresAt": "2026-06-03T10:00:00Z",
            "flows": [{"name": "invoices", "backlog": 7, "booked": 3, "held": 2}],
            "held": {"total": 2, "byReason": {"PeriodClosed": 2}},
            "quota": {"minuteRemaining": 59, "dayRemaining": 4800},
        });
        metrics.observe(&connection("acme", &status));
        for (name, more, expected) in [
            ("koppel_connection_condition", ",type=\"Ready\",status=\"False\"", "1.0"),
            ("koppel_connection_condition", ",type=\"Ready\",status=\"True\"", "0.0"),
            ("koppel_connection_suspended", "", "0.0"),
            ("koppel_last_run_timestamp_seconds", "", "1777888860.0"),
            ("koppel_documents_held", ",reason=\"PeriodClosed\"", "2.0"),
            ("koppel_backlog", ",flow=\"invoices\"", "7.0"),
            ("koppel_quota_remaining", ",window=\"day\"", "4800.0"),
            ("koppel_quota_remaining", ",window=\"minute\"", "59.0"),
            ("koppel_token_expiry_timestamp_seconds", "", "1780480800.0"),
        ] {
            assert_eq!(value(&metrics, name, more).as_deref(), Some(expected), "{name}{more}\n{}", metrics.text());
        }
    }

    #[test]
    fn a_run_is_counted_once_and_not_the_one_of_before() {
        let metrics = Metrics::new();
        let observe = |run: Value| metrics.observe(&connection("acme", &json!({"lastRun": run})));
        observe(run("of-before", "Completed", 100));
        assert_eq!(value(&metrics, "koppel_documents_booked_total", "").as_deref(), Some("0.0"));
        for _ in 0..3 {
            observe(run("r-1", "Completed", 3));
        }
        observe(run("r-2", "Failed", 1));
        assert_eq!(value(&metrics, "koppel_documents_booked_total", "").as_deref(), Some("4.0"));
        assert_eq!(value(&metrics, "koppel_runs_total", ",outcome=\"Completed\"").as_deref(), Some("1.0"));
        assert_eq!(value(&metrics, "koppel_runs_total", ",outcome=\"Failed\"").as_deref(), Some("1.0"));
        assert_eq!(value(&metrics, "koppel_runs_total", ",outcome=\"Interrupted\"").as_deref(), Some("0.0"));
        let calls = ",vendor=\"exact_online\",status=\"429\"";
        assert_eq!(value(&metrics, "koppel_vendor_calls_total", calls).as_deref(), Some("2.0"));
    }

    #[test]
    fn a_connection_to_a_crm_tells_its_records_calls_and_requests() {
        let metrics = Metrics::new();
        let observe = |run: Value| {
            metrics.observe(&connection("acme", &json!({"lastRun": run, "quota": {"requestsToday": 1250}})));
        };
        observe(records_run("of-before", 500));
        for id in ["r-1", "r-1", "r-2"] {
            observe(records_run(id, 20));
        }
        for (name, more, expected) in [
            ("koppel_records_updated_total", "", "40.0"),
            ("koppel_documents_booked_total", "", "0.0"),
            ("koppel_vendor_calls_total", ",vendor=\"dynamics365\",status=\"2xx\"", "14.0"),
            ("koppel_vendor_calls_total", ",vendor=\"dynamics365\",status=\"429\"", "4.0"),
            ("koppel_requests_today", "", "1250.0"),
        ] {
            assert_eq!(value(&metrics, name, more).as_deref(), Some(expected), "{name}{more}\n{}", metrics.text());
        }
    }

    #[test]
    fn the_first_run_of_a_connection_that_had_none_is_counted() {
        let metrics = Metrics::new();
        metrics.observe(&connection("acme", &json!({})));
        metrics.observe(&connection("acme", &json!({"lastRun": run("r-1", "Completed", 3)})));
        assert_eq!(value(&metrics, "koppel_documents_booked_total", "").as_deref(), Some("3.0"));
    }

    #[test]
    fn the_series_go_with_their_connection() {
        let metrics = Metrics::new();
        metrics.observe(&connection("acme", &json!({})));
        metrics.observe(&connection("other", &json!({})));
        metrics.forget("billing", "acme");
        let text = metrics.text();
        assert!(!text.contains("name=\"acme\"") && text.contains("name=\"other\""), "{text}");
    }
}
