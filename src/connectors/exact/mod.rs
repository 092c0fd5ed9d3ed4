//! Exact Online: one client for a consent, its token, quotas and errors, and the conversion of what it holds to and from
//! the domain. What the vendor does is in the reference sheet `exact-online.md`, cited by section.

mod accounts;
mod answer;
mod authorize;
mod call;
mod client;
mod deferral;
mod documents;
mod entries;
pub mod errors;
mod invoices;
mod items;
mod limits;
mod lines;
mod master;
mod money;
mod money_payload;
mod number;
mod odata;
mod pages;
mod payload;
mod query;
mod rights;
mod terms;
mod token;
mod vendor_time;
mod window;

pub use accounts::{AccountChanges, AccountDraft, CustomerAccount};
pub use authorize::{App, authorize_url, exchange_code};
pub use client::{Division, ExactClient, ExactOptions, Me, site_of};
pub use documents::{ATTACHMENT_BYTES_MAX, DocumentDraft};
pub use errors::BusinessError;
pub use invoices::BookInvoice;
pub use items::{BookItem, ItemChanges, ItemDraft};
pub use limits::{LimitsSnapshot, QuotaView};
pub use lines::{BookedLine, DeletedRow, EntityType};
pub use money_payload::money_entry_payload;
pub use pages::SyncPage;
pub use payload::{sales_entry_payload, sales_invoice_payload};
pub use terms::PaymentTerm;
pub use token::{DayCalls, FileTokenStore, TokenKey, TokenLock, TokenPair, TokenRecord, TokenStore, TokenStoreError};
