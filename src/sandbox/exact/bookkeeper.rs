//! What a bookkeeper does at the keyboard with money: books receipts and refunds, matches them, undoes that, writes off.
//! Not part of the vendor's API, which has no matching at all; for tests and the demo.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::ExactSandbox;
use super::answer::Failure;
use super::body::Body;
use super::books::row_number;
use super::contract;
use super::division::Division;
use super::invoices;
use super::money::Cents;
use super::refusal::{Field, Refusal};
use super::register::Booked;
use super::subledger::{self, Item};
use super::vouchers::{self, Sort};

/// Money that a bank, cash or general journal takes for a relation. Amounts are in minor units of the journal's currency.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Receipt {
    pub journal: String,
    pub account: Uuid,
    pub date: Date,
    /// Received is positive, paid back negative.
    pub amount: i64,
    #[serde(default)]
    pub description: String,
    /// What the bank says the money is for.
    #[serde(default)]
    pub bank_reference: String,
    /// What it is for; what is left over stays an open rest of the relation.
    #[serde(default)]
    pub settles: Vec<Settlement>,
    /// Code of the GL account on the other side, in a general journal.
    #[serde(default)]
    pub counter_account: Option<String>,
    /// With nothing to settle: let the administration match what agrees to the cent.
    #[serde(default)]
    pub auto_match: bool,
}

/// An open item to be matched.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settlement {
    /// The entry whose item it is: a sales entry, or one of money that is still open.
    pub entry: Uuid,
    /// In minor units, without sign; all that is open when absent.
    #[serde(default)]
    pub amount: Option<i64>,
    /// Writes off what then is left, as a payment difference: a few cents, or the discount for early payment.
    #[serde(default)]
    pub write_off_rest: bool,
    /// Code of the GL account for that; the administration's own when absent.
    #[serde(default)]
    pub difference_account: Option<String>,
}

/// A receivable that nobody will pay.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WriteOff {
    pub entry: Uuid,
    /// Code of the GL account that takes the loss.
    pub gl_account: String,
    pub date: Date,
}

impl Settlement {
    /// All that is open of an entry.
    pub fn whole(entry: Uuid) -> Self {
        Self { entry, amount: None, write_off_rest: false, difference_account: None }
    }

    /// A part of what is open of an entry, in minor units.
    pub fn part(entry: Uuid, amount: i64) -> Self {
        Self { amount: Some(amount), ..Self::whole(entry) }
    }
}

impl ExactSandbox {
    /// Books money and matches it with what it settles; gives the entry's guid.
    ///
    /// # Errors
    /// The vendor's sentence when the administration refuses it; nothing is booked then.
    pub fn receive(&self, division: i32, receipt: &Receipt) -> Result<Uuid, String> {
        self.by_hand(division, |division, now| receive(division, receipt, now))
    }

    /// Matches the open money of an entry that is booked; a line that is more than it settles is split.
    ///
    /// # Errors
    /// The vendor's sentence when the administration refuses it.
    pub fn match_money(&self, division: i32, money: Uuid, settles: &[Settlement]) -> Result<(), String> {
        self.by_hand(division, |division, now| {
            let account = open_item(division, money)?.account;
            check_all(division, account, settles)?;
            settles.iter().try_for_each(|settlement| settle(division, money, settlement, now))
        })
    }

    /// Matches a credit note with an invoice, as far as both go or for `amount` minor units.
    ///
    /// # Errors
    /// The vendor's sentence when the administration refuses it.
    pub fn match_credit(&self, division: i32, credit: Uuid, invoice: Uuid, amount: Option<i64>) -> Result<(), String> {
        self.by_hand(division, |division, now| {
            let (credit, invoice) = (open_item(division, credit)?.clone(), open_item(division, invoice)?.clone());
            let most = credit.open().abs().min(invoice.open().abs());
            let group = division.subledger.new_group();
            subledger::pair(division, credit.row, invoice.row, amount.map_or(most, Cents), group, now)
        })
    }

    /// Undoes every matching that an entry takes part in; differences that were booked with it go.
    ///
    /// # Errors
    /// When there is no such division.
    pub fn unmatch(&self, division: i32, entry: Uuid) -> Result<(), String> {
        self.by_hand(division, |division, now| {
            subledger::undo_entry(division, entry, now);
            Ok(())
        })
    }

    /// Writes off what is open of an entry, in the general journal; gives the guid of that entry.
    ///
    /// # Errors
    /// The vendor's sentence when the administration refuses it.
    pub fn write_off(&self, division: i32, act: &WriteOff) -> Result<Uuid, String> {
        self.by_hand(division, |division, now| {
            let row = open_item(division, act.entry)?.row;
            let gl_account = Some(gl_account(division, &act.gl_account)?);
            let group = division.subledger.new_group();
            subledger::close_difference(division, row, vouchers::GENERAL, gl_account, act.date, group, now)
        })
    }

