//! What an entry of the books that closes receivables means for the billing system (E6, P15): which money is to be recorded
//! there, on what, and what is only to be told. Pure: the same rows give the same steps, in whatever order they come (I8).
//!
//! A payment term only says *look*. Money is a cash-flow line in a mapped bank or cash journal, not written by Koppel and
//! linked to the receivable; a receivable that was closed in any other way is told and never becomes money (I4).

mod allocate;
mod compare;
mod room;
#[cfg(test)]
mod tests;
mod told;
mod wanted;

pub use room::{OtherPayment, Room, room};

use std::collections::BTreeMap;

use jiff::civil::Date;
use uuid::Uuid;

use crate::domain::hold::Hold;
use crate::domain::ledger::{ClosedPart, LedgerLine};
use crate::domain::money::Currency;
use crate::domain::receipt::{Receipt, ReceiptDraft, ReceiptMethod};

/// Which money is taken, by the mapping of an administration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiptRules {
    /// The mapped bank and cash journals, each with the method under which its money is recorded.
    pub journals: BTreeMap<String, ReceiptMethod>,
    /// First day in scope; money of an earlier day is left out.
    pub start: Option<Date>,
}

/// What a booked document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    Invoice,
    CreditNote,
    /// One that no money is recorded on: the mirror entry of a voided invoice, a payment.
    Other,
}

/// A document of the billing system that stands in the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub kind: DocumentKind,
    pub number: String,
    /// The customer by the billing system's id.
    pub customer: String,
    pub currency: Currency,
}

/// A closed part, with the document where it is one of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub row: ClosedPart,
    pub document: Option<Document>,
}

/// Everything that one entry of the books closes.
#[derive(Clone, Debug)]
pub struct Closing {
    pub division: i32,
    pub entry: Uuid,
    /// Koppel wrote the entry, or knows it as one of its documents.
    pub ours: bool,
    /// It is a sales entry or credit sales entry.
    pub is_sale: bool,
    /// Its rows that can close a receivable.
    pub lines: Vec<LedgerLine>,
    /// The parts of receivables that it closed.
    pub parts: Vec<Part>,
    /// What is recorded at the billing system for it.
    pub recorded: Vec<Receipt>,
    /// Excess payments that rows of it go against: by the row that its line names, what is recorded for that row's entry.
    pub excesses: BTreeMap<Uuid, Vec<Receipt>>,
}

/// One thing to be done at the billing system. In this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The books no longer hold what it was recorded for.
    Undo(Receipt),
    /// It was reported as undone and left; whether a person has taken it away since is to be looked up.
    LookAgain(Receipt),
    /// The books hold again what was reported as undone.
    Restore(Receipt),
    Record(ReceiptDraft),
}

/// Something to tell although nothing waits for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// `invoice INV-1`.
    pub object: String,
    pub reason: NoteReason,
    pub message: String,
    pub remedy: String,
}

crate::domain::words! {
    /// Why something is told.
    NoteReason {
        /// A receivable was closed, and not by money.
        ClosedWithoutMoney,
        /// By Koppel's own entry.
        ClosedByOwnEntry,
        /// By money in a journal that the mapping does not name.
        JournalNotMapped,
        /// Less came than was matched: a discount for early payment, or a difference that was written off.
        PaymentDifference,
    }
}

/// Money that cannot be recorded yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldReceipt {
    pub reference: String,
    pub customer: Option<String>,
    pub currency: Option<Currency>,
    pub hold: Hold,
}

/// What a closing comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub steps: Vec<Step>,
    pub held: Vec<HeldReceipt>,
    pub notes: Vec<Note>,
    /// To be looked at again by the next run, whatever changes: the entry's own rows have not been seen yet, or something
    /// is left at the billing system that a person may take away.
    pub waits: bool,
}

/// Judges one entry that closes receivables.
pub fn judge(closing: &Closing, rules: &ReceiptRules) -> Outcome {
    let mut outcome = Outcome::default();
    if !closing.ours && !closing.is_sale && closing.lines.is_empty() && !closing.parts.is_empty() {
        outcome.waits = true;
        return outcome;
    }
    let wanted = wanted::wanted(closing, rules, &mut outcome);
    compare::compare(closing, wanted, &mut outcome);
    outcome
}
