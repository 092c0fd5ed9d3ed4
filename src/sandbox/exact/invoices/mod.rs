//! `salesinvoice/SalesInvoices`: invoices that the administration issues itself. An open one is in no ledger and may be
//! changed; printing it (`PrintedSalesInvoices`) gives the number and books a sales entry, and nothing changes any more.

mod change;
mod lines;
mod print;
mod send;
mod view;

pub use change::{add_line, change_line, create, delete, delete_line, update};
pub use print::print;
pub use view::{cell, line_cell, sync_cell};

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::ExactSandbox;
use super::books::{Line, row_id};
use super::division::Division;
use super::money::Cents;

/// Path of the invoices.
pub const INVOICES: &str = "salesinvoice/SalesInvoices";
/// Path of their lines.
pub const LINES: &str = "salesinvoice/SalesInvoiceLines";
/// Path of the prints.
pub const PRINTS: &str = "salesinvoice/PrintedSalesInvoices";

/// The type of invoice that credits; the other one is 8020. 8023 and 8024 belong to editions that have warehouses.
const CREDIT_NOTE: i64 = 8021;

/// A sales invoice, open or printed.
#[derive(Clone, Debug)]
pub struct Invoice {
    pub id: Uuid,
    /// 8020 invoice, 8021 credit note.
    pub kind: i64,
    pub journal: String,
    pub ordered_by: Uuid,
    pub invoice_to: Uuid,
    pub currency: String,
    /// One unit of `currency` in the home currency.
    pub rate: Decimal,
    pub payment_condition: String,
    /// The date at which it was entered, then the one at which it was printed.
    pub date: Date,
    pub due_date: Date,
    /// The head as it was sent, with every change.
    pub sent: Map<String, Value>,
    pub lines: Vec<InvoiceLine>,
    pub printed: Option<Print>,
    pub created: DateTime,
    pub modified: DateTime,
    /// Row version of the head; the lines follow.
    pub version: i64,
    /// Number of the next line to be added.
    pub next_line: u32,
}

/// A line of an invoice.
#[derive(Clone, Debug)]
pub struct InvoiceLine {
    pub item: Uuid,
    pub quantity: Decimal,
    pub unit_price: Decimal,
    /// After the line's discount.
    pub net_price: Decimal,
    /// First and last day of the service. Nothing of it is checked against the periods before the print.
    pub range: Option<(Date, Date)>,
    /// What it comes to in the books.
    pub line: Line,
    /// As it was sent, with every change.
    pub sent: Map<String, Value>,
}

/// What printing did.
#[derive(Clone, Debug)]
pub struct Print {
    pub number: i32,
    /// The sales entry that was booked.
    pub entry: Uuid,
    /// The document of the printed invoice.
    pub document: Uuid,
    /// Ways by which the customer was sent it, in the words of the request.
    pub sent_by: Vec<&'static str>,
}

impl Invoice {
    /// The sum of the lines, VAT included.
    pub fn total(&self) -> Cents {
        self.lines.iter().map(|line| line.line.net + line.line.vat).sum()
    }

    /// The VAT of all lines.
    pub fn vat(&self) -> Cents {
        self.lines.iter().map(|line| line.line.vat).sum()
    }

    /// The guid of a line.
    pub fn line_id(&self, line: &InvoiceLine) -> Uuid {
        row_id(self.id, line.line.number)
    }

    /// How many rows it has in `sync/SalesInvoice/SalesInvoices`: the head, which is line 0, and the lines.
    pub fn row_count(&self) -> i64 {
        i64::try_from(self.lines.len()).unwrap_or(0) + 1
    }

    fn your_ref(&self) -> &str {
        self.sent.get("YourRef").and_then(Value::as_str).unwrap_or_default()
    }
}

/// All invoices of a division.
pub type Invoices = BTreeMap<Uuid, Invoice>;

/// The invoice that the guid of a line belongs to.
pub fn of_line(invoices: &Invoices, line: Uuid) -> Option<&Invoice> {
    let mut first = *line.as_bytes();
    first[12..].fill(0);
    let (id, invoice) = invoices.range(Uuid::from_bytes(first)..).next()?;
    (id.as_bytes()[..12] == line.as_bytes()[..12]).then_some(invoice)
}

/// Invoices with a row above `version`, in the order of their versions.
pub fn since(invoices: &Invoices, version: i64) -> Vec<&Invoice> {
    let mut found: Vec<&Invoice> =
        invoices.values().filter(|invoice| invoice.version + invoice.row_count() > version + 1).collect();
    found.sort_by_key(|invoice| invoice.version);
    found
}

/// Gives every invoice new row versions, in the same order.
pub fn renew_versions(division: &mut Division) {
    let order: Vec<(Uuid, i64)> =
        since(&division.invoices, i64::MIN).into_iter().map(|invoice| (invoice.id, invoice.row_count())).collect();
    for (id, rows) in order {
        let version = division.next_versions(rows);
        if let Some(invoice) = division.invoices.get_mut(&id) {
            invoice.version = version;
        }
    }
}

/// Puts one relation in the place of another.
pub fn rename_account(division: &mut Division, loser: Uuid, survivor: Uuid) {
    for invoice in division.invoices.values_mut() {
        for account in [&mut invoice.ordered_by, &mut invoice.invoice_to] {
            if *account == loser {
                *account = survivor;
            }
        }
    }
}

/// An invoice for proofs and tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IssuedInvoice {
    pub invoice_id: Uuid,
    /// 8020 invoice, 8021 credit note.
    pub kind: i64,
    pub your_ref: String,
    /// VAT included, in minor units.
    pub total: i64,
    pub vat: i64,
    pub date: Date,
    /// None while it is open.
    pub number: Option<i32>,
    /// The sales entry that printing booked.
    pub entry: Option<Uuid>,
    /// The document that printing made.
    pub document: Option<Uuid>,
    /// Ways by which the customer was sent it: empty when the print asked for none.
    pub sent_by: Vec<&'static str>,
}

impl ExactSandbox {
    /// The sales invoices of a division, in the order in which they were made.
    pub fn invoices(&self, division: i32) -> Vec<IssuedInvoice> {
        let world = self.world();
        let Some(division) = world.divisions.get(&division) else { return Vec::new() };
        let mut found: Vec<&Invoice> = division.invoices.values().collect();
        found.sort_by_key(|invoice| (invoice.created, invoice.version));
        let issued = |invoice: &Invoice| IssuedInvoice {
            invoice_id: invoice.id,
            kind: invoice.kind,
            your_ref: invoice.your_ref().to_owned(),
            total: invoice.total().0,
            vat: invoice.vat().0,
            date: invoice.date,
            number: invoice.printed.as_ref().map(|print| print.number),
            entry: invoice.printed.as_ref().map(|print| print.entry),
            document: invoice.printed.as_ref().map(|print| print.document),
            sent_by: invoice.printed.as_ref().map(|print| print.sent_by.clone()).unwrap_or_default(),
        };
        found.into_iter().map(issued).collect()
    }
}
