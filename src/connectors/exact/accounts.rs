//! Customers as Exact knows them: accounts (E1). Only their data is ever changed later (E14).

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::answer::{self, Nature};
use super::call::Call;
use super::client::ExactClient;
use super::errors::BusinessError;
use super::odata::{self, Row};
use super::pages::{Read, Source, SyncPage};
use super::query::{Query, guid, resource_url, string};
use crate::api::customers::ACCOUNT_PROPERTIES;
use crate::connectors::http::{CallError, CallResult};

pub(super) const ACCOUNTS: Source = Source { resource: "crm/Accounts", key: "ID" };
const ACCOUNTS_SYNC: Source = Source { resource: "sync/CRM/Accounts", key: "ID" };
macro_rules! fields {
    ($prefix:literal) => {
        concat!(
            $prefix,
            "ID,Code,Name,Status,Blocked,StartDate,EndDate,Country,VATNumber,ChamberOfCommerce,Email,Phone,SearchCode,",
            "AddressLine1,AddressLine2,AddressLine3,Postcode,City,State,Language,PaymentConditionSales,GLAR"
        )
    };
}
/// A relation that may be invoiced.
const STATUS_CUSTOMER: &str = "C";

/// An account of the books.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomerAccount {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    /// May be invoiced; suspects and prospects may not.
    pub is_customer: bool,
    pub blocked: bool,
    pub start_date: Option<Date>,
    /// From the day after it is inactive.
    pub end_date: Option<Date>,
    pub country: Option<String>,
    pub vat_number: Option<String>,
    pub chamber_of_commerce: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// Carries the billing system's customer id on accounts that Koppel made.
    pub search_code: Option<String>,
    pub address_lines: Vec<String>,
    pub postcode: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub language: Option<String>,
    pub payment_condition: Option<String>,
    /// The receivable account that its entries are booked on, where that is another one than usual.
    pub receivable: Option<Uuid>,
}

/// An account to be made. The books give it its code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AccountDraft {
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    pub vat_number: Option<String>,
    pub chamber_of_commerce: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// At most three are sent.
    pub address_lines: Vec<String>,
    pub postcode: Option<String>,
    pub city: Option<String>,
    /// Must be one that the books know for the country, else the account is refused.
    pub state: Option<String>,
    pub search_code: Option<String>,
    /// By code.
    pub payment_condition: Option<String>,
    pub language: Option<String>,
    /// Further fields by the vendor's name, see [`ACCOUNT_PROPERTIES`] (P5).
    pub fields: BTreeMap<String, String>,
}

/// What to change of an account, by the vendor's field; `None` empties it. Made by [`AccountDraft::changes_from`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountChanges {
    pub fields: BTreeMap<String, Option<String>>,
}

impl AccountDraft {
    /// What turns an account that was sent as `before` into this one; nothing where they are equal.
    pub fn changes_from(&self, before: &Self) -> AccountChanges {
        let (old, mut new) = (before.properties(), self.properties());
        for name in old.keys() {
            // A field that is no longer wanted is emptied.
            new.entry(name).or_insert(None);
        }
        let moved = old.get("Country") != new.get("Country");
        new.retain(|name, value| old.get(name).unwrap_or(&None) != value);
        if moved && !before.country.as_deref().unwrap_or_default().is_empty() {
            // A state must belong to the country; it goes with it.
            new.entry("State").or_insert(self.state.as_deref());
        }
        let owned = |(name, value): (&str, Option<&str>)| (name.to_owned(), value.map(str::to_owned));
        AccountChanges { fields: new.into_iter().map(owned).collect() }
    }

    fn properties(&self) -> BTreeMap<&str, Option<&str>> {
        let line = |index: usize| self.address_lines.get(index).map(String::as_str);
        let own = [
            ("Name", Some(self.name.as_str())),
            ("Country", self.country.as_deref()),
            ("VATNumber", self.vat_number.as_deref()),
            ("ChamberOfCommerce", self.chamber_of_commerce.as_deref()),
            ("Email", self.email.as_deref()),
            ("Phone", self.phone.as_deref()),
            ("AddressLine1", line(0)),
            ("AddressLine2", line(1)),
            ("AddressLine3", line(2)),
            ("Postcode", self.postcode.as_deref()),
            ("City", self.city.as_deref()),
            ("State", self.state.as_deref()),
            ("SearchCode", self.search_code.as_deref()),
            ("PaymentConditionSales", self.payment_condition.as_deref()),
            ("Language", self.language.as_deref()),
        ];
        let free = self.fields.iter().map(|(name, value)| (name.as_str(), Some(value.as_str())));
        let filled =
            own.into_iter().chain(free).filter(|(_, value)| value.is_some_and(|value| !value.trim().is_empty()));
        filled.collect()
    }
}

