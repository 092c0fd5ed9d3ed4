//! Reading an administration's master data: cached by age, but what decides whether a document can be booked today
//! (periods, journal status, and whatever held documents wait for) is read anew each run, so that holds dissolve (N3).

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{At, SyncResult, Vendor};
use super::session::Session;
use crate::connectors::exact::Division;
use crate::connectors::http::CallResult;
use crate::domain::hold::HoldReason;
use crate::domain::master::MasterData;
use crate::state::HeldSummary;

/// How old cached master data may be.
const AGE_MAX: SignedDuration = SignedDuration::from_mins(60);

/// A kind of master data, read and cached by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Journals => "journals",
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    ByAge,
    Anew,
}

/// Reads the master data of `division`.
///
/// # Errors
/// The target's, or the state store's.
pub async fn read_master(
    session: &Session<'_>,
    division: &Division,
    held: &HeldSummary,
    freshness: Freshness,
) -> SyncResult<MasterData> {
    let reader = Reader { session, division: division.code, held, freshness };
    let exact = &session.exact;
    let code = division.code;
    Ok(MasterData {
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
        periods: exact.periods(code).await.at(Vendor::ExactOnline)?,
        closed: exact.closed_periods(code).await.at(Vendor::ExactOnline)?,
    })
}

struct Reader<'a, 'b> {
    session: &'a Session<'b>,
    division: i32,
    held: &'a HeldSummary,
    freshness: Freshness,
}

impl Reader<'_, '_> {
    async fn read<T>(&self, kind: Kind, fetch: impl AsyncFnOnce() -> CallResult<Vec<T>>) -> SyncResult<Vec<T>>
    where
        T: Serialize + DeserializeOwned + Sync,
    {
        let name = format!("{}:{}", kind.name(), self.division);
        let now = self.session.now();
        if self.freshness == Freshness::ByAge && !self.waited_for(kind) {
            let cached = self.session.state.cached::<Vec<T>>(&name).await?;
            if let Some((read_at, rows)) = cached.filter(|(read_at, _)| now.duration_since(*read_at).abs() < AGE_MAX) {
                let _ = read_at;
                return Ok(rows);
            }
        }
        let rows = fetch().await.at(Vendor::ExactOnline)?;
        self.session.state.set_cached(&name, now, &rows).await?;
        Ok(rows)
    }

    fn waited_for(&self, kind: Kind) -> bool {
        kind.cures().iter().any(|reason| self.held.by_reason.contains_key(reason.as_str()))
    }
}

fn by_code<T>(rows: Vec<T>, code: impl Fn(&T) -> &String) -> BTreeMap<String, T> {
    rows.into_iter().map(|row| (code(&row).clone(), row)).collect()
}
