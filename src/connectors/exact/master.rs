//! Master data of an administration. A row that cannot be read is left out where that can only hold a document back (an
//! account, a code, a period that seems to be missing), never where it could let one through (a closed period).

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use uuid::Uuid;

use super::client::ExactClient;
use super::odata::Row;
use super::pages::{Read, Source, or_leave_out};
use super::query::Query;
use crate::connectors::http::{CallError, CallResult};
use crate::domain::calendar::DateRange;
use crate::domain::entry::PeriodKey;
use crate::domain::master::{
    AccountKind, ClosedPeriod, Dimension, DimensionUse, FinancialPeriod, GlAccount, ItemGroup, Journal, JournalKind,
    PaymentCondition, VatCode, VatMethod, VatPercentage,
};
use crate::domain::money::Currency;

const GL_ACCOUNTS: Source = Source { resource: "sync/Financial/GLAccounts", key: "Code" };
const JOURNALS: Source = Source { resource: "financial/Journals", key: "Code" };
const VAT_CODES: Source = Source { resource: "vat/VATCodes", key: "Code" };
const VAT_PERCENTAGES: Source = Source { resource: "vat/VatPercentages", key: "ID" };
const PAYMENT_CONDITIONS: Source = Source { resource: "cashflow/PaymentConditions", key: "Code" };
const COST_CENTERS: Source = Source { resource: "hrm/Costcenters", key: "Code" };
const COST_UNITS: Source = Source { resource: "hrm/Costunits", key: "Code" };
const ITEM_GROUPS: Source = Source { resource: "logistics/ItemGroups", key: "Code" };
const PERIODS: Source = Source { resource: "financial/FinancialPeriods", key: "ID" };
const JOURNAL_STATUS: Source = Source { resource: "read/financial/JournalStatusList", key: "Journal" };

impl ExactClient {
    /// The general ledger accounts, by 1,000 a call. An odd row is left out.
    ///
    /// # Errors
    /// As every call.
    pub async fn accounts_of_ledger(&self, division: i32) -> CallResult<Vec<GlAccount>> {
        const FIELDS: &str = "Timestamp,ID,Code,Description,Type,IsBlocked,UseCostcenter,UseCostunit";
        // By id: an account changed between two pages comes twice.
        let mut accounts: BTreeMap<Uuid, GlAccount> = BTreeMap::new();
        let mut after = 0;
        loop {
            let read = |row: &Row<'_>| Ok(read_gl_account(row).map_or_else(Read::LeftOut, Read::Row));
            let page = self.sync_page(division, GL_ACCOUNTS, FIELDS, after, read).await?;
            accounts.extend(page.rows.into_iter().map(|account| (account.id, account)));
            after = page.newest;
            if !page.more {
                return Ok(accounts.into_values().collect());
            }
        }
    }

    /// The journals. An odd row is left out.
    ///
    /// # Errors
    /// As every call.
    pub async fn journals(&self, division: i32) -> CallResult<Vec<Journal>> {
        const FIELDS: &str =
            "ID,Code,Description,Type,Currency,AllowVariableCurrency,AllowVariableExchangeRate,IsBlocked,GLAccount";
        let read = |row: Row<'_>| or_leave_out(read_journal(&row));
        self.read_all(Some(division), JOURNALS, &Query::select(FIELDS), read).await
    }

    /// The VAT codes with their dated percentages. A code is left out where it, or one of its percentages, is odd.
    ///
    /// # Errors
    /// As every call.
    pub async fn vat_codes(&self, division: i32) -> CallResult<Vec<VatCode>> {
        const FIELDS: &str = "ID,Code,Description,Percentage,Type,EUSalesListing,OssCountry,IsBlocked";
        const PERCENTAGE_FIELDS: &str = "ID,VATCodeID,StartDate,EndDate,Percentage,Type";
        let read = |row: Row<'_>| or_leave_out(read_vat_code(&row));
        let codes = self.read_all(Some(division), VAT_CODES, &Query::select(FIELDS), read).await?;
        let query = Query::select(PERCENTAGE_FIELDS);
        let read = |row: Row<'_>| read_percentage(&row).map(Some);
        let percentages = self.read_all(Some(division), VAT_PERCENTAGES, &query, read).await?;
        Ok(with_percentages(codes, percentages))
    }

