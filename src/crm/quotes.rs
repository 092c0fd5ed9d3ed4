//! CRM quotes → billing quotes (C29): what to do next with one, decided from both sides as they stand, so that a run that
//! was cut off goes on where it stopped and nothing is made twice (I1).

mod draft;
mod lines;
mod prices;
mod reference;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use crate::domain::crm::{CrmQuote, CrmQuoteState};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::offer::{BillingQuote, BillingQuoteStatus, QuoteDraft};

pub use draft::draft;
pub use prices::{PriceBook, ProductRule};
pub use reference::QuoteReference;

/// Everything else that a quote's plan depends on.
#[derive(Clone, Debug)]
pub struct QuoteContext<'a> {
    pub prices: &'a PriceBook,
    pub products: &'a [ProductRule],
    /// The customer of the quote's account.
    pub customer: Option<&'a str>,
    /// The account's name, for messages.
    pub account: Option<&'a str>,
    /// Whose quote numbers these are: several CRMs may quote into one billing site (C8).
    pub organization: uuid::Uuid,
    pub zone: &'a TimeZone,
    pub today: Date,
    pub now: Timestamp,
}

/// What to do with a quote next; after it was done, the plan is made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuoteStep {
    Create(Box<QuoteDraft>),
    /// What is quoted takes the place of what was.
    Edit {
        quote: String,
        draft: Box<QuoteDraft>,
    },
    Extend {
        quote: String,
        until: Timestamp,
    },
    Accept {
        quote: String,
    },
    Decline {
        quote: String,
    },
    Close {
        quote: String,
    },
    Nothing(Settled),
}

/// Why nothing is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Settled {
    /// The customer has not seen it yet, or sales is at it again.
    NotSent,
    /// Its last day is over.
    Expired,
    /// Both sides say the same.
    InStep,
    /// Somebody in billing has declined or closed it.
    EndedInBilling,
    /// Somebody in billing still has to agree.
    InApproval,
}

/// Of each number the revision that counts, by number; the order does not matter.
pub fn latest_revisions<'a>(quotes: impl IntoIterator<Item = &'a CrmQuote>) -> BTreeMap<&'a str, &'a CrmQuote> {
    let mut latest: BTreeMap<&str, &CrmQuote> = BTreeMap::new();
    for quote in quotes {
        let known = latest.entry(quote.number.as_str()).or_insert(quote);
        if (quote.revision, quote.id) > (known.revision, known.id) {
            *known = quote;
        }
    }
    latest
}

impl QuoteStep {
    /// The key under which billing carries this step out once. The same for every attempt while billing stands as it does,
    /// another one as soon as something of it has changed: what was closed by somebody can be made anew.
    pub fn key(&self, reference: &QuoteReference, standing: &[BillingQuote]) -> String {
        let mut digest = Sha256::new();
        digest.update(format!("{self:?}"));
        let mut own: Vec<_> = reference.own(standing).map(|quote| format!("{} {:?}", quote.id, quote.status)).collect();
        own.sort();
        for quote in own {
            digest.update([0]);
            digest.update(quote);
        }
        let hash: String = digest.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        format!("koppel-quote-{}-{hash}", reference.as_str())
    }
}

/// What to do next with a quote, of whose number it is the latest revision. `standing` are the quotes of its customer.
///
/// # Errors
/// What billing cannot express, with the remedy; a quote whose customer is not there yet waits for it.
pub fn next_step(quote: &CrmQuote, standing: &[BillingQuote], context: &QuoteContext<'_>) -> Result<QuoteStep, Hold> {
    let reference = QuoteReference::of(context.organization, &quote.number);
    let found = reference.find(standing);
    match quote.state {
        CrmQuoteState::Draft | CrmQuoteState::Revised => Ok(withdrawn(found)),
        CrmQuoteState::Active => offered(quote, found, context),
        CrmQuoteState::Won => won(quote, found, context),
        CrmQuoteState::Lost | CrmQuoteState::Canceled => lost(quote, found),
    }
}

/// What sales is writing anew can no longer be accepted as it was.
fn withdrawn(found: Option<&BillingQuote>) -> QuoteStep {
    match found.filter(|found| found.status == BillingQuoteStatus::Open) {
        Some(found) => QuoteStep::Close { quote: found.id.clone() },
        None => QuoteStep::Nothing(Settled::NotSent),
    }
}

fn offered(quote: &CrmQuote, found: Option<&BillingQuote>, context: &QuoteContext<'_>) -> Result<QuoteStep, Hold> {
    let is_over = quote.valid_to.is_some_and(|last| last < context.today);
    let Some(found) = found else {
        return if is_over { Ok(QuoteStep::Nothing(Settled::Expired)) } else { create(quote, context) };
    };
    match found.status {
        BillingQuoteStatus::Open if is_over => Ok(over(found, context)),
        BillingQuoteStatus::Open => in_step(quote, found, context, QuoteStep::Nothing(Settled::InStep)),
        BillingQuoteStatus::Accepted | BillingQuoteStatus::Invoiced => Ok(QuoteStep::Nothing(Settled::InStep)),
        BillingQuoteStatus::InApproval => Ok(QuoteStep::Nothing(Settled::InApproval)),
        BillingQuoteStatus::Closed | BillingQuoteStatus::Declined if is_over => {
            Ok(QuoteStep::Nothing(Settled::Expired))
        }
        // An earlier revision, or one whose time was over before sales gave it more.
        _ if reference::revision_of(found) != Some(quote.revision) || has_run_out(found, context) => {
            create(quote, context)
        }
        _ => Ok(QuoteStep::Nothing(Settled::EndedInBilling)),
    }
}

