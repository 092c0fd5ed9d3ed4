//! Contacts, billing info, addresses, payment sources, credits and charges around a customer: sections 5 and 9.

use rstest::rstest;
use serde_json::{Value, json};

use super::{Stage, id};

async fn customer(stage: &Stage) -> String {
    stage.post("/customers", &[("id", "boom"), ("company", "Boom")]).await.body["customer"]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_contact_is_part_of_its_customer_and_changing_it_changes_the_customer() {
    let stage = Stage::open().await;
    let path = format!("/customers/{}", customer(&stage).await);
    let form = [("contact[id]", "c1"), ("contact[email]", "jo@boom.nl"), ("contact[first_name]", "Jo")];
    let made = stage.post(&format!("{path}/add_contact"), &form).await;
    let contact = &made.body["customer"]["contacts"][0];
    assert_eq!(
        (&contact["id"], &contact["enabled"], &contact["send_billing_email"]),
        (&json!("c1"), &json!(false), &json!(false))
    );
    assert_eq!(stage.post(&format!("{path}/add_contact"), &form).await.code(), "duplicate_entry");
    let version = made.body["customer"]["resource_version"].as_i64().unwrap();
    let change = [("contact[id]", "c1"), ("contact[first_name]", ""), ("contact[last_name]", "Vos")];
    let changed = stage.post(&format!("{path}/update_contact"), &change).await;
    let contact = &changed.body["customer"]["contacts"][0];
    assert_eq!(
        (contact.get("first_name"), &contact["last_name"], &contact["email"]),
        (None, &json!("Vos"), &json!("jo@boom.nl"))
    );
    assert!(changed.body["customer"]["resource_version"].as_i64().unwrap() > version);
    assert_eq!(stage.get(&format!("{path}/contacts")).await.ids("contact"), ["c1"]);
    assert_eq!(stage.post(&format!("{path}/delete_contact"), &[("contact[id]", "c1")]).await.status, 200);
    assert_eq!(stage.post(&format!("{path}/delete_contact"), &[("contact[id]", "c1")]).await.status, 404);
    assert!(stage.get(&format!("{path}/contacts")).await.ids("contact").is_empty());
}

#[rstest]
#[case("add_contact", &[("contact[first_name]", "Jo")], "contact[email]")]
#[case("add_contact", &[("contact[email]", "jo")], "contact[email]")]
#[case("add_contact", &[("contact[email]", "jo@localhost")], "contact[email]")]
#[case("add_contact", &[("contact[email]", "jo@boom.nl"), ("contact[colour]", "red")], "contact[colour]")]
#[case("add_contact", &[("email", "jo@boom.nl")], "email")]
#[case("update_contact", &[("contact[email]", "jo@boom.nl")], "contact[id]")]
#[case("update_billing_info", &[("billing_address[email]", "jo")], "billing_address[email]")]
#[case("update_billing_info", &[("vat_number", "123456789012345678901")], "vat_number")]
#[case("update_billing_info", &[("company", "Boom")], "company")]
#[tokio::test]
async fn what_a_customer_does_not_take_is_named(
    #[case] action: &str,
    #[case] form: &[(&str, &str)],
    #[case] param: &str,
) {
    let stage = Stage::open().await;
    let answer = stage.post(&format!("/customers/{}/{action}", customer(&stage).await), form).await;
    assert_eq!((answer.status, answer.body["param"].as_str()), (400, Some(param)), "{}", answer.body);
}

#[tokio::test]
async fn billing_info_replaces_the_address_as_a_whole() {
    let stage = Stage::open().await;
    let path = format!("/customers/{}/update_billing_info", customer(&stage).await);
    stage
        .post(
            &path,
            &[
                ("billing_address[line1]", "Straat 1"),
                ("billing_address[city]", "Gent"),
                ("vat_number", "853639814B01"),
            ],
        )
        .await;
    let changed = stage.post(&path, &[("billing_address[city]", "Brugge"), ("billing_address[country]", "BE")]).await;
    let address = &changed.body["customer"]["billing_address"];
    assert_eq!((address.get("line1"), &address["city"]), (None, &json!("Brugge")));
    assert_eq!(changed.body["customer"]["vat_number"], "853639814B01", "what is not sent stays");
    assert_eq!(stage.post(&path, &[("vat_number", "")]).await.body["customer"].get("vat_number"), None);
}

async fn subscription(stage: &Stage) -> Value {
    let list = stage.get("/subscriptions?limit=1&sort_by[asc]=created_at").await;
    list.rows("subscription")[0].clone()
}

#[tokio::test]
async fn a_shipping_address_is_the_subscriptions_and_is_replaced_as_a_whole() {
    let stage = Stage::open().await;
    let row = subscription(&stage).await;
    let of = id(&row);
    let form = [
        ("subscription_id", of.as_str()),
        ("label", "shipping_address"),
        ("addr", "Haven 9"),
        ("extended_addr", "Loods 2"),
        ("country", "NL"),
    ];
    let answer = stage.post("/addresses", &form).await;
    assert_eq!(
        (&answer.body["address"]["addr"], &answer.body["address"]["label"]),
        (&json!("Haven 9"), &json!("shipping_address"))
    );
    let kept = stage.get(&format!("/subscriptions/{of}")).await.body["subscription"].clone();
    assert_eq!(
        (&kept["shipping_address"]["line1"], &kept["shipping_address"]["line2"]),
        (&json!("Haven 9"), &json!("Loods 2"))
    );
    assert!(kept["resource_version"].as_i64() > row["resource_version"].as_i64());
    stage
        .post("/addresses", &[("subscription_id", of.as_str()), ("label", "shipping_address"), ("city", "Gent")])
        .await;
    let read = stage.get(&format!("/addresses?subscription_id={of}&label=shipping_address")).await;
    assert_eq!((read.body["address"].get("addr"), &read.body["address"]["city"]), (None, &json!("Gent")));
    let wrong = [("subscription_id", of.as_str()), ("label", "shipping_address"), ("country", "Holland")];
    assert_eq!(stage.post("/addresses", &wrong).await.status, 400);
    assert_eq!(
        stage.post("/addresses", &[("subscription_id", "none"), ("label", "shipping_address")]).await.status,
        404
    );
}

#[tokio::test]
async fn payment_sources_are_read_by_change_and_by_subscription_and_go() {
    let stage = Stage::open().await;
    let standing = stage.all_ids("/payment_sources?limit=100&sort_by[asc]=updated_at", "payment_source").await;
    let all = stage.all_ids("/payment_sources?limit=100&include_deleted=true", "payment_source").await;
    assert!(standing.len() > 5 && all.len() > standing.len(), "{} of {}", standing.len(), all.len());
    let rows = stage.get("/subscriptions?limit=100").await.rows("subscription");
    let paid = rows.iter().find(|row| row["payment_source_id"].is_string()).expect("one is paid so");
    let source = paid["payment_source_id"].as_str().unwrap();
    assert_eq!(
        stage.get(&format!("/payment_sources?subscription_id={}", id(paid))).await.ids("payment_source"),
        [source]
    );
    stage.sandbox.clock.advance(jiff::SignedDuration::from_secs(60));
    let gone = stage.post(&format!("/payment_sources/{source}/delete"), &[]).await;
    assert_eq!(gone.body["payment_source"]["deleted"], true);
    assert_eq!(gone.body["customer"].get("primary_payment_source_id"), None);
    let since = stage.get("/payment_sources?updated_at[after]=1799137801&include_deleted=true").await;
    assert_eq!(since.ids("payment_source"), [source]);
    assert_eq!(stage.post("/payment_sources", &[]).await.status, 405);
}

#[tokio::test]
async fn charges_wait_on_a_subscription_and_are_told_until_they_are_gone() {
    let stage = Stage::open().await;
    let row = subscription(&stage).await;
    let customer = row["customer_id"].as_str().unwrap();
    let balance = async || {
        stage.get(&format!("/customers/{customer}")).await.body["customer"]["unbilled_charges"].as_i64().unwrap()
    };
    let before = balance().await;
    let of = id(&row);
    let form = [
        ("subscription_id", of.as_str()),
        ("item_prices[item_price_id][0]", "storage-eur-monthly"),
        ("item_prices[quantity][0]", "150"),
        ("charges[amount][0]", "999"),
        ("charges[description][0]", "A visit"),
    ];
    let made = stage.post("/unbilled_charges", &form).await;
    let rows = made.body["unbilled_charges"].as_array().unwrap_or_else(|| panic!("{}", made.body));
    // A hundred at 0.40 and fifty at 0.30.
    assert_eq!((&rows[0]["amount"], &rows[1]["amount"]), (&json!(5500), &json!(999)));
    assert_eq!(balance().await, before + 6499);
    let told = stage.get(&format!("/unbilled_charges?limit=100&subscription_id[is]={of}")).await.ids("unbilled_charge");
    assert!(rows.iter().all(|row| told.contains(&id(row))));
    stage.post(&format!("/unbilled_charges/{}/delete", id(&rows[0])), &[]).await;
    assert_eq!(balance().await, before + 999);
    let told = stage.get(&format!("/unbilled_charges?limit=100&subscription_id[is]={of}")).await.ids("unbilled_charge");
    assert!(!told.contains(&id(&rows[0])) && told.contains(&id(&rows[1])));
    assert_eq!(stage.get("/unbilled_charges?updated_at[after]=1700000000").await.status, 400);
    assert_eq!(stage.post("/unbilled_charges", &[("subscription_id", of.as_str())]).await.status, 400);
}

#[tokio::test]
async fn promotional_credits_of_the_generated_world_leave_no_balance() {
    let stage = Stage::open().await;
    let list = stage.get("/promotional_credits?limit=100").await.rows("promotional_credit");
    assert!(!list.is_empty());
    for customer in stage.sandbox.chargebee.customers() {
        let own = list.iter().filter(|row| row["customer_id"] == customer["id"]);
        let sign = |row: &Value| if row["type"] == "increment" { 1 } else { -1 };
        let sum: i64 = own.map(|row| sign(row) * row["amount"].as_i64().unwrap()).sum();
        assert_eq!(Some(sum), customer["promotional_credits"].as_i64());
    }
}
