//! Second stage: every amount can be carried to the cent, and no sum of them leaves `i64` (I2).

use super::case::Case;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::{Invoice, InvoiceLine};
use crate::domain::money::{Amount, LARGEST_AMOUNT};

/// Most that the sizes of all amounts of a document may add up to: any sum or difference of them stays inside `i64`.
const LARGEST_SUM: i128 = i64::MAX as i128 / 4;

/// Holds a document with an amount that is too large, naming it.
pub(super) fn check(case: &Case<'_>) -> Result<(), Hold> {
    let parts: Vec<(String, Amount)> =
        head(case.invoice).into_iter().chain(case.invoice.lines.iter().flat_map(line)).collect();
    if let Some((name, amount)) = parts.iter().find(|(_, amount)| !amount.is_bookable()) {
        return Err(too_large(case, &format!("{name} is {}", case.money(*amount))));
    }
    let sum: i128 = parts.iter().map(|(_, amount)| i128::from(amount.size())).sum();
    if sum > LARGEST_SUM {
        return Err(too_large(case, &format!("its {} amounts add up to {sum} minor units", parts.len())));
    }
    Ok(())
}

/// Holds a document of whose entry a line would be too large, which a sum of bookable amounts can be.
pub(super) fn too_large(case: &Case<'_>, what: &str) -> Hold {
    let limit = case.money(Amount(LARGEST_AMOUNT));
    let message = format!("{what}, more than the {limit} that are carried to the cent");
    case.hold(HoldReason::AmountMismatch, message, "correct or void the invoice in Chargebee")
}

fn head(invoice: &Invoice) -> Vec<(String, Amount)> {
    let named = |name: &str, amount| (name.to_owned(), amount);
    vec![
        named("sub_total", invoice.sub_total),
        named("tax", invoice.tax),
        named("total", invoice.total),
        named("round_off_amount", invoice.round_off),
    ]
}

fn line(line: &InvoiceLine) -> Vec<(String, Amount)> {
    let of = |what: &str, amount| (format!("the {what} of line {}", super::text::cut(&line.id, 50)), amount);
    let own = [of("amount", line.amount), of("tax_amount", line.tax)];
    let discounts = line.discounts.iter().map(|discount| of("discount", discount.amount));
    let taxes = line.taxes.iter().flat_map(|tax| [of("taxable_amount", tax.taxable), of("tax", tax.tax)]);
    own.into_iter().chain(discounts).chain(taxes).collect()
}
