//! How a mapping's online payments are booked (E5, E7): its `paymentMethods` and what goes with them.

use std::str::FromStr;

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use rust_decimal::Decimal;

use super::codes;
use super::entity::percent;
use super::typed::ValidatedFlows;
use crate::accounting::payments::{FeeRule, PaymentMethodRule, PaymentRules};
use crate::api::EntityMapping;
use crate::api::conditions::Reason;
use crate::api::finding::Findings;
use crate::api::manifest::Located;
use crate::api::mapping::ExactEntity;
use crate::api::mapping_rows::{PaymentFee, PaymentMethodRow};
use crate::domain::money::{Amount, Currency};

/// The rules of payments, or findings; none while their flow is off.
pub fn rules(
    mapping: &Located<EntityMapping>,
    exact: &ExactEntity,
    flows: &ValidatedFlows,
    findings: &mut Findings,
) -> Option<PaymentRules> {
    let rows = mapping.object.spec.payment_methods.iter().enumerate();
    let methods: Vec<_> = rows.map(|(index, row)| method(mapping, index, row, findings)).collect();
    let start_date = flows.payments_to_exact?;
    if methods.is_empty() && exact.payments_journal.is_none() {
        let message = "no row says where online payments are booked: every payment is held";
        let remedy = "add rows to paymentMethods, or set exactOnline.paymentsJournal";
        findings.push(mapping.warning(Reason::PaymentMethodUnmapped, "spec.paymentMethods", message, remedy));
    }
    Some(PaymentRules {
        start_date,
        invoices_from: flows.invoices,
        credit_notes_from: flows.credit_notes,
        journal: exact.payments_journal.clone(),
        receivable_account: exact.receivable_account.clone(),
        methods,
    })
}

fn method(
    mapping: &Located<EntityMapping>,
    index: usize,
    row: &PaymentMethodRow,
    findings: &mut Findings,
) -> PaymentMethodRule {
    let field = format!("spec.paymentMethods[{index}]");
    if let Some(Err((message, remedy))) = row.currency.as_deref().map(codes::currency) {
        findings.push(mapping.error(Reason::InvalidSpec, &format!("{field}.currency"), message, remedy));
    }
    let currency = row.currency.as_deref().and_then(Currency::from_code);
    PaymentMethodRule {
        index,
        method: row.method.clone(),
        gateway: row.gateway.clone(),
        currency: row.currency.clone(),
        journal: row.journal.clone(),
        control_account: row.control_account.clone(),
        fee: row.fee.as_ref().map(|row| fee(mapping, &format!("{field}.fee"), row, currency, findings)),
    }
}

fn fee(
    mapping: &Located<EntityMapping>,
    field: &str,
    row: &PaymentFee,
    currency: Option<Currency>,
    findings: &mut Findings,
) -> FeeRule {
    let mut refuse = |name: &str, message: &str, remedy: &str| {
        findings.push(mapping.error(Reason::InvalidSpec, &format!("{field}.{name}"), message, remedy));
        Decimal::ZERO
    };
    let share = match row.percent.as_ref().map(percent) {
        None => Decimal::ZERO,
        Some(Some(share)) => share,
        Some(None) => refuse("percent", "percent is no percentage from 0 to 100", "for example: \"1.8\""),
    };
    let is_whole = |fixed: &Decimal| currency.is_none_or(|currency| Amount::from_decimal(*fixed, currency).is_some());
    let fixed = match row.fixed.as_ref().map(amount) {
        None => Decimal::ZERO,
        Some(Some(fixed)) if is_whole(&fixed) => fixed,
        Some(_) => refuse("fixed", "fixed is no amount of the row's currency", "for example: \"0.25\""),
    };
    FeeRule { percent: share, fixed, account: row.account.clone() }
}

fn amount(value: &IntOrString) -> Option<Decimal> {
    let value = match value {
        IntOrString::Int(number) => Decimal::from(*number),
        IntOrString::String(text) => Decimal::from_str(text).ok()?,
    };
    (value >= Decimal::ZERO).then(|| value.normalize())
}
