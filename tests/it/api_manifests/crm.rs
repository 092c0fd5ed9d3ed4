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

use super::samples::{connection, errors, mapping, named, outcome, patched, rule, warnings};

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

/// A connection of its own to `organization`, with the mapping of the site's default entity; by the identity of its pod.
fn to(name: &str, organization: &str, target: &Value) -> [Value; 2] {
    let base = json!({"organizationUrl": organization, "tenantId": "t", "workloadIdentity": {"clientId": "c"}});
    let target = patched(json!({"spec": base}), target)["spec"].clone();
    let entity =
        json!({"connectionRef": {"name": name}, "exactOnline": null, "dynamics365": {}, "vat": [], "paymentTerms": []});
    [
        named(patched(connection(), &json!({"exactOnline": null, "dynamics365": target})), name),
        named(patched(mapping(), &entity), &format!("{name}-all")),
    ]
}

#[test]
fn one_site_goes_to_exact_online_and_to_two_tenants_at_once_c8() {
    let back = json!({"flows": {"accountsToChargebee": {"enabled": true}, "quotesToChargebee": {"enabled": true}}});
    let (one, other) = ("https://one.crm4.dynamics.com", "https://other.crm4.dynamics.com");
    let all = [vec![connection(), mapping()], to("sales", one, &back).into(), to("service", other, &back).into()];
    let found = outcome(&all.concat());
    assert!(found.findings.is_empty(), "{:#?}", found.findings);
    assert_eq!(found.connections.len(), 3);
}

#[rstest]
#[case::written_otherwise("https://ONE.crm4.dynamics.com/", json!({}), Some("spec.connectionRef.name"))]
#[case::in_tables_of_its_own("https://one.crm4.dynamics.com", json!({"schemaPrefix": "kopb"}), None)]
fn two_connections_that_would_write_the_same_rows_are_an_error_on_both(
    #[case] organization: &str,
    #[case] target: Value,
    #[case] field: Option<&str>,
) {
    let pairs = [to("sales", "https://one.crm4.dynamics.com", &json!({})), to("twice", organization, &target)];
    let found = outcome(&pairs.concat());
    let told = errors(&found.findings);
    assert_eq!(
        told.iter().map(|one| one.1.as_str()).collect::<Vec<_>>(),
        [field, field].into_iter().flatten().collect::<Vec<_>>()
    );
    assert_eq!(found.connections.len(), if field.is_some() { 0 } else { 2 });
    assert!(told.iter().all(|one| one.2.contains("the tables kop of https://one.crm4.dynamics.com too")), "{told:#?}");
}

#[test]
fn what_one_organization_has_comes_back_to_a_site_by_one_connection_only() {
    let target = |prefix: &str, flow: &str| json!({"schemaPrefix": prefix, "flows": {flow: {"enabled": true}}});
    let organization = "https://one.crm4.dynamics.com";
    let pairs = [
        to("sales", organization, &target("kop", "accountsToChargebee")),
        to("twice", organization, &target("kopb", "quotesToChargebee")),
    ];
    let found = outcome(&pairs.concat());
    let told = errors(&found.findings);
    assert_eq!((told.len(), found.connections.len()), (2, 0), "{told:#?}");
    assert!(told.iter().all(|one| one.1 == "spec.dynamics365.flows"), "{told:#?}");
}

#[test]
fn without_a_mapping_nothing_is_carried_over_and_a_revenue_rule_has_no_effect() {
    let [alone, mapped] = to("acme", "https://one.crm4.dynamics.com", &json!({}));
    let found = outcome(std::slice::from_ref(&alone));
    assert_eq!(errors(&found.findings)[0].2, "no EntityMapping refers to this connection: nothing can be carried over");
    assert!(found.findings[0].remedy.ends_with("connectionRef name acme and dynamics365: {}"), "{:#?}", found.findings);
    let found = outcome(&[alone, mapped, rule()]);
    assert!(warnings(&found.findings)[0].2.ends_with("the rule has no effect"), "{:#?}", found.findings);
    assert_eq!(found.connections.len(), 1);
}
