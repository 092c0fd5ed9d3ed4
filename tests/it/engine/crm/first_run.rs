//! What a first run brings, and that a second one sends nothing.

use koppel::domain::record::RecordKind;
use koppel::sandbox::generator::Size;

use super::world::{PREFIX, World, world};

#[tokio::test]
async fn every_kind_is_there_as_often_as_at_the_site_and_a_second_run_sends_nothing_c9_to_c25() {
    let world = World::start(Size { customers: 60, invoices: 260 }).await;
    let accounts = world.organization.row_versions("account");
    let report = world.run().await;
    assert!(report.status.held.as_ref().unwrap().total == 0, "{:#?}", report.status.held);
    assert_eq!(world.crm(), world.site());
    assert_eq!(world.crm().len(), RecordKind::ALL.len(), "every kind occurs: {:?}", world.crm().keys());
    world.writes();
    let again = world.run().await;
    assert_eq!(world.writes(), []);
    assert_eq!(again.status.last_run.unwrap().updated, 0);
    assert_eq!(world.organization.row_versions("account"), accounts, "no account was written (C2)");
    let ready = again.status.conditions.iter().find(|condition| condition.type_ == "Ready").unwrap();
    assert_eq!((ready.status.as_str(), ready.reason.as_str()), ("True", "Synced"), "{}", ready.message);
}

#[tokio::test]
async fn a_row_says_what_the_record_says_to_the_cent() {
    let world = world().await;
    world.run().await;
    let rows = world.rows(RecordKind::Invoice);
    let (mut total, mut due) = (0.0, 0.0);
    for row in &rows {
        total += row[&format!("{PREFIX}_total")].as_f64().unwrap();
        due += row[&format!("{PREFIX}_amountdue")].as_f64().unwrap();
        assert_eq!(row[&format!("{PREFIX}_site")], "wolkwerk-test");
    }
    let site = world.sandbox.chargebee.invoices();
    assert_eq!(rows.len(), site.len());
    let at_site = |field: &str| site.iter().map(|invoice| invoice[field].as_i64().unwrap()).sum::<i64>();
    assert_eq!((cents(total), cents(due)), (at_site("total"), at_site("amount_due")));
}

#[expect(clippy::cast_possible_truncation, reason = "sums of a test's invoices are small")]
fn cents(amount: f64) -> i64 {
    (amount * 100.0).round() as i64
}

#[tokio::test]
async fn mode_plan_makes_nothing_and_tells_how_much_it_would() {
    let mut world = world().await;
    world.edit("  timeZone:", "  mode: Plan\n  timeZone:");
    let report = world.run().await;
    assert_eq!(world.writes(), []);
    assert!(!world.organization.has_table(&super::world::table(RecordKind::Customer)));
    let would: u64 = report.flows.iter().map(|flow| flow.created).sum();
    let there: usize = world.site().values().map(|(standing, deleted)| standing + deleted).sum();
    assert_eq!(would, there as u64);
    world.edit("  mode: Plan\n", "");
    world.run().await;
    assert_eq!(world.crm(), world.site());
}
