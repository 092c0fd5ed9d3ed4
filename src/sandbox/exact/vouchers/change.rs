//! Changes of a bank, cash or general entry: a line more, another one, in two, its end.

use jiff::civil::DateTime;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::lines::{self, Frame};
use super::{Sort, Voucher, VoucherLine, balance};
use crate::sandbox::exact::answer::Failure;
use crate::sandbox::exact::body::Body;
use crate::sandbox::exact::contract::resource;
use crate::sandbox::exact::division::Division;
use crate::sandbox::exact::ledger::postings;
use crate::sandbox::exact::money::Cents;
use crate::sandbox::exact::refusal::{Field, Refusal};
use crate::sandbox::exact::register::Booked;
use crate::sandbox::exact::subledger;

/// What `sync/Deleted` calls a ledger row.
const DELETED_LINE: i64 = 1;

/// A copy of an entry that may be changed: it exists, is not processed, and its period is open.
fn open_voucher(division: &Division, id: Uuid) -> Result<Voucher, Failure> {
    let voucher = division.books.voucher(id).ok_or_else(Failure::not_found)?;
    if voucher.processed {
        return Err(Failure::refused(Refusal::NotAllowed(Field::Status)));
    }
    division.check_open(&voucher.journal, voucher.year, voucher.period).map_err(Failure::refused)?;
    Ok(voucher.clone())
}

fn store(division: &mut Division, mut voucher: Voucher, now: DateTime) {
    let id = voucher.id;
    voucher.modified = now;
    voucher.version = division.next_versions(voucher.row_count());
    division.books.put(Booked::Money(Box::new(voucher)));
    subledger::track(division, id, now);
}

/// Adds a line to an entry of a bank or cash journal and gives the line's guid. One line more would leave a general entry
/// out of balance.
pub fn add_line(division: &mut Division, sort: Sort, body: &Body, now: DateTime) -> Result<Uuid, Failure> {
    let id = body.cell("EntryID").guid().ok_or_else(|| Failure::refused(Refusal::Mandatory(Field::EntryNumber)))?;
    let mut voucher = open_voucher(division, id)?;
    if voucher.sort != sort {
        return Err(Failure::not_found());
    }
    let line = read_line(division, &voucher, body, voucher.next_line, now)?;
    if sort == Sort::General && line.amount != Cents::ZERO {
        return Err(Failure::refused(Refusal::Invalid(Field::Balance)));
    }
    let (row, our_ref, amount) = (voucher.row_id(line.number), line.our_ref, line.amount);
    voucher.next_line = voucher.next_line.saturating_add(1);
    voucher.lines.push(line);
    balance::shift(division, &voucher, amount);
    store(division, voucher, now);
    subledger::auto_match(division, row, our_ref, now);
    Ok(row)
}

fn read_line(
    division: &Division,
    voucher: &Voucher,
    body: &Body,
    number: u32,
    now: DateTime,
) -> Result<VoucherLine, Failure> {
    let journal = division.table("financial/Journals").by_code(&voucher.journal);
    let frame = Frame {
        sort: voucher.sort,
        today: now.date(),
        currency: Some(voucher.currency.clone()),
        rate: None,
        allow_vat: journal.is_some_and(|row| row.flag("AllowVAT")),
        allow_rate: journal.is_some_and(|row| row.flag("AllowVariableExchangeRate")),
    };
    let mut refusals = Vec::new();
    lines::read(division, body, number, &frame, &mut refusals).ok_or(Failure::Business(refusals))
}

