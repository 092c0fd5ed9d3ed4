//! What of an invoice's own fields stands on its entry.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What of an invoice's own fields stands on its entry (P5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invoices {
    /// Properties of the entry that are filled from fields of the invoice: property in Exact → `cf_…` or `po_number`. An
    /// invoice whose field is empty is booked without the property. Example: `{PaymentReference: po_number}`.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 6), transform = invoice_field_values)]
    #[x_kube(validation = ("self.all(property, property in ['Description', 'ExternalLinkDescription', 'ExternalLinkReference', 'Notes', 'OrderNumber', 'PaymentReference'])", "fields may name only Description, ExternalLinkDescription, ExternalLinkReference, Notes, OrderNumber and PaymentReference: Exact does not let others be written, or Koppel sets them itself"))]
    pub fields: BTreeMap<EntryProperty, String>,
}

/// A property of an entry that a manifest may fill (reference `exact-online-metadata.json`, `salesentry/SalesEntries`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum EntryProperty {
    /// Instead of number and name of the customer.
    Description,
    ExternalLinkDescription,
    ExternalLinkReference,
    /// On every line.
    Notes,
    /// A whole number.
    OrderNumber,
    PaymentReference,
}

fn invoice_field_values(schema: &mut schemars::Schema) {
    let field = serde_json::json!({"type": "string", "minLength": 4, "maxLength": 50, "pattern": "^(cf_[A-Za-z0-9_]+|po_number)$"});
    schema.insert("additionalProperties".to_owned(), field);
    schema.remove("propertyNames");
}
