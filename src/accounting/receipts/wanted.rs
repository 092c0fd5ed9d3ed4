//! What the billing system ought to hold for one entry: each line of money with the documents that it paid.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use uuid::Uuid;

use super::allocate::{Share, allocate};
use super::{Closing, Document, DocumentKind, Note, NoteReason, Outcome, Part, ReceiptRules, told};
use crate::domain::ledger::{LedgerLine, LineNature};
use crate::domain::money::{Amount, Currency};
use crate::domain::receipt::{ReceiptKind, ReceiptMethod};

/// Money that ought to be recorded.
#[derive(Clone, Debug)]
pub struct Want<'a> {
    pub kind: ReceiptKind,
    pub line: &'a LedgerLine,
    pub method: ReceiptMethod,
    pub document: Option<String>,
    pub customer: String,
    pub currency: Currency,
    pub amount: Amount,
    /// The transaction of the excess that goes back.
    pub excess: Option<String>,
}

/// All of it, and the lines of which nothing can be said: what is recorded for them stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Wanted<'a> {
    pub wants: Vec<Want<'a>>,
    pub unclear: BTreeSet<Uuid>,
}

/// What the billing system ought to hold for the entry; tells and holds what never becomes money.
pub fn wanted<'a>(closing: &'a Closing, rules: &ReceiptRules, outcome: &mut Outcome) -> Wanted<'a> {
    let mut wanted = Wanted::default();
    if closing.ours || closing.is_sale {
        let reason = if closing.ours { NoteReason::ClosedByOwnEntry } else { NoteReason::ClosedWithoutMoney };
        outcome.notes.extend(closed_invoices(&closing.parts).map(|part| told::closed(closing, part, reason)));
        return wanted;
    }
    for account in accounts(closing) {
        of_account(closing, rules, account, &mut wanted, outcome);
    }
    wanted
}

/// The customers that the entry has to do with, in a fixed order.
fn accounts(closing: &Closing) -> BTreeSet<Option<Uuid>> {
    let of_parts = closing.parts.iter().map(|part| part.row.account);
    of_parts.chain(closing.lines.iter().map(|line| line.account)).collect()
}

/// The parts that close something that a customer of ours owed.
fn closed_invoices<'a>(parts: impl IntoIterator<Item = &'a Part>) -> impl Iterator<Item = &'a Part> {
    let is_invoice = |part: &&Part| {
        part.row.amount.is_sign_positive()
            && part.document.as_ref().is_some_and(|document| document.kind == DocumentKind::Invoice)
    };
    let mut found: Vec<&Part> = parts.into_iter().filter(is_invoice).collect();
    found.sort_by_key(|part| part.row.id);
    found.into_iter()
}

fn of_account<'a>(
    closing: &'a Closing,
    rules: &ReceiptRules,
    account: Option<Uuid>,
    wanted: &mut Wanted<'a>,
    outcome: &mut Outcome,
) {
    let parts: Vec<&Part> = closing.parts.iter().filter(|part| part.row.account == account).collect();
    let lines: Vec<&LedgerLine> = closing.lines.iter().filter(|line| line.account == account).collect();
    let money: Vec<&LedgerLine> = lines.iter().copied().filter(|line| line.nature == LineNature::Money).collect();
    let taken: Vec<&LedgerLine> =
        money.iter().copied().filter(|line| rules.journals.contains_key(&line.journal)).collect();
    if taken.is_empty() {
        let reason = without_money(&lines, !money.is_empty());
        let told = closed_invoices(parts).map(|part| told::closed(closing, part, reason));
        return outcome.notes.extend(told);
    }
    let in_scope = |line: &LedgerLine| rules.start.is_none_or(|start| line.date >= start);
    if !taken.iter().any(|line| in_scope(line)) {
        return;
    }
    let allocation = allocate(&taken, &parts);
    let of_ours = |part: &&&Part| part.document.is_some();
    if !allocation.unclear.is_empty() {
        wanted.unclear.extend(taken.iter().map(|line| line.id));
        outcome.held.extend(allocation.unclear.iter().filter(of_ours).map(|part| told::unclear(closing, part)));
        return;
    }
    let mut judged = Judged { closing, wanted, outcome };
    for share in allocation.shares.iter().filter(|share| in_scope(share.line)) {
        let Some(method) = rules.journals.get(&share.line.journal) else { continue };
        judged.share(share, *method);
    }
    judged.excess(&allocation.shares, rules, &parts, in_scope);
}

