//! Writing: what is sent, and that a creation is never sent twice where it may have arrived (I1, I5).

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Date;
use koppel::connectors::exact::{
    AccountChanges, AccountDraft, BusinessError, ItemChanges, ItemDraft, sales_entry_payload,
};
use koppel::connectors::http::{CallError, HttpClient};
use koppel::domain::entry::{AccountRef, EntryKind, EntryLine, LineOrigin, PeriodKey, SalesEntry};
use koppel::domain::money::{Amount, Currency};
use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

use super::fake::{DIVISION, Fake, Reply};

const CUSTOMER: Uuid = Uuid::from_u128(77);

fn entry() -> SalesEntry {
    let line = EntryLine {
        origin: LineOrigin::Revenue,
        source_line: None,
        account: AccountRef { id: Uuid::from_u128(8000), code: "8000".into() },
        net: Amount(1_010),
        vat: Amount(212),
        vat_code: "2".into(),
        vat_included: false,
        cost_center: None,
        cost_unit: None,
        deferral: None,
        description: "Plan".into(),
        credits: None,
    };
    SalesEntry {
        kind: EntryKind::Sales,
        journal: "70".into(),
        customer: "cust".into(),
        your_ref: "INV-1".into(),
        description: "Factuur".into(),
        entry_date: Date::constant(2026, 5, 4),
        due_date: None,
        payment_condition: None,
        currency: Currency::EUR,
        rate: None,
        reporting: PeriodKey { year: 2026, period: 5 },
        lines: vec![line],
        fields: koppel::domain::entry::EntryFields::default(),
    }
}

fn posted(reference: &str) -> String {
    format!(
        r#"{{"EntryID":"{}","EntryNumber":26700001,"YourRef":"{reference}","AmountFC":12.219999999999999,"VATAmountFC":2.12,
           "Currency":"EUR","Customer":"{CUSTOMER}","ReportingYear":2026,"ReportingPeriod":5}}"#,
        Uuid::from_u128(5)
    )
}

fn created(row: &str) -> Reply {
    Reply::new(201, format!(r#"{{"d":{row}}}"#))
}

async fn answering(reply: Reply) -> Fake {
    Fake::start(move |seen| if seen.is_token() { Reply::default_token() } else { reply.clone() }).await
}

#[tokio::test]
async fn an_entry_is_posted_once_with_the_stated_bytes_and_read_back() {
    let fake = answering(created(&posted("INV-1"))).await;
    let client = fake.client();
    let posted = client.create_sales_entry(DIVISION, &entry(), CUSTOMER).await.unwrap();
    assert_eq!((posted.entry_number, posted.total, posted.vat), (26_700_001, Amount(1_222), Some(Amount(212))));
    assert_eq!((posted.customer, posted.reporting.unwrap().period), (Some(CUSTOMER), 5));
    let call = fake.calls().remove(0);
    assert_eq!((call.method.as_str(), call.path.as_str()), ("POST", "/api/v1/7/salesentry/SalesEntries"));
    assert_eq!(call.body, sales_entry_payload(&entry(), CUSTOMER));
    assert_eq!(call.headers["prefer"], "return=representation");
    assert_eq!(call.headers["content-type"], "application/json");
    assert_eq!((fake.calls().len(), client.calls_to("salesentry/")), (1, 1));
}

#[rstest]
#[case::no_reason(Reply::new(500, ""))]
#[case::html(Reply::new(503, "<html>"))]
#[case::excuse(Reply::error(
    500,
    "A problem has occurred. The cause of this issue will be investigated as soon as possible."
))]
#[case::cut(Reply { cut: true, ..created("{}") })]
#[case::late(Reply { after: Duration::from_secs(3), ..created("{}") })]
#[case::html_as_success(Reply::new(200, "<html>"))]
#[case::no_content(Reply::new(204, ""))]
#[case::no_amount(created(r#"{"EntryID":"00000000-0000-0000-0000-000000000005","EntryNumber":1}"#))]
#[case::half_cents(created(&posted("INV-1").replace("12.219999999999999", "12.225")))]
#[tokio::test]
async fn an_outcome_that_is_not_known_is_said_and_nothing_is_sent_again(#[case] reply: Reply) {
    let fake = answering(reply).await;
    let client = fake.client_with(HttpClient::new(Some(Duration::from_secs(1))).unwrap());
    let error = client.create_sales_entry(DIVISION, &entry(), CUSTOMER).await.unwrap_err();
    assert!(matches!(&error, CallError::OutcomeUnknown { .. }), "{error:?}");
    assert!(error.to_string().contains("salesentry/SalesEntries"), "{error}");
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test]
async fn an_answer_too_large_after_a_post_is_an_unknown_outcome() {
    let fake = answering(created(&" ".repeat(5_000))).await;
    let client = fake.client_with(HttpClient::new(None).unwrap().with_answer_bytes_max(1_000));
    let error = client.create_sales_entry(DIVISION, &entry(), CUSTOMER).await.unwrap_err();
    assert!(matches!(error, CallError::OutcomeUnknown { .. }));
}

