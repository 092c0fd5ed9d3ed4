//! Items follow the entries: they come with a posting on a receivable account, change with it, and go with it.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use uuid::Uuid;

use super::{Item, Term};
use crate::sandbox::exact::answer::Failure;
use crate::sandbox::exact::body::Body;
use crate::sandbox::exact::division::Division;
use crate::sandbox::exact::ledger::{Posting, Source, postings};
use crate::sandbox::exact::money::Cents;
use crate::sandbox::exact::refusal::{Field, Refusal};

/// What `sync/Deleted` calls a payment term.
const DELETED_TERM: i64 = 10;
/// GL account type of receivables.
const RECEIVABLE: i64 = 20;

/// Brings the items of an entry in line with its ledger rows.
pub fn track(division: &mut Division, entry: Uuid, now: DateTime) {
    let fresh: BTreeMap<Uuid, Item> = match division.books.any(entry) {
        Some(booked) => {
            let rows = postings(division, booked);
            rows.iter().filter_map(|row| item(division, row)).map(|item| (item.row, item)).collect()
        }
        None => BTreeMap::new(),
    };
    for row in division.subledger.rows_of(entry) {
        if !fresh.contains_key(&row) {
            drop_item(division, row, now);
        }
    }
    for mut item in fresh.into_values() {
        match division.subledger.item(item.row) {
            Some(old) if old.is_matched() => continue,
            Some(old) => {
                (item.hid, item.next_part) = (old.hid, old.next_part);
                item.terms.clone_from(&old.terms);
            }
            None => item.hid = division.subledger.new_hid(),
        }
        let rest = item.amount - item.terms.iter().map(|term| term.amount).sum::<Cents>();
        match item.terms.first_mut() {
            Some(first) => first.amount += rest,
            None => {
                let whole = item.part(item.amount, now);
                item.terms.push(whole);
            }
        }
        for term in &mut item.terms {
            (term.version, term.modified) = (0, now);
        }
        store(division, item);
    }
}

/// The item that a ledger row is, if it is one.
fn item(division: &Division, row: &Posting<'_>) -> Option<Item> {
    let gl_account = row.gl_account?;
    let (entry, money, rate) = match row.source {
        Source::Sale(entry, None) => (entry.id, false, entry.rate),
        Source::Money(voucher, Some(line)) => (voucher.id, true, line.rate),
        _ => return None,
    };
    let receivable = division.table("financial/GLAccounts").get(gl_account)?.int("Type") == RECEIVABLE;
    // A difference in rate moves the home currency only: nothing of it is owed.
    if money && (!receivable || row.amount == Cents::ZERO) {
        return None;
    }
    Some(Item {
        row: row.id(),
        entry,
        account: row.account()?,
        gl_account,
        currency: row.currency().to_owned(),
        rate,
        amount: row.amount,
        date: row.date,
        money,
        hid: 0,
        offset: None,
        terms: Vec::new(),
        next_part: 0,
    })
}

/// Puts an item in; terms without a version get the next ones.
pub(super) fn store(division: &mut Division, mut item: Item) {
    for term in item.terms.iter_mut().filter(|term| term.version == 0) {
        term.version = division.next_versions(1);
    }
    division.subledger.put(item);
}

/// Takes out the items of an entry that is no more.
pub fn drop_items(division: &mut Division, entry: Uuid, now: DateTime) {
    for row in division.subledger.rows_of(entry) {
        drop_item(division, row, now);
    }
}

fn drop_item(division: &mut Division, row: Uuid, now: DateTime) {
    let Some(item) = division.subledger.take(row) else { return };
    for term in item.terms.iter().filter(|term| item.shows(term)) {
        division.note_deleted(DELETED_TERM, term.id, now);
    }
}

/// Notes that a term is no more while its item stays.
pub(super) fn note_gone(division: &mut Division, term: &Term, now: DateTime) {
    division.note_deleted(DELETED_TERM, term.id, now);
}

/// Gives every term a new version, in the same order.
pub fn renew_versions(division: &mut Division) {
    let order: Vec<Uuid> = division.subledger.versions.values().copied().collect();
    division.subledger.versions.clear();
    for id in order {
        let version = division.next_versions(1);
        let Some(row) = division.subledger.terms.get(&id).copied() else { continue };
        let Some(item) = division.subledger.items.get_mut(&row) else { continue };
        if let Some(term) = item.terms.iter_mut().find(|term| term.id == id) {
            term.version = version;
            division.subledger.versions.insert(version, id);
        }
    }
}

/// Moves the items of a relation to another one, into which it was merged.
pub fn rename_account(division: &mut Division, loser: Uuid, survivor: Uuid, now: DateTime) {
    let ours: Vec<Item> = division.subledger.items().filter(|item| item.account == loser).cloned().collect();
    for mut item in ours {
        division.subledger.take(item.row);
        item.account = survivor;
        for term in &mut item.terms {
            (term.version, term.modified) = (0, now);
        }
        store(division, item);
    }
}

/// `PUT cashflow/Receivables`: the texts that the vendor lets change, nothing else.
pub fn change_term(division: &mut Division, id: Uuid, body: &Body, now: DateTime) -> Result<(), Failure> {
    let row = division.subledger.terms.get(&id).ok_or_else(Failure::not_found)?;
    let mut item = division.subledger.item(*row).ok_or_else(Failure::not_found)?.clone();
    let term = item.terms.iter_mut().find(|term| term.id == id).ok_or_else(Failure::not_found)?;
    if body.has("PaymentMethod") && !matches!(body.text("PaymentMethod").as_str(), "B" | "I" | "K" | "V") {
        return Err(Failure::refused(Refusal::Invalid(Field::PaymentMethod)));
    }
    for (property, cell) in body.cells().filter(|(property, _)| property.name != "ID") {
        term.texts.insert(property.name, cell);
    }
    (term.version, term.modified) = (0, now);
    store(division, item);
    Ok(())
}

/// Splits the open rest of an item: `amount` of it becomes due on another day.
pub fn split_term(division: &mut Division, row: Uuid, amount: Cents, due: Date, now: DateTime) -> Result<(), Failure> {
    let mut item = division.subledger.item(row).ok_or_else(Failure::not_found)?.clone();
    let open = item.terms.iter_mut().find(|term| term.closed.is_none());
    let open = open.filter(|term| amount.0.signum() == term.amount.0.signum() && amount.abs() < term.amount.abs());
    let open = open.ok_or_else(|| Failure::refused(Refusal::Invalid(Field::Amount)))?;
    open.amount = open.amount - amount;
    (open.version, open.modified) = (0, now);
    let part = item.part(amount, now);
    item.terms.push(Term { due: Some(due), ..part });
    store(division, item);
    Ok(())
}
