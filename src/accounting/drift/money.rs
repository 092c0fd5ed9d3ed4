//! Rows of bank, cash and general entries against what was booked. Who matches a part of a line by hand splits it: a line
//! that is less than it was, with another one for the rest, is no difference; what the customers' lines make in all is told
//! for the entry as a whole.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use uuid::Uuid;

use super::{amount, text};
use crate::domain::entry::{AccountRef, PeriodKey};
use crate::domain::ledger::EntryRow;
use crate::domain::money::{Amount, Currency};
use crate::domain::money_entry::{CONTROL, MoneyEntry};

/// What was booked, with what only the books know of it.
#[derive(Clone, Copy, Debug)]
pub struct MoneyAs<'a> {
    pub entry: &'a MoneyEntry,
    /// The customers' accounts in the books, by the billing system's ids.
    pub accounts: &'a BTreeMap<String, Uuid>,
    /// Those of them that the books have merged into others, which stand for them now.
    pub merged: &'a BTreeSet<Uuid>,
    pub reporting: Option<PeriodKey>,
}

/// A line as the ledger shows it: debit positive.
#[derive(Clone, Debug)]
struct Line<'a> {
    account: &'a AccountRef,
    /// None on a line of no customer's: a fee, the control account.
    customer: Option<Uuid>,
    amount: Amount,
    description: String,
}

/// What differs between a row and what was booked, each in words. The head says nothing of its own: it is the sum of the
/// lines, where a journal has one.
pub fn money_differences(row: &EntryRow, booked: MoneyAs<'_>) -> Vec<String> {
    if row.line_number == 0 {
        return Vec::new();
    }
    let lines = lines(&booked);
    let own = usize::try_from(row.line_number - 1).ok().and_then(|at| lines.get(at));
    let found = own.map(|line| of_line(row, line, &booked)).unwrap_or_default();
    if own.is_some() && found.is_empty() {
        return found;
    }
    // The books may number the lines in another order; the rest of a line that was split is a line more.
    if lines.iter().any(|line| of_line(row, line, &booked).is_empty()) {
        return Vec::new();
    }
    if own.is_some() {
        return found;
    }
    // The other side of an entry is the books' own to add.
    let is_other_side = row.account.is_none() && row.gl_account == Some(booked.entry.control.id);
    let added =
        || format!("line {} of {} was added", row.line_number, super::shown(-row.amount, booked.entry.currency));
    if is_other_side { Vec::new() } else { vec![added()] }
}

/// What the customers' lines of an entry make in all, debit positive, where that is no longer what was booked.
pub fn sum_difference(sum: Decimal, entry: &MoneyEntry) -> Option<String> {
    amount("total", -sum, entry.total(), entry.currency)
}

fn lines<'a>(booked: &MoneyAs<'a>) -> Vec<Line<'a>> {
    let entry = booked.entry;
    let of_line = entry.lines.iter().map(|line| Line {
        account: &line.account,
        customer: line.customer.as_ref().and_then(|customer| booked.accounts.get(customer)).copied(),
        amount: -line.amount,
        description: line.description.clone(),
    });
    let control = entry.has_control_line.then(|| Line {
        account: &entry.control,
        customer: None,
        amount: entry.control_change(),
        description: format!("{} {CONTROL}", entry.transaction),
    });
    of_line.chain(control).collect()
}

fn of_line(row: &EntryRow, line: &Line<'_>, booked: &MoneyAs<'_>) -> Vec<String> {
    let entry = booked.entry;
    let mut found = Vec::new();
    if !is_part(row.amount, line, entry.currency) {
        found.extend(amount("amount", -row.amount, -line.amount, entry.currency));
    }
    if let Some(is) = row.gl_account.filter(|account| *account != line.account.id) {
        found.push(format!("account is {is}, was {}", line.account.code));
    }
    let merged = line.customer.is_some_and(|customer| booked.merged.contains(&customer));
    if row.account != line.customer && !merged {
        let is = row.account.map_or_else(|| "none".to_owned(), |account| account.to_string());
        found.push(format!("customer is {is}, another account than it was booked for"));
    }
    found.extend(text("currency", &row.currency, entry.currency.code()));
    found.extend(text("date", &row.date.to_string(), &entry.date.to_string()));
    if let (Some(is), Some(was)) = (row.period, booked.reporting) {
        found.extend(text("period", &is.to_string(), &was.to_string()));
    }
    let is = row.description.as_deref().unwrap_or_default();
    if !names(is, &entry.transaction) {
        found.extend(text("text", is, &line.description));
    }
    found.into_iter().map(|difference| format!("line {}: {difference}", row.line_number)).collect()
}

/// Whether a row is a customer's line or a part of it.
fn is_part(is: Decimal, line: &Line<'_>, currency: Currency) -> bool {
    let was = line.amount.to_decimal(currency);
    line.customer.is_some() && !is.is_zero() && is.is_sign_negative() == was.is_sign_negative() && is.abs() <= was.abs()
}

