//! The world changed from outside the API, as people do it in Chargebee's own screens: in-process twins of the admin
//! interface, and the truth that proofs compare with.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Value, json};
use thiserror::Error;

use super::balance::is_open;
use super::dispatch::happen;
use super::error::ApiError;
use super::params::Params;
use super::quotes::close_expired;
use super::rows::{number, text};
use super::site::Caller;
use super::store::{Kind, Store};
use super::{ChargebeeSandbox, invoices};
use crate::sandbox::generator::ChargebeeData;

/// A change that the site refused.
#[derive(Debug, Error)]
#[error("chargebee sandbox refused the change: {0}")]
pub struct WorldError(String);

impl From<ApiError> for WorldError {
    fn from(error: ApiError) -> Self {
        Self(error.body()["message"].as_str().unwrap_or_default().to_owned())
    }
}

/// Invoices of one currency, counted and summed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct InvoiceSum {
    pub count: u64,
    /// The invoices' totals, in minor units.
    pub total: i64,
}

/// Puts the generated rows into an empty store.
pub(super) fn fill(store: &mut Store, data: ChargebeeData) {
    let rows = [
        (Kind::ItemFamily, data.item_families),
        (Kind::Item, data.items),
        (Kind::ItemPrice, data.item_prices),
        (Kind::Coupon, data.coupons),
        (Kind::Customer, data.customers),
        (Kind::Subscription, data.subscriptions),
        (Kind::Invoice, data.invoices),
        (Kind::CreditNote, data.credit_notes),
        (Kind::Transaction, data.transactions),
        (Kind::PaymentSource, data.payment_sources),
        (Kind::PromotionalCredit, data.promotional_credits),
        (Kind::UnbilledCharge, data.unbilled_charges),
        (Kind::Feature, data.features),
        (Kind::Entitlement, data.entitlements),
    ];
    for (kind, texts) in rows {
        for text in texts {
            // The generator writes whole rows; one without an id could not be found again anyway.
            let _ = store.put_text(kind, &text);
        }
    }
}

impl ChargebeeSandbox {
    /// Every invoice, whatever its state, in the order in which they were made.
    pub fn invoices(&self) -> Vec<Value> {
        self.rows(Kind::Invoice)
    }

    /// Every customer.
    pub fn customers(&self) -> Vec<Value> {
        self.rows(Kind::Customer)
    }

    /// Every credit note.
    pub fn credit_notes(&self) -> Vec<Value> {
        self.rows(Kind::CreditNote)
    }

    /// Every transaction.
    pub fn transactions(&self) -> Vec<Value> {
        self.rows(Kind::Transaction)
    }

    /// Every quote, as it stands now.
    pub fn quotes(&self) -> Vec<Value> {
        let caller = self.console();
        close_expired(&mut self.lock(), caller);
        self.rows(Kind::Quote)
    }

    fn rows(&self, kind: Kind) -> Vec<Value> {
        self.lock().store.collection(kind).rows().iter().map(|row| row.value()).collect()
    }

    /// One invoice, deleted or not.
    pub fn invoice(&self, id: &str) -> Option<Value> {
        self.lock().store.collection(Kind::Invoice).get(id).map(|row| row.value())
    }

    /// Invoices that stand (neither pending nor voided nor deleted), by currency; those dated before `from` by the
    /// site's calendar are left out.
    pub fn invoice_sums(&self, from: Option<Date>) -> BTreeMap<String, InvoiceSum> {
        let mut sums: BTreeMap<String, InvoiceSum> = BTreeMap::new();
        let site = self.lock();
        let start = from.and_then(|from| from.to_zoned(site.zone.clone()).ok()).map(|start| start.timestamp());
        let start = start.map_or(i64::MIN, |start| start.as_second());
        for row in site.store.collection(Kind::Invoice).rows() {
            let invoice = row.value();
            let is_earlier = row.keys.date.is_some_and(|date| date < start);
            if is_earlier || row.keys.deleted || matches!(text(&invoice, "status"), "pending" | "voided") {
                continue;
            }
            let sum = sums.entry(text(&invoice, "currency_code").to_owned()).or_default();
            sum.count += 1;
            sum.total = sum.total.saturating_add(number(&invoice, "total"));
        }
        sums
    }

