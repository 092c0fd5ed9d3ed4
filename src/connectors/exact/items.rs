//! Items of the books: plans, add-ons, charges and coupons (E4, E11). Their code is unique, so a second one of the same
//! code is refused and an odd row can be left out.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::client::ExactClient;
use super::odata::Row;
use super::pages::{Read, Source, SyncPage};
use super::query::{Query, URL_LENGTH_MAX, resource_url, searches};
use crate::connectors::http::CallResult;

const ITEMS: Source = Source { resource: "logistics/Items", key: "Code" };
const ITEMS_SYNC: Source = Source { resource: "sync/Logistics/Items", key: "Code" };
macro_rules! fields {
    ($prefix:literal) => {
        concat!($prefix, "ID,Code,Description,ItemGroup,GLRevenue,Unit,IsSalesItem,StartDate,EndDate")
    };
}

/// An item of the books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BookItem {
    pub id: Uuid,
    pub code: String,
    pub description: String,
    pub item_group: Option<Uuid>,
    /// The item's own revenue account, more specific than its group's (E12).
    pub revenue_account: Option<Uuid>,
    pub unit: Option<String>,
    pub is_sales_item: bool,
    pub start_date: Option<Date>,
    pub end_date: Option<Date>,
}

/// An item to be made, as one that is sold and not kept in stock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ItemDraft {
    pub code: String,
    pub description: String,
    /// The books' default group where absent.
    pub item_group: Option<Uuid>,
    /// By code; must exist in the books.
    pub unit: Option<String>,
    pub start_date: Option<Date>,
}

/// What to change of an item; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemChanges {
    pub description: Option<String>,
    pub item_group: Option<Uuid>,
    pub unit: Option<String>,
}

impl ExactClient {
    /// Items that changed after the row version `after`, by up to 1,000 a call. An odd row is left out.
    ///
    /// # Errors
    /// As every call.
    pub async fn items_page(&self, division: i32, after: i64) -> CallResult<SyncPage<BookItem>> {
        let read = |row: &Row<'_>| Ok(read_item(row).map_or_else(Read::LeftOut, Read::Row));
        self.sync_page(division, ITEMS_SYNC, fields!("Timestamp,"), after, read).await
    }

    /// The items with these codes, by up to 40 a call.
    ///
    /// # Errors
    /// As every call.
    pub async fn find_items_by_code(&self, division: i32, codes: &[&str]) -> CallResult<Vec<BookItem>> {
        let mut found = Vec::new();
        for filter in self.filters(division, ITEMS, fields!(""), "Code", codes) {
            let query = Query::select(fields!("")).filter(filter);
            found.extend(self.read_all(Some(division), ITEMS, &query, |row| read_item(&row).map(Some)).await?);
        }
        Ok(found)
    }

    /// Makes an item and gives its id. Never repeated where it may have arrived; a code that is taken is refused.
    ///
    /// # Errors
    /// As every call.
    pub async fn create_item(&self, division: i32, draft: &ItemDraft) -> CallResult<Uuid> {
        let mut body = json!({
            "Code": draft.code,
            "Description": text(&draft.description),
            "IsSalesItem": true,
            "IsStockItem": false,
        });
        set(&mut body, "ItemGroup", draft.item_group.map(|id| id.to_string()));
        set(&mut body, "Unit", draft.unit.clone());
        set(&mut body, "StartDate", draft.start_date.map(super::query::day));
        self.create(division, ITEMS.resource, &body.to_string()).await
    }

    /// Changes the named fields of an item. Repeated as often as it takes.
    ///
    /// # Errors
    /// As every call.
    pub async fn update_item(&self, division: i32, id: Uuid, changes: &ItemChanges) -> CallResult<()> {
        if *changes == ItemChanges::default() {
            return Ok(());
        }
        // Never the code: repeating it unchanged is refused as taken.
        let mut body = json!({});
        set(&mut body, "Description", changes.description.as_deref().map(text));
        set(&mut body, "ItemGroup", changes.item_group.map(|id| id.to_string()));
        set(&mut body, "Unit", changes.unit.clone());
        self.replace(division, ITEMS.resource, id, &body.to_string()).await
    }

    /// Filters that together find `values` in `field`, each with an address that is not too long.
    pub(super) fn filters(
        &self,
        division: i32,
        source: Source,
        fields: &'static str,
        field: &str,
        values: &[&str],
    ) -> Vec<String> {
        let fits = |filter: &str| {
            let query = Query::select(fields).filter(filter.to_owned());
            resource_url(&self.inner.site, Some(division), source.resource, &query).as_str().len() <= URL_LENGTH_MAX
        };
        searches(field, values, fits)
    }
}

fn set(body: &mut serde_json::Value, name: &str, value: Option<String>) {
    if let Some(value) = value {
        body[name] = value.into();
    }
}

/// The books keep 60 characters of a description.
fn text(description: &str) -> String {
    description.chars().take(super::payload::TEXT_LENGTH_MAX).collect()
}

fn read_item(row: &Row<'_>) -> CallResult<BookItem> {
    Ok(BookItem {
        id: row.need_guid("ID")?,
        code: row.need_text("Code")?,
        description: row.text_or_empty("Description")?,
        item_group: row.guid("ItemGroup")?,
        revenue_account: row.guid("GLRevenue")?,
        unit: row.text("Unit")?,
        is_sales_item: row.flag("IsSalesItem")?,
        start_date: row.date("StartDate")?,
        end_date: row.date("EndDate")?,
    })
}
