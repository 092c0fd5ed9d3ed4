//! The bytes of an entry of money. The same entry gives the same bytes (I8); amounts are written exactly (I2).

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::number::json_number;
use super::payload::TEXT_LENGTH_MAX;
use super::query::day;
use crate::domain::money::Amount;
use crate::domain::money_entry::{CONTROL, MoneyEntry, MoneyForm};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'a> {
    journal_code: &'a str,
    currency: &'a str,
    financial_year: i16,
    financial_period: i16,
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange_rate: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bank_entry_lines: Vec<Line>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cash_entry_lines: Vec<Line>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    general_journal_entry_lines: Vec<Line>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Line {
    #[serde(rename = "GLAccount")]
    gl_account: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Uuid>,
    #[serde(rename = "AmountFC")]
    amount: Box<RawValue>,
    date: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    our_ref: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange_rate: Option<Box<RawValue>>,
}

/// The body that [`create_money_entry`](super::ExactClient::create_money_entry) sends, byte for byte. `accounts` has the
/// customers' accounts in the books by the billing system's ids.
pub fn money_entry_payload(entry: &MoneyEntry, accounts: &BTreeMap<String, Uuid>) -> String {
    let lines = lines(entry, accounts);
    let mut wire = Entry {
        journal_code: &entry.journal,
        currency: entry.currency.code(),
        financial_year: entry.reporting.year,
        financial_period: entry.reporting.period,
        exchange_rate: None,
        bank_entry_lines: Vec::new(),
        cash_entry_lines: Vec::new(),
        general_journal_entry_lines: Vec::new(),
    };
    match entry.form {
        MoneyForm::Bank => wire.bank_entry_lines = lines,
        MoneyForm::Cash => wire.cash_entry_lines = lines,
        MoneyForm::General => {
            wire.exchange_rate = entry.rate.map(json_number);
            wire.general_journal_entry_lines = lines;
        }
    }
    // A struct of texts and numbers always has a JSON form.
    serde_json::to_string(&wire).unwrap_or_default()
}

fn lines(entry: &MoneyEntry, accounts: &BTreeMap<String, Uuid>) -> Vec<Line> {
    let line = |gl_account, account, amount: Amount, description: String, our_ref| Line {
        gl_account,
        account,
        amount: json_number(signed(entry.form, amount).to_decimal(entry.currency)),
        date: day(entry.date),
        description: description.chars().take(TEXT_LENGTH_MAX).collect(),
        our_ref,
        // A general entry has one rate for all its lines.
        exchange_rate: entry.rate.filter(|_| entry.form != MoneyForm::General).map(json_number),
    };
    let mut lines: Vec<Line> = entry
        .lines
        .iter()
        .map(|part| {
            let account = part.customer.as_ref().and_then(|customer| accounts.get(customer)).copied();
            line(part.account.id, account, part.amount, part.description.clone(), part.our_ref)
        })
        .collect();
    if entry.has_control_line {
        let description = format!("{} {CONTROL}", entry.transaction);
        lines.push(line(entry.control.id, None, -entry.control_change(), description, None));
    }
    lines
}

/// Money received is positive in bank and cash lines; general journals have debit positive (exact-online.md §10).
fn signed(form: MoneyForm, amount: Amount) -> Amount {
    match form {
        MoneyForm::Bank | MoneyForm::Cash => amount,
        MoneyForm::General => -amount,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::domain::entry::{AccountRef, PeriodKey};
    use crate::domain::money::Currency;
    use crate::domain::money_entry::{Direction, MoneyAct, MoneyLine, MoneyOrigin};

    fn account(code: u128) -> AccountRef {
        AccountRef { id: Uuid::from_u128(code), code: code.to_string() }
    }

    fn line(origin: MoneyOrigin, amount: i64, our_ref: Option<i64>) -> MoneyLine {
        let is_fee = origin == MoneyOrigin::Fee;
        MoneyLine {
            origin,
            document: None,
            account: account(if is_fee { 4550 } else { 1300 }),
            customer: (!is_fee).then(|| "acme".to_owned()),
            our_ref,
            amount: Amount(amount),
            description: if is_fee { "txn_1 fee".into() } else { "txn_1 INV-1".into() },
        }
    }

    fn entry(form: MoneyForm, has_control_line: bool) -> MoneyEntry {
        MoneyEntry {
            act: MoneyAct::Payment,
            direction: Direction::In,
            form,
            journal: "22".into(),
            transaction: "txn_1".into(),
            date: Date::constant(2026, 3, 5),
            reporting: PeriodKey { year: 2026, period: 3 },
            currency: Currency::EUR,
            rate: None,
            control: account(1160),
            has_control_line,
            lines: vec![line(MoneyOrigin::Invoice, 12_100, Some(26_700_001)), line(MoneyOrigin::Fee, -243, None)],
        }
    }

    fn payload(entry: &MoneyEntry) -> String {
        money_entry_payload(entry, &BTreeMap::from([("acme".to_owned(), Uuid::from_u128(7))]))
    }

    #[test]
    fn the_bytes_are_fixed() {
        let expected = concat!(
            r#"{"JournalCode":"22","Currency":"EUR","FinancialYear":2026,"FinancialPeriod":3,"BankEntryLines":["#,
            r#"{"GLAccount":"00000000-0000-0000-0000-000000000514","Account":"00000000-0000-0000-0000-000000000007","#,
            r#""AmountFC":121,"Date":"2026-03-05T00:00:00","Description":"txn_1 INV-1","OurRef":26700001},"#,
            r#"{"GLAccount":"00000000-0000-0000-0000-0000000011c6","AmountFC":-2.43,"Date":"2026-03-05T00:00:00","#,
            r#""Description":"txn_1 fee"}]}"#,
        );
        assert_eq!(payload(&entry(MoneyForm::Bank, false)), expected);
    }

    fn sums(form: MoneyForm) -> (Vec<f64>, serde_json::Value) {
        let value: serde_json::Value = serde_json::from_str(&payload(&entry(form, true))).unwrap();
        let lines = ["BankEntryLines", "CashEntryLines", "GeneralJournalEntryLines"];
        let lines = lines.iter().find_map(|name| value[name].as_array()).unwrap();
        (lines.iter().map(|line| line["AmountFC"].as_f64().unwrap()).collect(), value.clone())
    }

    #[test]
    fn a_control_account_of_its_own_takes_what_the_journal_is_not_to_keep() {
        let (amounts, value) = sums(MoneyForm::Cash);
        assert_eq!(amounts, [121.0, -2.43, -118.57]);
        assert_eq!(value["CashEntryLines"][2]["Description"], "txn_1 control");
    }

    #[test]
    fn a_general_entry_has_debit_positive_is_in_balance_and_states_its_rate_once() {
        assert_eq!(sums(MoneyForm::General).0, [-121.0, 2.43, 118.57]);
        let foreign = MoneyEntry { rate: Some("0.9123".parse().unwrap()), ..entry(MoneyForm::General, true) };
        assert!(payload(&foreign).contains(r#""FinancialPeriod":3,"ExchangeRate":0.9123,"General"#));
        let foreign = MoneyEntry { form: MoneyForm::Bank, has_control_line: false, ..foreign };
        assert_eq!(payload(&foreign).matches(r#""ExchangeRate":0.9123}"#).count(), 2);
    }
}
