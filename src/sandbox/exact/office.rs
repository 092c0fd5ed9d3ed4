//! What happens in the office, behind the API's back: years opened, periods closed, accounts merged. Also what proofs and
//! tests ask for.

use jiff::civil::DateTime;
use serde_json::Value;
use uuid::Uuid;

use super::answer::Failure;
use super::body::Body;
use super::books_view::{self, BookedAccount, BookedEntry, BookedItem};
use super::calls::{self, CallCount, CallRecord};
use super::cell::Cell;
use super::division::Division;
use super::fault::Fault;
use super::quota::Quotas;
use super::{ExactSandbox, Language, contract, invoices, load, sales, seed, subledger, vouchers};

impl ExactSandbox {
    /// Opens the twelve calendar months of a financial year.
    pub fn open_year(&self, division: i32, year: i16) {
        self.change(division, |division| division.open_year(year));
    }

    /// Closes or opens a period for a journal.
    pub fn set_period_status(&self, division: i32, journal: &str, year: i16, period: i16, closed: bool) {
        let key = (journal.to_owned(), year, period);
        self.change(division, |division| {
            if closed {
                division.closed.insert(key);
            } else {
                division.closed.remove(&key);
            }
        });
    }

    /// Merges an account into another: the loser is gone and listed as deleted, its entries carry the survivor.
    pub fn merge_accounts(&self, division: i32, loser: Uuid, survivor: Uuid) {
        let now = self.world().local();
        self.change(division, |division| {
            let touched = division.books.in_order().filter(|booked| booked.concerns(loser));
            for mut booked in touched.cloned().collect::<Vec<_>>() {
                let id = booked.id();
                booked.rename_account(loser, survivor, now);
                division.books.put(booked);
                division.touch_entry(id);
            }
            subledger::rename_account(division, loser, survivor, now);
            invoices::rename_account(division, loser, survivor);
            division.delete("crm/Accounts", loser, Some(2), now);
        });
    }

    /// Adds an account by hand, unchecked; gives its guid.
    pub fn add_account(&self, division: i32, account: seed::Account) -> Uuid {
        let now = self.world().local();
        self.change(division, |division| load::add_account(division, &account, now)).unwrap_or_default()
    }

    /// Blocks an account or lifts the block.
    pub fn block_account(&self, division: i32, id: Uuid, blocked: bool) {
        self.set(division, "crm/Accounts", id, "Blocked", blocked.into());
    }

    /// Deletes an account by hand.
    pub fn delete_account(&self, division: i32, id: Uuid) {
        let now = self.world().local();
        self.change(division, |division| division.delete("crm/Accounts", id, Some(2), now));
    }

    /// Gives a VAT code another code, so that the old one is unknown.
    pub fn rename_vat_code(&self, division: i32, from: &str, to: &str) {
        let id = self.change(division, |division| division.table("vat/VATCodes").by_code(from).map(|row| row.id));
        if let Some(id) = id.flatten() {
            self.set(division, "vat/VATCodes", id, "Code", format!("{to:<3}").into());
        }
    }

    /// Blocks a GL account or lifts the block.
    pub fn block_gl_account(&self, division: i32, code: &str, blocked: bool) {
        let find = |division: &mut Division| division.table("financial/GLAccounts").by_code(code).map(|row| row.id);
        if let Some(id) = self.change(division, find).flatten() {
            self.set(division, "financial/GLAccounts", id, "IsBlocked", blocked.into());
        }
    }

    /// Removes the settings for deferred revenue.
    pub fn remove_deferral(&self, division: i32) {
        self.change(division, |division| division.deferral = None);
    }

    /// Takes away or gives back the right to a resource (`service/Resource`).
    pub fn set_right(&self, division: i32, resource: &str, granted: bool) {
        self.change(division, |division| {
            if granted {
                division.denied.remove(resource);
            } else {
                division.denied.insert(resource.to_owned());
            }
        });
    }

    /// Moves a division to another database: all row versions start anew.
    pub fn move_division(&self, division: i32) {
        let now = self.world().local();
        self.change(division, |division| division.move_database(now));
    }

    /// Changes the limits in force.
    pub fn set_quotas(&self, quotas: Quotas) {
        self.world().quotas = quotas;
    }

    /// Changes the user's language.
    pub fn set_language(&self, language: Language) {
        self.world().language = language;
    }

