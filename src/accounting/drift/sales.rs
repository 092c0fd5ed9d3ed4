//! Rows of sales entries against what was booked.

use super::{amount, shown, text};
use crate::domain::entry::{EntryLine, PeriodKey, SalesEntry};
use crate::domain::ledger::EntryRow;
use crate::domain::money::{Amount, Currency};

/// What was booked, with what only the books know of it.
#[derive(Clone, Copy, Debug)]
pub struct BookedAs<'a> {
    pub entry: &'a SalesEntry,
    pub reporting: Option<PeriodKey>,
    /// The row is for the customer that it was booked for, or for the account that the customer's was merged into.
    pub same_customer: bool,
}

/// What differs between a row and what was booked, each in words: `amount is 90.00 EUR, was 121.00 EUR`.
pub fn differences(row: &EntryRow, booked: BookedAs<'_>) -> Vec<String> {
    if row.line_number == 0 {
        return of_head(row, booked);
    }
    let lines = &booked.entry.lines;
    let own = usize::try_from(row.line_number - 1).ok().and_then(|at| lines.get(at));
    match own {
        Some(line) => {
            let found = of_line(row, line, booked.entry.currency);
            // The books may number the lines in another order.
            let is_other = || lines.iter().any(|other| of_line(row, other, booked.entry.currency).is_empty());
            if found.is_empty() || is_other() { Vec::new() } else { found }
        }
        // Rows of VAT bear no VAT code of their own.
        None if row.vat_code.is_none() => Vec::new(),
        None => {
            let amount = shown(-row.amount, booked.entry.currency);
            vec![format!("line {} of {amount} was added", row.line_number)]
        }
    }
}

fn of_head(row: &EntryRow, booked: BookedAs<'_>) -> Vec<String> {
    let BookedAs { entry, reporting, same_customer } = booked;
    let mut found = Vec::new();
    found.extend(amount("total", row.amount, entry.total(), entry.currency));
    found.extend(text("YourRef", row.your_ref.as_deref().unwrap_or_default(), &entry.your_ref));
    found.extend(text("currency", &row.currency, entry.currency.code()));
    found.extend(text("date", &row.date.to_string(), &entry.entry_date.to_string()));
    if let (Some(is), Some(was)) = (row.period, reporting) {
        found.extend(text("period", &is.to_string(), &was.to_string()));
    }
    if !same_customer {
        let is = row.account.map_or_else(|| "none".to_owned(), |account| account.to_string());
        found.push(format!("customer is {is}, another account than it was booked for"));
    }
    found
}

