//! What changes at the site arrives, and nothing else is touched.

use jiff::SignedDuration;
use koppel::domain::record::RecordKind;
use koppel::sandbox::dataverse::TEAM;
use koppel::sandbox::generator::Size;
use serde_json::{Value, json};

use super::world::{PREFIX, World, table, world};

/// Some customer of the site that is not deleted.
fn customer(world: &World) -> String {
    let customers = world.sandbox.chargebee.customers();
    let one = customers.iter().find(|customer| customer["deleted"] != true).unwrap();
    one["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_changed_record_is_the_only_row_that_is_written() {
    let world = world().await;
    world.run().await;
    let (id, before) = (customer(&world), world.organization.row_versions(&table(RecordKind::Customer)));
    world.clock.advance(SignedDuration::from_mins(10));
    world.post(&format!("/customers/{id}"), &[("company", "Nieuwe Naam BV")]).await;
    world.writes();
    let report = world.run().await;
    let writes = world.writes();
    assert_eq!(writes.iter().map(|call| call.items).sum::<usize>(), 1, "{writes:#?}");
    assert_eq!(report.status.last_run.unwrap().updated, 1);
    assert_eq!(world.row(RecordKind::Customer, &id)[&format!("{PREFIX}_company")], "Nieuwe Naam BV");
    let after = world.organization.row_versions(&table(RecordKind::Customer));
    assert_eq!(before.iter().filter(|(row, version)| after[row] != **version).count(), 1);
}

#[tokio::test]
async fn what_the_site_no_longer_has_stays_and_is_marked() {
    let world = world().await;
    world.run().await;
    let charges = world.rows(RecordKind::UnbilledCharge);
    let gone = charges[0][&format!("{PREFIX}_chargebeeid")].as_str().unwrap().to_owned();
    world.clock.advance(SignedDuration::from_mins(10));
    world.post(&format!("/unbilled_charges/{gone}/delete"), &[]).await;
    world.run().await;
    let row = world.row(RecordKind::UnbilledCharge, &gone);
    assert_eq!(row[&format!("{PREFIX}_deleted")], true);
    assert_eq!(row[&format!("{PREFIX}_site")], "wolkwerk-test", "the rest of it stays");
    assert_eq!(world.rows(RecordKind::UnbilledCharge).len(), charges.len());
    world.writes();
    world.run().await;
    assert_eq!(world.writes(), []);
}

#[tokio::test]
async fn a_deleted_customer_is_marked_and_its_documents_stay_tied_to_it() {
    let world = world().await;
    world.run().await;
    let id = customer(&world);
    world.clock.advance(SignedDuration::from_mins(10));
    world.post(&format!("/customers/{id}/delete"), &[]).await;
    world.run().await;
    assert_eq!(world.row(RecordKind::Customer, &id)[&format!("{PREFIX}_deleted")], true);
    assert_eq!(world.crm()["customer"], world.site()["customer"]);
}

#[tokio::test]
async fn a_state_that_was_lost_costs_one_more_pass_and_changes_nothing_i1() {
    let world = world().await;
    world.run().await;
    let before = world.contents();
    world.lose_state();
    world.run().await;
    assert_eq!(world.contents(), before);
    world.writes();
    world.run().await;
    assert_eq!(world.writes(), []);
}

#[tokio::test]
async fn a_flow_that_is_off_brings_nothing_and_leaves_no_link_dangling() {
    let mut world = world().await;
    world.edit("    flows: {}", "    flows: {subscriptions: {enabled: false}}");
    world.run().await;
    let mut expected = world.site();
    expected.remove("subscription");
    expected.remove("subscription_item");
    assert_eq!(world.crm(), expected);
    let link = format!("_{PREFIX}_subscription_value");
    let tied = |world: &World| world.rows(RecordKind::Invoice).iter().filter(|row| !row[&link].is_null()).count();
    assert_eq!(tied(&world), 0);
    world.edit("    flows: {subscriptions: {enabled: false}}", "    flows: {}");
    world.run().await;
    assert_eq!(world.crm(), world.site());
    assert!(tied(&world) > 0, "what was sent before names its subscription now");
    world.writes();
    world.run().await;
    assert_eq!(world.writes(), []);
}

#[tokio::test]
async fn an_entity_that_was_left_out_comes_whole_once_it_is_mapped() {
    let mut world = World::start(Size { customers: 60, invoices: 120 }).await;
    let mapping = "  businessEntityId: wolkwerk-de\n";
    world.edit("  timeZone:", "  policies: {unmappedEntity: LeaveOut}\n  timeZone:");
    world.edit(mapping, "  businessEntityId: elsewhere\n");
    world.run().await;
    assert!(world.crm()["invoice"].0 < world.site()["invoice"].0);
    assert_eq!(world.held().await, [], "it is out of scope, and nobody waits for it");
    world.edit("  businessEntityId: elsewhere\n", mapping);
    world.run().await;
    assert_eq!((world.crm(), world.held().await), (world.site(), vec![]));
}

#[tokio::test]
async fn a_list_that_is_read_whole_begins_anew_where_it_was_broken_off() {
    let world = world().await;
    world.run().await;
    // As a run leaves it that ended after the first page.
    let url = format!("{}/api/v2/unbilled_charges?limit=1", world.sandbox.chargebee_url());
    let request = reqwest::Client::new().get(url).basic_auth("test_wolkwerk_full_access", Some(""));
    let page: Value = request.send().await.unwrap().json().await.unwrap();
    let offset = page["next_offset"].as_str().expect("more than one").to_owned();
    let cursor = json!({"underWay": {"offset": offset}});
    world.with_state(async |state| state.set_cursor("chargebee", "unbilled_charges", &cursor).await.unwrap()).await;
    world.run().await;
    assert_eq!(world.crm(), world.site(), "nothing is marked that was only not looked at");
}

#[tokio::test]
async fn rows_belong_to_the_team_that_the_mapping_names_c7() {
    let mut world = world().await;
    world.run().await;
    // Who was there first is given to the new owner too.
    let team = world.organization.team().unwrap();
    world.edit("  dynamics365: {}\n", &format!("  dynamics365: {{owner: {{team: {TEAM}}}}}\n"));
    world.run().await;
    let entity = format!("{PREFIX}_businessentity");
    for kind in RecordKind::ALL {
        for row in world.rows(*kind).into_iter().filter(|row| row.get(&entity).is_none_or(Value::is_null)) {
            assert_eq!(row["_ownerid_value"], Value::from(team.to_string()), "{kind}: {row:#?}");
        }
    }
}

#[tokio::test]
async fn an_owner_that_is_not_there_is_told_on_the_mapping_and_its_records_wait() {
    let mut world = world().await;
    world.edit("  dynamics365: {}\n", "  dynamics365: {owner: {team: Nobody}}\n");
    let report = world.run().await;
    let problem = &report.status.problems[0];
    assert_eq!((problem.object.as_str(), problem.reason.as_str()), ("EntityMapping wolkwerk-crm", "OwnerUnknown"));
    assert!(problem.message.contains("team Nobody"), "{}", problem.message);
    let ready = report.status.conditions.iter().find(|condition| condition.type_ == "Ready").unwrap();
    assert_eq!((ready.status.as_str(), ready.reason.as_str()), ("False", "OwnerUnknown"));
    let entity = format!("{PREFIX}_businessentity");
    let own = world.rows(RecordKind::Customer).into_iter().filter(|row| row[&entity].is_null());
    assert_eq!(own.count(), 0, "no customer of the entity is written, and those of the others are");
    assert!(!world.rows(RecordKind::Customer).is_empty());
    world.edit("  dynamics365: {owner: {team: Nobody}}\n", "  dynamics365: {}\n");
    world.run().await;
    assert_eq!((world.crm(), world.held().await), (world.site(), vec![]));
}
