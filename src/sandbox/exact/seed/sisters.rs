//! The administrations of Wolkwerk's two sister companies, each with the chart and the codes of its own country, so that
//! nothing fits by chance that fits the Dutch one.

use rust_decimal::Decimal;

use super::{
    Administration, Deferral, DeferralMethod, GlAccount, ItemGroup, Journal, PaymentCondition, VatCode, wolkwerk,
};

/// Codes of a chart that differ from country to country.
struct Chart {
    receivable: &'static str,
    vat: &'static str,
    deferred: &'static str,
    difference: &'static str,
    sales: &'static str,
    bank: &'static str,
    cash: &'static str,
    payment_services: [(&'static str, &'static str, &'static str); 4],
    written_off: &'static str,
    revenue: [(&'static str, &'static str); 4],
    /// Code, description, revenue account.
    groups: [(&'static str, &'static str, Option<&'static str>); 4],
}

const GERMAN: Chart = Chart {
    receivable: "1400",
    vat: "1776",
    deferred: "0990",
    difference: "2150",
    sales: "60",
    bank: "1200",
    cash: "1000",
    payment_services: [
        ("22", "Mollie", "1361"),
        ("23", "Stripe", "1362"),
        ("24", "GoCardless", "1363"),
        ("25", "PayPal", "1364"),
    ],
    written_off: "2400",
    revenue: [
        ("8400", "Erlöse Abonnements"),
        ("8410", "Erlöse Zusatzmodule"),
        ("8420", "Erlöse Dienstleistungen"),
        ("8336", "Erlöse EU, Steuerschuld des Kunden"),
    ],
    groups: [
        ("STD", "Standard", None),
        ("SW", "Software", Some("8400")),
        ("MOD", "Module", Some("8410")),
        ("DL", "Dienstleistungen", Some("8420")),
    ],
};

const BELGIAN: Chart = Chart {
    receivable: "400000",
    vat: "451000",
    deferred: "493000",
    difference: "758000",
    sales: "VEN",
    bank: "550000",
    cash: "570000",
    payment_services: [
        ("22", "Mollie", "580100"),
        ("23", "Stripe", "580200"),
        ("24", "GoCardless", "580300"),
        ("25", "PayPal", "580400"),
    ],
    written_off: "642000",
    revenue: [
        ("700000", "Omzet abonnementen"),
        ("700100", "Omzet uitbreidingen"),
        ("705000", "Omzet diensten"),
        ("702000", "Omzet EU"),
    ],
    groups: [
        ("STD", "Standaard", None),
        ("PLT", "Platform", Some("700000")),
        ("UIT", "Uitbreidingen", Some("700100")),
        ("DNS", "Diensten", Some("705000")),
    ],
};

/// Wolkwerk B.V.'s administration as it is once money is booked in it too: a till, a journal with a control account per
/// payment service and currency, an account for bad debts.
pub fn wolkwerk_with_money() -> Administration {
    let mut administration = wolkwerk();
    let journal = |(code, name, kind, currency, account): (&str, &str, i16, &str, &str)| Journal {
        code: code.into(),
        description: name.into(),
        kind,
        currency: currency.into(),
        gl_account: Some(account.into()),
        ..Journal::default()
    };
    let account = |(code, name, kind): (&str, &str, i16)| GlAccount {
        code: code.into(),
        description: name.into(),
        kind,
        ..GlAccount::default()
    };
    let journals = [
        ("10", "Kas", 10, "EUR", "1000"),
        ("23", "Stripe", 16, "EUR", "1151"),
        ("24", "GoCardless", 16, "EUR", "1152"),
        ("25", "PayPal", 16, "EUR", "1153"),
        ("26", "Stripe USD", 16, "USD", "1154"),
        ("27", "Stripe GBP", 16, "GBP", "1155"),
    ];
    let accounts = [
        ("1000", "Kas", 10),
        ("1151", "Te ontvangen Stripe", 16),
        ("1152", "Te ontvangen GoCardless", 16),
        ("1153", "Te ontvangen PayPal", 16),
        ("1154", "Te ontvangen Stripe USD", 16),
        ("1155", "Te ontvangen Stripe GBP", 16),
        ("4600", "Afgeboekte debiteuren", 121),
        ("4610", "Kosten betaaldiensten", 121),
    ];
    administration.journals.extend(journals.map(journal));
    administration.gl_accounts.extend(accounts.map(account));
    administration
}

/// The administration of Wolkwerk GmbH, division 100002: the same years as its Dutch sister, nothing closed.
pub fn wolkwerk_germany() -> Administration {
    let code = |code: &str, description: &str, percent: i64, kind: char| vat_code(code, description, percent, kind);
    Administration {
        division: 100_002,
        name: "Wolkwerk GmbH".into(),
        country: "DE".into(),
        vat_number: "DE136695976".into(),
        vat_codes: vec![
            code("0", "Keine Umsatzsteuer", 0, 'N'),
            code("U19", "Umsatzsteuer 19 %", 19, 'E'),
            code("U7", "Umsatzsteuer 7 %", 7, 'E'),
            VatCode { eu_sales_listing: 'S', ..code("EU", "Sonstige Leistung EU, 13b", 0, 'B') },
            code("DL", "Drittland", 0, 'B'),
        ],
        ..of_chart(&GERMAN)
    }
}

/// The administration of Wolkwerk BV, division 100003: the same years as its Dutch sister, nothing closed.
pub fn wolkwerk_belgium() -> Administration {
    let code = |code: &str, description: &str, percent: i64, kind: char| vat_code(code, description, percent, kind);
    Administration {
        division: 100_003,
        name: "Wolkwerk BV".into(),
        country: "BE".into(),
        vat_number: "BE0403019261".into(),
        vat_codes: vec![
            code("0", "Geen btw", 0, 'N'),
            code("V21", "Btw 21%", 21, 'E'),
            code("V6", "Btw 6%", 6, 'E'),
            VatCode { eu_sales_listing: 'S', ..code("VEU", "Diensten binnen de EU, verlegd", 0, 'B') },
            code("VEX", "Uitvoer", 0, 'B'),
        ],
        ..of_chart(&BELGIAN)
    }
}

fn of_chart(chart: &Chart) -> Administration {
    Administration {
        chamber_of_commerce: String::new(),
        closed: Vec::new(),
        journals: journals(chart),
        gl_accounts: gl_accounts(chart),
        payment_conditions: [("K0", "0", 0), ("K14", "14", 14), ("K30", "30", 30)]
            .map(|(code, days, number)| PaymentCondition {
                code: code.into(),
                description: format!("{days} days"),
                days: number,
            })
            .into(),
        cost_centers: Vec::new(),
        cost_units: Vec::new(),
        item_groups: chart.groups.map(group).into(),
        accounts: Vec::new(),
        merged: Vec::new(),
        deferral: Some(Deferral {
            account: chart.deferred.into(),
            journal: "90".into(),
            method: DeferralMethod::PerPeriod,
        }),
        receivable_account: chart.receivable.into(),
        vat_account: chart.vat.into(),
        payment_difference_account: Some(chart.difference.into()),
        rate_difference_account: Some(chart.difference.into()),
        ..wolkwerk()
    }
}

fn group((code, description, revenue): (&str, &str, Option<&str>)) -> ItemGroup {
    ItemGroup {
        code: code.into(),
        description: description.into(),
        is_default: code == "STD",
        gl_revenue: revenue.map(Into::into),
    }
}

fn journals(chart: &Chart) -> Vec<Journal> {
    let journal = |code: &str, description: &str, kind, gl_account: Option<&str>| Journal {
        code: code.into(),
        description: description.into(),
        kind,
        currency: "EUR".into(),
        allow_variable_currency: kind == 20,
        allow_variable_rate: kind == 20,
        allow_vat: kind == 20,
        blocked: false,
        gl_account: gl_account.map(Into::into),
    };
    let mut journals = vec![
        journal(chart.sales, "Sales", 20, Some(chart.receivable)),
        journal("10", "Cash", 10, Some(chart.cash)),
        journal("20", "Bank", 12, Some(chart.bank)),
        journal("90", "General", 90, None),
    ];
    journals.extend(chart.payment_services.map(|(code, name, account)| journal(code, name, 16, Some(account))));
    journals
}

fn gl_accounts(chart: &Chart) -> Vec<GlAccount> {
    let account = |code: &str, description: &str, kind| GlAccount {
        code: code.into(),
        description: description.into(),
        kind,
        use_cost_center: 2,
        use_cost_unit: 2,
        ..GlAccount::default()
    };
    let mut accounts = vec![
        account(chart.cash, "Cash", 10),
        account(chart.bank, "Bank", 12),
        account(chart.receivable, "Receivables", 20),
        account(chart.vat, "VAT to pay", 24),
        // As in the Dutch chart: a short-term debt.
        account(chart.deferred, "Revenue received in advance", 60),
        account(chart.written_off, "Bad debts", 121),
        account(chart.difference, "Differences", 110),
    ];
    accounts.extend(chart.payment_services.map(|(_, name, code)| account(code, name, 16)));
    accounts.extend(chart.revenue.map(|(code, name)| account(code, name, 110)));
    accounts.sort_by(|a, b| a.code.cmp(&b.code));
    accounts
}

fn vat_code(code: &str, description: &str, percent: i64, kind: char) -> VatCode {
    VatCode {
        code: code.into(),
        description: description.into(),
        percentage: Decimal::new(percent, 2),
        kind,
        eu_sales_listing: 'N',
        transaction_type: 'B',
        ..VatCode::default()
    }
}
