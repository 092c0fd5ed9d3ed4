//! From a record to the row that is written.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::RoundingStrategy;
use thiserror::Error;
use uuid::Uuid;

use super::metadata::Installed;
use super::odata::by_key;
use super::preflight::Owner;
use super::row::Row;
use super::upsert::KeyedRow;
use crate::crm::record_key;
use crate::crm::schema::Ownership;
use crate::crm::tables::{self, Column, ColumnType, LinkColumn, LinkTarget, NAME};
use crate::domain::record::{Record, Value};

/// What rows need to know besides their record.
#[derive(Clone, Debug)]
pub struct RowContext<'a> {
    pub installed: &'a Installed,
    /// The billing site, which is a part of every key.
    pub site: &'a str,
    /// The organization's currencies, by code.
    pub currencies: &'a BTreeMap<String, Uuid>,
}

/// What is written beside a record, decided by the connection's rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Left as it is where there is none (C7).
    pub owner: Option<Owner>,
    /// The CRM account of a customer (C3). Left as it is where there is none: a person may have set it.
    pub account: Option<Uuid>,
}

/// Why a record cannot become a row.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RowError {
    #[error("dynamics 365 has no currency {0}; add it under the organization's currencies")]
    CurrencyMissing(String),
    #[error("the table of {0} is not installed")]
    NotInstalled(&'static str),
}

impl RowContext<'_> {
    /// The row of `record`, whole: what the record does not hold is emptied. The record must fit its table
    /// ([`crate::crm::check`]).
    ///
    /// # Errors
    /// [`RowError`], with its remedy.
    pub fn row(&self, record: &Record, beside: Beside) -> Result<KeyedRow, RowError> {
        let table = tables::of(record.kind);
        let mut row = Row::default();
        for column in [&NAME].into_iter().chain(table.columns) {
            self.put(&mut row, column, record);
        }
        for link in table.links {
            self.put_link(&mut row, link, record, beside)?;
        }
        self.put_common(&mut row, record);
        if table.has_money()
            && let Some(currency) = record.currency
        {
            let code = currency.code();
            let id = self.currencies.get(code).ok_or_else(|| RowError::CurrencyMissing(code.to_owned()))?;
            row.put("transactioncurrencyid@odata.bind", &format!("/transactioncurrencies({id})"));
        }
        if self.installed.settings.ownership == Ownership::UserOrTeam
            && let Some(owner) = beside.owner
        {
            row.put(
                "ownerid@odata.bind",
                &match owner {
                    Owner::User(id) => format!("/systemusers({id})"),
                    Owner::Team(id) => format!("/teams({id})"),
                },
            );
        }
        Ok(KeyedRow { key: record_key(self.site, &record.id), row })
    }

    /// Marks the row of a record that is gone in the billing system; everything else of it stays.
    pub fn gone(&self, id: &str) -> KeyedRow {
        let mut row = Row::default();
        row.put(self.installed.settings.column("deleted"), &true);
        KeyedRow { key: record_key(self.site, id), row }
    }

    /// Ties the row of the customer `id` to an account (C3); everything else of it stays.
    pub fn tied(&self, id: &str, account: Uuid) -> KeyedRow {
        let mut row = Row::default();
        row.put(format!("{}@odata.bind", self.installed.settings.column("account")), &format!("/accounts({account})"));
        KeyedRow { key: record_key(self.site, id), row }
    }

    fn put(&self, row: &mut Row, column: &Column, record: &Record) {
        let name = self.installed.settings.column(column.name);
        match (record.values.get(column.name), column.column_type) {
            (None, _) => row.put(name, &()),
            (Some(Value::Text(text)), _) => row.put(name, text),
            (Some(Value::Money(amount)), _) => match record.currency {
                Some(currency) => row.put_decimal(name, amount.to_decimal(currency)),
                None => row.put(name, &()),
            },
            (Some(Value::Decimal(number)), ColumnType::Decimal { decimals }) => {
                let decimals = u32::from(decimals);
                row.put_decimal(name, number.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero));
            }
            (Some(Value::Decimal(number)), _) => row.put_decimal(name, *number),
            (Some(Value::Integer(number)), _) => row.put(name, number),
            (Some(Value::Flag(flag)), _) => row.put(name, flag),
            (Some(Value::Instant(instant)), _) => row.put(name, &whole_seconds(*instant)),
        }
    }

    /// A link by the other row's key: that row need not have been read, but it must be there.
    fn put_link(&self, row: &mut Row, link: &LinkColumn, record: &Record, beside: Beside) -> Result<(), RowError> {
        let name = format!("{}@odata.bind", self.installed.settings.column(link.name));
        match (link.target, record.links.get(link.name)) {
            (LinkTarget::Account, _) => {
                if let Some(id) = beside.account {
                    row.put(name, &format!("/accounts({id})"));
                }
            }
            (LinkTarget::Record(_), None) => row.put(name, &()),
            (LinkTarget::Record(_), Some(to)) => {
                let target = self.installed.targets.get(&to.kind).ok_or(RowError::NotInstalled(to.kind.as_str()))?;
                let key = record_key(self.site, &to.id);
                row.put(name, &format!("/{}", by_key(&target.set, &target.key_column, &key)));
            }
        }
        Ok(())
    }

    fn put_common(&self, row: &mut Row, record: &Record) {
        let name = |column: &str| self.installed.settings.column(column);
        row.put(name("chargebee_id"), &record.id);
        row.put(name("site"), self.site);
        row.put(name("business_entity"), &record.business_entity);
        row.put(name("resource_version"), &record.resource_version);
        row.put(name("changed_at"), &record.updated_at.map(whole_seconds));
        row.put(name("deleted"), &record.deleted);
    }
}

