//! Chargebee's JSON as it comes. Every field has a default, since rows of older sites lack what the newest typing calls
//! required, and unknown keys and values pass (chargebee.md §0 and §4, "Versions").

mod catalogue;
mod credit_note;
mod customer;
mod envelope;
mod invoice;
mod quote;
mod receipt;
mod scalar;
mod subscription;
mod transaction;

pub use catalogue::{CouponRow, ItemFamilyRow, ItemPriceRow, ItemRow};
pub use credit_note::{CreditNoteRow, CreditedLineRow};
pub use customer::{AddressRow, ContactRow, CustomerRow, custom_fields};
pub use envelope::{Configurations, ErrorBody, Head, ListAnswer, resource};
pub use invoice::{DiscountRow, InvoiceRow, LineDiscountRow, LineRow, LineTaxRow};
pub use quote::{QuoteLineRow, QuoteRow};
pub use receipt::{BalanceRow, ReceiptRow};
pub use scalar::{Flag, Number, Text};
pub use subscription::SubscriptionRow;
pub use transaction::{LinkedCreditNoteRow, LinkedInvoiceRow, TransactionRow};
