//! What a CRM has Chargebee keep (C26–C29), written to the sandbox and repeated.

use koppel::connectors::chargebee::{ChargebeeClient, ListCursor, QuoteAnswer, RecordList};
use koppel::connectors::http::CallError;
use koppel::crm::quotes::{PriceBook, QuoteContext, QuoteReference, QuoteStep, Settled, next_step};
use koppel::domain::crm::{CrmQuote, CrmQuoteLine, CrmQuoteState};
use koppel::domain::money::Currency;
use koppel::domain::offer::{
    BillingAddress, BillingQuoteStatus, Bounded, Change, ContactDraft, CustomerChanges, NewCustomer, WrittenVatNumber,
};
use koppel::domain::record::{Record, RecordKind};
use koppel::sandbox::chargebee::{Fault, FaultKind};
use koppel::sandbox::server::Sandbox;
use uuid::Uuid;

use super::records::{walk, world};

fn bounded<const MAX: usize>(text: &str) -> Bounded<MAX> {
    Bounded::new(text).unwrap().unwrap()
}

fn street(line: &str) -> BillingAddress {
    BillingAddress {
        company: Some(bounded("Boom & Zn.")),
        line1: Some(bounded(line)),
        city: Some(bounded("Gent")),
        postcode: Some(bounded("9000")),
        country: Some(bounded("BE")),
        ..BillingAddress::default()
    }
}

fn new_customer() -> NewCustomer {
    NewCustomer {
        id: bounded("0f8fad5b-d9cb-469f-a165-70867728950e"),
        currency: Some(Currency::EUR),
        business_entity: Some(bounded("wolkwerk-be")),
        fields: CustomerChanges {
            name: Change::Set(bounded("Boom & Zn.")),
            email: Change::Set(bounded("info@boom.be")),
            vat_number: Change::Set(WrittenVatNumber { number: bounded("0428759497"), prefix: None }),
            billing_address: Change::Set(street("Straat 1")),
            ..CustomerChanges::default()
        },
    }
}

fn calls(sandbox: &Sandbox, operation: &str) -> u64 {
    sandbox.chargebee.call_counts().get(operation).copied().unwrap_or(0)
}

