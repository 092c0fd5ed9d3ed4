//! Wolkwerk B.V., its books and its rules.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use koppel::accounting::book_invoice;
use koppel::accounting::context::{BookingContext, Decision, ItemFacts, PlannedEntry, SkipReason};
use koppel::accounting::rulebook::*;
use koppel::domain::calendar::DateRange;
use koppel::domain::catalogue::ItemKind;
use koppel::domain::entry::PeriodKey;
use koppel::domain::hold::Hold;
use koppel::domain::invoice::{ExemptReason, Invoice};
use koppel::domain::master::*;
use koppel::domain::money::Currency;
use rust_decimal::Decimal;
use uuid::Uuid;

pub use super::bills::*;

/// Books, rules and items; tests change what they need.
#[derive(Clone)]
pub struct World {
    pub rules: Rulebook,
    pub master: MasterData,
    pub items: BTreeMap<String, ItemFacts>,
}

impl World {
    pub fn new() -> Self {
        Self { rules: rules(), master: master(), items: items() }
    }

    pub fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut world = Self::new();
        change(&mut world);
        world
    }

    pub fn decide(&self, invoice: &Invoice) -> Decision {
        let context = BookingContext { rulebook: &self.rules, master: &self.master, items: &self.items };
        book_invoice(invoice, &context)
    }

    pub fn book(&self, invoice: &Invoice) -> PlannedEntry {
        match self.decide(invoice) {
            Decision::Book(planned) => *planned,
            other => panic!("not booked: {other:?}"),
        }
    }

    pub fn hold(&self, invoice: &Invoice) -> Hold {
        match self.decide(invoice) {
            Decision::Hold(hold) => hold,
            other => panic!("not held: {other:?}"),
        }
    }

    pub fn skip(&self, invoice: &Invoice) -> SkipReason {
        match self.decide(invoice) {
            Decision::Skip(reason) => reason,
            other => panic!("not skipped: {other:?}"),
        }
    }

    /// Closes calendar months of 2026 for a journal.
    pub fn close(&mut self, journal: &str, months: impl IntoIterator<Item = i16>) {
        for period in months {
            self.master
                .closed
                .push(ClosedPeriod { journal: journal.to_owned(), key: PeriodKey { year: 2026, period } });
        }
    }

    /// Opens a calendar year.
    pub fn open_year(&mut self, year: i16) {
        self.master.periods.extend(year_of_months(year));
    }
}

pub fn year_of_months(year: i16) -> Vec<FinancialPeriod> {
    (1..=12_i8)
        .map(|month| {
            let first = Date::constant(year, month, 1);
            FinancialPeriod {
                key: PeriodKey { year, period: i16::from(month) },
                days: DateRange { from: first, to: first.last_of_month() },
            }
        })
        .collect()
}

pub fn percent(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub fn account_id(code: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, code.as_bytes())
}

fn account(code: &str, kind: AccountKind) -> (String, GlAccount) {
    let account = GlAccount {
        id: account_id(code),
        code: code.to_owned(),
        description: format!("account {code}"),
        kind,
        blocked: code == "8500",
        cost_center: if code == "8020" { DimensionUse::Mandatory } else { DimensionUse::Optional },
        cost_unit: if code == "8999" { DimensionUse::Forbidden } else { DimensionUse::Optional },
    };
    (code.to_owned(), account)
}

fn journal(code: &str, kind: JournalKind) -> (String, Journal) {
    let journal = Journal {
        code: code.to_owned(),
        description: format!("journal {code}"),
        kind,
        currency: Some(Currency::EUR),
        allows_other_currencies: true,
        allows_rate: true,
        blocked: false,
        account: None,
    };
    (code.to_owned(), journal)
}

fn vat_code(code: &str, method: VatMethod, rate: i64, oss: Option<&str>) -> (String, VatCode) {
    let vat = VatCode {
        code: code.to_owned(),
        description: format!("code {code}"),
        method,
        percent: Decimal::from(rate),
        percentages: Vec::new(),
        blocked: code == "9",
        oss_country: oss.map(str::to_owned),
        eu_sales_listing: code == "7",
    };
    (code.to_owned(), vat)
}

