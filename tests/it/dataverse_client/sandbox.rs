//! The client against the sandbox, which was written from the same reference by someone else: where both agree, neither
//! misread it alone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use koppel::connectors::dataverse::{
    Beside, Changes, Credential, DataverseClient, DataverseError, DataverseOptions, Installed, KeyedRow, Owner,
    RowContext, RowResult, UpsertReport,
};
use koppel::connectors::http::{CallError, Clock, HttpClient};
use koppel::crm::rights::{self, Uses};
use koppel::crm::schema::{Ownership, Settings};
use koppel::crm::{check, record_key};
use koppel::domain::money::{Amount, Currency};
use koppel::domain::record::{Record, RecordKind, composite_id};
use koppel::sandbox::clock::SandboxClock;
use koppel::sandbox::dataverse::{Facet, Fault, FaultKind, Organization, ServiceLimits};
use koppel::sandbox::dynamics::{CLIENT_ID, CLIENT_SECRET, Dynamics, DynamicsOptions, ORGANIZATION, TENANT};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use url::Url;

use super::tokens::{CERTIFICATE, certificate, pem};

const SITE: &str = "acme";

/// The sandbox's clock as the client's: sleeping moves it.
#[derive(Clone)]
struct Shared(SandboxClock);

impl Clock for Shared {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.0.advance(SignedDuration::try_from(duration).unwrap());
        Box::pin(tokio::task::yield_now())
    }
}

pub struct Cloud {
    pub dynamics: Dynamics,
    pub clock: SandboxClock,
    pub organization: Organization,
}

impl Cloud {
    async fn start(options: DynamicsOptions) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = SandboxClock::stopped_at("2027-01-05T08:30:00Z".parse().unwrap());
        let dynamics = Dynamics::start(options, clock.clone()).await.unwrap();
        let organization = dynamics.organization(ORGANIZATION).unwrap();
        Self { dynamics, clock, organization }
    }

    pub async fn quick() -> Self {
        Self::start(DynamicsOptions::quick()).await
    }

    pub fn client(&self) -> DataverseClient {
        self.client_with(CLIENT_SECRET)
    }

    fn client_with(&self, secret: &str) -> DataverseClient {
        self.client_by(Credential::ClientSecret(secret.into()))
    }

    fn client_by(&self, credential: Credential) -> DataverseClient {
        let plain = |url: String| Url::parse(&url.replace("https:", "http:")).unwrap();
        let options = DataverseOptions {
            organization_url: plain(self.dynamics.organization_url(ORGANIZATION).unwrap()),
            tenant_id: TENANT.to_string(),
            client_id: CLIENT_ID.to_string(),
            credential,
            authority_url: Some(plain(self.dynamics.entra_url())),
            clock: Arc::new(Shared(self.clock.clone())),
        };
        DataverseClient::with_http(options, HttpClient::new(Some(Duration::from_secs(20))).unwrap()).unwrap()
    }

    /// The rows of a table by their key.
    fn rows(&self, table: &str) -> BTreeMap<String, Map<String, Value>> {
        let rows = self.organization.rows(table).into_iter();
        rows.map(|row| (row["cb_key"].as_str().unwrap().to_owned(), row)).collect()
    }
}

fn settings() -> Settings {
    Settings {
        prefix: "cb".into(),
        solution: "Koppel".into(),
        publisher: "koppel".into(),
        ownership: Ownership::UserOrTeam,
    }
}

fn customer(id: &str, name: &str) -> Record {
    let mut record = Record::new(RecordKind::Customer, id);
    record.currency = Some(Currency::EUR);
    record.set("name", Some(name));
    record.set("email", Some("a@b.nl"));
    record.set("excess_payments", Some(Amount(1_050)));
    record
}

fn invoice(number: &str, customer: &str) -> Vec<Record> {
    let mut head = Record::new(RecordKind::Invoice, number);
    head.currency = Currency::from_code("USD");
    head.set("name", Some(number));
    head.set("total", Some(Amount(12_345)));
    head.set("recurring", Some(true));
    head.set("invoice_date", Some("2027-01-04T23:30:00Z".parse::<Timestamp>().unwrap()));
    head.set("exchange_rate", Some(Decimal::new(9_123, 4)));
    head.link("customer", RecordKind::Customer, Some(customer));
    head.resource_version = Some(1_700_000_000_123);
    let mut line = Record::new(RecordKind::InvoiceLine, composite_id(&[number, "li1"]));
    line.currency = head.currency;
    line.set("name", Some("Plan"));
    line.set("quantity", Some(Decimal::new(15, 1)));
    line.set("amount", Some(Amount(12_345)));
    line.link("invoice", RecordKind::Invoice, Some(number));
    vec![head, line]
}

