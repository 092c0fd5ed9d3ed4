//! Lookups: by id and by key, in every form of URL, with names whose case counts (2.5); owners.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::{Harness, reply};

#[tokio::test]
async fn every_legal_form_of_a_reference() {
    let harness = Harness::start().await;
    let account = harness.account("A").await;
    for reference in [
        format!("/accounts({account})"),
        format!("accounts({account})"),
        format!("/api/data/v9.2/accounts({account})"),
        format!("{}/api/data/v9.0/accounts({account})", harness.url),
        format!("https://other.example/api/data/v9.2/accounts(accountid={account})"),
    ] {
        let body = json!({"lastname": "Jansen", "parentcustomerid_account@odata.bind": reference});
        let contact = harness.post("contacts", &body).await.is(204).id();
        let row = harness.get(&format!("contacts({contact})?$select=_parentcustomerid_value")).await.json();
        assert_eq!(row["_parentcustomerid_value"], json!(account), "{reference}");
    }
}

#[tokio::test]
async fn a_wrong_navigation_name_or_case_is_an_undeclared_property() {
    let harness = Harness::start().await;
    harness.invoices().await;
    let account = harness.account("A").await;
    let bind = |name: &str| json!({"cb_name": "A", format!("{name}@odata.bind"): format!("/accounts({account})")});
    harness.post("cb_invoices", &bind("cb_AccountId")).await.is(204);
    for name in ["cb_accountid", "cb_Accountid", "nonsense"] {
        let refused = harness.post("cb_invoices", &bind(name)).await;
        refused.is_refused(400, "0x80048d19");
        let words = format!("An undeclared property '{name}' which only has property annotations in the payload");
        assert!(refused.message().contains(&words), "{}", refused.message());
    }
}

#[tokio::test]
async fn a_target_must_be_there_and_of_the_right_table() {
    let harness = Harness::start().await;
    let missing =
        json!({"lastname": "J", "parentcustomerid_account@odata.bind": format!("/accounts({})", Uuid::new_v4())});
    harness.post("contacts", &missing).await.is_refused(404, "0x80040217");
    let account = harness.account("A").await;
    let other = json!({"lastname": "J", "parentcustomerid_contact@odata.bind": format!("/accounts({account})")});
    harness.post("contacts", &other).await.is_refused(400, "0x80048d19");
    harness.invoices().await;
    harness.post("cb_invoices", &json!({"cb_chargebeeid": "INV-1"})).await.is(204);
    let relationship = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata", "SchemaName": "cb_invoice_invoice",
        "ReferencedEntity": "cb_invoice", "ReferencedAttribute": "cb_invoiceid", "ReferencingEntity": "cb_invoice",
        "ReferencingEntityNavigationPropertyName": "cb_parent",
        "Lookup": {"@odata.type": "Microsoft.Dynamics.CRM.LookupAttributeMetadata", "SchemaName": "cb_Parent",
            "DisplayName": super::support::label("Parent"), "RequiredLevel": {"Value": "None"}},
    });
    harness.post("RelationshipDefinitions", &relationship).await.is(204);
    let bind = |key: &str| json!({"cb_parent@odata.bind": format!("/cb_invoices(cb_chargebeeid='{key}')")});
    harness.post("cb_invoices", &bind("INV-1")).await.is(204);
    harness.post("cb_invoices", &bind("INV-9")).await.is_refused(404, "0x80060891");
}

