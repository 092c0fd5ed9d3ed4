//! Quotes: section 11 of the reference sheet.

use jiff::SignedDuration;
use rstest::rstest;
use serde_json::{Value, json};

use super::{Answered, Stage, id};

const ONE_OFF: &str = "/quotes/create_for_charge_items_and_charges";

/// A Dutch company without a VAT number: 21 %.
async fn customer(stage: &Stage) -> String {
    let form =
        [("id", "boom"), ("company", "Boom"), ("preferred_currency_code", "EUR"), ("billing_address[country]", "NL")];
    stage.post("/customers", &form).await.body["customer"]["id"].as_str().unwrap().to_owned()
}

async fn one_off(stage: &Stage) -> Value {
    let form = [
        ("customer_id", "boom"),
        ("name", "QUO-1 Start"),
        ("item_prices[item_price_id][0]", "training-eur"),
        ("item_prices[quantity][0]", "2"),
        ("item_prices[unit_price][0]", "80000"),
        ("charges[amount][0]", "2500"),
        ("charges[description][0]", "Travel"),
        ("discounts[apply_on][0]", "invoice_amount"),
        ("discounts[percentage][0]", "10"),
        ("expires_at", "1799500000"),
    ];
    let made = stage.post(ONE_OFF, &form).await;
    assert_eq!(made.status, 200, "{}", made.body);
    made.body["quote"].clone()
}

async fn plan(stage: &Stage, more: &[(&str, &str)]) -> Answered {
    let mut form =
        vec![("subscription_items[item_price_id][0]", "team-eur-monthly"), ("subscription_items[quantity][0]", "5")];
    form.extend_from_slice(more);
    stage.post("/customers/boom/create_subscription_quote_for_items", &form).await
}

