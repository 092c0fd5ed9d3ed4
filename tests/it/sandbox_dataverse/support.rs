//! The cloud on loopback ports, and a plain HTTP client with a token for one organisation.

use std::time::Duration;

use jiff::Timestamp;
use koppel::sandbox::clock::SandboxClock;
use koppel::sandbox::dataverse::{CallRecord, Organization};
use koppel::sandbox::dynamics::{CLIENT_ID, CLIENT_SECRET, Dynamics, DynamicsOptions, ORGANIZATION, TENANT};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

/// A running cloud, one of its organisations, and a token for it.
pub struct Harness {
    pub dynamics: Dynamics,
    pub clock: SandboxClock,
    pub organization: Organization,
    /// `http://HOST:PORT`
    pub url: String,
    pub client: Client,
    pub token: String,
}

/// A decoded answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    /// The body as JSON; null when it is not.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The rows of a list.
    pub fn rows(&self) -> Vec<Value> {
        self.json()["value"].as_array().unwrap_or_else(|| panic!("no list: {} {}", self.status, self.text)).clone()
    }

    /// Dataverse's code of a refusal.
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    }

    /// The id in `OData-EntityId`.
    pub fn id(&self) -> Uuid {
        let link = self.header("odata-entityid").unwrap_or_else(|| panic!("no id: {} {}", self.status, self.text));
        link.rsplit_once('(')
            .and_then(|(_, rest)| rest.strip_suffix(')'))
            .and_then(|id| id.parse().ok())
            .expect("a guid")
    }

    /// Checks status and code together.
    #[track_caller]
    pub fn is_refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{}", self.text);
    }

    /// Checks the status of what should have worked.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

/// The demo's instant, on a clock that stands still.
pub fn new_year() -> Timestamp {
    "2027-01-05T09:30:00+01:00".parse().expect("an instant")
}

impl Harness {
    /// Without delays and limits, in the organisation that has the sales tables.
    pub async fn start() -> Self {
        Self::start_with(DynamicsOptions::quick(), ORGANIZATION, TENANT).await
    }

