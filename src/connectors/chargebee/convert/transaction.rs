//! Transactions (E5): payments, refunds and reversals, and which of them went through a gateway (E7).

use super::super::wire::{LinkedCreditNoteRow, LinkedInvoiceRow, Number, Text, TransactionRow};
use super::subject::{Subject, instant_or_none};
use super::{FromChargebee, parse};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::money::Amount;
use crate::domain::payment::{
    Application, Channel, LinkedTransaction, Transaction, TransactionKind, TransactionStatus,
};

/// Methods that people record by hand: the money is on a bank or cash account of the books, whatever the gateway says.
const OFFLINE_METHODS: &[&str] = &["cash", "check", "bank_transfer", "other", "custom", "sepa_credit", "ach_credit"];

impl FromChargebee for Transaction {
    const NOUN: &'static str = "transaction";
    const UNREADABLE: HoldReason = HoldReason::PaymentUnclear;

    fn from_json(id: &str, json: &str) -> Result<Self, Hold> {
        let subject = Subject { noun: Self::NOUN, id, unreadable: Self::UNREADABLE };
        transaction(&subject, parse(&subject, json)?)
    }
}

fn transaction(subject: &Subject<'_>, row: TransactionRow) -> Result<Transaction, Hold> {
    let kind = kind(row.kind.as_deref());
    let invoices = row.linked_invoices.0.iter().map(|link| invoice(subject, link)).collect::<Result<_, _>>()?;
    let credit_notes = row.linked_credit_notes.0.iter().map(|link| note(subject, link)).collect::<Result<_, _>>()?;
    let refunds = row.linked_refunds.0.iter();
    let refunds = refunds.filter_map(|link| linked(&link.txn_id, &link.txn_status, &link.txn_amount)).collect();
    let payments = row.linked_payments.0.iter();
    let payments = payments.filter_map(|link| linked(&link.id, &link.status, &link.amount)).collect();
    Ok(Transaction {
        id: subject.id.to_owned(),
        kind,
        status: status(row.status.as_deref()),
        channel: channel(kind, row.payment_method.as_deref(), row.gateway.as_deref()),
        method: row.payment_method.or("unknown"),
        gateway: row.gateway.0.filter(|gateway| gateway != NO_GATEWAY),
        customer: row.customer_id.0,
        business_entity: row.business_entity_id.0,
        currency: subject.currency(&row.currency_code)?,
        amount: subject.amount("amount", &row.amount)?,
        unused: subject.amount_if_any("amount_unused", &row.amount_unused)?.unwrap_or_default(),
        date: subject.instant("date", &row.date)?,
        voided_at: subject.instant("voided_at", &row.voided_at)?,
        updated_at: instant_or_none(&row.updated_at),
        base_currency: row.base_currency_code.0,
        exchange_rate: subject.decimal("exchange rate", &row.exchange_rate)?,
        reference: row.reference_number.0,
        invoices,
        credit_notes,
        refunds,
        payments,
        refunded: row.refunded_txn_id.0,
        reversal: row.reversal_transaction_id.0,
        deleted: row.deleted.0,
    })
}

/// What stands in `gateway` where there is none.
const NO_GATEWAY: &str = "not_applicable";

fn channel(kind: TransactionKind, method: Option<&str>, gateway: Option<&str>) -> Channel {
    let has_gateway = gateway.is_some_and(|gateway| gateway != NO_GATEWAY);
    match method {
        _ if kind == TransactionKind::Reversal => Channel::OfOriginal,
        Some("chargeback") => Channel::OfOriginal,
        Some(method) if OFFLINE_METHODS.contains(&method) => Channel::Offline,
        _ if has_gateway => Channel::Online,
        _ => Channel::Offline,
    }
}

