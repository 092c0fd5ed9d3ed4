//! Whatever is lost or killed on the way back: nothing is made twice, and in the end all of it is there (I1).

use std::time::Duration;

use koppel::sandbox::chargebee::{Fault, FaultKind};
use koppel::sync::run_connection;
use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

use super::site::{ALL, Site};

/// A site with something of everything to carry back: an account, two contacts, an address and a quote that was won.
async fn laden() -> (Site, Uuid) {
    let site = Site::start(ALL).await;
    let acme = site.acme();
    for name in ["Vos", "Boer"] {
        let values = json!({"lastname": name, "emailaddress1": format!("{name}@acme.example")});
        site.world.organization.create_contact(acme, &values).unwrap();
    }
    let quote = site.quote(acme, &json!({}));
    site.world.organization.win_quote(quote).unwrap();
    (site, acme)
}

/// All of it is there once.
async fn assert_whole(site: &Site, acme: Uuid) {
    let customer = site.made(acme);
    assert_eq!(customer["contacts"].as_array().map_or(0, Vec::len), 2, "{customer}");
    let named = |one: &&Value| one["company"] == "Acme B.V.";
    assert_eq!(site.world.sandbox.chargebee.customers().iter().filter(named).count(), 1);
    assert_eq!(site.statuses().await, ["accepted"]);
    assert_eq!(site.held().await, []);
    assert_eq!(site.tied(&acme.to_string()), Some(acme));
}

async fn until_whole(site: &Site, acme: Uuid) {
    site.world.sandbox.chargebee.clear_faults();
    for _ in 0..3 {
        site.world.clock.advance(jiff::SignedDuration::from_mins(40));
        site.world.try_run().await.unwrap();
    }
    assert_whole(site, acme).await;
    site.assert_at_rest().await;
}

#[rstest]
#[case::answers(FaultKind::LoseAnswer)]
#[case::requests(FaultKind::LoseRequest)]
#[case::a_body_is_cut_off(FaultKind::CutBody)]
#[case::something_else_answers(FaultKind::HtmlBody)]
#[case::it_is_out_of_order(FaultKind::ErrorJson)]
#[tokio::test]
async fn what_is_lost_now_and_then_is_made_good_within_a_run(#[case] kind: FaultKind) {
    let (site, acme) = laden().await;
    for skip in [0, 1, 3, 4] {
        site.world.sandbox.chargebee.inject(Fault::new(kind).on("POST", "/").after(skip));
    }
    site.world.try_run().await.unwrap();
    until_whole(&site, acme).await;
}

/// So often that even the client gives up: what became of a write is not known.
#[rstest]
#[case::of_a_customer("/customers")]
#[case::of_a_contact("add_contact")]
#[case::of_a_quote("create_for_charge")]
#[case::of_an_answer("update_status")]
#[tokio::test]
async fn a_write_of_which_nobody_knows_is_looked_up_before_it_is_made_again(#[case] path: &str) {
    let (site, acme) = laden().await;
    site.world.sandbox.chargebee.inject(Fault::new(FaultKind::LoseAnswer).on("POST", path).times(40));
    site.world.try_run().await.unwrap();
    until_whole(&site, acme).await;
}

#[tokio::test]
async fn a_run_that_is_killed_after_any_write_is_gone_on_with() {
    for writes in 1..=5 {
        let (site, acme) = laden().await;
        site.forget_calls();
        let (connection, environment) = (site.world.connection(), site.world.environment().await);
        {
            let run = run_connection(&connection, &environment);
            let written = async {
                while site.writes().len() < writes {
                    tokio::time::sleep(Duration::from_micros(200)).await;
                }
            };
            tokio::select! {
                _ = run => {}
                () = written => {}
            }
        }
        site.world.cut_off(environment).await;
        until_whole(&site, acme).await;
    }
}
