//! Invoices (E2): the head, and what its lines are gathered from.

use std::collections::BTreeMap;

use super::super::wire::{InvoiceRow, custom_fields};
use super::address::address;
use super::subject::{Subject, instant_or_none, small};
use super::vat::vat_number;
use super::{FromChargebee, discount, line, parse, rates, tax};
use crate::domain::customer::Address;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::{Invoice, InvoiceLine, InvoiceStatus, PriceType};
use crate::domain::money::{Amount, Currency};

impl FromChargebee for Invoice {
    const NOUN: &'static str = "invoice";
    const UNREADABLE: HoldReason = HoldReason::AmountMismatch;

    fn from_json(id: &str, json: &str) -> Result<Self, Hold> {
        let subject = Subject { noun: Self::NOUN, id, unreadable: Self::UNREADABLE };
        let invoice = invoice(&subject, parse(&subject, json)?)?;
        Ok(Self { custom_fields: custom_fields(json), ..invoice })
    }
}

/// The invoice in `row`, or what a credit note has in common with one.
pub fn invoice(subject: &Subject<'_>, row: InvoiceRow) -> Result<Invoice, Hold> {
    let currency = subject.currency(&row.currency_code)?;
    let price_type = price_type(subject, &row)?;
    let lines = lines(subject, &row, currency, price_type)?;
    let total = subject.amount("total", &row.total)?;
    let stated_rates = rates::stated(&row, currency, total);
    let billing_address = row.billing_address.map(address).unwrap_or_default();
    Ok(Invoice {
        number: subject.id.to_owned(),
        customer: row.customer_id.0.ok_or_else(|| subject.hold(HoldReason::CustomerAmbiguous, "names no customer"))?,
        subscription: row.subscription_id.0,
        business_entity: row.business_entity_id.0,
        status: status(row.status.as_deref()),
        date: subject.instant("date", &row.date)?,
        due_date: subject.instant("due date", &row.due_date)?,
        net_term_days: small(&row.net_term_days),
        generated_at: subject.instant("generated_at", &row.generated_at)?,
        voided_at: subject.instant("voided_at", &row.voided_at)?,
        updated_at: instant_or_none(&row.updated_at),
        deleted: row.deleted.0,
        currency,
        base_currency: row.base_currency_code.0,
        exchange_rate: subject.decimal("exchange rate", &row.exchange_rate)?,
        stated_rates,
        price_type,
        sub_total: subject.amount("sub_total", &row.sub_total)?,
        tax: subject.amount_if_any("tax", &row.tax)?.unwrap_or_default(),
        total,
        round_off: size(subject.amount_if_any("round_off_amount", &row.round_off_amount)?),
        vat_number: number(&billing_address, row.vat_number.as_deref(), row.vat_number_prefix.as_deref()),
        billing_address,
        shipping_address: row.shipping_address.map(address),
        site_time_zone: row.site_details_at_creation.and_then(|site| site.timezone.0),
        po_number: row.po_number.0,
        custom_fields: BTreeMap::new(),
        lines,
    })
}

fn lines(
    subject: &Subject<'_>,
    row: &InvoiceRow,
    currency: Currency,
    price_type: PriceType,
) -> Result<Vec<InvoiceLine>, Hold> {
    if row.line_items_next_offset.as_deref().is_some() {
        let what = format!("has more lines than the {} that Chargebee lists", row.line_items.0.len());
        return Err(subject.hold(HoldReason::AmountMismatch, what));
    }
    let numbered = row.line_items.0.iter().enumerate();
    let mut lines =
        numbered.map(|(at, line)| line::line(subject, line, at, currency)).collect::<Result<Vec<_>, _>>()?;
    discount::attach(subject, row, &mut lines)?;
    tax::attach(subject, row, price_type, &mut lines)?;
    Ok(lines)
}

fn number(billing: &Address, number: Option<&str>, prefix: Option<&str>) -> Option<String> {
    vat_number(number, prefix, billing.country.as_deref())
}

fn size(amount: Option<Amount>) -> Amount {
    amount.map_or(Amount::ZERO, |amount| if amount.is_negative() { -amount } else { amount })
}

fn status(text: Option<&str>) -> InvoiceStatus {
    match text {
        Some("pending") => InvoiceStatus::Pending,
        Some("posted") => InvoiceStatus::Posted,
        Some("payment_due") => InvoiceStatus::PaymentDue,
        Some("not_paid") => InvoiceStatus::NotPaid,
        Some("paid") => InvoiceStatus::Paid,
        Some("voided") => InvoiceStatus::Voided,
        _ => InvoiceStatus::Unknown,
    }
}

/// Whether the amounts contain the tax must be known; sites without the setting are tax-exclusive and may leave it out.
fn price_type(subject: &Subject<'_>, row: &InvoiceRow) -> Result<PriceType, Hold> {
    match row.price_type.as_deref() {
        None | Some("tax_exclusive") => Ok(PriceType::TaxExclusive),
        Some("tax_inclusive") => Ok(PriceType::TaxInclusive),
        Some(other) => {
            let what = format!("has price type {other}, of which it is not known whether its amounts contain the tax");
            Err(subject.hold(HoldReason::TaxNotRepresentable, what))
        }
    }
}
