//! The books as proofs and tests read them.

use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use super::books::{Entry, Line};
use super::division::Division;

/// A booked sales entry with all that a proof needs. Amounts are in minor units of the entry's currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BookedEntry {
    pub entry_id: Uuid,
    pub entry_number: i32,
    pub journal: String,
    pub your_ref: String,
    pub description: String,
    pub customer: Uuid,
    pub customer_name: String,
    pub currency: String,
    pub entry_date: Date,
    pub due_date: Date,
    pub year: i16,
    pub period: i16,
    /// VAT included.
    pub total: i64,
    pub vat: i64,
    /// 20 entry, 21 credit note.
    pub kind: i32,
    pub payment_condition: String,
    pub lines: Vec<BookedLine>,
}

/// A line of a booked entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BookedLine {
    pub number: u32,
    /// Code of the GL account as it stands on the line: revenue, also when the line is deferred.
    pub gl_account: String,
    pub net: i64,
    pub vat: i64,
    pub vat_code: String,
    pub cost_center: String,
    pub cost_unit: String,
    pub from: Option<Date>,
    pub to: Option<Date>,
    pub description: String,
    /// The releases of a deferred line: year, period, amount.
    pub releases: Vec<(i16, i16, i64)>,
}

/// All entries of a division, in the order in which they were last changed.
pub fn entries(division: &Division) -> Vec<BookedEntry> {
    division.books.in_order().map(|entry| view(division, entry)).collect()
}

fn view(division: &Division, entry: &Entry) -> BookedEntry {
    let customer = division.table("crm/Accounts").get(entry.customer);
    BookedEntry {
        entry_id: entry.id,
        entry_number: entry.number,
        journal: entry.journal.clone(),
        your_ref: entry.your_ref.clone(),
        description: entry.description.clone(),
        customer: entry.customer,
        customer_name: customer.map(|row| row.text("Name").to_owned()).unwrap_or_default(),
        currency: entry.currency.clone(),
        entry_date: entry.entry_date,
        due_date: entry.due_date,
        year: entry.year,
        period: entry.period,
        total: entry.total().0,
        vat: entry.vat().0,
        kind: entry.kind,
        payment_condition: entry.payment_condition.clone(),
        lines: entry.lines.iter().map(|line| view_line(division, line)).collect(),
    }
}

fn view_line(division: &Division, line: &Line) -> BookedLine {
    let gl_account = division.table("financial/GLAccounts").get(line.gl_account);
    BookedLine {
        number: line.number,
        gl_account: gl_account.map(|row| row.text("Code").to_owned()).unwrap_or_default(),
        net: line.net.0,
        vat: line.vat.0,
        vat_code: line.vat_code.clone(),
        cost_center: line.cost_center.clone(),
        cost_unit: line.cost_unit.clone(),
        from: line.from,
        to: line.to,
        description: line.description.clone(),
        releases: line.releases.iter().map(|release| (release.year, release.period, release.amount.0)).collect(),
    }
}
