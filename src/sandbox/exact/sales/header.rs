//! The head of a sales entry.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::check_texts;
use crate::sandbox::exact::body::Body;
use crate::sandbox::exact::cell::Cell;
use crate::sandbox::exact::division::Division;
use crate::sandbox::exact::documents;
use crate::sandbox::exact::money::decimal_from_json;
use crate::sandbox::exact::refusal::{Field, Refusal};
use crate::sandbox::exact::table::Record;

/// The properties that name the reporting period of a sales entry.
pub const REPORTING: [&str; 2] = ["ReportingYear", "ReportingPeriod"];
/// Journal types that take sales entries: sales and return invoice.
const SALES_JOURNALS: [i64; 2] = [20, 21];

/// A head without objection.
#[derive(Debug)]
pub struct Header {
    pub journal: String,
    pub allow_vat: bool,
    pub customer: Uuid,
    pub receivable: Uuid,
    pub currency: String,
    pub rate: Decimal,
    pub entry_date: Date,
    pub due_date: Date,
    pub year: i16,
    pub period: i16,
    pub kind: i32,
    pub number: Option<i32>,
    pub your_ref: String,
    pub description: String,
    pub payment_condition: String,
}

/// Reads the head; `None` when something in it is refused, and why.
pub fn read(division: &Division, body: &Body, now: DateTime, refusals: &mut Vec<Refusal>) -> Option<Header> {
    let entry_date = body.cell("EntryDate").date().unwrap_or(now.date());
    let customer = keep(customer(division, body, now.date()), refusals);
    let journal = keep(journal(division, body), refusals);
    let your_ref = body.text("YourRef");
    let description = body.text("Description");
    check_texts(&your_ref, &description, refusals);
    refusals.extend(documents::check_reference(division, body).err());
    let payment_condition = keep(payment_condition(division, body, customer), refusals);
    let (journal, customer, payment_condition) = (journal?, customer?, payment_condition?);
    let code = journal.text("Code").to_owned();
    let period = keep(period(division, body, REPORTING, &code, entry_date), refusals);
    let money = keep(currency(division, body, journal, entry_date), refusals);
    let number = keep(number(division, body, &code), refusals);
    let kind = keep(kind(body, journal), refusals);
    let ((year, period), (currency, rate), number, kind) = (period?, money?, number?, kind?);
    Some(Header {
        journal: code,
        allow_vat: journal.flag("AllowVAT"),
        customer,
        receivable: receivable(division, customer),
        currency,
        rate,
        entry_date,
        due_date: due_date(division, body, &payment_condition, entry_date),
        year,
        period,
        kind,
        number,
        your_ref,
        description,
        payment_condition,
    })
}

/// Properties of the head that are kept as they came.
pub fn extra(body: &Body) -> BTreeMap<&'static str, Cell> {
    let kept = ["BatchNumber", "Document", "ExternalLinkReference", "OrderNumber", "ProcessNumber", "Reversal"];
    let cells = body.cells().filter(|(property, cell)| kept.contains(&property.name) && !cell.is_null());
    cells.map(|(property, cell)| (property.name, cell)).collect()
}

fn keep<T>(result: Result<T, Refusal>, refusals: &mut Vec<Refusal>) -> Option<T> {
    result.map_err(|refusal| refusals.push(refusal)).ok()
}

fn customer(division: &Division, body: &Body, today: Date) -> Result<Uuid, Refusal> {
    let id = body.cell("Customer").guid().ok_or(Refusal::Mandatory(Field::Account))?;
    let account = division.table("crm/Accounts").get(id).ok_or(Refusal::InvalidReference(Field::Customer))?;
    if account.text("Status") != "C" {
        return Err(Refusal::Invalid(Field::CustomerType));
    }
    if account.flag("Blocked") {
        return Err(Refusal::Blocked(Field::Customer));
    }
    if account.cell("EndDate").date().is_some_and(|end| end < today) {
        return Err(Refusal::CustomerInactive);
    }
    Ok(id)
}

/// The customer's own receivable account, else the administration's.
fn receivable(division: &Division, customer: Uuid) -> Uuid {
    let own = division.table("crm/Accounts").get(customer).and_then(|row| row.cell("GLAR").guid());
    own.unwrap_or(division.receivable_account)
}

/// The journal: one of sales or of return invoices, in use.
pub fn journal<'a>(division: &'a Division, body: &Body) -> Result<&'a Record, Refusal> {
    let code = body.text("Journal");
    if code.is_empty() {
        return Err(Refusal::Mandatory(Field::Journal));
    }
    let journal = division.table("financial/Journals").by_code(&code);
    let journal = journal.ok_or(Refusal::InvalidReference(Field::JournalReference))?;
    if !SALES_JOURNALS.contains(&journal.int("Type")) {
        return Err(Refusal::Invalid(Field::JournalType));
    }
    if journal.flag("IsBlocked") {
        return Err(Refusal::Blocked(Field::Journal));
    }
    Ok(journal)
}

