//! Entries of bank, cash and general journals as their resources show them.

use super::{Sort, Voucher, VoucherLine};
use crate::sandbox::exact::cell::Cell;
use crate::sandbox::exact::division::Division;
use crate::sandbox::exact::ledger::set;

fn described(division: &Division, path: &str, code: &str) -> Cell {
    division.table(path).by_code(code).map_or(Cell::Null, |row| row.cell("Description"))
}

/// A property of an entry.
pub fn entry_cell(division: &Division, voucher: &Voucher, property: &str) -> Cell {
    let balanced = voucher.sort != Sort::General;
    match property {
        "EntryID" => voucher.id.into(),
        "EntryNumber" => voucher.number.into(),
        "JournalCode" => voucher.journal.as_str().into(),
        "JournalDescription" => described(division, "financial/Journals", &voucher.journal),
        "Currency" => voucher.currency.as_str().into(),
        "FinancialYear" => voucher.year.into(),
        "FinancialPeriod" => voucher.period.into(),
        "OpeningBalanceFC" if balanced => voucher.opening.into(),
        "ClosingBalanceFC" if balanced => voucher.closing().into(),
        "ExchangeRate" if !balanced => {
            let rate = voucher.lines.first().and_then(|line| line.rate.try_into().ok());
            Cell::Double(rate.unwrap_or(1.0))
        }
        "Reversal" if !balanced => voucher.reversal.into(),
        // What the administration books by itself is of type 90 as well here; the ledger says what it is.
        "Type" if !balanced => Cell::Int(90),
        "TypeDescription" if !balanced => "Overige".into(),
        "Status" => Cell::Int(if voucher.processed { 50 } else { 20 }),
        "StatusDescription" => if voucher.processed { "Verwerkt" } else { "Open" }.into(),
        "Created" => voucher.created.into(),
        "Modified" => voucher.modified.into(),
        _ => Cell::Null,
    }
}

/// A property of a line.
pub fn line_cell(division: &Division, voucher: &Voucher, line: &VoucherLine, property: &str) -> Cell {
    let gl_account = || division.table("financial/GLAccounts").get(line.gl_account);
    let account = || line.account.and_then(|id| division.table("crm/Accounts").get(id));
    match property {
        "ID" => voucher.row_id(line.number).into(),
        "EntryID" => voucher.id.into(),
        "EntryNumber" => voucher.number.into(),
        "LineNumber" => i64::from(line.number).into(),
        "Date" => line.date.into(),
        "GLAccount" => line.gl_account.into(),
        "GLAccountCode" => gl_account().map_or(Cell::Null, |row| row.cell("Code")),
        "GLAccountDescription" => gl_account().map_or(Cell::Null, |row| row.cell("Description")),
        "Account" => line.account.into(),
        "AccountCode" => account().map_or(Cell::Null, |row| row.cell("Code")),
        "AccountName" => account().map_or(Cell::Null, |row| row.cell("Name")),
        "AmountFC" => line.amount.into(),
        "AmountDC" => line.amount_home.into(),
        "ExchangeRate" => Cell::Double(line.rate.try_into().unwrap_or(1.0)),
        "Description" => set(&line.description),
        "OurRef" => line.our_ref.into(),
        "OffsetID" => division.subledger.offset(voucher.row_id(line.number)).into(),
        "CostCenter" => set(&line.cost_center),
        "CostCenterDescription" => described(division, "hrm/Costcenters", &line.cost_center),
        "CostUnit" => set(&line.cost_unit),
        "CostUnitDescription" => described(division, "hrm/Costunits", &line.cost_unit),
        "Created" => voucher.created.into(),
        "Modified" => voucher.modified.into(),
        _ => line.extra.get(property).cloned().unwrap_or(Cell::Null),
    }
}
