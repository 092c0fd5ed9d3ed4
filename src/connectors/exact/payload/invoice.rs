//! The bytes of a sales invoice: its draft, and what prints it.

use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{Body, Terms, text};
use crate::connectors::exact::number::json_number;
use crate::connectors::exact::query::day;
use crate::domain::entry::{EntryLine, SalesEntry};
use crate::domain::sales_invoice::{SalesInvoice, SoldItem};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Draft<'a> {
    journal: &'a str,
    ordered_by: Uuid,
    invoice_to: Uuid,
    your_ref: &'a str,
    description: String,
    order_date: String,
    #[serde(flatten)]
    terms: Terms<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_number: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<Uuid>,
    sales_invoice_lines: Vec<Line<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Line<'a> {
    item: Uuid,
    #[serde(rename = "GLAccount")]
    gl_account: Uuid,
    quantity: Box<RawValue>,
    unit_price: Box<RawValue>,
    net_price: Box<RawValue>,
    #[serde(flatten)]
    body: Body<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<&'a str>,
}

/// The body that [`create_sales_invoice`](crate::connectors::exact::ExactClient::create_sales_invoice) sends, byte for byte (I8).
pub fn sales_invoice_payload(invoice: &SalesInvoice, account: Uuid, document: Option<Uuid>) -> String {
    let entry = &invoice.entry;
    let lines = entry.lines.iter().zip(&invoice.sold);
    let wire = Draft {
        journal: &entry.journal,
        ordered_by: account,
        invoice_to: account,
        your_ref: &entry.your_ref,
        description: text(&entry.description),
        order_date: day(entry.entry_date),
        terms: Terms::of(entry),
        payment_reference: entry.fields.payment_reference.as_deref(),
        order_number: entry.fields.order_number,
        document,
        sales_invoice_lines: lines.map(|(line, sold)| wire_line(line, sold, entry)).collect(),
    };
    // A struct of texts and numbers always has a JSON form.
    serde_json::to_string(&wire).unwrap_or_default()
}

fn wire_line<'a>(line: &'a EntryLine, sold: &SoldItem, entry: &'a SalesEntry) -> Line<'a> {
    Line {
        item: sold.item,
        gl_account: line.account.id,
        quantity: json_number(sold.quantity),
        unit_price: json_number(sold.price),
        net_price: json_number(sold.price),
        body: Body::of(line, entry.currency),
        start_time: line.deferral.map(|range| day(range.from)),
        end_time: line.deferral.map(|range| day(range.to)),
        notes: entry.fields.notes.as_deref(),
    }
}

/// The body that prints a draft: dated and booked as the entry says, and sent off to nobody in any way, since billing has
/// sent the customer its invoice already.
pub(in crate::connectors::exact) fn print_payload(invoice: Uuid, entry: &SalesEntry) -> String {
    json!({
        "InvoiceID": invoice,
        "InvoiceDate": day(entry.entry_date),
        "ReportingYear": entry.reporting.year,
        "ReportingPeriod": entry.reporting.period,
        "SendEmailToCustomer": false,
        "SendInvoiceToCustomerPostbox": false,
        "SendInvoiceViaPeppol": false,
        "SendOutputBasedOnAccount": false,
    })
    .to_string()
}
