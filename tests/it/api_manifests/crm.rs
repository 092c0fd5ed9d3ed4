//! Connections to Dynamics 365: what they come out as, and what is told of them.

use koppel::api::dynamics365::SchemaMode;
use koppel::api::validate::{CrmCredential, Outcome, OwnerName, ValidatedCrm};
use koppel::crm::customers::{CreatePolicy, Side};
use koppel::crm::matching::MatchRule;
use koppel::crm::schema::Ownership;
use koppel::domain::money::Currency;
use koppel::domain::offer::CustomerField;
use rstest::rstest;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::samples::{connection, errors, mapping, outcome, patched, warnings};

/// The sample connection with this target, its mapping and the Secret `acme-crm`.
fn with(target: &Value, entity: &Value, secret: &Value) -> Outcome {
    let base = json!({"organizationUrl": "https://acme.crm4.dynamics.com", "tenantId": "acme.example"});
    let target = patched(json!({"spec": base}), target)["spec"].clone();
    let entity = json!({"exactOnline": null, "dynamics365": entity, "vat": [], "paymentTerms": []});
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "acme-crm"}, "stringData": secret});
    outcome(&[
        patched(connection(), &json!({"exactOnline": null, "dynamics365": target})),
        patched(mapping(), &entity),
        secret,
    ])
}

fn by_secret() -> Value {
    json!({"credentialsSecretRef": {"name": "acme-crm"}})
}

fn crm(found: &Outcome) -> &ValidatedCrm {
    found.connections[0].crm().expect("a connection to Dynamics 365")
}

#[test]
fn a_connection_comes_out_with_defaults() {
    let found = with(
        &by_secret(),
        &json!({"owner": {"team": "Sales"}}),
        &json!({"clientId": " app\n", "clientSecret": "hush"}),
    );
    assert!(found.findings.is_empty(), "{:#?}", found.findings);
    assert_eq!(found.connections[0].target_words(), "Dynamics 365 acme.crm4.dynamics.com");
    assert!(found.connections[0].exact().is_none());
    let crm = crm(&found);
    assert_eq!((crm.access.client_id.as_str(), crm.access.tenant_id.as_str()), ("app", "acme.example"));
    assert!(matches!(&crm.access.credential, CrmCredential::ClientSecret(secret) if secret.expose_secret() == "hush"));
    assert!(crm.access.authority_url.is_none());
    assert_eq!(
        (crm.schema.prefix.as_str(), crm.schema.solution.as_str(), crm.schema.publisher.as_str()),
        ("kop", "Koppel", "koppel")
    );
    assert_eq!((crm.schema.ownership, crm.schema_mode), (Ownership::UserOrTeam, SchemaMode::Managed));
    assert!(crm.flows.unbilled_charges.enabled && !crm.flows.quotes_to_chargebee.enabled);
    assert_eq!(crm.entities[0].owner, Some(OwnerName::Team("Sales".to_owned())));
}

#[test]
fn a_pair_or_the_pods_own_identity_serve_as_well_e37() {
    let pair = with(&by_secret(), &json!({}), &json!({"clientId": "app", "tls.crt": "C", "tls.key": "K"}));
    assert!(matches!(crm(&pair).access.credential, CrmCredential::Certificate { .. }));
    let identity = with(&json!({"workloadIdentity": {"clientId": "app"}}), &json!({}), &json!({}));
    let identity = crm(&identity);
    assert!(matches!(identity.access.credential, CrmCredential::WorkloadIdentity));
    assert_eq!((identity.access.client_id.as_str(), &identity.entities[0].owner), ("app", &None));
}

