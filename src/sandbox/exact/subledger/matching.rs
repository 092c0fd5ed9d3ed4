//! Matching: what closes what. By itself the administration matches only what agrees to the cent.

use jiff::civil::{Date, DateTime};
use uuid::Uuid;

use super::items::{note_gone, store};
use super::{Closed, Item};
use crate::sandbox::exact::answer::Failure;
use crate::sandbox::exact::books::row_id;
use crate::sandbox::exact::division::Division;
use crate::sandbox::exact::money::Cents;
use crate::sandbox::exact::refusal::{Field, Refusal};
use crate::sandbox::exact::register::Booked;
use crate::sandbox::exact::vouchers;

/// Matches a fresh line of money with the one open item of the same relation that it pays to the cent; with `our_ref`
/// only an item of that number will do. Where several would, none is taken.
pub fn auto_match(division: &mut Division, row: Uuid, our_ref: Option<i32>, now: DateTime) {
    let Some(money) = division.subledger.item(row) else { return };
    let fits = |item: &&Item| {
        item.open() == -money.amount
            && item.row != row
            && item.gl_account == money.gl_account
            && item.currency == money.currency
            && our_ref.is_none_or(|number| has_number(division, item, number))
    };
    let found: Vec<Uuid> = division.subledger.open_of(money.account).filter(fits).map(|item| item.row).collect();
    let [only] = found[..] else { return };
    let (amount, group) = (money.amount.abs(), division.subledger.new_group());
    // What fits was just looked up, so it cannot be refused; an unmatched line would be no harm either.
    let _ = pair(division, row, only, amount, group, now);
}

fn has_number(division: &Division, item: &Item, number: i32) -> bool {
    match division.books.any(item.entry) {
        Some(Booked::Sale(entry)) => entry.invoice_number == number || entry.number == number,
        Some(Booked::Money(voucher)) => voucher.number == number,
        None => false,
    }
}

/// Matches `amount` (unsigned) of two items with each other: of the same relation, GL account and currency, on opposite
/// sides, with so much open.
pub fn pair(
    division: &mut Division,
    left: Uuid,
    right: Uuid,
    amount: Cents,
    group: u64,
    now: DateTime,
) -> Result<(), Failure> {
    let find = |row: Uuid| division.subledger.item(row).cloned().ok_or_else(Failure::not_found);
    let (mut left, mut right) = (find(left)?, find(right)?);
    check(&left, &right, amount).map_err(Failure::refused)?;
    let left_pays = pays(&left, &right);
    let date = if left_pays { left.date } else { right.date };
    // Before anything changes: the administration may refuse to book it.
    let difference = book_rate_difference(division, &left, &right, amount, date, now)?;
    let (left_entry, right_entry) = (left.entry, right.entry);
    close(division, &mut left, amount, Closed { by: right_entry, date, group }, now);
    close(division, &mut right, amount, Closed { by: left_entry, date, group }, now);
    let (payer, paid) = if left_pays { (&mut left, &right) } else { (&mut right, &left) };
    payer.offset = Some(paid.row);
    let payer_entry = payer.entry;
    let known = division.subledger.groups.entry(group).or_default();
    known.rows.extend([left.row, right.row]);
    known.vouchers.extend(difference);
    store(division, left);
    store(division, right);
    division.touch_entry(payer_entry);
    Ok(())
}

/// Books what the two sides differ by in the home currency, where their rates differ.
fn book_rate_difference(
    division: &mut Division,
    left: &Item,
    right: &Item,
    amount: Cents,
    date: Date,
    now: DateTime,
) -> Result<Option<Uuid>, Failure> {
    let home = |item: &Item| {
        let home = amount.times(item.rate);
        if item.amount < Cents::ZERO { -home } else { home }
    };
    let difference = home(left) + home(right);
    if left.rate == right.rate || difference == Cents::ZERO {
        return Ok(None);
    }
    let gl_account = division.difference_accounts.1;
    let difference = vouchers::Difference {
        kind: vouchers::RATE_DIFFERENCE,
        receivable: left.gl_account,
        account: left.account,
        gl_account: gl_account.ok_or_else(|| Failure::refused(Refusal::Mandatory(Field::GlAccount)))?,
        currency: left.currency.clone(),
        amount: Cents::ZERO,
        amount_home: -difference,
        rate: right.rate,
        date,
        row: left.row,
    };
    vouchers::book(division, &difference, now).map(Some)
}

