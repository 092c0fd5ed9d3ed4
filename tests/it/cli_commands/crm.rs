//! The commands on a connection to Dynamics 365: records are carried over, and nothing is said to be booked.

use koppel::sandbox::dataverse::{Organization, PlugIn};
use koppel::sandbox::dynamics::ORGANIZATION;
use serde_json::Value;

use super::rig::{Rig, says, text};

fn organization(rig: &Rig) -> Organization {
    rig.sandbox.dynamics.as_ref().unwrap().organization(ORGANIZATION).unwrap()
}

/// Requests that write, of all so far.
fn writes(organization: &Organization) -> usize {
    organization.calls().iter().filter(|call| call.method != "GET").count()
}

/// The ids of the customers in the CRM.
fn customers(organization: &Organization) -> Vec<String> {
    organization.rows("kop_customer").iter().map(|row| text(&row["kop_chargebeeid"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_carries_records_over_and_says_so_in_their_words() {
    let rig = Rig::to_crm().await;
    let ran = rig.koppel(&["run"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    says(&ran.stdout, &["Dynamics 365 ", "CREATED", " updated", "whatever can be carried over is carried over"]);
    assert!(!ran.stdout.to_lowercase().contains("booked"), "{}", ran.stdout);
    assert_eq!(customers(&organization(&rig)).len(), rig.sandbox.chargebee.customers().len());

    let before = writes(&organization(&rig));
    let again = rig.run().await;
    let connection = again.connection();
    assert_eq!((&connection["booked"], &connection["updated"]), (&Value::from(0), &Value::from(0)), "{again:?}");
    assert!(connection["calls"]["dynamics365"].as_u64() > Some(0) && connection["calls"]["exactOnline"] == 0);
    assert_eq!(writes(&organization(&rig)), before, "what is unchanged is not sent");
    says(&rig.koppel(&["status"]).await.stdout, &["nothing new", "Dynamics 365 "]);
}

#[tokio::test(flavor = "multi_thread")]
async fn mode_plan_counts_what_would_be_carried_over_and_writes_nothing() {
    let rig = Rig::to_crm().await;
    rig.edit("crm.yaml", "  startDate:", "  mode: Plan\n  startDate:");
    let ran = rig.koppel(&["run"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    says(&ran.stdout, &[" planned", "Planned", "planned whatever can be carried over; mode Plan writes nothing"]);
    assert_eq!((writes(&organization(&rig)), customers(&organization(&rig)).len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_the_crm_refused_is_listed_and_sent_again_once_it_is_released_i5() {
    let rig = Rig::to_crm().await;
    let organization = organization(&rig);
    let id = text(&rig.sandbox.chargebee.customers()[0]["id"]);
    let (table, column) = ("kop_customer".to_owned(), "kop_chargebeeid".to_owned());
    organization.add_plug_in(PlugIn { table, column, value: id.clone(), message: "not this one".to_owned() });
    rig.run().await;
    let document = format!("CB Customer {id}");
    let held = rig.koppel(&["held", "-o", "json"]).await.json();
    let found = held.as_array().unwrap().iter().find(|held| held["document"] == *document).cloned();
    let found = found.unwrap_or_else(|| panic!("{document} is not held: {held:#}"));
    says(&text(&found["message"]), &["not this one"]);
    says(&text(&found["remedy"]), &[&format!("koppel held --release {id}")]);
    says(&rig.koppel(&["held"]).await.stdout, &[&document]);

    organization.remove_plug_ins();
    let before = writes(&organization);
    rig.run().await;
    assert_eq!(writes(&organization), before, "a refused row is not repeated");
    assert_eq!(rig.koppel(&["held", "--release", &id]).await.code, 0);
    rig.run().await;
    assert!(customers(&organization).contains(&id), "released, it is sent once more");
    assert_eq!(rig.koppel(&["held"]).await.stdout, "nothing is held\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_connection_cannot_sign_in_with_keeps_no_other_from_running() {
    let rig = Rig::to_crm().await;
    rig.edit("crm.yaml", "credentialsSecretRef: {name: crm}", "workloadIdentity: {clientId: app}");
    rig.add_quickstart();
    let ran = rig.run().await;
    assert_eq!(ran.code, 1, "{ran:?}");
    ran.complains(&["AZURE_FEDERATED_TOKEN_FILE is not set", "default/crm"]);
    assert_eq!(ran.connection()["name"], "default/wolkwerk");
    assert!(!rig.entries().is_empty());
}