#[rstest]
#[case(json!({"clientId": "app"}), "Secret default/acme-crm has no key clientSecret, or an empty one")]
#[case(json!({"clientId": "app", "tls.crt": "C"}), "Secret default/acme-crm has no key tls.key, or an empty one")]
#[case(json!({"clientSecret": "hush"}), "Secret default/acme-crm has no key clientId, or an empty one")]
fn a_key_that_is_missing_is_named(#[case] secret: Value, #[case] told: &str) {
    let found = with(&by_secret(), &json!({}), &secret);
    let errors = errors(&found.findings);
    assert_eq!(errors.iter().map(|error| error.2.as_str()).collect::<Vec<_>>(), [told]);
    assert!(found.connections.is_empty() && !format!("{:?}", found.findings).contains("hush"));
}

#[test]
fn a_switch_or_an_owner_without_effect_is_told() {
    let target = patched(json!({"spec": by_secret()}), &json!({"ownership": "Organization"}))["spec"].clone();
    let found =
        with(&target, &json!({"owner": {"user": "a@b.nl"}}), &json!({"clientId": "app", "clientSecret": "hush"}));
    assert!(
        warnings(&found.findings).iter().any(|warning| warning.1 == "spec.dynamics365.owner"),
        "{:#?}",
        found.findings
    );
    assert_eq!(found.connections.len(), 1);
    let flows = json!({"exactOnline": null, "flows": {"invoices": {"enabled": false}}, "dynamics365": {"organizationUrl": "https://a.b", "tenantId": "t", "workloadIdentity": {"clientId": "c"}}});
    let entity = json!({"exactOnline": null, "dynamics365": {}, "vat": [], "paymentTerms": []});
    let found = outcome(&[patched(connection(), &flows), patched(mapping(), &entity)]);
    assert!(warnings(&found.findings).iter().any(|warning| warning.1 == "spec.flows"), "{:#?}", found.findings);
}

#[test]
fn the_way_back_comes_out_in_the_words_of_its_rules() {
    let target = json!({
        "credentialsSecretRef": {"name": "acme-crm"}, "accountMatching": ["Pointer", "EmailDomain"],
        "accountFields": {"pointer": "cf_account"}, "accountColumns": {"vatNumber": "acme_vat"},
        "flows": {
            "accountsToChargebee": {"enabled": true, "create": "All", "ownedByChargebee": ["Phone"]},
            "quotesToChargebee": {"enabled": true, "products": [{"product": "P", "currency": "EUR", "itemPrice": "p-EUR"}]},
        },
    });
    let secret = json!({"clientId": "app", "clientSecret": "hush"});
    let found = with(&target, &json!({}), &secret);
    let crm = crm(&found);
    assert_eq!(crm.account_matching, [MatchRule::Pointer, MatchRule::EmailDomain]);
    assert_eq!(
        (crm.identity_fields.pointer.as_deref(), crm.account_columns.vat_number.as_deref()),
        (Some("cf_account"), Some("acme_vat"))
    );
    assert_eq!((crm.create, crm.field_owners.of(CustomerField::Phone)), (CreatePolicy::All, Side::Billing));
    assert_eq!(crm.field_owners.of(CustomerField::Name), Side::Crm);
    assert_eq!((crm.products[0].currency, crm.products[0].item_price.as_str()), (Some(Currency::EUR), "p-EUR"));
    let bad = patched(
        json!({"spec": target}),
        &json!({"flows": {"quotesToChargebee": {"products": [{"product": "P", "currency": "XXQ", "itemPrice": "p"}]}}}),
    )["spec"]
        .clone();
    let found = with(&bad, &json!({}), &secret);
    assert!(
        errors(&found.findings)[0].1.ends_with("products[0].currency") && found.connections.is_empty(),
        "{:#?}",
        found.findings
    );
}

#[test]
fn an_address_with_credentials_is_refused() {
    let target = patched(json!({"spec": by_secret()}), &json!({"authorityUrl": "https://user:hunter2@login.example"}))
        ["spec"]
        .clone();
    let found = with(&target, &json!({}), &json!({"clientId": "app", "clientSecret": "hush"}));
    let errors = errors(&found.findings);
    assert!(errors.iter().any(|error| error.1 == "spec.dynamics365.authorityUrl"), "{errors:#?}");
    assert!(found.connections.is_empty());
}