    /// Ends all access tokens at once.
    pub fn end_access_tokens(&self) {
        self.world().oauth.end_access();
    }

    /// Asks for a fault.
    pub fn inject(&self, fault: Fault) {
        self.world().faults.add(fault);
    }

    /// Forgets the faults that have not struck yet.
    pub fn clear_faults(&self) {
        self.world().faults.clear();
    }

    /// Every call since the start or the last reset.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.world().calls.clone()
    }

    /// The calls, counted by method, resource and status class.
    pub fn call_counts(&self) -> Vec<CallCount> {
        calls::count(&self.world().calls)
    }

    /// Forgets the calls.
    pub fn reset_calls(&self) {
        self.world().calls.clear();
    }

    /// The sales entries of a division; empty for one that does not exist.
    pub fn entries(&self, division: i32) -> Vec<BookedEntry> {
        self.world().divisions.get(&division).map(books_view::entries).unwrap_or_default()
    }

    /// The relations of a division, by code.
    pub fn accounts(&self, division: i32) -> Vec<BookedAccount> {
        self.world().divisions.get(&division).map(books_view::accounts).unwrap_or_default()
    }

    /// The items of a division, by code.
    pub fn items(&self, division: i32) -> Vec<BookedItem> {
        self.world().divisions.get(&division).map(books_view::items).unwrap_or_default()
    }

    /// The guid of a GL account.
    pub fn gl_account(&self, division: i32, code: &str) -> Option<Uuid> {
        let world = self.world();
        let found = world.divisions.get(&division)?.table("financial/GLAccounts").by_code(code);
        found.map(|row| row.id)
    }

    /// Books a sales entry by hand, as a bookkeeper or a predecessor would: `entry` is what would be POSTed to
    /// `salesentry/SalesEntries`, and no call is counted.
    ///
    /// # Errors
    /// The vendor's sentence when the administration refuses it.
    pub fn book(&self, division: i32, entry: &Value) -> Result<Uuid, String> {
        self.by_hand(division, |division, now| sales::create(division, &entry_body(entry, true)?, now))
    }

    /// Changes the head of a booked entry by hand.
    ///
    /// # Errors
    /// The vendor's sentence when the administration refuses it.
    pub fn amend(&self, division: i32, id: Uuid, changes: &Value) -> Result<(), String> {
        self.by_hand(division, |division, now| sales::update(division, id, &entry_body(changes, false)?, now))
    }

    /// Deletes a booked entry by hand: a sales entry, or one of a bank, cash or general journal.
    ///
    /// # Errors
    /// The vendor's sentence when the administration refuses it.
    pub fn delete_entry(&self, division: i32, id: Uuid) -> Result<(), String> {
        self.by_hand(division, |division, now| match division.books.voucher(id) {
            Some(_) => vouchers::delete(division, id, now),
            None => sales::delete(division, id, now),
        })
    }

    pub(super) fn by_hand<T>(
        &self,
        division: i32,
        change: impl FnOnce(&mut Division, DateTime) -> Result<T, Failure>,
    ) -> Result<T, String> {
        let mut world = self.world();
        let (now, language) = (world.local(), world.language);
        let found = world.divisions.get_mut(&division).ok_or_else(|| format!("no division {division}"))?;
        change(found, now).map_err(|failure| failure.text(language))
    }

    /// Whether there is such a division.
    pub(super) fn has_division(&self, division: i32) -> bool {
        self.world().divisions.contains_key(&division)
    }

    fn change<T>(&self, division: i32, change: impl FnOnce(&mut Division) -> T) -> Option<T> {
        self.world().divisions.get_mut(&division).map(change)
    }

    fn set(&self, division: i32, path: &'static str, id: Uuid, property: &'static str, value: Cell) {
        let now = self.world().local();
        self.change(division, |division| {
            let Some(mut cells) = division.table(path).get(id).map(|row| row.cells.clone()) else { return };
            cells.insert(property, value);
            cells.insert("Modified", now.into());
            division.put(path, id, cells);
        });
    }
}

fn entry_body(value: &Value, creating: bool) -> Result<Body, Failure> {
    let resource = contract::resource("salesentry/SalesEntries").ok_or_else(Failure::not_found)?;
    Body::parse(resource, value.to_string().as_bytes(), creating)
}
