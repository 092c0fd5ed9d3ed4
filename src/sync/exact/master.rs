//! Reading an administration's master data: cached by age, but what decides whether a document can be booked today
//! (periods, journal status, and whatever held documents wait for) is read anew each run, so that holds dissolve (N3).

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::books::read_accounts;
use super::entity::EntityBooks;
use super::ledger::read_deleted_again;
use crate::connectors::exact::Division;
use crate::connectors::http::CallResult;
use crate::domain::hold::HoldReason;
use crate::domain::master::MasterData;
use crate::state::HeldSummary;
use crate::sync::error::{At, SyncResult, Vendor};
use crate::sync::session::Session;

/// How old cached master data may be before it is due to be read again.
const AGE_MAX: SignedDuration = SignedDuration::from_mins(60);
/// Calls that a run spends on kinds that are due, those that held documents wait for among them: what was read together
/// would be due together, and a run without news would cost as many calls as the first one. The oldest go first, the
/// rest waits for the next run.
const CALLS_FOR_DUE: usize = 5;

/// A kind of master data, read and cached by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Accounts,
    Journals,
    VatCodes,
    PaymentConditions,
    CostCenters,
    CostUnits,
    ItemGroups,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Accounts,
        Self::Journals,
        Self::VatCodes,
        Self::PaymentConditions,
        Self::CostCenters,
        Self::CostUnits,
        Self::ItemGroups,
    ];

    /// How many calls it takes to read it.
    fn calls(self) -> usize {
        if self == Self::VatCodes { 2 } else { 1 }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            // Renamed when the account was added: what an older version kept has none.
            Self::Journals => "journalsWithAccount",
            Self::VatCodes => "vatCodes",
            Self::PaymentConditions => "paymentConditions",
            Self::CostCenters => "costCenters",
            Self::CostUnits => "costUnits",
            Self::ItemGroups => "itemGroups",
        }
    }

    /// The reasons that a change of this kind can dissolve.
    fn cures(self) -> &'static [HoldReason] {
        use HoldReason as R;
        match self {
            Self::Accounts => &[R::RevenueAccountMissing, R::CostCenterMissing, R::AmountMismatch],
            Self::Journals => &[R::CurrencyNotAllowed],
            Self::VatCodes => &[R::VatCodeUnmapped],
            Self::PaymentConditions => &[R::PaymentTermUnmapped],
            Self::CostCenters | Self::CostUnits => &[R::CostCenterMissing],
            Self::ItemGroups => &[R::RevenueAccountMissing],
        }
    }
}

/// Whether master data is taken from the cache where that is young enough, or read in any case.
#[derive(Clone, Copy, Debug)]
pub enum Freshness<'a> {
    ByAge,
    /// What an earlier reading of the same run took from the cache is read; what it read itself is not read twice.
    Anew(&'a Read),
    /// Everything is read, whatever was read before: the books have just shown that they are not as they were.
    Now,
}

/// Master data, and which kinds of it this run has read.
#[derive(Debug)]
pub struct Read {
    pub master: MasterData,
    kinds: BTreeSet<Kind>,
}

/// Reads the master data of `division`.
///
/// # Errors
/// The target's, or the state store's.
pub async fn read_master(
    session: &Session<'_>,
    division: &Division,
    held: &HeldSummary,
    freshness: Freshness<'_>,
) -> SyncResult<Read> {
    let due = due(session, division.code, held, freshness).await?;
    let mut reader = Reader { session, division: division.code, due, kinds: BTreeSet::new() };
    let exact = &session.target;
    let code = division.code;
    let (periods, closed) = match freshness {
        Freshness::Anew(before) => (before.master.periods.clone(), before.master.closed.clone()),
        Freshness::ByAge | Freshness::Now => (
            exact.periods(code).await.at(Vendor::ExactOnline)?,
            exact.closed_periods(code).await.at(Vendor::ExactOnline)?,
        ),
    };
    let master = MasterData {
        division: code,
        name: division.name.clone(),
        currency: division.currency,
        country: division.country.clone(),
        accounts: by_code(reader.read(Kind::Accounts, || exact.accounts_of_ledger(code)).await?, |row| &row.code),
        journals: by_code(reader.read(Kind::Journals, || exact.journals(code)).await?, |row| &row.code),
        vat_codes: by_code(reader.read(Kind::VatCodes, || exact.vat_codes(code)).await?, |row| &row.code),
        payment_conditions: by_code(
            reader.read(Kind::PaymentConditions, || exact.payment_conditions(code)).await?,
            |row| &row.code,
        ),
        cost_centers: by_code(reader.read(Kind::CostCenters, || exact.cost_centers(code)).await?, |row| &row.code),
        cost_units: by_code(reader.read(Kind::CostUnits, || exact.cost_units(code)).await?, |row| &row.code),
        item_groups: by_code(reader.read(Kind::ItemGroups, || exact.item_groups(code)).await?, |row| &row.code),
        periods,
        closed,
    };
    Ok(Read { master, kinds: reader.kinds })
}