/// Why an entry without a line of money that is taken closed something.
fn without_money(lines: &[&LedgerLine], has_money: bool) -> NoteReason {
    match lines.iter().any(|line| line.nature == LineNature::Difference) {
        _ if has_money => NoteReason::JournalNotMapped,
        true => NoteReason::PaymentDifference,
        false => NoteReason::ClosedWithoutMoney,
    }
}

/// The judgement of one customer's lines, under way.
struct Judged<'a, 'b> {
    closing: &'a Closing,
    wanted: &'b mut Wanted<'a>,
    outcome: &'b mut Outcome,
}

impl<'a> Judged<'a, '_> {
    /// One line of money: received or paid back.
    fn share(&mut self, share: &Share<'a>, method: ReceiptMethod) {
        let ours: Vec<(&Part, Decimal)> = share.parts.iter().copied().filter(|(part, _)| is_document(part)).collect();
        let settled = match (share.received().is_sign_positive(), ours.is_empty()) {
            (true, true) => Ok(Vec::new()),
            (true, false) => received(share, &ours),
            (false, true) => return self.excess_refund(share, method),
            (false, false) => paid_back(share, &ours),
        };
        match settled {
            Ok(settled) => self.record(share, method, settled),
            Err(why) => {
                self.wanted.unclear.insert(share.line.id);
                let held = ours.iter().map(|(part, _)| told::of_line(self.closing, share.line, part, why));
                self.outcome.held.extend(held);
            }
        }
    }

    /// Wants the amounts of one line, one for each document.
    fn record(&mut self, share: &Share<'a>, method: ReceiptMethod, settled: Vec<(&Document, Decimal)>) {
        for (document, amount) in settled {
            let kind = if document.kind == DocumentKind::Invoice { ReceiptKind::Payment } else { ReceiptKind::Refund };
            let Some(amount) = in_currency(share.line, amount, document.currency) else {
                self.wanted.unclear.insert(share.line.id);
                self.outcome.held.push(told::other_currency(self.closing, share.line, document));
                continue;
            };
            self.wanted.wants.push(Want {
                kind,
                line: share.line,
                method,
                document: Some(document.number.clone()),
                customer: document.customer.clone(),
                currency: document.currency,
                amount,
                excess: None,
            });
        }
        self.outcome.notes.extend(difference(self.closing, share));
    }

    /// Money that goes back of what is kept as an excess for the row that the line names.
    fn excess_refund(&mut self, share: &Share<'a>, method: ReceiptMethod) {
        let Some(row) = share.line.closes else { return };
        let Some(excess) = self.closing.excesses.get(&row).and_then(|known| known.first()) else { return };
        match in_currency(share.line, share.line.amount, excess.currency) {
            Some(amount) => self.wanted.wants.push(Want {
                kind: ReceiptKind::ExcessRefund,
                line: share.line,
                method,
                document: None,
                customer: excess.customer.clone(),
                currency: excess.currency,
                amount,
                excess: Some(excess.transaction.clone()),
            }),
            None => {
                self.wanted.unclear.insert(share.line.id);
            }
        }
    }

    /// What came beyond what it was matched with, in an entry that pays a document of ours: the customer's to good.
    fn excess(
        &mut self,
        shares: &[Share<'a>],
        rules: &ReceiptRules,
        parts: &[&Part],
        in_scope: impl Fn(&LedgerLine) -> bool,
    ) {
        let invoices: Vec<&Document> =
            closed_invoices(parts.iter().copied()).filter_map(|part| part.document.as_ref()).collect();
        let [first, rest @ ..] = invoices.as_slice() else { return };
        let over = shares.iter().filter(|share| share.received().is_sign_positive() && in_scope(share.line));
        for share in over.filter(|share| share.received() > share.closed()) {
            if self.wanted.unclear.contains(&share.line.id) {
                continue;
            }
            let same = rest.iter().all(|other| other.customer == first.customer);
            let amount = in_currency(share.line, share.received() - share.closed(), first.currency);
            let (Some(amount), Some(method), true) = (amount, rules.journals.get(&share.line.journal), same) else {
                self.outcome.held.push(told::whose_excess(self.closing, share.line));
                continue;
            };
            self.wanted.wants.push(Want {
                kind: ReceiptKind::Excess,
                line: share.line,
                method: *method,
                document: None,
                customer: first.customer.clone(),
                currency: first.currency,
                amount,
                excess: None,
            });
        }
    }
}

