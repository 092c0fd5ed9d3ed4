//! Balances of bank and cash journals, and of a general entry.

use super::{Sort, Voucher, VoucherLine};
use crate::sandbox::exact::body::Body;
use crate::sandbox::exact::division::Division;
use crate::sandbox::exact::money::Cents;
use crate::sandbox::exact::refusal::{Field, Refusal};
use crate::sandbox::exact::register::Booked;

/// The balance of a journal after all its entries.
pub fn of_journal(division: &Division, journal: &str) -> Cents {
    division.balances.get(journal).copied().unwrap_or(Cents::ZERO)
}

/// Refused when a general entry is not in balance, or when a bank or cash entry does not go on where the journal stands
/// or does not arrive where it says.
pub fn check(sort: Sort, body: &Body, opening: Cents, lines: &[VoucherLine]) -> Result<(), Refusal> {
    let total: Cents = lines.iter().map(|line| line.amount).sum();
    if sort == Sort::General {
        let home: Cents = lines.iter().map(|line| line.amount_home).sum();
        let balanced = total == Cents::ZERO && home.abs() <= Cents(1);
        return if balanced { Ok(()) } else { Err(Refusal::Invalid(Field::Balance)) };
    }
    let sent = |name: &str| body.value(name).and_then(Cents::from_json);
    if sent("OpeningBalanceFC").is_some_and(|sent| sent != opening) {
        return Err(Refusal::Invalid(Field::OpeningBalance));
    }
    if sent("ClosingBalanceFC").is_some_and(|sent| sent != opening + total) {
        return Err(Refusal::Invalid(Field::ClosingBalance));
    }
    Ok(())
}

/// Moves the balance of an entry's journal by `amount`, and the openings of the entries after it.
pub fn shift(division: &mut Division, of: &Voucher, amount: Cents) {
    if amount == Cents::ZERO {
        return;
    }
    *division.balances.entry(of.journal.clone()).or_default() += amount;
    let entries = division.books.of_journal(&of.journal).filter_map(Booked::voucher);
    let later: Vec<Voucher> = entries.filter(|voucher| voucher.sequence > of.sequence).cloned().collect();
    for mut voucher in later {
        voucher.opening += amount;
        division.books.put(Booked::Money(Box::new(voucher)));
    }
}
