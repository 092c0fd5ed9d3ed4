//! One document on its way through the stages.

use jiff::civil::Date;

use super::context::{BookingContext, ItemFacts};
use super::rulebook::Rulebook;
use super::text;
use crate::domain::calendar::business_date;
use crate::domain::country::Country;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::{Invoice, InvoiceLine};
use crate::domain::master::MasterData;
use crate::domain::money::Amount;

/// A document with what every stage needs to know of it.
pub(super) struct Case<'a> {
    /// What the document is, in the words of a message.
    pub noun: &'static str,
    pub invoice: &'a Invoice,
    pub context: BookingContext<'a>,
    /// The invoice's date in the connection's time zone (design §6, Head).
    pub entry_date: Date,
    /// Country of the billing address, where it names one.
    pub country: Option<Country>,
}

impl<'a> Case<'a> {
    pub fn new(invoice: &'a Invoice, context: BookingContext<'a>, entry_date: Date) -> Self {
        Self::of("invoice", invoice, context, entry_date)
    }

    /// A document that is no invoice, or not booked as one, and has the shape of one.
    pub fn of(noun: &'static str, invoice: &'a Invoice, context: BookingContext<'a>, entry_date: Date) -> Self {
        let country = invoice.billing_address.country.as_deref().and_then(Country::parse);
        Self { noun, invoice, context, entry_date, country }
    }

    pub fn rules(&self) -> &'a Rulebook {
        self.context.rulebook
    }

    pub fn master(&self) -> &'a MasterData {
        self.context.master
    }

    /// What is known of the item price that `line` names.
    pub fn item(&self, line: &InvoiceLine) -> Option<&'a ItemFacts> {
        line.item_price.as_ref().and_then(|price| self.context.items.get(price))
    }

    /// A hold of the whole document.
    pub fn hold(&self, reason: HoldReason, message: impl AsRef<str>, remedy: impl Into<String>) -> Hold {
        let number = text::cut(&self.invoice.number, 50);
        Hold::new(reason, format!("{} {number}: {}", self.noun, message.as_ref()), remedy)
    }

    /// A hold because of one line.
    pub fn hold_line(
        &self,
        line: &InvoiceLine,
        reason: HoldReason,
        message: impl AsRef<str>,
        remedy: impl Into<String>,
    ) -> Hold {
        self.hold_at(&line.id, reason, message, remedy)
    }

    /// As [`hold_line`](Self::hold_line), of the line with this id.
    pub fn hold_at(&self, id: &str, reason: HoldReason, message: impl AsRef<str>, remedy: impl Into<String>) -> Hold {
        self.hold(reason, format!("line {}: {}", text::cut(id, 50), message.as_ref()), remedy)
    }

    /// `EntityMapping wolkwerk`: the object that most remedies name.
    pub fn mapping(&self) -> String {
        format!("EntityMapping {}", self.rules().mapping)
    }

    /// `division 100001`.
    pub fn division(&self) -> String {
        format!("division {}", self.master().division)
    }

    /// An amount of the document as people read it.
    pub fn money(&self, amount: Amount) -> String {
        amount.display(self.invoice.currency)
    }
}

/// The day that a document is dated: its date, else when it was issued; none of a draft that has neither.
pub(super) fn entry_date(invoice: &Invoice, rules: &Rulebook) -> Option<Date> {
    invoice.date.or(invoice.generated_at).map(|instant| business_date(instant, &rules.time_zone))
}
