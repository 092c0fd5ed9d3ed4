//! Entries of money: what is sent, whose amounts are read back, and how an entry is found again (I1, I2).

use std::collections::BTreeMap;

use jiff::civil::Date;
use koppel::connectors::exact::money_entry_payload;
use koppel::connectors::http::CallError;
use koppel::domain::entry::{AccountRef, PeriodKey};
use koppel::domain::money::{Amount, Currency};
use koppel::domain::money_entry::{Direction, MoneyAct, MoneyEntry, MoneyForm, MoneyLine, MoneyOrigin};
use rstest::rstest;
use uuid::Uuid;

use super::fake::{DIVISION, Fake, Reply};

const LEDGER: &str = "financialtransaction/TransactionLines";

fn line(origin: MoneyOrigin, amount: i64, description: &str) -> MoneyLine {
    MoneyLine {
        origin,
        document: None,
        account: AccountRef { id: Uuid::from_u128(1300), code: "1300".into() },
        customer: (origin != MoneyOrigin::Fee).then(|| "acme".to_owned()),
        our_ref: None,
        amount: Amount(amount),
        description: description.to_owned(),
    }
}

/// 121.00 received, of which the service keeps 2.43.
fn entry(form: MoneyForm, has_control_line: bool) -> MoneyEntry {
    MoneyEntry {
        act: MoneyAct::Payment,
        direction: Direction::In,
        form,
        journal: "22".into(),
        transaction: "txn_1".into(),
        date: Date::constant(2026, 5, 4),
        reporting: PeriodKey { year: 2026, period: 5 },
        currency: Currency::EUR,
        rate: None,
        control: AccountRef { id: Uuid::from_u128(1150), code: "1150".into() },
        has_control_line,
        lines: vec![line(MoneyOrigin::Invoice, 12_100, "txn_1 INV-1"), line(MoneyOrigin::Fee, -243, "txn_1 fee")],
    }
}

fn accounts() -> BTreeMap<String, Uuid> {
    BTreeMap::from([("acme".to_owned(), Uuid::from_u128(7))])
}

const ENTRY: Uuid = Uuid::from_u128(5);

fn balanced(closing: &str) -> Reply {
    let body = format!(
        r#"{{"d":{{"EntryID":"{ENTRY}","EntryNumber":26220001,"OpeningBalanceFC":100.1,"ClosingBalanceFC":{closing},
           "FinancialYear":2026,"FinancialPeriod":5}}}}"#
    );
    Reply::new(201, body)
}

fn only_key() -> Reply {
    Reply::new(201, format!(r#"{{"d":{{"EntryID":"{ENTRY}","EntryNumber":null}}}}"#))
}

fn row(id: u128, number: i64, amount: &str, description: &str) -> String {
    format!(
        r#"{{"ID":"{}","EntryID":"{ENTRY}","EntryNumber":26220001,"LineNumber":{number},"Account":null,"AmountFC":{amount},
           "Currency":"EUR","Description":"{description}","FinancialYear":2026,"FinancialPeriod":5}}"#,
        Uuid::from_u128(id)
    )
}

fn whole() -> String {
    let rows = [
        row(1, 0, "118.57", "txn_1 INV-1"),
        row(2, 1, "-100.5", "txn_1 INV-1"),
        row(3, 2, "-20.5", "txn_1 INV-2"),
        row(4, 3, "2.43", "txn_1 fee"),
        row(5, 4, "118.57", "txn_1 control"),
    ];
    rows.join(",")
}

async fn answering(post: Reply, ledger: String) -> Fake {
    Fake::start(move |seen| match seen.method.as_str() {
        _ if seen.is_token() => Reply::default_token(),
        "POST" => post.clone(),
        _ => Reply::rows(&ledger),
    })
    .await
}