impl AccountChanges {
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

impl ExactClient {
    /// Accounts that changed after the row version `after`, by up to 1,000 a call; deleted ones are in
    /// [`deleted_page`](Self::deleted_page). An odd row is an error: left out, its customer could get a second account.
    ///
    /// # Errors
    /// As every call.
    pub async fn accounts_page(&self, division: i32, after: i64) -> CallResult<SyncPage<CustomerAccount>> {
        let read = |row: &Row<'_>| read_account(row).map(Read::Row);
        self.sync_page(division, ACCOUNTS_SYNC, fields!("Timestamp,"), after, read).await
    }

    /// The accounts with this search code: what to look for after a [`create_account`](Self::create_account) whose
    /// outcome is unknown.
    ///
    /// # Errors
    /// As every call.
    pub async fn find_accounts_by_search_code(&self, division: i32, code: &str) -> CallResult<Vec<CustomerAccount>> {
        let query = Query::select(fields!("")).filter(format!("SearchCode eq {}", string(code)));
        self.read_all(Some(division), ACCOUNTS, &query, |row| read_account(&row).map(Some)).await
    }

    /// Makes an account that may be invoiced, and gives its id. Never repeated where it may have arrived.
    ///
    /// # Errors
    /// [`CallError::Rejected`] also, without a call, for a field that is not [one to fill](ACCOUNT_PROPERTIES).
    pub async fn create_account(&self, division: i32, draft: &AccountDraft) -> CallResult<Uuid> {
        check_fields(draft.fields.keys())?;
        let mut body = object(draft.properties());
        body.insert("Status".to_owned(), STATUS_CUSTOMER.into());
        self.create(division, ACCOUNTS.resource, &Value::Object(body).to_string()).await
    }

    /// Changes the named fields of an account and leaves all others as they are. Repeated as often as it takes.
    ///
    /// # Errors
    /// As [`create_account`](Self::create_account); [`CallError::NotFound`] where the account is gone, merged perhaps.
    pub async fn update_account(&self, division: i32, id: Uuid, changes: &AccountChanges) -> CallResult<()> {
        if changes.is_empty() {
            return Ok(());
        }
        check_fields(changes.fields.keys().filter(|name| !OWN_FIELDS.contains(&name.as_str())))?;
        let fields = changes.fields.iter().map(|(name, value)| (name.as_str(), value.as_deref()));
        self.replace(division, ACCOUNTS.resource, id, &Value::Object(object(fields.collect())).to_string()).await
    }

    /// POSTs `body` and gives the new row's id.
    pub(super) async fn create(&self, division: i32, resource: &'static str, body: &str) -> CallResult<Uuid> {
        let url = resource_url(&self.inner.site, Some(division), resource, &Query::default());
        let call = Call { nature: Nature::Create, division: Some(division), resource, url, body: Some(body) };
        let made = self.call(&call).await?;
        let id = odata::single(resource, &made.body).and_then(|raw| Row::parse(resource, "ID", raw)?.need_guid("ID"));
        // It was made, whatever the answer says of it.
        id.map_err(|error| answer::outcome_unknown(resource, &error.to_string()))
    }

