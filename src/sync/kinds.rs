//! The kinds of documents and records, as the state store knows them. Records for a CRM are known by the name of their
//! [`RecordKind`].

use crate::crm::tables;
use crate::domain::record::RecordKind;

pub const INVOICE: &str = "invoice";
pub const CREDIT_NOTE: &str = "creditNote";
/// The mirror entry of an invoice that was voided after it was booked.
pub const VOID: &str = "void";
/// The mirror entry of a credit note that was voided after it was booked.
pub const CREDIT_NOTE_VOID: &str = "creditNoteVoid";
pub const PAYMENT: &str = "payment";
pub const REFUND: &str = "refund";
/// Money of the books that is to be recorded at the billing system.
pub const RECEIPT: &str = "receipt";
pub const CUSTOMER: &str = "customer";
pub const ITEM: &str = "item";
/// The document that carries the PDF of an invoice.
pub const PDF: &str = "pdf";

/// Everything that is booked, in the order in which people look at it.
pub const DOCUMENTS: [&str; 6] = [INVOICE, CREDIT_NOTE, VOID, CREDIT_NOTE_VOID, PAYMENT, REFUND];

/// A customer of the billing system that an account of the CRM becomes.
pub const CRM_ACCOUNT: &str = "crmAccount";
/// A contact of the CRM that goes to the billing system.
pub const CRM_CONTACT: &str = "crmContact";
/// Where a subscription is sent to, as an account of the CRM says.
pub const CRM_ADDRESS: &str = "crmAddress";
/// A quote of the CRM that goes to the billing system.
pub const CRM_QUOTE: &str = "crmQuote";

/// Everything that can be held, in the order in which people look at it: documents and money, records for the CRM, and what
/// comes from there.
pub fn held() -> impl Iterator<Item = &'static str> {
    let records = RecordKind::ALL.iter().map(|kind| kind.as_str());
    DOCUMENTS.into_iter().chain([RECEIPT]).chain(records).chain([CRM_ACCOUNT, CRM_CONTACT, CRM_ADDRESS, CRM_QUOTE])
}

/// Whether the kind is one of books, with an amount, and not a record.
pub fn is_of_books(kind: &str) -> bool {
    kind == RECEIPT || DOCUMENTS.contains(&kind)
}

/// The kind in the words of a message.
pub fn noun(kind: &str) -> &str {
    match kind {
        CREDIT_NOTE => "credit note",
        VOID => "the void of invoice",
        CREDIT_NOTE_VOID => "the void of credit note",
        CRM_ACCOUNT => "account",
        CRM_CONTACT => "contact",
        CRM_ADDRESS => "shipping address of",
        CRM_QUOTE => "quote",
        kind => RecordKind::parse(kind).map_or(kind, |kind| tables::of(kind).display),
    }
}