fn check(left: &Item, right: &Item, amount: Cents) -> Result<(), Refusal> {
    if left.account != right.account {
        return Err(Refusal::Invalid(Field::Account));
    }
    if left.gl_account != right.gl_account {
        return Err(Refusal::Invalid(Field::GlAccount));
    }
    if left.currency != right.currency {
        return Err(Refusal::Invalid(Field::Currency));
    }
    let opposite = left.open().0.signum() * right.open().0.signum() == -1;
    if !opposite || amount <= Cents::ZERO || amount > left.open().abs() || amount > right.open().abs() {
        return Err(Refusal::Invalid(Field::Amount));
    }
    Ok(())
}

/// Which side closes the other: money closes a receivable, a credit note an invoice, later money earlier money.
fn pays(left: &Item, right: &Item) -> bool {
    match (left.money, right.money) {
        (true, false) => true,
        (false, true) => false,
        (false, false) => left.amount < Cents::ZERO,
        (true, true) => (left.date, left.hid) > (right.date, right.hid),
    }
}

/// Closes so much of an item, splitting the part that is only partly paid.
fn close(division: &mut Division, item: &mut Item, amount: Cents, closed: Closed, now: DateTime) {
    let mut left = if item.amount < Cents::ZERO { -amount } else { amount };
    while let Some(at) = item.terms.iter().position(|term| term.closed.is_none() && term.amount != Cents::ZERO) {
        if left == Cents::ZERO {
            break;
        }
        let open = item.terms[at].amount;
        if open.abs() <= left.abs() {
            left = left - open;
            item.terms[at].closed = Some(closed);
        } else {
            item.terms[at].amount = open - left;
            let mut part = item.part(left, now);
            part.closed = Some(closed);
            part.texts.clone_from(&item.terms[at].texts);
            part.due = item.terms[at].due;
            item.terms.push(part);
            left = Cents::ZERO;
        }
        (item.terms[at].version, item.terms[at].modified) = (0, now);
        if item.money {
            let term = item.terms[at].clone();
            note_gone(division, &term, now);
        }
    }
    if item.is_fully_paid() {
        for term in &mut item.terms {
            (term.version, term.modified) = (0, now);
        }
    }
}

/// Writes the open rest of an item off against a GL account and closes it with that entry, whose guid it gives: a payment
/// difference (type 83), which goes when the matching is undone, or an entry in its own right.
pub fn close_difference(
    division: &mut Division,
    row: Uuid,
    kind: i32,
    gl_account: Option<Uuid>,
    date: Date,
    group: u64,
    now: DateTime,
) -> Result<Uuid, Failure> {
    let item = division.subledger.item(row).cloned().ok_or_else(Failure::not_found)?;
    let rest = item.open();
    if rest == Cents::ZERO {
        return Err(Failure::refused(Refusal::Invalid(Field::Amount)));
    }
    let gl_account = gl_account.or(division.difference_accounts.0);
    let difference = vouchers::Difference {
        kind,
        receivable: item.gl_account,
        account: item.account,
        gl_account: gl_account.ok_or_else(|| Failure::refused(Refusal::Mandatory(Field::GlAccount)))?,
        currency: item.currency.clone(),
        amount: -rest,
        amount_home: -rest.times(item.rate),
        rate: item.rate,
        date,
        row,
    };
    let voucher = vouchers::book(division, &difference, now)?;
    pair(division, row_id(voucher, 1), row, rest.abs(), group, now)?;
    if kind == vouchers::PAYMENT_DIFFERENCE {
        division.subledger.groups.entry(group).or_default().vouchers.push(voucher);
    }
    Ok(voucher)
}