/// Writes records of one kind after the other, as the engine does.
async fn write(
    client: &DataverseClient,
    installed: &Installed,
    records: &[Record],
    beside: Beside,
) -> Vec<UpsertReport> {
    let currencies = client.currencies().await.unwrap();
    let context = RowContext { installed, site: SITE, currencies: &currencies };
    let mut reports = Vec::new();
    for kind in RecordKind::ALL {
        let of_kind = records.iter().filter(|record| record.kind == *kind);
        let rows: Vec<KeyedRow> = of_kind
            .map(|record| {
                assert_eq!(check(record), []);
                context.row(record, beside).unwrap()
            })
            .collect();
        if !rows.is_empty() {
            reports.push(client.upsert(&installed.targets[kind], rows).await);
        }
    }
    reports
}

#[track_caller]
fn all_written(reports: &[UpsertReport]) {
    for report in reports {
        assert!(report.stopped.is_none(), "{report:?}");
        assert!(report.results.values().all(|result| *result == RowResult::Written), "{report:?}");
    }
}

#[tokio::test]
async fn the_schema_goes_into_an_organization_once_at_the_vendors_pace() {
    let cloud = Cloud::start(DynamicsOptions::default()).await;
    let client = cloud.client();
    let installed = client.install(&settings()).await.unwrap();
    assert_eq!(installed.targets.len(), RecordKind::ALL.len());
    for target in installed.targets.values() {
        assert!(cloud.organization.has_table(&target.table), "{}", target.table);
    }
    cloud.organization.reset_calls();
    assert_eq!(client.install(&settings()).await.unwrap(), installed);
    assert!(cloud.organization.calls().iter().all(|call| call.method == "GET"));
    assert_eq!(client.verify(&settings()).await.unwrap(), installed);
}

#[tokio::test]
async fn an_installation_goes_on_through_lost_answers_and_locks() {
    let cloud = Cloud::quick().await;
    cloud.organization.inject(Fault::new(FaultKind::LoseAnswer).on("POST", "EntityDefinitions").after(3));
    cloud.organization.inject(Fault::new(FaultKind::CustomizationLock).on("POST", "EntityDefinitions").times(3));
    cloud.organization.inject(Fault::new(FaultKind::LoseAnswer).on("POST", "RelationshipDefinitions").after(5));
    let installed = cloud.client().install(&settings()).await.unwrap();
    assert_eq!(cloud.client().verify(&settings()).await.unwrap(), installed);
}

#[tokio::test]
async fn privileges_that_are_missing_are_named() {
    let cloud = Cloud::quick().await;
    let client = cloud.client();
    client.install(&settings()).await.unwrap();
    let me = client.who_am_i().await.unwrap();
    let needed =
        rights::needed(&settings(), &Uses { installs: true, reads: vec!["Contact", "Quote"], tracks: true }, true);
    assert_eq!(rights::missing(&needed, &client.privileges(me.user).await.unwrap()), Vec::<String>::new());
    cloud.organization.revoke(me.user, "prvCreatecb_Invoice");
    cloud.organization.revoke(me.user, "prvReadQuote");
    let held = client.privileges(me.user).await.unwrap();
    assert_eq!(rights::missing(&needed, &held), ["prvReadQuote", "prvCreatecb_Invoice"]);
}

#[tokio::test]
async fn records_come_as_they_are_with_links_money_and_owner() {
    let cloud = Cloud::quick().await;
    let client = cloud.client();
    let installed = client.install(&settings()).await.unwrap();
    let account = cloud.organization.create_account("Acme B.V.", &json!({})).unwrap();
    let team = client.find_team(koppel::sandbox::dataverse::TEAM).await.unwrap().unwrap();
    let mut records = vec![customer("C-1", "Acme"), customer("c-1", "Other")];
    records.extend(invoice("INV/1", "C-1"));
    all_written(&write(&client, &installed, &records, Beside { owner: Some(team), account: Some(account) }).await);
    let customers = cloud.rows("cb_customer");
    assert_eq!(customers.len(), 2, "ids that differ in capitals only are two");
    let acme = &customers[&record_key(SITE, "C-1")];
    assert_eq!((&acme["cb_chargebeeid"], &acme["cb_excesspayments"]), (&json!("C-1"), &json!(10.5)));
    assert_eq!(acme["_cb_account_value"], json!(account));
    let Owner::Team(team) = team else { panic!("{team:?}") };
    assert_eq!(acme["_ownerid_value"], json!(team));
    let bill = &cloud.rows("cb_invoice")[&record_key(SITE, "INV/1")];
    assert_eq!((&bill["_cb_customer_value"], &bill["cb_total"]), (&acme["cb_customerid"], &json!(123.45)));
    assert_eq!((&bill["cb_recurring"], &bill["cb_invoicedate"]), (&json!(true), &json!("2027-01-04T23:30:00Z")));
    assert_eq!(bill["cb_resourceversion"], json!(1_700_000_000_123_i64));
    let line = cloud.rows("cb_invoiceline").into_values().next().unwrap();
    assert_eq!((&line["_cb_invoice_value"], &line["cb_quantity"]), (&bill["cb_invoiceid"], &json!(1.5)));
}