    /// Splits what is open of an entry: `amount` minor units of it become due on another day.
    ///
    /// # Errors
    /// The vendor's sentence when there is not so much open.
    pub fn split_term(&self, division: i32, entry: Uuid, amount: i64, due: Date) -> Result<(), String> {
        self.by_hand(division, |division, now| {
            let row = open_item(division, entry)?.row;
            subledger::split_term(division, row, Cents(amount), due, now)
        })
    }

    /// Changes a line of a booked sales entry by hand: `changes` is what would be PUT to `salesentry/SalesEntryLines`.
    ///
    /// # Errors
    /// The vendor's sentence when the administration refuses it.
    pub fn amend_line(&self, division: i32, entry: Uuid, line: u32, changes: &Value) -> Result<(), String> {
        self.by_hand(division, |division, now| {
            let resource = contract::resource("salesentry/SalesEntryLines").ok_or_else(Failure::not_found)?;
            let body = Body::parse(resource, changes.to_string().as_bytes(), false)?;
            super::sales::change_line(division, super::books::row_id(entry, line), &body, now)
        })
    }

    /// Changes lines of an entry of money by hand, all at once: by number, what would be sent in them.
    ///
    /// # Errors
    /// The vendor's sentence when the administration refuses it.
    pub fn amend_money(&self, division: i32, entry: Uuid, lines: &BTreeMap<u32, Value>) -> Result<(), String> {
        let changes = lines.iter().map(|(line, changes)| (*line, changes.as_object().cloned().unwrap_or_default()));
        let changes: Vec<_> = changes.collect();
        self.by_hand(division, |division, now| vouchers::change_lines(division, entry, &changes, now))
    }

    /// Processes an entry, after which nothing of it changes, or opens it again.
    ///
    /// # Errors
    /// When there is no such entry.
    pub fn set_processed(&self, division: i32, entry: Uuid, processed: bool) -> Result<(), String> {
        self.by_hand(division, |division, _| {
            let mut booked = division.books.any(entry).cloned().ok_or_else(Failure::not_found)?;
            match &mut booked {
                Booked::Sale(entry) => entry.processed = processed,
                Booked::Money(voucher) => voucher.processed = processed,
            }
            division.books.put(booked);
            division.touch_entry(entry);
            Ok(())
        })
    }

    /// Prints an open sales invoice by hand: `print` is what would be POSTed to `salesinvoice/PrintedSalesInvoices`.
    ///
    /// # Errors
    /// The vendor's sentence when the administration refuses it.
    pub fn print_invoice(&self, division: i32, print: &Value) -> Result<(), String> {
        let url = self.world().public_url.clone();
        self.by_hand(division, |division, now| {
            let resource = contract::resource(invoices::PRINTS).ok_or_else(Failure::not_found)?;
            let body = Body::parse(resource, print.to_string().as_bytes(), true)?;
            invoices::print(division, &body, &url, now).map(drop)
        })
    }

    /// Whether entries of payment services are kept from readers of bank entries, as one integrator reports.
    pub fn hide_payment_services(&self, division: i32, hidden: bool) {
        if let Some(division) = self.world().divisions.get_mut(&division) {
            division.hides_payment_services = hidden;
        }
    }
}

fn receive(division: &mut Division, receipt: &Receipt, now: DateTime) -> Result<Uuid, Failure> {
    check_all(division, receipt.account, &receipt.settles)?;
    let sort = sort_of(division, &receipt.journal)?;
    let shares = shares(division, receipt)?;
    let body = body(division, sort, receipt, &shares)?;
    let id = if receipt.auto_match && receipt.settles.is_empty() {
        vouchers::create(division, sort, &body, now)?
    } else {
        vouchers::create_open(division, sort, &body, now)?
    };
    vouchers::set_bank_reference(division, id, &receipt.bank_reference);
    receipt.settles.iter().try_for_each(|settlement| settle(division, id, settlement, now))?;
    Ok(id)
}

fn sort_of(division: &Division, journal: &str) -> Result<Sort, Failure> {
    let row = division.table("financial/Journals").by_code(journal);
    let row = row.ok_or_else(|| Failure::refused(Refusal::InvalidReference(Field::JournalReference)))?;
    Sort::of_journal(row.int("Type")).ok_or_else(|| Failure::refused(Refusal::Invalid(Field::JournalType)))
}

