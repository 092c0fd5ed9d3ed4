//! Rows that are computed whole: the user, divisions, periods, journal statuses.

use std::collections::BTreeMap;

use jiff::civil::DateTime;

use super::cell::Cell;
use super::division::Division;
use super::{Language, USER_ID, USER_NAME};

type Cells = BTreeMap<&'static str, Cell>;

/// `current/Me`.
pub fn me(division: i32, language: Language, now: DateTime) -> Cells {
    BTreeMap::from([
        ("UserID", USER_ID.into()),
        ("UserName", "koppel.sandbox".into()),
        ("FullName", USER_NAME.into()),
        ("Email", "boekhouding@wolkwerk.example".into()),
        ("CurrentDivision", division.into()),
        ("AccountingDivision", division.into()),
        ("Language", language.of("NL-NL", "EN-US").into()),
        ("LanguageCode", language.of("nl-NL", "en-US").into()),
        ("Legislation", Cell::Long(1)),
        ("ServerTime", now.to_string().into()),
        ("ServerUtcOffset", Cell::Double(1.0)),
    ])
}

/// A row of `system/Divisions` or `hrm/Divisions`; what one of them does not have is never asked for there.
pub fn division(division: &Division, current: i32) -> Cells {
    BTreeMap::from([
        ("Code", division.code.into()),
        ("Description", division.name.as_str().into()),
        ("Currency", division.currency.as_str().into()),
        ("Country", format!("{:<3}", division.country).into()),
        ("Legislation", "1".into()),
        ("VATNumber", division.vat_number.as_str().into()),
        ("ChamberOfCommerceNumber", division.chamber_of_commerce.as_str().into()),
        ("Status", Cell::Int(1)),
        ("BlockingStatus", Cell::Int(0)),
        ("DivisionMoveDate", division.moved.into()),
        ("Current", (division.code == current).into()),
        ("Main", true.into()),
        ("IsMainDivision", true.into()),
    ])
}

/// `financial/FinancialPeriods`, in key order.
pub fn periods(division: &Division) -> Vec<Cells> {
    let mut periods = division.periods.clone();
    periods.sort_by_key(|period| period.id);
    let row = |period: &super::division::Period| {
        BTreeMap::from([
            ("ID", period.id.into()),
            ("FinYear", period.year.into()),
            ("FinPeriod", period.number.into()),
            ("StartDate", period.start.into()),
            ("EndDate", period.end.into()),
            ("Division", division.code.into()),
        ])
    };
    periods.iter().map(row).collect()
}

/// `read/financial/JournalStatusList`: one row per journal and period that exists.
pub fn journal_statuses(division: &Division) -> Vec<Cells> {
    let mut rows = Vec::new();
    for journal in division.table("financial/Journals").after(None) {
        let code = journal.text("Code");
        for period in &division.periods {
            let closed = division.closed.contains(&(code.to_owned(), period.year, period.number));
            rows.push(BTreeMap::from([
                ("Journal", code.into()),
                ("JournalDescription", journal.cell("Description")),
                ("JournalType", journal.cell("Type")),
                ("Year", period.year.into()),
                ("Period", period.number.into()),
                ("Status", Cell::Int(closed.into())),
                ("StatusDescription", if closed { "Afgesloten" } else { "Open" }.into()),
            ]));
        }
    }
    rows
}
