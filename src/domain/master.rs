//! Master data: what the books must already have before anything can be booked in them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::calendar::DateRange;
use super::entry::PeriodKey;
use super::money::Currency;

/// Whether a dimension may, must or must not stand on a line of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DimensionUse {
    Optional,
    Mandatory,
    Forbidden,
}

/// What a general ledger account is for, as far as a sales entry cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AccountKind {
    Revenue,
    Receivable,
    Vat,
    Bank,
    Other,
}

/// A general ledger account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlAccount {
    pub id: Uuid,
    pub code: String,
    pub description: String,
    pub kind: AccountKind,
    pub blocked: bool,
    pub cost_center: DimensionUse,
    pub cost_unit: DimensionUse,
}

/// What a journal is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum JournalKind {
    Sales,
    SalesReturn,
    Bank,
    Cash,
    PaymentService,
    General,
    Other,
}

/// A journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    pub code: String,
    pub description: String,
    pub kind: JournalKind,
    pub currency: Option<Currency>,
    pub allows_other_currencies: bool,
    pub allows_rate: bool,
    pub blocked: bool,
    /// The account that bank, cash and payment-service journals move by themselves.
    #[serde(default)]
    pub account: Option<Uuid>,
}

/// How a VAT code treats the amount of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum VatMethod {
    /// VAT comes on top (E).
    Excluding,
    /// The amount contains the VAT (I).
    Including,
    /// Only the base is reported, no VAT is due (B): reverse charge, export.
    BaseOnly,
    /// Outside the VAT return (N).
    None,
}

/// A percentage of a VAT code and the days on which it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VatPercentage {
    /// Percent: 21 for 21 %.
    pub percent: Decimal,
    pub from: Option<Date>,
    pub to: Option<Date>,
}

/// A VAT code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VatCode {
    pub code: String,
    pub description: String,
    pub method: VatMethod,
    /// Percent: 21 for 21 %; today's.
    pub percent: Decimal,
    /// Dated percentages where the books keep them; empty: `percent` holds always.
    pub percentages: Vec<VatPercentage>,
    pub blocked: bool,
    /// The member state that a one-stop-shop code belongs to.
    pub oss_country: Option<String>,
    /// Sales under it are listed as intra-EU supplies, which needs the customer's VAT number.
    pub eu_sales_listing: bool,
}

impl VatCode {
    /// The percentage that holds on `day`, or `None` where the code has none then.
    pub fn percent_on(&self, day: Date) -> Option<Decimal> {
        if self.percentages.is_empty() {
            return Some(self.percent);
        }
        let holds = |row: &&VatPercentage| row.from.is_none_or(|from| from <= day) && row.to.is_none_or(|to| day <= to);
        self.percentages.iter().filter(holds).max_by_key(|row| row.from).map(|row| row.percent)
    }
}

/// A payment condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentCondition {
    pub code: String,
    pub description: String,
    pub days: i32,
}

/// A cost centre or cost unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dimension {
    pub code: String,
    pub end_date: Option<Date>,
}

/// An item group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemGroup {
    pub id: Uuid,
    pub code: String,
    pub revenue_account: Option<Uuid>,
    pub is_default: bool,
}

/// A financial period and the days that belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinancialPeriod {
    pub key: PeriodKey,
    pub days: DateRange,
}

/// Everything that one administration has, read before a run plans.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct MasterData {
    pub division: i32,
    pub name: String,
    /// The books' own currency.
    pub currency: Option<Currency>,
    /// ISO 3166-1 alpha-2 of the administration: what "domestic" means.
    pub country: String,
    /// By code.
    pub accounts: BTreeMap<String, GlAccount>,
    pub journals: BTreeMap<String, Journal>,
    pub vat_codes: BTreeMap<String, VatCode>,
    pub payment_conditions: BTreeMap<String, PaymentCondition>,
    pub cost_centers: BTreeMap<String, Dimension>,
    pub cost_units: BTreeMap<String, Dimension>,
    pub item_groups: BTreeMap<String, ItemGroup>,
    pub periods: Vec<FinancialPeriod>,
    /// Closed periods by journal; one that is not named is open.
    pub closed: Vec<ClosedPeriod>,
}

/// A period closed for one journal. Closing is per journal, not for the books as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedPeriod {
    pub journal: String,
    pub key: PeriodKey,
}

impl MasterData {
    pub fn account_by_id(&self, id: Uuid) -> Option<&GlAccount> {
        self.accounts.values().find(|account| account.id == id)
    }

    pub fn item_group_by_id(&self, id: Uuid) -> Option<&ItemGroup> {
        self.item_groups.values().find(|group| group.id == id)
    }

    /// The period that `day` falls in, or `None` where its financial year is not opened.
    pub fn period_of(&self, day: Date) -> Option<&FinancialPeriod> {
        self.periods.iter().find(|period| period.days.contains(day))
    }

    pub fn is_closed(&self, journal: &str, key: PeriodKey) -> bool {
        self.closed.iter().any(|closed| closed.key == key && closed.journal == journal)
    }

    /// The first period open for `journal` that begins after `day`.
    pub fn first_open_after(&self, journal: &str, day: Date) -> Option<&FinancialPeriod> {
        let open = |period: &&FinancialPeriod| period.days.from > day && !self.is_closed(journal, period.key);
        self.periods.iter().filter(open).min_by_key(|period| period.days.from)
    }

    /// The first day of `range` that no period covers.
    pub fn first_day_without_period(&self, range: DateRange) -> Option<Date> {
        let mut day = range.from;
        while let Some(period) = self.period_of(day) {
            if period.days.to >= range.to {
                return None;
            }
            day = period.days.to.tomorrow().ok()?;
        }
        Some(day)
    }
}
