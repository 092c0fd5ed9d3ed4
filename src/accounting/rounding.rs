//! The rounding that a document's total contains (design §6, Lines).

use super::case::Case;
use super::revenue::{ChosenAccount, by_code};
use super::vat::{ChosenCode, zero_code};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::PriceType;
use crate::domain::master::AccountKind;
use crate::domain::money::Amount;

/// The rounding with its sign: what the total is more than its parts. Held where its size is not the one stated.
pub(super) fn amount(case: &Case<'_>) -> Result<Amount, Hold> {
    let invoice = case.invoice;
    let parts = match invoice.price_type {
        PriceType::TaxExclusive => invoice.sub_total + invoice.tax,
        PriceType::TaxInclusive => invoice.sub_total,
    };
    let rounding = invoice.total - parts;
    if rounding.size() == invoice.round_off.size() {
        return Ok(rounding);
    }
    let (total, parts) = (case.money(invoice.total), case.money(parts));
    let message = format!(
        "its total is {total} and its parts are {parts}, a difference of {}, but it states a rounding of {}",
        case.money(rounding),
        case.money(invoice.round_off)
    );
    let remedy = "compare the amounts of the invoice in Chargebee, and void and re-issue it if they are wrong";
    Err(case.hold(HoldReason::AmountMismatch, message, remedy))
}

/// Account and code of the rounding line.
pub(super) fn target<'a>(case: &'a Case<'_>) -> Result<(ChosenAccount<'a>, ChosenCode<'a>), Hold> {
    let setting = format!("spec.exactOnline.roundingAccount of {}", case.mapping());
    let Some(code) = case.rules().rounding_account.as_deref() else {
        let message = format!(
            "it is rounded by {}, and {} names no rounding account",
            case.money(case.invoice.round_off),
            case.mapping()
        );
        return Err(case.hold(HoldReason::RevenueAccountMissing, message, format!("set {setting}")));
    };
    let account = by_code(case, code, &[AccountKind::Revenue, AccountKind::Other], &setting)
        .map_err(|problem| case.hold(HoldReason::RevenueAccountMissing, problem, format!("change {setting}")))?;
    Ok((account, zero_code(case, "the rounding")?))
}
