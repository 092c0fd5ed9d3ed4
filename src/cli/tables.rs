//! The tables that people read: connections, conditions, flows, held documents. What is short stands in columns; sentences
//! stand below their row over the whole width, for in a column of its own a sentence becomes a tower.

use comfy_table::{Cell, ContentArrangement, Table, presets};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use crate::api::status::{ControlAccountStatus, RunOutcome, SyncConnectionStatus};
use crate::state::HeldDocument;
use crate::sync::RunReport;
use crate::sync::kinds;
use crate::sync::tally::FlowTally;

/// Width where the output is no terminal and `COLUMNS` says nothing, so that a log reads like a screen.
const PLAIN_WIDTH: u16 = 120;
/// Narrower than this nothing is wrapped: it would be no more readable.
const WIDTH_MIN: u16 = 60;
/// Sentences of more columns than this are hard to read, however wide the terminal is.
const SENTENCE_MAX: u16 = 140;
const INDENT: u16 = 4;
/// Below these widths a connection's line leaves out its target, and its reason and message, which its conditions say too.
const WIDTH_FOR_TARGET: u16 = 90;
const WIDTH_FOR_REASON: u16 = 110;
const WIDTH_FOR_MESSAGE: u16 = 140;
/// What stands between the parts of a message that has several.
const PARTS: &str = " · ";

/// A row of short cells, and the sentences below it.
struct Entry {
    cells: Vec<String>,
    sentences: Vec<Sentence>,
}

/// A sentence with the mark that stands before it; none where it is empty.
struct Sentence {
    mark: &'static str,
    text: String,
}

impl Sentence {
    fn plain(text: &str) -> Self {
        Self { mark: "", text: text.to_owned() }
    }
}

/// How many columns there are.
pub fn width() -> u16 {
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    Table::new().width().or(told).unwrap_or(PLAIN_WIDTH).max(WIDTH_MIN)
}

/// A table as kubectl prints it: columns without lines, each as wide as its widest cell.
pub fn table(headers: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headers.iter().map(|header| Cell::new(header.to_uppercase())).collect::<Vec<_>>());
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

