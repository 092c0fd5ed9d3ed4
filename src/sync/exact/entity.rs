//! One entity with everything that planning its documents takes: its rules, its administration's master data, and what
//! is known of the items that its lines name.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::plan::item::item_code;
use crate::accounting::context::{BookingContext, ItemFacts};
use crate::api::validate::ValidatedEntity;
use crate::connectors::exact::Division;
use crate::domain::catalogue::{Item, ItemPrice};
use crate::domain::master::MasterData;
use crate::sync::error::SyncResult;
use crate::sync::session::Session;

const PAGE: i64 = 500;

/// An entity ready to be planned for.
pub struct EntityBooks<'a> {
    pub entity: &'a ValidatedEntity,
    pub administration: Division,
    pub master: MasterData,
    /// The books refused something in this run, and all master data was read after that.
    pub read_after_refusal: bool,
    /// By item price.
    pub items: BTreeMap<String, ItemFacts>,
    /// The item of lines that no item of the catalogue stands behind, in the books; none where they have none of its code.
    pub ad_hoc_item: Option<Uuid>,
}

impl EntityBooks<'_> {
    pub fn division(&self) -> i32 {
        self.entity.division
    }

    pub fn context(&self) -> BookingContext<'_> {
        BookingContext { rulebook: &self.entity.rulebook, master: &self.master, items: &self.items }
    }
}

/// Fills in what is known of every item price of the catalogue: its item and family, the account that the item has in
/// the books, and its item group there or by the mapping (E12).
///
/// # Errors
/// The state store's.
pub async fn learn_items(session: &Session<'_>, books: &mut EntityBooks<'_>) -> SyncResult<()> {
    let ad_hoc = books.entity.rulebook.ad_hoc_item.as_deref();
    books.ad_hoc_item = match ad_hoc {
        Some(code) => session.state.book_item(books.division(), code).await?.map(|item| item.id),
        None => None,
    };
    books.items.clear();
    let mut after = String::new();
    loop {
        let page: Vec<(String, ItemPrice)> = session.state.records_page("itemPrice", &after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = last.clone();
        for (id, price) in page {
            let facts = facts_of(session, books, &price).await?;
            books.items.insert(id, facts);
        }
    }
}

/// What is known of the item of one price.
///
/// # Errors
/// The state store's.
pub async fn facts_of(session: &Session<'_>, books: &EntityBooks<'_>, price: &ItemPrice) -> SyncResult<ItemFacts> {
    let item: Option<Item> = session.state.record("item", &price.item).await?;
    let family = item.as_ref().and_then(|item| item.family.clone()).or_else(|| price.family.clone());
    let in_books = session.state.book_item(books.division(), &item_code(&price.item)).await?;
    let group_in_books = in_books.as_ref().and_then(|item| item.item_group);
    let item_group = group_in_books
        .and_then(|id| books.master.item_group_by_id(id))
        .map(|group| group.code.clone())
        .or_else(|| mapped_group(books, family.as_deref()));
    // Mode Plan knows no id of an item that is yet to be made.
    let to_be_made = (!session.writes() && session.declared.flows.catalogue).then(Uuid::nil);
    Ok(ItemFacts {
        item: price.item.clone(),
        kind: item.map_or(price.kind, |item| item.kind),
        own_account: in_books.as_ref().and_then(|item| item.revenue_account),
        in_books: in_books.map(|item| item.id).or(to_be_made),
        item_group,
        family,
    })
}

/// The item group that the mapping names for a family, its default one, or the books' own default.
pub fn mapped_group(books: &EntityBooks<'_>, family: Option<&str>) -> Option<String> {
    let rulebook = &books.entity.rulebook;
    let named = family.and_then(|family| rulebook.item_groups.get(family));
    let own_default =
        || books.master.item_groups.values().find(|group| group.is_default).map(|group| group.code.clone());
    named.or(rulebook.default_item_group.as_ref()).cloned().or_else(own_default)
}