/// The condition that was sent, else the customer's own, else none.
pub fn payment_condition(division: &Division, body: &Body, customer: Option<Uuid>) -> Result<String, Refusal> {
    let sent = body.text("PaymentCondition");
    if sent.is_empty() {
        let account = customer.and_then(|id| division.table("crm/Accounts").get(id));
        return Ok(account.map(|row| row.text("PaymentConditionSales").to_owned()).unwrap_or_default());
    }
    match division.table("cashflow/PaymentConditions").by_code(&sent) {
        Some(_) => Ok(sent),
        None => Err(Refusal::InvalidReference(Field::PaymentCondition)),
    }
}

/// As sent, else by the days of the payment condition.
pub fn due_date(division: &Division, body: &Body, condition: &str, entry_date: Date) -> Date {
    let days = division.table("cashflow/PaymentConditions").by_code(condition).map_or(0, |row| row.int("PaymentDays"));
    let computed = entry_date.saturating_add(jiff::Span::new().days(days.clamp(0, 3_650)));
    body.cell("DueDate").date().unwrap_or(computed)
}

/// Reporting year and period: as sent under `names`, else those of the entry's date; there and open for the journal.
pub fn period(
    division: &Division,
    body: &Body,
    names: [&str; 2],
    journal: &str,
    entry_date: Date,
) -> Result<(i16, i16), Refusal> {
    let sent = |name: &str| body.cell(name).int().map(|number| i16::try_from(number).unwrap_or(i16::MAX));
    let by_date = division.period_of(entry_date);
    let year = sent(names[0]).or(by_date.map(|period| period.year));
    let number = sent(names[1]).or(by_date.map(|period| period.number));
    let found = year.zip(number).and_then(|(year, number)| division.period(year, number));
    let found = found.ok_or(Refusal::FinancialYearUnknown)?;
    division.check_open(journal, found.year, found.number)?;
    Ok((found.year, found.number))
}

/// Currency and rate: as far as the journal lets them vary, and the listed rate where none was sent.
pub fn currency(
    division: &Division,
    body: &Body,
    journal: &Record,
    entry_date: Date,
) -> Result<(String, Decimal), Refusal> {
    let sent = body.text("Currency");
    let own = journal.text("Currency");
    let currency = if sent.is_empty() { own.to_owned() } else { sent };
    if division.table("general/Currencies").by_code(&currency).is_none() {
        return Err(Refusal::InvalidReference(Field::Currency));
    }
    if currency != own && !journal.flag("AllowVariableCurrency") {
        return Err(Refusal::NotAllowed(Field::Currency));
    }
    let rate = body.value("Rate").and_then(decimal_from_json);
    let foreign = currency != division.currency;
    match rate {
        Some(rate) if rate <= Decimal::ZERO => Err(Refusal::Invalid(Field::ExchangeRate)),
        Some(rate) if rate == Decimal::ONE && !foreign => Ok((currency, rate)),
        Some(rate) if foreign && journal.flag("AllowVariableExchangeRate") => Ok((currency, rate)),
        Some(_) => Err(Refusal::NotAllowed(Field::ExchangeRate)),
        None if !foreign => Ok((currency, Decimal::ONE)),
        None => {
            let listed = division.rate_on(&currency, entry_date).and_then(|rate| Decimal::try_from(rate).ok());
            listed.map(|rate| (currency, rate)).ok_or(Refusal::Mandatory(Field::ExchangeRate))
        }
    }
}

/// The number that was asked for, as entry or as invoice number; refused when the journal has it already.
pub fn number(division: &Division, body: &Body, journal: &str) -> Result<Option<i32>, Refusal> {
    let sent =
        body.cell("EntryNumber").int().or_else(|| body.cell("InvoiceNumber").int()).filter(|number| *number != 0);
    let Some(sent) = sent else { return Ok(None) };
    let number = i32::try_from(sent).ok().filter(|number| *number > 0).ok_or(Refusal::Invalid(Field::EntryNumber))?;
    if division.books.number_taken(journal, number) {
        return Err(Refusal::InUse(Field::EntryNumber));
    }
    Ok(Some(number))
}

/// 20 entry or 21 credit note; by the journal when nothing is said.
fn kind(body: &Body, journal: &Record) -> Result<i32, Refusal> {
    match body.cell("Type").int() {
        Some(21) => Ok(21),
        Some(20) => Ok(20),
        Some(_) => Err(Refusal::Invalid(Field::Type)),
        None if journal.int("Type") == 21 => Ok(21),
        None => Ok(20),
    }
}
