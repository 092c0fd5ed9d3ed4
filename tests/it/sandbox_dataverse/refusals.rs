//! What is refused, with status, code and words (2.10).

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::{Harness, reply};

#[rstest]
#[case::text_too_long(json!({"name": "x".repeat(161)}), 400, "0x80044331", "exceeded the maximum allowed length of '160'")]
#[case::not_an_option(json!({"name": "A", "industrycode": 4711}), 400, "0x8004431a", "Accepted Values: 1,2,3")]
#[case::wrong_type(json!({"name": 5}), 400, "0x80048d19", "Cannot convert the literal '5' to the expected type 'Edm.String'")]
#[case::whole_number_of_a_text(json!({"name": "A", "numberofemployees": "x"}), 400, "0x80048d19", "'Edm.Int32'")]
#[case::integer_out_of_range(json!({"name": "A", "numberofemployees": -1}), 400, "0x8004432f", "outside the valid range")]
#[case::money_out_of_range(json!({"name": "A", "creditlimit": 200_000_000_000_000_i64}), 400, "0x80044330", "creditlimit")]
#[case::unknown_property(json!({"name": "A", "nonsense": 1}), 400, "0x80048d19", "The property 'nonsense' does not exist")]
#[case::lookup_by_value(json!({"name": "A", "_primarycontactid_value": null}), 400, "0x80060888", "Navigation properties")]
#[case::type_of_another_table(json!({"@odata.type": "Microsoft.Dynamics.CRM.contact", "name": "A"}), 400, "0x80048d19", "contact")]
#[tokio::test]
async fn payloads(#[case] body: Value, #[case] status: u16, #[case] code: &str, #[case] words: &str) {
    let harness = Harness::start().await;
    let refused = harness.post("accounts", &body).await;
    refused.is_refused(status, code);
    assert!(refused.message().contains(words), "{}", refused.message());
    assert_eq!(harness.organization.count("account"), 0, "nothing is made");
}

#[rstest]
#[case::unknown_set(Method::GET, "nonsense", 404, "0x8006088a")]
#[case::unknown_action(Method::POST, "Nonsense", 404, "0x8006088a")]
#[case::unknown_column(Method::GET, "accounts?$select=nonsense", 400, "0x80060888")]
#[case::column_of_a_lookup(Method::GET, "accounts?$select=primarycontactid", 400, "0x80060888")]
#[case::skip(Method::GET, "accounts?$skip=5", 400, "0x80060888")]
#[case::search(Method::GET, "accounts?$search=x", 400, "0x80060888")]
#[case::malformed_filter(Method::GET, "accounts?$filter=name eq", 400, "0x80060888")]
#[case::filter_of_another_type(Method::GET, "accounts?$filter=name eq 5", 400, "0x80060888")]
#[case::undeclared_key(Method::GET, "accounts(nonsense='x')", 400, "0x0")]
#[case::set_as_a_row(Method::DELETE, "accounts", 405, "0x0")]
#[case::malformed_guid(Method::GET, "accounts(x)", 400, "0x0")]
#[tokio::test]
async fn requests(#[case] method: Method, #[case] path: &str, #[case] status: u16, #[case] code: &str) {
    let harness = Harness::start().await;
    let request = harness.request(method.clone(), path);
    let request = if method == Method::POST { request.json(&json!({})) } else { request };
    reply(request).await.is_refused(status, code);
}

#[tokio::test]
async fn bodies_that_are_no_json_objects() {
    let harness = Harness::start().await;
    for body in ["{", "[]", "5"] {
        let request = harness.request(Method::POST, "accounts").header("Content-Type", "application/json").body(body);
        reply(request).await.is_refused(400, "0x80048d19");
    }
    let request =
        harness.request(Method::POST, "accounts").header("Content-Type", "text/plain").body("{\"name\": \"A\"}");
    assert_eq!(reply(request).await.status, 415);
}

#[tokio::test]
async fn a_status_must_belong_to_the_state() {
    let harness = Harness::start().await;
    let path = format!("accounts({})", harness.account("A").await);
    harness.patch(&path, &json!({"statecode": 1, "statuscode": 1})).await.is_refused(400, "0x80048408");
    harness.patch(&path, &json!({"statecode": 1})).await.is(204);
    assert_eq!(harness.get(&path).await.json()["statuscode"], 2, "the state's default");
    let made = harness.post("accounts", &json!({"name": "B", "statecode": 1})).await.is(204).id();
    assert_eq!(
        harness.get(&format!("accounts({made})")).await.json()["statecode"],
        0,
        "a new row begins in its first state"
    );
}