#[rstest]
#[case::closed(500, "Periode is afgesloten: 2026-05", BusinessError::PeriodClosed)]
#[case::year(500, "Unknown: Financial year (Period-date table)", BusinessError::FinancialYearMissing)]
#[case::new_text(500, "Iets wat niemand kent", BusinessError::Unknown)]
#[case::request(400, "Error processing request stream. The property name 'X'", BusinessError::RequestInvalid)]
#[tokio::test]
async fn a_refusal_is_final_and_has_its_meaning(
    #[case] status: u16,
    #[case] text: &'static str,
    #[case] meaning: BusinessError,
) {
    let fake = answering(Reply::error(status, text)).await;
    let error = fake.client().create_sales_entry(DIVISION, &entry(), CUSTOMER).await.unwrap_err();
    assert_eq!(BusinessError::of(&error), Some(meaning));
    assert!(error.to_string().contains(text.trim_end_matches('.')), "{error}");
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test]
async fn entries_are_found_by_forty_references_a_call_with_quotes_escaped() {
    let fake = Fake::start(|seen| match seen.query.as_str() {
        _ if seen.is_token() => Reply::default_token(),
        query if query.contains("O''Neil-0") => Reply::new(200, format!(r#"{{"d":[{}]}}"#, posted("O'Neil-0"))),
        _ => Reply::rows(""),
    })
    .await;
    let references: Vec<String> = (0..41).map(|number| format!("O'Neil-{number}")).collect();
    let references: Vec<&str> = references.iter().map(String::as_str).collect();
    let found = fake.client().find_sales_entries(DIVISION, &references).await.unwrap();
    assert_eq!((found.len(), found[0].your_ref.as_str()), (1, "O'Neil-0"));
    let calls = fake.calls();
    assert_eq!(calls.len(), 2);
    assert!(calls[0].query.starts_with("$filter=YourRef eq 'O''Neil-0' or YourRef eq 'O''Neil-1'"));
    assert!(calls[1].query.starts_with("$filter=YourRef eq 'O''Neil-40'&"));
    assert!(fake.client().find_sales_entries(DIVISION, &[]).await.unwrap().is_empty());
    assert_eq!(fake.calls().len(), 2, "nothing to ask, nothing asked");
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_is_never_taken_for_absent() {
    let fake = answering(Reply::rows(&posted("INV-1").replace("26700001", "null"))).await;
    let error = fake.client().find_sales_entries(DIVISION, &["INV-1"]).await.unwrap_err();
    assert!(matches!(&error, CallError::Malformed { .. }));
    assert!(error.to_string().contains("EntryNumber of salesentry/SalesEntries 00000000-"), "{error}");
}

#[tokio::test]
async fn the_survivor_of_a_merge_is_read_from_an_entry_by_search() {
    let fake = Fake::start(|seen| match seen.query.as_str() {
        _ if seen.is_token() => Reply::default_token(),
        query if query.contains("-000000000005'") => Reply::rows(&posted("INV-1")),
        _ => Reply::rows(""),
    })
    .await;
    let client = fake.client();
    assert_eq!(client.entry_account(DIVISION, Uuid::from_u128(5)).await.unwrap(), Some(CUSTOMER));
    assert_eq!(client.entry_account(DIVISION, Uuid::from_u128(6)).await.unwrap(), None);
    assert!(fake.calls().iter().all(|call| call.path.ends_with("/SalesEntries")), "an absent key would be an error");
}

fn body(fake: &Fake, call: usize) -> Value {
    serde_json::from_str(&fake.calls()[call].body).unwrap()
}

#[tokio::test]
async fn an_account_is_made_as_a_customer_and_changed_only_where_it_changed() {
    let id = Uuid::from_u128(9);
    let fake = Fake::start(move |seen| match seen.method.as_str() {
        _ if seen.is_token() => Reply::default_token(),
        "PUT" => Reply::new(204, ""),
        _ => created(&format!(r#"{{"ID":"{id}"}}"#)),
    })
    .await;
    let client = fake.client();
    let draft = AccountDraft {
        name: "Molen BV".into(),
        country: Some("NL".into()),
        vat_number: Some("NL123456789B01".into()),
        search_code: Some("cust_1".into()),
        address_lines: vec!["Kade 1".into()],
        fields: BTreeMap::from([("Remarks".to_owned(), "vip".to_owned())]),
        ..AccountDraft::default()
    };
    assert_eq!(client.create_account(DIVISION, &draft).await.unwrap(), id);
    let expected = json!({"Name": "Molen BV", "Country": "NL", "VATNumber": "NL123456789B01", "SearchCode": "cust_1",
        "AddressLine1": "Kade 1", "Remarks": "vip", "Status": "C"});
    assert_eq!(body(&fake, 0), expected);
    let after = AccountDraft { vat_number: None, name: "Molen NV".into(), ..draft.clone() };
    client.update_account(DIVISION, id, &after.changes_from(&draft)).await.unwrap();
    assert_eq!(body(&fake, 1), json!({"Name": "Molen NV", "VATNumber": null}));
    assert_eq!(fake.calls()[1].path, format!("/api/v1/7/crm/Accounts(guid'{id}')"));
    client.update_account(DIVISION, id, &AccountChanges::default()).await.unwrap();
    assert_eq!(fake.calls().len(), 2, "no change, no call");
    let odd = AccountDraft { fields: BTreeMap::from([("Code".to_owned(), "1".to_owned())]), ..draft };
    assert!(matches!(client.create_account(DIVISION, &odd).await, Err(CallError::Rejected { .. })));
    assert_eq!(fake.calls().len(), 2, "what the vendor would refuse is not sent");
}

#[tokio::test]
async fn an_account_of_unknown_outcome_is_found_by_its_search_code() {
    let row = r#"{"ID":"00000000-0000-0000-0000-000000000009","Code":"                 4","Name":"Molen BV","Status":"C",
        "Blocked":false,"SearchCode":"cust_1","VATNumber":"","Country":"NL ","EndDate":null}"#;
    let fake = Fake::start(move |seen| match seen.method.as_str() {
        _ if seen.is_token() => Reply::default_token(),
        "GET" => Reply::rows(row),
        _ => Reply::new(503, ""),
    })
    .await;
    let client = fake.client();
    let draft = AccountDraft { name: "Molen BV".into(), ..AccountDraft::default() };
    assert!(matches!(client.create_account(DIVISION, &draft).await, Err(CallError::OutcomeUnknown { .. })));
    let found = client.find_accounts_by_search_code(DIVISION, "cust_1").await.unwrap();
    assert_eq!((found[0].code.as_str(), found[0].country.as_deref(), found[0].is_customer), ("4", Some("NL"), true));
    assert_eq!(found[0].vat_number, None);
    assert!(fake.calls()[1].query.starts_with("$filter=SearchCode eq 'cust_1'&"));
}

#[tokio::test]
async fn an_item_is_made_found_and_changed_without_repeating_its_code() {
    let id = Uuid::from_u128(9);
    let fake = Fake::start(move |seen| match seen.method.as_str() {
        _ if seen.is_token() => Reply::default_token(),
        "PUT" => Reply::new(204, ""),
        "GET" => Reply::rows(&format!(r#"{{"ID":"{id}","Code":"groei","Description":"Groei","IsSalesItem":true}}"#)),
        _ if seen.body.contains("taken") => Reply::error(500, "Gegeven bestaat reeds."),
        _ => created(&format!(r#"{{"ID":"{id}"}}"#)),
    })
    .await;
    let client = fake.client();
    let draft = ItemDraft { code: "groei".into(), description: "Groei".into(), ..ItemDraft::default() };
    assert_eq!(client.create_item(DIVISION, &draft).await.unwrap(), id);
    let expected = json!({"Code": "groei", "Description": "Groei", "IsSalesItem": true, "IsStockItem": false});
    assert_eq!(body(&fake, 0), expected);
    let changes = ItemChanges { description: Some("Groei plus".into()), ..ItemChanges::default() };
    client.update_item(DIVISION, id, &changes).await.unwrap();
    assert_eq!(body(&fake, 1), json!({"Description": "Groei plus"}));
    assert_eq!(client.find_items_by_code(DIVISION, &["groei"]).await.unwrap()[0].id, id);
    let taken = client.create_item(DIVISION, &ItemDraft { code: "taken".into(), ..draft }).await.unwrap_err();
    assert_eq!(BusinessError::of(&taken), Some(BusinessError::DuplicateValue));
}

#[tokio::test]
async fn a_replacement_is_repeated_since_twice_is_as_good_as_once() {
    let mut left = 2;
    let fake = Fake::start(move |seen| match seen.is_token() {
        true => Reply::default_token(),
        false if left > 0 => {
            left -= 1;
            Reply::new(502, "")
        }
        false => Reply::new(204, ""),
    })
    .await;
    let changes = ItemChanges { description: Some("x".into()), ..ItemChanges::default() };
    fake.client().update_item(DIVISION, Uuid::nil(), &changes).await.unwrap();
    assert_eq!(fake.calls().len(), 3);
}