fn kind(text: Option<&str>) -> TransactionKind {
    match text {
        Some("payment") => TransactionKind::Payment,
        Some("refund") => TransactionKind::Refund,
        Some("payment_reversal") => TransactionKind::Reversal,
        Some("authorization") => TransactionKind::Authorization,
        _ => TransactionKind::Unknown,
    }
}

fn status(text: Option<&str>) -> TransactionStatus {
    match text {
        Some("in_progress" | "timeout" | "needs_attention") => TransactionStatus::Pending,
        Some("success") => TransactionStatus::Success,
        Some("failure") => TransactionStatus::Failure,
        Some("late_failure") => TransactionStatus::LateFailure,
        Some("voided") => TransactionStatus::Voided,
        _ => TransactionStatus::Unknown,
    }
}

fn invoice(subject: &Subject<'_>, row: &LinkedInvoiceRow) -> Result<Application, Hold> {
    application(subject, "invoice", &row.invoice_id, &row.applied_amount, &row.applied_at, &row.invoice_date, None)
}

fn note(subject: &Subject<'_>, row: &LinkedCreditNoteRow) -> Result<Application, Hold> {
    let credited = row.cn_reference_invoice_id.0.clone();
    application(subject, "credit note", &row.cn_id, &row.applied_amount, &row.applied_at, &row.cn_date, credited)
}

fn application(
    subject: &Subject<'_>,
    noun: &str,
    id: &Text,
    amount: &Number,
    applied_at: &Number,
    document_date: &Number,
    credited_invoice: Option<String>,
) -> Result<Application, Hold> {
    let unnamed = || subject.hold(HoldReason::PaymentUnclear, format!("is applied to an {noun} without a number"));
    let document = id.0.clone().ok_or_else(unnamed)?;
    Ok(Application {
        amount: subject.amount(&format!("amount applied to {noun} {document}"), amount)?,
        applied_at: instant_or_none(applied_at),
        document_date: instant_or_none(document_date),
        credited_invoice,
        document,
    })
}

