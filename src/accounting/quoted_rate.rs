//! Which rate Chargebee means. There is one reading of it, for invoices, credit notes and payments alike.
//!
//! The source is `exchange_rate` of the document itself, which is into the site's `base_currency_code`; it counts where that is
//! the currency of the books. Which way round it is Chargebee does not spell out (chargebee.md §1): it is taken as the value of
//! one unit of the document's currency, unless another statement of the same pair shows that it is the other way round; where
//! the two contradict each other neither is used. That other statement is, on an invoice, the rate that it states beside; on a
//! payment, which states no other, the rate at which the books hold what it settles.

use rust_decimal::Decimal;

use crate::domain::money::Currency;

/// Digits of a rate that is turned round.
const DIGITS: u32 = 12;
/// How far two statements of one rate may be apart: rates of a day differ, and so do days; rates the wrong way round differ far
/// more.
const SAME_RATE: Decimal = Decimal::from_parts(1, 0, 0, false, 1);

/// Another statement of the value of one unit of a document's currency in that of the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Other {
    None,
    /// By the document itself: where it states no `exchange_rate` into the books' currency, this is the rate.
    Stated(Decimal),
    /// Of another day: it only tells which way round the document's own is.
    Booked(Decimal),
}

/// What a document of the billing system says of its rate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quoted<'a> {
    /// What the document is, in the words of an explanation.
    pub noun: &'static str,
    pub base_currency: Option<&'a str>,
    pub exchange_rate: Option<Decimal>,
    pub other: Other,
}

impl Quoted<'_> {
    /// The value of one unit of the document's currency in `books`, and why it is that one.
    ///
    /// # Errors
    /// Why there is none.
    pub fn into(self, books: Currency) -> Result<(Decimal, String), String> {
        let noun = self.noun;
        let base = self.base_currency.unwrap_or_default();
        let is_rate = |rate: &Decimal| *rate > Decimal::ZERO;
        let own = self.exchange_rate.filter(is_rate).filter(|_| base.eq_ignore_ascii_case(books.code()));
        let other = match self.other {
            Other::None => None,
            Other::Stated(rate) | Other::Booked(rate) => Some(rate).filter(is_rate),
        };
        match (own, other) {
            (Some(own), None) => Ok((own, format!("Chargebee's rate of the {noun}"))),
            (Some(own), Some(other)) => self.compared(own, other),
            (None, Some(stated)) if matches!(self.other, Other::Stated(_)) => {
                Ok((stated, format!("the rate into {books} that the {noun} states")))
            }
            (None, _) => {
                let into = if base.is_empty() { "no currency" } else { base };
                Err(format!("the {noun} states a rate into {into} and none into {books}"))
            }
        }
    }

    fn compared(&self, own: Decimal, other: Decimal) -> Result<(Decimal, String), String> {
        let noun = self.noun;
        if same(own, other) {
            return Ok((own, format!("Chargebee's rate of the {noun}")));
        }
        let (text, other_text) = (own.normalize(), other.normalize());
        match turned(own).filter(|turned| same(*turned, other)) {
            Some(turned) => {
                Ok((turned, format!("Chargebee's rate of the {noun}, stated as {text} the other way round")))
            }
            None => Err(format!("the {noun} states both {text} and {other_text}")),
        }
    }
}

fn same(one: Decimal, other: Decimal) -> bool {
    one.checked_div(other).is_some_and(|part| (part - Decimal::ONE).abs() <= SAME_RATE)
}

fn turned(rate: Decimal) -> Option<Decimal> {
    Decimal::ONE.checked_div(rate)?.round_sf(DIGITS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn number(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn read(base: Option<&str>, rate: Option<&str>, other: Other) -> Result<Decimal, String> {
        let quoted = Quoted { noun: "payment", base_currency: base, exchange_rate: rate.map(number), other };
        quoted.into(Currency::EUR).map(|(rate, _)| rate)
    }

    fn stated(text: &str) -> Other {
        Other::Stated(number(text))
    }

    fn booked(text: &str) -> Other {
        Other::Booked(number(text))
    }

    // The second statement of an invoice may be its rate; that of a payment only tells which way round its own is.
    #[rstest]
    #[case::as_it_stands(Some("EUR"), Some("0.92"), Other::None, Some("0.92"))]
    #[case::in_small_letters(Some("eur"), Some("0.92"), Other::None, Some("0.92"))]
    #[case::confirmed(Some("EUR"), Some("0.92"), stated("0.9187"), Some("0.92"))]
    #[case::confirmed_by_the_books(Some("EUR"), Some("0.92"), booked("0.87"), Some("0.92"))]
    #[case::turned(Some("EUR"), Some("1.25"), stated("0.8"), Some("0.8"))]
    #[case::turned_by_the_books(Some("EUR"), Some("1.25"), booked("0.82"), Some("0.8"))]
    #[case::contradicted(Some("EUR"), Some("0.92"), stated("0.5"), None)]
    #[case::contradicted_by_the_books(Some("EUR"), Some("0.92"), booked("0.5"), None)]
    #[case::of_another_currency(Some("GBP"), Some("0.79"), Other::None, None)]
    #[case::of_another_currency_and_ours(Some("GBP"), Some("0.79"), stated("0.92"), Some("0.92"))]
    #[case::of_another_currency_whatever_the_books_hold(Some("GBP"), Some("0.79"), booked("0.92"), None)]
    #[case::no_currency(None, Some("0.92"), Other::None, None)]
    #[case::none(Some("EUR"), None, Other::None, None)]
    #[case::none_whatever_the_books_hold(Some("EUR"), None, booked("0.92"), None)]
    #[case::nothing(Some("EUR"), Some("0"), Other::None, None)]
    #[case::other_is_nothing(Some("EUR"), Some("0.92"), stated("0"), Some("0.92"))]
    fn there_is_one_reading(
        #[case] base: Option<&str>,
        #[case] rate: Option<&str>,
        #[case] other: Other,
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(read(base, rate, other).ok(), expected.map(number));
    }

    proptest! {
        /// Whichever way round a site states its rates, invoice and payment are read alike.
        #[test]
        fn a_payment_is_read_as_its_invoice_was(value in 2_000_i64..900_000, drift in 96_i64..=104, is_turned: bool) {
            let worth = Decimal::new(value, 6);
            let own = |worth: Decimal| if is_turned { turned(worth).unwrap() } else { worth };
            let invoice = Quoted {
                noun: "invoice",
                base_currency: Some("EUR"),
                exchange_rate: Some(own(worth)),
                other: Other::Stated(worth),
            };
            let (invoiced, _) = invoice.into(Currency::EUR).unwrap();
            let later = worth * Decimal::new(drift, 2);
            let payment = Quoted {
                noun: "payment",
                exchange_rate: Some(own(later)),
                other: Other::Booked(invoiced),
                ..invoice
            };
            let (paid, _) = payment.into(Currency::EUR).unwrap();
            let near = |one: Decimal, other: Decimal| (one / other - Decimal::ONE).abs() < Decimal::new(1, 9);
            prop_assert!(near(invoiced, worth) && near(paid, later), "{invoiced} for {worth}, {paid} for {later}");
        }
    }
}