/// Reads accounts and all master data anew into `books` when they refuse something for the first time in a run: what was planned by an older
/// picture would be refused one by one, and a refusal must be remembered with the facts that it stands on (N3, I5).
///
/// # Errors
/// The target's, or the state store's.
pub async fn read_after_refusal(session: &Session<'_>, books: &mut EntityBooks<'_>) -> SyncResult<()> {
    if books.read_after_refusal {
        return Ok(());
    }
    read_accounts(session, books.division()).await?;
    read_deleted_again(session, books.division()).await?;
    let nothing = HeldSummary::default();
    books.master = read_master(session, &books.administration, &nothing, Freshness::Now).await?.master;
    books.read_after_refusal = true;
    Ok(())
}

/// The kinds that are read anew: what was not yet, where that is wished; else what held documents wait for, and of what
/// is due the oldest.
async fn due(
    session: &Session<'_>,
    division: i32,
    held: &HeldSummary,
    freshness: Freshness<'_>,
) -> SyncResult<BTreeSet<Kind>> {
    match freshness {
        Freshness::Now => return Ok(Kind::ALL.into()),
        Freshness::Anew(before) => {
            return Ok(Kind::ALL.into_iter().filter(|kind| !before.kinds.contains(kind)).collect());
        }
        Freshness::ByAge => {}
    }
    let mut chosen: BTreeSet<Kind> = Kind::ALL.into_iter().filter(|kind| is_waited_for(*kind, held)).collect();
    let mut old = Vec::new();
    for kind in Kind::ALL {
        if chosen.contains(&kind) {
            continue;
        }
        let read_at = session.state.cached_at(&cache_name(kind, division)).await?;
        old.extend(read_at.filter(|at| session.now().duration_since(*at).abs() >= AGE_MAX).map(|at| (at, kind)));
    }
    old.sort_unstable();
    let mut calls: usize = chosen.iter().map(|kind| kind.calls()).sum();
    for (place, (_, kind)) in old.into_iter().enumerate() {
        calls += kind.calls();
        // The oldest goes in any case: what documents wait for must not keep the rest from ever being read.
        if place == 0 || calls <= CALLS_FOR_DUE {
            chosen.insert(kind);
        }
    }
    Ok(chosen)
}

fn is_waited_for(kind: Kind, held: &HeldSummary) -> bool {
    kind.cures().iter().any(|reason| held.by_reason.contains_key(reason.as_str()))
}

fn cache_name(kind: Kind, division: i32) -> String {
    format!("{}:{division}", kind.name())
}

struct Reader<'a, 'b> {
    session: &'a Session<'b>,
    division: i32,
    due: BTreeSet<Kind>,
    /// What was read.
    kinds: BTreeSet<Kind>,
}

impl Reader<'_, '_> {
    async fn read<T>(&mut self, kind: Kind, fetch: impl AsyncFnOnce() -> CallResult<Vec<T>>) -> SyncResult<Vec<T>>
    where
        T: Serialize + DeserializeOwned + Sync,
    {
        let name = cache_name(kind, self.division);
        if !self.due.contains(&kind) {
            let cached = self.session.state.cached::<Vec<T>>(&name).await?;
            if let Some((_, rows)) = cached {
                return Ok(rows);
            }
        }
        let rows = fetch().await.at(Vendor::ExactOnline)?;
        self.session.state.set_cached(&name, self.session.now(), &rows).await?;
        self.kinds.insert(kind);
        Ok(rows)
    }
}

fn by_code<T>(rows: Vec<T>, code: impl Fn(&T) -> &String) -> BTreeMap<String, T> {
    rows.into_iter().map(|row| (code(&row).clone(), row)).collect()
}