/// A link for information: one without an id says nothing.
fn linked(id: &Text, state: &Text, amount: &Number) -> Option<LinkedTransaction> {
    let amount = amount.whole().ok().flatten().map(Amount).unwrap_or_default();
    Some(LinkedTransaction { id: id.0.clone()?, status: status(state.as_deref()), amount })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn plain() -> Value {
        json!({
            "object": "transaction", "id": "txn_1", "customer_id": "acme", "type": "payment", "status": "success",
            "payment_method": "card", "gateway": "stripe", "amount": 12_100, "amount_unused": 100,
            "currency_code": "EUR", "base_currency_code": "EUR", "exchange_rate": 1.0, "date": 1_772_323_200,
            "updated_at": 1_772_323_206, "deleted": false,
            "linked_invoices": [{"invoice_id": "INV-7", "applied_amount": 12_000, "applied_at": 1_772_323_200,
                "invoice_date": 1_772_323_200, "invoice_total": 12_100, "invoice_status": "paid"}],
            "linked_refunds": [{"txn_id": "txn_2", "txn_status": "success", "txn_date": 1, "txn_amount": 100}]
        })
    }

    fn read(change: Value) -> Result<Transaction, Hold> {
        let mut row = plain();
        for (key, value) in change.as_object().unwrap() {
            row[key] = value.clone();
        }
        Transaction::from_json("txn_1", &row.to_string())
    }

    #[test]
    fn a_payment_is_read_with_what_it_settles_e5() {
        let payment = read(json!({})).unwrap();
        assert_eq!((payment.kind, payment.status), (TransactionKind::Payment, TransactionStatus::Success));
        assert_eq!((payment.amount, payment.unused), (Amount(12_100), Amount(100)));
        assert_eq!((payment.method.as_str(), payment.gateway.as_deref()), ("card", Some("stripe")));
        assert_eq!(payment.invoices[0].document, "INV-7");
        assert_eq!((payment.invoices[0].amount, payment.refunds[0].amount), (Amount(12_000), Amount(100)));
        assert_eq!(payment.customer.as_deref(), Some("acme"));
    }

    #[rstest]
    #[case("payment", "card", "stripe", Channel::Online)]
    #[case("payment", "direct_debit", "gocardless", Channel::Online)]
    #[case("payment", "card", "chargebee", Channel::Online)]
    #[case("payment", "automated_bank_transfer", "stripe", Channel::Online)]
    #[case("payment", "automated_bank_transfer", "not_applicable", Channel::Offline)]
    #[case("payment", "cash", "not_applicable", Channel::Offline)]
    #[case("payment", "bank_transfer", "not_applicable", Channel::Offline)]
    #[case("payment", "sepa_credit", "stripe", Channel::Offline)]
    #[case("payment", "custom", "stripe", Channel::Offline)]
    #[case("refund", "chargeback", "not_applicable", Channel::OfOriginal)]
    #[case("payment_reversal", "card", "stripe", Channel::OfOriginal)]
    fn the_gateway_makes_it_online_e7(
        #[case] kind: &str,
        #[case] method: &str,
        #[case] gateway: &str,
        #[case] channel: Channel,
    ) {
        let row = read(json!({"type": kind, "payment_method": method, "gateway": gateway})).unwrap();
        assert_eq!(row.channel, channel);
        assert_eq!(row.gateway.is_some(), gateway != "not_applicable");
    }

    #[rstest]
    #[case("in_progress", TransactionStatus::Pending)]
    #[case("timeout", TransactionStatus::Pending)]
    #[case("needs_attention", TransactionStatus::Pending)]
    #[case("success", TransactionStatus::Success)]
    #[case("failure", TransactionStatus::Failure)]
    #[case("late_failure", TransactionStatus::LateFailure)]
    #[case("voided", TransactionStatus::Voided)]
    #[case("invented_later", TransactionStatus::Unknown)]
    fn only_a_known_success_is_one(#[case] text: &str, #[case] status: TransactionStatus) {
        assert_eq!(read(json!({ "status": text })).unwrap().status, status);
    }

    #[test]
    fn a_refund_names_its_credit_notes_and_a_reversal_its_payment() {
        let refund = read(json!({
            "type": "refund", "refunded_txn_id": "txn_0", "linked_invoices": [],
            "linked_credit_notes": [{"cn_id": "CN-1", "applied_amount": 50, "cn_date": 1_772_323_200, "cn_reference_invoice_id": "INV-7"}]
        }))
        .unwrap();
        assert_eq!(refund.original(), Some("txn_0"));
        assert_eq!(refund.credit_notes[0].credited_invoice.as_deref(), Some("INV-7"));
        let reversal = read(
            json!({"type": "payment_reversal", "linked_payments": [{"id": "txn_9", "status": "success", "amount": 5}]}),
        );
        assert_eq!(reversal.unwrap().original(), Some("txn_9"));
    }

    #[test]
    fn what_cannot_be_read_is_held_and_says_why() {
        let hold = read(json!({"amount": 12.5})).unwrap_err();
        assert_eq!((hold.reason, hold.message.contains("txn_1")), (HoldReason::AmountMismatch, true));
        let hold = read(json!({"linked_invoices": [{"applied_amount": 1}]})).unwrap_err();
        assert_eq!(hold.reason, HoldReason::PaymentUnclear);
        assert_eq!(read(json!({"currency_code": "XXQ"})).unwrap_err().reason, HoldReason::CurrencyNotAllowed);
    }

    #[test]
    fn applications_change_and_the_transaction_stays_the_same_e14() {
        let (before, after) =
            (read(json!({})).unwrap(), read(json!({"linked_invoices": [], "amount_unused": 12_100})).unwrap());
        assert_eq!(before.identity(), after.identity());
        assert_ne!(before.identity(), read(json!({"amount": 1})).unwrap().identity());
        assert_ne!(before.identity(), before.undoing_identity());
    }
}
