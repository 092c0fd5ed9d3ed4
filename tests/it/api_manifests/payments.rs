//! What the manifests say of payments, and what is told of it (E5, E7).

use jiff::civil::date;
use koppel::accounting::payments::PaymentRules;
use koppel::api::conditions::Reason;
use koppel::api::validate::Outcome;
use rstest::rstest;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::samples::{connection, errors, mapping, outcome, patched, warnings};

fn paying(flow: &Value, entity: &Value) -> Outcome {
    let flow = json!({"flows": {"paymentsToExact": flow}});
    outcome(&[patched(connection(), &flow), patched(mapping(), entity)])
}

fn on() -> Value {
    json!({"enabled": true})
}

fn rules(found: &Outcome) -> &PaymentRules {
    assert!(found.findings.is_empty(), "{:#?}", found.findings);
    found.connections[0].exact().unwrap().entities[0].rulebook.payments.as_ref().expect("rules")
}

#[test]
fn rows_fees_and_defaults_are_read() {
    let rows = json!([
        {"method": "card", "gateway": "stripe", "currency": "USD", "journal": "25"},
        {"gateway": "mollie", "currency": "EUR", "journal": "90", "controlAccount": "1150",
            "fee": {"percent": "1.8", "fixed": "0.25", "account": "4550"}},
        {"fee": {"percent": 2, "account": "4550"}, "journal": "22"},
    ]);
    let exact = json!({"paymentsJournal": "22", "receivableAccount": "1300"});
    let found = paying(
        &json!({"enabled": true, "startDate": "2026-09-01"}),
        &json!({"paymentMethods": rows, "exactOnline": exact}),
    );
    let rules = rules(&found);
    assert_eq!((rules.start_date, rules.invoices_from), (date(2026, 9, 1), Some(date(2026, 7, 1))));
    assert_eq!((rules.journal.as_deref(), rules.receivable_account.as_deref()), (Some("22"), Some("1300")));
    let [card, mollie, any] = rules.methods.as_slice() else { panic!("three rows") };
    assert_eq!(
        (card.method.as_deref(), card.currency.as_deref(), card.fee.is_none()),
        (Some("card"), Some("USD"), true)
    );
    let fee = mollie.fee.as_ref().unwrap();
    assert_eq!((fee.percent, fee.fixed, fee.account.as_str()), (Decimal::new(18, 1), Decimal::new(25, 2), "4550"));
    assert_eq!((mollie.control_account.as_deref(), any.index), (Some("1150"), 2));
    assert_eq!(any.fee.as_ref().map(|fee| (fee.percent, fee.fixed)), Some((Decimal::TWO, Decimal::ZERO)));
}

#[test]
fn a_flow_that_stands_off_has_no_rules_and_its_rows_no_finding() {
    let found = paying(&json!({"enabled": false}), &json!({"paymentMethods": [{"journal": "22"}]}));
    assert!(found.findings.is_empty(), "{:#?}", found.findings);
    assert!(found.connections[0].exact().unwrap().entities[0].rulebook.payments.is_none());
}

#[test]
fn payments_without_any_journal_are_a_warning() {
    let found = paying(&on(), &json!({}));
    assert_eq!(warnings(&found.findings)[0].1, "spec.paymentMethods");
    assert_eq!((found.findings[0].reason, found.connections.len()), (Reason::PaymentMethodUnmapped, 1));
    let enough = json!({"exactOnline": {"paymentsJournal": "22"}});
    assert!(paying(&on(), &enough).findings.is_empty());
}

#[rstest]
#[case::currency(json!({"currency": "ABC", "journal": "22"}), "spec.paymentMethods[0].currency")]
#[case::percent(json!({"journal": "22", "fee": {"percent": "101", "account": "4"}}), "spec.paymentMethods[0].fee.percent")]
#[case::no_cents(json!({"journal": "22", "currency": "JPY", "fee": {"fixed": "0.25", "account": "4"}}), "spec.paymentMethods[0].fee.fixed")]
fn what_a_row_cannot_mean_is_an_error_on_its_field(#[case] row: Value, #[case] field: &str) {
    let found = paying(&on(), &json!({"paymentMethods": [row]}));
    let told = errors(&found.findings);
    assert!(told.iter().any(|(_, at, _)| at == field), "{told:#?}");
}

#[test]
fn tied_rows_are_an_error_on_both() {
    let rows = json!([{"method": "card", "journal": "22"}, {"gateway": "stripe", "journal": "23"}]);
    let found = paying(&on(), &json!({"paymentMethods": rows}));
    let told = errors(&found.findings);
    assert!(found.findings.iter().any(|finding| finding.reason == Reason::RuleConflict), "{told:#?}");
    assert!(told.iter().any(|(_, at, _)| at.starts_with("spec.paymentMethods[")), "{told:#?}");
}
