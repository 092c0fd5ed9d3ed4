//! How changes of the CRM's own tables are found (issue 6): by tracking, by date, and where neither is possible.

use koppel::sandbox::dynamics::{DynamicsOptions, ORGANIZATION};
use rstest::rstest;
use serde_json::json;

use super::site::{ALL, Site, flow};
use crate::engine::world::condition;

const TABLES: [&str; 3] = ["account", "contact", "quote"];

/// Reads of the accounts in the last run that asked for more than ids.
fn reads(site: &Site) -> Vec<String> {
    let calls = site.world.organization.calls().into_iter();
    let calls = calls.filter(|call| call.method == "GET" && call.path.contains("accounts"));
    calls.map(|call| format!("{}?{}", call.path, call.query)).filter(|url| url.contains("emailaddress1")).collect()
}

#[rstest]
#[case::tracked(true)]
#[case::by_date(false)]
#[tokio::test]
async fn changes_and_deletions_arrive_however_they_are_found(#[case] is_tracked: bool) {
    let site = Site::start(ALL).await;
    if is_tracked {
        TABLES.iter().for_each(|table| site.world.organization.track_changes(table));
    }
    let acme = site.acme();
    let values = json!({"lastname": "Vos", "emailaddress1": "vos@acme.example"});
    let vos = site.world.organization.create_contact(acme, &values).unwrap();
    site.settle().await;
    assert_eq!(site.made(acme)["contacts"].as_array().unwrap().len(), 1);
    // What was changed long ago is not read again.
    site.world.clock.advance(jiff::SignedDuration::from_hours(1));
    site.change("account", acme, &json!({"telephone1": "+31 20 111 22 33"}));
    let report = site.run().await;
    assert_eq!(site.made(acme)["phone"], "+31 20 111 22 33");
    let urls = reads(&site);
    assert_eq!(urls.len(), 1, "{urls:#?}");
    assert!(urls[0].contains(if is_tracked { "deltatoken" } else { "modifiedon" }), "{urls:#?}");
    assert!(flow(&report, "accounts-to-chargebee").seen >= 1);
    site.world.organization.delete("contact", vos).unwrap();
    site.settle().await;
    assert_eq!(site.made(acme)["contacts"].as_array().map_or(0, Vec::len), 0);
}

#[tokio::test]
async fn a_link_that_is_too_old_has_everything_read_again_and_what_is_gone_goes() {
    let site = Site::start(ALL).await;
    TABLES.iter().for_each(|table| site.world.organization.track_changes(table));
    let acme = site.acme();
    let values = json!({"lastname": "Vos", "emailaddress1": "vos@acme.example"});
    let vos = site.world.organization.create_contact(acme, &values).unwrap();
    site.settle().await;
    site.world.organization.delete("contact", vos).unwrap();
    site.change("account", acme, &json!({"telephone1": "+31 20 111 22 33"}));
    site.world.organization.expire_delta_tokens();
    site.settle().await;
    let customer = site.made(acme);
    assert_eq!(customer["contacts"].as_array().map_or(0, Vec::len), 0, "{customer}");
    assert_eq!(customer["phone"], "+31 20 111 22 33");
}

#[tokio::test]
async fn tracking_is_turned_on_only_where_the_connection_says_so() {
    // How the accounts were read in a run after the first.
    let place = async |site: &Site| {
        site.settle().await;
        site.run().await;
        let calls = site.world.organization.calls().into_iter();
        let mut reads = calls.filter(|call| call.method == "GET" && call.path.trim_start_matches('/') == "accounts");
        let first = reads.next().expect("the accounts are read");
        if first.query.contains("deltatoken") { "link" } else { "date" }
    };
    let site = Site::start(ALL).await;
    site.acme();
    assert_eq!(place(&site).await, "date", "as it is");
    let site = Site::with(ALL, "    changeTracking: Enable\n", DynamicsOptions::quick()).await;
    let acme = site.acme();
    assert_eq!(place(&site).await, "link");
    site.change("account", acme, &json!({"telephone1": "+31 20 111 22 33"}));
    site.settle().await;
    assert_eq!(site.made(acme)["phone"], "+31 20 111 22 33");
}

#[tokio::test]
async fn without_sales_the_flow_of_quotes_is_off_with_a_condition_and_the_others_go() {
    let mut dynamics = DynamicsOptions::quick();
    let organizations = dynamics.organizations.into_iter();
    dynamics.organizations =
        organizations.map(|one| if one.name == ORGANIZATION { one.without_sales() } else { one }).collect();
    let site = Site::with(ALL, "", dynamics).await;
    let acme = site.acme();
    let report = site.run().await;
    site.made(acme);
    let (status, reason, message) = condition(&report, "MappingComplete");
    assert_eq!((status.as_str(), reason.as_str()), ("False", "SalesTablesMissing"), "{message}");
    assert_eq!(condition(&report, "Ready").0, "True");
    assert!(report.flows.iter().all(|flow| flow.name != "quotes-to-chargebee"));
    site.assert_at_rest().await;
}

#[tokio::test]
async fn a_privilege_that_a_flow_back_needs_is_named_where_it_is_missing() {
    let site = Site::start(ALL).await;
    site.run().await;
    let users = site.world.organization.rows("systemuser");
    let is_application = |row: &&serde_json::Map<String, serde_json::Value>| !row["applicationid"].is_null();
    let user = users.iter().find(is_application).unwrap()["systemuserid"].as_str().unwrap().parse().unwrap();
    for privilege in ["prvReadContact", "prvReadQuote", "prvReadProduct"] {
        site.world.organization.revoke(user, privilege);
    }
    let report = site.world.try_run().await.unwrap();
    let (_, reason, message) = condition(&report, "CredentialsValid");
    assert_eq!(reason, "PrivilegesMissing");
    for privilege in ["prvReadContact", "prvReadQuote", "prvReadProduct"] {
        assert!(message.contains(privilege), "{message}");
    }
}
