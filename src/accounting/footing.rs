//! Last stage: the entry adds up to the document, to the cent (I2).

use super::amounts;
use super::case::Case;
use crate::domain::entry::EntryLine;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::money::Amount;

/// Lines and VAT make the document's total, the VAT its tax, and each line can be carried to the cent.
pub(super) fn check(case: &Case<'_>, lines: &[EntryLine]) -> Result<(), Hold> {
    for line in lines {
        let amount = [line.net, line.vat, line.net + line.vat].into_iter().find(|amount| !amount.is_bookable());
        if let Some(amount) = amount {
            return Err(amounts::too_large(case, &format!("an entry line is {}", case.money(amount))));
        }
    }
    let vat: Amount = lines.iter().map(|line| line.vat).sum();
    let total: Amount = lines.iter().map(|line| line.net + line.vat).sum();
    agree(case, "VAT", vat, case.invoice.tax)?;
    agree(case, "total", total, case.invoice.total)
}

fn agree(case: &Case<'_>, what: &str, lines: Amount, document: Amount) -> Result<(), Hold> {
    if lines == document {
        return Ok(());
    }
    let (lines, document) = (case.money(lines), case.money(document));
    let message = format!("its lines make a {what} of {lines}, the invoice says {document}");
    let remedy =
        "compare the lines and the totals of the invoice in Chargebee, and void and re-issue it if they are wrong";
    Err(case.hold(HoldReason::AmountMismatch, message, remedy))
}
