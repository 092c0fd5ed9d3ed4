//! Writing to Chargebee: what is sent, under which key, by whom, and what is known of it when the answer does not come (I1).

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::Timestamp;
use jiff::civil::Date;
use koppel::connectors::chargebee::TransactionState;
use koppel::connectors::http::{CallError, WriteGuard};
use koppel::domain::money::{Amount, Currency};
use koppel::domain::receipt::{ReceiptDraft, ReceiptKind, ReceiptMethod, Standing};
use rstest::rstest;
use uuid::Uuid;

use super::peer::{Peer, Reply, error, html, json};

const KEY: &str = "key-of-the-intent";

fn draft(kind: ReceiptKind) -> ReceiptDraft {
    let document = match kind {
        ReceiptKind::Payment | ReceiptKind::Applied => Some("INV-1".to_owned()),
        ReceiptKind::Refund => Some("CN-1".to_owned()),
        ReceiptKind::Excess | ReceiptKind::ExcessRefund => None,
    };
    ReceiptDraft {
        reference: "EX-1-a-INV-1".into(),
        kind,
        division: 1,
        closed_by: Uuid::from_u128(1),
        line: Uuid::from_u128(2),
        document,
        customer: "smit".into(),
        currency: Currency::EUR,
        amount: Amount(12_100),
        date: Date::constant(2026, 2, 28),
        method: ReceiptMethod::BankTransfer,
        excess: Some("txn_excess".into()),
        comment: "Exact Online: entry 7 & more".into(),
    }
}

fn at() -> Timestamp {
    Timestamp::from_second(1_772_319_599).unwrap()
}

fn done() -> Reply {
    json(200, r#"{"invoice":{"id":"INV-1"},"transaction":{"id":"txn_1","amount":12100}}"#)
}

async fn record(peer: &Peer, kind: ReceiptKind) -> Result<String, CallError> {
    peer.client.record_receipt(&draft(kind), at(), KEY).await
}

#[rstest]
#[case(
    ReceiptKind::Payment,
    "/api/v2/invoices/INV-1/record_payment",
    "transaction[payment_method]=bank_transfer transaction[amount]=12100 transaction[date]=1772319599 transaction[reference_number]=EX-1-a-INV-1",
    "txn_1"
)]
#[case(
    ReceiptKind::Excess,
    "/api/v2/customers/smit/record_excess_payment",
    "transaction[payment_method]=bank_transfer transaction[amount]=12100 transaction[date]=1772319599 transaction[reference_number]=EX-1-a-INV-1 transaction[currency_code]=EUR",
    "txn_1"
)]
#[case(
    ReceiptKind::Refund,
    "/api/v2/credit_notes/CN-1/record_refund",
    "transaction[payment_method]=bank_transfer transaction[amount]=12100 transaction[date]=1772319599 transaction[reference_number]=EX-1-a-INV-1",
    "txn_1"
)]
#[case(
    ReceiptKind::Applied,
    "/api/v2/invoices/INV-1/apply_payments",
    "transactions[id][0]=txn_excess transactions[amount][0]=12100",
    "txn_excess"
)]
#[case(
    ReceiptKind::ExcessRefund,
    "/api/v2/transactions/txn_excess/record_refund",
    "amount=12100 payment_method=bank_transfer date=1772319599 reference_number=EX-1-a-INV-1",
    "txn_1"
)]
#[tokio::test]
async fn money_is_recorded_as_chargebee_documents_it(
    #[case] kind: ReceiptKind,
    #[case] path: &str,
    #[case] form: &str,
    #[case] transaction: &str,
) {
    let peer = Peer::answering(vec![done()]).await;
    assert_eq!(record(&peer, kind).await.unwrap(), transaction);
    let seen = peer.only_request();
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", path));
    assert_eq!(seen.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(seen.header("chargebee-idempotency-key"), Some(KEY));
    let sent = seen.form.iter().filter(|(name, _)| name != "comment").map(|(name, value)| format!("{name}={value}"));
    assert_eq!(sent.collect::<Vec<_>>().join(" "), form);
    assert!(seen.form.contains(&("comment".into(), "Exact Online: entry 7 & more".into())));
}

#[tokio::test]
async fn a_receipt_is_taken_back_by_its_transaction_and_an_applied_one_off_its_invoice() {
    let peer = Peer::answering(vec![done(), done()]).await;
    for kind in [ReceiptKind::Payment, ReceiptKind::Applied] {
        let receipt = draft(kind).into_receipt("txn_1".into(), Standing::Recorded);
        peer.client.remove_receipt(&receipt, KEY).await.unwrap();
    }
    let paths: Vec<String> = peer.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(
        paths,
        ["/api/v2/transactions/txn_1/delete_offline_transaction", "/api/v2/invoices/INV-1/remove_payment"]
    );
}

#[rstest]
#[case::out_of_order(|| error(500, "internal_error", "oops"))]
#[case::gateway(|| html(503, "<html>"))]
#[case::not_the_api(|| html(200, "<html>"))]
#[case::without_a_transaction(|| json(200, r#"{"invoice":{"id":"INV-1"}}"#))]
#[tokio::test]
async fn what_may_have_happened_is_unknown(#[case] reply: fn() -> Reply) {
    let peer = Peer::answering((0..20).map(|_| reply()).collect()).await;
    let error = record(&peer, ReceiptKind::Payment).await.unwrap_err();
    assert!(matches!(error, CallError::OutcomeUnknown { .. }), "{error:?}");
    assert!(peer.seen().iter().all(|seen| seen.header("chargebee-idempotency-key") == Some(KEY)));
}

#[tokio::test]
async fn a_refusal_after_a_lost_answer_says_nothing_of_the_first_attempt() {
    let peer = Peer::answering(vec![html(503, "<html>"), error(409, "invalid_state_for_request", "it is paid")]).await;
    let error = record(&peer, ReceiptKind::Payment).await.unwrap_err();
    assert!(matches!(error, CallError::OutcomeUnknown { .. }), "{error:?}");
    assert_eq!(peer.seen().len(), 2);
}

#[tokio::test]
async fn a_refusal_is_one_and_too_many_calls_are_waited_out() {
    let busy = error(429, "api_request_limit_exceeded", "too many").with("retry-after", "7");
    let peer = Peer::answering(vec![busy, error(409, "invalid_state_for_request", "it is paid")]).await;
    let error = record(&peer, ReceiptKind::Payment).await.unwrap_err();
    assert!(matches!(&error, CallError::Rejected { status: 409, .. }), "{error:?}");
    assert!(error.to_string().starts_with("unable to record the payment of 121.00 EUR on invoice INV-1"), "{error}");
}

#[derive(Debug)]
struct Lost;

impl WriteGuard for Lost {
    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { Err("another process has taken over".to_owned()) })
    }

    fn is_fresh(&self) -> bool {
        false
    }
}

