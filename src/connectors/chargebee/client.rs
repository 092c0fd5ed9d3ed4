//! The client: Chargebee's lists and single resources as domain types.

use std::sync::Arc;

use secrecy::SecretString;
use url::Url;

use super::convert::FromChargebee;
use super::lists::{self, List, ListQuery};
use super::page::{Page, Reader, Row};
use super::site::Site;
use super::transport::{Call, Reading, Transport};
use super::wire::resource;
use crate::connectors::http::{CallCounter, CallError, CallResult, Clock, WriteGuard};
use crate::domain::catalogue::{Coupon, Item, ItemFamily, ItemPrice};
use crate::domain::credit_note::CreditNote;
use crate::domain::customer::Customer;
use crate::domain::invoice::{Invoice, SubscriptionTerm};
use crate::domain::payment::Transaction;

/// Which site is read, and with what.
#[derive(Clone)]
pub struct ChargebeeOptions {
    /// The site's name, the first part of its address in Chargebee.
    pub site: String,
    /// The root of private endpoints and sandboxes; `https://{site}.chargebee.com` when absent.
    pub base_url: Option<Url>,
    /// Never shown, logged or kept elsewhere (I9).
    pub api_key: SecretString,
    pub clock: Arc<dyn Clock>,
}

/// Without the key (I9).
impl std::fmt::Debug for ChargebeeOptions {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("ChargebeeOptions").field("site", &self.site).finish_non_exhaustive()
    }
}

/// Reads one Chargebee site. Cheap to clone; clones share the count of calls.
///
/// Every read is tried again by itself, within bounds, where Chargebee is busy, out of order or cannot be
/// reached (E26); the errors that remain are told apart by what happens next and name the call, the site and the remedy.
#[derive(Clone, Debug)]
pub struct ChargebeeClient {
    transport: Arc<Transport>,
}