/// Changes lines by hand, each by its number with what is to be another in it; all at once, for a general entry stays in
/// balance. What is matched stays as it is.
pub fn change_lines(
    division: &mut Division,
    entry: Uuid,
    changes: &[(u32, Map<String, Value>)],
    now: DateTime,
) -> Result<(), Failure> {
    let mut voucher = open_voucher(division, entry)?;
    let before = voucher.total();
    for (number, changes) in changes {
        let at = voucher.lines.iter().position(|line| line.number == *number).ok_or_else(Failure::not_found)?;
        let is_matched = division.subledger.item(voucher.row_id(*number)).is_some_and(|item| item.is_matched());
        if is_matched {
            return Err(Failure::refused(Refusal::NotAllowed(Field::Matched)));
        }
        let mut values = values_of(&voucher.lines[at]);
        values.extend(changes.clone());
        let resource = resource(voucher.sort.names().1).ok_or_else(Failure::not_found)?;
        let body = Body::check(resource, values, true)?;
        voucher.lines[at] = read_line(division, &voucher, &body, *number, now)?;
    }
    if voucher.sort == Sort::General && voucher.total() != Cents::ZERO {
        return Err(Failure::refused(Refusal::Invalid(Field::Balance)));
    }
    let moved = if voucher.sort == Sort::General { Cents::ZERO } else { voucher.total() - before };
    balance::shift(division, &voucher, moved);
    store(division, voucher, now);
    Ok(())
}

/// A line as it would be sent.
fn values_of(line: &VoucherLine) -> Map<String, Value> {
    let sent = json!({
        "GLAccount": line.gl_account, "Account": line.account, "AmountFC": line.amount.to_wire(), "Date": line.date,
        "Description": line.description, "OurRef": line.our_ref,
    });
    let Value::Object(values) = sent else { return Map::new() };
    values.into_iter().filter(|(_, value)| !value.is_null()).collect()
}

/// Splits a line that is not matched: it keeps `amount`, unsigned, and a new line takes the rest. Gives the new line's guid.
pub fn split_line(
    division: &mut Division,
    entry: Uuid,
    number: u32,
    amount: Cents,
    now: DateTime,
) -> Result<Uuid, Failure> {
    let mut voucher = open_voucher(division, entry)?;
    let next = voucher.next_line;
    let line = voucher.lines.iter_mut().find(|line| line.number == number).ok_or_else(Failure::not_found)?;
    if amount <= Cents::ZERO || amount >= line.amount.abs() {
        return Err(Failure::refused(Refusal::Invalid(Field::Amount)));
    }
    let kept = if line.amount < Cents::ZERO { -amount } else { amount };
    let kept_home = kept.times(line.rate);
    let rest = VoucherLine {
        number: next,
        amount: line.amount - kept,
        amount_home: line.amount_home - kept_home,
        ..line.clone()
    };
    (line.amount, line.amount_home) = (kept, kept_home);
    voucher.lines.push(rest);
    voucher.next_line = next.saturating_add(1);
    let row = voucher.row_id(next);
    store(division, voucher, now);
    Ok(row)
}

/// Notes on every line what the bank says the money is for.
pub fn set_bank_reference(division: &mut Division, id: Uuid, reference: &str) {
    if let Some(mut voucher) = division.books.voucher(id).cloned() {
        for line in &mut voucher.lines {
            reference.clone_into(&mut line.payment_reference);
        }
        division.books.put(Booked::Money(Box::new(voucher)));
    }
}

/// Deletes an entry: what it was matched with is open again, its rows go to `sync/Deleted`.
pub fn delete(division: &mut Division, id: Uuid, now: DateTime) -> Result<(), Failure> {
    open_voucher(division, id)?;
    remove(division, id, now);
    Ok(())
}

/// Takes an entry out, whatever its state.
pub fn remove(division: &mut Division, id: Uuid, now: DateTime) {
    subledger::undo_entry(division, id, now);
    let Some(booked) = division.books.any(id).cloned() else { return };
    let rows: Vec<Uuid> = postings(division, &booked).iter().map(|posting| posting.id()).collect();
    subledger::drop_items(division, id, now);
    division.books.remove(id);
    if let Some(voucher) = booked.voucher() {
        balance::shift(division, voucher, -voucher.moves());
    }
    for row in rows {
        division.note_deleted(DELETED_LINE, row, now);
    }
}
