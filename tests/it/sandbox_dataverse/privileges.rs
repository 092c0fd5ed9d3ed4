//! Who may do what: unknown applications, roles, single privileges, depths, impersonation (1.4, 2.10).

use koppel::sandbox::dataverse::{CUSTOMIZER_ROLE, Depth};
use koppel::sandbox::dynamics::{CLIENT_ID, OTHER_ORGANIZATION, OTHER_TENANT, TENANT};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::support::{Harness, invoice_table, reply};

#[tokio::test]
async fn nobody_gets_in_without_a_token_for_this_organisation() {
    let harness = Harness::start().await;
    let bare = reply(harness.client.get(format!("{}/api/data/v9.2/WhoAmI", harness.url))).await;
    assert_eq!(bare.status, 401);
    let challenge = bare.header("www-authenticate").expect("a challenge");
    let expected = format!(
        "Bearer authorization_uri={}/{TENANT}/oauth2/authorize, resource_id={}/",
        harness.dynamics.entra_url(),
        harness.url
    );
    assert_eq!(challenge, expected);
    let other = harness.dynamics.organization_url(OTHER_ORGANIZATION).expect("an organisation");
    let other = harness.token_for(OTHER_TENANT, &other).await;
    for token in ["nonsense", other.as_str()] {
        let request = harness.client.get(format!("{}/api/data/v9.2/WhoAmI", harness.url)).bearer_auth(token);
        assert_eq!(reply(request).await.status, 401);
    }
    harness.clock.advance(jiff::SignedDuration::from_secs(3600));
    assert_eq!(harness.get("WhoAmI").await.status, 401, "an hour later the token has ended");
}

#[tokio::test]
async fn an_application_without_a_user_is_not_a_member() {
    let harness = Harness::start().await;
    let stranger = Uuid::new_v4();
    harness.dynamics.entra.add_secret(TENANT, stranger, "s", None);
    let (id, scope) = (stranger.to_string(), format!("{}/.default", harness.url));
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", "s"),
        ("scope", scope.as_str()),
    ];
    let token = harness.ask_token(&TENANT.to_string(), &form).await.is(200).json();
    let token = token["access_token"].as_str().expect("a token");
    let request = harness.client.get(format!("{}/api/data/v9.2/WhoAmI", harness.url)).bearer_auth(token);
    reply(request).await.is_refused(403, "0x80072560");
    harness.organization.add_application_user(stranger, &[]);
    let request = harness.client.get(format!("{}/api/data/v9.2/WhoAmI", harness.url)).bearer_auth(token);
    assert_eq!(reply(request).await.status, 200, "a user without a role may ask who it is");
    let request = harness.client.get(format!("{}/api/data/v9.2/accounts", harness.url)).bearer_auth(token);
    reply(request).await.is_refused(403, "0x80042f09");
}

#[tokio::test]
async fn the_missing_privilege_is_named() {
    let harness = Harness::start().await;
    harness.invoices().await;
    let user = harness.organization.application_user(CLIENT_ID).expect("a user");
    let id = harness.post("cb_invoices", &json!({"cb_name": "A"})).await.is(204).id();
    let (path, account) = (format!("cb_invoices({id})"), harness.account("A").await);
    let bind = json!({"cb_AccountId@odata.bind": format!("/accounts({account})")});
    for (privilege, method, path, body) in [
        ("prvReadcb_Invoice", Method::GET, path.as_str(), None),
        ("prvCreatecb_Invoice", Method::POST, "cb_invoices", Some(json!({"cb_name": "B"}))),
        ("prvWritecb_Invoice", Method::PATCH, path.as_str(), Some(json!({"cb_name": "B"}))),
        ("prvAppendcb_Invoice", Method::PATCH, path.as_str(), Some(bind.clone())),
        ("prvAppendToAccount", Method::PATCH, path.as_str(), Some(bind.clone())),
        ("prvDeletecb_Invoice", Method::DELETE, path.as_str(), None),
        ("prvCreateEntity", Method::POST, "EntityDefinitions", Some(invoice_table())),
    ] {
        harness.organization.revoke(user, privilege);
        let request = harness.request(method, path);
        let request = if let Some(body) = &body { request.json(body) } else { request };
        let refused = reply(request).await;
        refused.is_refused(403, "0x80042f09");
        assert!(refused.message().contains(&format!("is missing {privilege} privilege")), "{}", refused.message());
        harness.organization.grant(user, privilege, Depth::Global);
    }
    harness.get(&path).await.is(200);
}