    pub async fn start_with(options: DynamicsOptions, organization: &str, tenant: Uuid) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = SandboxClock::stopped_at(new_year());
        let dynamics = Dynamics::start(options, clock.clone()).await.expect("free ports");
        let url = dynamics.organization_url(organization).expect("an organisation").replace("https:", "http:");
        let found = dynamics.organization(organization).expect("an organisation");
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().expect("a client");
        let mut harness = Self { dynamics, clock, organization: found, url, client, token: String::new() };
        harness.token = harness.token_for(tenant, &harness.url.clone()).await;
        harness
    }

    /// A token of the registered application for a resource.
    pub async fn token_for(&self, tenant: Uuid, resource: &str) -> String {
        let scope = format!("{resource}/.default");
        let client_id = CLIENT_ID.to_string();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client_id.as_str()),
            ("client_secret", CLIENT_SECRET),
            ("scope", scope.as_str()),
        ];
        let reply = self.ask_token(&tenant.to_string(), &form).await.is(200);
        reply.json()["access_token"].as_str().expect("a token").to_owned()
    }

    pub async fn ask_token(&self, tenant: &str, form: &[(&str, &str)]) -> Reply {
        let url = format!("{}/{tenant}/oauth2/v2.0/token", self.entra());
        reply(self.client.post(url).form(form)).await
    }

    /// Where Entra is, over http.
    pub fn entra(&self) -> String {
        self.dynamics.entra_url().replace("https:", "http:")
    }

    /// A request below the Web API's base, or to an absolute URL.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}/api/data/v9.2/{path}", self.url) };
        self.client.request(method, url).bearer_auth(&self.token).header("Accept", "application/json")
    }

    pub async fn get(&self, path: &str) -> Reply {
        reply(self.request(Method::GET, path)).await
    }

    /// A read with one header.
    pub async fn get_with(&self, path: &str, name: &str, value: &str) -> Reply {
        reply(self.request(Method::GET, path).header(name, value)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        reply(self.request(Method::POST, path).json(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        reply(self.request(Method::PATCH, path).json(body)).await
    }

    /// A change with one header.
    pub async fn patch_with(&self, path: &str, body: &Value, name: &str, value: &str) -> Reply {
        reply(self.request(Method::PATCH, path).json(body).header(name, value)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        reply(self.request(Method::PUT, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        reply(self.request(Method::DELETE, path)).await
    }

    /// An account of this name.
    pub async fn account(&self, name: &str) -> Uuid {
        self.post("accounts", &json!({"name": name})).await.is(204).id()
    }

    /// The publisher whose prefix the tests' tables have.
    pub async fn publisher(&self) {
        let publisher = json!({
            "uniquename": "koppel", "friendlyname": "Koppel", "customizationprefix": "cb",
            "customizationoptionvalueprefix": 72_700,
        });
        self.post("publishers", &publisher).await.is(204);
    }

    /// A table `cb_invoice` with a key on `cb_chargebeeid`, money, dates, a choice and a lookup to accounts.
    pub async fn invoices(&self) {
        self.publisher().await;
        self.post("EntityDefinitions", &invoice_table()).await.is(204);
        let key = json!({"SchemaName": "cb_key", "DisplayName": label("Key"), "KeyAttributes": ["cb_chargebeeid"]});
        self.post("EntityDefinitions(LogicalName='cb_invoice')/Keys", &key).await.is(204);
        self.post("RelationshipDefinitions", &account_lookup("RemoveLink")).await.is(204);
    }

    pub fn last_call(&self) -> CallRecord {
        self.organization.calls().pop().expect("a call")
    }
}

/// Sends a request and reads its answer.
pub async fn reply(request: RequestBuilder) -> Reply {
    let answer = request.send().await.expect("an answer");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Reply { status, headers, text: answer.text().await.expect("a body") }
}

/// A label in English.
pub fn label(text: &str) -> Value {
    json!({
        "@odata.type": "Microsoft.Dynamics.CRM.Label",
        "LocalizedLabels": [
            {"@odata.type": "Microsoft.Dynamics.CRM.LocalizedLabel", "Label": text, "LanguageCode": 1033},
        ],
    })
}

/// A column of a type with what belongs to it.
pub fn column(kind: &str, name: &str, own: Value) -> Value {
    let mut column = json!({
        "@odata.type": format!("Microsoft.Dynamics.CRM.{kind}AttributeMetadata"), "SchemaName": name,
        "DisplayName": label(name), "RequiredLevel": {"Value": "None"},
    });
    if let (Value::Object(all), Value::Object(own)) = (&mut column, own) {
        all.extend(own);
    }
    column
}

pub fn invoice_table() -> Value {
    let name =
        column("String", "cb_Name", json!({"IsPrimaryName": true, "MaxLength": 100, "FormatName": {"Value": "Text"}}));
    let option = |value: i64, text: &str| json!({"Value": value, "Label": label(text)});
    json!({
        "@odata.type": "Microsoft.Dynamics.CRM.EntityMetadata", "SchemaName": "cb_Invoice",
        "DisplayName": label("Invoice"), "DisplayCollectionName": label("Invoices"), "OwnershipType": "UserOwned",
        "HasActivities": false, "HasNotes": false, "IsActivity": false, "ChangeTrackingEnabled": true,
        "Attributes": [
            name,
            column("String", "cb_ChargebeeId", json!({"MaxLength": 100, "FormatName": {"Value": "Text"}})),
            column("Money", "cb_Total", json!({"PrecisionSource": 2, "MinValue": -1_000_000, "MaxValue": 1_000_000})),
            column("DateTime", "cb_Day", json!({"Format": "DateOnly", "DateTimeBehavior": {"Value": "DateOnly"}})),
            column("Integer", "cb_Lines", json!({"MinValue": 0, "MaxValue": 50})),
            column("Decimal", "cb_Rate", json!({"MinValue": 0, "MaxValue": 100, "Precision": 4})),
            column("Picklist", "cb_Status", json!({"OptionSet": {
                "@odata.type": "Microsoft.Dynamics.CRM.OptionSetMetadata", "IsGlobal": false, "OptionSetType": "Picklist",
                "Options": [option(727_000_000, "Paid"), option(727_000_001, "Not Paid")],
            }})),
        ],
    })
}

/// A lookup `cb_accountid` from invoices to accounts.
pub fn account_lookup(on_delete: &str) -> Value {
    json!({
        "@odata.type": "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata", "SchemaName": "cb_account_invoice",
        "ReferencedEntity": "account", "ReferencedAttribute": "accountid", "ReferencingEntity": "cb_invoice",
        "Lookup": {
            "@odata.type": "Microsoft.Dynamics.CRM.LookupAttributeMetadata", "SchemaName": "cb_AccountId",
            "DisplayName": label("Account"), "RequiredLevel": {"Value": "None"},
        },
        "CascadeConfiguration": {"Assign": "NoCascade", "Delete": on_delete, "Merge": "NoCascade", "Reparent": "NoCascade",
            "Share": "NoCascade", "Unshare": "NoCascade"},
    })
}
