//! Entries of money: booked once in a bank, cash or general journal, and found again in the ledger by the transaction that
//! their descriptions begin with (I1): one report has it that entries of payment services are not in the list of the bank
//! entries (exact-online.md §10), so that only the ledger tells for certain.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use uuid::Uuid;

use super::answer::{self, Nature};
use super::call::Call;
use super::client::ExactClient;
use super::money_payload::money_entry_payload;
use super::odata::{self, Row};
use super::pages::Source;
use super::query::{Query, guid, resource_url, string};
use crate::connectors::http::CallResult;
use crate::domain::entry::{PeriodKey, PostedEntry};
use crate::domain::money::{Amount, Currency};
use crate::domain::money_entry::{MoneyEntry, MoneyForm, PostedMoneyLine, reference_of, referred};

const LEDGER: Source = Source { resource: "financialtransaction/TransactionLines", key: "ID" };
const LEDGER_FIELDS: &str =
    "ID,EntryID,EntryNumber,LineNumber,Account,AmountFC,Currency,Description,FinancialYear,FinancialPeriod";

impl ExactClient {
    /// Books `entry`; `accounts` has the customers' accounts by the billing system's ids. The answer's amounts are the books'
    /// own: where it tells none, as that of a general entry, they are read from the ledger. Never sent again where it may
    /// have arrived.
    ///
    /// # Errors
    /// As [`create_sales_entry`](Self::create_sales_entry); also [`OutcomeUnknown`](crate::connectors::http::CallError::OutcomeUnknown)
    /// where the entry is not in the ledger yet.
    pub async fn create_money_entry(
        &self,
        division: i32,
        entry: &MoneyEntry,
        accounts: &BTreeMap<String, Uuid>,
    ) -> CallResult<PostedEntry> {
        let body = money_entry_payload(entry, accounts);
        let resource = resource_of(entry.form);
        let url = resource_url(&self.inner.site, Some(division), resource, &Query::default());
        let call = Call { nature: Nature::Create, division: Some(division), resource, url, body: Some(&body) };
        let answer = self.call(&call).await?;
        // From here on it is there, whatever else is wrong.
        let unknown = |error: &dyn ToString| answer::outcome_unknown(resource, &error.to_string());
        let row = odata::single(resource, &answer.body).and_then(|raw| Row::parse(resource, "EntryID", raw));
        let told = row.and_then(|row| read_answer(&row, entry)).map_err(|error| unknown(&error))?;
        if let Told::All(posted) = told {
            return Ok(posted);
        }
        let Told::EntryOnly(id) = told else { return Err(unknown(&"its answer is of no known form")) };
        let filter = format!("EntryID eq {}", guid(id));
        let lines = self.money_lines(division, filter).await.map_err(|error| unknown(&error))?;
        let reference = entry.act.reference(&entry.transaction);
        let found = entries_of(&lines, &reference).map_err(|error| unknown(&error))?;
        found.into_iter().next().ok_or_else(|| unknown(&"it is not in the ledger yet"))
    }

    /// The entries under `references` ([`MoneyAct::reference`](crate::domain::money_entry::MoneyAct::reference)), each with
    /// the sum of its lines but those for fees and the control account. One call for each reference.
    ///
    /// # Errors
    /// As every call.
    pub async fn find_money_entries(&self, division: i32, references: &[&str]) -> CallResult<Vec<PostedEntry>> {
        let mut found = Vec::new();
        let wanted: BTreeSet<&str> = references.iter().copied().collect();
        for reference in wanted {
            let start = string(&format!("{} ", referred(reference)));
            let lines = self.money_lines(division, format!("startswith(Description,{start}) eq true")).await?;
            found.extend(entries_of(&lines, reference)?);
        }
        Ok(found)
    }

    /// Lines of the ledger that are ours by their description.
    async fn money_lines(&self, division: i32, filter: String) -> CallResult<Vec<PostedMoneyLine>> {
        let query = Query::select(LEDGER_FIELDS).filter(filter);
        self.read_all(Some(division), LEDGER, &query, |row| read_line(&row)).await
    }
}

