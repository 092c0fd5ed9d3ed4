//! A document of the billing system, and what is booked of it, as far as the shared room must know them.

use std::future::Future;

use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::connectors::exact::ExactClient;
use crate::connectors::http::{CallError, CallResult};
use crate::domain::entry::{PeriodKey, PostedEntry};
use crate::domain::hold::Hold;
use crate::domain::master::MasterData;
use crate::domain::money::{Amount, Currency};
use crate::state::{BookAccount, ControlMovement, Intent};
use crate::sync::error::SyncResult;
use crate::sync::session::Session;
use crate::sync::tally::Notice;

/// A document of the billing system.
pub trait Document: Send + Sync {
    /// One of [`kinds`](crate::sync::kinds).
    fn kind(&self) -> &'static str;
    fn number(&self) -> &str;
    /// What tells it from another document of the same number.
    fn identity(&self) -> String;
    fn customer(&self) -> &str;
    fn business_entity(&self) -> Option<&str>;
    fn currency(&self) -> Currency;
    fn total(&self) -> Amount;
    /// The whole document as JSON, so that a held one can be planned again without a call (N3).
    ///
    /// # Errors
    /// Where it cannot be written as JSON.
    fn content(&self) -> serde_json::Result<String>;

    /// By which the books are searched for it.
    fn reference(&self) -> String {
        self.number().to_owned()
    }

    /// The billing site's time zone, where the document states it.
    fn site_time_zone(&self) -> Option<&str> {
        None
    }
}

/// What is sent to the books for a document. Kept as JSON with its intent, and with what was booked.
pub trait Posting: Serialize + DeserializeOwned + Send + Sync {
    /// By which the books are searched for it.
    fn reference(&self) -> &str;
    /// The customer by the billing system's id.
    fn customer(&self) -> &str;
    fn currency(&self) -> Currency;
    /// With VAT, in minor units, as the books answer it.
    fn total(&self) -> Amount;
    /// The VAT to compare the books' answer with (I2); none where the answer carries none.
    fn vat(&self) -> Option<Amount>;
    /// Whether the books show it as a credit.
    fn is_credit(&self) -> bool;
    /// Where it is booked, if that is stated.
    fn reporting(&self) -> Option<PeriodKey>;
    /// Whether any line of it is spread over periods.
    fn is_deferred(&self) -> bool;
    /// Digest of all that is sent for the customer's `account`.
    fn digest(&self, account: Uuid) -> String;
    /// The facts of the books that it stands on, as text: it may be sent again after a refusal as soon as one of them is
    /// another (N3, I5).
    fn facts(&self, master: &MasterData, account: Option<&BookAccount>) -> String;
    /// What it does to a control account, if it is money.
    fn control(&self) -> Option<ControlMovement> {
        None
    }

    /// Whether an entry that the books hold already under the reference with the same total has the very lines of this one.
    fn keeps_adopted(&self) -> bool {
        false
    }

    /// The date, the period and the lines for people, as mode `Plan` reports them.
    fn outline(&self) -> Outline;

    /// Sends it. [`OutcomeUnknown`](crate::connectors::http::CallError::OutcomeUnknown) where it may have arrived; after any
    /// other error nothing was booked.
    fn create(
        &self,
        exact: &ExactClient,
        division: i32,
        account: Uuid,
    ) -> impl Future<Output = CallResult<PostedEntry>> + Send;

    /// What the books hold under `references`; `your_ref` of each is the reference that it was found by.
    fn find(
        exact: &ExactClient,
        division: i32,
        references: &[&str],
    ) -> impl Future<Output = CallResult<Vec<PostedEntry>>> + Send;

    /// Why it cannot be sent as it is. Asked after the books were searched: what they hold already needs no sending.
    fn obstacle(&self) -> Option<Hold> {
        None
    }

    /// What a person should know of it although it is booked.
    fn notices(&self) -> Vec<Notice> {
        Vec::new()
    }

    /// The file of the billing system that may lie beside it in the books.
    fn paper(&self) -> Option<Paper<'_>> {
        None
    }

    /// Sends it: [`create`](Self::create), unless that takes more steps than one.
    ///
    /// # Errors
    /// Where a part of it is in the books or may be: the intent stays, and [`stand`](Self::stand) goes on from there.
    fn send(&self, sending: &Sending<'_>) -> impl Future<Output = SyncResult<Sent>> + Send {
        async {
            let Sending { session, intent, account, .. } = *sending;
            Ok(Sent::of(self.create(&session.target, intent.division, account).await))
        }
    }

    /// Where an intent of it stands that takes more steps than one: it goes on from there. None where it is to be looked up
    /// by its reference.
    ///
    /// # Errors
    /// The target's, or the state store's.
    fn stand(
        &self,
        _session: &Session<'_>,
        _intent: &Intent,
    ) -> impl Future<Output = SyncResult<Option<Stand>>> + Send {
        async { Ok(None) }
    }
}

/// What sending needs beside the posting itself.
#[derive(Clone, Copy)]
pub struct Sending<'s> {
    pub session: &'s Session<'s>,
    /// Written already.
    pub intent: &'s Intent,
    /// The customer's.
    pub account: Uuid,
    /// The document of the books that holds its [paper](Posting::paper).
    pub document: Option<Uuid>,
}

/// What came of sending.
#[derive(Debug)]
pub enum Sent {
    Booked(Box<PostedEntry>),
    /// The books refuse it, and nothing of it is there.
    Refused(CallError),
    /// Whether it is there is to be looked up.
    Unknown(String),
    /// Nothing of it was sent, or it was certainly not taken.
    Not(CallError),
}

impl Sent {
    /// What a single call came to.
    pub fn of(answer: CallResult<PostedEntry>) -> Self {
        match answer {
            Ok(posted) => Self::Booked(Box::new(posted)),
            Err(error) => Self::failed(error),
        }
    }

    /// What a failed call came to.
    pub fn failed(error: CallError) -> Self {
        match error {
            CallError::OutcomeUnknown { message } => Self::Unknown(message),
            error @ CallError::Rejected { .. } => Self::Refused(error),
            error => Self::Not(error),
        }
    }
}

/// How an open intent stands in the books.
#[derive(Debug)]
pub enum Stand {
    Booked(Box<PostedEntry>),
    /// Nothing of it is there.
    Nothing,
    /// It is there, or will be, and the books do not show it yet.
    Open,
}

/// The PDF that the billing system makes of a document.
#[derive(Clone, Copy, Debug)]
pub struct Paper<'p> {
    /// Of the document.
    pub number: &'p str,
    pub date: Date,
}

/// A posting in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    pub date: String,
    pub period: String,
    pub lines: Vec<String>,
    /// Of one in a foreign currency: its rate and whose that is, and what it is worth in the books.
    pub conversion: Option<String>,
}