fn master() -> MasterData {
    use VatMethod::{BaseOnly, Excluding, Including};
    let revenue =
        ["8000", "8010", "8020", "8030", "8090", "8500", "8999"].map(|code| account(code, AccountKind::Revenue));
    let other = [
        account("1300", AccountKind::Receivable),
        account("1500", AccountKind::Vat),
        account("1850", AccountKind::Other),
        account("4900", AccountKind::Other),
    ];
    let condition = |code: &str, days| {
        (code.to_owned(), PaymentCondition { code: code.to_owned(), description: String::new(), days })
    };
    let dimension = |code: &str| (code.to_owned(), Dimension { code: code.to_owned(), end_date: None });
    let group = |code: &str, revenue: Option<&str>, is_default| {
        let id = Uuid::new_v5(&Uuid::NAMESPACE_DNS, code.as_bytes());
        (code.to_owned(), ItemGroup { id, code: code.to_owned(), revenue_account: revenue.map(account_id), is_default })
    };
    MasterData {
        division: 100_001,
        name: "Wolkwerk B.V.".to_owned(),
        currency: Some(Currency::EUR),
        country: "NL".to_owned(),
        accounts: revenue.into_iter().chain(other).collect(),
        journals: [journal("70", JournalKind::Sales), journal("90", JournalKind::General)].into(),
        vat_codes: [
            vat_code("2", Excluding, 21, None),
            vat_code("1", Excluding, 9, None),
            vat_code("0", VatMethod::None, 0, None),
            vat_code("6", BaseOnly, 0, None),
            vat_code("7", BaseOnly, 0, None),
            vat_code("D", Excluding, 19, Some("DE")),
            vat_code("B", Excluding, 21, Some("BE")),
            vat_code("3", Including, 21, None),
            vat_code("9", Excluding, 21, None),
        ]
        .into(),
        payment_conditions: [condition("00", 0), condition("14", 14), condition("30", 30)].into(),
        cost_centers: ["NL", "BE", "DE", "INT"].map(dimension).into(),
        cost_units: ["ABO", "ADD", "DNS"].map(dimension).into(),
        item_groups: [
            group("STD", None, true),
            group("ABO", Some("8000"), false),
            group("ADD", Some("8010"), false),
            group("DNS", None, false),
        ]
        .into(),
        periods: [year_of_months(2025), year_of_months(2026)].concat(),
        closed: Vec::new(),
    }
}

pub fn vat_row(index: usize, code: &str, when: VatWhen) -> VatRule {
    VatRule { index, when, code: code.to_owned() }
}

fn vat_rows() -> Vec<VatRule> {
    let rate = |text: &str| Some(percent(text));
    let country = |code: &str| Some(code.to_owned());
    let consumer = Some(CustomerType::Consumer);
    let rows = [
        ("2", VatWhen { region: Some(Region::Domestic), rate: rate("21"), ..VatWhen::default() }),
        ("1", VatWhen { region: Some(Region::Domestic), rate: rate("9"), ..VatWhen::default() }),
        (
            "7",
            VatWhen {
                region: Some(Region::Eu),
                exempt_reason: Some(ExemptReason::ReverseCharge),
                ..VatWhen::default()
            },
        ),
        ("D", VatWhen { country: country("DE"), customer_type: consumer, rate: rate("19"), ..VatWhen::default() }),
        ("B", VatWhen { country: country("BE"), customer_type: consumer, rate: rate("21"), ..VatWhen::default() }),
        ("6", VatWhen { region: Some(Region::NonEu), rate: rate("0"), ..VatWhen::default() }),
        ("0", VatWhen { region: Some(Region::Domestic), rate: rate("0"), ..VatWhen::default() }),
    ];
    rows.into_iter().enumerate().map(|(index, (code, when))| vat_row(index, code, when)).collect()
}

