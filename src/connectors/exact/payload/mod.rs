//! What is sent of a sale, as an entry or as an invoice that the books issue. The same entry gives the same bytes (I8); amounts
//! are written exactly (I2). Both forms have their terms and what a line is worth in common.

mod entry;
mod invoice;

pub use entry::sales_entry_payload;
pub(super) use entry::sales_entry_payload_with;
pub(super) use invoice::print_payload;
pub use invoice::sales_invoice_payload;

use serde::Serialize;
use serde_json::value::RawValue;

use super::number::json_number;
use super::query::day;
use crate::domain::entry::{EntryLine, SalesEntry};
use crate::domain::money::Currency;

/// What the books keep of a text [length uncertain]; the rest is cut off here rather than refused there.
pub(super) const TEXT_LENGTH_MAX: usize = 60;

/// A text as far as the books keep it.
fn text(text: &str) -> String {
    text.chars().take(TEXT_LENGTH_MAX).collect()
}

/// When and in what currency it is to be paid.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Terms<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    due_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_condition: Option<&'a str>,
    currency: &'a str,
}

impl<'a> Terms<'a> {
    fn of(entry: &'a SalesEntry) -> Self {
        Self {
            due_date: entry.due_date.map(day),
            payment_condition: entry.payment_condition.as_deref(),
            currency: entry.currency.code(),
        }
    }
}

/// What a line is worth, and what it is of. A code whose prices include VAT has the amount with it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
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
}

impl<'a> Body<'a> {
    fn of(line: &'a EntryLine, currency: Currency) -> Self {
        let amount = if line.vat_included { line.net + line.vat } else { line.net };
        Self {
            amount: json_number(amount.to_decimal(currency)),
            vat_code: &line.vat_code,
            vat_amount: json_number(line.vat.to_decimal(currency)),
            description: text(&line.description),
            cost_center: line.cost_center.as_deref(),
            cost_unit: line.cost_unit.as_deref(),
        }
    }
}
