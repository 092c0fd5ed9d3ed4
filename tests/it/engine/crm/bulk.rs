//! Many rows in few requests, a row at fault that takes no other with it, and limits that are kept.

use jiff::SignedDuration;
use koppel::domain::hold::HoldReason;
use koppel::domain::record::RecordKind;
use koppel::sandbox::dataverse::{PlugIn, ServiceLimits};
use koppel::sandbox::generator::Size;

use super::world::{PREFIX, World, table, world};

/// Some customer of the site, whom the organization's own plug-in refuses from now on.
async fn poisoned(world: &World) -> String {
    let customers = world.sandbox.chargebee.customers();
    let id = customers.iter().find(|one| one["deleted"] != true).unwrap()["id"].as_str().unwrap().to_owned();
    world.organization.add_plug_in(PlugIn {
        table: table(RecordKind::Customer),
        column: format!("{PREFIX}_company"),
        value: "Vergif BV".to_owned(),
        message: "Vergif BV is on the black list".to_owned(),
    });
    world.clock.advance(SignedDuration::from_mins(10));
    world.post(&format!("/customers/{id}"), &[("company", "Vergif BV")]).await;
    id
}

#[tokio::test]
async fn one_row_at_fault_of_a_hundred_is_held_with_code_meaning_and_remedy_and_the_others_are_in() {
    let world = World::of_one_company(Size { customers: 100, invoices: 120 }).await;
    let id = poisoned(&world).await;
    world.run().await;
    let there = world.site()["customer"];
    assert!(there.0 + there.1 >= 100, "{there:?}");
    assert_eq!(world.rows(RecordKind::Customer).len(), there.0 + there.1 - 1);
    let held = world.held().await;
    let own = held.iter().find(|held| held.kind == "Customer").unwrap();
    assert_eq!((own.number.as_str(), own.hold.reason), (id.as_str(), HoldReason::RejectedByTarget));
    for told in ["0x80040265", "black list"] {
        assert!(own.hold.message.contains(told), "{}", own.hold.message);
    }
    for told in ["plug-in", &format!("koppel held --release {id}")] {
        assert!(own.hold.remedy.contains(told), "{}", own.hold.remedy);
    }
    let mut others = held.iter().filter(|held| held.kind != "Customer");
    assert!(others.all(|held| held.hold.reason == HoldReason::WaitingFor), "what names it waits for it");
    // Unchanged it is not sent again (I5), and once mended everything follows by itself.
    world.writes();
    world.run().await;
    assert_eq!(world.writes(), []);
    world.clock.advance(SignedDuration::from_mins(10));
    world.post(&format!("/customers/{id}"), &[("company", "Gezond BV")]).await;
    world.run().await;
    assert_eq!((world.crm(), world.held().await), (world.site(), vec![]));
}

#[tokio::test]
async fn rows_go_a_hundred_at_a_time() {
    let world = World::start(Size { customers: 120, invoices: 240 }).await;
    world.run().await;
    let calls = world.organization.calls();
    let writes: Vec<usize> =
        calls.iter().filter(|call| call.path.contains("UpsertMultiple")).map(|call| call.items).collect();
    let rows: usize = writes.iter().sum();
    let there: usize = world.site().values().map(|(standing, deleted)| standing + deleted).sum();
    assert_eq!(rows, there, "each row was sent once");
    // Whatever the lists are long: their last pages are short.
    assert!(writes.len() * 100 < rows + 100 * 2 * RecordKind::ALL.len(), "{} requests for {rows} rows", writes.len());
}

#[tokio::test]
async fn a_throttled_organization_is_waited_for_and_ends_complete_i6() {
    let world = world().await;
    world.organization.set_limits(ServiceLimits { requests: 60, ..ServiceLimits::vendor() });
    world.run().await;
    assert_eq!(world.crm(), world.site());
    let calls = world.organization.calls();
    let refused = calls.iter().filter(|call| call.status == 429).count();
    // Whoever asks before its time is refused once more: only those that were under way when the limit was met are.
    let strikes = calls.len() / 60 + 1;
    assert!((1..=4 * strikes).contains(&refused), "{refused} of {} requests were refused", calls.len());
    world.organization.set_limits(ServiceLimits::off());
    world.writes();
    world.run().await;
    assert_eq!(world.writes(), []);
}
