//! What becomes of a coupon's discount: part of the net amount, or a line of its own (E9; design §3).

use super::case::Case;
use super::matching::{LineFacts, Tie, pick};
use super::rulebook::DiscountTreatment;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::InvoiceLine;
use crate::domain::money::Amount;

/// A discount that gets lines of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LineDiscounted<'a> {
    pub coupon: &'a str,
    /// Code of the account, and the rule that names it.
    pub account: &'a str,
    pub rule: &'a str,
    /// What the coupon takes off the line; with tax inside where the prices are tax-inclusive.
    pub amount: Amount,
}

/// The discounts of `line` that are booked apart, one for each coupon; all others are part of the net amount.
pub(super) fn booked_apart<'a>(case: &'a Case<'_>, line: &'a InvoiceLine) -> Result<Vec<LineDiscounted<'a>>, Hold> {
    let mut apart: Vec<LineDiscounted<'a>> = Vec::new();
    for discount in &line.discounts {
        let Some(coupon) = discount.coupon.as_deref() else { continue };
        if let Some(known) = apart.iter_mut().find(|known| known.coupon == coupon) {
            known.amount += discount.amount;
        } else if let Some((account, rule)) = account_of(case, line, coupon)? {
            apart.push(LineDiscounted { coupon, account, rule, amount: discount.amount });
        }
    }
    apart.retain(|discount| !discount.amount.is_zero());
    Ok(apart)
}

/// Account and rule of a coupon that is booked apart. A coupon rule with an account and no treatment means a line: an
/// account has no other use there.
fn account_of<'a>(case: &'a Case<'_>, line: &InvoiceLine, coupon: &str) -> Result<Option<(&'a str, &'a str)>, Hold> {
    let facts = LineFacts::of(case, line);
    let rules = &case.rules().revenue;
    let tied = |question: &'static str| {
        move |tie: Tie<'_>| {
            let message = format!("coupon {coupon}: {}", tie.message(question));
            case.hold_line(line, HoldReason::RevenueAccountMissing, message, tie.remedy())
        }
    };
    let treatment =
        pick(rules, &facts, Some(coupon), |rule| rule.discount).map_err(tied("the treatment of the discount"))?;
    let account = pick(rules, &facts, Some(coupon), |rule| rule.revenue_account.as_deref())
        .map_err(tied("the account of the discount"))?;
    match (treatment.map(|picked| picked.value), account) {
        (Some(DiscountTreatment::Net), _) | (None, None) => Ok(None),
        (_, Some(account)) => Ok(Some((account.value, &account.rule.name))),
        (Some(DiscountTreatment::Line), None) => {
            let rule = treatment.map_or("", |picked| &picked.rule.name);
            let message = format!("RevenueRule {rule} books coupon {coupon} as a line of its own and names no account");
            let remedy = format!("set revenueAccount of RevenueRule {rule} to the account of these discounts");
            Err(case.hold_line(line, HoldReason::RevenueAccountMissing, message, remedy))
        }
    }
}
