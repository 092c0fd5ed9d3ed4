//! What the books hold of receivables and of what closes them, kept in step by row versions; and which entries are to be
//! looked at again, because something that they close or consist of has changed.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row, query};
use uuid::Uuid;

use super::error::{StateError, StateResult};
use super::rows::{ROWS_PER_STATEMENT, Rows, latest, optional_id, required_id, rows};
use super::store::{ConnectionState, plain, text_of, values};
use crate::domain::ledger::{ClosedPart, LedgerLine, LineNature};

/// The head row of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerHead {
    pub id: Uuid,
    pub entry: Uuid,
    pub nature: LineNature,
}

/// What entries have lost by rows that the books deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Entries whose head was among them: they are gone.
    pub gone: Vec<Uuid>,
    /// Entries of which a closing line was.
    pub lines: Vec<Uuid>,
}

impl ConnectionState {
    /// Writes a page of heads and closing lines; the lines' entries are to be looked at again.
    pub async fn put_ledger(&self, division: i32, heads: &[LedgerHead], lines: &[LedgerLine]) -> StateResult<()> {
        let mut transaction = self.write().await?;
        for chunk in latest(heads, |head| head.id).chunks(ROWS_PER_STATEMENT) {
            let statement = format!(
                "INSERT INTO ledger_heads (connection, division, id, entry_id, nature) {}
                 ON CONFLICT (connection, division, id) DO UPDATE SET entry_id = excluded.entry_id,
                 nature = excluded.nature",
                values(chunk.len(), 5)
            );
            let row = |rows: Rows, head: &&LedgerHead| {
                rows.bind(self.connection.clone())
                    .bind(i64::from(division))
                    .bind(head.id.to_string())
                    .bind(head.entry.to_string())
                    .bind(head.nature.as_str())
            };
            chunk.iter().fold(rows(statement), row).execute(&mut *transaction).await?;
        }
        for chunk in latest(lines, |line| line.id).chunks(ROWS_PER_STATEMENT) {
            self.lines_statement(division, chunk).execute(&mut *transaction).await?;
        }
        self.pend(&mut transaction, division, lines.iter().map(|line| line.entry)).await?;
        Ok(transaction.commit().await?)
    }

