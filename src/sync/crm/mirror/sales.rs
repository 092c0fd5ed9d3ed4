//! The CRM's side: accounts, contacts, quotes, and to which account each customer's row is tied.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::follow::{Followed, Mirrored, follow};
use super::{ACCOUNTS, CONTACTS, QUOTES, TIES};
use crate::connectors::dataverse::{AccountColumns, Changed, QuoteContext, ReadFrom, Tie};
use crate::domain::crm::{CrmAccount, CrmContact, CrmQuote};
use crate::sync::crm::needs::{ACCOUNT, CONTACT, QUOTE};
use crate::sync::crm::organization::Organization;
use crate::sync::crm::{CrmSession, SCOPE};
use crate::sync::error::SyncResult;
use crate::sync::tally::FlowTally;

impl Mirrored for CrmAccount {
    fn id(&self) -> Uuid {
        self.id
    }

    fn modified_at(&self) -> Option<Timestamp> {
        self.modified_at
    }
}

impl Mirrored for CrmContact {
    fn id(&self) -> Uuid {
        self.id
    }

    fn modified_at(&self) -> Option<Timestamp> {
        self.modified_at
    }
}

impl Mirrored for CrmQuote {
    fn id(&self) -> Uuid {
        self.id
    }

    fn modified_at(&self) -> Option<Timestamp> {
        self.modified_at
    }
}

/// A customer's row, as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeptTie {
    row: Uuid,
    pub site: String,
    pub customer: String,
    pub account: Option<Uuid>,
}

impl Mirrored for KeptTie {
    fn id(&self) -> Uuid {
        self.row
    }

    /// Our own tables are always tracked.
    fn modified_at(&self) -> Option<Timestamp> {
        None
    }
}

pub async fn accounts(session: &CrmSession<'_>, organization: &Organization, tally: &mut FlowTally) -> SyncResult<()> {
    let declared = &session.declared.account_columns;
    let columns = AccountColumns {
        vat_number: declared.vat_number.clone(),
        billing_customer: declared.billing_customer.clone(),
        marked: declared.marked.clone(),
    };
    let select = columns.select();
    // What a column means is as good as another column.
    let fingerprint = format!("{select} {columns:?} {:?}", organization.currencies);
    let followed =
        Followed { kind: ACCOUNTS, columns: &fingerprint, is_tracked: organization.tracked.contains(ACCOUNT) };
    let read =
        async |from: ReadFrom<'_>| session.target.account_changes(&columns, &organization.currencies, from).await;
    follow(session, &followed, read, async || session.target.account_ids().await, tally).await
}

pub async fn contacts(session: &CrmSession<'_>, organization: &Organization, tally: &mut FlowTally) -> SyncResult<()> {
    let followed = Followed { kind: CONTACTS, columns: "1", is_tracked: organization.tracked.contains(CONTACT) };
    let read = async |from: ReadFrom<'_>| session.target.contact_changes(from).await;
    follow(session, &followed, read, async || session.target.contact_ids().await, tally).await
}

pub async fn quotes(session: &CrmSession<'_>, organization: &Organization, tally: &mut FlowTally) -> SyncResult<()> {
    let time_zone = &session.connection.time_zone;
    let context = QuoteContext { currencies: &organization.currencies, time_zone };
    let fingerprint = format!("1 {:?} {:?}", time_zone.iana_name(), organization.currencies);
    let followed = Followed { kind: QUOTES, columns: &fingerprint, is_tracked: organization.tracked.contains(QUOTE) };
    let read = async |from: ReadFrom<'_>| session.target.quote_changes(&context, from).await;
    follow(session, &followed, read, async || session.target.quote_ids().await, tally).await
}

/// Only where the tables are there: in mode Plan they may not be yet.
pub async fn ties(session: &CrmSession<'_>, organization: &Organization, tally: &mut FlowTally) -> SyncResult<()> {
    let Some(installed) = organization.installed.as_ref().filter(|_| session.declared.flows.customers.enabled) else {
        // What a person says there from now on is nobody's to know; what is known may be outdated by then.
        session.state.clear_cursor(SCOPE, TIES).await?;
        let known: Vec<String> = session.state.record_ids(TIES).await?.into_iter().collect();
        return Ok(session.state.drop_records(TIES, &known).await?);
    };
    let followed = Followed { kind: TIES, columns: &installed.settings.prefix, is_tracked: true };
    let kept = |tie: Tie| KeptTie { row: tie.row, site: tie.site, customer: tie.customer, account: tie.account };
    let read = async |from: ReadFrom<'_>| {
        Ok(match session.target.tie_changes(installed, from).await? {
            Changed::Expired => Changed::Expired,
            Changed::Page { changed, deleted, left_out, link, more } => {
                let changed = changed.into_iter().map(kept).collect();
                Changed::Page { changed, deleted, left_out, link, more }
            }
        })
    };
    follow(session, &followed, read, async || Ok(BTreeSet::new()), tally).await
}
