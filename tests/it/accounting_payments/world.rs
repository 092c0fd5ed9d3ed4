//! An administration with its control accounts, and builders for what goes over them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use koppel::accounting::payments::*;
use koppel::accounting::rulebook::*;
use koppel::domain::calendar::DateRange;
use koppel::domain::entry::PeriodKey;
use koppel::domain::hold::Hold;
use koppel::domain::master::*;
use koppel::domain::money::{Amount, Currency};
use koppel::domain::money_entry::MoneyEntry;
use koppel::domain::payment::*;
use uuid::Uuid;

/// Rules, books, and what the books know; tests change what they need.
#[derive(Clone)]
pub struct World {
    pub rulebook: Rulebook,
    pub rules: PaymentRules,
    pub master: MasterData,
    pub settled: BTreeMap<DocumentKey, Settled>,
    pub own_receivables: BTreeMap<String, Uuid>,
}

impl World {
    pub fn new() -> Self {
        let invoice = |number: &str, our_ref, customer: &str| {
            let known = Settled::Booked { our_ref, customer: customer.to_owned(), rate: None };
            ((DocumentKind::Invoice, number.to_owned()), known)
        };
        let note = |number: &str, our_ref| {
            let known = Settled::Booked { our_ref, customer: "acme".to_owned(), rate: None };
            ((DocumentKind::CreditNote, number.to_owned()), known)
        };
        Self {
            rulebook: rulebook(),
            rules: rules(),
            master: master(),
            settled: [
                invoice("INV-1", 26_700_001, "acme"),
                invoice("INV-2", 26_700_002, "acme"),
                invoice("INV-3", 26_700_003, "child"),
                note("CN-1", 26_700_011),
                ((DocumentKind::Invoice, "OLD-1".to_owned()), Settled::Unlinked),
                ((DocumentKind::CreditNote, "CN-OLD".to_owned()), Settled::Unlinked),
                ((DocumentKind::Invoice, "INV-9".to_owned()), Settled::NotYet),
            ]
            .into(),
            own_receivables: BTreeMap::new(),
        }
    }

    pub fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut world = Self::new();
        change(&mut world);
        world
    }

    pub fn decide(&self, document: &MoneyDocument<'_>) -> Result<PlannedMoney, Hold> {
        let context = PaymentContext {
            rulebook: &self.rulebook,
            rules: &self.rules,
            master: &self.master,
            settled: &self.settled,
            own_receivables: &self.own_receivables,
        };
        book(document, &context)
    }

    pub fn payment(&self, payment: &Transaction) -> MoneyEntry {
        self.decide(&MoneyDocument::Payment(payment)).unwrap_or_else(|hold| panic!("held: {hold:?}")).entry
    }

    pub fn refund(&self, refund: &Transaction) -> MoneyEntry {
        let document = MoneyDocument::Refund { refund, by_way_of: None };
        self.decide(&document).unwrap_or_else(|hold| panic!("held: {hold:?}")).entry
    }

    pub fn hold(&self, payment: &Transaction) -> Hold {
        self.decide(&MoneyDocument::Payment(payment)).expect_err("not held")
    }
}

/// The entry as an accountant reads it.
pub fn written(entry: &MoneyEntry) -> String {
    let own = if entry.has_control_line { " by a line" } else { "" };
    let rate = entry.rate.map(|rate| format!(" at {rate}")).unwrap_or_default();
    let mut text = format!(
        "{:?} {:?} {} {} {} {}{rate} control {}{own}\n",
        entry.direction, entry.form, entry.journal, entry.date, entry.reporting, entry.currency, entry.control.code
    );
    for line in &entry.lines {
        let amount = line.amount.to_decimal(entry.currency);
        let customer = line.customer.as_deref().unwrap_or("-");
        let our_ref = line.our_ref.map_or("-".to_owned(), |number| number.to_string());
        text += &format!("{} {customer} {our_ref} {amount} | {}\n", line.account.code, line.description);
    }
    text
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn rulebook() -> Rulebook {
    Rulebook {
        mapping: "wolkwerk".to_owned(),
        connection: "wolkwerk-exact".to_owned(),
        time_zone: jiff::tz::TimeZone::get("Europe/Amsterdam").unwrap(),
        start_date: date(2026, 1, 1),
        sales_journal: "70".to_owned(),
        deferral_journal: None,
        bank_journals: Vec::new(),
        rounding_account: None,
        write_off_account: None,
        zero_vat_code: None,
        send_exchange_rate: true,
        policies: Policies {
            deferred_revenue: false,
            deferral_beyond_periods: DeferralBeyondPeriods::Hold,
            closed_period: ClosedPeriodPolicy::MoveToOpenPeriod,
            deferral_method: DeferralMethod::PerPeriod,
            credit_note_deferral: CreditNoteDeferral::FollowInvoice,
        },
        vat: Vec::new(),
        payment_terms: Vec::new(),
        cost_centers: Vec::new(),
        cost_units: Vec::new(),
        dimension_year: DimensionYear::Entry,
        item_groups: BTreeMap::new(),
        default_item_group: None,
        ad_hoc_item: None,
        entry_fields: BTreeMap::new(),
        revenue: Vec::new(),
        payments: None,
        supply: Supply::Services,
        family_supply: BTreeMap::new(),
    }
}

pub fn row(
    index: usize,
    method: Option<&str>,
    gateway: Option<&str>,
    currency: Option<&str>,
    journal: &str,
) -> PaymentMethodRule {
    PaymentMethodRule {
        index,
        method: method.map(str::to_owned),
        gateway: gateway.map(str::to_owned),
        currency: currency.map(str::to_owned),
        journal: journal.to_owned(),
        control_account: None,
        fee: None,
    }
}

fn rules() -> PaymentRules {
    PaymentRules {
        start_date: date(2026, 1, 1),
        invoices_from: Some(date(2026, 1, 1)),
        credit_notes_from: Some(date(2026, 1, 1)),
        journal: Some("22".to_owned()),
        receivable_account: None,
        methods: vec![
            row(0, None, Some("mollie"), None, "23"),
            row(1, Some("ideal"), Some("mollie"), None, "24"),
            row(2, Some("card"), None, Some("USD"), "25"),
            PaymentMethodRule {
                control_account: Some("1160".to_owned()),
                ..row(3, Some("paypal"), Some("braintree"), None, "22")
            },
            PaymentMethodRule {
                control_account: Some("1170".to_owned()),
                ..row(4, Some("klarna"), Some("stripe"), None, "90")
            },
        ],
    }
}

pub fn account_id(code: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, code.as_bytes())
}

