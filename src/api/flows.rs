//! The flows of a connection: one kind of thing in one direction, each with its switches (E39); only what is listed here
//! is synced (E15).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The flows and their switches. A flow that stands off does nothing, and nothing is said about what it would carry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Flows {
    /// Plans, add-ons, charges and coupons become items in Exact, each tied to an item group (E4, E11). On by default.
    pub catalogue: RecordFlow,
    /// Customers become accounts in Exact (E1). On by default. While it stands off, an invoice is booked only for a
    /// customer that is known already.
    pub customers: RecordFlow,
    /// Invoices become sales entries in Exact (E2). On by default.
    pub invoices: InvoiceFlow,
    /// Credit notes become credit sales entries (E3). Off by default.
    pub credit_notes: DocumentFlow,
    /// Online payments and refunds are booked on their control account (E5, E7). Off by default.
    pub payments_to_exact: DocumentFlow,
    /// Bank payments that Exact has matched are recorded on the Chargebee invoice (E6, P15). Off by default.
    pub payments_to_chargebee: DocumentFlow,
}

/// A flow of records: things that are kept equal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct RecordFlow {
    /// Whether the flow runs. Default: true.
    pub enabled: bool,
}

impl Default for RecordFlow {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// A flow of documents: things that are booked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct DocumentFlow {
    /// Whether the flow runs. Default: false.
    pub enabled: bool,
    /// First day of this flow where it differs from the connection's `startDate`; documents dated earlier are out of its
    /// scope. Example: `"2026-07-01"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 10, max = 10), regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), extend("format" = "date"))]
    pub start_date: Option<String>,
}

/// The flow of the invoices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct InvoiceFlow {
    /// Whether the flow runs. Default: true.
    pub enabled: bool,
    /// First day of this flow where it differs from the connection's `startDate`; documents dated earlier are out of its
    /// scope. Example: `"2026-07-01"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 10, max = 10), regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), extend("format" = "date"))]
    pub start_date: Option<String>,
    /// What an invoice becomes (P6): `SalesEntry`, an entry with its own number, date and VAT amounts, or `SalesInvoice`,
    /// an invoice that Exact itself issues. Default: `SalesEntry`.
    pub book_as: BookAs,
    /// Attach the invoice's PDF to its entry; two more calls per invoice. Default: false.
    pub attach_pdf: bool,
}

impl Default for InvoiceFlow {
    fn default() -> Self {
        Self { enabled: true, start_date: None, book_as: BookAs::default(), attach_pdf: false }
    }
}

/// What an invoice becomes in Exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum BookAs {
    #[default]
    SalesEntry,
    SalesInvoice,
}