/// One line for each thing settled, and one for what is left over.
fn shares(division: &Division, receipt: &Receipt) -> Result<Vec<Cents>, Failure> {
    let sign = receipt.amount.signum();
    let mut shares = Vec::with_capacity(receipt.settles.len() + 1);
    let mut left = Cents(receipt.amount.abs());
    for settlement in &receipt.settles {
        let open = open_item(division, settlement.entry)?.open().abs();
        // Without an amount: as far as the money goes.
        let share = settlement.amount.map_or(open.min(left), Cents);
        if share <= Cents::ZERO || share > left {
            return Err(Failure::refused(Refusal::Invalid(Field::Amount)));
        }
        left = left - share;
        shares.push(Cents(sign * share.0));
    }
    if left != Cents::ZERO {
        shares.push(Cents(sign * left.0));
    }
    Ok(shares)
}

/// What would be POSTed for it.
fn body(division: &Division, sort: Sort, receipt: &Receipt, shares: &[Cents]) -> Result<Body, Failure> {
    let own = division.table("crm/Accounts").get(receipt.account).and_then(|row| row.cell("GLAR").guid());
    let settled = receipt.settles.first().and_then(|settlement| open_item(division, settlement.entry).ok());
    let receivable = settled.map(|item| item.gl_account).or(own).unwrap_or(division.receivable_account);
    let sign = if sort == Sort::General { -1.0 } else { 1.0 };
    let line = |account: Uuid, amount: f64| {
        json!({
            "GLAccount": account, "Account": receipt.account, "AmountFC": amount,
            "Date": receipt.date, "Description": receipt.description,
        })
    };
    let mut lines: Vec<Value> = shares.iter().map(|share| line(receivable, sign * share.to_wire())).collect();
    if sort == Sort::General {
        let counter = receipt.counter_account.as_deref().unwrap_or_default();
        lines.push(line(gl_account(division, counter)?, Cents(receipt.amount).to_wire()));
    }
    let (path, _, property) = sort.names();
    let resource = contract::resource(path).ok_or_else(Failure::not_found)?;
    let sent = json!({"JournalCode": receipt.journal, property: lines});
    Body::parse(resource, sent.to_string().as_bytes(), true)
}

fn gl_account(division: &Division, code: &str) -> Result<Uuid, Failure> {
    let row = division.table("financial/GLAccounts").by_code(code);
    row.map(|row| row.id).ok_or_else(|| Failure::refused(Refusal::InvalidReference(Field::GlAccount)))
}

/// The item of an entry that has something open.
fn open_item(division: &Division, entry: Uuid) -> Result<&Item, Failure> {
    let items = division.subledger.rows_of(entry).into_iter().filter_map(|row| division.subledger.item(row));
    let mut open = items.filter(|item| !item.is_fully_paid());
    open.next().ok_or_else(|| Failure::refused(Refusal::NotAllowed(Field::Matched)))
}

/// Refused as a whole when one of the items is not there, is another relation's, or is not so much.
fn check_all(division: &Division, account: Uuid, settles: &[Settlement]) -> Result<(), Failure> {
    for settlement in settles {
        let item = open_item(division, settlement.entry)?;
        if item.account != account {
            return Err(Failure::refused(Refusal::Invalid(Field::Account)));
        }
        if settlement.amount.is_some_and(|amount| amount <= 0 || Cents(amount) > item.open().abs()) {
            return Err(Failure::refused(Refusal::Invalid(Field::Amount)));
        }
    }
    Ok(())
}

/// Matches the first open money of an entry with an item; what the line has more is split off first.
fn settle(division: &mut Division, money: Uuid, settlement: &Settlement, now: DateTime) -> Result<(), Failure> {
    let item = open_item(division, settlement.entry)?.clone();
    let wanted = settlement.amount.map_or(item.open().abs(), Cents);
    let line = open_item(division, money)?.clone();
    let amount = wanted.min(line.open().abs());
    if line.money && amount < line.open().abs() {
        vouchers::split_line(division, line.entry, row_number(line.row), amount, now)?;
    }
    let group = division.subledger.new_group();
    subledger::pair(division, line.row, item.row, amount, group, now)?;
    if settlement.write_off_rest && !is_paid(division, item.row) {
        let account = settlement.difference_account.as_deref().map(|code| gl_account(division, code)).transpose()?;
        let kind = vouchers::PAYMENT_DIFFERENCE;
        subledger::close_difference(division, item.row, kind, account, line.date, group, now)?;
    }
    Ok(())
}

fn is_paid(division: &Division, row: Uuid) -> bool {
    division.subledger.item(row).is_none_or(Item::is_fully_paid)
}
