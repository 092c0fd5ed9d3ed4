//! Contacts (C27).

use std::collections::BTreeSet;

use uuid::Uuid;

use super::super::client::DataverseClient;
use super::super::pages::ReadFrom;
use super::super::row::Row;
use super::accounts::is_active;
use super::{Changed, Table};
use crate::connectors::http::CallResult;
use crate::domain::crm::CrmContact;

const SET: &str = "contacts";
const ID: &str = "contactid";
const COLUMNS: &str = "contactid,firstname,lastname,emailaddress1,telephone1,mobilephone,jobtitle,statecode,modifiedon,\
     _parentcustomerid_value";

impl DataverseClient {
    /// One page of the contacts that changed, inactive ones too.
    ///
    /// # Errors
    /// As every call.
    pub async fn contact_changes(&self, from: ReadFrom<'_>) -> CallResult<Changed<CrmContact>> {
        self.changed(&Table { set: SET, id: ID, select: COLUMNS }, from, read).await
    }

    /// The ids of all contacts.
    ///
    /// # Errors
    /// As every call.
    pub async fn contact_ids(&self) -> CallResult<BTreeSet<Uuid>> {
        self.ids(SET, ID).await
    }
}

fn read(row: &Row) -> CallResult<CrmContact> {
    Ok(CrmContact {
        id: row.need_guid("contactid")?,
        // A contact may belong to another contact instead.
        account: row.linked("parentcustomerid", "account")?,
        first_name: row.text("firstname")?,
        last_name: row.text("lastname")?,
        email: row.text("emailaddress1")?,
        phone: row.text("telephone1")?.or(row.text("mobilephone")?),
        job_title: row.text("jobtitle")?,
        is_active: is_active(row)?,
        modified_at: row.instant("modifiedon")?,
    })
}
