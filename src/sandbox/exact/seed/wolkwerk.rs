//! Wolkwerk B.V., the fictional company of the demo and of most tests.

use rust_decimal::Decimal;

use super::{
    Administration, Deferral, DeferralMethod, ExchangeRate, GlAccount, ItemGroup, Journal, PaymentCondition, VatCode,
    relations,
};

/// The administration of Wolkwerk B.V., division 100001: 2025 and 2026 open, 2027 not; January to June 2026 closed for
/// the sales journal and the general journal.
pub fn wolkwerk() -> Administration {
    Administration {
        division: 100_001,
        name: "Wolkwerk B.V.".into(),
        country: "NL".into(),
        currency: "EUR".into(),
        vat_number: "NL004495445B01".into(),
        chamber_of_commerce: "71234567".into(),
        years: vec![2025, 2026],
        closed: closed_half_year(),
        journals: journals(),
        gl_accounts: gl_accounts(),
        vat_codes: vat_codes(),
        payment_conditions: payment_conditions(),
        cost_centers: pairs(&[("NL", "Nederland"), ("BE", "België"), ("DE", "Duitsland"), ("INT", "Internationaal")]),
        cost_units: pairs(&[("ABO", "Abonnementen"), ("ADD", "Add-ons"), ("DNS", "Diensten")]),
        item_groups: item_groups(),
        currencies: pairs(&[("EUR", "Euro"), ("USD", "Amerikaanse dollar"), ("GBP", "Britse pond")]),
        exchange_rates: exchange_rates(),
        accounts: relations::accounts(),
        merged: vec![(relations::MERGED_AWAY, relations::SURVIVOR)],
        deferral: Some(Deferral { account: "1850".into(), journal: "90".into(), method: DeferralMethod::PerPeriod }),
        receivable_account: "1300".into(),
        vat_account: "1500".into(),
        payment_difference_account: Some("8999".into()),
        rate_difference_account: Some("8999".into()),
        ..Administration::default()
    }
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(code, description)| ((*code).to_owned(), (*description).to_owned())).collect()
}

fn closed_half_year() -> Vec<(String, i16, i16)> {
    let months = |journal: &'static str| (1..=6).map(move |period| (journal.to_owned(), 2026, period));
    months("70").chain(months("90")).collect()
}

fn journals() -> Vec<Journal> {
    let journal = |code: &str, description: &str, kind, gl_account: Option<&str>| Journal {
        code: code.into(),
        description: description.into(),
        kind,
        currency: "EUR".into(),
        allow_variable_currency: kind == 20 || kind == 21,
        allow_variable_rate: kind == 20 || kind == 21,
        allow_vat: kind == 20 || kind == 21,
        blocked: false,
        gl_account: gl_account.map(Into::into),
    };
    vec![
        journal("70", "Verkoopboek", 20, Some("1300")),
        journal("71", "Retour verkoop", 21, Some("1300")),
        journal("20", "ING Bank", 12, Some("1100")),
        journal("22", "Mollie", 16, Some("1150")),
        journal("90", "Memoriaal", 90, None),
    ]
}

fn gl_accounts() -> Vec<GlAccount> {
    let account = |code: &str, description: &str, kind| GlAccount {
        code: code.into(),
        description: description.into(),
        kind,
        ..GlAccount::default()
    };
    let mut services = account("8020", "Omzet diensten", 110);
    services.use_cost_center = 1;
    let mut old = account("8500", "Omzet oud", 110);
    old.blocked = true;
    vec![
        account("1100", "ING bank", 12),
        account("1150", "Te ontvangen Mollie", 16),
        account("1300", "Debiteuren", 20),
        account("1500", "Af te dragen btw", 24),
        // The enumeration has no type of its own for revenue received in advance; 60, a short-term debt, is what it is.
        account("1850", "Vooruitontvangen omzet", 60),
        account("8000", "Omzet abonnementen", 110),
        account("8010", "Omzet add-ons", 110),
        services,
        account("8030", "Omzet buiten EU", 110),
        account("8090", "Verleende kortingen", 110),
        old,
        account("8999", "Afrondingsverschillen", 110),
    ]
}

fn vat_codes() -> Vec<VatCode> {
    let code = |code: &str, description: &str, percent: i64, kind: char| VatCode {
        code: code.into(),
        description: description.into(),
        percentage: Decimal::new(percent, 2),
        kind,
        eu_sales_listing: 'N',
        transaction_type: 'B',
        ..VatCode::default()
    };
    let oss = |letter: &str, country: &str, percent| VatCode {
        oss_country: Some(country.into()),
        transaction_type: 'S',
        ..code(letter, &format!("OSS {country} {percent}%"), percent, 'E')
    };
    vec![
        code("0", "Geen btw", 0, 'N'),
        code("1", "Btw laag tarief, exclusief", 9, 'E'),
        code("2", "Btw hoog tarief, exclusief", 21, 'E'),
        code("3", "Btw hoog tarief, inclusief", 21, 'I'),
        code("6", "Export buiten de EU", 0, 'B'),
        VatCode { eu_sales_listing: 'S', ..code("7", "Diensten binnen de EU, verlegd", 0, 'B') },
        VatCode { blocked: true, ..code("9", "Btw oud tarief", 19, 'E') },
        oss("B", "BE", 21),
        oss("D", "DE", 19),
        oss("F", "FR", 20),
    ]
}

fn payment_conditions() -> Vec<PaymentCondition> {
    let condition = |code: &str, description: &str, days| PaymentCondition {
        code: code.into(),
        description: description.into(),
        days,
    };
    vec![condition("00", "Direct", 0), condition("14", "14 dagen", 14), condition("30", "30 dagen", 30)]
}

fn item_groups() -> Vec<ItemGroup> {
    let group = |code: &str, description: &str, gl_revenue: Option<&str>| ItemGroup {
        code: code.into(),
        description: description.into(),
        is_default: code == "STD",
        gl_revenue: gl_revenue.map(Into::into),
    };
    vec![
        group("STD", "Standaard", None),
        group("ABO", "Abonnementen", Some("8000")),
        group("ADD", "Add-ons", Some("8010")),
        group("DNS", "Diensten", None),
    ]
}

fn exchange_rates() -> Vec<ExchangeRate> {
    let from = jiff::civil::date(2025, 1, 1);
    let rate = |currency: &str, ten_thousandths| ExchangeRate {
        currency: currency.into(),
        rate: Decimal::new(ten_thousandths, 4),
        from,
    };
    vec![rate("USD", 9200), rate("GBP", 11_700)]
}
