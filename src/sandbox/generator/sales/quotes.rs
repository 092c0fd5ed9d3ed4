//! What sales has offered to whom, and what has become of it.

use jiff::ToSpan;
use jiff::civil::Date;

use super::super::dice::Dice;
use super::products::{BESPOKE, BY_UNIT};
use super::{Fate, SalesAccount, SalesLine, SalesQuote, Trace, id};

/// Product, unit and how many.
type Line = (&'static str, &'static str, i64);

/// What customers are offered besides what they have.
const TO_CUSTOMERS: [(Fate, &str, &[Line]); 7] = [
    (Fate::Active, "Onboarding and training", &[("onboarding-eur", "Piece", 1), ("training-eur", "Piece", 2)]),
    (Fate::Draft, "Second team", &[("team-eur-yearly", "Year", 8)]),
    (
        Fate::Won,
        "Business for the branch",
        &[("business-eur-yearly", "Year", 5), ("support-plus-eur-yearly", "Year", 1)],
    ),
    (Fate::Lost, "Training days", &[("training-eur", "Piece", 3)]),
    (Fate::Revised, "Team for the branch", &[(BY_UNIT, "Month", 6), ("extra-seats-eur-monthly", "Month", 2)]),
    (Fate::Expired, "Training day", &[("training-eur", "Piece", 1)]),
    (Fate::Bespoke, "Link to the warehouse", &[(BESPOKE, "Piece", 16), ("onboarding-eur", "Piece", 1)]),
];

/// What companies are offered that are no customers yet.
const TO_PROSPECTS: [(Fate, &str, &[Line]); 3] = [
    (Fate::Won, "Team for the whole company", &[(BY_UNIT, "Year", 12), ("extra-seats-eur-yearly", "Year", 3)]),
    (
        Fate::Active,
        "Business with support",
        &[("business-eur-yearly", "Year", 4), ("support-plus-eur-yearly", "Year", 1)],
    ),
    (Fate::Draft, "First talk", &[("team-eur-monthly", "Month", 3)]),
];

/// Gives the quotes to accounts that nobody mistakes for others.
pub(super) fn add(dice: &mut Dice, today: Date, accounts: &mut [SalesAccount]) {
    let is_known = |account: &&mut SalesAccount| account.trace < Trace::Ambiguous;
    give(dice, today, accounts.iter_mut().filter(is_known), &TO_CUSTOMERS);
    give(dice, today, accounts.iter_mut().filter(|account| account.trace == Trace::Unknown), &TO_PROSPECTS);
}

fn give<'a>(
    dice: &mut Dice,
    today: Date,
    accounts: impl Iterator<Item = &'a mut SalesAccount>,
    quotes: &[(Fate, &str, &[Line])],
) {
    let mut accounts: Vec<&mut SalesAccount> = accounts.collect();
    if accounts.is_empty() {
        return;
    }
    let count = accounts.len();
    for (place, (fate, title, lines)) in quotes.iter().enumerate() {
        let days = if *fate == Fate::Expired { -dice.between(2, 20) } else { dice.between(20, 60) };
        let line = |dice: &mut Dice, (product, unit, quantity): &Line| SalesLine {
            id: id(dice),
            product: (*product).to_owned(),
            unit,
            quantity: *quantity,
        };
        accounts[place % count].quotes.push(SalesQuote {
            id: id(dice),
            title: (*title).to_owned(),
            fate: *fate,
            until: today.checked_add(days.days()).unwrap_or(today),
            lines: lines.iter().map(|one| line(dice, one)).collect(),
        });
    }
}
