//! Contacts of an account become contacts of its customer (C27).

use serde_json::{Value, json};
use uuid::Uuid;

use super::site::Site;

const CONTACTS: &str = "accountsToChargebee: {enabled: true, create: All}, contactsToChargebee: {enabled: true}";

/// The contacts of an account's customer: last name and address.
fn contacts(site: &Site, account: Uuid) -> Vec<(String, String)> {
    let customer = site.made(account);
    let text = |contact: &Value, name: &str| contact[name].as_str().unwrap_or_default().to_owned();
    let all = customer["contacts"].as_array().cloned().unwrap_or_default();
    let mut all: Vec<_> = all.iter().map(|one| (text(one, "last_name"), text(one, "email"))).collect();
    all.sort();
    all
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, email)| ((*name).to_owned(), (*email).to_owned())).collect()
}

#[tokio::test]
async fn contacts_come_change_and_go_and_those_of_others_stay() {
    let site = Site::start(CONTACTS).await;
    let acme = site.acme();
    let organization = &site.world.organization;
    let vos =
        organization.create_contact(acme, &json!({"lastname": "Vos", "emailaddress1": "vos@acme.example"})).unwrap();
    let boer =
        organization.create_contact(acme, &json!({"lastname": "Boer", "emailaddress1": "b@acme.example"})).unwrap();
    site.settle().await;
    assert_eq!(contacts(&site, acme), pairs(&[("Boer", "b@acme.example"), ("Vos", "vos@acme.example")]));
    let by_hand = [("contact[email]", "hand@acme.example"), ("contact[last_name]", "Hand")];
    site.world.post(&format!("/customers/{acme}/add_contact"), &by_hand).await;
    site.change("contact", vos, &json!({"emailaddress1": "eline@acme.example"}));
    organization.delete("contact", boer).unwrap();
    site.run().await;
    let mut writes = site.writes();
    writes.sort();
    assert_eq!(writes, ["delete_contact", "update_contact"].map(|act| format!("/customers/{acme}/{act}")));
    assert_eq!(contacts(&site, acme), pairs(&[("Hand", "hand@acme.example"), ("Vos", "eline@acme.example")]));
    site.assert_at_rest().await;
}

#[tokio::test]
async fn a_contact_without_address_is_held_until_it_has_one() {
    let site = Site::start(CONTACTS).await;
    let acme = site.acme();
    let vos = site.world.organization.create_contact(acme, &json!({"lastname": "Vos"})).unwrap();
    let report = site.settle().await;
    assert_eq!(site.held().await, [("crmContact".to_owned(), "ContactWithoutEmail".to_owned())]);
    assert_eq!(report.status.held.unwrap().total, 1);
    site.change("contact", vos, &json!({"emailaddress1": "vos@acme.example"}));
    site.settle().await;
    assert_eq!(site.held().await, []);
    assert_eq!(contacts(&site, acme).len(), 1);
}

#[tokio::test]
async fn a_contact_that_moves_to_another_account_moves_in_billing_too() {
    let site = Site::start(CONTACTS).await;
    let (acme, other) = (site.acme(), site.account("Other B.V.", &json!({})));
    let values = json!({"lastname": "Vos", "emailaddress1": "vos@acme.example"});
    let vos = site.world.organization.create_contact(acme, &values).unwrap();
    site.settle().await;
    let to = json!({"parentcustomerid_account@odata.bind": format!("/accounts({other})")});
    site.change("contact", vos, &to);
    site.settle().await;
    assert_eq!((contacts(&site, acme).len(), contacts(&site, other).len()), (0, 1));
}

#[tokio::test]
async fn what_was_forgotten_is_known_again_by_its_id_i1() {
    let site = Site::start(CONTACTS).await;
    let acme = site.acme();
    let values = json!({"lastname": "Vos", "emailaddress1": "vos@acme.example"});
    let vos = site.world.organization.create_contact(acme, &values).unwrap();
    site.settle().await;
    site.world.lose_state();
    site.run().await;
    assert_eq!(site.writes(), Vec::<String>::new());
    site.world.organization.delete("contact", vos).unwrap();
    site.settle().await;
    assert_eq!(contacts(&site, acme), []);
}
