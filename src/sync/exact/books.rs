//! What an administration holds by itself, kept in step by row versions: accounts and items.

use jiff::Timestamp;

use super::empty::prove_empty;
use super::ledger;
use crate::connectors::exact::{BookItem as ExactItem, CustomerAccount, Division};
use crate::domain::vat_number::VatNumber;
use crate::state::{BookAccount, BookItem};
use crate::sync::error::{At, SyncResult, Vendor};
use crate::sync::session::Session;

/// Where the row versions of an administration begin.
const FIRST_VERSION: i64 = 1;

/// Brings the index of the books up to date.
///
/// # Errors
/// The target's, or the state store's.
pub async fn refresh_books(session: &Session<'_>, division: &Division) -> SyncResult<()> {
    start_over_if_moved(session, division).await?;
    read_accounts(session, division.code).await?;
    read_items(session, division.code).await
}

fn scope(division: i32) -> String {
    format!("exact:{division}")
}

/// A division that moved to another database has counted its row versions from the start again.
async fn start_over_if_moved(session: &Session<'_>, division: &Division) -> SyncResult<()> {
    let scope = scope(division.code);
    let known: Option<Option<String>> = session.state.cursor(&scope, "moved").await?;
    let moved = division.moved_at.as_ref().map(ToString::to_string);
    if known.as_ref() == Some(&moved) {
        return Ok(());
    }
    if known.is_some() {
        session.state.forget_books(division.code).await?;
        for name in ["accounts", "deleted", "items"] {
            session.state.clear_cursor(&scope, name).await?;
        }
        ledger::start_over(session, division.code).await?;
    }
    Ok(session.state.set_cursor(&scope, "moved", &moved).await?)
}

/// Brings the index of accounts up to date.
///
/// # Errors
/// The target's, or the state store's.
pub async fn read_accounts(session: &Session<'_>, division: i32) -> SyncResult<()> {
    let mut after = cursor(session, division, "accounts").await?;
    loop {
        session.may_go_on().await?;
        let page = session.target.accounts_page(division, after).await.at(Vendor::ExactOnline)?;
        if after == FIRST_VERSION && page.rows.is_empty() {
            prove_empty(session, division, "sync/CRM/Accounts").await?;
        }
        let now = session.now();
        let accounts: Vec<BookAccount> = page.rows.iter().map(|row| book_account(row, now)).collect();
        session.state.put_accounts(division, &accounts).await?;
        after = page.newest;
        session.state.set_cursor(&scope(division), "accounts", &after).await?;
        if !page.more {
            return Ok(());
        }
    }
}

async fn read_items(session: &Session<'_>, division: i32) -> SyncResult<()> {
    let mut after = cursor(session, division, "items").await?;
    loop {
        session.may_go_on().await?;
        let page = session.target.items_page(division, after).await.at(Vendor::ExactOnline)?;
        if after == FIRST_VERSION && page.rows.is_empty() {
            prove_empty(session, division, "sync/Logistics/Items").await?;
        }
        let items: Vec<BookItem> = page.rows.iter().map(book_item).collect();
        session.state.put_items(division, &items).await?;
        after = page.newest;
        session.state.set_cursor(&scope(division), "items", &after).await?;
        if !page.more {
            return Ok(());
        }
    }
}

async fn cursor(session: &Session<'_>, division: i32, name: &str) -> SyncResult<i64> {
    Ok(session.state.cursor(&scope(division), name).await?.unwrap_or(FIRST_VERSION))
}

fn book_account(account: &CustomerAccount, now: Timestamp) -> BookAccount {
    let state = unusable_because(account, now);
    BookAccount {
        id: account.id,
        code: Some(account.code.clone()),
        name: account.name.clone(),
        vat_number: account.vat_number.as_deref().map(comparable_vat),
        chamber_of_commerce: account.chamber_of_commerce.as_deref().map(comparable_digits),
        email: account.email.as_deref().map(comparable_text),
        search_code: account.search_code.as_deref().map(comparable_text),
        usable: state.is_none(),
        state: state.unwrap_or_default(),
        receivable: account.receivable,
        row_version: 0,
    }
}

fn unusable_because(account: &CustomerAccount, now: Timestamp) -> Option<String> {
    let today = jiff::tz::TimeZone::UTC.to_datetime(now).date();
    match account.end_date {
        _ if account.blocked => Some("blocked".to_owned()),
        Some(end) if end < today => Some(format!("inactive since {end}")),
        _ if !account.is_customer => Some("no customer (its status is not C)".to_owned()),
        _ => None,
    }
}

/// Text as it is compared: without surrounding blanks, in lower case (the books change the case of a search code).
pub fn comparable_text(text: &str) -> String {
    text.trim().to_lowercase()
}

/// A VAT number as it is compared: as it is written when it is right, else its letters and digits.
pub fn comparable_vat(text: &str) -> String {
    VatNumber::parse(text, None).map_or_else(|_| comparable_digits(text), |number| number.to_string())
}

/// A chamber-of-commerce number as it is compared: its letters and digits only.
pub fn comparable_digits(text: &str) -> String {
    text.chars().filter(|character| character.is_ascii_alphanumeric()).collect::<String>().to_uppercase()
}

fn book_item(item: &ExactItem) -> BookItem {
    BookItem {
        id: item.id,
        code: item.code.clone(),
        item_group: item.item_group,
        revenue_account: item.revenue_account,
    }
}
