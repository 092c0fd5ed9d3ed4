//! Seeded chance: the same seed gives the same world, byte for byte.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A source of choices.
#[derive(Debug)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number of `low..=high`.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high)
    }

    /// True in `percent` of a hundred cases.
    pub(super) fn chance(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// One of `choices`, which must not be empty.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.0.random_range(0..choices.len())]
    }

    /// So many decimal digits, the first of them not zero.
    pub(super) fn digits(&mut self, count: usize) -> Vec<u32> {
        (0..count).map(|place| self.0.random_range(if place == 0 { 1..=9 } else { 0..=9 })).collect()
    }

    /// So many letters and digits, as in the vendor's ids.
    pub(super) fn token(&mut self, count: usize) -> String {
        const SYMBOLS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        (0..count).map(|_| char::from(SYMBOLS[self.0.random_range(0..SYMBOLS.len())])).collect()
    }
}
