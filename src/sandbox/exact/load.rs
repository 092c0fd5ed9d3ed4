//! From an administration's plain data to a division in memory.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

use super::cell::Cell;
use super::division::{DeferralSettings, Division};
use super::ledger::set;
use super::master::padded;
use super::seed;

type Cells = BTreeMap<&'static str, Cell>;

/// Builds the division.
pub fn division(data: &seed::Administration, random: ChaCha8Rng, now: DateTime) -> Division {
    let mut division = Division::new(data.division, random);
    division.name.clone_from(&data.name);
    division.country.clone_from(&data.country);
    division.currency.clone_from(&data.currency);
    division.vat_number.clone_from(&data.vat_number);
    division.chamber_of_commerce.clone_from(&data.chamber_of_commerce);
    division.no_access = data.no_access;
    division.denied = data.denied.iter().cloned().collect();
    for year in &data.years {
        division.open_year(*year);
    }
    division.closed = data.closed.iter().cloned().collect();
    let mut loader = Loader { division, now };
    loader.load_ledger(data);
    loader.load_codes(data);
    loader.load_relations(data);
    loader.division
}

struct Loader {
    division: Division,
    now: DateTime,
}

impl Loader {
    fn put(&mut self, path: &'static str, mut cells: Cells) -> Uuid {
        let id = self.division.new_id();
        cells.insert("ID", id.into());
        cells.insert("Created", self.now.into());
        cells.insert("Modified", self.now.into());
        cells.retain(|_, cell| !cell.is_null());
        self.division.put(path, id, cells);
        id
    }

    fn gl_account(&self, code: Option<&str>) -> Option<Uuid> {
        code.and_then(|code| self.division.table("financial/GLAccounts").by_code(code)).map(|row| row.id)
    }

    fn load_ledger(&mut self, data: &seed::Administration) {
        for account in &data.gl_accounts {
            self.put("financial/GLAccounts", gl_account(account));
        }
        for journal in &data.journals {
            let gl_account = self.gl_account(journal.gl_account.as_deref());
            self.put("financial/Journals", journal_cells(journal, gl_account));
        }
        self.division.receivable_account = self.gl_account(Some(&data.receivable_account)).unwrap_or_default();
        self.division.vat_account = self.gl_account(Some(&data.vat_account)).unwrap_or_default();
        self.division.difference_accounts = (
            self.gl_account(data.payment_difference_account.as_deref()),
            self.gl_account(data.rate_difference_account.as_deref()),
        );
        self.division.deferral = data.deferral.as_ref().and_then(|settings| {
            let account = self.gl_account(Some(&settings.account))?;
            Some(DeferralSettings { account, journal: settings.journal.clone(), method: settings.method })
        });
        for rate in &data.exchange_rates {
            let cells = Cells::from([
                ("SourceCurrency", rate.currency.as_str().into()),
                ("TargetCurrency", data.currency.as_str().into()),
                ("Rate", Cell::Double(rate.rate.try_into().unwrap_or(1.0))),
                ("StartDate", rate.from.into()),
            ]);
            self.put("financial/ExchangeRates", cells);
        }
    }

    fn load_codes(&mut self, data: &seed::Administration) {
        for code in &data.vat_codes {
            let vat_account = self.division.vat_account;
            let id = self.put("vat/VATCodes", vat_code(code, vat_account));
            let cells = Cells::from([
                ("VATCodeID", id.into()),
                ("LineNumber", Cell::Int(1)),
                ("Percentage", fraction(code.percentage)),
                ("StartDate", jiff::civil::date(2000, 1, 1).into()),
                ("Type", Cell::Int(0)),
            ]);
            self.put("vat/VatPercentages", cells);
        }
        for condition in &data.payment_conditions {
            self.put("cashflow/PaymentConditions", payment_condition(condition));
        }
        for (path, list) in [("hrm/Costcenters", &data.cost_centers), ("hrm/Costunits", &data.cost_units)] {
            for (code, description) in list {
                self.put(path, coded(code, description));
            }
        }
        for (code, description) in &data.currencies {
            let mut cells = coded(code, description);
            cells.insert("AmountPrecision", Cell::Double(0.01));
            cells.insert("PricePrecision", Cell::Double(0.001));
            self.put("general/Currencies", cells);
        }
    }

