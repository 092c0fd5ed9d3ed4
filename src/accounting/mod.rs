//! The rules of the books, pure: a billing document with the rulebook and the master data gives an entry, or the reason
//! to hold it; with the explanation of each choice. Same inputs, same entry (I8, N8).
//!
//! [`book_invoice`] runs a document through named stages, each in a file of its own; [`conflicts`], [`preflight`] and
//! [`period_outlook`] judge the rules and the books without any document.

pub mod context;
pub mod rulebook;

mod amounts;
mod book;
mod case;
mod currency;
mod deferral;
mod dimensions;
mod discounts;
mod footing;
mod lines;
mod matching;
mod periods;
mod pieces;
mod position;
mod revenue;
mod rounding;
mod scope;
mod shares;
mod tax_parts;
mod terms;
mod text;
mod vat;

pub use book::book_invoice;
