//! What changed of a booked transaction since: it is reported, never rewritten (E14).

use std::collections::BTreeMap;

use crate::domain::money::Amount;
use crate::domain::money_entry::{MoneyEntry, MoneyOrigin};
use crate::domain::payment::Transaction;

/// In words, how `now` is applied otherwise than `entry` was booked; none where it is the same.
pub fn applied_elsewhere(entry: &MoneyEntry, now: &Transaction) -> Option<String> {
    let of_entry =
        entry.lines.iter().filter(|line| matches!(line.origin, MoneyOrigin::Invoice | MoneyOrigin::CreditNote));
    let of_entry =
        of_entry.filter_map(|line| Some((line.document.as_deref()?, Amount(line.amount.0.saturating_abs()))));
    let (booked, applied) = (
        sums(of_entry),
        sums(now.invoices.iter().chain(&now.credit_notes).map(|part| (part.document.as_str(), part.amount))),
    );
    if booked == applied {
        return None;
    }
    let show = |sums: &BTreeMap<&str, Amount>| {
        let parts: Vec<_> =
            sums.iter().map(|(document, amount)| format!("{} on {document}", amount.display(entry.currency))).collect();
        if parts.is_empty() { "on nothing".to_owned() } else { parts.join(", ") }
    };
    Some(format!("booked {}; applied now {}", show(&booked), show(&applied)))
}

fn sums<'a>(parts: impl Iterator<Item = (&'a str, Amount)>) -> BTreeMap<&'a str, Amount> {
    let mut sums: BTreeMap<&str, Amount> = BTreeMap::new();
    for (document, amount) in parts {
        *sums.entry(document).or_default() += amount;
    }
    sums.retain(|_, amount| !amount.is_zero());
    sums
}