#[rstest]
#[case(MoneyForm::Bank, "financialtransaction/BankEntries")]
#[case(MoneyForm::Cash, "financialtransaction/CashEntries")]
#[tokio::test]
async fn the_balances_tell_the_amount_with_the_fee_put_back(#[case] form: MoneyForm, #[case] resource: &str) {
    let fake = answering(balanced("218.66999999999999"), String::new()).await;
    let entry = entry(form, false);
    let posted = fake.client().create_money_entry(DIVISION, &entry, &accounts()).await.unwrap();
    assert_eq!((posted.entry_id, posted.entry_number, posted.total), (ENTRY, 26_220_001, Amount(12_100)));
    assert_eq!(posted.reporting, Some(entry.reporting));
    let calls = fake.calls();
    assert_eq!((calls.len(), calls[0].path.as_str()), (1, format!("/api/v1/7/{resource}").as_str()));
    assert_eq!(calls[0].body, money_entry_payload(&entry, &accounts()));
}

#[tokio::test]
async fn other_amounts_in_the_answer_are_told() {
    let fake = answering(balanced("218.66"), String::new()).await;
    let posted = fake.client().create_money_entry(DIVISION, &entry(MoneyForm::Bank, false), &accounts()).await.unwrap();
    assert_eq!(posted.total, Amount(12_099));
}

/// Nothing in the answer of a general entry, of one with a control account of its own, and of some payment services' tells
/// an amount: the ledger does.
#[rstest]
#[case(MoneyForm::General, true, only_key())]
#[case(MoneyForm::Bank, true, balanced("100.1"))]
#[case(MoneyForm::Bank, false, only_key())]
#[tokio::test]
async fn else_the_ledger_tells_it(#[case] form: MoneyForm, #[case] has_control_line: bool, #[case] answer: Reply) {
    let fake = answering(answer, whole()).await;
    let entry = entry(form, has_control_line);
    let posted = fake.client().create_money_entry(DIVISION, &entry, &accounts()).await.unwrap();
    assert_eq!((posted.entry_number, posted.total, posted.vat), (26_220_001, Amount(12_100), None));
    let calls = fake.calls();
    assert!(calls[1].path.ends_with(LEDGER), "{}", calls[1].path);
    assert!(calls[1].query.starts_with(&format!("$filter=EntryID eq guid'{ENTRY}'&")), "{}", calls[1].query);
    assert_eq!(calls.len(), 2);
}

#[rstest]
#[case::not_there_yet(only_key(), String::new())]
#[case::not_readable(only_key(), row(1, 1, "0.005", "txn_1 INV-1"))]
#[case::no_entry(Reply::new(201, r#"{"d":{"EntryNumber":1}}"#), whole())]
#[case::half_cents(balanced("218.675"), whole())]
#[tokio::test]
async fn what_cannot_be_read_after_the_post_is_an_unknown_outcome(#[case] post: Reply, #[case] ledger: String) {
    let fake = answering(post, ledger).await;
    let sent = fake.client().create_money_entry(DIVISION, &entry(MoneyForm::Bank, false), &accounts()).await;
    assert!(matches!(&sent, Err(CallError::OutcomeUnknown { .. })), "{sent:?}");
    assert_eq!(fake.calls().iter().filter(|call| call.method == "POST").count(), 1);
}

#[tokio::test]
async fn a_failure_is_another_entry_than_its_payment() {
    let failed = row(9, 1, "121", "TXN_1 FAILED INV-1").replace(&ENTRY.to_string(), &Uuid::from_u128(6).to_string());
    let ledger = [whole(), failed, row(10, 1, "-1", "txn_10 INV-9")].join(",");
    let fake = answering(Reply::default(), ledger).await;
    let (payment, failure) = (MoneyAct::Payment.reference("txn_1"), MoneyAct::Failure.reference("txn_1"));
    let found = fake.client().find_money_entries(DIVISION, &[&payment, &failure]).await.unwrap();
    let told = |at: usize| (found[at].your_ref.clone(), found[at].total, found[at].entry_id);
    assert_eq!(found.len(), 2);
    assert_eq!(told(0), (payment, Amount(12_100), ENTRY));
    assert_eq!(told(1), (failure, Amount(-12_100), Uuid::from_u128(6)));
    let calls = fake.calls();
    assert!(calls[0].query.starts_with("$filter=startswith(Description,'txn_1 ') eq true&"), "{}", calls[0].query);
}
