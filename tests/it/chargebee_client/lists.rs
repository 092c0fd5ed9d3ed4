//! Lists: how they are asked for, walked, and what becomes of each row.

use jiff::Timestamp;
use koppel::connectors::chargebee::{ListCursor, ListQuery, OffsetGuard, overlap};
use koppel::connectors::http::CallError;
use koppel::domain::hold::HoldReason;

use super::peer::{KEY, Peer, empty, json};
use base64::Engine;

#[tokio::test]
async fn a_list_is_asked_for_with_the_key_as_user_and_in_the_order_of_changes() {
    let peer = Peer::answering(vec![empty()]).await;
    let since: Timestamp = "2026-02-01T00:00:00Z".parse().unwrap();
    let query = ListQuery { updated_after: Some(since), include_deleted: true, ..ListQuery::default() };
    let page = peer.client.invoices(&query).await.unwrap();
    assert!(page.rows.is_empty() && page.next.is_none() && page.ordered);
    let seen = peer.only_request();
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("GET", "/api/v2/invoices"));
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{KEY}:"));
    assert_eq!(seen.header("authorization"), Some(format!("Basic {basic}").as_str()));
    assert_eq!(seen.header("accept"), Some("application/json"));
    assert_eq!(seen.parameter("limit"), Some("100"));
    assert_eq!(seen.parameter("sort_by[asc]"), Some("updated_at"));
    assert_eq!(seen.parameter("updated_at[after]"), Some(since.as_second().to_string().as_str()));
    assert_eq!(seen.parameter("include_deleted"), Some("true"));
    assert_eq!(seen.parameter("offset"), None);
}

#[tokio::test]
async fn every_list_goes_to_its_own_path_and_asks_for_nothing_it_does_not_know() {
    let peer = Peer::answering((0..8).map(|_| empty()).collect()).await;
    let query = ListQuery { include_deleted: true, ..ListQuery::default() };
    peer.client.item_families(&query).await.unwrap();
    peer.client.items(&query).await.unwrap();
    peer.client.item_prices(&query).await.unwrap();
    peer.client.coupons(&query).await.unwrap();
    peer.client.customers(&query).await.unwrap();
    peer.client.subscriptions(&query).await.unwrap();
    peer.client.invoices(&query).await.unwrap();
    peer.client.transactions(&query).await.unwrap();
    let asked: Vec<_> = peer
        .seen()
        .iter()
        .map(|seen| {
            let path = seen.path.trim_start_matches("/api/v2/").to_owned();
            (path, seen.parameter("sort_by[asc]").is_some(), seen.parameter("include_deleted").is_some())
        })
        .collect();
    let expected = [
        ("item_families", false, false),
        ("items", true, false),
        ("item_prices", true, false),
        ("coupons", false, false),
        ("customers", true, true),
        ("subscriptions", true, true),
        ("invoices", true, true),
        ("transactions", true, true),
    ];
    assert_eq!(asked, expected.map(|(path, sorts, deleted)| (path.to_owned(), sorts, deleted)));
    assert_eq!(peer.client.counter().total(), 8);
}

#[tokio::test]
async fn a_walk_passes_the_offset_on_as_it_is_and_gives_double_rows_as_they_come() {
    let row = |id: &str, at: i64| format!(r#"{{"customer":{{"id":"{id}","updated_at":{at}}}}}"#);
    let first = format!(
        r#"{{"list":[{},{}],"next_offset":"[\"1517505776000\",\"218\"]"}}"#,
        row("a", 1_700_000_001),
        row("b", 1_700_000_002)
    );
    let second = format!(r#"{{"list":[{},{}]}}"#, row("b", 1_700_000_002), row("c", 1_700_000_009));
    let peer = Peer::answering(vec![json(200, &first), json(200, &second)]).await;
    let (mut cursor, mut guard) = (ListCursor::default(), OffsetGuard::default());
    let mut query = cursor.query(true);
    let mut ids = Vec::new();
    loop {
        let page = peer.client.customers(&query).await.unwrap();
        assert!(!page.ordered, "a first read may hold rows without updated_at");
        ids.extend(page.rows.iter().map(|row| row.id.clone()));
        cursor = cursor.after(&page);
        let Some(next) = guard.next(&page).unwrap() else { break };
        query = query.at(next);
    }
    assert_eq!(ids, ["a", "b", "b", "c"]);
    assert_eq!(peer.seen()[1].parameter("offset"), Some(r#"["1517505776000","218"]"#));
    let newest = Timestamp::from_second(1_700_000_009).unwrap();
    assert_eq!(cursor, ListCursor { mark: Some(newest), under_way: None });
    assert_eq!(cursor.query(true).updated_after, Some(newest.checked_sub(overlap()).unwrap()));
}

#[tokio::test]
async fn a_page_that_names_itself_as_the_next_one_is_no_loop() {
    let page = r#"{"list":[],"next_offset":"7"}"#;
    let peer = Peer::answering(vec![json(200, page), json(200, page)]).await;
    let first = peer.client.coupons(&ListQuery::default()).await.unwrap();
    let error = peer.client.coupons(&ListQuery::default().at(first.next.unwrap())).await.unwrap_err();
    assert!(matches!(error, CallError::Malformed { .. }), "{error}");
    assert!(error.to_string().starts_with("unable to list coupons of chargebee site acme-test: "), "{error}");
}

#[tokio::test]
async fn bad_invoices_are_held_each_with_its_reason_and_the_good_one_comes() {
    let invoice = |id: &str, more: &str| {
        format!(
            r#"{{"invoice":{{"id":"{id}","customer_id":"acme","currency_code":"EUR","sub_total":100,"total":100,"updated_at":1700000000{more}}}}}"#
        )
    };
    let lines = [
        invoice("INV-1", r#","line_items":[{"id":"l","amount":100}]"#),
        invoice("INV-2", r#","line_items":[{"id":"l","amount":99999999999999999999}]"#),
        invoice("INV-3", "").replace("EUR", "ZZZ"),
        invoice("INV-4", "").replace(r#""customer_id":"acme","#, ""),
        invoice("INV-5", r#","line_items":[{"id":"l","amount":1000000000000000}]"#),
        r#"{"transaction":{"id":"t"}}"#.to_owned(),
    ];
    let peer = Peer::answering(vec![json(200, &format!(r#"{{"list":[{}]}}"#, lines.join(",")))]).await;
    let page = peer.client.invoices(&ListQuery::default()).await.unwrap();
    let reasons: Vec<_> = page.rows.iter().map(|row| row.value.as_ref().err().map(|hold| hold.reason)).collect();
    let expected = [
        None,
        Some(HoldReason::AmountMismatch),
        Some(HoldReason::CurrencyNotAllowed),
        Some(HoldReason::CustomerAmbiguous),
        None,
        Some(HoldReason::AmountMismatch),
    ];
    assert_eq!(reasons, expected);
    assert!(page.rows.iter().all(|row| !row.id.is_empty()));
}
