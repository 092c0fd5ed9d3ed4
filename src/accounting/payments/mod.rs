//! The accounting of money (E5, E7, P11), pure: a transaction of the billing system with the rules, the master data and what
//! the books know of its documents gives an entry on the control account, or the reason to hold it.
//!
//! [`movement`] tells what a transaction is to the books, [`book`] makes its entry, [`applied_elsewhere`] what changed of a
//! booked one since (E14).

mod book;
mod changes;
mod context;
mod fee;
mod journal;
mod lines;
mod method;
mod receivable;
mod rules;
mod scope;

pub use book::book;
pub use changes::applied_elsewhere;
pub use context::{DocumentKey, DocumentKind, MoneyDocument, Original, PaymentContext, PlannedMoney, Settled};
pub(super) use method::ties;
pub use rules::{FeeRule, PaymentMethodRule, PaymentRules};
pub use scope::{MovementKind, is_before_start, movement};