#[tokio::test]
async fn a_lookup_is_cleared_by_null_and_by_ref() {
    let harness = Harness::start().await;
    let (account, parent) = (harness.account("A").await, harness.account("P").await);
    let path = format!("accounts({account})");
    let value = |row: Value| row["_parentaccountid_value"].clone();
    let reference = json!({"@odata.id": format!("{}/api/data/v9.2/accounts({parent})", harness.url)});
    harness.put(&format!("{path}/parentaccountid/$ref"), &reference).await.is(204);
    assert_eq!(value(harness.get(&path).await.json()), json!(parent));
    harness.delete(&format!("{path}/parentaccountid/$ref")).await.is(204);
    assert_eq!(value(harness.get(&path).await.json()), Value::Null);
    for clearing in [json!({"parentaccountid@odata.bind": null}), json!({"parentaccountid": null})] {
        harness.put(&format!("{path}/parentaccountid/$ref"), &reference).await.is(204);
        harness.patch(&path, &clearing).await.is(204);
        assert_eq!(value(harness.get(&path).await.json()), Value::Null);
    }
    let into = json!({"@odata.id": format!("accounts({account})")});
    harness.post(&format!("accounts({parent})/account_parent_account/$ref"), &into).await.is(204);
    assert_eq!(harness.get(&format!("accounts({parent})/account_parent_account")).await.rows().len(), 1);
    harness.delete(&format!("accounts({parent})/account_parent_account({account})/$ref")).await.is(204);
    assert_eq!(harness.get(&format!("accounts({parent})/account_parent_account")).await.rows().len(), 0);
}

#[tokio::test]
async fn annotations_tell_what_a_lookup_leads_to() {
    let harness = Harness::start().await;
    let account = harness.account("Bakkerij").await;
    let body = json!({"lastname": "J", "parentcustomerid_account@odata.bind": format!("/accounts({account})")});
    let contact = harness.post("contacts", &body).await.is(204).id();
    let path = format!("contacts({contact})?$select=_parentcustomerid_value");
    let row = harness.get_with(&path, "Prefer", "odata.include-annotations=\"*\"").await.json();
    let about = |name: &str| row[format!("_parentcustomerid_value@{name}")].clone();
    assert_eq!(about("Microsoft.Dynamics.CRM.lookuplogicalname"), "account");
    assert_eq!(about("Microsoft.Dynamics.CRM.associatednavigationproperty"), "parentcustomerid_account");
    assert_eq!(about("OData.Community.Display.V1.FormattedValue"), "Bakkerij");
    let plain = harness.get(&path).await.json();
    assert!(plain.as_object().expect("a row").keys().all(|name| !name.contains("_value@")));
    let one = "odata.include-annotations=\"OData.Community.Display.V1.FormattedValue\"";
    let row = harness.get_with(&path, "Prefer", one).await.json();
    assert!(row.get("_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname").is_none());
}

#[tokio::test]
async fn rows_are_owned_by_who_makes_them_or_whom_they_are_given_to() {
    let harness = Harness::start().await;
    let who = harness.get("WhoAmI").await.is(200).json();
    let account = harness.account("A").await;
    let path = format!("accounts({account})");
    let row = harness.get(&path).await.json();
    assert_eq!((&row["_ownerid_value"], &row["_owninguser_value"]), (&who["UserId"], &who["UserId"]));
    assert_eq!(row["_owningbusinessunit_value"], who["BusinessUnitId"]);
    let team = harness.organization.team().expect("a team");
    harness.patch(&path, &json!({"ownerid@odata.bind": format!("/teams({team})")})).await.is(204);
    let row = harness.get(&path).await.json();
    assert_eq!((&row["_ownerid_value"], &row["_owningteam_value"]), (&json!(team), &json!(team)));
    assert_eq!(row["_owninguser_value"], Value::Null);
    harness.organization.take_roles(team);
    let given = json!({"name": "B", "ownerid@odata.bind": format!("/teams({team})")});
    let refused = harness.post("accounts", &given).await;
    refused.is_refused(403, "0x80042f09");
    assert!(
        refused.message().contains("prvReadAccount") && refused.message().contains("type=9"),
        "{}",
        refused.message()
    );
}

#[tokio::test]
async fn a_row_behind_a_lookup_is_read_through_it() {
    let harness = Harness::start().await;
    let account = harness.account("A").await;
    let body = json!({"lastname": "J", "parentcustomerid_account@odata.bind": format!("/accounts({account})")});
    let contact = harness.post("contacts", &body).await.is(204).id();
    let behind = harness.get(&format!("contacts({contact})/parentcustomerid_account?$select=name")).await.is(200);
    assert_eq!(behind.json()["name"], "A");
    let request = harness.request(Method::GET, &format!("accounts({account})/primarycontactid"));
    assert_eq!(reply(request).await.status, 204, "nothing is behind an empty lookup");
}
