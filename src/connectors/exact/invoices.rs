//! Sales invoices (P6): drafted, then printed, which gives them a number and books them. A draft is found again by its
//! reference, so that neither step is taken twice (I1).

use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::answer::{self, Nature};
use super::call::Call;
use super::client::ExactClient;
use super::entries::{amount, currency_of};
use super::number::json_number;
use super::odata::{self, Row};
use super::pages::Source;
use super::payload::text;
use super::query::{Query, day, guid, resource_url};
use crate::connectors::http::{CallError, CallResult};
use crate::domain::entry::{EntryLine, SalesEntry};
use crate::domain::money::{Amount, Currency};
use crate::domain::sales_invoice::{SalesInvoice, SoldItem};

const INVOICES: Source = Source { resource: "salesinvoice/SalesInvoices", key: "InvoiceID" };
const PRINTED: &str = "salesinvoice/PrintedSalesInvoices";
const FIELDS: &str = "InvoiceID,InvoiceNumber,Status,YourRef,AmountFC,AmountFCExclVat,VATAmountFC,Currency,OrderedBy";
/// Printed and in the ledger. What is not is 10, a draft, or 20, open: which of them a new one is, is not written down.
const PROCESSED: i64 = 50;

/// A sales invoice of the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookInvoice {
    pub id: Uuid,
    /// It has its number and is in the ledger; till then nothing of it is.
    pub is_printed: bool,
    pub your_ref: String,
    /// With VAT, as the books compute it; none where they do not say.
    pub total: Option<Amount>,
    pub net: Option<Amount>,
    pub vat: Option<Amount>,
    pub currency: Option<Currency>,
    pub customer: Option<Uuid>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Draft<'a> {
    journal: &'a str,
    ordered_by: Uuid,
    invoice_to: Uuid,
    your_ref: &'a str,
    description: String,
    order_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_condition: Option<&'a str>,
    currency: &'a str,
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
    #[serde(rename = "AmountFC")]
    amount: Box<RawValue>,
    #[serde(rename = "VATCode")]
    vat_code: &'a str,
    #[serde(rename = "VATAmountFC")]
    vat_amount: Box<RawValue>,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_center: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_unit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<&'a str>,
}

/// The body that [`create_sales_invoice`](ExactClient::create_sales_invoice) sends, byte for byte (I8).
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
        due_date: entry.due_date.map(day),
        payment_condition: entry.payment_condition.as_deref(),
        currency: entry.currency.code(),
        payment_reference: entry.fields.payment_reference.as_deref(),
        order_number: entry.fields.order_number,
        document,
        sales_invoice_lines: lines.map(|(line, sold)| wire_line(line, sold, entry)).collect(),
    };
    // A struct of texts and numbers always has a JSON form.
    serde_json::to_string(&wire).unwrap_or_default()
}

fn wire_line<'a>(line: &'a EntryLine, sold: &SoldItem, entry: &'a SalesEntry) -> Line<'a> {
    let amount = if line.vat_included { line.net + line.vat } else { line.net };
    Line {
        item: sold.item,
        gl_account: line.account.id,
        quantity: json_number(sold.quantity),
        unit_price: json_number(sold.price),
        net_price: json_number(sold.price),
        amount: json_number(amount.to_decimal(entry.currency)),
        vat_code: &line.vat_code,
        vat_amount: json_number(line.vat.to_decimal(entry.currency)),
        description: text(&line.description),
        cost_center: line.cost_center.as_deref(),
        cost_unit: line.cost_unit.as_deref(),
        start_time: line.deferral.map(|range| day(range.from)),
        end_time: line.deferral.map(|range| day(range.to)),
        notes: entry.fields.notes.as_deref(),
    }
}

/// The body that prints a draft: dated and booked as the entry says, and sent off to nobody in any way, since billing has
/// sent the customer its invoice already.
fn print_payload(invoice: Uuid, entry: &SalesEntry) -> String {
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

impl ExactClient {
    /// Drafts `invoice` for the customer `account`; nothing is booked by that. Gives it back as the books have it, with the
    /// amounts that they compute. Never sent again where it may have arrived.
    ///
    /// # Errors
    /// As every call; after an unknown outcome it is to be looked up by its reference.
    pub async fn create_sales_invoice(
        &self,
        division: i32,
        invoice: &SalesInvoice,
        account: Uuid,
        document: Option<Uuid>,
    ) -> CallResult<BookInvoice> {
        let body = sales_invoice_payload(invoice, account, document);
        let resource = INVOICES.resource;
        let answer = self.post(division, resource, &body).await?;
        let currency = Some(invoice.entry.currency);
        let read = odata::single(resource, &answer.body)
            .and_then(|raw| read_invoice(&Row::parse(resource, INVOICES.key, raw)?, currency));
        read.map_err(|error| answer::outcome_unknown(resource, &error.to_string()))
    }

    /// Prints a draft: it gets its number and is booked on the entry's date in the entry's period. Never sent again where
    /// it may have arrived.
    ///
    /// # Errors
    /// As every call; after an unknown outcome its entry is to be looked up by the reference.
    pub async fn print_sales_invoice(&self, division: i32, invoice: Uuid, entry: &SalesEntry) -> CallResult<()> {
        self.post(division, PRINTED, &print_payload(invoice, entry)).await.map(|_| ())
    }

    /// The sales invoices that carry one of `your_refs`, drafts among them.
    ///
    /// # Errors
    /// As every call.
    pub async fn find_sales_invoices(&self, division: i32, your_refs: &[&str]) -> CallResult<Vec<BookInvoice>> {
        let mut found = Vec::new();
        for filter in self.filters(division, INVOICES, FIELDS, "YourRef", your_refs) {
            let query = Query::select(FIELDS).filter(filter);
            let read = |row: Row<'_>| read_invoice(&row, None).map(Some);
            found.extend(self.read_all(Some(division), INVOICES, &query, read).await?);
        }
        Ok(found)
    }

    /// Deletes a draft. One that is gone already is as good.
    ///
    /// # Errors
    /// As every call.
    pub async fn delete_draft(&self, division: i32, invoice: Uuid) -> CallResult<()> {
        let resource = INVOICES.resource;
        let url = resource_url(
            &self.inner.site,
            Some(division),
            &format!("{resource}({})", guid(invoice)),
            &Query::default(),
        );
        let call = Call { nature: Nature::Delete, division: Some(division), resource, url, body: None };
        match self.call(&call).await {
            Ok(_) | Err(CallError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Reads an invoice; `expected` is its currency where the answer leaves it out.
fn read_invoice(row: &Row<'_>, expected: Option<Currency>) -> CallResult<BookInvoice> {
    let currency = currency_of(row)?.or(expected);
    let has_number = row.int("InvoiceNumber")?.is_some_and(|number| number > 0);
    Ok(BookInvoice {
        id: row.need_guid(INVOICES.key)?,
        is_printed: has_number || row.int("Status")? == Some(PROCESSED),
        your_ref: row.text_or_empty("YourRef")?,
        total: amount(row, "AmountFC", currency)?,
        net: amount(row, "AmountFCExclVat", currency)?,
        vat: amount(row, "VATAmountFC", currency)?,
        currency,
        customer: row.guid("OrderedBy")?,
    })
}
