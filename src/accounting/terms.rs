//! The payment condition by net terms (E31).

use super::case::Case;
use super::rulebook::PaymentTermRule;
use crate::domain::hold::{Hold, HoldReason};

/// Code of the payment condition. An invoice that states no terms is due at once.
pub(super) fn payment_condition(case: &Case<'_>) -> Result<String, Hold> {
    let days = case.invoice.net_term_days.unwrap_or(0);
    let mut rows: Vec<&PaymentTermRule> =
        case.rules().payment_terms.iter().filter(|row| row.net_term_days == days).collect();
    rows.sort_by_key(|row| row.index);
    let (mapping, division) = (case.mapping(), case.division());
    let unmapped = |message: String, remedy: String| case.hold(HoldReason::PaymentTermUnmapped, message, remedy);
    let Some(first) = rows.first() else {
        let remedy = format!(
            "add a row to spec.paymentTerms of {mapping}: netTermDays {days} with a payment condition of Exact Online, {division}"
        );
        return Err(unmapped(format!("no row of spec.paymentTerms of {mapping} has netTermDays {days}"), remedy));
    };
    if let Some(other) = rows.iter().find(|row| row.payment_condition != first.payment_condition) {
        let (left, right) = (first.index, other.index);
        let message = format!("rows spec.paymentTerms[{left}] and [{right}] of {mapping} both have netTermDays {days}");
        return Err(unmapped(message, format!("delete one of spec.paymentTerms[{left}] and [{right}] of {mapping}")));
    }
    let code = &first.payment_condition;
    if !case.master().payment_conditions.contains_key(code) {
        let row = format!("spec.paymentTerms[{}] of {mapping}", first.index);
        let message = format!("payment condition {code} of {row} does not exist in {division}");
        let remedy = format!("change {row}, or create payment condition {code} in Exact Online, {division}");
        return Err(unmapped(message, remedy));
    }
    Ok(code.clone())
}
