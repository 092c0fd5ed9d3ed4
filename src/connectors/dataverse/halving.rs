//! Which rows of a bulk request are at fault: the request is one transaction that names none, so it is halved until the
//! rows stand alone (dynamics365.md §3.2). Pure: it says what to send, and is told what came of it.

use std::ops::Range;

/// What to send next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Send {
    /// These rows in one request that succeeds or fails as a whole.
    Together(Range<usize>),
    /// These rows in one request in which each stands for itself: halving has cost enough.
    Apart(Vec<usize>),
}

/// A search over the rows `0..n`.
#[derive(Debug)]
pub(super) struct Halving {
    /// What is still open, the next on top.
    open: Vec<Piece>,
    /// The piece that was sent and of which nothing is known yet.
    sent: Option<Piece>,
    requests_left: u32,
}

#[derive(Clone, Debug)]
struct Piece {
    rows: Range<usize>,
    /// Surely holds a row at fault: it would be a waste to send it whole.
    faulty: bool,
    /// Its other half lies below it, and one of the two holds a row at fault.
    of_faulty: bool,
}

impl Halving {
    /// A search over `rows` rows, which begins with all of them in one request.
    pub fn new(rows: usize) -> Self {
        let open = if rows == 0 { Vec::new() } else { vec![Piece { rows: 0..rows, faulty: false, of_faulty: false }] };
        // One row at fault is found within twice the number of halvings; two near each other cost a little more.
        let halvings = rows.next_power_of_two().trailing_zeros();
        Self { open, sent: None, requests_left: 2 * halvings + 3 }
    }

    /// What to send next; nothing once all is known.
    pub fn next(&mut self) -> Option<Send> {
        while self.open.last().is_some_and(|piece| piece.faulty && piece.rows.len() > 1) {
            let piece = self.open.pop()?;
            self.halve(&piece.rows, true);
        }
        match self.requests_left.checked_sub(1) {
            Some(left) => self.requests_left = left,
            None => {
                let mut rows: Vec<usize> = self.open.drain(..).flat_map(|piece| piece.rows).collect();
                rows.sort_unstable();
                return (!rows.is_empty()).then_some(Send::Apart(rows));
            }
        }
        let piece = self.open.pop()?;
        let rows = piece.rows.clone();
        self.sent = Some(piece);
        Some(Send::Together(rows))
    }

    /// The piece that was sent last is in.
    pub fn succeeded(&mut self) {
        if self.sent.take().is_some_and(|piece| piece.of_faulty)
            && let Some(other) = self.open.last_mut()
        {
            other.faulty = true;
        }
    }

    /// The piece that was sent last was refused. Tells the row at fault where it was only one.
    pub fn refused(&mut self) -> Option<usize> {
        let rows = self.sent.take()?.rows;
        if rows.len() == 1 {
            return Some(rows.start);
        }
        self.halve(&rows, true);
        None
    }

    /// The piece that was sent last was too much for one request, whatever its rows hold. False where it was one row only.
    pub fn too_large(&mut self) -> bool {
        let Some(piece) = self.sent.take().filter(|piece| piece.rows.len() > 1) else { return false };
        self.requests_left += 2;
        self.halve(&piece.rows, false);
        true
    }

    fn halve(&mut self, rows: &Range<usize>, faulty: bool) {
        let middle = rows.start + rows.len() / 2;
        self.open.push(Piece { rows: middle..rows.end, faulty: false, of_faulty: false });
        self.open.push(Piece { rows: rows.start..middle, faulty: false, of_faulty: faulty });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Found {
        written: Vec<usize>,
        at_fault: Vec<usize>,
        requests: u32,
    }

    /// A service that takes at most `rows_max` at once and refuses what holds a poisoned row.
    fn search(rows: usize, poisoned: &BTreeSet<usize>, rows_max: usize) -> Found {
        let (mut halving, mut found) = (Halving::new(rows), Found::default());
        while let Some(send) = halving.next() {
            found.requests += 1;
            match send {
                Send::Together(rows) if rows.len() > rows_max => assert!(halving.too_large()),
                Send::Together(rows) if rows.clone().any(|row| poisoned.contains(&row)) => {
                    found.at_fault.extend(halving.refused());
                }
                Send::Together(rows) => {
                    found.written.extend(rows);
                    halving.succeeded();
                }
                Send::Apart(rows) => {
                    let (bad, good): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| poisoned.contains(row));
                    found.at_fault.extend(bad);
                    found.written.extend(good);
                }
            }
        }
        found
    }

    #[test]
    fn nothing_at_fault_costs_one_request() {
        assert_eq!(search(100, &BTreeSet::new(), 100).requests, 1);
        assert_eq!(search(0, &BTreeSet::new(), 100).requests, 0);
    }

    #[test]
    fn one_poisoned_row_of_a_hundred_keeps_none_of_the_others_out() {
        for row in 0..100 {
            let found = search(100, &BTreeSet::from([row]), 100);
            assert_eq!((found.written.len(), found.at_fault), (99, vec![row]));
            assert!(found.requests <= 15, "{row}: {}", found.requests);
        }
    }

    #[test]
    fn where_all_are_at_fault_few_requests_find_out() {
        let found = search(100, &(0..100).collect(), 100);
        assert_eq!(found.at_fault.len(), 100);
        assert!(found.requests <= 18, "{}", found.requests);
    }

    #[test]
    fn a_request_too_large_is_halved_and_accuses_nobody() {
        let found = search(100, &BTreeSet::new(), 30);
        assert_eq!((found.written.len(), found.at_fault.len()), (100, 0));
        assert!(found.requests <= 7);
    }

    proptest! {
        #[test]
        fn every_row_is_written_or_found_once(rows in 0_usize..200, seeds in prop::collection::vec(0_usize..200, 0..12), rows_max in 20_usize..200) {
            let poisoned: BTreeSet<usize> = seeds.into_iter().filter(|row| *row < rows).collect();
            let mut found = search(rows, &poisoned, rows_max);
            found.written.sort_unstable();
            found.at_fault.sort_unstable();
            prop_assert_eq!(found.at_fault, poisoned.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(found.written, (0..rows).filter(|row| !poisoned.contains(row)).collect::<Vec<_>>());
            prop_assert!(found.requests <= 50);
        }
    }
}