    /// PUTs `body` over the row `id`.
    pub(super) async fn replace(&self, division: i32, resource: &'static str, id: Uuid, body: &str) -> CallResult<()> {
        let path = format!("{resource}({})", guid(id));
        let url = resource_url(&self.inner.site, Some(division), &path, &Query::default());
        let call = Call { nature: Nature::Replace, division: Some(division), resource, url, body: Some(body) };
        self.call(&call).await.map(|_| ())
    }
}

/// The fields that a draft fills by itself.
const OWN_FIELDS: &[&str] = &[
    "Name",
    "Country",
    "VATNumber",
    "ChamberOfCommerce",
    "Email",
    "Phone",
    "AddressLine1",
    "AddressLine2",
    "AddressLine3",
    "Postcode",
    "City",
    "State",
    "SearchCode",
    "PaymentConditionSales",
    "Language",
];

/// Refuses what the vendor would refuse with an error that counts.
fn check_fields<'a>(mut names: impl Iterator<Item = &'a String>) -> CallResult<()> {
    match names.find(|name| !ACCOUNT_PROPERTIES.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(CallError::Rejected {
            status: 400,
            code: Some(BusinessError::RequestInvalid.as_str().to_owned()),
            message: format!(
                "the account field {name} cannot be filled by a mapping; use one of {}",
                ACCOUNT_PROPERTIES.join(", ")
            ),
        }),
    }
}

fn object(properties: BTreeMap<&str, Option<&str>>) -> Map<String, Value> {
    properties.into_iter().map(|(name, value)| (name.to_owned(), value.map_or(Value::Null, Value::from))).collect()
}

fn read_account(row: &Row<'_>) -> CallResult<CustomerAccount> {
    let lines = ["AddressLine1", "AddressLine2", "AddressLine3"].into_iter().map(|field| row.text(field));
    let lines: Vec<Option<String>> = lines.collect::<CallResult<_>>()?;
    Ok(CustomerAccount {
        id: row.need_guid("ID")?,
        code: row.text_or_empty("Code")?,
        name: row.text_or_empty("Name")?,
        is_customer: row.text("Status")?.as_deref() == Some(STATUS_CUSTOMER),
        blocked: row.flag("Blocked")?,
        start_date: row.date("StartDate")?,
        end_date: row.date("EndDate")?,
        country: row.text("Country")?,
        vat_number: row.text("VATNumber")?,
        chamber_of_commerce: row.text("ChamberOfCommerce")?,
        email: row.text("Email")?,
        phone: row.text("Phone")?,
        search_code: row.text("SearchCode")?,
        address_lines: lines.into_iter().flatten().collect(),
        postcode: row.text("Postcode")?,
        city: row.text("City")?,
        state: row.text("State")?,
        language: row.text("Language")?,
        payment_condition: row.text("PaymentConditionSales")?,
        receivable: row.guid("GLAR")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> AccountDraft {
        AccountDraft {
            name: "Molen BV".into(),
            country: Some("NL".into()),
            state: Some("ZH".into()),
            address_lines: vec!["Kade 1".into(), "2e verdieping".into()],
            fields: BTreeMap::from([("Remarks".to_owned(), "vip".to_owned())]),
            ..AccountDraft::default()
        }
    }

    fn changes(after: &AccountDraft) -> Vec<(String, Option<String>)> {
        after.changes_from(&draft()).fields.into_iter().collect()
    }

    fn changed(name: &str, value: Option<&str>) -> (String, Option<String>) {
        (name.to_owned(), value.map(str::to_owned))
    }

    #[test]
    fn only_what_changed_is_sent_and_what_went_is_emptied() {
        assert_eq!(changes(&draft()), []);
        let after = AccountDraft { name: "Molen NV".into(), address_lines: vec!["Kade 1".into()], ..draft() };
        assert_eq!(changes(&after), [changed("AddressLine2", None), changed("Name", Some("Molen NV"))]);
        let after = AccountDraft { fields: BTreeMap::new(), ..draft() };
        assert_eq!(changes(&after), [changed("Remarks", None)]);
    }

    #[test]
    fn a_state_goes_with_its_country() {
        let after = AccountDraft { country: Some("DE".into()), state: None, ..draft() };
        assert_eq!(changes(&after), [changed("Country", Some("DE")), changed("State", None)]);
        let after = AccountDraft { country: Some("DE".into()), ..draft() };
        assert_eq!(changes(&after), [changed("Country", Some("DE")), changed("State", Some("ZH"))]);
    }

    #[test]
    fn fields_with_a_meaning_of_their_own_cannot_be_filled() {
        for name in ["Code", "Blocked", "Status", "remarks", "GLAR", "ID"] {
            let names = [name.to_owned()];
            assert!(check_fields(names.iter()).is_err(), "{name}");
        }
        assert!(check_fields(["Remarks".to_owned()].iter()).is_ok());
    }
}
