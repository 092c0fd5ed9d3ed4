//! The client against the Chargebee sandbox, which was written from the vendor's behaviour alone.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use jiff::SignedDuration;
use koppel::connectors::chargebee::{ChargebeeClient, ListCursor, ListQuery, OffsetGuard, Page, Row};
use koppel::connectors::http::{CallError, CallResult};
use koppel::domain::invoice::{Invoice, PriceType};
use koppel::domain::money::Amount;
use koppel::sandbox::chargebee::{Fault, FaultKind, Limits};
use koppel::sandbox::server::{API_KEY, SITE, Sandbox, SandboxOptions};
use url::Url;

use super::peer::{StillClock, options};

async fn start(quotas: bool) -> Sandbox {
    let chargebee_limits = if quotas { Limits::vendor() } else { Limits::off() };
    Sandbox::start(SandboxOptions { clock_running: false, chargebee_limits, ..SandboxOptions::default() })
        .await
        .unwrap()
}

fn client(sandbox: &Sandbox, key: &str) -> (ChargebeeClient, Arc<StillClock>) {
    let clock = Arc::new(StillClock::default());
    let mut options = options(Some(Url::parse(&sandbox.chargebee_url()).unwrap()), key, clock.clone());
    options.site = SITE.to_owned();
    (ChargebeeClient::new(options).unwrap(), clock)
}

/// Reads a list to its end in pages of seven.
async fn walk<T, F>(cursor: ListCursor, list: impl Fn(ListQuery) -> F) -> (Vec<Row<T>>, ListCursor)
where
    F: Future<Output = CallResult<Page<T>>>,
{
    let (mut cursor, mut guard, mut rows) = (cursor, OffsetGuard::default(), Vec::new());
    let mut query = ListQuery { limit: Some(7), ..cursor.query(true) };
    loop {
        let page = list(query.clone()).await.unwrap();
        cursor = cursor.after(&page);
        let next = guard.next(&page).unwrap();
        rows.extend(page.rows);
        let Some(next) = next else { return (rows, cursor) };
        query = query.at(next);
    }
}

async fn invoices(client: &ChargebeeClient, cursor: ListCursor) -> (Vec<Row<Invoice>>, ListCursor) {
    walk(cursor, |query| async move { client.invoices(&query).await }).await
}

