//! The rules of the books, pure: a billing document with the rulebook and the master data gives an entry, or the reason
//! to hold it; with the explanation of each choice. Same inputs, same entry (I8, N8).
//!
//! [`book_invoice`] runs a document through named stages, each in a file of its own; [`conflicts`], [`preflight`] and
//! [`period_outlook`] judge the rules and the books without any document.

pub mod context;
pub mod payments;
pub mod receipts;
pub mod rulebook;

mod amounts;
mod book;
mod case;
mod conflicts;
mod credit;
mod currency;
mod deferral;
mod digest;
mod dimensions;
mod discounts;
pub mod drift;
mod footing;
mod lines;
mod matching;
mod outlook;
mod own_fields;
mod periods;
mod pieces;
mod position;
mod preflight;
mod quoted_rate;
mod revenue;
mod rounding;
mod sales_invoice;
mod scope;
mod shares;
mod tax_parts;
mod terms;
mod text;
mod vat;

pub use book::book_invoice;
pub use conflicts::{ConflictKind, RuleConflict, conflicts, conflicts_seen_from};
pub use credit::{
    BookedInvoice, book_credit_note, book_note_void, book_void, note_void_wants_releases, releases_wanted,
    void_wants_releases,
};
pub use digest::books_digest;
pub use outlook::{PeriodOutlook, TermEnd, latest_term_end, period_outlook};
pub use preflight::{Finding, FindingReason, Topic, preflight};
pub use sales_invoice::{AdHocItem, not_on_sales_invoices, sales_invoice};
