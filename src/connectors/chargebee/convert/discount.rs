//! Discounts, each on the line that it lowers (E9). Those of the document arrive spread over the lines.

use super::super::wire::{DiscountRow, InvoiceRow, LineDiscountRow};
use super::line::line_id;
use super::subject::Subject;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::{DiscountKind, InvoiceLine, LineDiscount};
use crate::domain::money::Amount;

/// Attaches the discounts of `row` to `lines`, which are its lines in their order.
pub fn attach(subject: &Subject<'_>, row: &InvoiceRow, lines: &mut [InvoiceLine]) -> Result<(), Hold> {
    for discount in &row.line_item_discounts.0 {
        attach_listed(subject, discount, lines)?;
    }
    if !adds_up(subject, row, lines)? {
        attach_unlisted(subject, row, lines)?;
    }
    Ok(())
}

fn attach_listed(subject: &Subject<'_>, row: &LineDiscountRow, lines: &mut [InvoiceLine]) -> Result<(), Hold> {
    let id = row.line_item_id.as_deref();
    let amount = subject.amount(&format!("discount_amount of line {}", id.unwrap_or("?")), &row.discount_amount)?;
    match line_of(lines, id) {
        Some(line) => line.discounts.push(discount(&row.discount_type.0, &row.coupon_id.0, &row.entity_id.0, amount)),
        None if amount.is_zero() => {}
        None => {
            let what = format!(
                "has a discount of {} minor units on line {}, which it does not have",
                amount.0,
                id.unwrap_or("?")
            );
            return Err(subject.hold(HoldReason::AmountMismatch, what));
        }
    }
    Ok(())
}

/// The line with this id; where a row names none, the only line.
pub fn line_of<'a>(lines: &'a mut [InvoiceLine], id: Option<&str>) -> Option<&'a mut InvoiceLine> {
    match id {
        Some(id) => lines.iter_mut().find(|line| line.id == id),
        None if lines.len() == 1 => lines.first_mut(),
        None => None,
    }
}

/// Whether the lines less their listed discounts give the sub-total, as Chargebee's arithmetic has it.
fn adds_up(subject: &Subject<'_>, row: &InvoiceRow, lines: &[InvoiceLine]) -> Result<bool, Hold> {
    let sum: Amount = lines.iter().map(|line| line.amount - line.discount()).sum();
    Ok(subject.amount("sub_total", &row.sub_total)? == sum)
}

/// A line may state more discount than is listed for it: the rest must not be lost. What does not add up even then is
/// found by the accounting (I2).
fn attach_unlisted(subject: &Subject<'_>, row: &InvoiceRow, lines: &mut [InvoiceLine]) -> Result<(), Hold> {
    for (at, line_row) in row.line_items.0.iter().enumerate() {
        let id = line_id(line_row, at);
        let stated = subject.amount_if_any(&format!("discount_amount of line {id}"), &line_row.discount_amount)?;
        let Some(line) = lines.get_mut(at) else { continue };
        let rest = stated.unwrap_or_default() - line.discount();
        if rest > Amount::ZERO {
            line.discounts.push(unlisted(&row.discounts.0, &id, rest));
        }
    }
    Ok(())
}

/// What is known of the rest: the document's own list may name the line and this very amount.
fn unlisted(discounts: &[DiscountRow], line: &str, rest: Amount) -> LineDiscount {
    let fits = |row: &&DiscountRow| row.line_item_id.as_deref() == Some(line) && row.amount.whole() == Ok(Some(rest.0));
    match discounts.iter().find(fits) {
        Some(row) => discount(&row.entity_type.0, &None, &row.entity_id.0, rest),
        None => LineDiscount { kind: DiscountKind::Other, coupon: None, amount: rest },
    }
}

fn discount(
    kind_text: &Option<String>,
    coupon: &Option<String>,
    entity: &Option<String>,
    amount: Amount,
) -> LineDiscount {
    let kind = kind(kind_text.as_deref());
    let of_coupon = matches!(kind, DiscountKind::ItemCoupon | DiscountKind::DocumentCoupon);
    let coupon = coupon.clone().or_else(|| entity.clone().filter(|_| of_coupon));
    LineDiscount { kind, coupon, amount }
}

fn kind(text: Option<&str>) -> DiscountKind {
    match text {
        Some("item_level_coupon") => DiscountKind::ItemCoupon,
        Some("document_level_coupon") => DiscountKind::DocumentCoupon,
        Some("item_level_discount") => DiscountKind::ItemDiscount,
        Some("document_level_discount") => DiscountKind::DocumentDiscount,
        Some("promotional_credits") => DiscountKind::PromotionalCredit,
        Some("prorated_credits") => DiscountKind::ProratedCredit,
        _ => DiscountKind::Other,
    }
}
