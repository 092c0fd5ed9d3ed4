//! What is said of closings that are no money, and of money that is not clear.

use rust_decimal::Decimal;

use super::{Closing, Document, DocumentKind, HeldReceipt, Note, NoteReason, Part};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::ledger::LedgerLine;
use crate::domain::receipt::Receipt;

/// Where people find a line: `entry 26200003 (journal 20, line 1) in division 100001`.
pub fn place(closing: &Closing, line: &LedgerLine) -> String {
    format!(
        "entry {} (journal {}, line {}) in division {}",
        line.entry_number, line.journal, line.line_number, closing.division
    )
}

/// Where people find the entry, as far as its lines are known.
fn entry(closing: &Closing) -> String {
    match closing.lines.iter().min_by_key(|line| (line.line_number, line.id)) {
        Some(line) => {
            format!("entry {} (journal {}) in division {}", line.entry_number, line.journal, closing.division)
        }
        None => format!("entry {} in division {}", closing.entry, closing.division),
    }
}

/// `invoice INV-1`; the row's own id where it is no document of ours.
fn object(part: &Part) -> String {
    match &part.document {
        Some(document) => name(document),
        None => format!("receivable {}", part.row.source_row),
    }
}

fn name(document: &Document) -> String {
    let noun = if document.kind == DocumentKind::CreditNote { "credit note" } else { "invoice" };
    format!("{noun} {}", document.number)
}

fn amount(part: &Part) -> String {
    format!("{} {}", part.row.amount.normalize(), part.row.currency)
}

/// The note that a receivable was closed by something that is no money to be recorded.
pub fn closed(closing: &Closing, part: &Part, reason: NoteReason) -> Note {
    let (object, amount, entry) = (object(part), amount(part), entry(closing));
    let (by, remedy) = match reason {
        NoteReason::ClosedByOwnEntry => ("Koppel's own ", "nothing to do: Chargebee knows of it already".to_owned()),
        NoteReason::JournalNotMapped => (
            "money in a journal that bankJournals does not name, ",
            "where its money is to be recorded in Chargebee, add the journal to exactOnline.bankJournals of the \
             EntityMapping"
                .to_owned(),
        ),
        NoteReason::PaymentDifference => (
            "a difference that was written off, ",
            format!("make a credit note of {amount} on {object} in Chargebee, or write it off there"),
        ),
        NoteReason::ClosedWithoutMoney => (
            "something that is no money, ",
            format!("where {object} is still open in Chargebee, credit it or write it off there"),
        ),
    };
    Note { message: format!("{amount} of {object} were closed by {by}{entry}"), object, reason, remedy }
}

/// The note that less came than was matched.
pub fn less(closing: &Closing, part: &Part, received: Decimal, closed: Decimal) -> Note {
    let (object, entry) = (object(part), entry(closing));
    let difference = format!("{} {}", (closed - received).normalize(), part.row.currency);
    Note {
        message: format!(
            "{object} was matched for {} {} and only {} came, by {entry}",
            closed.normalize(),
            part.row.currency,
            received.normalize()
        ),
        remedy: format!("make a credit note of {difference} on {object} in Chargebee, or write it off there"),
        reason: NoteReason::PaymentDifference,
        object,
    }
}

const MATCH_BY_LINE: &str = "match each line of money with what it pays in Exact Online, or record the payment in \
                             Chargebee by hand";

/// Of which line a part was paid cannot be told.
pub fn unclear(closing: &Closing, part: &Part) -> HeldReceipt {
    let number = part.document.as_ref().map_or_else(String::new, |document| format!("-{}", document.number));
    let message = format!(
        "which money paid {} of {} cannot be told: several lines of {} could have",
        amount(part),
        object(part),
        entry(closing)
    );
    held(
        format!("EX-{}-{}{number}", closing.division, closing.entry.simple()),
        part.document.as_ref(),
        message,
        MATCH_BY_LINE,
    )
}

/// What a line of money paid cannot be told.
pub fn of_line(closing: &Closing, line: &LedgerLine, part: &Part, why: &str) -> HeldReceipt {
    let message = format!("what {} means for {} is not clear: {why}", place(closing, line), object(part));
    held(reference(closing, line, part.document.as_ref()), part.document.as_ref(), message, MATCH_BY_LINE)
}

/// The line is in another currency than the document.
pub fn other_currency(closing: &Closing, line: &LedgerLine, document: &Document) -> HeldReceipt {
    let message = format!(
        "{} is in {} and pays {}, which is in {}, or its amount is no whole number of the smallest unit",
        place(closing, line),
        line.currency,
        name(document),
        document.currency
    );
    let remedy = format!("record the payment of {} in Chargebee by hand, in {}", name(document), document.currency);
    held(reference(closing, line, Some(document)), Some(document), message, &remedy)
}

/// Whose the rest of a line is cannot be told.
pub fn whose_excess(closing: &Closing, line: &LedgerLine) -> HeldReceipt {
    let message = format!(
        "{} is more than it was matched with, and its account stands for several customers or another currency",
        place(closing, line)
    );
    held(reference(closing, line, None), None, message, "record the rest as an excess payment in Chargebee by hand")
}

/// The same money would be recorded twice: what it was recorded for before has not been taken away.
pub fn still_recorded(reference: &str, document: &Document, blocking: &Receipt) -> HeldReceipt {
    let message = format!(
        "{} is paid in Exact Online by money that is still recorded in Chargebee as {} (transaction {})",
        name(document),
        blocking.words(),
        blocking.transaction
    );
    let remedy = format!(
        "remove transaction {} in Chargebee, or set policies.undonePayment to Reverse in the SyncConnection",
        blocking.transaction
    );
    held(reference.to_owned(), Some(document), message, &remedy)
}

/// Identifies a line and a document; at most 100 characters (chargebee.md §8).
pub fn reference(closing: &Closing, line: &LedgerLine, document: Option<&Document>) -> String {
    reference_of(closing.division, line, document.map(|document| document.number.as_str()))
}

/// As [`reference`], by the document's number.
pub fn reference_of(division: i32, line: &LedgerLine, document: Option<&str>) -> String {
    let document = document.map_or_else(String::new, |number| format!("-{number}"));
    format!("EX-{division}-{}{document}", line.id.simple())
}

fn held(reference: String, document: Option<&Document>, message: String, remedy: &str) -> HeldReceipt {
    HeldReceipt {
        reference,
        customer: document.map(|document| document.customer.clone()),
        currency: document.map(|document| document.currency),
        hold: Hold::new(HoldReason::PaymentUnclear, message, remedy),
    }
}
