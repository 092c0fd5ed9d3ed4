//! Limits, offsets, sort keys, filters, deleted rows: section 2 and 3 of the reference sheet.

use std::collections::HashSet;

use rstest::rstest;
use serde_json::json;

use super::{Stage, id};

#[tokio::test]
async fn a_page_holds_ten_rows_unless_asked_and_the_last_has_no_next_offset() {
    let stage = Stage::open().await;
    assert_eq!(stage.get("/invoices").await.rows("invoice").len(), 10);
    let ids = stage.all_ids("/invoices?limit=100", "invoice").await;
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
    assert_eq!(ids, stage.all_ids("/invoices?limit=7", "invoice").await);
}

#[rstest]
#[case("limit=0", "limit")]
#[case("limit=101", "limit")]
#[case("limit=ten", "limit")]
#[case("offset=7", "offset")]
#[case("offset=%5B%22x%22%2C%221%22%5D", "offset")]
#[case("sort_by%5Basc%5D=total", "sort_by[asc]")]
#[case("sort_by=date", "sort_by")]
#[case("colour%5Bis%5D=red", "colour[is]")]
#[case("status%5Bis%5D=lost", "status[is]")]
#[case("status%5Blike%5D=paid", "status[like]")]
#[case("updated_at%5Bafter%5D=17000000000", "updated_at[after]")]
#[case("updated_at%5Bafter%5D=0", "updated_at[after]")]
#[case("id%5Bin%5D=INV-1", "id[in]")]
#[case("date%5Bbetween%5D=%5B1700000000%5D", "date[between]")]
#[case("include_deleted=maybe", "include_deleted")]
#[tokio::test]
async fn what_a_list_does_not_take_is_refused_by_name(#[case] query: &str, #[case] param: &str) {
    let answer = Stage::open().await.get(&format!("/invoices?{query}")).await;
    assert_eq!((answer.status, answer.code()), (400, "param_wrong_value"));
    assert_eq!(answer.body["param"], param);
    assert_eq!(answer.body["type"], "invalid_request");
}

/// Each list's own sort keys, by the vendor's table.
#[rstest]
#[case("customers", &["created_at", "updated_at"])]
#[case("subscriptions", &["created_at", "updated_at"])]
#[case("invoices", &["date", "updated_at"])]
#[case("credit_notes", &["date"])]
#[case("transactions", &["date", "updated_at"])]
#[case("item_families", &[])]
#[case("items", &["name", "id", "updated_at"])]
#[case("item_prices", &["name", "id", "updated_at"])]
#[case("coupons", &["created_at"])]
#[case("payment_sources", &["created_at", "updated_at"])]
#[case("quotes", &["date"])]
#[case("unbilled_charges", &[])]
#[case("promotional_credits", &[])]
#[case("features", &[])]
#[case("entitlements", &[])]
#[case("events", &["occurred_at"])]
#[tokio::test]
async fn each_list_sorts_by_its_own_keys_only(#[case] list: &str, #[case] keys: &[&str]) {
    let stage = Stage::open().await;
    for key in ["created_at", "updated_at", "date", "name", "id", "occurred_at", "total"] {
        for direction in ["asc", "desc"] {
            let answer = stage.get(&format!("/{list}?sort_by[{direction}]={key}")).await;
            assert_eq!(answer.status, if keys.contains(&key) { 200 } else { 400 }, "{list} by {key}");
        }
    }
}

#[rstest]
#[case("customers", true)]
#[case("subscriptions", true)]
#[case("invoices", true)]
#[case("credit_notes", true)]
#[case("transactions", true)]
#[case("item_families", false)]
#[case("items", false)]
#[case("item_prices", false)]
#[case("coupons", false)]
#[case("events", false)]
#[tokio::test]
async fn only_some_lists_include_deleted_rows(#[case] list: &str, #[case] does: bool) {
    let answer = Stage::open().await.get(&format!("/{list}?include_deleted=True")).await;
    assert_eq!(answer.status, if does { 200 } else { 400 });
}

#[tokio::test]
async fn an_offset_stays_valid_while_rows_come_change_and_go() {
    let stage = Stage::open().await;
    let before = stage.all_ids("/invoices?limit=100", "invoice").await;
    let first = stage.get("/invoices?limit=20").await;
    let offset = first.body["next_offset"].as_str().map(str::to_owned);
    stage.sandbox.chargebee.update_invoice(&before[3], &json!({"po_number": "changed"})).unwrap();
    let rows = stage.sandbox.chargebee.invoices();
    let open = rows.iter().rfind(|row| row["status"] == "not_paid" && before[20..].contains(&id(row))).unwrap();
    stage.sandbox.chargebee.delete_invoice(&id(open)).unwrap();
    let mut added = open.clone();
    added["id"] = "INV-90002".into();
    added["generated_at"] = 1_799_137_800.into();
    stage.sandbox.chargebee.add_invoices(vec![added]).unwrap();
    let rest = stage.ids_from("/invoices?limit=15", "invoice", offset).await;
    let mut expected: Vec<_> = before[20..].iter().filter(|known| **known != id(open)).cloned().collect();
    expected.push("INV-90002".to_owned());
    assert_eq!(rest, expected);
}