#[tokio::test]
async fn a_user_can_ask_for_its_own_privileges() {
    let harness = Harness::start().await;
    let who = harness.get("WhoAmI()").await.is(200).json();
    let user = harness.organization.application_user(CLIENT_ID).expect("a user");
    assert_eq!(who["UserId"], json!(user));
    harness.organization.revoke(user, "prvReadQuote");
    let path = format!("systemusers({user})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()");
    let held = harness.get(&path).await.is(200).json();
    let held = held["RolePrivileges"].as_array().expect("privileges").clone();
    let named = |name: &str| held.iter().find(|one| one["PrivilegeName"] == name);
    assert!(named("prvReadQuote").is_none());
    let read = named("prvReadAccount").expect("a privilege");
    assert_eq!(read["Depth"], "Global");
    let id = read["PrivilegeId"].as_str().expect("an id");
    assert_eq!(harness.get(&format!("privileges({id})?$select=name")).await.json()["name"], "prvReadAccount");
}

#[tokio::test]
async fn depths_limit_which_rows_are_reached() {
    let harness = Harness::start().await;
    let theirs = harness.organization.create_account("Theirs", &json!({})).expect("an account");
    let own = harness.account("Own").await;
    let user = harness.organization.application_user(CLIENT_ID).expect("a user");
    harness.organization.take_roles(user);
    for privilege in ["prvReadAccount", "prvWriteAccount"] {
        harness.organization.grant(user, privilege, Depth::Basic);
    }
    let rows = harness.get("accounts?$select=name").await.is(200).rows();
    assert_eq!(rows.iter().map(|row| row["name"].clone()).collect::<Vec<_>>(), ["Own"]);
    harness.get(&format!("accounts({theirs})")).await.is_refused(403, "0x80040220");
    harness.patch(&format!("accounts({theirs})"), &json!({"name": "B"})).await.is_refused(403, "0x80040220");
    harness.patch(&format!("accounts({own})"), &json!({"name": "B"})).await.is(204);
    harness.organization.grant(user, "prvReadAccount", Depth::Local);
    assert_eq!(harness.get("accounts?$select=name").await.rows().len(), 2, "of the same business unit");
}

#[tokio::test]
async fn a_customizer_makes_tables_and_sees_its_own_rows() {
    let harness = Harness::start().await;
    let user = harness.organization.application_user(CLIENT_ID).expect("a user");
    let theirs = harness.organization.create_account("Theirs", &json!({})).expect("an account");
    harness.organization.take_roles(user);
    let roles = harness.organization.rows("role");
    let role = roles.iter().find(|role| role["name"] == CUSTOMIZER_ROLE).expect("the role")["roleid"].clone();
    let reference = json!({"@odata.id": format!("roles({})", role.as_str().expect("an id"))});
    let path = format!("systemusers({user})/systemuserroles_association/$ref");
    harness.post(&path, &reference).await.is_refused(403, "0x80042f09");
    harness.organization.grant(user, "prvWriteUser", Depth::Global);
    harness.post(&path, &reference).await.is(204);
    harness.invoices().await;
    harness.get(&format!("accounts({theirs})")).await.is_refused(403, "0x80040220");
}

#[tokio::test]
async fn acting_for_another_user_needs_a_privilege() {
    let harness = Harness::start().await;
    let seller = harness.organization.salesperson();
    let send = || harness.request(Method::GET, "WhoAmI").header("MSCRMCallerID", seller.to_string());
    assert_eq!(reply(send()).await.json()["UserId"], json!(seller));
    let user = harness.organization.application_user(CLIENT_ID).expect("a user");
    harness.organization.revoke(user, "prvActOnBehalfOfAnotherUser");
    reply(send()).await.is_refused(403, "0x80042f09");
}

#[tokio::test]
async fn an_application_user_is_made_by_a_row_of_its_own() {
    let harness = Harness::start().await;
    let (client, unit) = (Uuid::new_v4(), harness.organization.rows("businessunit")[0]["businessunitid"].clone());
    let unit = format!("/businessunits({})", unit.as_str().expect("an id"));
    let user = json!({"applicationid": client, "businessunitid@odata.bind": unit});
    let made = harness.post("systemusers", &user).await.is(204).id();
    assert_eq!(harness.organization.application_user(client), Some(made));
    harness.post("systemusers", &json!({"applicationid": client})).await.is_refused(400, "0x80040203");
}
