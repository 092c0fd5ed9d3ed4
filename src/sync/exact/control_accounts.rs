//! What is booked on each control account (E7), as a check of what the payment services pay out; and what of it the books have
//! matched with nothing, for the accountant to match (E16).

use rust_decimal::Decimal;

use crate::api::status::{CONTROL_ACCOUNTS_MAX, ControlAccountStatus, UNMATCHED_MAX, UnmatchedStatus};
use crate::domain::money::{Amount, Currency};
use crate::state::{ControlBalance, UnmatchedLine};
use crate::sync::error::SyncResult;
use crate::sync::kinds::noun;
use crate::sync::session::Session;

/// Every control account in every currency, as far as the status shows them.
///
/// # Errors
/// The state store's.
pub async fn of(session: &Session<'_>) -> SyncResult<Vec<ControlAccountStatus>> {
    let balances = session.state.control_balances().await?;
    if balances.is_empty() {
        return Ok(Vec::new());
    }
    let unmatched = session.state.unmatched_money().await?;
    let shown = balances.into_iter().take(CONTROL_ACCOUNTS_MAX);
    Ok(shown.map(|balance| status(balance, &unmatched)).collect())
}

fn status(balance: ControlBalance, unmatched: &[UnmatchedLine]) -> ControlAccountStatus {
    let currency = Currency::from_code(&balance.currency);
    let major = |minor: i64| {
        currency.map_or_else(|| minor.to_string(), |currency| Amount(minor).to_decimal(currency).to_string())
    };
    let is_of = |line: &&UnmatchedLine| {
        (line.division, &line.account, &line.currency) == (balance.division, &balance.account, &balance.currency)
    };
    let left: Vec<&UnmatchedLine> = unmatched.iter().filter(is_of).collect();
    ControlAccountStatus {
        division: balance.division,
        account: balance.account.clone(),
        booked_in: major(balance.booked_in),
        booked_out: major(balance.booked_out),
        rest: major(balance.booked_in.saturating_sub(balance.booked_out)),
        unmatched: (!left.is_empty()).then(|| unmatched_status(&left, currency)),
        currency: balance.currency,
    }
}

fn unmatched_status(lines: &[&UnmatchedLine], currency: Option<Currency>) -> UnmatchedStatus {
    // As the other amounts are written, however the books print theirs.
    let shown = |amount: Decimal| {
        let minor = currency.and_then(|currency| Some((Amount::from_decimal(amount, currency)?, currency)));
        minor.map_or(amount, |(amount, currency)| amount.to_decimal(currency)).to_string()
    };
    let words = |line: &&UnmatchedLine| {
        format!("{} {} (entry {}): {}", noun(&line.kind), line.number, line.entry_number, shown(line.amount))
    };
    UnmatchedStatus {
        lines: i64::try_from(lines.len()).unwrap_or(i64::MAX),
        amount: shown(lines.iter().map(|line| line.amount).sum()),
        oldest: lines.iter().take(UNMATCHED_MAX).map(words).collect(),
    }
}