fn columns(headers: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Vec<String> {
    let mut table = table(headers);
    rows.for_each(|row| {
        table.add_row(row);
    });
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// The rows, each with its sentences below it.
fn listed(headers: &[&str], entries: Vec<Entry>, width: u16) -> String {
    let lines = columns(headers, entries.iter().map(|entry| entry.cells.clone()));
    let (head, rows) = lines.split_first().map_or(("", &[][..]), |(head, rows)| (head.as_str(), rows));
    let mut text = head.to_owned();
    for (row, entry) in rows.iter().zip(&entries) {
        text += &format!("\n{row}");
        entry.sentences.iter().for_each(|sentence| text += &format!("\n{}", indented(sentence, width)));
    }
    text
}

/// A sentence, indented and wrapped; what follows its first line stands below its text, not below its mark.
fn indented(sentence: &Sentence, width: u16) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    let cells = [sentence.mark, &sentence.text].into_iter().filter(|cell| !cell.is_empty());
    table.set_width(width.min(SENTENCE_MAX)).add_row(cells);
    for (column, padding) in table.column_iter_mut().zip([(INDENT, 1), (0, 0)]) {
        column.set_padding(padding);
    }
    table.trim_fmt()
}

/// One line for each connection, with the columns of `kubectl get syncconn`.
pub fn connections(reports: &[RunReport]) -> String {
    connections_of(reports, width())
}

fn connections_of(reports: &[RunReport], width: u16) -> String {
    let columns_shown: Vec<&(&str, u16)> = CONNECTION_COLUMNS.iter().filter(|(_, needed)| width >= *needed).collect();
    let headers: Vec<&str> = columns_shown.iter().map(|(header, _)| *header).collect();
    let rows = reports.iter().map(|report| headers.iter().map(|header| connection_cell(report, header)).collect());
    let lines = columns(&headers, rows);
    lines.iter().map(|line| shortened(line, width)).collect::<Vec<_>>().join("\n")
}

/// Columns of a connection's line, and the widths from which on they are shown.
const CONNECTION_COLUMNS: [(&str, u16); 7] = [
    ("name", 0),
    ("target", WIDTH_FOR_TARGET),
    ("held", 0),
    ("last run", 0),
    ("ready", 0),
    ("reason", WIDTH_FOR_REASON),
    ("message", WIDTH_FOR_MESSAGE),
];

fn connection_cell(report: &RunReport, column: &str) -> String {
    let status = &report.status;
    let ready = condition(status, "Ready");
    match column {
        "name" => report.connection.clone(),
        "target" => status.target.clone().unwrap_or_default(),
        "held" => status.held.as_ref().map_or(0, |held| held.total).to_string(),
        "last run" => last_run(report),
        "ready" => ready.map_or_else(|| "Unknown".to_owned(), |ready| ready.status.clone()),
        "reason" => ready.map(|ready| ready.reason.clone()).unwrap_or_default(),
        _ => ready.map(|ready| ready.message.clone()).unwrap_or_default(),
    }
}

/// A line that the message at its end makes too long; the whole message stands with the conditions.
fn shortened(line: &str, width: u16) -> String {
    let width = usize::from(width);
    if width < usize::from(WIDTH_FOR_MESSAGE) || line.chars().count() <= width {
        return line.to_owned();
    }
    line.chars().take(width - 1).chain(['…']).collect()
}

fn last_run(report: &RunReport) -> String {
    let Some(run) = &report.status.last_run else { return "never".to_owned() };
    let outcome = run.outcome.unwrap_or(RunOutcome::Failed);
    if !keeps_records(&report.status) {
        return match report.flows.iter().map(|flow| flow.would_book).sum() {
            0 => format!("{outcome:?}, {} booked", run.booked),
            planned => format!("{outcome:?}, {planned} planned"),
        };
    }
    // Mode Plan has counted them and written none.
    match (run.updated, report.flows.iter().map(|flow| flow.created + flow.updated).sum()) {
        (0, 0) => format!("{outcome:?}, nothing new"),
        (0, planned) => format!("{outcome:?}, {planned} planned"),
        (updated, _) => format!("{outcome:?}, {updated} updated"),
    }
}

/// Whether the target keeps records, and books nothing.
fn keeps_records(status: &SyncConnectionStatus) -> bool {
    status.last_run.as_ref().is_some_and(|run| !run.calls.dynamics365.is_empty())
}

/// The condition of this type.
pub fn condition<'a>(status: &'a SyncConnectionStatus, type_: &str) -> Option<&'a Condition> {
    status.conditions.iter().find(|condition| condition.type_ == type_)
}

/// The conditions of one connection, each with its message, the parts of a message one by one.
pub fn conditions(status: &SyncConnectionStatus) -> String {
    conditions_of(status, width())
}

fn conditions_of(status: &SyncConnectionStatus, width: u16) -> String {
    let entry = |condition: &Condition| Entry {
        cells: vec![condition.type_.clone(), condition.status.clone(), condition.reason.clone()],
        sentences: parts(&condition.message),
    };
    listed(&["condition", "status", "reason"], status.conditions.iter().map(entry).collect(), width)
}

/// The parts of a message one by one, with a mark where there are several.
fn parts(message: &str) -> Vec<Sentence> {
    let mark = if message.contains(PARTS) { "-" } else { "" };
    let parts = message.split(PARTS).filter(|part| !part.is_empty());
    parts.map(|part| Sentence { mark, text: part.to_owned() }).collect()
}

/// What each flow of a run did, and why one ended before its end.
pub fn flows(report: &RunReport) -> String {
    flows_of(report, width())
}

fn flows_of(report: &RunReport, width: u16) -> String {
    let books = !keeps_records(&report.status);
    let counted: Vec<&(&str, bool, Count)> = FLOW_COUNTS.iter().filter(|(_, of_books, _)| books || !of_books).collect();
    let entry = |flow: &FlowTally| {
        let ended = if flow.stopped.is_some() { "early" } else { "complete" };
        let counts = counted.iter().map(|(_, _, count)| count(flow).to_string());
        Entry {
            cells: [flow.name.clone()].into_iter().chain(counts).chain([ended.to_owned()]).collect(),
            sentences: flow.stopped.as_deref().map(Sentence::plain).into_iter().collect(),
        }
    };
    let counts = counted.iter().map(|(header, ..)| *header);
    let headers: Vec<&str> = ["flow"].into_iter().chain(counts).chain(["ended"]).collect();
    listed(&headers, report.flows.iter().map(entry).collect(), width)
}

