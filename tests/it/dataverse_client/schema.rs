//! Installing the tables, and looking whether they are there.

use std::collections::BTreeMap;

use koppel::connectors::dataverse::{Owner, SchemaError};
use koppel::connectors::http::{CallError, Clock};
use koppel::crm::rights::Depth;
use koppel::crm::schema::{Ownership, Settings};
use koppel::domain::record::RecordKind;
use serde_json::json;
use uuid::Uuid;

use super::fake::{Fake, Reply};
use super::organization::{Shared, organization};

fn settings() -> Settings {
    Settings {
        prefix: "cb".into(),
        solution: "Koppel".into(),
        publisher: "koppel".into(),
        ownership: Ownership::UserOrTeam,
    }
}

fn writes(shared: &Shared) -> Vec<String> {
    std::mem::take(&mut shared.lock().unwrap().writes)
}

#[tokio::test]
async fn all_is_installed_once_and_looked_at_afterwards() {
    let (fake, shared) = organization().await;
    shared.lock().unwrap().key_delay = 2;
    let client = fake.client();
    let began = fake.clock.now();
    let installed = client.install(&settings()).await.unwrap();
    let target = &installed.targets[&RecordKind::CreditNoteLine];
    assert_eq!(
        (target.set.as_str(), target.table.as_str(), target.key_column.as_str()),
        ("cb_creditnotelines", "cb_creditnoteline", "cb_key")
    );
    assert_eq!(installed.targets.len(), RecordKind::ALL.len());
    assert!(fake.clock.now() > began, "the indexes were waited for");
    assert_eq!(&writes(&shared)[..3], ["POST publishers", "POST solutions", "POST EntityDefinitions"]);
    assert_eq!(client.install(&settings()).await.unwrap(), installed);
    assert_eq!(client.verify(&settings()).await.unwrap(), installed);
    assert_eq!(writes(&shared), Vec::<String>::new());
}

#[tokio::test]
async fn definitions_are_what_the_sheet_asks_for() {
    let (fake, shared) = organization().await;
    fake.client().install(&settings()).await.unwrap();
    let definitions = shared.lock().unwrap();
    let customer = &definitions.tables["cb_customer"];
    assert_eq!(
        (&customer.whole["OwnershipType"], &customer.whole["ChangeTrackingEnabled"]),
        (&json!("UserOwned"), &json!(true))
    );
    let label = &customer.whole["DisplayName"]["LocalizedLabels"][0];
    assert_eq!((&label["Label"], &label["LanguageCode"]), (&json!("CB Customer"), &json!(1043)));
    assert_eq!(customer.columns["cb_mrr"]["PrecisionSource"], 2);
    assert_eq!(
        (&customer.columns["cb_email"]["MaxLength"], &customer.columns["cb_email"]["SchemaName"]),
        (&json!(100), &json!("cb_Email"))
    );
    let link = |name: &str| customer.relationships.iter().find(|link| link["SchemaName"] == name).unwrap();
    let account = link("cb_customer_account");
    assert_eq!(account["CascadeConfiguration"]["Delete"], "RemoveLink", "billing rows outlive an account");
    assert_eq!(
        (&account["ReferencedEntity"], &account["ReferencedAttribute"]),
        (&json!("account"), &json!("accountid"))
    );
    let parent = link("cb_customer_parent");
    assert_eq!(
        (&parent["CascadeConfiguration"]["Delete"], &parent["ReferencingEntityNavigationPropertyName"]),
        (&json!("Restrict"), &json!("cb_parent"))
    );
    assert_eq!(
        customer.keys,
        [json!({
            "SchemaName": "cb_sitekey", "KeyAttributes": ["cb_key"], "DisplayName": customer.keys[0]["DisplayName"],
        })]
    );
}

#[tokio::test]
async fn an_answer_that_was_lost_makes_nothing_twice_and_a_lock_is_waited_for() {
    let (fake, shared) = organization().await;
    {
        let mut definitions = shared.lock().unwrap();
        definitions.lost = 3;
        definitions.faults = vec![Reply::error(429, "0x80071151", "another customization is running"); 2];
    }
    fake.client().install(&settings()).await.unwrap();
    let writes = writes(&shared);
    let made = |what: &str| writes.iter().filter(|write| *write == what).count();
    assert_eq!((made("POST publishers"), made("POST solutions")), (1, 1));
    assert_eq!(made("POST EntityDefinitions"), RecordKind::ALL.len());
}