#[tokio::test]
async fn every_list_is_read_to_its_end_and_every_row_once() {
    let sandbox = start(false).await;
    let client = &client(&sandbox, API_KEY).0;
    assert_eq!(client.site().await.unwrap().domain, SITE);
    macro_rules! whole {
        ($list:ident) => {{
            let (rows, cursor) = walk(ListCursor::default(), |query| async move { client.$list(&query).await }).await;
            let ids: BTreeMap<_, _> = rows.iter().map(|row| (row.id.clone(), row.value.is_ok())).collect();
            assert!(!rows.is_empty() && ids.len() == rows.len(), "{}: {} rows", stringify!($list), rows.len());
            assert!(ids.values().all(|readable| *readable), "{}: {ids:?}", stringify!($list));
            assert!(cursor.mark.is_some() && cursor.under_way.is_none());
        }};
    }
    whole!(item_families);
    whole!(items);
    whole!(item_prices);
    whole!(coupons);
    whole!(customers);
    whole!(subscriptions);
    whole!(invoices);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn every_invoice_adds_up_as_it_is_read_i2() {
    let sandbox = start(false).await;
    let client = &client(&sandbox, API_KEY).0;
    let (rows, _) = invoices(client, ListCursor::default()).await;
    for row in rows {
        let invoice = row.value.unwrap();
        let after_discounts: Amount = invoice.lines.iter().map(|line| line.amount - line.discount()).sum();
        assert_eq!(after_discounts, invoice.sub_total, "{}", invoice.number);
        let taxes: Amount = invoice.lines.iter().flat_map(|line| &line.taxes).map(|tax| tax.tax).sum();
        assert_eq!(
            (taxes, invoice.lines.iter().map(|line| line.tax).sum()),
            (invoice.tax, invoice.tax),
            "{}",
            invoice.number
        );
        let due = if invoice.price_type == PriceType::TaxInclusive { Amount::ZERO } else { invoice.tax };
        let rounding = invoice.total - invoice.sub_total - due;
        assert_eq!(rounding.size(), invoice.round_off.size(), "{}", invoice.number);
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_second_read_brings_only_what_is_new() {
    let sandbox = start(false).await;
    let client = &client(&sandbox, API_KEY).0;
    let (all, cursor) = invoices(client, ListCursor::default()).await;
    let (again, same) = invoices(client, cursor.clone()).await;
    assert!(again.len() < all.len() / 2, "{} of {}", again.len(), all.len());
    assert_eq!(same, cursor);
    // A payment an hour later moves the invoice's `updated_at`.
    sandbox.clock.advance(SignedDuration::from_hours(1));
    let open = all.iter().find(|row| row.value.as_ref().is_ok_and(is_open)).unwrap();
    pay(&sandbox, &open.id).await;
    let (changed, moved) = invoices(client, cursor.clone()).await;
    assert!(changed.iter().any(|row| row.id == open.id && row.resource_version > open.resource_version));
    assert!(moved.mark > cursor.mark);
    let (one, other) = (client.invoice(&open.id).await.unwrap(), open.value.as_ref().unwrap());
    assert_eq!(one.value.unwrap().identity(), other.identity(), "a payment makes no other document (E24)");
    sandbox.shutdown().await;
}

fn is_open(invoice: &Invoice) -> bool {
    use koppel::domain::invoice::InvoiceStatus::{NotPaid, PaymentDue, Posted};
    matches!(invoice.status, PaymentDue | NotPaid | Posted) && !invoice.deleted && invoice.total > Amount::ZERO
}

/// Records a bank transfer as a person at Chargebee would.
async fn pay(sandbox: &Sandbox, invoice: &str) {
    let url = format!("{}/api/v2/invoices/{invoice}/record_payment", sandbox.chargebee_url());
    let form = [("transaction[payment_method]", "bank_transfer"), ("transaction[reference_number]", "bank-1")];
    let answer = reqwest::Client::new().post(url).basic_auth(API_KEY, Some("")).form(&form).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
}

#[tokio::test]
async fn what_a_line_names_is_found() {
    let sandbox = start(false).await;
    let client = &client(&sandbox, API_KEY).0;
    let (rows, _) = invoices(client, ListCursor::default()).await;
    let invoice =
        rows.iter().find_map(|row| row.value.as_ref().ok().filter(|invoice| !invoice.lines.is_empty())).unwrap();
    let price = invoice.lines.iter().find_map(|line| line.item_price.as_deref()).unwrap();
    let item = client.item_price(price).await.unwrap().item;
    assert_eq!(client.item(&item).await.unwrap().id, item);
    assert_eq!(client.customer(&invoice.customer).await.unwrap().id, invoice.customer);
    let missing = client.invoice("no-such-invoice").await.unwrap_err();
    assert!(matches!(missing, CallError::NotFound { .. }), "{missing}");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_wrong_key_is_unauthorized_and_not_tried_again() {
    let sandbox = start(false).await;
    let (client, clock) = client(&sandbox, "test_of_another_site");
    let error = client.site().await.unwrap_err();
    assert!(matches!(error, CallError::Unauthorized { .. }), "{error}");
    assert!(!error.to_string().contains("test_of_another_site"), "{error}");
    assert_eq!((client.counter().total(), clock.waits().len()), (1, 0));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn faults_of_the_peer_are_absorbed_e26() {
    let sandbox = start(false).await;
    let (client, clock) = client(&sandbox, API_KEY);
    for kind in [
        FaultKind::TooManyRequests { retry_after: None },
        FaultKind::LockTimeout,
        FaultKind::UnavailableHtml,
        FaultKind::UnavailableText,
    ] {
        sandbox.chargebee.inject(Fault::new(kind).on("GET", "/items"));
    }
    assert!(!client.items(&ListQuery::default()).await.unwrap().rows.is_empty());
    assert_eq!((client.counter().total(), clock.waits().len()), (5, 4));
    sandbox.shutdown().await;
}
