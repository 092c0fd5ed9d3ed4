//! First stage: what is not booked at all (design §6, Not booked and startDate).

use jiff::civil::Date;

use super::context::SkipReason;
use crate::domain::invoice::{Invoice, InvoiceStatus};

/// Why the document is out of scope, whatever the rules say of its lines; `start` is the first day in scope.
pub(super) fn skip_reason(invoice: &Invoice, entry_date: Option<Date>, start: Date) -> Option<SkipReason> {
    if invoice.deleted {
        return Some(SkipReason::Deleted);
    }
    match invoice.status {
        InvoiceStatus::Voided => return Some(SkipReason::Voided),
        InvoiceStatus::Pending => return Some(SkipReason::Pending),
        InvoiceStatus::Unknown if invoice.generated_at.is_none() => return Some(SkipReason::Pending),
        _ => {}
    }
    if entry_date.is_some_and(|day| day < start) {
        return Some(SkipReason::BeforeStartDate);
    }
    has_no_amounts(invoice).then_some(SkipReason::NoAmounts)
}

fn has_no_amounts(invoice: &Invoice) -> bool {
    let head = [invoice.sub_total, invoice.tax, invoice.total, invoice.round_off];
    let lines = invoice.lines.iter().all(|line| {
        line.amount.is_zero() && line.tax.is_zero() && line.discounts.iter().all(|discount| discount.amount.is_zero())
    });
    lines && head.iter().all(|amount| amount.is_zero())
}