/// Whether a part is of a document that money can be recorded on.
fn is_document(part: &Part) -> bool {
    part.document.as_ref().is_some_and(|document| document.kind != DocumentKind::Other)
}

/// Money in: each invoice with what it got of it.
fn received<'p>(share: &Share<'_>, ours: &[(&'p Part, Decimal)]) -> Result<Vec<(&'p Document, Decimal)>, &'static str> {
    let (received, closed) = (share.received(), share.closed());
    let owed = by_document(ours.iter().filter(|(_, amount)| amount.is_sign_positive()));
    if owed.iter().any(|(document, _)| document.kind != DocumentKind::Invoice) {
        return Err("money that came in closed a credit note as if the customer owed it");
    }
    let only_invoices = share.parts.iter().all(|(_, amount)| amount.is_sign_positive());
    match owed.as_slice() {
        [] => Err("money that came in closed nothing that the customer owed"),
        _ if only_invoices && closed <= received => Ok(owed),
        // A credit note was settled with it, or less came than was matched: all of the money is the one invoice's.
        [(document, _)] if share.parts.len() == ours.len() && closed > Decimal::ZERO => {
            Ok(vec![(*document, received.min(closed))])
        }
        _ => Err("less money came than was matched with several documents"),
    }
}

/// Each document once, with the sum of its parts.
fn by_document<'r, 'p: 'r>(parts: impl Iterator<Item = &'r (&'p Part, Decimal)>) -> Vec<(&'p Document, Decimal)> {
    let mut sums: BTreeMap<&str, (&Document, Decimal)> = BTreeMap::new();
    for (part, amount) in parts {
        let Some(document) = &part.document else { continue };
        sums.entry(&document.number).or_insert((document, Decimal::ZERO)).1 += amount;
    }
    sums.into_values().collect()
}

/// Money out: each credit note with what went back for it.
fn paid_back<'p>(
    share: &Share<'_>,
    ours: &[(&'p Part, Decimal)],
) -> Result<Vec<(&'p Document, Decimal)>, &'static str> {
    let credited = by_document(ours.iter());
    let fits = |(document, amount): &(&Document, Decimal)| {
        document.kind == DocumentKind::CreditNote && amount.is_sign_negative()
    };
    if !credited.iter().all(fits) {
        return Err("money that went out closed an invoice");
    }
    if share.closed() != share.received() {
        return Err("other money went out than was matched with it");
    }
    Ok(credited.into_iter().map(|(document, amount)| (document, -amount)).collect())
}

/// The note that less came than was matched: a discount for early payment, or a difference.
fn difference(closing: &Closing, share: &Share<'_>) -> Option<Note> {
    let less = share.closed() - share.received();
    let (part, _) = share.parts.first().filter(|_| less.is_sign_positive() && !less.is_zero())?;
    Some(told::less(closing, part, share.received(), share.closed()))
}

fn in_currency(line: &LedgerLine, amount: Decimal, currency: Currency) -> Option<Amount> {
    let amount = Amount::from_decimal(amount, currency).filter(|amount| amount.0 > 0)?;
    (line.currency == currency.code()).then_some(amount)
}
