//! What ought to be recorded against what is: the difference is what is done. The money of a line is never recorded for more
//! than the line is, whatever was left behind of an earlier match.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::told;
use super::wanted::{Want, Wanted};
use super::{Closing, Document, DocumentKind, Outcome, Step};
use crate::domain::money::Amount;
use crate::domain::receipt::{Receipt, ReceiptDraft, ReceiptKind, Standing};

/// What is told apart at the billing system: the line and the document, or the customer whose excess it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Document(Uuid, ReceiptKind, String),
    Excess(String, String),
    ExcessRefund(Uuid),
}

/// Adds the steps from what is recorded to what is wanted.
pub fn compare(closing: &Closing, wanted: Wanted<'_>, outcome: &mut Outcome) {
    let mut books = Recorded::new(closing, &wanted.unclear);
    let mut wants: BTreeMap<Key, (Amount, Vec<Want<'_>>)> = BTreeMap::new();
    for want in wanted.wants {
        let (sum, several) = wants.entry(key_of_want(&want)).or_default();
        *sum += want.amount;
        several.push(want);
    }
    let sums: BTreeMap<Key, Amount> = wants.iter().map(|(key, (sum, _))| (key.clone(), *sum)).collect();
    let wanted_of = |key: &Key| sums.get(key).copied().unwrap_or_default();
    let (excesses, documents): (Vec<Key>, Vec<Key>) =
        books.receipts.keys().cloned().partition(|key| matches!(key, Key::Excess(..)));
    for key in &documents {
        books.undo_beyond(key, wanted_of(key), outcome);
    }
    let (too_large, excesses): (Vec<Key>, Vec<Key>) = excesses.into_iter().partition(|excess| {
        let pays = wants.iter().filter(|(_, (_, several))| several.iter().any(|want| excess_of(want) == *excess));
        let missing: Amount = pays.map(|(key, (sum, _))| (*sum - books.at(key)).max(Amount::ZERO)).sum();
        books.at(excess) > wanted_of(excess) + missing
    });
    // The money is not there any more, or less of it: nothing is paid out of what goes.
    for key in &too_large {
        books.undo_beyond(key, wanted_of(key), outcome);
    }
    let is_payment = |several: &[Want<'_>]| several.first().is_some_and(|want| want.kind == ReceiptKind::Payment);
    wants.retain(|_, (_, several)| {
        !is_payment(several) || !several.iter().any(|want| too_large.contains(&excess_of(want)))
    });
    // Documents before excesses: what an excess pays since is taken from it.
    for (key, (sum, several)) in &wants {
        books.record(key, *sum, several, outcome);
    }
    for key in &excesses {
        books.undo_beyond(key, wanted_of(key), outcome);
    }
    books.close(outcome);
    outcome.steps.sort_by_key(|step| match step {
        Step::Undo(_) => 0,
        Step::LookAgain(_) => 1,
        Step::Restore(_) => 2,
        Step::Record(_) => 3,
    });
}

/// The excess that a payment would be taken from.
fn excess_of(want: &Want<'_>) -> Key {
    Key::Excess(want.customer.clone(), want.currency.code().to_owned())
}

fn key_of_want(want: &Want<'_>) -> Key {
    key(want.kind, want.line.id, want.document.as_deref(), &want.customer, want.currency.code())
}

fn key_of(receipt: &Receipt) -> Key {
    let Receipt { kind, line, document, customer, currency, .. } = receipt;
    key(*kind, *line, document.as_deref(), customer, currency.code())
}

fn key(kind: ReceiptKind, line: Uuid, document: Option<&str>, customer: &str, currency: &str) -> Key {
    let document = document.unwrap_or_default().to_owned();
    match kind {
        ReceiptKind::Payment | ReceiptKind::Applied => Key::Document(line, ReceiptKind::Payment, document),
        ReceiptKind::Refund => Key::Document(line, ReceiptKind::Refund, document),
        ReceiptKind::Excess => Key::Excess(customer.to_owned(), currency.to_owned()),
        ReceiptKind::ExcessRefund => Key::ExcessRefund(line),
    }
}

/// What the billing system holds for the entry while the steps are found.
struct Recorded<'a> {
    closing: &'a Closing,
    receipts: BTreeMap<Key, Vec<&'a Receipt>>,
    /// What is left of each excess, by its transaction.
    left: BTreeMap<&'a str, Amount>,
    /// What is recorded of each line, whatever it stands as.
    of_line: BTreeMap<Uuid, Amount>,
    references: BTreeSet<String>,
    /// Undone ones that nothing restores: a person may take them away.
    stale: Vec<&'a Receipt>,
}

impl<'a> Recorded<'a> {
    fn new(closing: &'a Closing, unclear: &BTreeSet<Uuid>) -> Self {
        let mut books = Self {
            closing,
            receipts: BTreeMap::new(),
            left: BTreeMap::new(),
            of_line: BTreeMap::new(),
            references: BTreeSet::new(),
            stale: Vec::new(),
        };
        let mut sorted: Vec<&Receipt> = closing.recorded.iter().collect();
        sorted.sort_by(|one, other| one.reference.cmp(&other.reference));
        for receipt in sorted {
            books.references.insert(receipt.reference.clone());
            *books.of_line.entry(receipt.line).or_default() += receipt.amount;
            let left = books.left.entry(&receipt.transaction).or_default();
            match receipt.kind {
                ReceiptKind::Excess => *left += receipt.amount,
                ReceiptKind::Applied => *left -= receipt.amount,
                _ => {}
            }
            // What the books no longer close at all is not unclear.
            let closes = |part: &super::Part| {
                part.document.as_ref().map(|document| &document.number) == receipt.document.as_ref()
            };
            let is_closed = receipt.document.is_none() || closing.parts.iter().any(closes);
            if !(unclear.contains(&receipt.line) && is_closed) {
                books.receipts.entry(key_of(receipt)).or_default().push(receipt);
            }
        }
        // The money of an excess that was applied is one and the same.
        for receipt in closing.recorded.iter().filter(|receipt| receipt.kind == ReceiptKind::Applied) {
            let excess = closing
                .recorded
                .iter()
                .find(|other| other.kind == ReceiptKind::Excess && other.transaction == receipt.transaction);
            if let Some(excess) = excess {
                *books.of_line.entry(excess.line).or_default() -= receipt.amount;
            }
        }
        books
    }

    /// What is recorded under a key; of an excess, what is left of it.
    fn at(&self, key: &Key) -> Amount {
        let receipts = self.receipts.get(key).into_iter().flatten();
        let amount = |receipt: &Receipt| match receipt.kind {
            ReceiptKind::Excess => self.left.get(receipt.transaction.as_str()).copied().unwrap_or_default(),
            _ => receipt.amount,
        };
        receipts.copied().map(amount).sum()
    }

    /// Undoes what is recorded beyond `wanted`, the latest first.
    fn undo_beyond(&mut self, key: &Key, wanted: Amount, outcome: &mut Outcome) {
        let mut at = self.at(key);
        for receipt in self.receipts.get(key).into_iter().flatten().rev() {
            if at <= wanted {
                break;
            }
            at -= receipt.amount;
            if receipt.standing == Standing::Undone {
                self.stale.push(receipt);
            } else {
                outcome.steps.push(Step::Undo((*receipt).clone()));
                outcome.waits = true;
            }
        }
    }

    /// Records what is missing under a key, from an excess where there is one.
    fn record(&mut self, key: &Key, wanted: Amount, wants: &[Want<'_>], outcome: &mut Outcome) {
        let at = self.at(key);
        if at > wanted {
            return;
        }
        let undone = self.receipts.get(key).into_iter().flatten();
        let restored = undone.filter(|receipt| receipt.standing == Standing::Undone);
        outcome.steps.extend(restored.map(|receipt| Step::Restore((*receipt).clone())));
        let mut missing = wanted - at;
        let mut wants: Vec<&Want<'_>> = wants.iter().collect();
        wants.sort_by_key(|want| (want.line.line_number, want.line.id));
        let [first, ..] = wants.as_slice() else { return };
        while !missing.is_zero() {
            let taken = if first.kind == ReceiptKind::Payment { self.out_of_excess(first, missing) } else { None };
            let (kind, amount, excess) = match taken {
                Some((transaction, amount)) => (ReceiptKind::Applied, amount, Some(transaction)),
                None => (first.kind, missing, first.excess.clone()),
            };
            if kind != ReceiptKind::Applied && !self.fits(first, amount, outcome) {
                return;
            }
            missing -= amount;
            let draft = self.draft(first, kind, amount, excess);
            outcome.steps.push(Step::Record(draft));
        }
    }

    /// As much of `wanted` as an excess of the same customer has left.
    fn out_of_excess(&mut self, want: &Want<'_>, wanted: Amount) -> Option<(String, Amount)> {
        let receipts = self.receipts.get(&excess_of(want))?;
        let usable = receipts.iter().filter(|receipt| receipt.standing != Standing::Undone);
        let (transaction, left) = usable
            .filter_map(|receipt| Some((receipt.transaction.as_str(), *self.left.get(receipt.transaction.as_str())?)))
            .find(|(_, left)| left.0 > 0)?;
        let amount = left.min(wanted);
        self.left.insert(transaction, left - amount);
        Some((transaction.to_owned(), amount))
    }

    /// Whether the line still has that much which is not recorded elsewhere; holds it where it has not.
    fn fits(&mut self, want: &Want<'_>, amount: Amount, outcome: &mut Outcome) -> bool {
        let of_line = self.of_line.entry(want.line.id).or_default();
        let received = Amount::from_decimal(want.line.amount.abs(), want.currency).unwrap_or_default();
        if *of_line + amount <= received {
            *of_line += amount;
            return true;
        }
        let blocking = self.closing.recorded.iter().filter(|receipt| receipt.line == want.line.id);
        let blocking = blocking.filter(|receipt| receipt.document != want.document);
        if let Some(blocking) = blocking.max_by(|one, other| one.reference.cmp(&other.reference)) {
            let document = Document {
                kind: if want.kind == ReceiptKind::Refund { DocumentKind::CreditNote } else { DocumentKind::Invoice },
                number: want.document.clone().unwrap_or_default(),
                customer: want.customer.clone(),
                currency: want.currency,
            };
            let reference = told::reference_of(self.closing.division, want.line, want.document.as_deref());
            outcome.held.push(told::still_recorded(&reference, &document, blocking));
        }
        outcome.waits = true;
        false
    }

    fn draft(&mut self, want: &Want<'_>, kind: ReceiptKind, amount: Amount, excess: Option<String>) -> ReceiptDraft {
        let base = told::reference_of(self.closing.division, want.line, want.document.as_deref());
        let mut reference = base.clone();
        let mut ordinal = 1;
        while !self.references.insert(reference.clone()) {
            ordinal += 1;
            reference = format!("{base}.{ordinal}");
        }
        ReceiptDraft {
            reference,
            kind,
            division: self.closing.division,
            closed_by: self.closing.entry,
            line: want.line.id,
            document: want.document.clone(),
            customer: want.customer.clone(),
            currency: want.currency,
            amount,
            date: want.line.date,
            method: want.method,
            excess,
            comment: format!("Exact Online: {}", told::place(self.closing, want.line)),
        }
    }

    /// What was left behind is looked for again each run, until it is gone.
    fn close(self, outcome: &mut Outcome) {
        outcome.waits |= !self.stale.is_empty();
        outcome.steps.extend(self.stale.into_iter().map(|receipt| Step::LookAgain(receipt.clone())));
    }
}