type Count = fn(&FlowTally) -> u64;

/// What is counted of a flow, and whether only books have it.
const FLOW_COUNTS: [(&str, bool, Count); 6] = [
    ("seen", false, |flow| flow.seen),
    ("booked", true, |flow| flow.booked),
    ("adopted", true, |flow| flow.adopted),
    ("created", false, |flow| flow.created),
    ("updated", false, |flow| flow.updated),
    ("held", false, |flow| flow.held),
];

/// What is booked on each control account.
pub fn control_accounts(accounts: &[ControlAccountStatus]) -> String {
    let row = |account: &ControlAccountStatus| {
        let ControlAccountStatus { division, account, currency, booked_in, booked_out, rest, unmatched } = account;
        let named = format!("{account} in division {division}");
        let unmatched = unmatched.as_ref();
        let left = unmatched.map_or_else(|| "0".to_owned(), |left| format!("{} in {}", left.amount, left.lines));
        let oldest = unmatched.iter().flat_map(|left| &left.oldest);
        Entry {
            cells: vec![named, currency.clone(), booked_in.clone(), booked_out.clone(), rest.clone(), left],
            sentences: oldest.map(|line| Sentence { mark: "to be matched:", text: line.clone() }).collect(),
        }
    };
    let headers = ["control account", "currency", "booked in", "booked out", "rest", "not matched"];
    listed(&headers, accounts.iter().map(row).collect(), width())
}

/// Held documents, each with what is wrong and, marked by an arrow, what mends it.
pub fn held(documents: &[HeldDocument]) -> String {
    held_of(documents, width())
}

fn held_of(documents: &[HeldDocument], width: u16) -> String {
    let entry = |document: &HeldDocument| Entry {
        cells: vec![
            format!("{} {}", kinds::noun(&document.kind), document.number),
            total(document),
            document.hold.reason.to_string(),
            day(document.since),
        ],
        sentences: vec![Sentence::plain(what(document)), Sentence { mark: "→", text: document.hold.remedy.clone() }],
    };
    listed(&["held", "total", "reason", "since"], documents.iter().map(entry).collect(), width)
}

/// The message without the document's name, which stands above it.
fn what(document: &HeldDocument) -> &str {
    let message = document.hold.message.as_str();
    message.strip_prefix(&format!("{} {}: ", kinds::noun(&document.kind), document.number)).unwrap_or(message)
}

fn total(document: &HeldDocument) -> String {
    use crate::domain::money::{Amount, Currency};
    let currency = document.currency.as_deref().and_then(Currency::from_code);
    match (document.total, currency) {
        (Some(total), Some(currency)) => Amount(total).display(currency),
        // A record has none.
        _ if !kinds::is_of_books(&document.kind) => String::new(),
        _ => "unreadable".to_owned(),
    }
}

