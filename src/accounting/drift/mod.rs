//! Whether the books still hold an entry as it was booked (N9). Only what was booked by Koppel is compared, and only what it
//! stated: what the books add by themselves is no difference. Nothing is ever rewritten for one (E14).

mod money;
mod sales;

pub use money::{MoneyAs, money_differences, sum_difference};
pub use sales::{BookedAs, differences};

use rust_decimal::Decimal;

use crate::domain::money::{Amount, Currency};

fn amount(what: &str, is: Decimal, was: Amount, currency: Currency) -> Option<String> {
    let was_decimal = was.to_decimal(currency);
    (is != was_decimal).then(|| format!("{what} is {}, was {}", shown(is, currency), was.display(currency)))
}

fn shown(amount: Decimal, currency: Currency) -> String {
    Amount::from_decimal(amount, currency)
        .map_or_else(|| format!("{amount} {currency}"), |amount| amount.display(currency))
}

fn text(what: &str, is: &str, was: &str) -> Option<String> {
    let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    (is != was).then(|| format!("{what} is {}, was {}", or_none(is), or_none(was)))
}
