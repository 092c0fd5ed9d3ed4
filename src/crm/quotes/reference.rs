//! Koppel's reference in a quote's name, by which a quote is found again whatever was lost (I1).

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::crm::CrmQuote;
use crate::domain::offer::{BillingQuote, BillingQuoteStatus, Bounded};

/// Before the reference, so that people see what it is.
const PREFIX: &str = "KQ";
/// 50 bits, in letters and digits that nobody mixes up.
const LENGTH: usize = 10;
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Names one quote number of one CRM; the same for all its revisions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuoteReference(String);

impl QuoteReference {
    /// The reference of a quote number.
    pub fn of(organization: Uuid, number: &str) -> Self {
        let mut digest = Sha256::new();
        digest.update(organization.as_bytes());
        digest.update(number);
        let digest = digest.finalize();
        let letters = digest.iter().take(LENGTH).map(|byte| char::from(SYMBOLS[usize::from(byte % 32)]));
        Self(letters.collect())
    }

    /// `QUO-1042 Yearly plan KQ-0A1B2C3D4E-0`: number and title as far as there is place, the reference and the revision.
    pub fn name(&self, quote: &CrmQuote) -> Option<Bounded<100>> {
        let tail = format!("{PREFIX}-{}-{}", self.0, quote.revision);
        let head = format!("{} {}", quote.number, quote.name);
        let place = 99_usize.saturating_sub(tail.len());
        let head: String = head.trim().chars().take(place).collect();
        Bounded::new(&format!("{} {tail}", head.trim_end())).ok().flatten()
    }

    /// The reference that a quote in billing bears, whichever CRM's it is.
    pub fn of_quote(quote: &BillingQuote) -> Option<Self> {
        parts(quote).map(|(reference, _)| Self(reference.to_owned()))
    }

    /// Its letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The quotes that bear this reference.
    pub(super) fn own<'a>(&self, quotes: &'a [BillingQuote]) -> impl Iterator<Item = &'a BillingQuote> {
        quotes.iter().filter(move |quote| parts(quote).is_some_and(|(reference, _)| reference == self.0))
    }

    /// The quote that bears this reference. Of several, one that can still become something; of those the newest.
    pub fn find<'a>(&self, quotes: &'a [BillingQuote]) -> Option<&'a BillingQuote> {
        let is_over =
            |quote: &BillingQuote| matches!(quote.status, BillingQuoteStatus::Closed | BillingQuoteStatus::Declined);
        self.own(quotes)
            .max_by_key(|quote| (!is_over(quote), revision_of(quote), quote.made_at, quote.id.len(), &quote.id))
    }
}

/// The revision that a quote of ours is of.
pub(super) fn revision_of(quote: &BillingQuote) -> Option<i32> {
    parts(quote).map(|(_, revision)| revision)
}

fn parts(quote: &BillingQuote) -> Option<(&str, i32)> {
    let tail = quote.name.as_deref()?.split_whitespace().next_back()?;
    let (reference, revision) = tail.strip_prefix(PREFIX)?.strip_prefix('-')?.split_once('-')?;
    Some((reference, revision.parse().ok()?))
}
