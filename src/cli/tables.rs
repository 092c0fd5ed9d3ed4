//! The tables that people read: connections, conditions, flows, held documents.

use comfy_table::{Cell, ContentArrangement, Table, presets};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use crate::api::status::SyncConnectionStatus;
use crate::state::HeldDocument;
use crate::sync::RunReport;
use crate::sync::tally::FlowTally;

/// Width where the output is no terminal, so that a log reads like a screen.
const PLAIN_WIDTH: u16 = 160;

/// A table as kubectl prints it: no lines, wrapped to the terminal.
pub fn table(headers: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    if table.width().is_none() {
        table.set_width(PLAIN_WIDTH);
    }
    table.set_header(headers.iter().map(|header| Cell::new(header.to_uppercase())).collect::<Vec<_>>());
    table
}

/// One line for each connection, with the columns of `kubectl get syncconn`.
pub fn connections(reports: &[RunReport]) -> Table {
    let mut table = table(&["name", "target", "held", "last run", "ready", "message"]);
    for report in reports {
        let status = &report.status;
        let ready = condition(status, "Ready");
        table.add_row([
            report.connection.clone(),
            status.target.clone().unwrap_or_default(),
            status.held.as_ref().map_or(0, |held| held.total).to_string(),
            last_run(status),
            ready.map_or_else(|| "Unknown".to_owned(), |ready| ready.status.clone()),
            ready.map(|ready| ready.message.clone()).unwrap_or_default(),
        ]);
    }
    table
}

fn last_run(status: &SyncConnectionStatus) -> String {
    let run = status.last_run.as_ref();
    run.map_or_else(
        || "never".to_owned(),
        |run| format!("{:?}, {} booked", run.outcome.unwrap_or(RunOutcome::Failed), run.booked),
    )
}

use crate::api::status::RunOutcome;

/// The condition of this type.
pub fn condition<'a>(status: &'a SyncConnectionStatus, type_: &str) -> Option<&'a Condition> {
    status.conditions.iter().find(|condition| condition.type_ == type_)
}

/// The conditions of one connection.
pub fn conditions(status: &SyncConnectionStatus) -> Table {
    let mut table = table(&["condition", "status", "reason", "message"]);
    for condition in &status.conditions {
        table.add_row([&condition.type_, &condition.status, &condition.reason, &condition.message]);
    }
    table
}

/// What each flow of a run did.
pub fn flows(flows: &[FlowTally]) -> Table {
    let mut table = table(&["flow", "seen", "booked", "adopted", "created", "updated", "held", "ended"]);
    for flow in flows {
        table.add_row([
            flow.name.clone(),
            flow.seen.to_string(),
            flow.booked.to_string(),
            flow.adopted.to_string(),
            flow.created.to_string(),
            flow.updated.to_string(),
            flow.held.to_string(),
            flow.stopped.clone().unwrap_or_else(|| "complete".to_owned()),
        ]);
    }
    table
}

/// Held documents with reason and remedy.
pub fn held(documents: &[HeldDocument]) -> Table {
    let mut table = table(&["document", "total", "reason", "message", "remedy", "since"]);
    for document in documents {
        table.add_row([
            format!("{} {}", document.kind, document.number),
            total(document),
            document.hold.reason.to_string(),
            document.hold.message.clone(),
            document.hold.remedy.clone(),
            day(document.since),
        ]);
    }
    table
}

fn total(document: &HeldDocument) -> String {
    use crate::domain::money::{Amount, Currency};
    let currency = document.currency.as_deref().and_then(Currency::from_code);
    match (document.total, currency) {
        (Some(total), Some(currency)) => Amount(total).display(currency),
        _ => "unreadable".to_owned(),
    }
}

fn day(instant: Timestamp) -> String {
    instant.to_string().chars().take(10).collect()
}