    /// The payment conditions. An odd row is left out.
    ///
    /// # Errors
    /// As every call.
    pub async fn payment_conditions(&self, division: i32) -> CallResult<Vec<PaymentCondition>> {
        let read = |row: Row<'_>| or_leave_out(read_payment_condition(&row));
        let query = Query::select("ID,Code,Description,PaymentDays");
        self.read_all(Some(division), PAYMENT_CONDITIONS, &query, read).await
    }

    /// The cost centres. An odd row is left out.
    ///
    /// # Errors
    /// As every call.
    pub async fn cost_centers(&self, division: i32) -> CallResult<Vec<Dimension>> {
        self.dimensions(division, COST_CENTERS).await
    }

    /// The cost units. An odd row is left out.
    ///
    /// # Errors
    /// As every call.
    pub async fn cost_units(&self, division: i32) -> CallResult<Vec<Dimension>> {
        self.dimensions(division, COST_UNITS).await
    }

    async fn dimensions(&self, division: i32, source: Source) -> CallResult<Vec<Dimension>> {
        let read = |row: Row<'_>| {
            or_leave_out((|| Ok(Dimension { code: row.need_text("Code")?, end_date: row.date("EndDate")? }))())
        };
        self.read_all(Some(division), source, &Query::select("ID,Code,EndDate"), read).await
    }

    /// The item groups. An odd row is left out.
    ///
    /// # Errors
    /// As every call.
    pub async fn item_groups(&self, division: i32) -> CallResult<Vec<ItemGroup>> {
        let read = |row: Row<'_>| or_leave_out(read_item_group(&row));
        self.read_all(Some(division), ITEM_GROUPS, &Query::select("ID,Code,GLRevenue,IsDefault"), read).await
    }

    /// The financial periods, whatever the calendar. An odd row is left out: its days count as not opened (I3).
    ///
    /// # Errors
    /// As every call.
    pub async fn periods(&self, division: i32) -> CallResult<Vec<FinancialPeriod>> {
        let read = |row: Row<'_>| or_leave_out(read_period(&row));
        self.read_all(Some(division), PERIODS, &Query::select("ID,FinYear,FinPeriod,StartDate,EndDate"), read).await
    }

    /// The periods that are closed, by journal. An odd row is an error: left out, it would count as open (I3).
    ///
    /// # Errors
    /// As every call.
    pub async fn closed_periods(&self, division: i32) -> CallResult<Vec<ClosedPeriod>> {
        let query = Query::select("Journal,Year,Period,Status");
        self.read_all(Some(division), JOURNAL_STATUS, &query, |row| read_closed_period(&row)).await
    }
}

fn read_gl_account(row: &Row<'_>) -> CallResult<GlAccount> {
    let kind = match row.need_int("Type")? {
        110 => AccountKind::Revenue,
        20 => AccountKind::Receivable,
        24 => AccountKind::Vat,
        12 => AccountKind::Bank,
        _ => AccountKind::Other,
    };
    Ok(GlAccount {
        id: row.need_guid("ID")?,
        code: row.need_text("Code")?,
        description: row.text_or_empty("Description")?,
        kind,
        blocked: row.flag("IsBlocked")?,
        cost_center: dimension_use(row, "UseCostcenter")?,
        cost_unit: dimension_use(row, "UseCostunit")?,
    })
}

fn dimension_use(row: &Row<'_>, field: &str) -> CallResult<DimensionUse> {
    match row.int(field)? {
        None | Some(0) => Ok(DimensionUse::Optional),
        Some(1) => Ok(DimensionUse::Mandatory),
        Some(2) => Ok(DimensionUse::Forbidden),
        Some(_) => Err(row.odd(field, "0, 1 or 2")),
    }
}

fn read_journal(row: &Row<'_>) -> CallResult<Journal> {
    let kind = match row.need_int("Type")? {
        20 => JournalKind::Sales,
        21 => JournalKind::SalesReturn,
        12 => JournalKind::Bank,
        10 => JournalKind::Cash,
        16 => JournalKind::PaymentService,
        90 => JournalKind::General,
        _ => JournalKind::Other,
    };
    Ok(Journal {
        code: row.need_text("Code")?,
        description: row.text_or_empty("Description")?,
        kind,
        currency: row.text("Currency")?.and_then(|code| Currency::from_code(&code)),
        allows_other_currencies: row.flag("AllowVariableCurrency")?,
        allows_rate: row.flag("AllowVariableExchangeRate")?,
        blocked: row.flag("IsBlocked")?,
        account: row.guid("GLAccount")?,
    })
}