impl ChargebeeClient {
    /// # Errors
    /// [`CallError`] where site, address or key cannot be used as they are; nothing is sent yet.
    pub fn new(options: ChargebeeOptions) -> CallResult<Self> {
        let ChargebeeOptions { site, base_url, api_key, clock } = options;
        Ok(Self { transport: Arc::new(Transport::new(site, base_url, &api_key, clock)?) })
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Lets every write ask `guard` in the last moment before it is sent. To be set once; a second one changes nothing.
    pub fn guard_writes(&self, guard: Arc<dyn WriteGuard>) {
        let _ = self.transport.guard.set(guard);
    }

    /// How many calls were made.
    pub fn counter(&self) -> &CallCounter {
        self.transport.http().counter()
    }

    /// The site that answers.
    ///
    /// # Errors
    /// Where another site answers, or one with Product Catalog 1.0.
    pub async fn site(&self) -> CallResult<Site> {
        let call = Call { doing: "read the configuration".to_owned(), path: &["configurations"], query: Vec::new() };
        let reading = self.transport.read(&call).await?;
        Site::from_json(self.transport.site(), &reading.json)
            .map_err(|error| error.while_doing(&self.transport.doing(&call)))
    }

    /// A page of item families; not in the order of `updated_at`.
    ///
    /// # Errors
    /// [`CallError`], as for every list.
    pub async fn item_families(&self, query: &ListQuery) -> CallResult<Page<ItemFamily>> {
        self.list(&lists::ITEM_FAMILIES, query).await
    }

    /// A page of items.
    ///
    /// # Errors
    /// [`CallError`], as for every list.
    pub async fn items(&self, query: &ListQuery) -> CallResult<Page<Item>> {
        self.list(&lists::ITEMS, query).await
    }

    /// A page of item prices.
    ///
    /// # Errors
    /// [`CallError`], as for every list.
    pub async fn item_prices(&self, query: &ListQuery) -> CallResult<Page<ItemPrice>> {
        self.list(&lists::ITEM_PRICES, query).await
    }

    /// A page of coupons; not in the order of `updated_at`.
    ///
    /// # Errors
    /// [`CallError`], as for every list.
    pub async fn coupons(&self, query: &ListQuery) -> CallResult<Page<Coupon>> {
        self.list(&lists::COUPONS, query).await
    }

    /// A page of customers.
    ///
    /// # Errors
    /// [`CallError`], as for every list.
    pub async fn customers(&self, query: &ListQuery) -> CallResult<Page<Customer>> {
        self.list(&lists::CUSTOMERS, query).await
    }

    /// A page of invoices.
    ///
    /// # Errors
    /// [`CallError`], as for every list.
    pub async fn invoices(&self, query: &ListQuery) -> CallResult<Page<Invoice>> {
        self.list(&lists::INVOICES, query).await
    }

    /// A page of credit notes.
    ///
    /// # Errors
    /// [`CallError`], as for every list.
    pub async fn credit_notes(&self, query: &ListQuery) -> CallResult<Page<CreditNote>> {
        self.list(&lists::CREDIT_NOTES, query).await
    }

    /// A page of transactions: payments, refunds and reversals.
    ///
    /// # Errors
    /// [`CallError`], as for every list.
    pub async fn transactions(&self, query: &ListQuery) -> CallResult<Page<Transaction>> {
        self.list(&lists::TRANSACTIONS, query).await
    }

    /// A page of subscriptions, each as far as its next terms go.
    ///
    /// # Errors
    /// [`CallError`], as for every list.
    pub async fn subscriptions(&self, query: &ListQuery) -> CallResult<Page<SubscriptionTerm>> {
        self.list(&lists::SUBSCRIPTIONS, query).await
    }

    /// The item price with this id.
    ///
    /// # Errors
    /// [`CallError::NotFound`] where there is none; [`CallError::Malformed`] where it cannot be read.
    pub async fn item_price(&self, id: &str) -> CallResult<ItemPrice> {
        self.value(&lists::ITEM_PRICES, id).await
    }

    /// The item with this id.
    ///
    /// # Errors
    /// As for [`item_price`](Self::item_price).
    pub async fn item(&self, id: &str) -> CallResult<Item> {
        self.value(&lists::ITEMS, id).await
    }

    /// The customer with this id.
    ///
    /// # Errors
    /// As for [`item_price`](Self::item_price). A deleted customer is not found either.
    pub async fn customer(&self, id: &str) -> CallResult<Customer> {
        self.value(&lists::CUSTOMERS, id).await
    }

    /// The invoice with this number, held where it cannot be read.
    ///
    /// # Errors
    /// [`CallError::NotFound`] where there is none, or a deleted one.
    pub async fn invoice(&self, id: &str) -> CallResult<Row<Invoice>> {
        self.row(&lists::INVOICES, id).await
    }

    /// The credit note with this number, held where it cannot be read.
    ///
    /// # Errors
    /// As for [`invoice`](Self::invoice).
    pub async fn credit_note(&self, id: &str) -> CallResult<Row<CreditNote>> {
        self.row(&lists::CREDIT_NOTES, id).await
    }

    /// The transaction with this id, held where it cannot be read.
    ///
    /// # Errors
    /// [`CallError::NotFound`] where there is none, or a deleted one.
    pub async fn transaction(&self, id: &str) -> CallResult<Row<Transaction>> {
        self.row(&lists::TRANSACTIONS, id).await
    }

    pub(super) async fn list<T: FromChargebee>(&self, list: &List, query: &ListQuery) -> CallResult<Page<T>> {
        self.list_by(list, query, Vec::new(), &Reader::own()).await
    }

    /// Only the rows that pass these filters, too.
    pub(super) async fn list_where<T: FromChargebee>(
        &self,
        list: &List,
        query: &ListQuery,
        filters: Vec<(&'static str, String)>,
    ) -> CallResult<Page<T>> {
        self.list_by(list, query, filters, &Reader::own()).await
    }

    pub(super) async fn list_by<T>(
        &self,
        list: &List,
        query: &ListQuery,
        filters: Vec<(&'static str, String)>,
        reader: &Reader<T>,
    ) -> CallResult<Page<T>> {
        let parameters = query.parameters(list).into_iter().chain(filters).collect();
        let call = Call { doing: format!("list {}", list.path), path: &[list.path], query: parameters };
        let reading = self.transport.read(&call).await?;
        let page = page(list, query, &reading, reader);
        page.map_err(|error| error.while_doing(&self.transport.doing(&call)))
    }

    pub(super) async fn value<T: FromChargebee>(&self, list: &List, id: &str) -> CallResult<T> {
        let row: Row<T> = self.row(list, id).await?;
        row.value.map_err(|hold| CallError::Malformed { message: format!("{}; {}", hold.message, hold.remedy) })
    }

    /// One resource by its id. An id that would not stay one segment of a path is looked up in the list instead.
    async fn row<T: FromChargebee>(&self, list: &List, id: &str) -> CallResult<Row<T>> {
        let doing = format!("read {} {id}", T::NOUN);
        if matches!(id, "" | "." | "..") || id.contains('/') {
            return self.row_by_filter(list, id, doing).await;
        }
        let call = Call { doing, path: &[list.path, id], query: Vec::new() };
        let reading = self.transport.read(&call).await?;
        let Some(json) = resource(&reading.json, list.key) else {
            let message = format!("the answer holds no {}", list.key);
            return Err(CallError::Malformed { message }.while_doing(&self.transport.doing(&call)));
        };
        Ok(Row::from_json(json, &Reader::own(), || id.to_owned()))
    }

    async fn row_by_filter<T: FromChargebee>(&self, list: &List, id: &str, doing: String) -> CallResult<Row<T>> {
        let query = vec![("limit", "1".to_owned()), ("id[is]", id.to_owned())];
        let call = Call { doing, path: &[list.path], query };
        let missing = || CallError::NotFound { message: format!("there is no {} with this id", T::NOUN) };
        let found = if id.is_empty() {
            None
        } else {
            let reading = self.transport.read(&call).await?;
            page(list, &ListQuery::default(), &reading, &Reader::own())?.rows.into_iter().next()
        };
        found.ok_or_else(|| missing().while_doing(&self.transport.doing(&call)))
    }
}

fn page<T>(list: &List, query: &ListQuery, reading: &Reading, reader: &Reader<T>) -> CallResult<Page<T>> {
    let not_promised = |error| CallError::Malformed { message: format!("the answer is no list: {error}") };
    let mut page = Page::<T>::from_json(list, &reading.json, reader).map_err(not_promised)?;
    if page.next.is_some() && page.next == query.offset {
        let message =
            "the page names itself as the next one; read the list again, and ask Chargebee's support if it stays so";
        return Err(CallError::Malformed { message: message.to_owned() });
    }
    page.ordered = list.sorts_by_update && query.updated_after.is_some();
    page.read_at = reading.date;
    Ok(page)
}
