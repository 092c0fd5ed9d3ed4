//! What the administration takes as an entry of a bank, cash or general journal.

use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::balance;
use super::lines::{self, Frame};
use super::{GENERAL, Sort, Voucher, VoucherLine};
use crate::sandbox::exact::answer::Failure;
use crate::sandbox::exact::body::Body;
use crate::sandbox::exact::books::row_id;
use crate::sandbox::exact::division::Division;
use crate::sandbox::exact::money::{Cents, decimal_from_json};
use crate::sandbox::exact::refusal::{Field, Refusal};
use crate::sandbox::exact::register::Booked;
use crate::sandbox::exact::sales;
use crate::sandbox::exact::subledger;
use crate::sandbox::exact::table::Record;

/// A head without objection, and what its lines need of it.
struct Head {
    sort: Sort,
    journal: String,
    journal_account: Option<Uuid>,
    currency: String,
    number: Option<i32>,
    allow_vat: bool,
    allow_rate: bool,
}

/// Books an entry, matches what agrees to the cent, and gives the entry's guid; or says everything that is wrong with it.
pub fn create(division: &mut Division, sort: Sort, body: &Body, now: DateTime) -> Result<Uuid, Failure> {
    create_open(division, sort, body, now).inspect(|id| {
        let lines = division.books.voucher(*id).map(|voucher| voucher.lines.clone()).unwrap_or_default();
        for line in lines {
            subledger::auto_match(division, row_id(*id, line.number), line.our_ref, now);
        }
    })
}

/// The same without matching.
pub fn create_open(division: &mut Division, sort: Sort, body: &Body, now: DateTime) -> Result<Uuid, Failure> {
    let mut refusals = Vec::new();
    let head = head(division, sort, body, &mut refusals);
    let frame = Frame {
        sort,
        today: now.date(),
        currency: head.as_ref().map(|head| head.currency.clone()),
        rate: body.value("ExchangeRate").and_then(decimal_from_json),
        allow_vat: head.as_ref().is_none_or(|head| head.allow_vat),
        allow_rate: head.as_ref().is_none_or(|head| head.allow_rate),
    };
    let lines = lines::read_all(division, body, &frame, &mut refusals)?;
    let date = lines.first().map_or(now.date(), |line| line.date);
    let (Some(head), true) = (head, refusals.is_empty()) else { return Err(Failure::Business(refusals)) };
    let period = sales::period(division, body, ["FinancialYear", "FinancialPeriod"], &head.journal, date);
    let (year, period) = period.map_err(Failure::refused)?;
    let opening = balance::of_journal(division, &head.journal);
    balance::check(sort, body, opening, &lines).map_err(Failure::refused)?;
    let number = head.number.unwrap_or_else(|| division.books.next_number(&head.journal, year));
    let kind = if sort == Sort::General { GENERAL } else { super::CASH_FLOW };
    let mut voucher = Voucher {
        id: Uuid::nil(),
        sort,
        number,
        sequence: 0,
        journal: head.journal,
        journal_account: head.journal_account,
        currency: head.currency,
        year,
        period,
        opening,
        kind,
        reversal: body.cell("Reversal").truth(),
        processed: false,
        lines,
        created: now,
        modified: now,
        version: 0,
        next_line: 0,
    };
    voucher.next_line = u32::try_from(voucher.lines.len()).unwrap_or(u32::MAX).saturating_add(1);
    Ok(put_new(division, voucher, now))
}

fn put_new(division: &mut Division, mut voucher: Voucher, now: DateTime) -> Uuid {
    let id = division.new_id();
    voucher.id = id;
    voucher.sequence = division.next_sequence();
    balance::shift(division, &voucher, voucher.moves());
    voucher.version = division.next_versions(voucher.row_count());
    division.books.put(Booked::Money(Box::new(voucher)));
    subledger::track(division, id, now);
    id
}

fn head(division: &Division, sort: Sort, body: &Body, refusals: &mut Vec<Refusal>) -> Option<Head> {
    let journal = journal(division, sort, body).map_err(|refusal| refusals.push(refusal)).ok()?;
    let code = journal.text("Code").to_owned();
    let currency = currency(division, body, journal).map_err(|refusal| refusals.push(refusal)).ok();
    let number = sales::number(division, body, &code).map_err(|refusal| refusals.push(refusal)).ok();
    Some(Head {
        sort,
        journal: code,
        journal_account: journal.cell("GLAccount").guid(),
        currency: currency?,
        number: number?,
        allow_vat: journal.flag("AllowVAT"),
        allow_rate: journal.flag("AllowVariableExchangeRate"),
    })
    .filter(|head| head.sort == sort)
}

