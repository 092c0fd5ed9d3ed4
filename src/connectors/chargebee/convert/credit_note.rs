//! Credit notes (E3): an invoice's head and lines, and what they credit.

use super::super::wire::{CreditNoteRow, CreditedLineRow, InvoiceRow};
use super::invoice::invoice;
use super::subject::Subject;
use super::{FromChargebee, parse};
use crate::domain::credit_note::{CreditCause, CreditNote};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::{Invoice, InvoiceStatus, PriceType};
use crate::domain::money::Amount;

impl FromChargebee for CreditNote {
    const NOUN: &'static str = "credit note";
    const UNREADABLE: HoldReason = HoldReason::AmountMismatch;

    fn from_json(id: &str, json: &str) -> Result<Self, Hold> {
        let subject = Subject { noun: Self::NOUN, id, unreadable: Self::UNREADABLE };
        let common: InvoiceRow = parse(&subject, json)?;
        let row: CreditNoteRow = parse(&subject, json)?;
        let correction = subject.amount_if_any("fractional_correction", &row.fractional_correction)?;
        Ok(Self {
            body: body(invoice(&subject, common)?, &row, correction.unwrap_or_default()),
            cause: cause(row.reason_code.as_deref(), row.create_reason_code.as_deref()),
            reference_invoice: row.reference_invoice_id.0,
            before_tax: row.kind.as_deref() == Some("store"),
            credited_lines: row.line_items.0.into_iter().enumerate().filter_map(reference).collect(),
        })
    }
}

/// A credit note states no tax of its own but that of its lines, and has words of its own for where it stands.
fn body(invoice: Invoice, row: &CreditNoteRow, correction: Amount) -> Invoice {
    let tax: Amount = invoice.lines.iter().map(|line| line.tax).sum();
    let parts = if invoice.price_type == PriceType::TaxInclusive { Amount::ZERO } else { tax };
    let open = invoice.total - invoice.sub_total - parts;
    let round_off = if open == invoice.round_off + correction { absolute(open) } else { invoice.round_off };
    let status = match row.status.as_deref() {
        Some("voided") => InvoiceStatus::Voided,
        Some("adjusted" | "refunded" | "refund_due") => InvoiceStatus::Posted,
        _ => InvoiceStatus::Unknown,
    };
    Invoice { tax, round_off, status, ..invoice }
}

fn absolute(amount: Amount) -> Amount {
    if amount.is_negative() { -amount } else { amount }
}

/// Chargebee's own reasons, in the older enumeration and in the words that a site has from the start.
fn cause(code: Option<&str>, words: Option<&str>) -> CreditCause {
    match (code, words) {
        (_, Some("Invoice Void")) => CreditCause::InvoiceVoid,
        (Some("write_off"), _) | (_, Some("Write Off")) => CreditCause::WriteOff,
        _ => CreditCause::Credit,
    }
}

/// The note's line, known by its place where it has no id, with the invoice line that it names.
fn reference((at, row): (usize, CreditedLineRow)) -> Option<(String, String)> {
    let line = row.id.0.unwrap_or_else(|| format!("#{}", at + 1));
    row.reference_line_item_id.0.map(|credited| (line, credited))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    /// A note of EUR 50 and 21 % on it, as Chargebee writes one.
    fn note(change: &Value) -> CreditNote {
        let mut row = json!({
            "object": "credit_note", "id": "CN-7", "customer_id": "acme", "reference_invoice_id": "INV-7",
            "type": "adjustment", "status": "adjusted", "reason_code": "waiver", "create_reason_code": "Waiver",
            "price_type": "tax_exclusive", "currency_code": "EUR", "date": 1_772_323_200, "generated_at": 1_772_323_205,
            "sub_total": 5_000, "total": 6_050, "round_off_amount": 0, "fractional_correction": 0, "deleted": false,
            "line_items": [
                {"id": "cli-1", "amount": 3_000, "tax_amount": 630, "tax_rate": 21.0, "reference_line_item_id": "li-1"},
                {"amount": 2_000, "tax_amount": 420, "tax_rate": 21.0, "reference_line_item_id": "li-2"},
                {"id": "cli-3", "amount": 0, "tax_amount": 0},
            ],
            "taxes": [{"name": "BTW", "amount": 1_050}],
        });
        for (key, value) in change.as_object().into_iter().flatten() {
            row[key] = value.clone();
        }
        CreditNote::from_json("CN-7", &row.to_string()).unwrap()
    }

    #[test]
    fn a_note_is_an_invoice_with_the_tax_of_its_lines_and_what_these_credit() {
        let note = note(&json!({}));
        assert_eq!((note.body.number.as_str(), note.reference_invoice.as_deref()), ("CN-7", Some("INV-7")));
        assert_eq!(
            (note.body.tax, note.body.total, note.body.status),
            (Amount(1_050), Amount(6_050), InvoiceStatus::Posted)
        );
        let credited: Vec<(&str, &str)> =
            note.credited_lines.iter().map(|(line, credited)| (line.as_str(), credited.as_str())).collect();
        assert_eq!(credited, [("#2", "li-2"), ("cli-1", "li-1")], "a line without an id is known by its place");
        assert_eq!(note.body.lines[1].id, "#2");
        assert_ne!(note.identity(), note.body.identity(), "never the identity of an invoice");
    }

    #[rstest]
    #[case(json!({"status": "refunded"}), InvoiceStatus::Posted)]
    #[case(json!({"status": "refund_due"}), InvoiceStatus::Posted)]
    #[case(json!({"status": "voided"}), InvoiceStatus::Voided)]
    #[case(json!({"status": "of_next_year"}), InvoiceStatus::Unknown)]
    fn where_a_note_stands(#[case] change: Value, #[case] status: InvoiceStatus) {
        assert_eq!(note(&change).body.status, status);
    }

    #[rstest]
    #[case(json!({}), CreditCause::Credit)]
    #[case(json!({"reason_code": "other", "create_reason_code": "Invoice Void"}), CreditCause::InvoiceVoid)]
    #[case(json!({"reason_code": "write_off", "create_reason_code": null}), CreditCause::WriteOff)]
    #[case(json!({"reason_code": "other", "create_reason_code": "Write Off"}), CreditCause::WriteOff)]
    #[case(json!({"create_reason_code": "write off, said a person"}), CreditCause::Credit)]
    fn why_it_was_made(#[case] change: Value, #[case] cause: CreditCause) {
        assert_eq!(note(&change).cause, cause);
    }

    #[rstest]
    #[case("store", true)]
    #[case("adjustment", false)]
    #[case("refundable", false)]
    #[case("of_next_year", false)]
    fn only_store_credits_are_granted_before_tax(#[case] kind: &str, #[case] before_tax: bool) {
        let note = note(&json!({"type": kind}));
        assert_eq!(note.before_tax, before_tax);
        let kept = serde_json::to_string(&note).unwrap();
        assert_eq!(kept.contains("before_tax"), before_tax, "other notes are kept as they were before");
        assert_eq!(serde_json::from_str::<CreditNote>(&kept).unwrap(), note);
    }

    #[rstest]
    #[case::none(json!({}), 0)]
    #[case::rounded(json!({"total": 6_049, "round_off_amount": 1}), 1)]
    #[case::corrected_by_a_cent(json!({"total": 6_051, "fractional_correction": 1}), 1)]
    #[case::unexplained(json!({"total": 6_051}), 0)]
    fn what_rounding_it_states(#[case] change: Value, #[case] round_off: i64) {
        assert_eq!(note(&change).body.round_off, Amount(round_off));
    }
}
