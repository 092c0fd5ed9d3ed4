//! To which account a customer is tied (C3).

use koppel::domain::record::RecordKind;
use serde_json::json;
use uuid::Uuid;

use super::site::{Site, notices};
use crate::engine::crm::world::table;

/// The id of a customer's row in the CRM.
fn row(site: &Site, customer: &str) -> Uuid {
    site.world.row(RecordKind::Customer, customer)["kop_customerid"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_customer_finds_its_account_and_what_is_unclear_is_left_open_and_counted_c2_c3() {
    let site = Site::start("").await;
    for (id, email) in [("c-one", "one@acme.example"), ("c-same", "same@acme.example")] {
        site.world.post("/customers", &[("id", id), ("email", email)]).await;
    }
    let one = site.account("One", &json!({"emailaddress1": "one@acme.example"}));
    let numbered = site.account("Numbered", &json!({"accountnumber": site.some_customer()["id"]}));
    for name in ["Same 1", "Same 2"] {
        site.account(name, &json!({"emailaddress1": "same@acme.example"}));
    }
    let before = site.versions();
    let report = site.run().await;
    assert_eq!(site.tied("c-one"), Some(one));
    assert_eq!(site.tied(site.some_customer()["id"].as_str().unwrap()), Some(numbered), "by its number");
    assert_eq!(site.tied("c-same"), None);
    let open = notices(&report, "CustomerAmbiguous");
    assert_eq!(open.len(), 1, "{open:#?}");
    assert!(open[0].message.contains("Same 1") && open[0].remedy.contains("c-same"), "{open:#?}");
    let status = report.status.flows.iter().find(|flow| flow.name == "account-links").unwrap();
    assert_eq!(status.held, 1);
    assert!(status.booked >= 2, "{status:?}");
    assert_eq!(site.versions(), before);
    site.assert_at_rest().await;
}

#[tokio::test]
async fn what_a_person_says_in_the_crm_outweighs_every_rule() {
    let site = Site::start("accountsToChargebee: {enabled: true}").await;
    site.world.post("/customers", &[("id", "c-one"), ("email", "one@acme.example"), ("company", "One")]).await;
    let (one, two) = (
        site.account("One", &json!({"emailaddress1": "one@acme.example"})),
        site.account("Two", &json!({"emailaddress1": "two@acme.example"})),
    );
    site.settle().await;
    assert_eq!(site.tied("c-one"), Some(one));
    let tie = |account: Option<Uuid>| {
        let value = account.map(|account| format!("/accounts({account})"));
        site.change(&table(RecordKind::Customer), row(&site, "c-one"), &json!({"kop_account@odata.bind": value}));
    };
    tie(Some(two));
    site.settle().await;
    assert_eq!(site.tied("c-one"), Some(two), "nobody ties it back");
    assert_eq!(site.customer("c-one").unwrap()["company"], "Two", "and it follows that account now");
    tie(None);
    site.change("account", two, &json!({"name": "Three"}));
    site.settle().await;
    assert_eq!(site.tied("c-one"), None, "taken away");
    assert_eq!(site.customer("c-one").unwrap()["company"], "Two");
}

#[tokio::test]
async fn what_a_person_says_stays_said_although_a_rule_goes_on_finding_another_account() {
    let site = Site::start("").await;
    site.world.post("/customers", &[("id", "c-one"), ("email", "one@acme.example")]).await;
    site.account("One", &json!({"accountnumber": "c-one"}));
    let two = site.account("Two", &json!({}));
    site.settle().await;
    let value = json!({"kop_account@odata.bind": format!("/accounts({two})")});
    site.change(&table(RecordKind::Customer), row(&site, "c-one"), &value);
    for _ in 0..3 {
        site.settle().await;
        assert_eq!(site.tied("c-one"), Some(two));
    }
}

#[tokio::test]
async fn a_row_that_a_person_deleted_is_not_made_again_of_its_tie_alone_i4() {
    let site = Site::start("").await;
    site.world.post("/customers", &[("id", "c-one"), ("email", "one@acme.example")]).await;
    site.account("One", &json!({"accountnumber": "c-one"}));
    site.settle().await;
    site.world.organization.delete(&table(RecordKind::Customer), row(&site, "c-one")).unwrap();
    site.settle().await;
    let rows = site.world.rows(RecordKind::Customer);
    assert!(rows.iter().all(|row| row["kop_chargebeeid"] != "c-one"), "it comes with the next change of the record");
}

#[tokio::test]
async fn a_tie_stays_when_no_rule_finds_it_any_more_and_follows_a_merger() {
    let site = Site::start("").await;
    site.world.post("/customers", &[("id", "c-one"), ("email", "one@acme.example")]).await;
    let one = site.account("One", &json!({"emailaddress1": "one@acme.example"}));
    let other = site.account("Other", &json!({}));
    site.settle().await;
    site.change("account", one, &json!({"emailaddress1": "new@acme.example"}));
    site.settle().await;
    assert_eq!(site.tied("c-one"), Some(one));
    site.world.organization.merge_accounts(other, one).unwrap();
    site.settle().await;
    assert_eq!(site.tied("c-one"), Some(other));
}
