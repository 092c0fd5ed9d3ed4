//! The inline executor on SQLite: from manifests to booked entries, and what the status tells of it.

use std::collections::BTreeMap;

use koppel::api::status::{RunOutcome, SyncConnectionStatus};

use super::namespace::Namespace;
use super::operator::Operator;
use super::standing::{A_RUN, condition, held, run_id, status_of, why};
use super::vendors::{CONNECTION, DIVISION, Vendors};

/// The row of the connection, by the heads of `kubectl get syncconn`.
fn listed(namespace: &Namespace) -> BTreeMap<String, String> {
    let text = namespace.kubectl(&["get", "syncconn", CONNECTION]);
    let (head, row) = text.split_once('\n').unwrap();
    let cells = |line: &str| -> Vec<String> {
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
    };
    let (head, row) = (cells(head), cells(row));
    assert_eq!(head.len(), row.len(), "{text}");
    head.into_iter().zip(row).collect()
}

/// Everything in a status that is there for a person.
fn assert_told(status: &SyncConnectionStatus, vendors: &Vendors) {
    let run = status.last_run.as_ref().unwrap();
    assert_eq!((run.generation, run.outcome), (1, Some(RunOutcome::Completed)), "{run:#?}");
    assert!(
        run.finished_at.is_some() && run.calls.chargebee["2xx"] > 0 && run.calls.exact_online["2xx"] > 0,
        "{run:#?}"
    );
    assert_eq!(status.observed_generation, 1);
    assert!(status.conditions.iter().all(|condition| condition.observed_generation == Some(1)), "{status:#?}");
    assert!(status.next_run_at.as_ref().unwrap().0 > run.started_at.0);
    assert!(status.token_expires_at.is_some());
    let invoices = status.flows.iter().find(|flow| flow.name == "invoices").unwrap();
    assert_eq!(usize::try_from(invoices.booked).unwrap(), vendors.entries().len());
    assert_eq!((invoices.backlog, invoices.held), (0, status.held.as_ref().unwrap().total));
    assert!(invoices.last_booked_at.is_some() && invoices.cursor.is_some(), "{invoices:#?}");
}

/// Issue 4, acceptance: a missing period is told with its year; opened in Exact, the next run books what was held for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_year_is_told_and_once_it_is_opened_everything_is_booked() {
    let (vendors, namespace) = (Vendors::with_failures().await, Namespace::new().await);
    let operator = Operator::inline(&namespace).await;
    let _running = operator.start();
    vendors.apply(&namespace).await;
    let first = namespace.until_status("the first run", |status| run_id(status).is_some()).await;
    let (reason, message) = why(&first, "FinancialPeriodsAvailable");
    assert_eq!((status_of(&first, "FinancialPeriodsAvailable"), reason), ("False", "MissingFinancialPeriod"));
    assert!(message.contains("2027") && message.contains(&DIVISION.to_string()), "{message}");
    // It covers today: nothing new can be booked.
    let ready = |status: &SyncConnectionStatus| status_of(status, "Ready") == "False";
    let first = namespace.until_status("Ready False", ready).await;
    assert_eq!(why(&first, "Ready").0, "MissingFinancialPeriod");

    vendors.sandbox.exact.open_year(DIVISION, 2027);
    vendors.sandbox.exact.open_year(DIVISION, 2028);
    namespace.run_now("the years are opened").await;
    let second = namespace.until_ready().await;
    assert_eq!(
        status_of(&second, "FinancialPeriodsAvailable"),
        "True",
        "{:?}",
        why(&second, "FinancialPeriodsAvailable")
    );
    assert!(condition(&second, "Reconciling").is_none() && condition(&second, "Stalled").is_none(), "{second:#?}");
    assert_told(&second, &vendors);
    let held = held(&second);
    assert!(!held.is_empty() && !vendors.entries().is_empty());
    vendors.assert_books_equal(&held);
    assert_held_says_why(&second, &vendors);
    let row = listed(&namespace);
    assert_eq!((row["NAME"].as_str(), row["READY"].as_str()), (CONNECTION, "True"), "{row:?}");
    assert_eq!(row["HELD"], held.len().to_string(), "{row:?}");
    assert!(row["TARGET"].starts_with("Exact Online at 127.0.0.1"), "{row:?}");
}