    fn lines_statement(&self, division: i32, chunk: &[&LedgerLine]) -> Rows {
        let statement = format!(
            "INSERT INTO ledger_lines (connection, division, id, entry_id, entry_number, line_number, journal, nature,
             account, amount, currency, day, closes) {}
             ON CONFLICT (connection, division, id) DO UPDATE SET entry_id = excluded.entry_id,
             entry_number = excluded.entry_number, line_number = excluded.line_number, journal = excluded.journal,
             nature = excluded.nature, account = excluded.account, amount = excluded.amount,
             currency = excluded.currency, day = excluded.day, closes = excluded.closes",
            values(chunk.len(), 13)
        );
        let row = |rows: Rows, line: &&LedgerLine| {
            rows.bind(self.connection.clone())
                .bind(i64::from(division))
                .bind(line.id.to_string())
                .bind(line.entry.to_string())
                .bind(line.entry_number)
                .bind(line.line_number)
                .bind(plain(&line.journal))
                .bind(line.nature.as_str())
                .bind(line.account.map(|id| id.to_string()))
                .bind(line.amount.normalize().to_string())
                .bind(plain(&line.currency))
                .bind(line.date.to_string())
                .bind(line.closes.map(|id| id.to_string()))
        };
        chunk.iter().fold(rows(statement), row)
    }

    /// Writes a page of receivables: parts that are closed, and the ids of those that are open (again).
    pub async fn put_parts(&self, division: i32, closed: &[ClosedPart], open: &[Uuid]) -> StateResult<()> {
        let mut transaction = self.write().await?;
        let ids: Vec<Uuid> = closed.iter().map(|part| part.id).chain(open.iter().copied()).collect();
        // What closed it before may have lost it.
        self.drop_parts(&mut transaction, division, &ids).await?;
        for chunk in latest(closed, |part| part.id).chunks(ROWS_PER_STATEMENT) {
            let statement = format!(
                "INSERT INTO ledger_parts (connection, division, id, closed_by, source_entry, source_row, account,
                 amount, currency) {}",
                values(chunk.len(), 9)
            );
            let row = |rows: Rows, part: &&ClosedPart| {
                rows.bind(self.connection.clone())
                    .bind(i64::from(division))
                    .bind(part.id.to_string())
                    .bind(part.closed_by.to_string())
                    .bind(part.source_entry.to_string())
                    .bind(part.source_row.to_string())
                    .bind(part.account.map(|id| id.to_string()))
                    .bind(part.amount.normalize().to_string())
                    .bind(plain(&part.currency))
            };
            chunk.iter().fold(rows(statement), row).execute(&mut *transaction).await?;
        }
        self.pend(&mut transaction, division, closed.iter().map(|part| part.closed_by)).await?;
        Ok(transaction.commit().await?)
    }

    /// Takes out rows and parts that the books have deleted.
    pub async fn ledger_deleted(&self, division: i32, rows: &[Uuid], parts: &[Uuid]) -> StateResult<Lost> {
        let mut transaction = self.write().await?;
        self.drop_parts(&mut transaction, division, parts).await?;
        let lost = self.taken(&mut transaction, division, "ledger_lines", "entry_id", rows).await?;
        self.pend(&mut transaction, division, lost.iter().copied()).await?;
        let gone = self.taken(&mut transaction, division, "ledger_heads", "entry_id", rows).await?;
        for entry in &gone {
            // An entry that is gone cannot be adopted any more.
            query("DELETE FROM book_entries WHERE connection = $1 AND division = $2 AND entry_id = $3")
                .bind(&self.connection)
                .bind(i64::from(division))
                .bind(entry.to_string())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(Lost { gone, lines: lost })
    }

    async fn drop_parts(&self, connection: &mut AnyConnection, division: i32, ids: &[Uuid]) -> StateResult<()> {
        let lost = self.taken(connection, division, "ledger_parts", "closed_by", ids).await?;
        self.pend(connection, division, lost.into_iter()).await
    }

    /// Deletes rows of a table by their ids, and gives what stood in `column` of those that were there.
    async fn taken(
        &self,
        connection: &mut AnyConnection,
        division: i32,
        table: &'static str,
        column: &'static str,
        ids: &[Uuid],
    ) -> StateResult<Vec<Uuid>> {
        let mut found = Vec::new();
        for chunk in ids.chunks(ROWS_PER_STATEMENT) {
            let marks: Vec<String> = (3..chunk.len() + 3).map(|mark| format!("${mark}")).collect();
            let statement = format!(
                "DELETE FROM {table} WHERE connection = $1 AND division = $2 AND id IN ({}) RETURNING {column} AS found",
                marks.join(", ")
            );
            let bound = rows(statement).bind(self.connection.clone()).bind(i64::from(division));
            let bound = chunk.iter().fold(bound, |bound, id| bound.bind(id.to_string()));
            for row in bound.fetch_all(&mut *connection).await? {
                found.push(required_id(&row, "found")?);
            }
        }
        Ok(found)
    }

    async fn pend(
        &self,
        connection: &mut AnyConnection,
        division: i32,
        entries: impl Iterator<Item = Uuid>,
    ) -> StateResult<()> {
        let entries: std::collections::BTreeSet<Uuid> = entries.collect();
        for chunk in entries.into_iter().collect::<Vec<_>>().chunks(ROWS_PER_STATEMENT) {
            let statement = format!(
                "INSERT INTO ledger_pending (connection, division, entry_id) {}
                 ON CONFLICT (connection, division, entry_id) DO NOTHING",
                values(chunk.len(), 3)
            );
            let row = |rows: Rows, entry: &Uuid| {
                rows.bind(self.connection.clone()).bind(i64::from(division)).bind(entry.to_string())
            };
            chunk.iter().fold(rows(statement), row).execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// Forgets what is known of an administration's ledger, whose row versions began anew; what is recorded for it is to be
    /// looked at again.
    pub async fn forget_ledger(&self, division: i32) -> StateResult<()> {
        let mut transaction = self.write().await?;
        for statement in [
            "INSERT INTO ledger_pending (connection, division, entry_id)
             SELECT DISTINCT connection, division, closed_by FROM receipts WHERE connection = $1 AND division = $2
             ON CONFLICT (connection, division, entry_id) DO NOTHING",
            "DELETE FROM ledger_heads WHERE connection = $1 AND division = $2",
            "DELETE FROM ledger_lines WHERE connection = $1 AND division = $2",
            "DELETE FROM ledger_parts WHERE connection = $1 AND division = $2",
        ] {
            let statement = query(statement).bind(&self.connection).bind(i64::from(division));
            statement.execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Entries that close something of a document that was booked since `instant` are to be looked at again; all that close
    /// something of a booked document where there is none.
    pub async fn pend_closings(&self, division: i32, since: Option<Timestamp>) -> StateResult<()> {
        self.change(
            query(
                "INSERT INTO ledger_pending (connection, division, entry_id)
                 SELECT DISTINCT parts.connection, parts.division, parts.closed_by FROM booked
                 JOIN ledger_parts parts ON parts.connection = booked.connection AND parts.division = booked.division
                 AND parts.source_entry = booked.entry_id
                 WHERE booked.connection = $1 AND booked.division = $2 AND booked.booked_at >= $3
                 ON CONFLICT (connection, division, entry_id) DO NOTHING",
            )
            .bind(&self.connection)
            .bind(i64::from(division))
            .bind(text_of(since.unwrap_or(Timestamp::UNIX_EPOCH))),
        )
        .await?;
        Ok(())
    }

    /// Entries whose lines go against rows of `entry` are to be looked at again.
    pub async fn pend_against(&self, division: i32, entry: Uuid) -> StateResult<()> {
        self.change(
            query(
                "INSERT INTO ledger_pending (connection, division, entry_id)
                 SELECT DISTINCT later.connection, later.division, later.entry_id FROM ledger_lines later
                 JOIN ledger_lines earlier ON earlier.connection = later.connection
                 AND earlier.division = later.division AND earlier.id = later.closes
                 WHERE later.connection = $1 AND later.division = $2 AND earlier.entry_id = $3
                 ON CONFLICT (connection, division, entry_id) DO NOTHING",
            )
            .bind(&self.connection)
            .bind(i64::from(division))
            .bind(entry.to_string()),
        )
        .await?;
        Ok(())
    }

    /// Strikes off the list what has to do with no booked document and no receipt: most of what a bank does.
    pub async fn prune_pending(&self, division: i32) -> StateResult<()> {
        self.change(
            query(
                "DELETE FROM ledger_pending WHERE connection = $1 AND division = $2
                 AND NOT EXISTS (SELECT 1 FROM receipts WHERE receipts.connection = $1 AND receipts.division = $2
                    AND receipts.closed_by = ledger_pending.entry_id)
                 AND NOT EXISTS (SELECT 1 FROM ledger_parts parts JOIN booked ON booked.connection = parts.connection
                    AND booked.entry_id = parts.source_entry WHERE parts.connection = $1 AND parts.division = $2
                    AND parts.closed_by = ledger_pending.entry_id)
                 AND NOT EXISTS (SELECT 1 FROM ledger_lines later JOIN ledger_lines earlier
                    ON earlier.connection = later.connection AND earlier.division = later.division
                    AND earlier.id = later.closes JOIN receipts ON receipts.connection = earlier.connection
                    AND receipts.division = earlier.division AND receipts.closed_by = earlier.entry_id
                    WHERE later.connection = $1 AND later.division = $2 AND later.entry_id = ledger_pending.entry_id)
                 AND NOT EXISTS (SELECT 1 FROM held WHERE held.connection = $1 AND held.kind = 'receipt'
                    AND held.identity = ledger_pending.entry_id)",
            )
            .bind(&self.connection)
            .bind(i64::from(division)),
        )
        .await?;
        Ok(())
    }

    /// At most `limit` entries to be looked at, after `after`, in the order of their ids.
    pub async fn pending(&self, division: i32, after: Option<Uuid>, limit: i64) -> StateResult<Vec<Uuid>> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let found = query(
            "SELECT entry_id FROM ledger_pending WHERE connection = $1 AND division = $2 AND entry_id > $3
             ORDER BY entry_id LIMIT $4",
        )
        .bind(&self.connection)
        .bind(i64::from(division))
        .bind(after)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        found.iter().map(|row| required_id(row, "entry_id")).collect()
    }

    /// An entry has been dealt with.
    pub async fn settle_pending(&self, division: i32, entry: Uuid) -> StateResult<()> {
        self.change(
            query("DELETE FROM ledger_pending WHERE connection = $1 AND division = $2 AND entry_id = $3")
                .bind(&self.connection)
                .bind(i64::from(division))
                .bind(entry.to_string()),
        )
        .await?;
        Ok(())
    }

    /// The closing lines of an entry.
    pub async fn ledger_lines(&self, division: i32, entry: Uuid) -> StateResult<Vec<LedgerLine>> {
        let found = self.ledger_rows("ledger_lines", "entry_id", division, entry).await?;
        found.iter().map(line_of).collect()
    }

    /// The parts of receivables that an entry closed.
    pub async fn ledger_parts(&self, division: i32, entry: Uuid) -> StateResult<Vec<ClosedPart>> {
        let found = self.ledger_rows("ledger_parts", "closed_by", division, entry).await?;
        found.iter().map(part_of).collect()
    }

    /// The entry of a closing line; `None` where the row is none.
    pub async fn entry_of_line(&self, division: i32, row: Uuid) -> StateResult<Option<Uuid>> {
        let found = self.ledger_rows("ledger_lines", "id", division, row).await?;
        found.first().map(|row| required_id(row, "entry_id")).transpose()
    }

    /// The head rows of an entry; none where the books hold no such entry (any more).
    pub async fn ledger_heads(&self, division: i32, entry: Uuid) -> StateResult<Vec<LedgerHead>> {
        let found = self.ledger_rows("ledger_heads", "entry_id", division, entry).await?;
        let head = |row: &AnyRow| {
            Ok(LedgerHead {
                id: required_id(row, "id")?,
                entry: required_id(row, "entry_id")?,
                nature: nature_of(row)?,
            })
        };
        found.iter().map(head).collect()
    }

    async fn ledger_rows(
        &self,
        table: &'static str,
        column: &'static str,
        division: i32,
        id: Uuid,
    ) -> StateResult<Vec<AnyRow>> {
        let statement =
            format!("SELECT * FROM {table} WHERE connection = $1 AND division = $2 AND {column} = $3 ORDER BY id");
        let bound = query(AssertSqlSafe(statement)).bind(&self.connection).bind(i64::from(division));
        Ok(bound.bind(id.to_string()).fetch_all(&self.pool).await?)
    }
}

fn nature_of(row: &AnyRow) -> StateResult<LineNature> {
    let nature: String = row.try_get("nature")?;
    Ok(LineNature::parse(&nature).unwrap_or(LineNature::Other))
}

fn amount_of(row: &AnyRow) -> StateResult<Decimal> {
    let text: String = row.try_get("amount")?;
    let broken = |error: rust_decimal::Error| serde::de::Error::custom(error);
    text.parse().map_err(|error| StateError::Corrupt { what: "an amount of the ledger".into(), source: broken(error) })
}

fn line_of(row: &AnyRow) -> StateResult<LedgerLine> {
    let day: String = row.try_get("day")?;
    Ok(LedgerLine {
        id: required_id(row, "id")?,
        entry: required_id(row, "entry_id")?,
        entry_number: row.try_get("entry_number")?,
        line_number: row.try_get("line_number")?,
        journal: row.try_get("journal")?,
        nature: nature_of(row)?,
        account: optional_id(row, "account")?,
        amount: amount_of(row)?,
        currency: row.try_get("currency")?,
        // Written by us as it is read; an unreadable one is of no day in scope.
        date: day.parse().unwrap_or(Date::MIN),
        closes: optional_id(row, "closes")?,
    })
}

fn part_of(row: &AnyRow) -> StateResult<ClosedPart> {
    Ok(ClosedPart {
        id: required_id(row, "id")?,
        closed_by: required_id(row, "closed_by")?,
        source_entry: required_id(row, "source_entry")?,
        source_row: required_id(row, "source_row")?,
        account: optional_id(row, "account")?,
        amount: amount_of(row)?,
        currency: row.try_get("currency")?,
    })
}
