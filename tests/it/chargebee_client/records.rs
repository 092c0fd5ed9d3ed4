//! Everything that a CRM keeps, read from the Chargebee sandbox (C9–C25).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::SignedDuration;
use koppel::connectors::chargebee::{ChargebeeClient, ListCursor, OffsetGuard, RecordList};
use koppel::crm;
use koppel::crm::tables;
use koppel::domain::record::{Record, RecordKind};
use koppel::sandbox::chargebee::Limits;
use koppel::sandbox::generator::{Extent, Size};
use koppel::sandbox::server::{API_KEY, SITE, Sandbox, SandboxOptions};
use url::Url;

use super::peer::{StillClock, options};

pub(super) async fn world() -> (Sandbox, ChargebeeClient) {
    let sandbox = Sandbox::start(SandboxOptions {
        clock_running: false,
        chargebee_limits: Limits::off(),
        extent: Extent::Whole { first_month: 1 },
        size: Size { customers: 60, invoices: 260 },
        ..SandboxOptions::default()
    });
    let sandbox = sandbox.await.unwrap();
    let clock = Arc::new(StillClock::default());
    let mut options = options(Some(Url::parse(&sandbox.chargebee_url()).unwrap()), API_KEY, clock);
    options.site = SITE.to_owned();
    let client = ChargebeeClient::new(options).unwrap();
    (sandbox, client)
}

/// Reads a list to its end.
pub(super) async fn walk(client: &ChargebeeClient, list: RecordList, cursor: ListCursor) -> (Vec<Record>, ListCursor) {
    let (mut cursor, mut guard, mut records) = (cursor, OffsetGuard::default(), Vec::new());
    let mut query = cursor.query(true);
    loop {
        let page = client.records(list, &query).await.unwrap();
        cursor = cursor.after(&page);
        let next = guard.next(&page).unwrap();
        for row in page.rows {
            records.extend(row.value.unwrap_or_else(|hold| panic!("{}", hold.message)));
        }
        let Some(next) = next else { return (records, cursor) };
        query = query.at(next);
    }
}

async fn everything(client: &ChargebeeClient) -> Vec<Record> {
    let mut all = Vec::new();
    for list in RecordList::ALL {
        all.extend(walk(client, list, ListCursor::default()).await.0);
    }
    all
}

#[tokio::test]
async fn every_kind_is_read_whole_fits_its_table_and_is_as_many_as_the_site_holds() {
    let (sandbox, client) = world().await;
    let records = everything(&client).await;
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    for record in &records {
        assert_eq!(crm::check(record), [], "{record:?}");
        assert!(record.values.contains_key("name"), "{record:?}");
        assert!(keys.insert((record.kind, record.id.clone())), "{:?} {} comes once", record.kind, record.id);
        let count = counts.entry(tables::of(record.kind).name).or_default();
        *(if record.deleted { &mut count.1 } else { &mut count.0 }) += 1;
    }
    let census: BTreeMap<_, _> = sandbox
        .chargebee
        .census()
        .into_iter()
        .map(|(name, census)| (name, (census.standing, census.deleted)))
        .collect();
    assert_eq!(counts, census);
    assert_eq!(counts.len(), RecordKind::ALL.len());
    // 0.02 requests a record are allowed on both ways together; the way in takes pages of a hundred.
    assert!(sandbox.chargebee.calls().len() * 40 < records.len(), "{} calls", sandbox.chargebee.calls().len());
    sandbox.shutdown().await;
}

#[tokio::test]
async fn every_link_leads_to_a_record_of_an_earlier_list_or_of_its_own() {
    let (sandbox, client) = world().await;
    let records = everything(&client).await;
    let known: BTreeSet<_> = records.iter().map(|record| (record.kind, record.id.as_str())).collect();
    let mut missing = BTreeMap::new();
    // What is deleted may name what went before it.
    for record in records.iter().filter(|record| !record.deleted) {
        for (field, link) in &record.links {
            if !known.contains(&(link.kind, link.id.as_str())) {
                *missing.entry((record.kind, *field)).or_insert(0) += 1;
            }
            assert!(link.kind <= record.kind, "{:?}.{field} leads to a later kind", record.kind);
        }
    }
    assert_eq!(missing, BTreeMap::new());
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_second_read_brings_what_is_new_and_the_lists_that_tell_nothing_come_whole() {
    let (sandbox, client) = world().await;
    let mut cursors = BTreeMap::new();
    let mut first = BTreeMap::new();
    for list in RecordList::ALL {
        let (records, cursor) = walk(&client, list, ListCursor::default()).await;
        first.insert(list, records);
        cursors.insert(list, cursor);
    }
    sandbox.clock.advance(SignedDuration::from_hours(1));
    let act = |path: &str, form: &[(&str, &str)]| sandbox.chargebee.act(path, form).unwrap();
    let customer = sandbox.chargebee.customers()[0]["id"].as_str().unwrap().to_owned();
    act(&format!("/customers/{customer}/add_contact"), &[("contact[email]", "new@boom.nl")]);
    act("/promotional_credits/add", &[("customer_id", &customer), ("amount", "900"), ("description", "A gift")]);
    act("/items/storage", &[("unit", "TB")]);
    let charge = first[&RecordList::UnbilledCharges][0].id.clone();
    act(&format!("/unbilled_charges/{charge}/delete"), &[]);
    let mut counts = BTreeMap::new();
    for list in RecordList::ALL {
        let (records, _) = walk(&client, list, cursors[&list].clone()).await;
        if list.is_read_whole() {
            let gone = if list == RecordList::UnbilledCharges { 1 } else { 0 };
            assert_eq!(records.len() + gone, first[&list].len(), "{list:?}");
            assert!(records.iter().all(|record| record.id != charge));
        } else {
            counts.insert(list, records.iter().map(|record| record.id.clone()).collect::<Vec<_>>());
        }
    }
    assert!(counts[&RecordList::Customers].contains(&customer));
    assert!(counts[&RecordList::Items].contains(&"storage".to_owned()));
    let ledger = &counts[&RecordList::PromotionalCredits];
    assert!(
        ledger.len() < 4 && first[&RecordList::PromotionalCredits].len() > 4,
        "the new row and the overlap: {ledger:?}"
    );
    assert!(counts[&RecordList::ItemPrices].len() < first[&RecordList::ItemPrices].len() + 1);
    sandbox.shutdown().await;
}
