//! Which line of money closed which part. The row that a line names decides; what no line names belongs to the one line that
//! has so much left, or to the one of exactly that amount. What can be read in two ways is not guessed.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use uuid::Uuid;

use super::Part;
use crate::domain::ledger::LedgerLine;

/// What one line of money closed.
#[derive(Clone, Debug, PartialEq)]
pub struct Share<'a> {
    pub line: &'a LedgerLine,
    /// Each part with how much of it the line closed.
    pub parts: Vec<(&'a Part, Decimal)>,
}

impl Share<'_> {
    /// Money received; negative where it went out.
    pub fn received(&self) -> Decimal {
        -self.line.amount
    }

    /// What the line closed, in sum.
    pub fn closed(&self) -> Decimal {
        self.parts.iter().map(|(_, amount)| *amount).sum()
    }

    fn rest(&self) -> Decimal {
        self.received() - self.closed()
    }
}

/// The lines of money of one customer with what each closed, and the parts of which that cannot be told.
#[derive(Clone, Debug, Default)]
pub struct Allocation<'a> {
    pub shares: Vec<Share<'a>>,
    pub unclear: Vec<&'a Part>,
}

/// Allocates the parts of one customer to the lines of money of one entry.
pub fn allocate<'a>(lines: &[&'a LedgerLine], parts: &[&'a Part]) -> Allocation<'a> {
    let mut lines: Vec<&LedgerLine> = lines.to_vec();
    lines.sort_by_key(|line| (line.line_number, line.id));
    let mut shares: Vec<Share<'a>> = lines.into_iter().map(|line| Share { line, parts: Vec::new() }).collect();
    let mut by_row: BTreeMap<Uuid, Vec<&'a Part>> = BTreeMap::new();
    for part in parts {
        by_row.entry(part.row.source_row).or_default().push(part);
    }
    let mut left = Vec::new();
    for (row, mut parts) in by_row {
        parts.sort_by_key(|part| (part.row.amount, part.row.id));
        let naming: Vec<usize> = (0..shares.len()).filter(|at| shares[*at].line.closes == Some(row)).collect();
        match naming.as_slice() {
            [] => left.extend(parts),
            [one] => shares[*one].parts.extend(parts.into_iter().map(|part| (part, part.row.amount))),
            several => left.extend(among(&mut shares, several, parts)),
        }
    }
    let unclear = spread(&mut shares, left);
    Allocation { shares, unclear }
}

/// Several lines name the same receivable: each gets the part of its own amount, or all of one part is theirs in sum.
fn among<'a>(shares: &mut [Share<'a>], lines: &[usize], parts: Vec<&'a Part>) -> Vec<&'a Part> {
    let paid: Decimal = lines.iter().map(|at| shares[*at].received()).sum();
    let closed: Decimal = parts.iter().map(|part| part.row.amount).sum();
    if let Some(first) = parts.first().filter(|_| paid == closed) {
        for at in lines {
            let amount = shares[*at].received();
            shares[*at].parts.push((first, amount));
        }
        return Vec::new();
    }
    parts
}

/// Parts that no line names: to the one line that has so much left, or each to the one of its amount.
fn spread<'a>(shares: &mut [Share<'a>], left: Vec<&'a Part>) -> Vec<&'a Part> {
    if left.is_empty() {
        return left;
    }
    let free: Vec<usize> = (0..shares.len()).filter(|at| !shares[*at].rest().is_zero()).collect();
    let sum: Decimal = left.iter().map(|part| part.row.amount).sum();
    // One line of money in the entry closed all that it closed, more than came in included: a discount.
    if let [only] = free.as_slice()
        && (shares.len() == 1 || fits(shares[*only].rest(), sum))
    {
        shares[*only].parts.extend(left.into_iter().map(|part| (part, part.row.amount)));
        return Vec::new();
    }
    let pair = |part: &Part| {
        let equal = |at: &&usize| shares[**at].rest() == part.row.amount;
        let twins = left.iter().filter(|other| other.row.amount == part.row.amount).count();
        let mut found = free.iter().filter(equal);
        found.next().copied().filter(|_| found.next().is_none() && twins == 1)
    };
    let pairs: Vec<(usize, &'a Part)> = left.iter().filter_map(|part| Some((pair(part)?, *part))).collect();
    let paired: Vec<Uuid> = pairs.iter().map(|(_, part)| part.row.id).collect();
    for (at, part) in pairs {
        shares[at].parts.push((part, part.row.amount));
    }
    left.into_iter().filter(|part| !paired.contains(&part.row.id)).collect()
}

/// Whether `amount` is no more than `rest`, on the same side.
fn fits(rest: Decimal, amount: Decimal) -> bool {
    rest.is_sign_negative() == amount.is_sign_negative() && amount.abs() <= rest.abs()
}
