//! An invoice before it has a number: its lines and discounts, and the arithmetic of the vendor's section 6.

use jiff::Timestamp;

use super::catalogue::Price;
use super::taxes::{Tax, TaxPart, rounded};

/// What becomes of an invoice after it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Paid online, or open until its due date: as chance has it.
    Any,
    /// Open, whatever its date.
    Open,
    /// Open, its first line taken back by an adjustment note.
    Adjusted,
    /// Paid, its first line credited by a refundable note.
    Credited,
    /// Still a draft with a draft's id.
    Pending,
    Voided,
    Deleted,
}

/// Which part of an invoice a discount lowers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Discount {
    /// A percentage of every line.
    DocumentPercent { coupon: &'static str, percent: i64 },
    /// An amount spread over the lines.
    DocumentAmount { coupon: &'static str, amount: i64 },
    /// A percentage of every line that somebody typed in, without a coupon.
    ManualPercent { percent: i64 },
    /// Promotional credits that the customer had.
    Promotional { amount: i64 },
}

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub price: Price,
    pub quantity: i64,
    pub unit_amount: i64,
    /// A quantity in hundredths, on sites with multi-decimal pricing; the line's amount follows it.
    pub hundredths: Option<i64>,
    pub from: Timestamp,
    /// The next term's first instant; `from` for a charge.
    pub to: Timestamp,
    /// A coupon on the line alone, in per cent.
    pub coupon: Option<(&'static str, i64)>,
    /// A discount on the line alone that somebody typed in, in per cent of the amount; 0 for none.
    pub manual_percent: i64,
    pub tax: Tax,
    pub subscription: Option<String>,
}

/// One invoice.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// Its customer's place in the list of customers.
    pub customer: usize,
    pub date: Timestamp,
    pub lines: Vec<Line>,
    pub discounts: Vec<Discount>,
    pub net_term_days: i64,
    /// The total is rounded to a multiple of this many cents; 1 leaves it as it is.
    pub round_to: i64,
    pub fate: Fate,
    pub has_updated_at: bool,
    /// The reason for which it must be held, whatever years are open, with its requirement row.
    pub failure: Option<(&'static str, &'static str)>,
}

/// A line's amounts, all in minor units.
#[derive(Clone, Debug)]
pub(super) struct Worked {
    pub amount: i64,
    /// By coupon and by hand.
    pub item_discount: i64,
    /// Of that, by hand.
    pub manual: i64,
    /// Per document discount, this line's share.
    pub shares: Vec<i64>,
    pub taxes: Vec<TaxPart>,
}

impl Worked {
    /// All discounts on the line.
    pub(super) fn discount(&self) -> i64 {
        self.item_discount + self.shares.iter().sum::<i64>()
    }

    pub(super) fn tax(&self) -> i64 {
        self.taxes.iter().map(|part| part.tax).sum()
    }
}

/// An invoice's amounts.
#[derive(Clone, Debug)]
pub(super) struct Sums {
    pub lines: Vec<Worked>,
    pub sub_total: i64,
    pub tax: i64,
    /// What was added to reach the total; may be negative.
    pub rounding: i64,
    pub total: i64,
}

impl Draft {
    /// The amounts: sub-total = line amounts less discounts; total = sub-total, tax unless it is inclusive, rounding.
    pub(super) fn sums(&self, inclusive: bool) -> Sums {
        let mut lines: Vec<Worked> = self.lines.iter().map(Line::before_document_discounts).collect();
        for discount in &self.discounts {
            spread(discount, &mut lines);
        }
        for (line, worked) in self.lines.iter().zip(&mut lines) {
            worked.taxes = line.tax.parts(worked.amount - worked.discount(), inclusive);
        }
        let sub_total = lines.iter().map(|line| line.amount - line.discount()).sum();
        let tax = lines.iter().map(Worked::tax).sum();
        let exact = if inclusive { sub_total } else { sub_total + tax };
        let total = rounded(exact, self.round_to) * self.round_to;
        Sums { lines, sub_total, tax, rounding: total - exact, total }
    }
}

impl Line {
    fn before_document_discounts(&self) -> Worked {
        let amount = match self.hundredths {
            Some(hundredths) => rounded(self.unit_amount * hundredths, 100),
            None => self.unit_amount * self.quantity,
        };
        let of_coupon = self.coupon.map_or(0, |(_, percent)| rounded(amount * percent, 100));
        let manual = rounded(amount * self.manual_percent, 100);
        Worked { amount, item_discount: of_coupon + manual, manual, shares: Vec::new(), taxes: Vec::new() }
    }
}

/// Spreads a document's discount over its lines by what is left of each; the last line takes the rest.
fn spread(discount: &Discount, lines: &mut [Worked]) {
    let left: Vec<i64> = lines.iter().map(|line| line.amount - line.discount()).collect();
    let whole: i64 = left.iter().sum();
    let total = match discount {
        Discount::DocumentPercent { percent, .. } | Discount::ManualPercent { percent } => {
            rounded(whole * percent, 100)
        }
        Discount::DocumentAmount { amount, .. } | Discount::Promotional { amount } => *amount.min(&whole),
    };
    let mut given = 0;
    let last = lines.len().saturating_sub(1);
    for (index, (line, left)) in lines.iter_mut().zip(left).enumerate() {
        let share = if index == last || whole == 0 { total - given } else { rounded(total * left, whole) };
        given += share;
        line.shares.push(share);
    }
}