/// An open quote whose last day is over: billing closes it by itself, unless it was given more time there.
fn over(found: &BillingQuote, context: &QuoteContext<'_>) -> QuoteStep {
    match found.valid_till.is_some_and(|until| until > context.now) {
        true => QuoteStep::Close { quote: found.id.clone() },
        false => QuoteStep::Nothing(Settled::Expired),
    }
}

fn has_run_out(found: &BillingQuote, context: &QuoteContext<'_>) -> bool {
    found.status == BillingQuoteStatus::Closed && found.valid_till.is_some_and(|until| until <= context.now)
}

fn won(quote: &CrmQuote, found: Option<&BillingQuote>, context: &QuoteContext<'_>) -> Result<QuoteStep, Hold> {
    let Some(found) = found else { return create(quote, context) };
    match found.status {
        BillingQuoteStatus::Open => in_step(quote, found, context, QuoteStep::Accept { quote: found.id.clone() }),
        BillingQuoteStatus::Accepted | BillingQuoteStatus::Invoiced => agreed(quote, found, context),
        BillingQuoteStatus::InApproval => Ok(QuoteStep::Nothing(Settled::InApproval)),
        // The customer has agreed all the same.
        BillingQuoteStatus::Closed | BillingQuoteStatus::Declined => create(quote, context),
    }
}

/// What was accepted can no longer be changed: if it is something else, a person has to look.
fn agreed(quote: &CrmQuote, found: &BillingQuote, context: &QuoteContext<'_>) -> Result<QuoteStep, Hold> {
    let draft = draft(quote, context)?;
    if draft::is_content_of(&draft, found) {
        return Ok(QuoteStep::Nothing(Settled::InStep));
    }
    let message =
        format!("quote {} was won, and quote {} in billing was accepted with other content", quote.number, found.id);
    let remedy =
        format!("compare both, and decline quote {} in Chargebee if the CRM's is the one that holds", found.id);
    Err(Hold::new(HoldReason::QuoteNotRepresentable, message, remedy))
}

fn lost(quote: &CrmQuote, found: Option<&BillingQuote>) -> Result<QuoteStep, Hold> {
    let Some(found) = found else { return Ok(QuoteStep::Nothing(Settled::InStep)) };
    let id = found.id.clone();
    match found.status {
        BillingQuoteStatus::Open | BillingQuoteStatus::Accepted if quote.state == CrmQuoteState::Lost => {
            Ok(QuoteStep::Decline { quote: id })
        }
        BillingQuoteStatus::Open | BillingQuoteStatus::Accepted => Ok(QuoteStep::Close { quote: id }),
        BillingQuoteStatus::Invoiced => {
            let message =
                format!("quote {} was lost or canceled, and quote {id} in billing has been invoiced", quote.number);
            let remedy = "credit the invoice in Chargebee, or correct the quote in the CRM";
            Err(Hold::new(HoldReason::QuoteNotRepresentable, message, remedy))
        }
        BillingQuoteStatus::InApproval => Ok(QuoteStep::Nothing(Settled::InApproval)),
        BillingQuoteStatus::Closed | BillingQuoteStatus::Declined => Ok(QuoteStep::Nothing(Settled::InStep)),
    }
}

fn create(quote: &CrmQuote, context: &QuoteContext<'_>) -> Result<QuoteStep, Hold> {
    draft(quote, context).map(|draft| QuoteStep::Create(Box::new(draft)))
}

/// Brings an open quote to what is offered; where it is there already, `then` follows.
fn in_step(
    quote: &CrmQuote,
    found: &BillingQuote,
    context: &QuoteContext<'_>,
    then: QuoteStep,
) -> Result<QuoteStep, Hold> {
    let draft = draft(quote, context)?;
    if found.kind.is_some_and(|kind| kind != draft.kind) {
        // Billing never makes the one kind of the other.
        return Ok(QuoteStep::Close { quote: found.id.clone() });
    }
    if !draft::is_content_of(&draft, found) {
        return Ok(QuoteStep::Edit { quote: found.id.clone(), draft: Box::new(draft) });
    }
    match draft.expires_at.filter(|until| Some(*until) != found.valid_till) {
        // One that was won needs no more time.
        Some(until) if quote.state == CrmQuoteState::Active => Ok(QuoteStep::Extend { quote: found.id.clone(), until }),
        _ => Ok(then),
    }
}
