//! Chargebee's API v2 (Product Catalog 2.0) over HTTP: its lists with their own filters and sort keys, its opaque
//! offsets, its errors and limits, and the writes that this project needs or its tests make. Written from the vendor's
//! behaviour, not from what our client sends.

mod addresses;
mod admin;
mod attributes;
mod balance;
mod calls;
mod catalogue;
mod census;
mod charges;
mod contacts;
mod coupons;
mod credit_notes;
mod customers;
mod dispatch;
mod entitlements;
mod error;
mod faults;
mod features;
mod filter;
mod gateway;
mod idempotency;
mod invoices;
mod limits;
mod list;
mod params;
mod payment_sources;
mod payments;
mod pdf;
mod pricing;
mod promotional;
mod prorate;
mod quotes;
mod refunds;
mod regenerate;
mod rows;
mod settings;
mod site;
mod spec;
mod store;
mod transactions;
pub(crate) mod transport;
mod unbilled;
mod world;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::routing::{any, get};
use jiff::tz::TimeZone;

use super::clock::SandboxClock;
use super::generator::ChargebeeData;

pub use calls::Call;
pub use census::Census;
pub use faults::{Fault, FaultKind};
pub use limits::Limits;
pub use settings::{Overpayment, Settings};
pub use world::{InvoiceSum, WorldError};

use site::{Numbers, Series, Site};
use store::Store;

/// A site's settings.
#[derive(Clone, Debug)]
pub struct ChargebeeOptions {
    pub clock: SandboxClock,
    /// The site's domain: `wolkwerk-test`.
    pub site: String,
    /// The one API key that has full access.
    pub api_key: String,
    /// IANA name; days in filters are this zone's.
    pub time_zone: String,
    pub limits: Limits,
}

/// One simulated Chargebee site. Clones share it.
#[derive(Clone, Debug)]
pub struct ChargebeeSandbox {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    options: ChargebeeOptions,
    site: Mutex<Site>,
    in_flight: AtomicU32,
}

/// A request under way; it counts until dropped.
struct InFlight<'a> {
    inner: &'a Inner,
    count: u32,
}

impl ChargebeeSandbox {
    /// A site that holds `data`.
    pub fn new(options: ChargebeeOptions, data: ChargebeeData) -> Self {
        let mut store = Store::default();
        let series = data.series.iter().map(|last| {
            let numbers = Series { invoices: Numbers::after(&last.invoice), notes: Numbers::after(&last.credit_note) };
            (last.entity.clone(), numbers)
        });
        let series = series.collect();
        world::fill(&mut store, data);
        let zone = TimeZone::get(&options.time_zone).unwrap_or(TimeZone::UTC);
        let site = Site {
            store,
            limits: options.limits,
            window: Default::default(),
            keys: Default::default(),
            faults: Default::default(),
            calls: Default::default(),
            domain: options.site.clone(),
            zone,
            zone_name: options.time_zone.clone(),
            settings: Settings::default(),
            is_opening: true,
            series,
            downloads: Default::default(),
        };
        Self { inner: Arc::new(Inner { options, site: Mutex::new(site), in_flight: AtomicU32::new(0) }) }
    }

    /// The API under `/api/v2`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/api/v2/{*path}", any(transport::handle))
            .route("/download/{name}", get(pdf::download))
            .with_state(self.clone())
    }

    /// Sets how clients reach the site: `http://HOST:PORT`, of which the addresses of downloads are made.
    pub fn set_public_url(&self, url: String) {
        self.lock().downloads.base = url;
    }

    /// From now on everything happens by the clock.
    pub(in crate::sandbox) fn open(&self) {
        self.lock().is_opening = false;
    }

    /// Sets the site's choices.
    pub fn set_settings(&self, settings: Settings) {
        self.lock().settings = settings;
    }

    /// The admin interface, to be nested under `/admin/chargebee`.
    pub fn admin_router(&self) -> Router {
        admin::router(self.clone())
    }

    /// Puts a fault in the way of coming requests.
    pub fn inject(&self, fault: Fault) {
        self.lock().faults.add(fault);
    }

    /// Takes all waiting faults away.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// Sets the site's ceilings.
    pub fn set_limits(&self, limits: Limits) {
        self.lock().limits = limits;
    }

    /// Every request so far, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.calls()
    }

    /// How often each operation was asked for: `GET /invoices`, `POST /invoices/{id}/void`.
    pub fn call_counts(&self) -> BTreeMap<String, u64> {
        self.lock().calls.counts()
    }

    /// Forgets the calls so far.
    pub fn reset_calls(&self) {
        self.lock().calls.reset();
    }

    fn options(&self) -> &ChargebeeOptions {
        &self.inner.options
    }

    fn clock(&self) -> &SandboxClock {
        &self.inner.options.clock
    }

    fn lock(&self) -> MutexGuard<'_, Site> {
        self.inner.site.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self) -> InFlight<'_> {
        let count = self.inner.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        InFlight { inner: &self.inner, count }
    }
}

impl InFlight<'_> {
    /// How many requests were under way when this one came, itself included.
    fn count(&self) -> u32 {
        self.count
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.inner.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}