    /// Adds invoices or replaces those with the same id. Each is saved as a change of now with its event.
    ///
    /// # Errors
    /// When one has no `id`; the ones before it have been added.
    pub fn add_invoices(&self, rows: Vec<Value>) -> Result<(), WorldError> {
        for mut row in rows {
            if row["id"].as_str().is_none_or(str::is_empty) {
                return Err(WorldError("an invoice needs an id".to_owned()));
            }
            let name = if text(&row, "status") == "pending" { "pending_invoice_created" } else { "invoice_generated" };
            let caller = self.console();
            self.lock().save_and_emit(Kind::Invoice, &mut row, name, caller);
        }
        Ok(())
    }

    /// Adds a customer or replaces the one with the same id.
    ///
    /// # Errors
    /// When it has no `id`.
    pub fn put_customer(&self, mut row: Value) -> Result<(), WorldError> {
        let id = row["id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned);
        let id = id.ok_or_else(|| WorldError("a customer needs an id".to_owned()))?;
        let caller = self.console();
        let site = &mut *self.lock();
        let known = site.store.collection(Kind::Customer).get(&id).is_some();
        let name = if known { "customer_changed" } else { "customer_created" };
        site.save_and_emit(Kind::Customer, &mut row, name, caller);
        Ok(())
    }

    /// Adds a transaction or replaces the one with the same id, with what it says of others and nothing of what those say
    /// of it: for kinds that no act of anybody makes.
    ///
    /// # Errors
    /// When it has no `id`.
    pub fn put_transaction(&self, mut row: Value) -> Result<(), WorldError> {
        if row["id"].as_str().is_none_or(str::is_empty) {
            return Err(WorldError("a transaction needs an id".to_owned()));
        }
        let caller = self.console();
        self.lock().save_and_emit(Kind::Transaction, &mut row, "transaction_created", caller);
        Ok(())
    }

    /// Sets attributes of a customer, merged into what is there; `null` takes one away.
    ///
    /// # Errors
    /// When there is no such customer.
    pub fn update_customer(&self, id: &str, changes: &Value) -> Result<Value, WorldError> {
        self.patch(Kind::Customer, id, changes, "customer_changed")
    }

    /// Sets attributes of an invoice as no API call could: for tests of documents that are wrong in themselves.
    ///
    /// # Errors
    /// When there is no such invoice.
    pub fn update_invoice(&self, id: &str, changes: &Value) -> Result<Value, WorldError> {
        self.patch(Kind::Invoice, id, changes, "invoice_updated")
    }

    fn patch(&self, kind: Kind, id: &str, changes: &Value, event: &str) -> Result<Value, WorldError> {
        let caller = self.console();
        let site = &mut *self.lock();
        let mut row = site.fetch(kind, id, caller)?;
        merge(&mut row, changes);
        row["id"] = id.into();
        site.save_and_emit(kind, &mut row, event, caller);
        Ok(row)
    }

    /// Voids an invoice as `POST /invoices/{id}/void` does.
    ///
    /// # Errors
    /// When it does not exist or its state does not allow it.
    pub fn void_invoice(&self, id: &str) -> Result<(), WorldError> {
        let caller = self.console();
        invoices::void(&mut self.lock(), id, &Params::default(), caller)?;
        Ok(())
    }

    /// Deletes an invoice as `POST /invoices/{id}/delete` does.
    ///
    /// # Errors
    /// When it does not exist or has payments or credits.
    pub fn delete_invoice(&self, id: &str) -> Result<(), WorldError> {
        let caller = self.console();
        invoices::delete(&mut self.lock(), id, &Params::default(), caller)?;
        Ok(())
    }

    /// Any write of the API as a person makes it in the vendor's screens, or what a payment gateway does:
    /// `/customers/{id}/pay` (`method`, `gateway`, `amount`, `status`, `invoices[id][0]`, `invoices[amount][0]`),
    /// `/transactions/{id}/turn` (`status`), `/invoices/{id}/make_again`, `/credit_notes/{id}/make_again`. Gives the answer's
    /// body.
    ///
    /// # Errors
    /// What the vendor would refuse.
    pub fn act(&self, path: &str, form: &[(&str, &str)]) -> Result<Value, WorldError> {
        let caller = self.console();
        let answer = happen(&mut self.lock(), path, &Params::of(form), caller)?;
        serde_json::from_str(&answer).map_err(|error| WorldError(error.to_string()))
    }

    /// An act of the generated world. Its ids are of its own, whatever callers of the API have made before; an act of the
    /// past happens at its own time.
    pub(in crate::sandbox) fn play(
        &self,
        place: u64,
        path: &str,
        form: &[(&str, &str)],
        at: Timestamp,
    ) -> Result<Value, WorldError> {
        let mut site = self.lock();
        let caller = Caller { now: site.present(at, self.clock().now()), ..self.console() };
        site.store.use_stream(place);
        let answer = happen(&mut site, path, &Params::of(form), caller);
        site.store.use_stream(0);
        serde_json::from_str(&answer?).map_err(|error| WorldError(error.to_string()))
    }

    /// A generated row comes into being, in the state that it has by now.
    pub(in crate::sandbox) fn appear(&self, list: &str, row: &str) -> Result<(), WorldError> {
        let kind = Kind::of_path(list).ok_or_else(|| WorldError(format!("there is no list {list}")))?;
        let mut row: Value = serde_json::from_str(row).map_err(|error| WorldError(error.to_string()))?;
        let caller = self.console();
        if kind == Kind::Invoice && is_open(&row) {
            let is_ahead = number(&row, "due_date") > caller.seconds();
            row["status"] = if is_ahead { "posted" } else { "payment_due" }.into();
        }
        if kind == Kind::PromotionalCredit {
            // A ledger's row bears no time of change.
            return self.add_to_ledger(&row);
        }
        let event = match kind {
            Kind::PaymentSource => "payment_source_added",
            Kind::UnbilledCharge => "unbilled_charges_created",
            Kind::Customer => "customer_created",
            Kind::Subscription => "subscription_created",
            _ if text(&row, "status") == "pending" => "pending_invoice_created",
            _ => "invoice_generated",
        };
        self.lock().save_and_emit(kind, &mut row, event, caller);
        Ok(())
    }

    fn add_to_ledger(&self, row: &Value) -> Result<(), WorldError> {
        let (site, caller) = (&mut *self.lock(), self.console());
        let put = site.store.put_text(Kind::PromotionalCredit, &row.to_string());
        put.map_err(|error| WorldError(error.to_string()))?;
        let name =
            if text(row, "type") == "increment" { "promotional_credits_added" } else { "promotional_credits_deducted" };
        site.emit(name, json!({"promotional_credit": row}), caller);
        Ok(())
    }

    /// A change made by a person in the vendor's own screens, now.
    fn console(&self) -> Caller<'static> {
        Caller { now: self.clock().now(), source: "admin_console", entity: None }
    }
}

/// JSON merge: objects are merged, `null` removes, everything else replaces.
fn merge(row: &mut Value, changes: &Value) {
    let (Some(row), Some(changes)) = (row.as_object_mut(), changes.as_object()) else { return };
    for (name, change) in changes {
        match change {
            Value::Null => {
                row.remove(name);
            }
            Value::Object(_) if row.get(name).is_some_and(Value::is_object) => {
                row.entry(name.clone()).and_modify(|inner| merge(inner, change));
            }
            other => {
                row.insert(name.clone(), other.clone());
            }
        }
    }
}