#[tokio::test]
async fn a_half_installed_schema_goes_on_and_is_mended() {
    let (fake, shared) = organization().await;
    shared.lock().unwrap().faults = vec![Reply::error(403, "0x80040220", "no")];
    let refused = fake.client().install(&settings()).await.unwrap_err();
    assert!(
        matches!(&refused, SchemaError::Call(CallError::Forbidden { message }) if message.starts_with("unable to install publisher")),
        "{refused}"
    );
    fake.client().install(&settings()).await.unwrap();
    {
        let mut definitions = shared.lock().unwrap();
        let invoice = definitions.tables.get_mut("cb_invoice").unwrap();
        invoice.columns.remove("cb_total");
        invoice.columns.get_mut("cb_ponumber").unwrap()["MaxLength"] = json!(20);
        invoice.columns.get_mut("cb_ponumber").unwrap()["Own"] = json!(12.50);
        invoice.whole["ChangeTrackingEnabled"] = json!(false);
        definitions.solution.as_mut().unwrap()["version"] = json!("0.1.0.0");
        definitions.writes.clear();
    }
    let missing = fake.client().verify(&settings()).await.unwrap_err();
    let told = "dynamics 365 lacks column invoice.total, length of column invoice.po_number, change tracking of table invoice, solution version 1.0.0.0";
    assert!(matches!(missing, SchemaError::Missing(_)));
    for part in told.split(", ") {
        assert!(missing.to_string().contains(part), "{missing}");
    }
    fake.client().install(&settings()).await.unwrap();
    let definitions = shared.lock().unwrap();
    let invoice = &definitions.tables["cb_invoice"];
    assert_eq!(invoice.columns["cb_ponumber"]["MaxLength"], 100);
    assert_eq!(invoice.columns["cb_ponumber"]["Own"], json!(12.5), "what else it says is sent back");
    assert!(invoice.columns.contains_key("cb_total"));
    assert_eq!(invoice.whole["ChangeTrackingEnabled"], true);
    assert_eq!(definitions.solution.as_ref().unwrap()["version"], "1.0.0.0");
    assert_eq!(definitions.writes.iter().filter(|write| *write == "POST PublishXml").count(), 2);
}

#[tokio::test]
async fn an_obstacle_is_told_and_nothing_is_made() {
    let (fake, shared) = organization().await;
    let other = json!({"publisherid": "00000000-0000-0000-0000-0000000000b1", "customizationprefix": "new"});
    shared.lock().unwrap().publisher = Some(other);
    let obstacle = fake.client().install(&settings()).await.unwrap_err();
    assert!(
        matches!(&obstacle, SchemaError::Obstacles(_)) && obstacle.to_string().contains("prefix new, not cb"),
        "{obstacle}"
    );
    assert_eq!(writes(&shared), Vec::<String>::new());
}

#[tokio::test]
async fn privileges_are_those_that_reach_furthest() {
    let fake = Fake::start(|seen| match seen.path.as_str() {
        _ if seen.is_token() => Reply::default_token(),
        "systemusers(00000000-0000-0000-0000-000000000005)/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()" => {
            Reply::json(&json!({"RolePrivileges": [
                {"PrivilegeName": "prvReadAccount", "Depth": "Basic", "PrivilegeId": "x"},
                {"PrivilegeName": "prvReadAccount", "Depth": "Global"},
                {"PrivilegeName": "prvReadQuote", "Depth": "Local"},
            ]}))
        }
        path => panic!("{path}"),
    })
    .await;
    let held = fake.client().privileges(Uuid::from_u128(5)).await.unwrap();
    let expected = [("prvReadAccount", Depth::Organization), ("prvReadQuote", Depth::BusinessUnit)];
    assert_eq!(held, BTreeMap::from(expected.map(|(name, depth)| (name.to_owned(), depth))));
}

#[tokio::test]
async fn owners_are_found_by_name_or_id_and_never_guessed_c7() {
    let fake = Fake::start(|seen| {
        let row = |id: u128| json!({"teamid": Uuid::from_u128(id), "systemuserid": Uuid::from_u128(id)});
        match seen.query.split("$filter=").nth(1) {
            None => Reply::default_token(),
            Some("name eq 'Sales'") => Reply::json(&json!({"value": [row(1)]})),
            Some("name eq 'Twins'") => Reply::json(&json!({"value": [row(1), row(2)]})),
            Some("(internalemailaddress eq 'a@b.nl' or domainname eq 'a@b.nl') and isdisabled eq false") => {
                Reply::json(&json!({"value": [row(3)]}))
            }
            Some("systemuserid eq 00000000-0000-0000-0000-000000000004 and isdisabled eq false") => {
                Reply::json(&json!({"value": [row(4)]}))
            }
            Some(_) => Reply::json(&json!({"value": []})),
        }
    })
    .await;
    let client = fake.client();
    assert_eq!(client.find_team("Sales").await.unwrap(), Some(Owner::Team(Uuid::from_u128(1))));
    assert_eq!(client.find_team("Nobody").await.unwrap(), None);
    assert!(client.find_team("Twins").await.unwrap_err().to_string().contains("\"Twins\""));
    assert_eq!(client.find_user("a@b.nl").await.unwrap(), Some(Owner::User(Uuid::from_u128(3))));
    let by_id = client.find_user("00000000-0000-0000-0000-000000000004").await.unwrap();
    assert_eq!(by_id, Some(Owner::User(Uuid::from_u128(4))));
}
