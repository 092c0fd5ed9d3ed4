//! Accounts with their addresses (C26, C28).

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::super::client::DataverseClient;
use super::super::pages::ReadFrom;
use super::super::row::Row;
use super::{Changed, Table, address};
use crate::connectors::http::CallResult;
use crate::domain::crm::CrmAccount;
use crate::domain::money::Currency;

const SET: &str = "accounts";
const ID: &str = "accountid";
const COLUMNS: &str = "accountid,name,accountnumber,emailaddress1,telephone1,websiteurl,statecode,merged,modifiedon,\
     _masterid_value,_ownerid_value,_transactioncurrencyid_value";
const ACTIVE: i64 = 0;

/// Columns that organizations give their accounts, by their logical names; the standard table has none for these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountColumns {
    pub vat_number: Option<String>,
    /// A text: the id of the customer in billing.
    pub billing_customer: Option<String>,
    /// Yes or no: the account is to be billed.
    pub marked: Option<String>,
}

impl AccountColumns {
    /// All columns that are read: where they are others, everything has to be read anew.
    pub fn select(&self) -> String {
        let own = [&self.vat_number, &self.billing_customer, &self.marked].into_iter().flatten().cloned();
        [COLUMNS.to_owned(), address::own_columns()].into_iter().chain(own).collect::<Vec<_>>().join(",")
    }
}

impl DataverseClient {
    /// One page of the accounts that changed, inactive ones too.
    ///
    /// # Errors
    /// As every call.
    pub async fn account_changes(
        &self,
        columns: &AccountColumns,
        currencies: &BTreeMap<String, Uuid>,
        from: ReadFrom<'_>,
    ) -> CallResult<Changed<CrmAccount>> {
        let table = Table { set: SET, id: ID, select: &columns.select() };
        self.changed(&table, from, |row| read(row, columns, currencies)).await
    }

    /// The ids of all accounts.
    ///
    /// # Errors
    /// As every call.
    pub async fn account_ids(&self) -> CallResult<BTreeSet<Uuid>> {
        self.ids(SET, ID).await
    }
}

fn read(row: &Row, columns: &AccountColumns, currencies: &BTreeMap<String, Uuid>) -> CallResult<CrmAccount> {
    let own = |column: &Option<String>| column.as_ref().map(|name| row.text(name)).transpose().map(Option::flatten);
    let (billing_address, shipping_address) = address::own(row)?;
    let is_marked = columns.marked.as_ref().map(|name| row.flag(name)).transpose()?.flatten();
    Ok(CrmAccount {
        id: row.need_guid("accountid")?,
        name: row.text("name")?.unwrap_or_default(),
        number: row.text("accountnumber")?,
        email: row.text("emailaddress1")?,
        phone: row.text("telephone1")?,
        website: row.text("websiteurl")?,
        vat_number: own(&columns.vat_number)?,
        billing_address,
        shipping_address,
        currency: currency(row, currencies)?,
        billing_customer: own(&columns.billing_customer)?,
        is_marked: is_marked.unwrap_or_default(),
        is_active: is_active(row)?,
        merged_into: row.guid("_masterid_value")?,
        owner: row.guid("_ownerid_value")?,
        modified_at: row.instant("modifiedon")?,
    })
}

/// Which currency a row is in; none where it says nothing, or one that ISO 4217 does not know.
pub(super) fn currency(row: &Row, currencies: &BTreeMap<String, Uuid>) -> CallResult<Option<Currency>> {
    let id = row.guid("_transactioncurrencyid_value")?;
    let code = currencies.iter().find(|(_, one)| Some(**one) == id).map(|(code, _)| code.as_str());
    Ok(code.and_then(Currency::from_code))
}

pub(super) fn is_active(row: &Row) -> CallResult<bool> {
    Ok(row.integer("statecode")?.is_none_or(|state| state == ACTIVE))
}