fn journal<'a>(division: &'a Division, sort: Sort, body: &Body) -> Result<&'a Record, Refusal> {
    let code = body.text("JournalCode");
    if code.is_empty() {
        return Err(Refusal::Mandatory(Field::Journal));
    }
    let journal = division.table("financial/Journals").by_code(&code);
    let journal = journal.ok_or(Refusal::InvalidReference(Field::JournalReference))?;
    if Sort::of_journal(journal.int("Type")) != Some(sort) {
        return Err(Refusal::Invalid(Field::JournalType));
    }
    if journal.flag("IsBlocked") {
        return Err(Refusal::Blocked(Field::Journal));
    }
    Ok(journal)
}

fn currency(division: &Division, body: &Body, journal: &Record) -> Result<String, Refusal> {
    let (sent, own) = (body.text("Currency"), journal.text("Currency"));
    let currency = if sent.is_empty() { own.to_owned() } else { sent };
    if division.table("general/Currencies").by_code(&currency).is_none() {
        return Err(Refusal::InvalidReference(Field::Currency));
    }
    if currency != own && !journal.flag("AllowVariableCurrency") {
        return Err(Refusal::NotAllowed(Field::Currency));
    }
    Ok(currency)
}

/// A difference that matching leaves: one line on the receivable account, one on the account for such differences.
#[derive(Clone, Debug)]
pub struct Difference {
    /// 82 in rate, 83 in payment.
    pub kind: i32,
    pub receivable: Uuid,
    pub account: Uuid,
    pub gl_account: Uuid,
    pub currency: String,
    /// On the receivable account, debit positive; the other line has the opposite.
    pub amount: Cents,
    pub amount_home: Cents,
    pub rate: Decimal,
    pub date: Date,
    /// The ledger row whose matching leaves it.
    pub row: Uuid,
}

/// Books a difference in the general journal, as the administration does by itself.
pub fn book(division: &mut Division, difference: &Difference, now: DateTime) -> Result<Uuid, Failure> {
    let journal = general_journal(division).ok_or_else(|| Failure::refused(Refusal::Mandatory(Field::Journal)))?;
    let period = division.period_of(difference.date).copied();
    let period = period.ok_or_else(|| Failure::refused(Refusal::FinancialYearUnknown))?;
    division.check_open(&journal, period.year, period.number).map_err(Failure::refused)?;
    let description = match division.books.of_row(difference.row).map(Booked::numbered) {
        Some((journal, number)) => format!("{journal} {number}"),
        None => String::new(),
    };
    let line = |number, gl_account, account, amount, amount_home| VoucherLine {
        number,
        date: difference.date,
        gl_account,
        account,
        amount,
        amount_home,
        rate: difference.rate,
        description: description.clone(),
        ..VoucherLine::default()
    };
    let (amount, home) = (difference.amount, difference.amount_home);
    let voucher = Voucher {
        id: Uuid::nil(),
        sort: Sort::General,
        number: division.books.next_number(&journal, period.year),
        sequence: 0,
        journal,
        journal_account: None,
        currency: difference.currency.clone(),
        year: period.year,
        period: period.number,
        opening: Cents::ZERO,
        kind: difference.kind,
        reversal: false,
        processed: false,
        lines: vec![
            line(1, difference.receivable, Some(difference.account), amount, home),
            line(2, difference.gl_account, Some(difference.account), -amount, -home),
        ],
        created: now,
        modified: now,
        version: 0,
        next_line: 3,
    };
    Ok(put_new(division, voucher, now))
}

/// The journal that takes what the administration books by itself: that of the deferrals, else the first general one.
fn general_journal(division: &Division) -> Option<String> {
    let named = division.deferral.as_ref().map(|settings| settings.journal.clone());
    named.or_else(|| {
        let journals = division.table("financial/Journals").after(None);
        let mut codes: Vec<&str> = journals
            .filter(|row| row.int("Type") == 90 && !row.flag("IsBlocked"))
            .map(|row| row.text("Code"))
            .collect();
        codes.sort_unstable();
        codes.first().map(|code| (*code).to_owned())
    })
}
