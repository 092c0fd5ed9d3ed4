//! Sales invoices (P6): drafted, then printed, which gives them a number and books them. A draft is found again by its
//! reference, so that neither step is taken twice (I1).

use uuid::Uuid;

use super::answer::{self, Nature};
use super::call::Call;
use super::client::ExactClient;
use super::entries::{amount, currency_of};
use super::odata::{self, Row};
use super::pages::Source;
use super::payload::{print_payload, sales_invoice_payload};
use super::query::{Query, guid, resource_url};
use crate::connectors::http::{CallError, CallResult};
use crate::domain::entry::SalesEntry;
use crate::domain::money::{Amount, Currency};
use crate::domain::sales_invoice::SalesInvoice;

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
