//! No echo (I4): after changes on both sides, twenty rounds write nothing after the second.

use serde_json::json;

use super::site::{ALL, Site};

#[tokio::test]
async fn twenty_rounds_after_changes_on_both_sides_write_nothing_after_the_second_i4() {
    let site = Site::start(ALL).await;
    let acme = site.acme();
    let values = json!({"lastname": "Vos", "emailaddress1": "vos@acme.example"});
    let vos = site.world.organization.create_contact(acme, &values).unwrap();
    let quote = site.quote(acme, &json!({}));
    site.world.organization.activate_quote(quote).unwrap();
    site.run().await;
    // Both sides change the same and other things.
    site.change(
        "account",
        acme,
        &json!({"name": "Acme Holding B.V.", "address1_city": "Zeist", "address2_line1": "Loods 3", "telephone1": "030-1"}),
    );
    site.change("contact", vos, &json!({"jobtitle": "Director"}));
    site.world.organization.win_quote(quote).unwrap();
    let own = site.some_customer()["id"].as_str().unwrap().to_owned();
    site.world.post(&format!("/customers/{own}"), &[("company", "Nieuw B.V."), ("phone", "+31 6 1")]).await;
    site.world.post(&format!("/customers/{acme}"), &[("company", "Other"), ("locale", "nl")]).await;
    let contact = [("contact[id]", vos.to_string()), ("contact[phone]", "+31 6 2".to_owned())];
    let contact: Vec<(&str, &str)> = contact.iter().map(|(name, value)| (*name, value.as_str())).collect();
    site.world.post(&format!("/customers/{acme}/update_contact"), &contact).await;
    let before = site.versions();
    for round in 1..=20 {
        site.run().await;
        let (to_billing, to_crm) = (site.writes(), site.world.writes());
        if round == 1 {
            assert!(!to_billing.is_empty() && !to_crm.is_empty(), "there was something to say");
        }
        if round > 2 {
            assert_eq!((to_billing, to_crm), (vec![], vec![]), "round {round}");
        }
    }
    assert_eq!(site.versions(), before, "nothing of sales' own is written");
    let customer = site.made(acme);
    assert_eq!(
        (&customer["company"], &customer["contacts"][0]["phone"]),
        (&json!("Acme Holding B.V."), &json!("+31 6 2"))
    );
}
