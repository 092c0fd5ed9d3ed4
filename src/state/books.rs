//! What an administration holds by itself, as last seen: accounts, items, deleted ids, and the sales entries that were
//! there before our first one.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row, query};
use uuid::Uuid;

use super::error::StateResult;
use super::rows::{ROWS_PER_STATEMENT, Rows, latest, optional_id, required_id, rows};
use super::store::{ConnectionState, plain, values};

/// An account (customer) of the books. Matching fields are normalised by whoever writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookAccount {
    pub id: Uuid,
    pub code: Option<String>,
    pub name: String,
    pub vat_number: Option<String>,
    pub chamber_of_commerce: Option<String>,
    pub email: Option<String>,
    pub search_code: Option<String>,
    /// A document can be booked for it today: not blocked, not ended, a customer.
    pub usable: bool,
    /// Why it is not usable, in words.
    pub state: String,
    /// The receivable account that it has of its own.
    pub receivable: Option<Uuid>,
    pub row_version: i64,
}

/// An item of the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookItem {
    pub id: Uuid,
    pub code: String,
    pub item_group: Option<Uuid>,
    pub revenue_account: Option<Uuid>,
}

/// A sales entry that the books held before our first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookEntry {
    pub entry_id: Uuid,
    pub entry_number: i64,
    pub your_ref: String,
    pub credit: bool,
    pub account: Option<Uuid>,
    pub currency: Option<String>,
    /// With VAT, in major units, as the books print it.
    pub total: String,
}

/// By which field of an account a customer is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountField {
    SearchCode,
    VatNumber,
    ChamberOfCommerce,
    Email,
}

impl AccountField {
    fn column(self) -> &'static str {
        match self {
            Self::SearchCode => "search_code",
            Self::VatNumber => "vat_number",
            Self::ChamberOfCommerce => "chamber",
            Self::Email => "email",
        }
    }
}