/// Each held document has its reason, as the generator made it, and a remedy.
fn assert_held_says_why(status: &SyncConnectionStatus, vendors: &Vendors) {
    let held = status.held.as_ref().unwrap();
    let by_reason: i64 = held.by_reason.values().sum();
    assert_eq!(by_reason, held.total, "{held:#?}");
    for document in &held.oldest {
        let number = document.document.trim_start_matches("invoice ");
        assert!(!document.message.is_empty() && !document.remedy.is_empty(), "{document:#?}");
        let expected = vendors.sandbox.expectations.get(number);
        assert_eq!(expected.map(|expected| expected.reason), Some(document.reason.as_str()), "{document:#?}");
    }
    assert_eq!(status_of(status, "DocumentsFlowing"), "False", "{:?}", why(status, "DocumentsFlowing"));
}

/// A second process that begins where the first one ended runs nothing but what is due, and books nothing again.
#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_operator_goes_on_where_it_was() {
    let (vendors, namespace) = (Vendors::clean().await, Namespace::new().await);
    let operator = Operator::inline(&namespace).await;
    let mut running = operator.start();
    vendors.apply(&namespace).await;
    let before = namespace.until_ready().await;
    vendors.assert_books_equal(&held(&before));
    running.signal("TERM");
    assert!(running.exit(A_RUN).await.success(), "{}", running.output());
    let entries = vendors.entries();
    let calls = vendors.sandbox.exact.calls().len();

    let _again = operator.start();
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    let after = namespace.status().await;
    assert_eq!(run_id(&after), run_id(&before));
    let next = |status: &SyncConnectionStatus| status.next_run_at.as_ref().unwrap().0.as_second();
    // A status tells whole seconds of when the run began, from which the next one is reckoned.
    assert!((next(&after) - next(&before)).abs() <= 5, "{:?} {:?}", after.next_run_at, before.next_run_at);
    assert_eq!(vendors.sandbox.exact.calls().len(), calls, "it ran though nothing is due");
    let asked = namespace.run_now("after the restart").await;
    assert_eq!((asked.last_run.unwrap().booked, vendors.entries()), (0, entries));
}

/// What has changed while nobody looked starts a run, though none is due.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_while_the_operator_was_away_starts_a_run_when_it_is_back() {
    let (vendors, namespace) = (Vendors::clean().await, Namespace::new().await);
    let operator = Operator::inline(&namespace).await;
    let mut running = operator.start();
    vendors.apply(&namespace).await;
    let before = namespace.until_ready().await;
    // The mark of the last run is written after its report.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    running.signal("TERM");
    assert!(running.exit(A_RUN).await.success(), "{}", running.output());
    namespace.kubectl(&["delete", "revrule", "training"]);
    let _again = operator.start();
    let ran = |status: &SyncConnectionStatus| run_id(status) != run_id(&before);
    let after = namespace.until_status("a run with what is there now", ran).await;
    assert_eq!(after.observed_generation, before.observed_generation);
}

/// What goes beyond the edition starts nothing; that it is kept again is told, and not left out.
#[tokio::test(flavor = "multi_thread")]
async fn an_edition_that_was_exceeded_is_told_to_be_kept_again() {
    let (vendors, namespace) = (Vendors::clean().await, Namespace::new().await);
    let operator = Operator::inline(&namespace).await;
    let _running = operator.start();
    let mut second = vendors.quickstart().into_iter().find(|object| object["kind"] == "EntityMapping").unwrap();
    second["metadata"]["name"] = "second".into();
    second["spec"]["businessEntityId"] = "second".into();
    second["spec"]["exactOnline"]["division"] = (DIVISION + 1).into();
    namespace.apply(&second).await;
    vendors.apply_with(&namespace, |spec| spec["edition"] = "Starter".into()).await;
    let beyond = |status: &SyncConnectionStatus| why(status, "WithinEdition").0 == "TooManyEntities";
    let beyond = namespace.until_status("beyond the edition", beyond).await;
    assert_eq!(status_of(&beyond, "WithinEdition"), "False");
    namespace.until_status("not ready", |status| why(status, "Ready").0 == "TooManyEntities").await;
    assert!(vendors.entries().is_empty());

    namespace.kubectl(&["delete", "entitymap", "second"]);
    let kept = namespace.until_ready().await;
    assert_eq!((status_of(&kept, "WithinEdition"), why(&kept, "WithinEdition").0), ("True", "WithinLimits"));
    assert_eq!(status_of(&namespace.run_now("once more").await, "WithinEdition"), "True");
}
