//! How a printed invoice reaches the customer. The sandbox sends nothing; it remembers what would have been sent.

use uuid::Uuid;

use crate::sandbox::exact::body::Body;
use crate::sandbox::exact::cell::Cell;
use crate::sandbox::exact::division::Division;

const EMAIL: &str = "SendEmailToCustomer";
const POSTBOX: &str = "SendInvoiceToCustomerPostbox";
const PEPPOL: &str = "SendInvoiceViaPeppol";
const BY_ACCOUNT: &str = "SendOutputBasedOnAccount";

/// What a print sends.
#[derive(Debug, Default)]
pub struct Sending {
    /// The ways that worked, in the words of the request.
    pub ways: Vec<&'static str>,
    /// What the answer says of each way.
    pub said: Vec<(&'static str, Cell)>,
}

impl Sending {
    fn note(&mut self, way: &'static str, works: bool, said: [(&'static str, &str); 2]) {
        if works {
            self.ways.push(way);
        }
        let (property, text) = said[usize::from(!works)];
        self.said.push((property, text.into()));
    }
}

/// Sends the invoice as the print asks: mail goes before the postbox, and the customer's own preference counts when nothing
/// else is asked. What fails is said in the answer; the print stands.
pub fn send(division: &Division, print: &Body, invoice_to: Uuid) -> Sending {
    let account = division.table("crm/Accounts").get(invoice_to);
    let has = |name: &str| account.is_some_and(|row| !row.text(name).is_empty());
    let asked = |way: &str| print.cell(way).truth();
    let by_account = asked(BY_ACCOUNT) && ![EMAIL, POSTBOX, PEPPOL].into_iter().any(asked);
    let preferred = account.filter(|_| by_account).map_or(0, |row| row.int("InvoicingMethod"));
    let (by_mail, by_postbox) = (asked(EMAIL) || preferred == 2, asked(POSTBOX) || preferred == 4);
    let mut sending = Sending::default();
    if by_mail {
        let said = [("EmailCreationSuccess", "E-mail aangemaakt"), ("EmailCreationError", "Verplicht: E-mail")];
        sending.note(EMAIL, has("Email"), said);
    } else if by_postbox {
        // The licence has no postbox.
        let error = ("PostboxMessageCreationError", "Niet toegestaan: Postvak");
        sending.note(POSTBOX, false, [error, error]);
    }
    if asked(PEPPOL) {
        let said = [("PeppolCreationSuccess", "Verzonden"), ("PeppolCreationError", "Verplicht: Peppol-ID")];
        sending.note(PEPPOL, has("PeppolIdentifier"), said);
    }
    sending
}
