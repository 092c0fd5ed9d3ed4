//! Money in the books: the lines that were there before our first entry, and what is booked on each control account.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row, query};
use uuid::Uuid;

use super::books::BookEntry;
use super::error::StateResult;
use super::store::{ConnectionState, plain, values};
use crate::domain::money_entry::PostedMoneyLine;

/// Rows written in one statement: SQLite takes 32,766 parameters.
const ROWS_PER_STATEMENT: usize = 1_000;

/// What an entry does to a control account, in minor units of the entry's currency; both sides positive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlMovement {
    /// Code of the account.
    pub account: String,
    pub booked_in: i64,
    pub booked_out: i64,
}

/// What is booked on a control account in one currency, in its minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlBalance {
    pub division: i32,
    pub account: String,
    pub currency: String,
    pub booked_in: i64,
    pub booked_out: i64,
}

/// A line that Koppel booked on a receivable and that the books have matched with nothing, as far as the ledger was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmatchedLine {
    pub division: i32,
    /// Code of the control account on the other side.
    pub account: String,
    pub currency: String,
    /// Kind and number of the transaction.
    pub kind: String,
    pub number: String,
    pub entry_number: i64,
    /// In major units; money received is positive.
    pub amount: Decimal,
}

impl ConnectionState {
    /// What of our entries of money the books have matched with nothing, the oldest first. A line is matched that names what it
    /// closes, or that another one names.
    pub async fn unmatched_money(&self) -> StateResult<Vec<UnmatchedLine>> {
        let rows = query(
            "SELECT lines.division, booked.control_account, booked.currency, booked.kind, booked.number,
             lines.entry_number, lines.amount FROM ledger_lines lines JOIN booked
             ON booked.connection = lines.connection AND booked.division = lines.division
             AND booked.entry_id = lines.entry_id
             WHERE lines.connection = $1 AND lines.closes IS NULL AND booked.control_account IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM ledger_lines later WHERE later.connection = lines.connection
             AND later.division = lines.division AND later.closes = lines.id)
             ORDER BY lines.day, lines.entry_number, lines.line_number, lines.id",
        )
        .bind(&self.connection)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(unmatched_of).collect()
    }

    /// Writes a page of lines; one that is known already may have been changed since.
    pub async fn put_money(&self, division: i32, lines: &[PostedMoneyLine]) -> StateResult<()> {
        let once: BTreeMap<Uuid, &PostedMoneyLine> = lines.iter().map(|line| (line.line_id, line)).collect();
        let once: Vec<&PostedMoneyLine> = once.into_values().collect();
        for chunk in once.chunks(ROWS_PER_STATEMENT) {
            let statement = format!(
                "INSERT INTO book_money (connection, division, line_id, entry_id, entry_number, reference, currency,
                 amount) {}
                 ON CONFLICT (connection, division, line_id) DO UPDATE SET entry_id = excluded.entry_id,
                 entry_number = excluded.entry_number, reference = excluded.reference,
                 currency = excluded.currency, amount = excluded.amount",
                values(chunk.len(), 8)
            );
            let mut rows = query(AssertSqlSafe(statement)).persistent(false);
            for line in chunk {
                rows = rows
                    .bind(self.connection.clone())
                    .bind(i64::from(division))
                    .bind(line.line_id.to_string())
                    .bind(line.entry_id.to_string())
                    .bind(line.entry_number)
                    .bind(plain(&line.reference))
                    .bind(plain(&line.currency))
                    .bind(line.amount.to_string());
            }
            self.change(rows).await?;
        }
        Ok(())
    }

    /// The entries that the lines under `reference` make up.
    pub(super) async fn money_under(&self, division: i32, reference: &str) -> StateResult<Vec<BookEntry>> {
        let rows = query(
            "SELECT * FROM book_money WHERE connection = $1 AND division = $2 AND reference = $3 ORDER BY line_id",
        )
        .bind(&self.connection)
        .bind(i64::from(division))
        .bind(plain(reference))
        .fetch_all(&self.pool)
        .await?;
        let mut entries: BTreeMap<String, (BookEntry, Decimal)> = BTreeMap::new();
        for row in &rows {
            let id: String = row.try_get("entry_id")?;
            let amount: String = row.try_get("amount")?;
            let amount = amount.parse::<Decimal>().unwrap_or_default();
            match entries.get_mut(&id) {
                Some((_, sum)) => *sum += amount,
                None => {
                    entries.insert(id, (entry_of(row)?, amount));
                }
            }
        }
        let whole = |(entry, sum): (BookEntry, Decimal)| {
            let sum = sum.normalize();
            BookEntry { credit: sum < Decimal::ZERO, total: sum.to_string(), ..entry }
        };
        Ok(entries.into_values().map(whole).collect())
    }

    /// Forgets the lines under `reference`: the books have been asked what they hold now.
    pub(super) async fn forget_money(
        &self,
        connection: &mut AnyConnection,
        division: i32,
        reference: &str,
    ) -> StateResult<()> {
        query("DELETE FROM book_money WHERE connection = $1 AND division = $2 AND reference = $3")
            .bind(&self.connection)
            .bind(i64::from(division))
            .bind(plain(reference))
            .execute(connection)
            .await?;
        Ok(())
    }

    /// What is booked on every control account, by division, account and currency.
    pub async fn control_balances(&self) -> StateResult<Vec<ControlBalance>> {
        let rows = query(
            "SELECT division, control_account, currency, CAST(SUM(control_in) AS BIGINT) AS booked_in,
             CAST(SUM(control_out) AS BIGINT) AS booked_out FROM booked
             WHERE connection = $1 AND control_account IS NOT NULL
             GROUP BY division, control_account, currency ORDER BY division, control_account, currency",
        )
        .bind(&self.connection)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(balance_of).collect()
    }
}