#[tokio::test]
async fn what_a_record_no_longer_holds_is_emptied_and_the_account_stays() {
    let cloud = Cloud::quick().await;
    let client = cloud.client();
    let installed = client.install(&settings()).await.unwrap();
    let account = cloud.organization.create_account("Acme B.V.", &json!({})).unwrap();
    let with_account = Beside { owner: None, account: Some(account) };
    let mut record = customer("c1", "Acme");
    record.link("parent", RecordKind::Customer, Some("c1"));
    all_written(&write(&client, &installed, &[customer("c1", "Acme")], with_account).await);
    all_written(&write(&client, &installed, &[record.clone()], with_account).await);
    record.values.remove("email");
    record.links.clear();
    record.deleted = true;
    all_written(&write(&client, &installed, &[record], Beside::default()).await);
    let row = cloud.rows("cb_customer").into_values().next().unwrap();
    assert_eq!(
        (&row["cb_email"], &row["_cb_parent_value"], &row["cb_deleted"]),
        (&Value::Null, &Value::Null, &json!(true))
    );
    assert_eq!(row["_cb_account_value"], json!(account), "what a person may have set is left alone");
}

#[tokio::test]
async fn a_row_at_fault_keeps_none_of_the_others_out() {
    let cloud = Cloud::quick().await;
    let client = cloud.client();
    let installed = client.install(&settings()).await.unwrap();
    let currencies = client.currencies().await.unwrap();
    let context = RowContext { installed: &installed, site: SITE, currencies: &currencies };
    let long = "x".repeat(400);
    let rows = (0..100).map(|number| {
        let name = if number == 42 { long.as_str() } else { "short" };
        context.row(&customer(&format!("c{number}"), name), Beside::default()).unwrap()
    });
    cloud.organization.reset_calls();
    let report = client.upsert(&installed.targets[&RecordKind::Customer], rows.collect()).await;
    assert_eq!((report.written().len(), cloud.rows("cb_customer").len()), (99, 99));
    let RowResult::Refused { meaning, message } = &report.results["acme~c42"] else { panic!("{report:?}") };
    assert_eq!(*meaning, DataverseError::TextTooLong, "{message}");
    assert!(cloud.organization.calls().len() <= 15);
}

#[tokio::test]
async fn a_row_that_names_one_that_is_not_there_waits_for_it() {
    let cloud = Cloud::quick().await;
    let client = cloud.client();
    let installed = client.install(&settings()).await.unwrap();
    let mut records = invoice("inv-1", "nobody");
    records.truncate(1);
    records.push(invoice("inv-2", "c1").remove(0));
    records.push(customer("c1", "Acme"));
    let reports = write(&client, &installed, &records, Beside::default()).await;
    let RowResult::Refused { meaning, .. } = &reports[1].results["acme~inv-1"] else { panic!("{reports:?}") };
    assert_eq!(*meaning, DataverseError::KeyMissing);
    assert_eq!(reports[1].results["acme~inv-2"], RowResult::Written);
}

#[tokio::test]
async fn lost_answers_and_deadlocks_make_nothing_twice_i1() {
    let cloud = Cloud::quick().await;
    let client = cloud.client();
    let installed = client.install(&settings()).await.unwrap();
    for kind in [FaultKind::LoseAnswer, FaultKind::LoseRequest, FaultKind::Deadlock, FaultKind::CutBody] {
        cloud.organization.inject(Fault::new(kind).on("POST", "UpsertMultiple"));
        let records: Vec<Record> = (0..10).map(|number| customer(&format!("c{number}"), "Acme")).collect();
        all_written(&write(&client, &installed, &records, Beside::default()).await);
        assert_eq!(cloud.rows("cb_customer").len(), 10);
    }
}

