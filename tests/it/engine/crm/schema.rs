//! The tables: made by Koppel, looked at only, half made, with an index that is still built; and roles that lack something.

use koppel::api::status::SyncConnectionStatus;
use koppel::domain::record::RecordKind;
use koppel::sandbox::dataverse::{Depth, Fault, FaultKind};
use koppel::sandbox::dynamics::CLIENT_ID;

use super::world::{World, table, world};

/// Status, reason and message of a condition.
fn condition(status: &SyncConnectionStatus, type_: &str) -> (String, String, String) {
    let found = status.conditions.iter().find(|condition| condition.type_ == type_);
    let found = found.unwrap_or_else(|| panic!("no condition {type_}: {:#?}", status.conditions));
    (found.status.clone(), found.reason.clone(), found.message.clone())
}

async fn status(world: &World) -> SyncConnectionStatus {
    world.try_run().await.unwrap().status
}

#[tokio::test]
async fn verify_makes_nothing_and_names_what_is_missing() {
    let mut world = world().await;
    world.edit("    flows: {}", "    schema: Verify\n    flows: {}");
    let found = status(&world).await;
    let (holds, reason, message) = condition(&found, "MappingComplete");
    assert_eq!((holds.as_str(), reason.as_str()), ("False", "SchemaIncomplete"));
    assert!(message.contains("table customer") && message.contains("schema: Managed"), "{message}");
    assert_eq!(condition(&found, "Ready").0, "False");
    assert_eq!(world.writes(), []);
    world.edit("    schema: Verify\n", "");
    world.run().await;
    world.edit("    flows: {}", "    schema: Verify\n    flows: {}");
    world.run().await;
    assert_eq!(world.crm(), world.site());
}

#[tokio::test]
async fn an_installation_that_was_broken_off_goes_on() {
    let world = world().await;
    // After the fifth table nothing is taken any more.
    world.organization.inject(
        Fault::new(FaultKind::Unavailable { retry_after: None }).on("POST", "EntityDefinitions").after(5).times(40),
    );
    let found = status(&world).await;
    let (holds, reason, _) = condition(&found, "Ready");
    assert_eq!((holds.as_str(), reason.as_str()), ("False", "SystemUnreachable"));
    assert!(!world.organization.has_table(&table(RecordKind::UnbilledCharge)));
    world.organization.clear_faults();
    world.run().await;
    assert_eq!(world.crm(), world.site());
}

#[tokio::test]
async fn a_key_whose_index_is_still_built_is_waited_for() {
    let world = world().await;
    world.organization.hold_keys(true);
    let found = status(&world).await;
    assert_eq!(condition(&found, "Ready").1, "SystemUnreachable", "{:?}", condition(&found, "Ready"));
    assert!(world.rows(RecordKind::Customer).is_empty(), "nothing is written before a key can be used");
    world.organization.hold_keys(false);
    world.run().await;
    assert_eq!(world.crm(), world.site());
}

#[tokio::test]
async fn every_privilege_that_is_missing_is_named_and_nothing_is_written() {
    let world = world().await;
    let user = world.organization.application_user(CLIENT_ID).unwrap();
    for privilege in ["prvAppendToAccount", "prvReadTransactionCurrency"] {
        world.organization.revoke(user, privilege);
    }
    let found = status(&world).await;
    let (holds, reason, message) = condition(&found, "CredentialsValid");
    assert_eq!((holds.as_str(), reason.as_str()), ("False", "PrivilegesMissing"));
    assert!(message.contains("prvAppendToAccount, prvReadTransactionCurrency"), "{message}");
    assert_eq!(condition(&found, "Ready"), ("False".into(), "PrivilegesMissing".into(), message));
    assert_eq!(world.writes(), []);
    for privilege in ["prvAppendToAccount", "prvReadTransactionCurrency"] {
        world.organization.grant(user, privilege, Depth::Global);
    }
    world.run().await;
    assert_eq!(world.crm(), world.site());
}

#[tokio::test]
async fn a_privilege_on_our_own_tables_is_missed_once_they_are_there() {
    let world = world().await;
    world.run().await;
    let user = world.organization.application_user(CLIENT_ID).unwrap();
    world.organization.revoke(user, "prvWritekop_Invoice");
    let found = status(&world).await;
    let (_, reason, message) = condition(&found, "CredentialsValid");
    assert_eq!(reason, "PrivilegesMissing");
    assert!(message.to_lowercase().contains("prvwritekop_invoice"), "{message}");
}

#[tokio::test]
async fn a_wrong_secret_is_told_with_entras_own_code_and_the_secret_to_change() {
    let mut world = world().await;
    world.edit("clientSecret: koppel-sandbox-app-secret", "clientSecret: wrong");
    let found = status(&world).await;
    let (holds, reason, message) = condition(&found, "CredentialsValid");
    assert_eq!((holds.as_str(), reason.as_str()), ("False", "Unauthorized"));
    assert!(message.contains("AADSTS7000215") && message.contains("Secret wolkwerk-crm"), "{message}");
}