fn urlencoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test]
async fn by_updated_at_a_changed_row_is_met_again_and_no_row_is_missed() {
    let stage = Stage::open().await;
    let path = "/invoices?limit=25&sort_by[asc]=updated_at";
    let first = stage.get(path).await;
    let changed = first.ids("invoice")[0].clone();
    stage.sandbox.chargebee.update_invoice(&changed, &json!({"po_number": "x"})).unwrap();
    let rest = stage.ids_from(path, "invoice", first.body["next_offset"].as_str().map(str::to_owned)).await;
    assert_eq!(rest.last(), Some(&changed));
    let seen: HashSet<_> = first.ids("invoice").into_iter().chain(rest).collect();
    assert_eq!(seen, stage.all_ids("/invoices?limit=100", "invoice").await.into_iter().collect());
}

/// The null trap: what has no `updated_at` passes no filter on it, but is in the unfiltered list.
#[tokio::test]
async fn a_row_without_updated_at_is_found_by_the_unfiltered_list_only() {
    let stage = Stage::open().await;
    let all: HashSet<_> = stage.all_ids("/customers?limit=100", "customer").await.into_iter().collect();
    let filtered = stage.all_ids("/customers?limit=100&updated_at[after]=1000000000", "customer").await;
    let missed: Vec<_> = all.iter().filter(|id| !filtered.contains(*id)).collect();
    assert_eq!(missed.len(), 1);
    let row = stage.get(&format!("/customers/{}", missed[0])).await;
    assert!(row.body["customer"].get("updated_at").is_none());
}

#[tokio::test]
async fn time_filters_cut_at_the_second_and_on_means_the_day_in_amsterdam() {
    let stage = Stage::open().await;
    let rows = stage.sandbox.chargebee.invoices();
    let late = rows.iter().find(|row| row["date"] == 1_782_858_600_i64).expect("half past midnight, the first of July");
    let count = |answer: super::Answered| answer.ids("invoice").iter().filter(|found| **found == id(late)).count();
    assert_eq!(count(stage.get("/invoices?limit=100&date[after]=1782858599").await), 1);
    assert_eq!(count(stage.get("/invoices?limit=100&date[after]=1782858600").await), 0);
    assert_eq!(count(stage.get("/invoices?limit=100&date[before]=1782858600").await), 0);
    assert_eq!(count(stage.get("/invoices?limit=100&date[between]=[1782858600, 1782858600]").await), 1);
    let noon_of_the_first = 1_782_900_000;
    assert_eq!(count(stage.get(&format!("/invoices?limit=100&date[on]={noon_of_the_first}")).await), 1);
    let noon_of_the_last_of_june = noon_of_the_first - 86_400;
    assert_eq!(count(stage.get(&format!("/invoices?limit=100&date[on]={noon_of_the_last_of_june}")).await), 0);
}

#[rstest]
#[case(r#"["INV-00003","INV-00005"]"#)]
#[case("['INV-00003', 'INV-00005']")]
#[case("[INV-00003, INV-00005]")]
#[tokio::test]
async fn in_takes_every_spelling_of_an_array(#[case] array: &str) {
    let stage = Stage::open().await;
    let found = stage.get(&format!("/invoices?id[in]={}", urlencoded(array))).await;
    assert_eq!(found.ids("invoice"), ["INV-00003", "INV-00005"]);
    let others = stage.all_ids(&format!("/invoices?limit=100&id[not_in]={}", urlencoded(array)), "invoice").await;
    assert!(!others.is_empty() && !others.contains(&"INV-00003".to_owned()));
}

#[tokio::test]
async fn subscriptions_come_with_their_customer_and_are_found_by_item() {
    let stage = Stage::open().await;
    let all = stage.get("/subscriptions?limit=100").await;
    for row in all.body["list"].as_array().unwrap() {
        assert_eq!(row["customer"]["id"], row["subscription"]["customer_id"]);
    }
    let of_team = stage.get("/subscriptions?limit=100&item_id[is]=team").await;
    assert!(!of_team.rows("subscription").is_empty());
    for subscription in of_team.rows("subscription") {
        let items = subscription["subscription_items"].as_array().unwrap();
        assert!(items.iter().any(|item| item["item_price_id"].as_str().unwrap().starts_with("team-")));
    }
}

#[tokio::test]
async fn the_header_narrows_a_call_to_one_business_entity() {
    let stage = Stage::open().await;
    let mut row = stage.sandbox.chargebee.customers()[0].clone();
    row["business_entity_id"] = "be_two".into();
    stage.sandbox.chargebee.put_customer(row.clone()).unwrap();
    let scoped = |path: String| {
        stage.request(reqwest::Method::GET, &path).header("chargebee-business-entity-id", "be_two").send()
    };
    let list = super::Answered::read(scoped("/customers".to_owned()).await.unwrap()).await;
    assert_eq!(list.ids("customer"), [id(&row)]);
    let other = stage.sandbox.chargebee.customers()[1].clone();
    let missing = super::Answered::read(scoped(format!("/customers/{}", id(&other))).await.unwrap()).await;
    assert_eq!(missing.status, 404);
}
