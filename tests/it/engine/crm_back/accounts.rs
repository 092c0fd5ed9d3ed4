//! Accounts become customers, and customers follow them (C26, C28).

use rstest::rstest;
use serde_json::json;

use super::site::{Site, notices};

const ACCOUNTS: &str = "accountsToChargebee: {enabled: true, create: All}, addressesToChargebee: {enabled: true}";

#[tokio::test]
async fn an_account_becomes_a_customer_once_and_comes_back_tied_to_it_c2_c3_c26() {
    let site = Site::start(ACCOUNTS).await;
    let acme = site.acme();
    let before = site.versions();
    site.settle().await;
    let customer = site.made(acme);
    assert_eq!((&customer["company"], &customer["email"]), (&json!("Acme B.V."), &json!("finance@acme.example")));
    assert_eq!(customer["vat_number"], "004495445B01");
    let address = &customer["billing_address"];
    assert_eq!(
        (&address["line1"], &address["zip"], &address["country"]),
        (&json!("Dok 1"), &json!("3511 AA"), &json!("NL"))
    );
    assert_eq!(site.tied(&acme.to_string()), Some(acme), "in the same run");
    assert_eq!(site.versions(), before, "nothing of sales' own is written");
}

#[rstest]
#[case::marked("Marked")]
#[case::won("WonQuote")]
#[tokio::test]
async fn only_what_the_policy_wants_becomes_a_customer(#[case] policy: &str) {
    let site = Site::start(&format!("accountsToChargebee: {{enabled: true, create: {policy}}}")).await;
    let (acme, other) = (site.acme(), site.account("Other B.V.", &json!({})));
    let quote = site.quote(acme, &json!({}));
    site.settle().await;
    assert!(site.customer(&acme.to_string()).is_none());
    match policy {
        "Marked" => site.change("account", acme, &json!({"creditonhold": true})),
        _ => site.world.organization.win_quote(quote).unwrap(),
    }
    site.settle().await;
    site.made(acme);
    assert!(site.customer(&other.to_string()).is_none());
}

#[tokio::test]
async fn a_change_goes_to_the_endpoint_that_takes_it() {
    let site = Site::start(ACCOUNTS).await;
    let acme = site.acme();
    site.settle().await;
    site.change("account", acme, &json!({"telephone1": "+31 20 765 43 21"}));
    site.run().await;
    assert_eq!(site.writes(), [format!("/customers/{acme}")]);
    site.change("account", acme, &json!({"address1_line1": "Kade 2", "description": "NL123456782B90"}));
    site.run().await;
    assert_eq!(site.writes(), [format!("/customers/{acme}/update_billing_info")]);
    let customer = site.made(acme);
    assert_eq!((&customer["vat_number"], &customer["phone"]), (&json!("123456782B90"), &json!("+31 20 765 43 21")));
    assert_eq!(customer["billing_address"]["line1"], "Kade 2");
    site.assert_at_rest().await;
}

#[tokio::test]
async fn an_address_stays_billings_own_while_its_flow_is_off_c28() {
    let site = Site::start("accountsToChargebee: {enabled: true, create: All}").await;
    let acme = site.acme();
    site.settle().await;
    let customer = site.made(acme);
    assert!(customer.get("billing_address").is_none_or(|address| address["line1"].is_null()), "{customer}");
    assert_eq!(customer["vat_number"], "NL004495445B01", "with its prefix: no country tells it");
    site.change("account", acme, &json!({"address1_line1": "Kade 2"}));
    site.settle().await;
    assert!(site.writes().is_empty());
}

#[tokio::test]
async fn the_owner_of_a_field_decides_and_the_other_is_told_once() {
    let site = Site::start("accountsToChargebee: {enabled: true, create: All, ownedByChargebee: [Email]}").await;
    let acme = site.acme();
    site.settle().await;
    let path = format!("/customers/{acme}");
    site.world.post(&path, &[("company", "Wrong B.V."), ("email", "billing@acme.example")]).await;
    site.change("account", acme, &json!({"name": "Acme Holding B.V.", "emailaddress1": "sales@acme.example"}));
    let report = site.run().await;
    let told = notices(&report, "FieldConflict");
    assert_eq!(told.len(), 2, "{told:#?}");
    let customer = site.made(acme);
    assert_eq!(customer["company"], "Acme Holding B.V.", "the CRM owns it");
    assert_eq!(customer["email"], "billing@acme.example", "billing owns it");
    let report = site.run().await;
    assert!(notices(&report, "FieldConflict").is_empty());
    assert!(site.writes().is_empty());
}

#[tokio::test]
async fn an_account_that_is_several_customers_is_held_until_it_names_one() {
    let site = Site::start(ACCOUNTS).await;
    let (first, second) = ("cust-one", "cust-two");
    for id in [first, second] {
        site.world.post("/customers", &[("id", id), ("email", "same@acme.example"), ("company", "Acme")]).await;
    }
    let acme = site.account("Acme B.V.", &json!({"emailaddress1": "same@acme.example"}));
    site.settle().await;
    assert_eq!(site.held().await, [("crmAccount".to_owned(), "CustomerAmbiguous".to_owned())]);
    assert_eq!([site.tied(first), site.tied(second)], [Some(acme); 2]);
    assert_eq!(site.customer(first).unwrap()["company"], "Acme");
    site.change("account", acme, &json!({"tickersymbol": second}));
    site.settle().await;
    assert_eq!(site.held().await, []);
    assert_eq!(site.customer(second).unwrap()["company"], "Acme B.V.");
    assert_eq!(site.customer(first).unwrap()["company"], "Acme");
}

#[tokio::test]
async fn what_billing_cannot_take_is_held_and_the_rest_goes() {
    let site = Site::start(ACCOUNTS).await;
    let acme = site.acme();
    site.change("account", acme, &json!({"description": "NL000000000B00"}));
    site.settle().await;
    assert_eq!(site.held().await, [("crmAccount".to_owned(), "VatNumberInvalid".to_owned())]);
    assert_eq!(site.made(acme)["email"], "finance@acme.example");
    site.change("account", acme, &json!({"description": "NL004495445B01"}));
    site.settle().await;
    assert_eq!(site.held().await, []);
    assert_eq!(site.made(acme)["vat_number"], "004495445B01");
}

#[tokio::test]
async fn a_customer_that_was_deleted_is_not_made_again() {
    let site = Site::start(ACCOUNTS).await;
    let acme = site.acme();
    site.settle().await;
    site.world.post(&format!("/customers/{acme}/delete"), &[]).await;
    site.settle().await;
    assert_eq!(site.made(acme)["deleted"], true);
    assert!(site.writes().is_empty());
}

#[tokio::test]
async fn mode_plan_tells_and_writes_nothing() {
    let mut site = Site::start(super::site::ALL).await;
    let acme = site.acme();
    site.world.organization.create_contact(acme, &json!({"lastname": "Vos"})).unwrap();
    let quote = site.quote(acme, &json!({}));
    site.world.organization.win_quote(quote).unwrap();
    site.world.edit("spec:\n  timeZone", "spec:\n  mode: Plan\n  timeZone");
    let report = site.run().await;
    assert_eq!(site.writes(), Vec::<String>::new());
    assert_eq!(site.world.writes(), []);
    assert!(super::site::flow(&report, "accounts-to-chargebee").created >= 1, "{report:#?}");
    site.world.edit("  mode: Plan\n", "");
    site.settle().await;
    site.made(acme);
}