    fn load_relations(&mut self, data: &seed::Administration) {
        for group in &data.item_groups {
            let mut cells = coded(&group.code, &group.description);
            cells.insert("IsDefault", Cell::Int(group.is_default.into()));
            cells.insert("GLRevenue", self.gl_account(group.gl_revenue.as_deref()).into());
            self.put("logistics/ItemGroups", cells);
        }
        for item in &data.items {
            let groups = self.division.table("logistics/ItemGroups");
            let group = match &item.group {
                Some(code) => groups.by_code(code).map(|row| row.id),
                None => groups.after(None).find(|row| row.flag("IsDefault")).map(|row| row.id),
            };
            let mut cells = coded(&item.code, &item.description);
            cells.insert("ItemGroup", group.into());
            cells.insert("GLRevenue", self.gl_account(item.gl_revenue.as_deref()).into());
            cells.insert("IsSalesItem", true.into());
            cells.insert("IsStockItem", false.into());
            cells.insert("Unit", "pc".into());
            self.put("logistics/Items", cells);
        }
        for account in &data.accounts {
            add_account(&mut self.division, account, self.now);
        }
        for (loser, _) in &data.merged {
            self.division.note_deleted(2, *loser, self.now);
        }
    }
}

/// Adds a relation as somebody in the office would: nothing is checked. Gives its guid.
pub fn add_account(division: &mut Division, account: &seed::Account, now: DateTime) -> Uuid {
    let id = account.id.unwrap_or_else(|| division.new_id());
    let code = account.code.unwrap_or_else(|| division.next_account_code());
    division.note_account_code(code);
    let optional = |text: &Option<String>| Cell::from(text.as_deref());
    let mut cells = Cells::from([
        ("ID", id.into()),
        ("Code", format!("{code:>18}").into()),
        ("Name", account.name.as_str().into()),
        ("Status", account.status.to_string().into()),
        ("Country", padded("Country", set(&account.country))),
        ("VATNumber", optional(&account.vat_number)),
        ("ChamberOfCommerce", optional(&account.chamber_of_commerce)),
        ("Email", optional(&account.email)),
        ("SearchCode", optional(&account.search_code)),
        ("Phone", optional(&account.phone)),
        ("AddressLine1", optional(&account.address_line_1)),
        ("Postcode", optional(&account.postcode)),
        ("City", optional(&account.city)),
        ("PaymentConditionSales", optional(&account.payment_condition)),
        ("Blocked", account.blocked.into()),
        ("EndDate", account.end_date.into()),
        ("Created", now.into()),
        ("Modified", now.into()),
    ]);
    cells.retain(|_, cell| !cell.is_null());
    division.put("crm/Accounts", id, cells);
    id
}

fn coded(code: &str, description: &str) -> Cells {
    Cells::from([("Code", code.into()), ("Description", description.into())])
}

fn fraction(percentage: rust_decimal::Decimal) -> Cell {
    Cell::Double(percentage.try_into().unwrap_or(0.0))
}

fn gl_account(account: &seed::GlAccount) -> Cells {
    let profit_and_loss = account.kind >= 110;
    let mut cells = coded(&account.code, &account.description);
    cells.extend([
        ("Type", account.kind.into()),
        ("BalanceType", if profit_and_loss { "W" } else { "B" }.into()),
        ("BalanceSide", if matches!(account.kind, 110 | 22 | 24 | 60) { "C" } else { "D" }.into()),
        ("IsBlocked", account.blocked.into()),
        ("UseCostcenter", account.use_cost_center.into()),
        ("UseCostunit", account.use_cost_unit.into()),
        ("Matching", (account.kind == 20).into()),
        ("VATCode", account.vat_code.as_ref().map(|code| format!("{code:<3}")).into()),
    ]);
    cells
}

fn journal_cells(journal: &seed::Journal, gl_account: Option<Uuid>) -> Cells {
    let mut cells = coded(&journal.code, &journal.description);
    cells.extend([
        ("Type", journal.kind.into()),
        ("Currency", journal.currency.as_str().into()),
        ("AllowVariableCurrency", journal.allow_variable_currency.into()),
        ("AllowVariableExchangeRate", journal.allow_variable_rate.into()),
        ("AllowVAT", journal.allow_vat.into()),
        ("IsBlocked", journal.blocked.into()),
        ("GLAccount", gl_account.into()),
    ]);
    cells
}

fn vat_code(code: &seed::VatCode, vat_account: Uuid) -> Cells {
    let mut cells = coded(&format!("{:<3}", code.code), &code.description);
    cells.extend([
        ("Percentage", fraction(code.percentage)),
        ("Type", code.kind.to_string().into()),
        ("VATTransactionType", code.transaction_type.to_string().into()),
        ("EUSalesListing", code.eu_sales_listing.to_string().into()),
        ("OssCountry", code.oss_country.as_deref().into()),
        ("IsBlocked", code.blocked.into()),
        ("Charged", false.into()),
        ("GLToPay", vat_account.into()),
    ]);
    cells
}

fn payment_condition(condition: &seed::PaymentCondition) -> Cells {
    let mut cells = coded(&condition.code, &condition.description);
    cells.extend([
        ("PaymentDays", condition.days.into()),
        ("PaymentEndOfMonths", Cell::Int(0)),
        ("PaymentMethod", "B".into()),
        ("Percentage", Cell::Double(1.0)),
    ]);
    cells
}
