//! Exact Online over HTTP: an administration that takes what the vendor takes, refuses what it refuses, and says so in
//! the vendor's words. [`ExactSandbox`] is a handle; all state is in one [`world::World`] behind a lock.

mod admin;
mod answer;
mod body;
mod bookkeeper;
mod bookkeeper_http;
mod books;
mod books_view;
mod calls;
mod cell;
mod consent;
mod contract;
mod division;
mod documents;
mod edmx;
mod fault;
mod filter;
mod functions;
mod http;
mod invoices;
mod ledger;
mod load;
mod master;
mod money;
mod oauth;
mod office;
mod proof;
mod query;
mod quota;
mod read;
mod refusal;
mod register;
mod render;
mod route;
mod rows;
mod sales;
pub mod seed;
mod service;
mod source;
mod subledger;
mod system;
mod table;
mod vat_number;
mod vouchers;
mod world;
mod write;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use uuid::{Uuid, uuid};

pub use bookkeeper::{Receipt, Settlement, WriteOff};
pub use books_view::{BookedAccount, BookedEntry, BookedItem, BookedLine};
pub use calls::{CallCount, CallRecord};
pub use documents::{FiledAttachment, FiledDocument};
pub use fault::{Fault, FaultKind};
pub use invoices::IssuedInvoice;
pub use proof::{AccountBalance, LedgerRow, MoneyEntry, MoneyLine, OpenItem, Part};
pub use quota::Quotas;

use crate::sandbox::clock::SandboxClock;
use answer::Answer;
use service::ApiRequest;
use world::World;

/// The user who gave consent.
const USER_ID: Uuid = uuid!("b7a1f0de-5b8c-4d0e-9c1a-7e6f5d4c3b2a");
const USER_NAME: &str = "Koppel Sandbox";

/// The language of the user who gave consent: the vendor's errors are in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    #[default]
    Nl,
    En,
}

impl Language {
    /// The one of two texts that is in this language.
    pub fn of<'a>(self, dutch: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Nl => dutch,
            Self::En => english,
        }
    }
}

/// How a sandbox is set up.
#[derive(Clone, Debug)]
pub struct ExactOptions {
    pub clock: SandboxClock,
    pub quotas: Quotas,
    pub language: Language,
    /// Guids and tokens follow from it.
    pub seed: u64,
}

/// A running Exact Online. Clones share the same books.
#[derive(Clone, Debug)]
pub struct ExactSandbox {
    world: Arc<Mutex<World>>,
    released: Arc<watch::Sender<u64>>,
}

impl ExactSandbox {
    /// A sandbox with these administrations, all visible to the one user.
    pub fn new(options: ExactOptions, administrations: Vec<seed::Administration>) -> Self {
        let world = World::new(options, &administrations);
        Self { world: Arc::new(Mutex::new(world)), released: Arc::new(watch::Sender::new(0)) }
    }

    /// The vendor's API: `/api/oauth2/*` and `/api/v1/*`.
    pub fn router(&self) -> axum::Router {
        http::router(self.clone())
    }

    /// The admin interface, to be nested under a path of the server's choice.
    pub fn admin_router(&self) -> axum::Router {
        admin::router(self.clone())
    }

    /// Sets scheme, host and port as clients see them; for the absolute links in answers.
    pub fn set_public_url(&self, url: String) {
        self.world().public_url = url.trim_end_matches('/').to_owned();
    }

    /// Lets every request go on that a hanging fault holds.
    pub fn release(&self) {
        self.released.send_modify(|count| *count += 1);
    }

    /// How many requests a hanging fault holds now; one whose client has gone is none.
    pub fn hanging(&self) -> usize {
        self.released.receiver_count()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.world().now()
    }

    fn answer(&self, request: &ApiRequest) -> Answer {
        service::answer(&mut self.world(), request)
    }

    async fn wait_for_release(&self) {
        let mut released = self.released.subscribe();
        released.borrow_and_update();
        // The sender lives as long as this handle, so the wait cannot end by its loss.
        let _ = released.changed().await;
    }
}