#[tokio::test]
async fn what_the_service_requires_is_required_and_what_forms_require_is_not() {
    let harness = Harness::start().await;
    harness.post("accounts", &json!({})).await.is(204);
    let currency =
        json!({"currencyname": "Yen", "isocurrencycode": "JPY", "currencyprecision": 0, "exchangerate": 160});
    harness.post("transactioncurrencies", &currency).await.is_refused(400, "0x80040203");
}

#[tokio::test]
async fn cascades_and_restrictions_on_delete() {
    let harness = Harness::start().await;
    let account = harness.account("A").await;
    let contact = json!({"lastname": "Jansen", "parentcustomerid_account@odata.bind": format!("/accounts({account})")});
    let contact = harness.post("contacts", &contact).await.is(204).id();
    let pointing = json!({"primarycontactid@odata.bind": format!("/contacts({contact})")});
    let other = harness.account("B").await;
    harness.patch(&format!("accounts({other})"), &pointing).await.is(204);
    harness.delete(&format!("accounts({account})")).await.is(204);
    harness.get(&format!("contacts({contact})")).await.is_refused(404, "0x80040217");
    assert_eq!(harness.get(&format!("accounts({other})")).await.json()["_primarycontactid_value"], Value::Null);
    assert_eq!(harness.organization.rows("customeraddress").len(), 2, "addresses go with their parent");
    let currency = harness.get("transactioncurrencies?$filter=isocurrencycode eq 'EUR'").await.rows()[0].clone();
    let euro = currency["transactioncurrencyid"].as_str().expect("an id").to_owned();
    harness.post("accounts", &json!({"name": "C", "revenue": 5})).await.is(204);
    harness.delete(&format!("transactioncurrencies({euro})")).await.is_refused(405, "0x80040227");
}

#[tokio::test]
async fn errors_are_annotated_for_who_asks() {
    let harness = Harness::start().await;
    let path = format!("accounts({})", Uuid::new_v4());
    assert!(harness.get(&path).await.json()["error"].as_object().expect("an object").len() == 2);
    let annotated = harness.get_with(&path, "Prefer", "odata.include-annotations=\"*\"").await;
    assert!(annotated.json()["error"].get("@Microsoft.PowerApps.CDS.HelpLink").is_some(), "{}", annotated.text);
}

#[tokio::test]
async fn a_plug_in_says_what_it_says() {
    use koppel::sandbox::dataverse::PlugIn;
    let harness = Harness::start().await;
    let text = |text: &str| text.to_owned();
    harness.organization.add_plug_in(PlugIn {
        table: text("account"),
        column: text("name"),
        value: text("poison"),
        message: text("We do not like that."),
    });
    let refused = harness.post("accounts", &json!({"name": "Poison"})).await;
    refused.is_refused(400, "0x80040265");
    assert_eq!(refused.message(), "We do not like that.");
    let user = harness.organization.application_user(koppel::sandbox::dynamics::CLIENT_ID).expect("a user");
    harness.organization.revoke(user, "prvBypassCustomPlugins");
    for (name, value, status) in [
        ("MSCRM.BypassBusinessLogicExecution", "CustomSync,CustomAsync", 204),
        ("MSCRM.BypassCustomPluginExecution", "true", 403),
    ] {
        let request = harness.request(Method::POST, "accounts").header(name, value).json(&json!({"name": "Poison"}));
        assert_eq!(reply(request).await.status, status, "{name}");
    }
    harness.organization.remove_plug_ins();
    harness.post("accounts", &json!({"name": "Poison"})).await.is(204);
}

#[tokio::test]
async fn merging_moves_what_the_losing_account_had() {
    let harness = Harness::start().await;
    let (survivor, loser) = (harness.account("A").await, harness.account("B").await);
    let contact = harness.organization.create_contact(loser, &json!({"lastname": "J"})).expect("a contact");
    let row = |id: Uuid| json!({"@odata.type": "Microsoft.Dynamics.CRM.account", "accountid": id});
    let body = json!({"Target": row(survivor), "Subordinate": row(loser), "PerformParentingChecks": false});
    harness.post("Merge", &body).await.is(204);
    let merged = harness.get(&format!("accounts({loser})")).await.json();
    assert_eq!((&merged["merged"], &merged["_masterid_value"]), (&json!(true), &json!(survivor)));
    assert_eq!(merged["statecode"], 1);
    let contact = harness.get(&format!("contacts({contact})")).await.json();
    assert_eq!(contact["_parentcustomerid_value"], json!(survivor));
    harness.post("Merge", &body).await.is_refused(400, "0x80040203");
}