#[tokio::test]
async fn a_limit_is_waited_out_as_told_i6() {
    let cloud = Cloud::quick().await;
    let client = cloud.client();
    client.who_am_i().await.unwrap();
    cloud.organization.inject(Fault::new(FaultKind::Throttled { facet: Facet::Time, retry_after: 90 }));
    let before = cloud.clock.now();
    client.who_am_i().await.unwrap();
    assert_eq!(cloud.clock.now().duration_since(before).as_secs(), 90);
}

#[tokio::test]
async fn changes_of_accounts_are_followed_until_the_link_is_too_old() {
    let cloud = Cloud::quick().await;
    let client = cloud.client();
    cloud.organization.track_changes("account");
    let page = |changes: Changes| match changes {
        Changes::Page(page) => page,
        Changes::Expired => panic!("expired"),
    };
    let first = page(client.changes("accounts", "name", None).await.unwrap());
    let account = cloud.organization.create_account("Acme B.V.", &json!({})).unwrap();
    let second = page(client.changes("accounts", "name", Some(&first.link)).await.unwrap());
    let names: Vec<String> = second.changed.iter().map(|row| row.need_text("name").unwrap()).collect();
    assert_eq!((names, second.more), (vec!["Acme B.V.".to_owned()], false));
    cloud.organization.delete("account", account).unwrap();
    let third = page(client.changes("accounts", "name", Some(&second.link)).await.unwrap());
    assert_eq!((third.changed.len(), third.deleted), (0, vec![account]));
    cloud.organization.expire_delta_tokens();
    let expired = client.changes("accounts", "name", Some(&third.link)).await.unwrap();
    assert!(matches!(expired, Changes::Expired));
}

#[tokio::test]
async fn what_is_wrong_with_the_credentials_is_told_and_tokens_that_end_are_renewed() {
    let cloud = Cloud::quick().await;
    let refused = cloud.client_with("wrong").who_am_i().await.unwrap_err();
    assert!(matches!(&refused, CallError::Unauthorized { message } if message.contains("AADSTS7000215")), "{refused}");
    let client = cloud.client();
    client.who_am_i().await.unwrap();
    cloud.dynamics.entra.end_tokens();
    client.who_am_i().await.unwrap();
    cloud.clock.advance(SignedDuration::from_hours(3));
    client.who_am_i().await.unwrap();
}

#[tokio::test]
async fn a_certificate_serves_where_it_is_registered_e37() {
    let cloud = Cloud::quick().await;
    let client = cloud.client_by(Credential::Certificate(certificate()));
    let refused = client.who_am_i().await.unwrap_err();
    assert!(matches!(&refused, CallError::Unauthorized { message } if message.contains("AADSTS700027")), "{refused}");
    cloud.dynamics.entra.add_certificate(TENANT, CLIENT_ID, &pem("CERTIFICATE", CERTIFICATE)).unwrap();
    client.who_am_i().await.unwrap();
}

#[tokio::test]
async fn limits_are_kept_clear_of_once_they_are_known_i6() {
    let cloud = Cloud::quick().await;
    let client = cloud.client();
    let installed = client.install(&settings()).await.unwrap();
    cloud.clock.advance(SignedDuration::from_mins(10));
    cloud.organization.set_limits(ServiceLimits { requests: 20, ..ServiceLimits::vendor() });
    let records: Vec<Record> = (0..5_000).map(|number| customer(&format!("c{number}"), "Acme")).collect();
    let before = client.counter().snapshot().get("429").copied().unwrap_or_default();
    all_written(&write(&client, &installed, &records, Beside::default()).await);
    assert_eq!(cloud.rows("cb_customer").len(), 5_000);
    let throttled = client.counter().snapshot().get("429").copied().unwrap_or_default() - before;
    assert!((1..=8).contains(&throttled), "as many as were under way when the limit was learnt: {throttled}");
}

#[tokio::test]
async fn an_organization_without_sales_has_no_quotes() {
    let cloud = Cloud::quick().await;
    let there = cloud.client().tables_there(&["account", "quote", "nonsense"]).await.unwrap();
    assert_eq!(there.keys().collect::<Vec<_>>(), ["account", "quote"]);
    assert!(there.values().all(|tracking| !tracking.is_on && tracking.can_be_on), "{there:?}");
    let client = cloud.client();
    client.track_standard("quote").await.unwrap();
    assert!(client.tables_there(&["quote"]).await.unwrap()["quote"].is_on);
    let currencies = cloud.client().currencies().await.unwrap();
    assert_eq!(currencies.keys().collect::<Vec<_>>(), ["EUR", "GBP", "USD"]);
}