fn of_line(row: &EntryRow, line: &EntryLine, currency: Currency) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(amount("amount", -row.amount, line.net, currency));
    // The books sign it as they like: the size is what can be compared.
    if let Some(vat) = row.vat {
        found.extend(amount("VAT", vat.abs(), Amount(line.vat.0.abs()), currency));
    }
    found.extend(text("VAT code", row.vat_code.as_deref().unwrap_or_default(), &line.vat_code));
    // A deferred line stands on the account of deferred revenue, which the books choose.
    if let Some(is) = row.gl_account.filter(|account| line.deferral.is_none() && *account != line.account.id) {
        found.push(format!("account is {is}, was {}", line.account.code));
    }
    for (what, is, was) in
        [("cost centre", &row.cost_center, &line.cost_center), ("cost unit", &row.cost_unit, &line.cost_unit)]
    {
        if let Some(was) = was {
            found.extend(text(what, is.as_deref().unwrap_or_default(), was));
        }
    }
    found.into_iter().map(|difference| format!("line {}: {difference}", row.line_number)).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use rstest::rstest;
    use rust_decimal::Decimal;
    use uuid::Uuid;

    use super::*;
    use crate::domain::calendar::DateRange;
    use crate::domain::entry::{AccountRef, EntryFields, EntryKind, LineOrigin};

    const CUSTOMER: Uuid = Uuid::from_u128(5);
    const DAY: Date = Date::constant(2026, 3, 4);
    const PERIOD: PeriodKey = PeriodKey { year: 2026, period: 3 };

    fn line(account: u128, net: i64, vat: i64) -> EntryLine {
        EntryLine {
            origin: LineOrigin::Revenue,
            source_line: None,
            account: AccountRef { id: Uuid::from_u128(account), code: format!("80{account:02}") },
            net: Amount(net),
            vat: Amount(vat),
            vat_code: "2".into(),
            vat_included: false,
            cost_center: Some("NL".into()),
            cost_unit: None,
            deferral: None,
            description: "Team".into(),
            credits: None,
        }
    }

    fn entry() -> SalesEntry {
        let deferred = EntryLine { deferral: Some(DateRange { from: DAY, to: DAY }), ..line(2, 5_000, 1_050) };
        SalesEntry {
            kind: EntryKind::Sales,
            journal: "70".into(),
            customer: "smit".into(),
            your_ref: "INV-1".into(),
            description: String::new(),
            entry_date: DAY,
            due_date: None,
            payment_condition: None,
            currency: Currency::EUR,
            rate: None,
            reporting: PERIOD,
            lines: vec![line(1, 10_000, 2_100), deferred],
            fields: EntryFields::default(),
        }
    }

    fn row(line_number: i64, gl_account: u128, amount: i64, vat: i64) -> EntryRow {
        EntryRow {
            id: Uuid::from_u128(100),
            entry: Uuid::from_u128(200),
            line_number,
            your_ref: Some("INV-1".into()),
            account: Some(CUSTOMER),
            gl_account: Some(Uuid::from_u128(gl_account)),
            amount: Decimal::new(amount, 2),
            vat: Some(Decimal::new(vat, 2)),
            currency: "EUR".into(),
            date: DAY,
            period: Some(PERIOD),
            vat_code: (line_number != 0).then(|| "2".into()),
            cost_center: Some("NL".into()),
            cost_unit: Some("set by the books".into()),
            description: None,
        }
    }

    fn found(row: &EntryRow) -> Vec<String> {
        let same_customer = row.account == Some(CUSTOMER);
        differences(row, BookedAs { entry: &entry(), reporting: Some(PERIOD), same_customer })
    }

    #[rstest]
    #[case::head(row(0, 77, 18_150, 0))]
    #[case::line(row(1, 1, -10_000, -2_100))]
    #[case::line_whose_vat_is_signed_otherwise(row(1, 1, -10_000, 2_100))]
    #[case::deferred_line_on_the_books_own_account(row(2, 99, -5_000, -1_050))]
    #[case::lines_in_another_order(row(2, 1, -10_000, -2_100))]
    #[case::vat(EntryRow { vat_code: None, ..row(4, 88, -2_100, 0) })]
    fn what_was_booked_is_no_difference(#[case] row: EntryRow) {
        assert_eq!(found(&row), Vec::<String>::new());
    }

    #[rstest]
    #[case(row(0, 77, 17_050, 0), "total is 170.50 EUR, was 181.50 EUR")]
    #[case(EntryRow { your_ref: None, ..row(0, 77, 18_150, 0) }, "YourRef is none, was INV-1")]
    #[case(EntryRow { date: Date::constant(2026, 4, 1), ..row(0, 77, 18_150, 0) }, "date is 2026-04-01, was 2026-03-04")]
    #[case(EntryRow { period: Some(PeriodKey { year: 2026, period: 4 }), ..row(0, 77, 18_150, 0) }, "period is 2026-04, was 2026-03")]
    #[case(EntryRow { account: None, ..row(0, 77, 18_150, 0) }, "customer is none, another account than it was booked for")]
    #[case(row(1, 1, -9_000, -2_100), "line 1: amount is 90.00 EUR, was 100.00 EUR")]
    #[case(row(1, 1, -10_000, -900), "line 1: VAT is 9.00 EUR, was 21.00 EUR")]
    #[case(EntryRow { vat_code: Some("4".into()), ..row(1, 1, -10_000, -2_100) }, "line 1: VAT code is 4, was 2")]
    #[case(EntryRow { cost_center: None, ..row(1, 1, -10_000, -2_100) }, "line 1: cost centre is none, was NL")]
    #[case(row(1, 3, -10_000, -2_100), "line 1: account is 00000000-0000-0000-0000-000000000003, was 8001")]
    #[case(row(3, 1, -100, 0), "line 3 of 1.00 EUR was added")]
    fn what_was_changed_is_told_n9(#[case] row: EntryRow, #[case] expected: &str) {
        assert_eq!(found(&row), [expected]);
    }
}
