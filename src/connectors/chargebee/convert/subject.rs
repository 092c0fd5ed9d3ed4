//! The resource that is being read: takes its numbers and says what is wrong with them.

use std::fmt::Display;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::super::wire::{Number, Text};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::money::{Amount, Currency};

/// A resource by its noun and id, and the reason under which it is held where nothing of it can be read.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub noun: &'static str,
    pub id: &'a str,
    pub unreadable: HoldReason,
}

impl Subject<'_> {
    /// Holds the resource: `what` goes on from its name, as in "invoice INV-1 names no customer".
    pub fn hold(&self, reason: HoldReason, what: impl Display) -> Hold {
        let remedy = format!("correct {} {} in Chargebee, or book it by hand and leave it out", self.noun, self.id);
        Hold::new(reason, format!("{} {} {what}", self.noun, self.id), remedy)
    }

    /// The resource's JSON is not what Chargebee's interface promises.
    pub fn unreadable(&self, why: impl Display) -> Hold {
        let message = format!("{} {} cannot be read: {why}", self.noun, self.id);
        let remedy =
            format!("look at {} {} in Chargebee; report it to Koppel if it is in order there", self.noun, self.id);
        Hold::new(self.unreadable, message, remedy)
    }

    /// An amount in minor units that must be there.
    pub fn amount(&self, field: &str, number: &Number) -> Result<Amount, Hold> {
        self.amount_if_any(field, number)?
            .ok_or_else(|| self.hold(HoldReason::AmountMismatch, format!("has no {field}")))
    }

    /// An amount in minor units, `None` where there is none.
    pub fn amount_if_any(&self, field: &str, number: &Number) -> Result<Option<Amount>, Hold> {
        let refused = |value| {
            let what = format!("has {field} {value}, which is not a whole number of minor units within 64 bits");
            self.hold(HoldReason::AmountMismatch, what)
        };
        Ok(number.whole().map_err(refused)?.map(Amount))
    }

    /// An exact decimal, `None` where there is none.
    pub fn decimal(&self, field: &str, number: &Number) -> Result<Option<Decimal>, Hold> {
        let refused = |value| {
            let what = format!("has {field} {value}, which is not a number of at most 28 digits");
            self.hold(HoldReason::AmountMismatch, what)
        };
        number.decimal().map_err(refused)
    }

    /// An instant in Unix seconds, `None` where there is none. Without it no period can be chosen, hence the reason.
    pub fn instant(&self, field: &str, number: &Number) -> Result<Option<Timestamp>, Hold> {
        let refused = |value: String| {
            let what = format!("has {field} {value}, which is not a time in seconds since 1970");
            self.hold(HoldReason::MissingFinancialPeriod, what)
        };
        let Some(seconds) = number.whole().map_err(|value| refused(value.0))? else { return Ok(None) };
        Timestamp::from_second(seconds).map(Some).map_err(|_| refused(seconds.to_string()))
    }

    /// The currency that must be there and that ISO 4217 must know.
    pub fn currency(&self, code: &Text) -> Result<Currency, Hold> {
        let Some(code) = code.as_deref() else {
            return Err(self.hold(HoldReason::CurrencyNotAllowed, "names no currency"));
        };
        let unknown = || {
            self.hold(HoldReason::CurrencyNotAllowed, format!("is in currency {code}, which ISO 4217 does not know"))
        };
        Currency::from_code(&code.trim().to_ascii_uppercase()).ok_or_else(unknown)
    }
}

/// A small whole number of no weight (days, periods): what does not fit counts as absent.
pub fn small(number: &Number) -> Option<i32> {
    number.whole().ok()?.and_then(|value| i32::try_from(value).ok())
}

/// An instant of no weight: what is none counts as absent.
pub fn instant_or_none(number: &Number) -> Option<Timestamp> {
    number.whole().ok()?.and_then(|seconds| Timestamp::from_second(seconds).ok())
}
