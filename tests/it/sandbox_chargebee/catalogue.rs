//! Catalogue, features and entitlements: section 10 of the reference sheet.

use rstest::rstest;
use serde_json::json;

use super::Stage;

#[tokio::test]
async fn an_item_price_takes_family_and_kind_from_its_item_and_says_when_it_changed() {
    let stage = Stage::open().await;
    assert_eq!(stage.post("/item_families", &[("id", "hardware"), ("name", "Hardware")]).await.status, 200);
    let item = [("id", "router"), ("name", "Router"), ("type", "charge"), ("item_family_id", "hardware")];
    assert_eq!(stage.post("/items", &item).await.status, 200);
    let price = [("id", "router-eur"), ("name", "Router EUR"), ("item_id", "router"), ("price", "9900")];
    let made = stage.post("/item_prices", &price).await;
    let row = &made.body["item_price"];
    assert_eq!(
        (&row["item_type"], &row["item_family_id"], &row["price"]),
        (&json!("charge"), &json!("hardware"), &json!(9900))
    );
    stage.sandbox.clock.advance(jiff::SignedDuration::from_secs(60));
    stage.post("/item_prices/router-eur", &[("price", "8900"), ("accounting_detail[sku]", "RT-1")]).await;
    let changed = stage.get("/item_prices?updated_at[after]=1799137801").await.rows("item_price");
    assert_eq!(
        (changed.len(), &changed[0]["price"], &changed[0]["accounting_detail"]["sku"]),
        (1, &json!(8900), &json!("RT-1"))
    );
}

#[tokio::test]
async fn what_is_in_use_is_archived_and_the_rest_deleted() {
    let stage = Stage::open().await;
    assert_eq!(stage.post("/items/team/delete", &[]).await.body["item"]["status"], "archived");
    assert_eq!(stage.post("/item_families/platform/delete", &[]).await.code(), "invalid_state_for_request");
    let gone = stage.post("/item_prices/storage-eur-packs/delete", &[]).await;
    assert_eq!(gone.body["item_price"]["status"], "deleted");
    assert_eq!(stage.get("/item_prices?status[is]=deleted").await.ids("item_price"), ["storage-eur-packs"]);
    assert_eq!(stage.post("/item_prices/storage-eur-packs", &[("name", "x")]).await.status, 404);
}

#[rstest]
#[case::no_family("/items", &[("id", "x"), ("name", "X"), ("type", "plan"), ("item_family_id", "none")], 404, "")]
#[case::no_name("/items", &[("id", "x"), ("type", "plan"), ("item_family_id", "platform")], 400, "name")]
#[case::known("/items", &[("id", "team"), ("name", "T"), ("type", "plan"), ("item_family_id", "platform")], 400, "id")]
#[case::a_plan_without_period("/item_prices", &[("id", "x"), ("name", "X"), ("item_id", "team"), ("price", "1")], 400, "period_unit")]
#[case::a_charge_with_one("/item_prices", &[("id", "x"), ("name", "X"), ("item_id", "training"), ("price", "1"), ("period_unit", "month")], 400, "period_unit")]
#[case::no_price("/item_prices", &[("id", "x"), ("name", "X"), ("item_id", "training")], 400, "price")]
#[case::no_tiers("/item_prices", &[("id", "x"), ("name", "X"), ("item_id", "training"), ("pricing_model", "volume")], 400, "tiers[price][0]")]
#[case::no_such_parameter("/item_prices", &[("id", "x"), ("name", "X"), ("item_id", "training"), ("colour", "red")], 400, "colour")]
#[tokio::test]
async fn what_the_catalogue_does_not_take(
    #[case] path: &str,
    #[case] form: &[(&str, &str)],
    #[case] status: u16,
    #[case] param: &str,
) {
    let answer = Stage::open().await.post(path, form).await;
    assert_eq!((answer.status, answer.body["param"].as_str().unwrap_or_default()), (status, param), "{}", answer.body);
}

#[tokio::test]
async fn tiers_come_with_their_price() {
    let stage = Stage::open().await;
    let price = stage.get("/item_prices/storage-eur-monthly").await.body["item_price"].clone();
    assert_eq!(price["pricing_model"], "tiered");
    let bounds: Vec<_> =
        price["tiers"].as_array().unwrap().iter().map(|tier| (&tier["starting_unit"], &tier["ending_unit"])).collect();
    assert_eq!(bounds, [(&json!(1), &json!(100)), (&json!(101), &json!(500)), (&json!(501), &json!(null))]);
    let form = [
        ("id", "packs"),
        ("name", "Packs"),
        ("item_id", "training"),
        ("pricing_model", "stairstep"),
        ("tiers[starting_unit][0]", "1"),
        ("tiers[ending_unit][0]", "5"),
        ("tiers[price][0]", "100"),
        ("tiers[starting_unit][1]", "6"),
        ("tiers[price][1]", "150"),
    ];
    let made = stage.post("/item_prices", &form).await;
    assert_eq!(made.body["item_price"]["tiers"].as_array().unwrap().len(), 2, "{}", made.body);
}

