//! Flow `catalogue`: item families, plans, add-ons, charges and coupons become items of the books, each tied to an item
//! group (E4, E11). Items are made once and not rewritten afterwards (E14).

use super::entity::{EntityBooks, mapped_group};
use super::plan::item::{DesiredItem, desired_coupon, desired_item};
use crate::connectors::chargebee::Row;
use crate::connectors::exact::ItemDraft;
use crate::connectors::http::CallError;
use crate::domain::catalogue::{Coupon, Item};
use crate::domain::hold::{Hold, HoldReason};
use crate::state::{BookItem, Link};
use crate::sync::error::{At, SyncError, SyncResult, Vendor};
use crate::sync::kinds::ITEM as KIND;
use crate::sync::progress::Step;
use crate::sync::session::Session;
use crate::sync::tally::{FlowTally, Notice};
use crate::sync::walk::walk_list;
use serde::Serialize;
use uuid::Uuid;

const PAGE: i64 = 200;

/// Reads what changed in the catalogue into the state.
///
/// # Errors
/// The billing system's, or the state store's.
pub async fn read_catalogue(session: &Session<'_>, tally: &mut FlowTally) -> SyncResult<()> {
    let client = &session.chargebee;
    walk_list(
        session,
        "itemFamilies",
        async |ask| client.item_families(ask).await,
        async |rows| keep(session, "family", rows, tally).await,
    )
    .await?;
    walk_list(
        session,
        "items",
        async |ask| client.items(ask).await,
        async |rows| keep(session, KIND, rows, tally).await,
    )
    .await?;
    walk_list(
        session,
        "itemPrices",
        async |ask| client.item_prices(ask).await,
        async |rows| keep(session, "itemPrice", rows, tally).await,
    )
    .await?;
    walk_list(
        session,
        "coupons",
        async |ask| client.coupons(ask).await,
        async |rows| keep(session, "coupon", rows, tally).await,
    )
    .await
}

async fn keep<T: Serialize + Sync>(
    session: &Session<'_>,
    kind: &str,
    rows: Vec<Row<T>>,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    for row in rows {
        match row.value {
            Ok(record) => {
                session.state.keep_record(kind, &row.id, &record).await?;
            }
            // What stands in the state of it stays; documents that need more are held by themselves.
            Err(problem) => tally.notice(Notice {
                object: format!("{kind} {}", row.id),
                reason: "Unreadable".to_owned(),
                message: problem.message,
                remedy: problem.remedy,
            }),
        }
    }
    Ok(())
}

/// Makes an item of everything in the catalogue that has none yet in this administration.
///
/// # Errors
/// The target's, or the state store's; what the target refuses for one item is noted and stops nothing.
pub async fn push_catalogue(session: &Session<'_>, books: &EntityBooks<'_>, tally: &mut FlowTally) -> SyncResult<()> {
    push_items(session, books, tally).await?;
    push_coupons(session, books, tally).await
}

