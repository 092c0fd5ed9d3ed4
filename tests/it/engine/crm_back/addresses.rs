//! Where subscriptions are sent to (C28).

use serde_json::{Value, json};
use uuid::Uuid;

use super::site::{Site, notices};

const ADDRESSES: &str = "addressesToChargebee: {enabled: true}";

/// A running subscription of somebody, with an account that its customer is tied to.
async fn shipped(site: &Site) -> (String, Uuid) {
    let subscriptions = site.list("subscriptions", "subscription").await;
    let is_running = |one: &&Value| one["status"] == "active" && one["deleted"] != true;
    let subscription = subscriptions.iter().find(is_running).unwrap();
    let values = json!({"accountnumber": subscription["customer_id"], "address2_line1": "Loods 3",
        "address2_postalcode": "3011 BB", "address2_city": "Rotterdam", "address2_country": "Netherlands"});
    (subscription["id"].as_str().unwrap().to_owned(), site.account("Acme B.V.", &values))
}

async fn address(site: &Site, subscription: &str) -> Value {
    let subscriptions = site.list("subscriptions", "subscription").await;
    let found = subscriptions.into_iter().find(|one| one["id"] == subscription).unwrap();
    found["shipping_address"].clone()
}

#[tokio::test]
async fn an_account_says_where_its_subscriptions_are_sent_c28() {
    let site = Site::start(ADDRESSES).await;
    let (subscription, account) = shipped(&site).await;
    let before = site.versions();
    site.settle().await;
    let first = address(&site, &subscription).await;
    assert_eq!((&first["line1"], &first["country"]), (&json!("Loods 3"), &json!("NL")), "{first}");
    assert_eq!(site.versions(), before);
    site.change("account", account, &json!({"address2_line1": "Loods 4"}));
    site.settle().await;
    assert_eq!(address(&site, &subscription).await["line1"], "Loods 4");
    let customer = site.world.organization.rows("account").into_iter().find(|row| row["accountid"] == json!(account));
    let customer = customer.unwrap()["accountnumber"].as_str().unwrap().to_owned();
    site.change("account", account, &json!({"address1_line1": "Dok 9", "address1_country": "NL"}));
    site.settle().await;
    assert_eq!(site.customer(&customer).unwrap()["billing_address"]["line1"], "Dok 9");
}

#[tokio::test]
async fn a_country_that_cannot_be_told_holds_the_address() {
    let site = Site::start(ADDRESSES).await;
    let (subscription, account) = shipped(&site).await;
    let before = address(&site, &subscription).await;
    site.change("account", account, &json!({"address2_country": "Atlantis"}));
    site.settle().await;
    assert_eq!(site.held().await, [("crmAddress".to_owned(), "RejectedByTarget".to_owned())]);
    assert_eq!(address(&site, &subscription).await, before);
    site.change("account", account, &json!({"address2_country": "Belgium"}));
    site.settle().await;
    assert_eq!(site.held().await, []);
    assert_eq!(address(&site, &subscription).await["country"], "BE");
}

#[tokio::test]
async fn billing_keeps_its_address_where_it_owns_it() {
    let flows = "accountsToChargebee: {enabled: true, ownedByChargebee: [ShippingAddress]}, addressesToChargebee: {enabled: true}";
    let site = Site::start(flows).await;
    let (subscription, account) = shipped(&site).await;
    let before = address(&site, &subscription).await;
    site.settle().await;
    site.change("account", account, &json!({"address2_line1": "Loods 4"}));
    let report = site.run().await;
    assert!(!notices(&report, "FieldConflict").is_empty(), "{report:#?}");
    assert_eq!(address(&site, &subscription).await, before);
    site.assert_at_rest().await;
}