#[tokio::test]
async fn a_feature_begins_as_a_draft_and_has_commands_for_the_rest_of_its_life() {
    let stage = Stage::open().await;
    let made = stage.post("/features", &[("name", "Audit log"), ("type", "switch")]).await;
    assert_eq!((&made.body["feature"]["id"], &made.body["feature"]["status"]), (&json!("audit-log"), &json!("draft")));
    assert_eq!(stage.post("/features", &[("name", "Audit log")]).await.code(), "duplicate_entry");
    let status = async |command: &str| {
        let answer = stage.post(&format!("/features/audit-log/{command}"), &[]).await;
        answer.body["feature"]["status"].as_str().map(str::to_owned).unwrap_or_else(|| answer.code().to_owned())
    };
    assert_eq!(status("reactivate_command").await, "invalid_state_for_request");
    assert_eq!(status("activate_command").await, "active");
    assert_eq!(status("delete").await, "invalid_state_for_request");
    assert_eq!(status("archive_command").await, "archived");
    assert_eq!(status("reactivate_command").await, "active");
    assert_eq!(stage.post("/features/single-sign-on/delete", &[]).await.status, 200);
    let left = stage.all_ids("/features?limit=2", "feature").await;
    assert_eq!(left, ["api-access", "users", "storage-space", "support-level", "fax", "audit-log"]);
    assert_eq!(
        stage.get("/features?updated_at[after]=1700000000").await.status,
        400,
        "its list knows no time of change"
    );
    assert_eq!(stage.get("/features?status[is]=archived").await.ids("feature"), ["fax"]);
}

#[tokio::test]
async fn entitlements_are_told_by_themselves_by_item_and_by_feature() {
    let stage = Stage::open().await;
    let all = stage.all_ids("/entitlements?limit=4", "entitlement").await;
    let with_drafts = stage.all_ids("/entitlements?limit=100&include_drafts=true", "entitlement").await;
    assert_eq!(
        (all.len(), with_drafts.len()),
        (11, 13),
        "those of drafts and archived features are told only when asked for"
    );
    let of_team = stage.get("/items/team/item_entitlements?limit=2").await;
    assert_eq!(of_team.rows("item_entitlement")[0]["item_id"], "team");
    assert!(of_team.body["next_offset"].is_string());
    let of_users = stage.get("/features/users/item_entitlements").await.rows("item_entitlement");
    assert_eq!(of_users.iter().map(|row| &row["value"]).collect::<Vec<_>>(), ["1", "25", "unlimited"]);
    assert_eq!(stage.get("/entitlements/ent_001").await.status, 404, "none is read by itself");
}

#[tokio::test]
async fn entitlements_are_changed_and_removed_all_or_none() {
    let stage = Stage::open().await;
    let form = [
        ("action", "upsert"),
        ("item_entitlements[feature_id][0]", "users"),
        ("item_entitlements[value][0]", "50"),
        ("item_entitlements[feature_id][1]", "api-access"),
        ("item_entitlements[value][1]", "false"),
    ];
    let changed = stage.post("/items/team/item_entitlements", &form).await;
    assert_eq!(changed.rows("item_entitlement")[0]["value"], "50");
    assert_eq!(stage.get("/entitlements?entity_id[is]=team&feature_id[is]=users").await.rows("entitlement").len(), 1);
    let mut wrong = form;
    (wrong[2].1, wrong[4].1) = ("60", "perhaps");
    assert_eq!(stage.post("/items/team/item_entitlements", &wrong).await.status, 400);
    let users = stage.get("/entitlements?entity_id[is]=team&feature_id[is]=users").await;
    assert_eq!(users.rows("entitlement")[0]["value"], "50", "nothing of it was done");
    let remove = [
        ("action", "remove"),
        ("entitlements[entity_id][0]", "team"),
        ("entitlements[entity_type][0]", "plan"),
        ("entitlements[feature_id][0]", "users"),
    ];
    assert_eq!(stage.post("/entitlements", &remove).await.status, 200);
    assert_eq!(stage.post("/entitlements", &remove).await.status, 404);
}
