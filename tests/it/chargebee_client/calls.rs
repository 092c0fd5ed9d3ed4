//! Single resources, the site itself, and addresses of every kind.

use std::sync::Arc;

use koppel::connectors::chargebee::ChargebeeClient;
use koppel::connectors::http::CallError;
use rstest::rstest;
use url::Url;

use super::peer::{KEY, Peer, StillClock, empty, error, json, options};

#[tokio::test]
async fn the_site_is_read_and_its_catalogue_checked() {
    let configurations = r#"{"configurations":[{"domain":"acme-test","product_catalog_version":"v2"}]}"#;
    let old = configurations.replace("v2", "v1");
    let peer =
        Peer::answering(vec![json(200, configurations), json(200, &old), json(200, &old.replace("acme", "globex"))])
            .await;
    assert_eq!(peer.client.site().await.unwrap().domain, "acme-test");
    assert_eq!(peer.seen()[0].path, "/api/v2/configurations");
    let refused = peer.client.site().await.unwrap_err();
    assert!(
        matches!(&refused, CallError::Rejected { .. }) && refused.to_string().contains("product catalog 2.0"),
        "{refused}"
    );
    let other = peer.client.site().await.unwrap_err();
    assert!(other.to_string().contains("globex-test") && other.to_string().contains("acme-test"), "{other}");
}

#[tokio::test]
async fn single_resources_are_found_by_id() {
    let peer = Peer::answering(vec![
        json(200, r#"{"item_price":{"id":"gold EUR/100%?","item_id":"gold","item_type":"plan"}}"#),
        json(200, r#"{"item":{"id":"gold","name":"Gold","type":"plan"}}"#),
        json(200, r#"{"customer":{"id":"acme","company":"Acme"},"card":{"id":"x"}}"#),
        json(200, r#"{"invoice":{"id":"INV-1","customer_id":"acme","currency_code":"EUR","sub_total":0,"total":0,"resource_version":5}}"#),
    ])
    .await;
    assert_eq!(peer.client.item_price("gold EUR 100%?").await.unwrap().item, "gold");
    assert_eq!(peer.client.item("gold").await.unwrap().name, "Gold");
    assert_eq!(peer.client.customer("acme").await.unwrap().name(), "Acme");
    let row = peer.client.invoice("INV-1").await.unwrap();
    assert_eq!((row.id.as_str(), row.resource_version, row.value.is_ok()), ("INV-1", Some(5), true));
    let paths: Vec<_> = peer.seen().iter().map(|seen| seen.path.clone()).collect();
    let expected = [
        "/api/v2/item_prices/gold%20EUR%20100%25%3F",
        "/api/v2/items/gold",
        "/api/v2/customers/acme",
        "/api/v2/invoices/INV-1",
    ];
    assert_eq!(paths, expected);
}

#[tokio::test]
async fn an_id_that_would_change_the_path_is_looked_up_in_the_list() {
    let row = r#"{"list":[{"customer":{"id":"a/b","company":"Slash"}}]}"#;
    let peer = Peer::answering(vec![json(200, row), empty(), empty()]).await;
    assert_eq!(peer.client.customer("a/b").await.unwrap().name(), "Slash");
    let seen = peer.only_request();
    assert_eq!((seen.path.as_str(), seen.parameter("id[is]")), ("/api/v2/customers", Some("a/b")));
    for id in ["..", "../invoices/1"] {
        let missing = peer.client.customer(id).await.unwrap_err();
        assert!(matches!(missing, CallError::NotFound { .. }), "{missing}");
    }
    assert!(matches!(peer.client.customer("").await, Err(CallError::NotFound { .. })));
    assert_eq!(peer.seen().len(), 3, "no call for an empty id");
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_what_cannot_be_read_is_malformed() {
    let peer = Peer::answering(vec![
        error(404, "resource_not_found", "INV-9 not found"),
        json(200, r#"{"item_price":{"id":"p"}}"#),
        json(200, r#"{"something":{"id":"p"}}"#),
    ])
    .await;
    let missing = peer.client.invoice("INV-9").await.unwrap_err();
    assert!(matches!(missing, CallError::NotFound { .. }), "{missing}");
    assert!(missing.to_string().starts_with("unable to read invoice INV-9 of chargebee site acme-test: "), "{missing}");
    let unreadable = peer.client.item_price("p").await.unwrap_err();
    assert!(unreadable.to_string().contains("item price p names no item"), "{unreadable}");
    assert!(matches!(peer.client.item_price("p").await, Err(CallError::Malformed { .. })));
}

#[rstest]
#[case("", "/api/v2/items")]
#[case("api/v2", "/api/v2/items")]
#[case("api/v2/", "/api/v2/items")]
#[case("chargebee", "/chargebee/api/v2/items")]
#[case("chargebee/?x=1#y", "/chargebee/api/v2/items")]
#[tokio::test]
async fn the_root_may_be_given_with_or_without_the_api_path(#[case] path: &str, #[case] expected: &str) {
    let peer = Peer::answering(vec![empty()]).await;
    let root = peer.url.join(path).unwrap();
    let client = ChargebeeClient::new(options(Some(root), KEY, peer.clock.clone())).unwrap();
    client.items(&Default::default()).await.unwrap();
    assert_eq!(peer.only_request().path, expected);
}

#[rstest]
#[case(Some("https://user:hunter2@cb.example/"), "acme", KEY, "url must not hold credentials")]
#[case(Some("ftp://cb.example/"), "acme", KEY, "url must begin with https://")]
#[case(None, "acme.chargebee.com", KEY, "only the first part of its address")]
#[case(None, "", KEY, "only the first part of its address")]
#[case(None, "acme/../evil", KEY, "only the first part of its address")]
#[case(None, "acme", " \n", "the API key of chargebee site acme is empty")]
fn what_cannot_work_is_refused_before_anything_is_sent(
    #[case] url: Option<&str>,
    #[case] site: &str,
    #[case] key: &str,
    #[case] message: &str,
) {
    let mut options = options(url.map(|url| Url::parse(url).unwrap()), key, Arc::new(StillClock::default()));
    options.site = site.to_owned();
    let error = ChargebeeClient::new(options).unwrap_err().to_string();
    assert!(error.contains(message) && !error.contains("hunter2"), "{error}");
}