/// Whether a description begins with the transaction, by which an entry is found again; the books may write it in capitals.
fn names(description: &str, transaction: &str) -> bool {
    description.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case(transaction))
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use rstest::rstest;

    use super::*;
    use crate::domain::money_entry::{Direction, MoneyAct, MoneyForm, MoneyLine, MoneyOrigin};

    const SMIT: Uuid = Uuid::from_u128(5);
    const JONG: Uuid = Uuid::from_u128(6);
    const DAY: Date = Date::constant(2026, 3, 4);
    const PERIOD: PeriodKey = PeriodKey { year: 2026, period: 3 };

    fn account(code: u128) -> AccountRef {
        AccountRef { id: Uuid::from_u128(code), code: code.to_string() }
    }

    fn line(origin: MoneyOrigin, customer: Option<&str>, amount: i64, text: &str) -> MoneyLine {
        MoneyLine {
            origin,
            document: None,
            account: account(if customer.is_some() { 1300 } else { 4550 }),
            customer: customer.map(str::to_owned),
            our_ref: None,
            amount: Amount(amount),
            description: format!("txn_1 {text}"),
        }
    }

    /// Two invoices of 100 and 50, a fee of 2, and the control account.
    fn entry() -> MoneyEntry {
        MoneyEntry {
            act: MoneyAct::Payment,
            direction: Direction::In,
            form: MoneyForm::General,
            journal: "90".into(),
            transaction: "txn_1".into(),
            date: DAY,
            reporting: PERIOD,
            currency: Currency::EUR,
            rate: None,
            control: account(1150),
            has_control_line: true,
            lines: vec![
                line(MoneyOrigin::Invoice, Some("smit"), 10_000, "INV-1"),
                line(MoneyOrigin::Invoice, Some("jong"), 5_000, "INV-2"),
                line(MoneyOrigin::Fee, None, -200, "fee"),
            ],
        }
    }

    fn row(line_number: i64, gl_account: u128, customer: Option<Uuid>, amount: i64) -> EntryRow {
        EntryRow {
            id: Uuid::from_u128(100),
            entry: Uuid::from_u128(200),
            line_number,
            your_ref: None,
            account: customer,
            gl_account: Some(Uuid::from_u128(gl_account)),
            amount: Decimal::new(amount, 2),
            vat: None,
            currency: "EUR".into(),
            date: DAY,
            period: Some(PERIOD),
            vat_code: None,
            cost_center: None,
            cost_unit: Some("set by the books".into()),
            description: Some("txn_1 as it is".into()),
        }
    }

    fn found(row: &EntryRow, merged: &[Uuid]) -> Vec<String> {
        let accounts = BTreeMap::from([("smit".to_owned(), SMIT), ("jong".to_owned(), JONG)]);
        let merged = merged.iter().copied().collect();
        let booked = MoneyAs { entry: &entry(), accounts: &accounts, merged: &merged, reporting: Some(PERIOD) };
        money_differences(row, booked)
    }

    #[rstest]
    #[case::head(row(0, 77, None, 12_345))]
    #[case::first(row(1, 1300, Some(SMIT), -10_000))]
    #[case::second(row(2, 1300, Some(JONG), -5_000))]
    #[case::fee(row(3, 4550, None, 200))]
    #[case::control(row(4, 1150, None, 14_800))]
    #[case::in_another_order(row(1, 1300, Some(JONG), -5_000))]
    #[case::one_part_of_a_split_line(row(1, 1300, Some(SMIT), -4_000))]
    #[case::the_other_part(row(5, 1300, Some(SMIT), -6_000))]
    #[case::in_capitals(EntryRow { description: Some("TXN_1 INV-1".into()), ..row(1, 1300, Some(SMIT), -10_000) })]
    #[case::the_books_other_side(row(5, 1150, None, -15_000))]
    fn what_was_booked_is_no_difference(#[case] row: EntryRow) {
        assert_eq!(found(&row, &[]), Vec::<String>::new());
    }

    #[rstest]
    #[case::larger(row(1, 1300, Some(SMIT), -12_000), "line 1: amount is 120.00 EUR, was 100.00 EUR")]
    #[case::turned(row(1, 1300, Some(SMIT), 10_000), "line 1: amount is -100.00 EUR, was 100.00 EUR")]
    #[case::fee(row(3, 4550, None, 100), "line 3: amount is -1.00 EUR, was -2.00 EUR")]
    #[case::account(row(1, 1310, Some(SMIT), -10_000), "line 1: account is 00000000-0000-0000-0000-00000000051e, was 1300")]
    #[case::customer(row(2, 1300, Some(SMIT), -10_100), "line 2: amount is 101.00 EUR, was 50.00 EUR")]
    #[case::currency(EntryRow { currency: "USD".into(), ..row(1, 1300, Some(SMIT), -10_000) }, "line 1: currency is USD, was EUR")]
    #[case::date(EntryRow { date: Date::constant(2026, 4, 1), ..row(1, 1300, Some(SMIT), -10_000) }, "line 1: date is 2026-04-01, was 2026-03-04")]
    #[case::period(EntryRow { period: Some(PeriodKey { year: 2026, period: 4 }), ..row(1, 1300, Some(SMIT), -10_000) }, "line 1: period is 2026-04, was 2026-03")]
    #[case::text(EntryRow { description: Some("paid".into()), ..row(1, 1300, Some(SMIT), -10_000) }, "line 1: text is paid, was txn_1 INV-1")]
    #[case::added(row(5, 8000, None, -100), "line 5 of 1.00 EUR was added")]
    fn what_was_changed_is_told_n9(#[case] row: EntryRow, #[case] expected: &str) {
        assert_eq!(found(&row, &[])[0], expected);
    }

    #[test]
    fn a_merged_customer_is_no_other_one() {
        let row = row(1, 1300, Some(Uuid::from_u128(9)), -10_000);
        assert_eq!(found(&row, &[]).len(), 1);
        assert!(found(&row, &[SMIT]).is_empty());
    }

    #[test]
    fn the_sum_is_that_of_the_customers_lines() {
        assert_eq!(sum_difference(Decimal::new(-15_000, 2), &entry()), None);
        let told = sum_difference(Decimal::new(-14_000, 2), &entry());
        assert_eq!(told.as_deref(), Some("total is 140.00 EUR, was 150.00 EUR"));
    }
}
