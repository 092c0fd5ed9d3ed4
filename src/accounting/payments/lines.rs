//! The lines of an entry of money: one for each document with its exact amount and its number in the books, so that they
//! match by themselves; what settles nothing is one line without a number (design §6, Payments).

use std::collections::BTreeMap;

use super::context::{DocumentKind, MoneyDocument, Original, PaymentContext, Settled};
use super::journal::Holder;
use super::receivable;
use crate::accounting::text::{DESCRIPTION_LENGTH, cut};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::money::Amount;
use crate::domain::money_entry::{Direction, MoneyEntry, MoneyLine, MoneyOrigin};
use crate::domain::payment::Transaction;

/// The lines of `document` but its fee, money received positive.
pub(super) fn of(
    holder: &Holder<'_>,
    context: &PaymentContext<'_>,
    document: &MoneyDocument<'_>,
) -> Result<Vec<MoneyLine>, Hold> {
    let draft = Draft { holder, context, document };
    match document {
        MoneyDocument::Payment(row) | MoneyDocument::Refund { refund: row, .. } => draft.of_row(row),
        MoneyDocument::Undoing { undone, original } => draft.back(original, undone),
        MoneyDocument::Reversal { reversal, original } => draft.back(original, reversal),
    }
}

struct Draft<'a> {
    holder: &'a Holder<'a>,
    context: &'a PaymentContext<'a>,
    document: &'a MoneyDocument<'a>,
}