#[tokio::test]
async fn a_customer_is_made_once_whatever_its_attempts_and_changed_by_both_endpoints() {
    let (sandbox, client) = world().await;
    let made = client.create_customer(&new_customer(), "k1").await.unwrap();
    assert_eq!((made.company.as_deref(), made.business_entity.as_deref()), (Some("Boom & Zn."), Some("wolkwerk-be")));
    assert_eq!(made.vat_number.as_deref(), Some("BE0428759497"));
    let again = client.create_customer(&new_customer(), "another key, after the first was forgotten").await.unwrap();
    assert_eq!(again, made, "found by its id");
    let changes = CustomerChanges {
        phone: Change::Set(bounded("+32 9 1")),
        email: Change::Clear,
        vat_number: Change::Clear,
        billing_address: Change::Set(street("Laan 2")),
        ..CustomerChanges::default()
    };
    let changed = client.change_customer(&made.id, &changes, "k2").await.unwrap();
    assert_eq!((changed.email, changed.vat_number), (None, None));
    assert_eq!(changed.billing_address.unwrap().lines, ["Laan 2"]);
    assert_eq!(calls(&sandbox, "POST /customers/{id}/update_billing_info"), 1);
    let same = client.change_customer(&made.id, &changes, "k2").await.unwrap();
    assert_eq!(same.resource_version, changed.resource_version, "the same key does nothing twice");
    let nothing = client.change_customer(&made.id, &CustomerChanges::default(), "k3").await.unwrap();
    assert_eq!(nothing.resource_version, changed.resource_version);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_contact_is_added_changed_and_removed_and_each_can_be_repeated() {
    let (sandbox, client) = world().await;
    let customer = client.create_customer(&new_customer(), "k1").await.unwrap().id;
    let draft = ContactDraft {
        id: bounded("7c9e6679-7425-40de-944b-e07fc1f90ae7"),
        email: bounded("jo@boom.be"),
        first_name: Some(bounded("Jo")),
        last_name: None,
        phone: None,
        label: Some(bounded("Buyer")),
    };
    client.add_contact(&customer, &draft, "k2").await.unwrap();
    let renamed = ContactDraft { first_name: Some(bounded("Joke")), ..draft.clone() };
    let added = client.add_contact(&customer, &renamed, "k3").await.unwrap();
    assert_eq!(
        (added.contacts.len(), added.contacts[0].first_name.as_deref()),
        (1, Some("Joke")),
        "one that is there is changed"
    );
    client.update_contact(&customer, &draft, "k4").await.unwrap();
    client.delete_contact(&customer, draft.id.as_str(), "k5").await.unwrap();
    client.delete_contact(&customer, draft.id.as_str(), "k6").await.unwrap();
    assert!(client.billing_customer(&customer).await.unwrap().contacts.is_empty());
    let gone = client.update_contact(&customer, &draft, "k7").await.unwrap_err();
    assert!(matches!(gone, CallError::NotFound { .. }), "{gone}");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_shipping_address_is_set_on_a_subscription() {
    let (sandbox, client) = world().await;
    let (records, _) = walk(&client, RecordList::Subscriptions, ListCursor::default()).await;
    let standing = |record: &&Record| record.kind == RecordKind::Subscription && !record.deleted;
    let subscription = &records.iter().find(standing).unwrap().id;
    client.set_shipping_address(subscription, &street("Haven 9"), "k1").await.unwrap();
    let path = format!("/subscriptions?id[is]={subscription}");
    let url = format!("{}/api/v2{path}", sandbox.chargebee_url());
    let key = koppel::sandbox::server::API_KEY;
    let answer: serde_json::Value =
        reqwest::Client::new().get(url).basic_auth(key, Some("")).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["list"][0]["subscription"]["shipping_address"]["line1"], "Haven 9");
    let none = client.set_shipping_address("none", &street("Haven 9"), "k2").await.unwrap_err();
    assert!(matches!(none, CallError::NotFound { .. }));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_refusal_names_the_parameter_and_what_mends_it() {
    let (sandbox, client) = world().await;
    let customer = client.create_customer(&new_customer(), "k1").await.unwrap().id;
    let nowhere = BillingAddress { country: Some(bounded("ZZ")), ..street("Straat 1") };
    let changes = CustomerChanges { billing_address: Change::Set(nowhere), ..CustomerChanges::default() };
    let error = client.change_customer(&customer, &changes, "k2").await.unwrap_err();
    assert!(matches!(&error, CallError::Rejected { status: 400, code: Some(code), .. } if code == "param_wrong_value"));
    let text = error.to_string();
    assert!(text.contains("billing_address[country]") && text.contains("correct the value"), "{text}");
    let error = client.answer_quote("77", QuoteAnswer::Accepted, "k3").await.unwrap_err();
    assert!(matches!(error, CallError::NotFound { .. }));
    sandbox.shutdown().await;
}

fn line(position: i32, product: Option<&str>, quantity: i64, cents: i64) -> CrmQuoteLine {
    CrmQuoteLine {
        id: Uuid::from_u128(position as u128),
        position,
        product: product.map(str::to_owned),
        description: Some("Travel".to_owned()),
        unit: None,
        quantity: quantity.into(),
        unit_price: rust_decimal::Decimal::new(cents, 2),
        discount: Default::default(),
    }
}

fn quote(state: CrmQuoteState, lines: Vec<CrmQuoteLine>) -> CrmQuote {
    CrmQuote {
        id: Uuid::from_u128(1),
        number: "QUO-01042".to_owned(),
        revision: 0,
        name: "Boom, a year".to_owned(),
        account: Some(Uuid::from_u128(7)),
        state,
        currency: Some(Currency::EUR),
        valid_to: Some(jiff::civil::date(2027, 1, 31)),
        lines,
        discount_percent: Some(10.into()),
        discount_amount: None,
        freight: None,
        net_total: None,
        billing_address: None,
        shipping_address: None,
        modified_at: None,
    }
}

/// A world with a customer, and what its quotes are planned with.
struct Desk {
    sandbox: Sandbox,
    client: ChargebeeClient,
    customer: String,
    prices: PriceBook,
    steps: Vec<String>,
}

impl Desk {
    async fn open() -> Self {
        let (sandbox, client) = world().await;
        let customer = client.create_customer(&new_customer(), "k1").await.unwrap().id;
        let (records, _) = walk(&client, RecordList::ItemPrices, ListCursor::default()).await;
        Self { sandbox, client, customer, prices: PriceBook::of(&records), steps: Vec::new() }
    }

    /// Does what is to be done, step by step, until there is nothing; gives why.
    async fn settle(&mut self, quote: &CrmQuote) -> Settled {
        for _ in 0..5 {
            let standing = self.client.quotes_of(&self.customer).await.unwrap();
            let zone = jiff::tz::TimeZone::get("Europe/Amsterdam").unwrap();
            let now = self.sandbox.clock.now();
            let context = QuoteContext {
                prices: &self.prices,
                products: &[],
                customer: Some(&self.customer),
                account: Some("Boom"),
                organization: Uuid::from_u128(99),
                zone: &zone,
                today: now.to_zoned(zone.clone()).date(),
                now,
            };
            let step = next_step(quote, &standing, &context).unwrap_or_else(|hold| panic!("{}", hold.message));
            if let QuoteStep::Nothing(why) = step {
                return why;
            }
            let reference = QuoteReference::of(Uuid::from_u128(99), &quote.number);
            let key = step.key(&reference, &standing);
            self.take(step, &key).await;
        }
        panic!("it does not come to rest: {:?}", self.steps)
    }

    async fn take(&mut self, step: QuoteStep, key: &str) {
        let (word, done) = match step {
            QuoteStep::Create(draft) => ("create", self.client.create_quote(&draft, key).await),
            QuoteStep::Edit { quote, draft } => ("edit", self.client.edit_quote(&quote, &draft, key).await),
            QuoteStep::Extend { quote, until } => ("extend", self.client.extend_quote(&quote, until, key).await),
            QuoteStep::Accept { quote } => {
                ("accept", self.client.answer_quote(&quote, QuoteAnswer::Accepted, key).await)
            }
            QuoteStep::Decline { quote } => {
                ("decline", self.client.answer_quote(&quote, QuoteAnswer::Declined, key).await)
            }
            QuoteStep::Close { quote } => ("close", self.client.answer_quote(&quote, QuoteAnswer::Closed, key).await),
            QuoteStep::Nothing(why) => panic!("{why:?} is no step"),
        };
        self.steps.push(word.to_owned());
        // What was carried out and not answered is found again by its reference.
        if let Err(error) = done {
            assert!(matches!(error, CallError::OutcomeUnknown { .. }), "{error}");
        }
    }
}

fn subscription() -> Vec<CrmQuoteLine> {
    vec![line(1, Some("team-eur-monthly"), 3, 4950), line(2, Some("onboarding-eur"), 1, 40_000)]
}

#[tokio::test]
async fn a_quote_arrives_is_changed_extended_and_won() {
    let mut desk = Desk::open().await;
    let mut own = quote(CrmQuoteState::Active, subscription());
    assert_eq!(desk.settle(&own).await, Settled::InStep);
    own.valid_to = Some(jiff::civil::date(2027, 2, 28));
    assert_eq!(desk.settle(&own).await, Settled::InStep);
    own.lines[0].quantity = 4.into();
    assert_eq!(desk.settle(&own).await, Settled::InStep);
    own.state = CrmQuoteState::Won;
    assert_eq!(desk.settle(&own).await, Settled::InStep);
    assert_eq!(desk.steps, ["create", "extend", "edit", "accept"]);
    let [standing] = desk.client.quotes_of(&desk.customer).await.unwrap().try_into().unwrap();
    assert_eq!(standing.status, BillingQuoteStatus::Accepted);
    // Four at 49.50 and 400.00, less a tenth.
    assert_eq!(standing.sub_total.unwrap().0, (4 * 4950 + 40_000) * 9 / 10);
    let calls = desk.sandbox.chargebee.calls().len();
    assert_eq!(desk.settle(&own).await, Settled::InStep);
    assert_eq!(desk.sandbox.chargebee.calls().len(), calls + 1, "one look, no write");
    desk.sandbox.shutdown().await;
}

#[tokio::test]
async fn one_off_quotes_tiers_losses_and_revisions_arrive_as_they_are() {
    let mut desk = Desk::open().await;
    let mut lines = vec![line(1, Some("training-eur"), 2, 80_000), line(2, None, 1, 2500)];
    lines[0].discount = rust_decimal::Decimal::new(5000, 2);
    let mut own = quote(CrmQuoteState::Active, lines);
    assert_eq!(desk.settle(&own).await, Settled::InStep);
    own.state = CrmQuoteState::Draft;
    own.revision = 1;
    assert_eq!(desk.settle(&own).await, Settled::NotSent);
    // Ten gigabytes at 0.40 come to 4.00.
    own.lines = subscription();
    own.lines.push(line(3, Some("storage-eur-monthly"), 10, 40));
    own.state = CrmQuoteState::Active;
    assert_eq!(desk.settle(&own).await, Settled::InStep);
    own.state = CrmQuoteState::Lost;
    assert_eq!(desk.settle(&own).await, Settled::InStep);
    assert_eq!(desk.steps, ["create", "close", "create", "decline"]);
    let statuses: Vec<_> =
        desk.client.quotes_of(&desk.customer).await.unwrap().iter().map(|quote| quote.status).collect();
    assert_eq!(statuses, [BillingQuoteStatus::Closed, BillingQuoteStatus::Declined]);
    desk.sandbox.shutdown().await;
}

#[tokio::test]
async fn a_quote_whose_answer_was_lost_is_not_made_twice_i1() {
    let mut desk = Desk::open().await;
    // The answers to all attempts are lost.
    let lost = Fault::new(FaultKind::LoseAnswer).on("POST", "/create_subscription_quote_for_items").times(8);
    desk.sandbox.chargebee.inject(lost);
    let own = quote(CrmQuoteState::Won, subscription());
    assert_eq!(desk.settle(&own).await, Settled::InStep);
    assert_eq!(desk.steps, ["create", "accept"]);
    assert_eq!(desk.client.quotes_of(&desk.customer).await.unwrap().len(), 1);
    desk.sandbox.shutdown().await;
}

#[tokio::test]
async fn a_quote_that_ran_out_is_offered_again_when_sales_gives_it_more_time() {
    let mut desk = Desk::open().await;
    let mut own = quote(CrmQuoteState::Active, subscription());
    desk.settle(&own).await;
    desk.sandbox.clock.advance(jiff::SignedDuration::from_hours(24 * 30));
    assert_eq!(desk.settle(&own).await, Settled::Expired);
    own.valid_to = Some(jiff::civil::date(2027, 3, 31));
    assert_eq!(desk.settle(&own).await, Settled::InStep);
    assert_eq!(desk.steps, ["create", "create"]);
    desk.sandbox.shutdown().await;
}