fn entry_of(row: &AnyRow) -> StateResult<BookEntry> {
    let id: String = row.try_get("entry_id")?;
    Ok(BookEntry {
        entry_id: id.parse().unwrap_or_default(),
        entry_number: row.try_get("entry_number")?,
        your_ref: row.try_get("reference")?,
        credit: false,
        account: None,
        currency: Some(row.try_get::<String, _>("currency")?).filter(|code| !code.is_empty()),
        total: String::new(),
    })
}

fn balance_of(row: &AnyRow) -> StateResult<ControlBalance> {
    Ok(ControlBalance {
        division: row.try_get("division")?,
        account: row.try_get("control_account")?,
        currency: row.try_get("currency")?,
        booked_in: row.try_get("booked_in")?,
        booked_out: row.try_get("booked_out")?,
    })
}

fn unmatched_of(row: &AnyRow) -> StateResult<UnmatchedLine> {
    let amount: String = row.try_get("amount")?;
    Ok(UnmatchedLine {
        division: row.try_get("division")?,
        account: row.try_get("control_account")?,
        currency: row.try_get("currency")?,
        kind: row.try_get("kind")?,
        number: row.try_get("number")?,
        entry_number: row.try_get("entry_number")?,
        amount: -amount.parse::<Decimal>().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Home, booked, store};
    use super::super::{Booked, Store};
    use super::*;
    use crate::domain::money_entry::MoneyAct;

    fn line(line: u128, entry: u128, amount: &str, reference: &str) -> PostedMoneyLine {
        PostedMoneyLine {
            line_id: Uuid::from_u128(line),
            entry_id: Uuid::from_u128(entry),
            entry_number: 7,
            account: None,
            amount: amount.parse().unwrap(),
            currency: "EUR".to_owned(),
            reporting: None,
            reference: reference.to_owned(),
        }
    }

    async fn connection() -> (Home, Store, ConnectionState) {
        let (home, store) = store().await;
        let state = store.connection("billing/wolkwerk");
        (home, store, state)
    }

    #[tokio::test]
    async fn lines_of_an_entry_add_up_however_often_they_are_told() {
        let (_home, _store, state) = connection().await;
        let reference = MoneyAct::Refund.reference("txn_1");
        let lines = [line(1, 10, "-100.50", &reference), line(2, 10, "-20.50", &reference)];
        state.put_money(1, &lines).await.unwrap();
        state.put_money(1, &lines[1..]).await.unwrap();
        state.put_money(1, &[line(3, 11, "5", &reference), line(4, 12, "9", "transaction txn_2")]).await.unwrap();
        let found = state.entries_under(1, &reference).await.unwrap();
        let told: Vec<_> = found.iter().map(|entry| (entry.total.as_str(), entry.credit)).collect();
        assert_eq!(told, [("-121", true), ("5", false)]);
        assert!(state.entries_under(2, &reference).await.unwrap().is_empty(), "another administration");
        // Asked anew, the books hold only one of them.
        state.replace_entries(1, &[&reference], &found[..1]).await.unwrap();
        assert_eq!(state.entries_under(1, &reference).await.unwrap(), found[..1]);
    }

    #[tokio::test]
    async fn what_is_booked_on_a_control_account_is_summed_by_currency() {
        let (_home, _store, state) = connection().await;
        let money = |identity: &str, currency: &str, account: &str, booked_in, booked_out| Booked {
            kind: "payment".to_owned(),
            currency: currency.to_owned(),
            control: Some(ControlMovement { account: account.to_owned(), booked_in, booked_out }),
            ..booked(identity, identity)
        };
        assert_eq!(state.control_balances().await.unwrap(), []);
        let rows = [
            money("a", "EUR", "1150", 12_100, 243),
            money("b", "EUR", "1150", 0, 12_100),
            money("c", "USD", "1150", 500, 0),
            money("d", "EUR", "1151", 1, 0),
            booked("e", "e"),
        ];
        for row in &rows {
            state.record_booked(row, None).await.unwrap();
        }
        assert_eq!(state.booked("payment", "a").await.unwrap().unwrap().control, rows[0].control);
        let told: Vec<_> = state.control_balances().await.unwrap();
        let told: Vec<_> =
            told.iter().map(|row| (&*row.account, &*row.currency, row.booked_in, row.booked_out)).collect();
        assert_eq!(told, [("1150", "EUR", 12_100, 12_343), ("1150", "USD", 500, 0), ("1151", "EUR", 1, 0)]);
    }
}