fn rules() -> Rulebook {
    let term =
        |index, days, code: &str| PaymentTermRule { index, net_term_days: days, payment_condition: code.to_owned() };
    let mut rulebook = Rulebook {
        mapping: "wolkwerk".to_owned(),
        connection: "wolkwerk-exact".to_owned(),
        time_zone: TimeZone::get("Europe/Amsterdam").unwrap(),
        start_date: date(2026, 1, 1),
        sales_journal: "70".to_owned(),
        deferral_journal: Some("90".to_owned()),
        bank_journals: Vec::new(),
        rounding_account: Some("8999".to_owned()),
        write_off_account: Some("4900".to_owned()),
        zero_vat_code: Some("0".to_owned()),
        send_exchange_rate: true,
        policies: Policies {
            deferred_revenue: true,
            deferral_beyond_periods: DeferralBeyondPeriods::Hold,
            closed_period: ClosedPeriodPolicy::MoveToOpenPeriod,
            deferral_method: DeferralMethod::PerPeriod,
            credit_note_deferral: CreditNoteDeferral::FollowInvoice,
        },
        vat: vat_rows(),
        payment_terms: vec![term(0, 0, "00"), term(1, 14, "14"), term(2, 30, "30")],
        cost_centers: Vec::new(),
        cost_units: Vec::new(),
        dimension_year: DimensionYear::Entry,
        item_groups: [("platform", "ABO"), ("addons", "ADD"), ("services", "DNS")]
            .map(|(family, group)| (family.to_owned(), group.to_owned()))
            .into(),
        default_item_group: Some("STD".to_owned()),
        ad_hoc_item: None,
        entry_fields: BTreeMap::new(),
        revenue: Vec::new(),
        payments: None,
        supply: Supply::Services,
        family_supply: BTreeMap::new(),
    };
    rulebook.revenue.push(RevenueRule {
        revenue_account: Some("8020".to_owned()),
        cost_center: Some("INT".to_owned()),
        ..rule("onboarding", RevenueMatch { item: Some("onboarding".to_owned()), ..RevenueMatch::default() })
    });
    rulebook
}

/// A rule that says nothing yet.
pub fn rule(name: &str, matches: RevenueMatch) -> RevenueRule {
    RevenueRule {
        name: name.to_owned(),
        matches,
        valid_from: None,
        valid_to: None,
        revenue_account: None,
        discount: None,
        deferral: None,
        cost_center: None,
        cost_unit: None,
    }
}

/// A rule that names a revenue account.
pub fn account_rule(name: &str, matches: RevenueMatch, account: &str) -> RevenueRule {
    RevenueRule { revenue_account: Some(account.to_owned()), ..rule(name, matches) }
}

/// A rule that books a coupon's discounts apart.
pub fn coupon_rule(name: &str, coupon: &str, account: &str) -> RevenueRule {
    let matches = RevenueMatch { coupon: Some(coupon.to_owned()), ..RevenueMatch::default() };
    RevenueRule { discount: Some(DiscountTreatment::Line), ..account_rule(name, matches, account) }
}

fn items() -> BTreeMap<String, ItemFacts> {
    let facts = |price: &str, item: &str, family: &str, kind, group: &str| {
        let facts = ItemFacts {
            item: item.to_owned(),
            family: Some(family.to_owned()),
            kind,
            own_account: None,
            item_group: Some(group.to_owned()),
            in_books: Some(account_id(item)),
        };
        (price.to_owned(), facts)
    };
    [
        facts("team-eur-monthly", "team", "platform", ItemKind::Plan, "ABO"),
        facts("team-eur-yearly", "team", "platform", ItemKind::Plan, "ABO"),
        facts("seats-eur-monthly", "extra-seats", "addons", ItemKind::Addon, "ADD"),
        facts("onboarding-eur", "onboarding", "services", ItemKind::Charge, "DNS"),
        facts("migration-eur", "migration", "services", ItemKind::Charge, "DNS"),
    ]
    .into()
}