fn day(instant: Timestamp) -> String {
    instant.to_string().chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::status::UnmatchedStatus;
    use crate::domain::hold::{Hold, HoldReason};

    fn document(number: &str, message: String) -> HeldDocument {
        HeldDocument {
            kind: "invoice".to_owned(),
            number: number.to_owned(),
            identity: String::new(),
            customer: None,
            currency: Some("EUR".to_owned()),
            total: Some(12_345_678),
            hold: Hold::new(HoldReason::VatCodeUnmapped, message, "add a row to spec.vat of EntityMapping wolkwerk-nl"),
            since: Timestamp::UNIX_EPOCH,
            document: None,
        }
    }

    #[test]
    fn a_long_message_is_a_paragraph_at_every_width_and_never_a_tower() {
        let sentence = format!("invoice INV-1: {}", "no row of spec.vat applies to it ".repeat(8));
        for width in [60, 80, 120, 200] {
            let text = held_of(&[document("INV-1", sentence.clone()), document("INV-2", "short".to_owned())], width);
            let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
            assert!(longest <= usize::from(width), "{longest} columns of {width}:\n{text}");
            let lines_needed = sentence.len() / (usize::from(width.min(SENTENCE_MAX)) - 20) + 1;
            assert!(text.lines().count() <= 1 + 2 * 3 + lines_needed, "{width}:\n{text}");
            assert!(!text.contains("invoice INV-1:") && text.contains("    → add a row"), "{text}");
        }
    }

    #[test]
    fn what_follows_a_mark_stands_below_its_text() {
        let text = indented(&Sentence { mark: "→", text: "one two three ".repeat(9) }, 60);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("    → one") && lines[1].starts_with("      "), "{text}");
        assert_eq!(indented(&Sentence::plain("one"), 60), "    one");
    }

    #[test]
    fn a_control_account_is_a_line() {
        let account = ControlAccountStatus {
            division: 100_001,
            account: "1150".to_owned(),
            currency: "EUR".to_owned(),
            booked_in: "121.00".to_owned(),
            booked_out: "21.00".to_owned(),
            rest: "100.00".to_owned(),
            unmatched: None,
        };
        let text = control_accounts(std::slice::from_ref(&account));
        let words: Vec<&str> = text.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(words, ["1150", "in", "division", "100001", "EUR", "121.00", "21.00", "100.00", "0"]);
        let oldest = vec!["payment txn_1 (entry 7): 4.00".to_owned()];
        let left = UnmatchedStatus { lines: 2, amount: "5.00".to_owned(), oldest };
        let text = control_accounts(&[ControlAccountStatus { unmatched: Some(left), ..account }]);
        assert!(text.contains("5.00 in 2") && text.contains("to be matched: payment txn_1 (entry 7): 4.00"), "{text}");
    }

    /// What a run did, with one flow of customers, at a target that keeps records.
    fn records(run: &serde_json::Value, flow: FlowTally) -> RunReport {
        let mut run_told = serde_json::json!({
            "id": "r", "generation": 1, "startedAt": "2026-05-04T10:00:00Z", "outcome": "Completed", "booked": 0,
            "updated": 0, "held": 0, "calls": {"dynamics365": {"2xx": 3}},
        });
        run_told.as_object_mut().unwrap().extend(run.as_object().unwrap().clone());
        let status = serde_json::from_value(serde_json::json!({"lastRun": run_told})).unwrap();
        RunReport { connection: "default/acme".to_owned(), flows: vec![flow], status }
    }

    #[test]
    fn of_records_nothing_is_said_to_be_booked() {
        let flow = FlowTally { seen: 9, created: 4, updated: 3, ..FlowTally::new("customers") };
        let report = records(&serde_json::json!({"updated": 7}), flow.clone());
        let text = flows_of(&report, 100);
        let words = |line: usize| text.lines().nth(line).unwrap().split_whitespace().collect::<Vec<_>>();
        assert_eq!(words(0), ["FLOW", "SEEN", "CREATED", "UPDATED", "HELD", "ENDED"]);
        assert_eq!(words(1), ["customers", "9", "4", "3", "0", "complete"]);
        assert_eq!(last_run(&report), "Completed, 7 updated");
        assert_eq!(last_run(&records(&serde_json::json!({}), flow)), "Completed, 7 planned");
        assert_eq!(last_run(&records(&serde_json::json!({}), FlowTally::new("customers"))), "Completed, nothing new");
        let of_books = records(&serde_json::json!({"calls": {"exactOnline": {"2xx": 3}}}), FlowTally::new("invoices"));
        assert_eq!(last_run(&of_books), "Completed, 0 booked");
        assert!(flows_of(&of_books, 100).contains("BOOKED"), "{}", flows_of(&of_books, 100));
    }

    #[test]
    fn a_held_record_has_a_name_and_no_total() {
        let held = HeldDocument {
            kind: crate::domain::record::RecordKind::PaymentSource.as_str().to_owned(),
            currency: None,
            total: None,
            ..document("pm_1", "m".to_owned())
        };
        let text = held_of(&[held], 80);
        assert!(text.contains("CB Payment Source pm_1") && !text.contains("unreadable"), "{text}");
    }

    #[test]
    fn a_total_that_cannot_be_shown_is_said_to_be_unreadable() {
        let text = held_of(&[HeldDocument { currency: None, ..document("INV-1", "m".to_owned()) }], 80);
        assert!(text.contains("unreadable"), "{text}");
        assert!(held_of(&[document("INV-1", "m".to_owned())], 80).contains("123456.78 EUR"));
    }
}