impl ConnectionState {
    /// Writes a page of accounts.
    pub async fn put_accounts(&self, division: i32, accounts: &[BookAccount]) -> StateResult<()> {
        for chunk in latest(accounts, |account| account.id).chunks(ROWS_PER_STATEMENT) {
            let statement = format!(
                "INSERT INTO book_accounts (connection, division, id, code, name, vat_number, chamber, email,
                 search_code, usable, state, receivable, row_version) {}
                 ON CONFLICT (connection, division, id) DO UPDATE SET code = excluded.code, name = excluded.name,
                 vat_number = excluded.vat_number, chamber = excluded.chamber, email = excluded.email,
                 search_code = excluded.search_code, usable = excluded.usable, state = excluded.state,
                 receivable = excluded.receivable, row_version = excluded.row_version",
                values(chunk.len(), 13)
            );
            let row = |rows: Rows, account: &&BookAccount| {
                rows.bind(self.connection.clone())
                    .bind(i64::from(division))
                    .bind(account.id.to_string())
                    .bind(account.code.as_deref().map(plain))
                    .bind(plain(&account.name))
                    .bind(account.vat_number.as_deref().map(plain))
                    .bind(account.chamber_of_commerce.as_deref().map(plain))
                    .bind(account.email.as_deref().map(plain))
                    .bind(account.search_code.as_deref().map(plain))
                    .bind(i64::from(account.usable))
                    .bind(plain(&account.state))
                    .bind(account.receivable.map(|id| id.to_string()))
                    .bind(account.row_version)
            };
            self.change(chunk.iter().fold(rows(statement), row)).await?;
        }
        Ok(())
    }

    /// The accounts whose `field` equals `value`, at most 10: more than one is ambiguous already.
    pub async fn accounts_by(&self, division: i32, field: AccountField, value: &str) -> StateResult<Vec<BookAccount>> {
        let statement = format!(
            "SELECT * FROM book_accounts WHERE connection = $1 AND division = $2 AND {} = $3 ORDER BY id LIMIT 10",
            field.column()
        );
        let rows = query(AssertSqlSafe(statement))
            .bind(&self.connection)
            .bind(i64::from(division))
            .bind(plain(value))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(account_of).collect()
    }

    pub async fn book_account(&self, division: i32, id: Uuid) -> StateResult<Option<BookAccount>> {
        let row = query("SELECT * FROM book_accounts WHERE connection = $1 AND division = $2 AND id = $3")
            .bind(&self.connection)
            .bind(i64::from(division))
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(account_of).transpose()
    }

    /// Notes ids that the books have deleted; accounts and items among them are no longer found.
    pub async fn put_deleted(&self, division: i32, ids: &[Uuid]) -> StateResult<()> {
        for id in ids.iter().map(Uuid::to_string) {
            for statement in [
                "INSERT INTO book_deleted (connection, division, id) VALUES ($1, $2, $3)
                 ON CONFLICT (connection, division, id) DO NOTHING",
                "DELETE FROM book_accounts WHERE connection = $1 AND division = $2 AND id = $3",
                "DELETE FROM book_items WHERE connection = $1 AND division = $2 AND id = $3",
            ] {
                self.change(query(statement).bind(&self.connection).bind(i64::from(division)).bind(&id)).await?;
            }
        }
        Ok(())
    }

    /// Whether the books have deleted (or merged away) this id.
    pub async fn is_deleted(&self, division: i32, id: Uuid) -> StateResult<bool> {
        let row = query("SELECT 1 AS found FROM book_deleted WHERE connection = $1 AND division = $2 AND id = $3")
            .bind(&self.connection)
            .bind(i64::from(division))
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.is_some())
    }

    pub async fn put_items(&self, division: i32, items: &[BookItem]) -> StateResult<()> {
        for chunk in latest(items, |item| item.id).chunks(ROWS_PER_STATEMENT) {
            let statement = format!(
                "INSERT INTO book_items (connection, division, id, code, item_group, revenue_account) {}
                 ON CONFLICT (connection, division, id) DO UPDATE SET code = excluded.code,
                 item_group = excluded.item_group, revenue_account = excluded.revenue_account",
                values(chunk.len(), 6)
            );
            let row = |rows: Rows, item: &&BookItem| {
                rows.bind(self.connection.clone())
                    .bind(i64::from(division))
                    .bind(item.id.to_string())
                    .bind(plain(&item.code))
                    .bind(item.item_group.map(|id| id.to_string()))
                    .bind(item.revenue_account.map(|id| id.to_string()))
            };
            self.change(chunk.iter().fold(rows(statement), row)).await?;
        }
        Ok(())
    }

    pub async fn book_item(&self, division: i32, code: &str) -> StateResult<Option<BookItem>> {
        let row =
            query("SELECT * FROM book_items WHERE connection = $1 AND division = $2 AND code = $3 ORDER BY id LIMIT 1")
                .bind(&self.connection)
                .bind(i64::from(division))
                .bind(plain(code))
                .fetch_optional(&self.pool)
                .await?;
        row.as_ref().map(item_of).transpose()
    }

    /// Writes a page of entries; one that is known already may have been changed since.
    pub async fn put_entries(&self, division: i32, entries: &[BookEntry]) -> StateResult<()> {
        let mut transaction = self.write().await?;
        self.write_entries(&mut transaction, division, entries).await?;
        Ok(transaction.commit().await?)
    }

    /// Replaces what is known under `your_refs` by `entries`, at once or not at all.
    pub async fn replace_entries(&self, division: i32, your_refs: &[&str], entries: &[BookEntry]) -> StateResult<()> {
        let mut transaction = self.write().await?;
        for your_ref in your_refs {
            query("DELETE FROM book_entries WHERE connection = $1 AND division = $2 AND your_ref = $3")
                .bind(&self.connection)
                .bind(i64::from(division))
                .bind(plain(your_ref))
                .execute(&mut *transaction)
                .await?;
            self.forget_money(&mut transaction, division, your_ref).await?;
        }
        self.write_entries(&mut transaction, division, entries).await?;
        Ok(transaction.commit().await?)
    }

    async fn write_entries(
        &self,
        connection: &mut AnyConnection,
        division: i32,
        entries: &[BookEntry],
    ) -> StateResult<()> {
        for chunk in latest(entries, |entry| entry.entry_id).chunks(ROWS_PER_STATEMENT) {
            let statement = format!(
                "INSERT INTO book_entries (connection, division, entry_id, entry_number, your_ref, credit, account,
                 currency, total) {}
                 ON CONFLICT (connection, division, entry_id) DO UPDATE SET entry_number = excluded.entry_number,
                 your_ref = excluded.your_ref, credit = excluded.credit, account = excluded.account,
                 currency = excluded.currency, total = excluded.total",
                values(chunk.len(), 9)
            );
            let row = |rows: Rows, entry: &&BookEntry| {
                rows.bind(self.connection.clone())
                    .bind(i64::from(division))
                    .bind(entry.entry_id.to_string())
                    .bind(entry.entry_number)
                    .bind(plain(&entry.your_ref))
                    .bind(i64::from(entry.credit))
                    .bind(entry.account.map(|id| id.to_string()))
                    .bind(entry.currency.as_deref().map(plain))
                    .bind(plain(&entry.total))
            };
            chunk.iter().fold(rows(statement), row).execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// The entries that the books hold under `your_ref` from before our first one; those of money too, whose references no
    /// document has.
    pub async fn entries_under(&self, division: i32, your_ref: &str) -> StateResult<Vec<BookEntry>> {
        let rows = query(
            "SELECT * FROM book_entries WHERE connection = $1 AND division = $2 AND your_ref = $3 ORDER BY entry_id",
        )
        .bind(&self.connection)
        .bind(i64::from(division))
        .bind(plain(your_ref))
        .fetch_all(&self.pool)
        .await?;
        let mut entries: Vec<BookEntry> = rows.iter().map(entry_of).collect::<StateResult<_>>()?;
        let known: Vec<Uuid> = entries.iter().map(|entry| entry.entry_id).collect();
        let money = self.money_under(division, your_ref).await?;
        entries.extend(money.into_iter().filter(|entry| !known.contains(&entry.entry_id)));
        Ok(entries)
    }

    /// Forgets what is known of an administration's accounts, items and deletions: its row versions began anew.
    pub async fn forget_books(&self, division: i32) -> StateResult<()> {
        for statement in [
            "DELETE FROM book_accounts WHERE connection = $1 AND division = $2",
            "DELETE FROM book_items WHERE connection = $1 AND division = $2",
        ] {
            self.change(query(statement).bind(&self.connection).bind(i64::from(division))).await?;
        }
        Ok(())
    }
}

