//! A billing site and an organization, with flows back from the one to the other.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use koppel::sandbox::dataverse::QuoteLine;
use koppel::sandbox::dynamics::DynamicsOptions;
use koppel::sandbox::generator::Size;
use koppel::sync::RunReport;
use koppel::sync::tally::{FlowTally, Notice};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::engine::crm::world::World;

/// Every flow back, and every account a customer.
pub const ALL: &str = "accountsToChargebee: {enabled: true, create: All}, contactsToChargebee: {enabled: true}, \
     addressesToChargebee: {enabled: true}, quotesToChargebee: {enabled: true, products: [\
     {product: WOLK-BASIS, itemPrice: starter-eur-monthly}, {product: WOLK-SETUP, itemPrice: onboarding-eur}]}";
/// Columns that an organization has for this.
const COLUMNS: &str = "accountColumns: {vatNumber: description, marked: creditonhold, billingCustomer: tickersymbol}";

/// A world with flows back.
pub struct Site {
    pub world: World,
}

impl Site {
    /// The flows as the manifest writes them; whatever stands before them.
    pub async fn start(flows: &str) -> Self {
        Self::with(flows, "", DynamicsOptions::quick()).await
    }

    pub async fn with(flows: &str, besides: &str, dynamics: DynamicsOptions) -> Self {
        let mut world = World::with(Size { customers: 4, invoices: 8 }, dynamics).await;
        world.edit("    flows: {}", &format!("    {COLUMNS}\n{besides}    flows: {{{flows}}}"));
        Self { world }
    }

    /// Runs to the end, a minute after whatever was before.
    pub async fn run(&self) -> RunReport {
        self.forget_calls();
        self.world.clock.advance(SignedDuration::from_mins(1));
        self.world.run().await
    }

    /// Runs, after which nothing is left to be written on either side.
    pub async fn settle(&self) -> RunReport {
        let report = self.run().await;
        self.assert_at_rest().await;
        report
    }

    /// Another run writes nothing anywhere.
    pub async fn assert_at_rest(&self) {
        self.run().await;
        assert_eq!(self.writes(), Vec::<String>::new(), "to billing");
        assert_eq!(self.world.writes(), [], "to the CRM");
    }

    pub fn forget_calls(&self) {
        self.world.sandbox.chargebee.reset_calls();
        self.world.organization.reset_calls();
    }

    /// What was written to the site since, as `/customers/{id}/update_billing_info`.
    pub fn writes(&self) -> Vec<String> {
        let calls = self.world.sandbox.chargebee.calls().into_iter();
        calls.filter(|call| call.method != "GET").map(|call| call.path).collect()
    }

    /// An account of the organization.
    pub fn account(&self, name: &str, values: &Value) -> Uuid {
        self.world.organization.create_account(name, values).unwrap()
    }

    /// An account with an address in Utrecht.
    pub fn acme(&self) -> Uuid {
        self.account(
            "Acme B.V.",
            &json!({"emailaddress1": "finance@acme.example", "telephone1": "+31 30 123 45 67",
                "description": "NL004495445B01", "address1_line1": "Dok 1", "address1_postalcode": "3511 AA",
                "address1_city": "Utrecht", "address1_country": "Nederland"}),
        )
    }

    pub fn change(&self, table: &str, id: Uuid, values: &Value) {
        self.world.organization.change(table, id, values).unwrap();
    }

    /// The customer with this id, if there is one.
    pub fn customer(&self, id: &str) -> Option<Value> {
        self.world.sandbox.chargebee.customers().into_iter().find(|customer| customer["id"] == id)
    }

    /// The customer that an account has become.
    #[track_caller]
    pub fn made(&self, account: Uuid) -> Value {
        self.customer(&account.to_string()).unwrap_or_else(|| panic!("account {account} is no customer"))
    }

    /// Some customer of the site with a company's name.
    pub fn some_customer(&self) -> Value {
        let customers = self.world.sandbox.chargebee.customers().into_iter();
        let mut known = customers.filter(|one| one["deleted"] != true && one["company"].is_string());
        known.next().unwrap()
    }

    /// All rows of a list of the site.
    pub async fn list(&self, path: &str, key: &str) -> Vec<Value> {
        let url = format!("{}/api/v2/{path}?limit=100", self.world.sandbox.chargebee_url());
        let request = reqwest::Client::new().get(url).basic_auth("test_wolkwerk_full_access", Some(""));
        let body: Value = request.send().await.unwrap().json().await.unwrap();
        body["list"].as_array().unwrap().iter().map(|row| row[key].clone()).collect()
    }

    /// Quotes of the site, by their name without Koppel's reference.
    pub async fn quotes(&self) -> Vec<Value> {
        self.list("quotes", "quote").await
    }

    /// The status of every quote of the site, in the order in which they were made.
    pub async fn statuses(&self) -> Vec<String> {
        let mut quotes = self.quotes().await;
        quotes.sort_by_key(|quote| quote["id"].as_str().and_then(|id| id.parse::<u64>().ok()));
        quotes.iter().map(|quote| quote["status"].as_str().unwrap().to_owned()).collect()
    }

    /// A quote of one set-up, at the price of the list.
    pub fn quote(&self, account: Uuid, values: &Value) -> Uuid {
        self.quote_of(account, &[QuoteLine::Product { number: "WOLK-SETUP".to_owned(), quantity: 1 }], values)
    }

    pub fn quote_of(&self, account: Uuid, lines: &[QuoteLine], values: &Value) -> Uuid {
        self.world.organization.create_quote(account, "Offer", lines, values).unwrap()
    }

    /// What is held, by kind and reason.
    pub async fn held(&self) -> Vec<(String, String)> {
        let held = self.world.held().await.into_iter();
        let mut held: Vec<_> = held.map(|held| (held.kind, held.hold.reason.to_string())).collect();
        held.sort();
        held
    }

    /// Versions of all accounts, contacts and quotes: what was not written keeps them (C2).
    pub fn versions(&self) -> Vec<BTreeMap<Uuid, u64>> {
        ["account", "contact", "quote"].map(|table| self.world.organization.row_versions(table)).to_vec()
    }

    /// The account that a customer's row is tied to.
    pub fn tied(&self, customer: &str) -> Option<Uuid> {
        let row = self.world.row(koppel::domain::record::RecordKind::Customer, customer);
        row["_kop_account_value"].as_str().map(|id| id.parse().unwrap())
    }
}

pub fn flow<'a>(report: &'a RunReport, name: &str) -> &'a FlowTally {
    report.flows.iter().find(|flow| flow.name == name).unwrap_or_else(|| panic!("no flow {name}"))
}

/// Notices of one reason, over all flows.
pub fn notices<'a>(report: &'a RunReport, reason: &str) -> Vec<&'a Notice> {
    report.flows.iter().flat_map(|flow| &flow.notices).filter(|notice| notice.reason == reason).collect()
}