fn resource_of(form: MoneyForm) -> &'static str {
    match form {
        MoneyForm::Bank => "financialtransaction/BankEntries",
        MoneyForm::Cash => "financialtransaction/CashEntries",
        MoneyForm::General => "generaljournalentry/GeneralJournalEntries",
    }
}

/// What an answer tells of the entry that was made.
enum Told {
    All(PostedEntry),
    EntryOnly(Uuid),
}

/// The balances of a bank or cash journal before and after the entry tell its amount, unless a line of its own takes that
/// to the control account.
fn read_answer(row: &Row<'_>, entry: &MoneyEntry) -> CallResult<Told> {
    let id = row.need_guid("EntryID")?;
    let balances = row.decimal("OpeningBalanceFC")?.zip(row.decimal("ClosingBalanceFC")?);
    let (Some(number), Some((opening, closing)), false) =
        (row.int("EntryNumber")?, balances, entry.has_control_line || entry.form == MoneyForm::General)
    else {
        return Ok(Told::EntryOnly(id));
    };
    let change = Amount::from_decimal(closing - opening, entry.currency)
        .ok_or_else(|| row.odd("ClosingBalanceFC", "a whole number of cents from OpeningBalanceFC"))?;
    Ok(Told::All(PostedEntry {
        entry_id: id,
        entry_number: number,
        your_ref: entry.act.reference(&entry.transaction),
        currency: Some(entry.currency),
        total: change + entry.fee(),
        vat: None,
        customer: None,
        reporting: period(row)?,
    }))
}

fn period(row: &Row<'_>) -> CallResult<Option<PeriodKey>> {
    let known = row.int("FinancialYear")?.is_some() && row.int("FinancialPeriod")?.is_some();
    let read = || Ok(PeriodKey { year: row.need_small("FinancialYear")?, period: row.need_small("FinancialPeriod")? });
    known.then(read).transpose()
}

/// A line that settles something; none where it is the entry's head, another's, or one for a fee or the control account.
fn read_line(row: &Row<'_>) -> CallResult<Option<PostedMoneyLine>> {
    let Some(reference) = row.text("Description")?.as_deref().and_then(reference_of) else { return Ok(None) };
    if row.need_int("LineNumber")? == 0 {
        return Ok(None);
    }
    Ok(Some(PostedMoneyLine {
        line_id: row.need_guid("ID")?,
        entry_id: row.need_guid("EntryID")?,
        entry_number: row.need_int("EntryNumber")?,
        account: row.guid("Account")?,
        // The ledger has debit positive: money received is a credit of the receivable.
        amount: -row.need_decimal("AmountFC")?,
        currency: row.text_or_empty("Currency")?,
        reporting: period(row)?,
        reference,
    }))
}

/// The entries under `reference` that `lines` make up, in the order of their ids.
fn entries_of(lines: &[PostedMoneyLine], reference: &str) -> CallResult<Vec<PostedEntry>> {
    let mut sums: BTreeMap<Uuid, (&PostedMoneyLine, Decimal)> = BTreeMap::new();
    // The books may write a text otherwise than it was sent, in capitals say.
    for line in lines.iter().filter(|line| line.reference.eq_ignore_ascii_case(reference)) {
        sums.entry(line.entry_id).or_insert((line, Decimal::ZERO)).1 += line.amount;
    }
    sums.into_values().map(|(line, sum)| entry_of(line, sum, reference)).collect()
}

fn entry_of(line: &PostedMoneyLine, sum: Decimal, reference: &str) -> CallResult<PostedEntry> {
    let odd = |what: &str| crate::connectors::http::CallError::Malformed {
        message: format!("unable to read entry {} of {}: {what}", line.entry_number, LEDGER.resource),
    };
    let currency = Currency::from_code(&line.currency).ok_or_else(|| odd("its currency is not known"))?;
    Ok(PostedEntry {
        entry_id: line.entry_id,
        entry_number: line.entry_number,
        your_ref: reference.to_owned(),
        currency: Some(currency),
        total: Amount::from_decimal(sum, currency)
            .ok_or_else(|| odd("its lines add up to no whole number of cents"))?,
        vat: None,
        customer: None,
        reporting: line.reporting,
    })
}