fn account_of(row: &AnyRow) -> StateResult<BookAccount> {
    Ok(BookAccount {
        id: required_id(row, "id")?,
        code: row.try_get("code")?,
        name: row.try_get("name")?,
        vat_number: row.try_get("vat_number")?,
        chamber_of_commerce: row.try_get("chamber")?,
        email: row.try_get("email")?,
        search_code: row.try_get("search_code")?,
        usable: row.try_get::<i64, _>("usable")? != 0,
        state: row.try_get("state")?,
        receivable: optional_id(row, "receivable")?,
        row_version: row.try_get("row_version")?,
    })
}

fn item_of(row: &AnyRow) -> StateResult<BookItem> {
    Ok(BookItem {
        id: required_id(row, "id")?,
        code: row.try_get("code")?,
        item_group: optional_id(row, "item_group")?,
        revenue_account: optional_id(row, "revenue_account")?,
    })
}

fn entry_of(row: &AnyRow) -> StateResult<BookEntry> {
    Ok(BookEntry {
        entry_id: required_id(row, "entry_id")?,
        entry_number: row.try_get("entry_number")?,
        your_ref: row.try_get("your_ref")?,
        credit: row.try_get::<i64, _>("credit")? != 0,
        account: optional_id(row, "account")?,
        currency: row.try_get("currency")?,
        total: row.try_get("total")?,
    })
}