/// A code with the id that its percentages name.
fn read_vat_code(row: &Row<'_>) -> CallResult<(Uuid, VatCode)> {
    let method = match row.need_text("Type")?.as_str() {
        "E" => VatMethod::Excluding,
        "I" => VatMethod::Including,
        "B" => VatMethod::BaseOnly,
        "N" => VatMethod::None,
        _ => return Err(row.odd("Type", "a type of VAT code")),
    };
    let code = VatCode {
        code: row.need_text("Code")?,
        description: row.text_or_empty("Description")?,
        method,
        percent: percent(row.decimal("Percentage")?.unwrap_or_default()),
        percentages: Vec::new(),
        blocked: row.flag("IsBlocked")?,
        oss_country: row.text("OssCountry")?,
        eu_sales_listing: row.text("EUSalesListing")?.is_some_and(|listing| listing != "N"),
    };
    Ok((row.need_guid("ID")?, code))
}

/// The vendor keeps fractions: 0.21 is 21 %.
fn percent(fraction: Decimal) -> Decimal {
    (fraction * Decimal::ONE_HUNDRED).normalize()
}

/// A dated percentage by the id of its code; `None` for an odd one, which spoils its code, and an extra duty, which has
/// no part in the rate.
type CodePercentage = (Uuid, CallResult<Option<VatPercentage>>);

fn read_percentage(row: &Row<'_>) -> CallResult<CodePercentage> {
    const NORMAL: i64 = 0;
    let read = || {
        if row.int("Type")?.is_some_and(|kind| kind != NORMAL) {
            return Ok(None);
        }
        let (from, to) = (row.date("StartDate")?, row.date("EndDate")?);
        Ok(Some(VatPercentage { percent: percent(row.need_decimal("Percentage")?), from, to }))
    };
    Ok((row.need_guid("VATCodeID")?, read()))
}

fn with_percentages(codes: Vec<(Uuid, VatCode)>, percentages: Vec<CodePercentage>) -> Vec<VatCode> {
    let mut by_code: BTreeMap<Uuid, Vec<VatPercentage>> = BTreeMap::new();
    let mut spoiled = BTreeSet::new();
    for (code, percentage) in percentages {
        match percentage {
            Ok(percentage) => by_code.entry(code).or_default().extend(percentage),
            Err(error) => {
                tracing::warn!(%error, "a VAT code is left out");
                spoiled.insert(code);
            }
        }
    }
    let whole = codes.into_iter().filter(|(id, _)| !spoiled.contains(id));
    whole.map(|(id, code)| VatCode { percentages: by_code.remove(&id).unwrap_or_default(), ..code }).collect()
}

fn read_payment_condition(row: &Row<'_>) -> CallResult<PaymentCondition> {
    let days =
        i32::try_from(row.int("PaymentDays")?.unwrap_or_default()).map_err(|_| row.odd("PaymentDays", "days"))?;
    Ok(PaymentCondition { code: row.need_text("Code")?, description: row.text_or_empty("Description")?, days })
}

fn read_item_group(row: &Row<'_>) -> CallResult<ItemGroup> {
    Ok(ItemGroup {
        id: row.need_guid("ID")?,
        code: row.need_text("Code")?,
        revenue_account: row.guid("GLRevenue")?,
        is_default: row.flag("IsDefault")?,
    })
}

fn read_period(row: &Row<'_>) -> CallResult<FinancialPeriod> {
    let key = PeriodKey { year: row.need_small("FinYear")?, period: row.need_small("FinPeriod")? };
    let days = DateRange::new(row.need_date("StartDate")?, row.need_date("EndDate")?);
    Ok(FinancialPeriod { key, days: days.ok_or_else(|| row.odd("EndDate", "on or after the start"))? })
}

/// The vendor lists open periods too.
fn read_closed_period(row: &Row<'_>) -> CallResult<Option<ClosedPeriod>> {
    let key = PeriodKey { year: row.need_small("Year")?, period: row.need_small("Period")? };
    match row.need_int("Status")? {
        0 => Ok(None),
        1 => Ok(Some(ClosedPeriod { journal: row.need_text("Journal")?, key })),
        _ => Err::<_, CallError>(row.odd("Status", "0 or 1")),
    }
}