impl Draft<'_> {
    fn of_row(&self, row: &Transaction) -> Result<Vec<MoneyLine>, Hold> {
        let parts = self.parts(row)?;
        let applied: Amount = parts.values().copied().sum();
        let excess = row.amount - applied;
        if excess.is_negative() {
            let (applied, amount) = (applied.display(row.currency), row.amount.display(row.currency));
            return Err(self.unclear(&format!("{applied} of it is applied, and it is of {amount} only")));
        }
        let mut lines = parts
            .into_iter()
            .map(|((kind, number), part)| self.document_line(row, kind, number, part))
            .collect::<Result<Vec<_>, _>>()?;
        if !excess.is_zero() {
            lines.push(self.line(MoneyOrigin::Excess, None, self.payer(row)?, None, excess)?);
        }
        Ok(lines)
    }

    /// What is applied to each document, in the order of their numbers: several parts of one are one.
    fn parts<'b>(&self, row: &'b Transaction) -> Result<BTreeMap<(DocumentKind, &'b str), Amount>, Hold> {
        let mut parts: BTreeMap<(DocumentKind, &str), Amount> = BTreeMap::new();
        let invoices = row.invoices.iter().map(|part| (DocumentKind::Invoice, part));
        let notes = row.credit_notes.iter().map(|part| (DocumentKind::CreditNote, part));
        for (kind, part) in invoices.chain(notes) {
            if part.amount.is_negative() || !part.amount.is_bookable() {
                let amount = part.amount.display(row.currency);
                return Err(self.unclear(&format!(
                    "{amount} of it is applied to {} {}",
                    kind.noun(),
                    cut(&part.document, 50)
                )));
            }
            *parts.entry((kind, part.document.as_str())).or_default() += part.amount;
        }
        parts.retain(|_, amount| !amount.is_zero());
        Ok(parts)
    }

    fn document_line(
        &self,
        row: &Transaction,
        kind: DocumentKind,
        number: &str,
        part: Amount,
    ) -> Result<MoneyLine, Hold> {
        let origin = match kind {
            DocumentKind::Invoice => MoneyOrigin::Invoice,
            DocumentKind::CreditNote => MoneyOrigin::CreditNote,
        };
        match self.context.settled.get(&(kind, number.to_owned())) {
            Some(Settled::Booked { our_ref, customer, .. }) => {
                self.line(origin, Some(number), customer, Some(*our_ref), part)
            }
            Some(Settled::Planned { customer }) => self.line(origin, Some(number), customer, None, part),
            Some(Settled::Unlinked) => self.line(origin, Some(number), self.payer(row)?, None, part),
            Some(Settled::NotYet) | None => Err(self.waits_for(kind, number)),
        }
    }

    fn line(
        &self,
        origin: MoneyOrigin,
        document: Option<&str>,
        customer: &str,
        our_ref: Option<i64>,
        part: Amount,
    ) -> Result<MoneyLine, Hold> {
        let account = receivable::of_customer(self.context, customer);
        let account = account.map_err(|why| why.hold(self.context, self.holder.words, customer))?;
        Ok(MoneyLine {
            origin,
            document: document.map(str::to_owned),
            account,
            customer: Some(customer.to_owned()),
            our_ref,
            amount: self.signed(part),
            description: self.description(document),
        })
    }

    fn signed(&self, size: Amount) -> Amount {
        match self.document.direction() {
            Direction::In => size,
            Direction::Out => -size,
        }
    }

    /// The transaction first and whole, for the entry is found again by it; then what it is, and the document.
    fn description(&self, document: Option<&str>) -> String {
        let act = self.document.act().word().map(|word| format!("{word} ")).unwrap_or_default();
        let text = format!("{} {act}{}", self.document.transaction().id, document.unwrap_or("excess"));
        cut(&text, DESCRIPTION_LENGTH)
    }

    /// What takes an original back: its lines with the other sign. Where less is taken back than was paid, the excess goes
    /// first, then the documents from the last line on: what was settled first stays settled.
    fn back(&self, original: &Original<'_>, by: &Transaction) -> Result<Vec<MoneyLine>, Hold> {
        let lines = match original {
            Original::Booked(entry) => {
                entry.lines.iter().filter(|line| line.origin != MoneyOrigin::Fee).cloned().collect()
            }
            Original::Row(row) => self.of_row(row)?,
        };
        self.check_amount(original, &lines, by)?;
        let mut left = by.amount;
        let mut taken = Vec::new();
        for line in lines.iter().rev() {
            let part = Amount(i64::try_from(line.amount.size()).unwrap_or(i64::MAX)).min(left);
            left -= part;
            if !part.is_zero() {
                let description = self.description(line.document.as_deref());
                taken.push(MoneyLine { amount: self.signed(part), description, ..line.clone() });
            }
        }
        taken.reverse();
        Ok(taken)
    }

    fn check_amount(&self, original: &Original<'_>, lines: &[MoneyLine], by: &Transaction) -> Result<(), Hold> {
        let paid: Amount = lines.iter().map(|line| Amount(line.amount.0.saturating_abs())).sum();
        let (id, currency) = match original {
            Original::Booked(MoneyEntry { transaction, currency, .. }) => (transaction, *currency),
            Original::Row(row) => (&row.id, row.currency),
        };
        if by.amount <= paid && by.currency == currency {
            return Ok(());
        }
        let (takes, paid) = (by.amount.display(by.currency), paid.display(currency));
        Err(self.unclear(&format!("it takes {takes} back, and transaction {} was of {paid}", cut(id, 50))))
    }

    fn payer<'b>(&self, row: &'b Transaction) -> Result<&'b str, Hold> {
        row.customer.as_deref().ok_or_else(|| self.unclear("it names no customer"))
    }

    fn waits_for(&self, kind: DocumentKind, number: &str) -> Hold {
        let (noun, number) = (kind.noun(), cut(number, 50));
        let problem = format!("it settles {noun} {number}, which is not in the books yet");
        let remedy =
            format!("nothing to do here: it goes on when {noun} {number} is booked; see what that one is held for");
        self.holder.hold(HoldReason::WaitingFor, problem, remedy)
    }

    fn unclear(&self, problem: &str) -> Hold {
        let id = cut(&self.document.transaction().id, 50);
        let remedy = format!("look at transaction {id} in Chargebee, and book it by hand where it is in order there");
        self.holder.hold(HoldReason::PaymentUnclear, problem, remedy)
    }
}
