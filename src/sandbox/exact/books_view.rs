//! The books as proofs and tests read them.

use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use super::books::{Entry, Line};
use super::division::Division;
use super::register::Booked;
use super::table::Record;

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

/// A relation as it stands in the books; texts trimmed, empty when unset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BookedAccount {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    /// `C` customer, `S` suspect, `P` prospect, `A` none.
    pub status: String,
    pub country: String,
    pub vat_number: String,
    pub chamber_of_commerce: String,
    pub email: String,
    pub search_code: String,
    pub address_line_1: String,
    pub postcode: String,
    pub city: String,
    pub phone: String,
    pub website: String,
    pub payment_condition: String,
    pub blocked: bool,
}

/// An item as it stands in the books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BookedItem {
    pub id: Uuid,
    pub code: String,
    pub description: String,
    /// Code of its group.
    pub group: String,
    /// Code of its own revenue account; empty when it has none.
    pub gl_revenue: String,
    /// Without it no invoice line takes the item.
    pub is_sales_item: bool,
    /// Empty when it has none.
    pub sales_vat_code: String,
}

/// All relations of a division, by code.
pub fn accounts(division: &Division) -> Vec<BookedAccount> {
    let mut accounts: Vec<BookedAccount> = division.table("crm/Accounts").after(None).map(account).collect();
    accounts.sort_by_key(|account| account.code.parse::<i64>().unwrap_or(i64::MAX));
    accounts
}

fn account(row: &Record) -> BookedAccount {
    let text = |name: &str| row.text(name).to_owned();
    BookedAccount {
        id: row.id,
        code: text("Code"),
        name: text("Name"),
        status: text("Status"),
        country: text("Country"),
        vat_number: text("VATNumber"),
        chamber_of_commerce: text("ChamberOfCommerce"),
        email: text("Email"),
        search_code: text("SearchCode"),
        address_line_1: text("AddressLine1"),
        postcode: text("Postcode"),
        city: text("City"),
        phone: text("Phone"),
        website: text("Website"),
        payment_condition: text("PaymentConditionSales"),
        blocked: row.flag("Blocked"),
    }
}

/// All items of a division, by code.
pub fn items(division: &Division) -> Vec<BookedItem> {
    let code_of = |path: &str, id: Option<Uuid>| {
        let row = id.and_then(|id| division.table(path).get(id));
        row.map(|row| row.text("Code").to_owned()).unwrap_or_default()
    };
    let item = |row: &Record| BookedItem {
        id: row.id,
        code: row.text("Code").to_owned(),
        description: row.text("Description").to_owned(),
        group: code_of("logistics/ItemGroups", row.cell("ItemGroup").guid()),
        gl_revenue: code_of("financial/GLAccounts", row.cell("GLRevenue").guid()),
        is_sales_item: row.flag("IsSalesItem"),
        sales_vat_code: row.text("SalesVatCode").to_owned(),
    };
    let mut items: Vec<BookedItem> = division.table("logistics/Items").after(None).map(item).collect();
    items.sort_by(|a, b| a.code.cmp(&b.code));
    items
}

/// All entries of a division, in the order in which they were last changed.
pub fn entries(division: &Division) -> Vec<BookedEntry> {
    division.books.in_order().filter_map(Booked::sale).map(|entry| view(division, entry)).collect()
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
