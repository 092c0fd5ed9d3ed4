//! Everything that the sandbox remembers, behind one lock; the functions around it are pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::calls::CallRecord;
use super::division::Division;
use super::fault::Faults;
use super::oauth::OAuth;
use super::quota::{Meters, Quotas};
use super::source::Scope;
use super::{ExactOptions, Language, load, seed};
use crate::sandbox::clock::SandboxClock;

/// The vendor's dates are the wall clock of its own country.
const VENDOR_ZONE: &str = "Europe/Amsterdam";

/// The state of the sandbox.
#[derive(Debug)]
pub struct World {
    pub clock: SandboxClock,
    pub quotas: Quotas,
    pub language: Language,
    pub public_url: String,
    pub divisions: BTreeMap<i32, Division>,
    pub oauth: OAuth,
    pub meters: Meters,
    pub faults: Faults,
    pub calls: Vec<CallRecord>,
    zone: TimeZone,
}

impl World {
    /// The world as it is before anybody calls.
    pub fn new(options: ExactOptions, administrations: &[seed::Administration]) -> Self {
        let now = options.clock.now();
        let zone = TimeZone::get(VENDOR_ZONE).unwrap_or(TimeZone::UTC);
        let local = zone.to_datetime(now);
        let mut divisions = BTreeMap::new();
        for (data, stream) in administrations.iter().zip(1..) {
            let mut random = ChaCha8Rng::seed_from_u64(options.seed);
            random.set_stream(stream);
            divisions.insert(data.division, load::division(data, random, local));
        }
        Self {
            clock: options.clock,
            quotas: options.quotas,
            language: options.language,
            public_url: "http://localhost".to_owned(),
            divisions,
            oauth: OAuth::new(ChaCha8Rng::seed_from_u64(options.seed), now),
            meters: Meters::default(),
            faults: Faults::default(),
            calls: Vec::new(),
            zone,
        }
    }

    /// The sandbox's instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The vendor's wall clock.
    pub fn local(&self) -> DateTime {
        self.zone.to_datetime(self.clock.now())
    }

    /// What a query on a division sees.
    pub fn scope(&self, division: i32) -> Option<Scope<'_>> {
        let division = self.divisions.get(&division)?;
        Some(Scope { division, all: &self.divisions, now: self.local(), language: self.language })
    }
}