/// The target keeps whole seconds.
fn whole_seconds(instant: Timestamp) -> String {
    TimeZone::UTC.to_datetime(instant).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::super::upsert::UpsertTarget;
    use super::*;
    use crate::crm::schema::Settings;
    use crate::domain::money::{Amount, Currency};
    use crate::domain::record::RecordKind;

    fn installed(ownership: Ownership) -> Installed {
        let settings =
            Settings { prefix: "cb".into(), solution: "Koppel".into(), publisher: "koppel".into(), ownership };
        let target = |kind: RecordKind| {
            let table = settings.table(tables::of(kind));
            UpsertTarget { set: format!("{table}s"), table, key_column: settings.key_column() }
        };
        let targets = RecordKind::ALL.iter().map(|kind| (*kind, target(*kind))).collect();
        Installed { settings: settings.clone(), targets }
    }

    fn line() -> Record {
        let mut record = Record::new(RecordKind::InvoiceLine, "inv-1/l1");
        record.currency = Some(Currency::EUR);
        record.set("name", Some("Plan \"A\""));
        record.set("amount", Some(Amount(123_450)));
        record.set("quantity", Some("1.00000000005".parse::<Decimal>().unwrap()));
        record.set("position", Some(1_i64));
        record.set("taxed", Some(false));
        record.set("service_from", Some("2026-05-04T10:00:00.5Z".parse::<Timestamp>().unwrap()));
        record.link("invoice", RecordKind::Invoice, Some("inv-1"));
        record
    }

    fn json(record: &Record, beside: Beside, ownership: Ownership) -> serde_json::Value {
        let currencies = BTreeMap::from([("EUR".to_owned(), Uuid::from_u128(1))]);
        let installed = installed(ownership);
        let context = RowContext { installed: &installed, site: "acme", currencies: &currencies };
        let row = context.row(record, beside).unwrap();
        assert_eq!(row.key, record_key("acme", &record.id));
        serde_json::from_str(&row.row.to_json()).unwrap()
    }

    #[test]
    fn a_row_is_whole_and_exact() {
        let row = json(&line(), Beside::default(), Ownership::UserOrTeam);
        let text = |field: &str| row[field].to_string();
        assert_eq!(text("cb_name"), r#""Plan \"A\"""#);
        assert_eq!((text("cb_amount"), text("cb_quantity")), ("1234.5".to_owned(), "1.0000000001".to_owned()));
        assert_eq!((text("cb_position"), text("cb_taxed")), ("1".to_owned(), "false".to_owned()));
        assert_eq!(text("cb_servicefrom"), r#""2026-05-04T10:00:00Z""#);
        assert_eq!(text("cb_invoice@odata.bind"), r#""/cb_invoices(cb_key='acme~inv-1')""#);
        assert_eq!(
            text("transactioncurrencyid@odata.bind"),
            r#""/transactioncurrencies(00000000-0000-0000-0000-000000000001)""#
        );
        for emptied in ["cb_description", "cb_itemprice@odata.bind", "cb_businessentity"] {
            assert!(row.get(emptied).is_some_and(serde_json::Value::is_null), "{emptied}");
        }
        assert!(row.get("cb_key").is_none(), "the key is the row's address");
        assert_eq!((text("cb_chargebeeid"), text("cb_site")), (r#""inv-1/l1""#.to_owned(), r#""acme""#.to_owned()));
    }

    #[test]
    fn owner_and_account_are_left_alone_where_nothing_is_said_c3_c7() {
        let customer = Record::new(RecordKind::Customer, "c1");
        let bare = json(&customer, Beside::default(), Ownership::UserOrTeam);
        assert!(bare.get("ownerid@odata.bind").is_none() && bare.get("cb_account@odata.bind").is_none());
        let beside = Beside { owner: Some(Owner::Team(Uuid::from_u128(7))), account: Some(Uuid::from_u128(8)) };
        let row = json(&customer, beside, Ownership::UserOrTeam);
        assert_eq!(row["ownerid@odata.bind"], "/teams(00000000-0000-0000-0000-000000000007)");
        assert_eq!(row["cb_account@odata.bind"], "/accounts(00000000-0000-0000-0000-000000000008)");
        assert!(json(&customer, beside, Ownership::Organization).get("ownerid@odata.bind").is_none());
    }

    #[test]
    fn a_currency_that_the_organization_lacks_is_named() {
        let installed = installed(Ownership::UserOrTeam);
        let currencies = BTreeMap::new();
        let context = RowContext { installed: &installed, site: "acme", currencies: &currencies };
        assert_eq!(context.row(&line(), Beside::default()).unwrap_err(), RowError::CurrencyMissing("EUR".to_owned()));
    }
}
