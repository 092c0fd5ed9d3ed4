//! Which account each customer's row is tied to (C3): Koppel ties it, and a person may tie it otherwise.

use uuid::Uuid;

use super::super::client::DataverseClient;
use super::super::metadata::Installed;
use super::super::pages::ReadFrom;
use super::{Changed, Table};
use crate::connectors::http::CallResult;
use crate::domain::record::RecordKind;

/// A customer's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tie {
    pub row: Uuid,
    /// The billing site that it is of: several may share the table.
    pub site: String,
    pub customer: String,
    pub account: Option<Uuid>,
}

impl DataverseClient {
    /// One page of the customers' rows that changed.
    ///
    /// # Errors
    /// As every call.
    pub async fn tie_changes(&self, installed: &Installed, from: ReadFrom<'_>) -> CallResult<Changed<Tie>> {
        let Some(target) = installed.targets.get(&RecordKind::Customer) else {
            let (changed, deleted, left_out) = Default::default();
            return Ok(Changed::Page { changed, deleted, left_out, link: String::new(), more: false });
        };
        let name = |column: &str| installed.settings.column(column);
        let id = format!("{}id", target.table);
        let (customer, site, account) = (name("chargebee_id"), name("site"), format!("_{}_value", name("account")));
        let select = [id.as_str(), &customer, &site, &account].join(",");
        let table = Table { set: &target.set, id: &id, select: &select };
        let read = |row: &super::Row| {
            Ok(Tie {
                row: row.need_guid(&id)?,
                site: row.text(&site)?.unwrap_or_default(),
                customer: row.need_text(&customer)?,
                account: row.guid(&account)?,
            })
        };
        self.changed(&table, from, read).await
    }
}
