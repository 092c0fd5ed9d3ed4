//! Table and laws of the receipts.

mod later;
mod laws;
mod stated;
mod table;

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::*;
use crate::domain::ledger::LineNature;
use crate::domain::money::Amount;
use crate::domain::receipt::{ReceiptKind, Standing};

const DIVISION: i32 = 100_001;
const ENTRY: u128 = 0xe0;
const SMIT: u128 = 0xc1;

pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// An amount of cents as the books print it.
pub fn cents(amount: i64) -> Decimal {
    Decimal::new(amount, 2)
}

pub fn rules() -> ReceiptRules {
    let journals = [("20", ReceiptMethod::BankTransfer), ("10", ReceiptMethod::Cash)];
    ReceiptRules {
        journals: journals.into_iter().map(|(code, method)| (code.to_owned(), method)).collect(),
        start: Some(Date::constant(2026, 1, 1)),
    }
}

/// An entry of journal 20 without anything yet.
pub fn closing() -> Closing {
    Closing {
        division: DIVISION,
        entry: id(ENTRY),
        ours: false,
        is_sale: false,
        lines: Vec::new(),
        parts: Vec::new(),
        recorded: Vec::new(),
        excesses: BTreeMap::new(),
    }
}

/// Line `number` of the entry, by which `received` cents came in (negative: went out), linked to `closes`.
pub fn line(number: u128, received: i64, closes: Option<u128>) -> LedgerLine {
    LedgerLine {
        id: id(0xa0 + number),
        entry: id(ENTRY),
        entry_number: 26_200_003,
        line_number: number as i64,
        journal: "20".into(),
        nature: LineNature::Money,
        account: Some(id(SMIT)),
        amount: cents(-received),
        currency: "EUR".into(),
        date: Date::constant(2026, 3, 4),
        closes: closes.map(row),
    }
}

/// The receivable row of document `number`.
pub fn row(number: u128) -> Uuid {
    id(0x1000 + number)
}

fn part_of(number: u128, amount: i64, document: Option<Document>) -> Part {
    let row = ClosedPart {
        id: Uuid::from_u128(0x2000 + number * 0x100 + u128::from(amount.unsigned_abs())),
        closed_by: id(ENTRY),
        source_entry: id(0x3000 + number),
        source_row: row(number),
        account: Some(id(SMIT)),
        amount: cents(amount),
        currency: "EUR".into(),
    };
    Part { row, document }
}

fn document(kind: DocumentKind, number: String) -> Document {
    Document { kind, number, customer: "smit".into(), currency: Currency::EUR }
}

/// `amount` cents of invoice INV-`number`, closed.
pub fn invoice(number: u128, amount: i64) -> Part {
    part_of(number, amount, Some(document(DocumentKind::Invoice, format!("INV-{number}"))))
}

/// `amount` cents of credit note CN-`number`, closed.
pub fn credit(number: u128, amount: i64) -> Part {
    part_of(number, -amount, Some(document(DocumentKind::CreditNote, format!("CN-{number}"))))
}

/// `amount` cents of a receivable that is none of ours.
pub fn foreign(number: u128, amount: i64) -> Part {
    part_of(number, amount, None)
}

/// A step in short: `record Payment 121.00 INV-1 line 1`.
pub fn short(step: &Step) -> String {
    let of_receipt = |verb: &str, receipt: &Receipt| {
        let document = receipt.document.as_deref().unwrap_or("-");
        format!("{verb} {} {} {document}", receipt.kind, receipt.amount.to_decimal(receipt.currency))
    };
    match step {
        Step::Undo(receipt) => of_receipt("undo", receipt),
        Step::LookAgain(receipt) => of_receipt("look again", receipt),
        Step::Restore(receipt) => of_receipt("restore", receipt),
        Step::Record(draft) => {
            let line = draft.line.as_u128() - 0xa0;
            let receipt = draft.clone().into_receipt(draft.excess.clone().unwrap_or_default(), Standing::Recorded);
            format!("{} line {line}", of_receipt("record", &receipt))
        }
    }
}

pub fn shorts(outcome: &Outcome) -> Vec<String> {
    outcome.steps.iter().map(short).collect()
}

/// The receipts after the steps were carried out; `reverses`: what is undone is taken back.
pub fn carried_out(closing: &Closing, outcome: &Outcome, reverses: bool) -> Vec<Receipt> {
    let mut recorded = closing.recorded.clone();
    for step in &outcome.steps {
        match step {
            Step::Undo(undone) if reverses && undone.standing == Standing::Recorded => {
                recorded.retain(|receipt| receipt.reference != undone.reference);
            }
            Step::Undo(receipt) => stand(&mut recorded, receipt, Standing::Undone),
            Step::Restore(receipt) => stand(&mut recorded, receipt, Standing::Recorded),
            Step::LookAgain(_) => {}
            Step::Record(draft) => {
                let transaction = draft.excess.clone().filter(|_| draft.kind == ReceiptKind::Applied);
                let transaction = transaction.unwrap_or_else(|| format!("txn of {}", draft.reference));
                recorded.push(draft.clone().into_receipt(transaction, Standing::Recorded));
            }
        }
    }
    recorded
}

fn stand(recorded: &mut [Receipt], which: &Receipt, standing: Standing) {
    for receipt in recorded.iter_mut().filter(|receipt| receipt.reference == which.reference) {
        receipt.standing = standing;
    }
}

/// What stands of it at the billing system: the amount of each document, `-` for what is kept.
pub fn held_there(recorded: &[Receipt]) -> BTreeMap<String, i64> {
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for receipt in recorded {
        let Amount(amount) = receipt.amount;
        *sums.entry(receipt.document.clone().unwrap_or_else(|| "-".into())).or_default() += amount;
        if receipt.kind == ReceiptKind::Applied {
            *sums.entry("-".into()).or_default() -= amount;
        }
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}