async fn push_items(session: &Session<'_>, books: &EntityBooks<'_>, tally: &mut FlowTally) -> SyncResult<()> {
    let mut after = String::new();
    loop {
        let page: Vec<(String, Item)> = session.state.records_page(KIND, &after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = last.clone();
        for (_, item) in page.iter().filter(|(_, item)| item.active) {
            let group = mapped_group(books, item.family.as_deref());
            settle(session, books, desired_item(item, group.as_deref()), tally).await?;
        }
    }
}

async fn push_coupons(session: &Session<'_>, books: &EntityBooks<'_>, tally: &mut FlowTally) -> SyncResult<()> {
    let group = mapped_group(books, None);
    let mut after = String::new();
    loop {
        let page: Vec<(String, Coupon)> = session.state.records_page("coupon", &after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = last.clone();
        for (_, coupon) in page.iter().filter(|(_, coupon)| coupon.active) {
            settle(session, books, desired_coupon(coupon, group.as_deref()), tally).await?;
        }
    }
}

async fn settle(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    desired: DesiredItem,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    session.may_go_on().await?;
    tally.seen += 1;
    let division = books.division();
    let known = session.state.link(KIND, &desired.id, division).await?;
    if let Some(Link { target: Some(id), problem: None, .. }) = &known {
        // Deleted by hand in the books: made again, for lines will name it.
        if !session.state.is_deleted(division, *id).await? {
            return Ok(());
        }
    }
    if let Some(existing) = session.state.book_item(division, &desired.code).await? {
        return tie(session, division, &desired, Some(existing.id), None).await;
    }
    let Some(group) = books.master.item_groups.get(desired.item_group.as_deref().unwrap_or_default()) else {
        let problem = group_missing(books, &desired);
        return note(session, division, &desired, problem, tally).await;
    };
    let draft = ItemDraft {
        code: desired.code.clone(),
        description: desired.description.clone(),
        item_group: Some(group.id),
        ..ItemDraft::default()
    };
    let refused_before = known.and_then(|link| link.problem.filter(|_| link.sent_hash == Some(fingerprint(&draft))));
    match refused_before {
        Some(problem) => note(session, division, &desired, problem, tally).await,
        None if session.writes() => create(session, division, &desired, &draft, tally).await,
        None => Ok(()),
    }
}

async fn create(
    session: &Session<'_>,
    division: i32,
    desired: &DesiredItem,
    draft: &ItemDraft,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    session.may_go_on().await?;
    let id = match session.target.create_item(division, draft).await {
        Ok(id) => id,
        Err(error @ (CallError::OutcomeUnknown { .. } | CallError::Rejected { .. })) => {
            // It may be there: from a lost answer, or made by another program since the books were read.
            match find(session, division, &draft.code).await? {
                Some(id) => id,
                None => return refused(session, division, desired, draft, error, tally).await,
            }
        }
        Err(error) => return Err(SyncError::Call { vendor: Vendor::ExactOnline, error }),
    };
    let item = BookItem { id, code: draft.code.clone(), item_group: draft.item_group, revenue_account: None };
    session.state.put_items(division, &[item]).await?;
    tie(session, division, desired, Some(id), None).await?;
    tally.created += 1;
    session.progress.advance(Step::Updated);
    Ok(())
}

async fn find(session: &Session<'_>, division: i32, code: &str) -> SyncResult<Option<Uuid>> {
    let found = session.target.find_items_by_code(division, &[code]).await.at(Vendor::ExactOnline)?;
    Ok(found.first().map(|item| item.id))
}

async fn refused(
    session: &Session<'_>,
    division: i32,
    desired: &DesiredItem,
    draft: &ItemDraft,
    error: CallError,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    let CallError::Rejected { message, .. } = &error else {
        // Nothing there after a lost answer: tried again with the next run, when the books have been read again.
        return Ok(());
    };
    let problem = Hold::new(
        HoldReason::RejectedByTarget,
        format!("item {} of division {division} was refused: {message}", draft.code),
        format!("correct item {} in Chargebee, or make an item of this code in Exact Online by hand", desired.id),
    );
    tie(session, division, desired, None, Some((&problem, draft))).await?;
    note(session, division, desired, problem, tally).await
}

async fn tie(
    session: &Session<'_>,
    division: i32,
    desired: &DesiredItem,
    target: Option<Uuid>,
    refused: Option<(&Hold, &ItemDraft)>,
) -> SyncResult<()> {
    let link = Link {
        kind: KIND.to_owned(),
        id: desired.id.clone(),
        division,
        target,
        sent_hash: refused.map(|(_, draft)| fingerprint(draft)),
        problem: refused.map(|(problem, _)| problem.clone()),
    };
    Ok(session.state.set_link(&link).await?)
}

async fn note(
    session: &Session<'_>,
    division: i32,
    desired: &DesiredItem,
    problem: Hold,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    tally.held += 1;
    session.progress.advance(Step::Held);
    tally.notice(Notice {
        object: format!("item {} in division {division}", desired.id),
        reason: problem.reason.to_string(),
        message: problem.message,
        remedy: problem.remedy,
    });
    Ok(())
}

fn group_missing(books: &EntityBooks<'_>, desired: &DesiredItem) -> Hold {
    let mapping = &books.entity.rulebook.mapping;
    let of_family = desired.family.as_ref().map_or(String::new(), |family| format!(" of family {family}"));
    let message = match &desired.item_group {
        Some(group) => format!("item group {group} for item {}{of_family} does not exist", desired.id),
        None => format!("no item group is named for item {}{of_family}", desired.id),
    };
    let remedy = format!(
        "name an item group of division {} for the family, or a defaultItemGroup, in EntityMapping {mapping}",
        books.division()
    );
    Hold::new(HoldReason::RevenueAccountMissing, message, remedy)
}

fn fingerprint(draft: &ItemDraft) -> String {
    format!("{}\n{}\n{:?}", draft.code, draft.description, draft.item_group)
}
