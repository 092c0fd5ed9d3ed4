//! The kinds of documents and records, as the state store knows them.

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

/// The kind in the words of a message.
pub fn noun(kind: &str) -> &str {
    match kind {
        CREDIT_NOTE => "credit note",
        VOID => "the void of invoice",
        CREDIT_NOTE_VOID => "the void of credit note",
        kind => kind,
    }
}