#[derive(Debug)]
struct StoodStill;

impl WriteGuard for StoodStill {
    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }

    fn is_fresh(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn a_process_that_is_no_longer_the_one_sends_nothing() {
    let peer = Peer::answering(vec![done(), done()]).await;
    peer.client.guard_writes(Arc::new(Lost));
    let error = record(&peer, ReceiptKind::Payment).await.unwrap_err();
    assert!(matches!(&error, CallError::Unavailable { .. }) && error.to_string().contains("taken over"), "{error:?}");
    assert!(peer.seen().is_empty());
    let peer = Peer::answering(vec![done(), done()]).await;
    peer.client.guard_writes(Arc::new(StoodStill));
    assert!(record(&peer, ReceiptKind::Payment).await.is_err());
    assert!(peer.seen().is_empty(), "no body was handed over: {:?}", peer.seen());
}

#[tokio::test]
async fn an_id_that_would_be_another_path_is_refused_and_not_sent() {
    let peer = Peer::answering(vec![done()]).await;
    let draft = ReceiptDraft { document: Some("../x".into()), ..draft(ReceiptKind::Payment) };
    let error = peer.client.record_receipt(&draft, at(), KEY).await.unwrap_err();
    assert!(matches!(error, CallError::Rejected { .. }) && peer.seen().is_empty());
}

#[tokio::test]
async fn what_was_recorded_is_found_by_its_reference() {
    let row = |id: &str, status: &str| {
        format!(
            r#"{{"transaction":{{"id":"{id}","status":"{status}","gateway":"not_applicable","reference_number":"EX-1","amount":12100,
        "amount_unused":100,"linked_invoices":[{{"invoice_id":"INV-1","applied_amount":12000}}]}}}}"#
        )
    };
    let list = format!(r#"{{"list":[{},{}]}}"#, row("txn_0", "failure"), row("txn_1", "success"));
    let peer = Peer::answering(vec![json(200, &list), super::peer::empty()]).await;
    let found = peer.client.receipt_by_reference("EX-1").await.unwrap().expect("it is there");
    let expected = TransactionState {
        id: "txn_1".into(),
        succeeded: true,
        is_online: false,
        reference: Some("EX-1".into()),
        amount: Amount(12_100),
        unused: Amount(100),
        invoices: vec![("INV-1".into(), Amount(12_000))],
    };
    assert_eq!((found.applied_to("INV-1"), &found), (Amount(12_000), &expected));
    assert_eq!(peer.seen()[0].parameter("reference_number[is]"), Some("EX-1"));
    assert_eq!(peer.client.receipt_by_reference("EX-2").await.unwrap(), None);
}

#[tokio::test]
async fn what_is_open_of_an_invoice_is_read_with_its_successful_payments() {
    let invoice = r#"{"invoice":{"id":"INV-1","status":"payment_due","amount_due":8100,"linked_payments":[
        {"txn_id":"txn_1","applied_amount":4000,"txn_status":"success"},
        {"txn_id":"txn_2","applied_amount":8100,"txn_status":"failure"}]}}"#;
    let gone = error(404, "resource_not_found", "INV-2 not found");
    let draft = json(200, r#"{"invoice":{"id":"d","status":"pending","amount_due":1}}"#);
    let peer = Peer::answering(vec![json(200, invoice), gone, draft]).await;
    let balance = peer.client.invoice_balance("INV-1").await.unwrap().expect("it is there");
    assert!(balance.is_issued && balance.due == Amount(8_100));
    assert_eq!(balance.payments.iter().map(|payment| payment.transaction.as_str()).collect::<Vec<_>>(), ["txn_1"]);
    assert_eq!(peer.client.invoice_balance("INV-2").await.unwrap(), None);
    assert!(!peer.client.invoice_balance("d").await.unwrap().expect("it is there").is_issued);
}