pub fn account(code: &str, kind: AccountKind) -> (String, GlAccount) {
    let account = GlAccount {
        id: account_id(code),
        code: code.to_owned(),
        description: format!("account {code}"),
        kind,
        blocked: false,
        cost_center: DimensionUse::Optional,
        cost_unit: DimensionUse::Optional,
    };
    (code.to_owned(), account)
}

fn journal(code: &str, kind: JournalKind, currency: &str, account: Option<&str>) -> (String, Journal) {
    let journal = Journal {
        code: code.to_owned(),
        description: format!("journal {code}"),
        kind,
        currency: Currency::from_code(currency),
        allows_other_currencies: false,
        allows_rate: true,
        blocked: false,
        account: account.map(account_id),
    };
    (code.to_owned(), journal)
}

fn master() -> MasterData {
    let month = |month: i8| {
        let first = Date::constant(2026, month, 1);
        let key = PeriodKey { year: 2026, period: i16::from(month) };
        FinancialPeriod { key, days: DateRange { from: first, to: first.last_of_month() } }
    };
    MasterData {
        division: 100_001,
        name: "Wolkwerk B.V.".to_owned(),
        currency: Some(Currency::EUR),
        country: "NL".to_owned(),
        accounts: [
            account("1300", AccountKind::Receivable),
            account("1150", AccountKind::Other),
            account("1151", AccountKind::Other),
            account("1152", AccountKind::Other),
            account("1153", AccountKind::Other),
            account("1160", AccountKind::Other),
            account("1170", AccountKind::Other),
            account("1000", AccountKind::Other),
            account("4550", AccountKind::Other),
            account("8000", AccountKind::Revenue),
        ]
        .into(),
        journals: [
            journal("70", JournalKind::Sales, "EUR", None),
            journal("22", JournalKind::PaymentService, "EUR", Some("1150")),
            journal("23", JournalKind::Bank, "EUR", Some("1151")),
            journal("24", JournalKind::PaymentService, "EUR", Some("1152")),
            journal("25", JournalKind::Bank, "USD", Some("1153")),
            journal("10", JournalKind::Cash, "EUR", Some("1000")),
            journal("90", JournalKind::General, "EUR", None),
        ]
        .into(),
        periods: (1..=12).map(month).collect(),
        ..MasterData::default()
    }
}

/// A card payment of Acme on 5 March.
pub fn payment(amount: i64, parts: &[(&str, i64)]) -> Transaction {
    let part = |(document, amount): &(&str, i64)| Application {
        document: (*document).to_owned(),
        amount: Amount(*amount),
        applied_at: None,
        document_date: None,
        credited_invoice: None,
    };
    Transaction {
        id: "txn_1".to_owned(),
        kind: TransactionKind::Payment,
        status: TransactionStatus::Success,
        channel: Channel::Online,
        method: "card".to_owned(),
        gateway: Some("stripe".to_owned()),
        customer: Some("acme".to_owned()),
        business_entity: None,
        currency: Currency::EUR,
        amount: Amount(amount),
        unused: Amount::ZERO,
        date: Some(at("2026-03-05T10:00:00Z")),
        voided_at: None,
        updated_at: Some(at("2026-03-05T10:00:01Z")),
        base_currency: Some("EUR".to_owned()),
        exchange_rate: None,
        reference: None,
        invoices: parts.iter().map(part).collect(),
        credit_notes: Vec::new(),
        refunds: Vec::new(),
        payments: Vec::new(),
        refunded: None,
        reversal: None,
        deleted: false,
    }
}

/// A refund to Acme on 9 March.
pub fn refund(amount: i64, notes: &[(&str, i64)]) -> Transaction {
    let row = payment(amount, notes);
    Transaction {
        id: "txn_2".to_owned(),
        kind: TransactionKind::Refund,
        date: Some(at("2026-03-09T10:00:00Z")),
        credit_notes: row.invoices,
        invoices: Vec::new(),
        refunded: Some("txn_1".to_owned()),
        ..row
    }
}

/// The chargeback of `amount` on 2 April.
pub fn reversal(amount: i64) -> Transaction {
    let linked =
        LinkedTransaction { id: "txn_1".to_owned(), status: TransactionStatus::Success, amount: Amount(amount) };
    Transaction {
        id: "txn_3".to_owned(),
        kind: TransactionKind::Reversal,
        channel: Channel::OfOriginal,
        method: "chargeback".to_owned(),
        date: Some(at("2026-04-02T10:00:00Z")),
        payments: vec![linked],
        ..payment(amount, &[])
    }
}