#[tokio::test]
async fn a_quote_of_charges_adds_up_with_its_discount_and_tax() {
    let stage = Stage::open().await;
    customer(&stage).await;
    let quote = one_off(&stage).await;
    assert_eq!(
        (&quote["status"], &quote["operation_type"], &quote["version"]),
        (&json!("open"), &json!("onetime_invoice"), &json!(1))
    );
    // 1,600.00 and 25.00, less a tenth, and 21 % on each: 302.40 and 4.73.
    assert_eq!(
        (&quote["sub_total"], &quote["total"], &quote["total_payable"]),
        (&json!(146_250), &json!(176_963), &json!(176_963))
    );
    let off: i64 = quote["line_item_discounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["discount_amount"].as_i64().unwrap())
        .sum();
    assert_eq!(off, 16_250);
    assert_eq!(quote["valid_till"], 1_799_500_000);
    let list = stage.get("/quotes?customer_id[is]=boom").await;
    assert_eq!(list.ids("quote"), [id(&quote)]);
    assert_eq!(list.body["list"][0]["quoted_charge"]["invoice_items"][0]["item_price_id"], "training-eur");
}

#[tokio::test]
async fn a_quote_of_a_plan_carries_the_subscription_that_it_would_make() {
    let stage = Stage::open().await;
    customer(&stage).await;
    let more = [
        ("subscription_items[item_price_id][1]", "storage-eur-monthly"),
        ("subscription_items[quantity][1]", "150"),
        ("shipping_address[city]", "Gent"),
        ("coupon_ids[0]", "WELCOME10"),
    ];
    let made = plan(&stage, &more).await;
    let (quote, side) = (&made.body["quote"], &made.body["quoted_subscription"]);
    assert_eq!(quote["operation_type"], "create_subscription_for_customer");
    assert_eq!(
        (&side["billing_period_unit"], side["subscription_items"].as_array().unwrap().len()),
        (&json!("month"), 2)
    );
    assert_eq!(quote["subscription_id"], side["id"]);
    // Five at 49.50, and 55.00 by the tiers; a tenth off.
    assert_eq!(quote["sub_total"], (24_750 + 5500) * 9 / 10);
    assert_eq!(quote["line_item_tiers"].as_array().unwrap().len(), 2);
    assert_eq!(quote["shipping_address"]["city"], "Gent");
}

#[rstest]
#[case::two_plans(&[("subscription_items[item_price_id][1]", "starter-eur-monthly")], "subscription_items[item_price_id][1]")]
#[case::other_currency(&[("subscription_items[item_price_id][1]", "extra-seats-usd-monthly")], "subscription_items[item_price_id][1]")]
#[case::longer_period(&[("subscription_items[item_price_id][1]", "extra-seats-eur-yearly")], "subscription_items[item_price_id][1]")]
#[case::price_of_tiers(&[("subscription_items[item_price_id][1]", "storage-eur-monthly"), ("subscription_items[unit_price][1]", "5")], "subscription_items[unit_price][1]")]
#[case::no_quantity(&[("subscription_items[item_price_id][1]", "onboarding-eur"), ("subscription_items[quantity][1]", "0")], "subscription_items[quantity][1]")]
#[case::part_of_one(&[("subscription_items[item_price_id][1]", "onboarding-eur"), ("subscription_items[quantity][1]", "1.5")], "subscription_items[quantity][1]")]
#[case::over_already(&[("expires_at", "1700000000")], "expires_at")]
#[case::charges(&[("charges[amount][0]", "5")], "charges[amount][0]")]
#[case::discount_of_unknown_length(&[("discounts[apply_on][0]", "invoice_amount"), ("discounts[amount][0]", "5")], "discounts[duration_type][0]")]
#[case::discount_of_more(&[("discounts[apply_on][0]", "invoice_amount"), ("discounts[duration_type][0]", "forever"), ("discounts[amount][0]", "99999")], "discounts[amount][0]")]
#[case::discount_elsewhere(&[("discounts[apply_on][0]", "specific_item_price"), ("discounts[duration_type][0]", "forever"), ("discounts[amount][0]", "5"), ("discounts[item_price_id][0]", "x")], "discounts[item_price_id][0]")]
#[tokio::test]
async fn what_cannot_be_quoted_is_refused_by_name(#[case] more: &[(&str, &str)], #[case] param: &str) {
    let stage = Stage::open().await;
    customer(&stage).await;
    let answer = plan(&stage, more).await;
    assert_eq!((answer.status, answer.body["param"].as_str()), (400, Some(param)), "{}", answer.body);
    assert!(stage.get("/quotes").await.ids("quote").is_empty());
}

#[rstest]
#[case::a_plan(&[("customer_id", "boom"), ("item_prices[item_price_id][0]", "team-eur-monthly")], 400)]
#[case::nothing(&[("customer_id", "boom")], 400)]
#[case::nobody(&[("item_prices[item_price_id][0]", "training-eur")], 400)]
#[case::a_stranger(&[("customer_id", "none"), ("item_prices[item_price_id][0]", "training-eur")], 404)]
#[case::no_such_price(&[("customer_id", "boom"), ("item_prices[item_price_id][0]", "none")], 404)]
#[case::long_name(&[("customer_id", "boom"), ("charges[amount][0]", "1"), ("charges[description][0]", "x"), ("name", "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789x")], 400)]
#[tokio::test]
async fn what_is_no_quote_of_charges(#[case] form: &[(&str, &str)], #[case] status: u16) {
    let stage = Stage::open().await;
    customer(&stage).await;
    assert_eq!(stage.post(ONE_OFF, form).await.status, status);
}

#[tokio::test]
async fn an_edit_takes_the_place_of_what_was_quoted_and_never_of_the_name() {
    let stage = Stage::open().await;
    customer(&stage).await;
    let quote = one_off(&stage).await;
    let path = format!("/quotes/{}/edit_for_charge_items_and_charges", id(&quote));
    let edited = stage.post(&path, &[("item_prices[item_price_id][0]", "onboarding-eur")]).await;
    let row = &edited.body["quote"];
    assert_eq!((&row["sub_total"], &row["version"], &row["name"]), (&json!(49_500), &json!(2), &json!("QUO-1 Start")));
    assert!(row["discounts"].as_array().unwrap().is_empty());
    assert_eq!(row["valid_till"], 1_799_500_000, "what is not sent stays");
    let named = stage.post(&path, &[("item_prices[item_price_id][0]", "onboarding-eur"), ("name", "x")]).await;
    assert_eq!(named.body["param"], "name");
    let other = stage.post(&format!("/quotes/{}/edit_create_subscription_quote_for_items", id(&quote)), &[]).await;
    assert_eq!(other.status, 409);
}

#[rstest]
#[case(&["accepted"], None)]
#[case(&["declined"], None)]
#[case(&["closed"], None)]
#[case(&["accepted", "declined"], None)]
#[case(&["accepted", "accepted"], Some(409))]
#[case(&["declined", "accepted"], Some(409))]
#[case(&["closed", "accepted"], Some(409))]
#[case(&["voided"], Some(400))]
#[case(&["open"], Some(400))]
#[tokio::test]
async fn a_quote_is_answered_once(#[case] statuses: &[&str], #[case] refused: Option<u16>) {
    let stage = Stage::open().await;
    customer(&stage).await;
    let quote = one_off(&stage).await;
    let mut last = None;
    for status in statuses {
        last = Some(stage.post(&format!("/quotes/{}/update_status", id(&quote)), &[("status", status)]).await);
    }
    let last = last.unwrap();
    match refused {
        Some(status) => assert_eq!(last.status, status),
        None => assert_eq!(last.body["quote"]["status"], *statuses.last().unwrap()),
    }
    let edit = stage
        .post(
            &format!("/quotes/{}/edit_for_charge_items_and_charges", id(&quote)),
            &[("item_prices[item_price_id][0]", "onboarding-eur")],
        )
        .await;
    assert_eq!(edit.status == 409, refused != Some(400), "only an open quote is edited");
}

#[tokio::test]
async fn an_open_quote_closes_when_its_time_is_over_unless_it_is_given_more() {
    let stage = Stage::open().await;
    customer(&stage).await;
    let (first, second) = (one_off(&stage).await, one_off(&stage).await);
    let extend = format!("/quotes/{}/extend_expiry_date", id(&second));
    assert_eq!(stage.post(&extend, &[("valid_till", "1700000000")]).await.status, 400);
    assert_eq!(stage.post(&extend, &[("valid_till", "1801000000")]).await.body["quote"]["valid_till"], 1_801_000_000);
    stage.sandbox.clock.advance(SignedDuration::from_hours(24 * 10));
    let row = stage.get(&format!("/quotes/{}", id(&first))).await.body["quote"].clone();
    assert_eq!(row["status"], "closed");
    assert!(row["resource_version"].as_i64() > first["resource_version"].as_i64());
    assert_eq!(stage.get("/quotes?status[is]=open").await.ids("quote"), [id(&second)]);
    assert_eq!(
        stage.post(&format!("/quotes/{}/extend_expiry_date", id(&first)), &[("valid_till", "1801000000")]).await.status,
        409
    );
}

#[tokio::test]
async fn a_converted_quote_is_an_invoice_or_a_subscription_and_stays() {
    let stage = Stage::open().await;
    customer(&stage).await;
    let quote = one_off(&stage).await;
    let converted = stage.post(&format!("/quotes/{}/convert", id(&quote)), &[]).await;
    assert_eq!(
        (&converted.body["quote"]["status"], &converted.body["invoice"]["total"]),
        (&json!("invoiced"), &quote["total"])
    );
    let invoice = stage.get(&format!("/invoices/{}", converted.body["quote"]["invoice_id"].as_str().unwrap())).await;
    assert_eq!(invoice.body["invoice"]["amount_due"], quote["total"]);
    assert_eq!(stage.post(&format!("/quotes/{}/delete", id(&quote)), &[]).await.status, 409);
    let planned = plan(&stage, &[]).await.body["quote"].clone();
    let converted = stage.post(&format!("/quotes/{}/convert", id(&planned)), &[]).await;
    assert_eq!(converted.body["subscription"]["id"], planned["subscription_id"]);
    let begun = stage.get(&format!("/subscriptions/{}", planned["subscription_id"].as_str().unwrap())).await;
    assert_eq!(begun.body["subscription"]["subscription_items"][0]["item_price_id"], "team-eur-monthly");
}

#[tokio::test]
async fn a_deleted_quote_is_told_only_to_who_asks_and_a_key_makes_one_quote() {
    let stage = Stage::open().await;
    customer(&stage).await;
    let send = || stage.request(reqwest::Method::POST, ONE_OFF).header("chargebee-idempotency-key", "q1");
    let form = [("customer_id", "boom"), ("charges[amount][0]", "5"), ("charges[description][0]", "x")];
    let first = Answered::read(send().form(&form).send().await.unwrap()).await;
    let second = Answered::read(send().form(&form).send().await.unwrap()).await;
    assert!(second.replayed && first.body == second.body);
    let quote = id(&first.body["quote"]);
    assert_eq!(
        stage.post(&format!("/quotes/{quote}/delete"), &[("comment", "twice")]).await.body["quote"]["deleted"],
        true
    );
    assert_eq!(stage.get(&format!("/quotes/{quote}")).await.status, 404);
    assert!(stage.get("/quotes").await.ids("quote").is_empty());
    assert_eq!(stage.get("/quotes?include_deleted=true&sort_by[desc]=date").await.ids("quote"), [quote]);
    assert_eq!(stage.get("/quotes?sort_by[asc]=updated_at").await.status, 400);
}
