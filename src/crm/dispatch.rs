//! What becomes of records that are to be in the CRM: which are there already, which can go now, and which wait for another
//! one. Pure; the order of the records does not matter.

use std::collections::BTreeSet;

use super::fit::{Misfit, check};
use super::stored::Placed;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::record::{Link, Record, RecordKind};

/// The record as it goes, given which kinds are carried at all: a link to another kind leads nowhere, and neither does one
/// to the record itself.
#[must_use]
pub fn as_carried(mut record: Record, carries: impl Fn(RecordKind) -> bool) -> Record {
    let (kind, id) = (record.kind, record.id.clone());
    record.links.retain(|_, link| carries(link.kind) && !(link.kind == kind && link.id == id));
    record
}

/// Of several states of one record the latest; of those that are equally late, the last.
pub fn latest(records: Vec<Placed>) -> Vec<Placed> {
    let mut kept: Vec<Placed> = Vec::with_capacity(records.len());
    let mut places = std::collections::BTreeMap::new();
    for placed in records {
        match places.get(&placed.record.id) {
            None => {
                places.insert(placed.record.id.clone(), kept.len());
                kept.push(placed);
            }
            Some(&place) => {
                if version(&placed) >= version(&kept[place]) {
                    kept[place] = placed;
                }
            }
        }
    }
    kept
}

fn version(placed: &Placed) -> (Option<i64>, Option<jiff::Timestamp>) {
    (placed.record.resource_version, placed.record.updated_at)
}

/// Parts those whose links all lead to rows that are `there` from those that wait for another one.
pub fn ready<T>(records: Vec<T>, there: &BTreeSet<Link>, record: impl Fn(&T) -> &Record) -> (Vec<T>, Vec<T>) {
    records.into_iter().partition(|one| record(one).links.values().all(|link| there.contains(link)))
}

/// Why a record does not fit its table.
///
/// # Errors
/// The hold, which names every field at fault.
pub fn fits(record: &Record) -> Result<(), Hold> {
    let misfits = check(record);
    if misfits.is_empty() {
        return Ok(());
    }
    let told: Vec<String> = misfits.iter().map(Misfit::to_string).collect();
    let remedy = format!("correct {} in Chargebee", record.id);
    Err(Hold::new(HoldReason::RejectedByTarget, told.join("; "), remedy))
}

/// Why a record waits: the first of the records that it names and that are not there.
pub fn waiting(record: &Record, there: &BTreeSet<Link>) -> Hold {
    let missing = record.links.values().find(|link| !there.contains(link));
    let (what, id) = missing.map_or(("another record", ""), |link| (super::tables::of(link.kind).display, &link.id));
    Hold::new(
        HoldReason::WaitingFor,
        format!(
            "{} {} names {what} {id}, which is not in the CRM yet",
            super::tables::of(record.kind).display,
            record.id
        ),
        format!("see why {what} {id} is held; it follows by itself"),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::record::Value;

    fn customer(id: &str, parent: Option<&str>, version: i64) -> Placed {
        let mut record = Record::new(RecordKind::Customer, id);
        record.resource_version = Some(version);
        record.link("parent", RecordKind::Customer, parent);
        Placed { record, whole: None }
    }

    fn link(id: &str) -> Link {
        Link { kind: RecordKind::Customer, id: id.to_owned() }
    }

    #[test]
    fn a_link_to_what_is_not_carried_or_to_itself_leads_nowhere() {
        let mut record = customer("c1", Some("c1"), 1).record;
        assert!(as_carried(record.clone(), |_| true).links.is_empty());
        record.link("parent", RecordKind::Customer, Some("c2"));
        assert_eq!(as_carried(record.clone(), |_| true).links.len(), 1);
        assert!(as_carried(record, |_| false).links.is_empty());
    }

    #[test]
    fn the_latest_state_of_a_record_goes_in_whatever_order_it_came() {
        let (old, new) = (customer("c1", None, 1), customer("c1", Some("c2"), 2));
        assert_eq!(latest(vec![old.clone(), new.clone()]), std::slice::from_ref(&new));
        assert_eq!(latest(vec![new.clone(), old]), [new]);
    }

    #[test]
    fn what_does_not_fit_is_held_with_its_field() {
        let mut record = Record::new(RecordKind::Invoice, "INV-1");
        record.values.insert("po_number", Value::Text("x".repeat(101)));
        let hold = fits(&record).unwrap_err();
        assert_eq!(hold.reason, HoldReason::RejectedByTarget);
        assert!(hold.message.contains("po_number") && hold.remedy.contains("INV-1"), "{hold:?}");
    }

    #[test]
    fn a_record_that_waits_says_for_what() {
        let hold = waiting(&customer("c1", Some("c9"), 1).record, &BTreeSet::new());
        assert_eq!(hold.reason, HoldReason::WaitingFor);
        assert!(hold.message.contains("CB Customer c9"), "{}", hold.message);
    }

    proptest! {
        /// Sent wave by wave, every record comes after those that it names, and only those wait that lead nowhere.
        #[test]
        fn waves_reach_everything_that_can_be_reached(parents in prop::collection::vec(prop::option::of(0..12_usize), 1..10)) {
            let id = |number: usize| format!("c{number}");
            let all: Vec<Placed> = parents
                .iter()
                .enumerate()
                // Billing knows no circles: a parent has a lower number, or is not there.
                .map(|(number, parent)| customer(&id(number), parent.filter(|p| *p < number || *p >= 10).map(id).as_deref(), 1))
                .collect();
            let (mut there, mut rest) = (BTreeSet::new(), all.clone());
            loop {
                let (now, later) = ready(rest, &there, |placed| &placed.record);
                rest = later;
                if now.is_empty() { break }
                for placed in now {
                    prop_assert!(placed.record.links.values().all(|link| there.contains(link)));
                    there.insert(link(&placed.record.id));
                }
            }
            for placed in &rest {
                let mut at = placed;
                let lost = loop {
                    let Some(parent) = at.record.links.get("parent") else { break false };
                    let Some(next) = all.iter().find(|one| one.record.id == parent.id) else { break true };
                    at = next;
                };
                prop_assert!(lost, "{} waits for nothing", placed.record.id);
            }
        }
    }
}
