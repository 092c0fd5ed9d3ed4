use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::crm::tables::{self, COMMON, Column, NAME};
use crate::domain::record::RecordKind;

fn settings() -> Settings {
    Settings {
        prefix: "cb".into(),
        solution: "Koppel".into(),
        publisher: "koppel".into(),
        ownership: Ownership::UserOrTeam,
    }
}

/// An organization with the standard tables only.
fn empty() -> Present {
    let account =
        PresentTable { entity_set: "accounts".into(), ownership: "UserOwned".into(), ..PresentTable::default() };
    Present { tables: BTreeMap::from([("account".into(), account)]), ..Present::default() }
}

fn present_column(column: &Column) -> PresentColumn {
    let (length_max, decimals) = match column.column_type {
        ColumnType::Text { length_max } | ColumnType::Memo { length_max } => (Some(length_max), None),
        ColumnType::Decimal { decimals } => (None, Some(decimals)),
        _ => (None, None),
    };
    PresentColumn { type_name: type_name(column.column_type).into(), length_max, decimals }
}

fn column_of(kind: RecordKind, name: &str) -> &'static Column {
    let common = COMMON.iter().find(|column| column.name == name);
    common.or_else(|| tables::of(kind).column(name)).unwrap()
}

/// What the organization does with one step. Refuses what it would refuse.
fn carry_out(present: &mut Present, step: &Step) {
    let settings = settings();
    let logical = |kind: RecordKind| settings.table(tables::of(kind));
    match step {
        Step::CreatePublisher => present.publisher = Some(PresentPublisher { prefix: "cb".into() }),
        Step::CreateSolution => {
            assert!(present.publisher.is_some());
            present.solution =
                Some(PresentSolution { version: SCHEMA_VERSION.into(), managed: false, publisher: "koppel".into() });
        }
        Step::CreateTable(kind) => {
            assert!(present.solution.is_some());
            let columns = [&NAME].into_iter().chain(COMMON).chain(tables::of(*kind).columns);
            let columns = columns.map(|column| (settings.column(column.name), present_column(column))).collect();
            let table = PresentTable {
                entity_set: format!("{}s", logical(*kind)),
                ownership: "UserOwned".into(),
                tracks_changes: true,
                columns,
                ..PresentTable::default()
            };
            assert!(present.tables.insert(logical(*kind), table).is_none(), "{kind} is there already");
        }
        Step::CreateColumn { table, column } | Step::WidenColumn { table, column } => {
            let wanted = present_column(column_of(*table, column));
            present.tables.get_mut(&logical(*table)).unwrap().columns.insert(settings.column(column), wanted);
        }
        Step::TrackChanges(kind) => present.tables.get_mut(&logical(*kind)).unwrap().tracks_changes = true,
        Step::CreateLink { table, link } => {
            let target = settings.target(tables::of(*table).link(link).unwrap().target);
            assert!(present.tables.contains_key(&target), "{target} is not there yet");
            let name = settings.relationship(tables::of(*table), link);
            assert!(present.tables.get_mut(&logical(*table)).unwrap().relationships.insert(name));
        }
        Step::CreateKey(kind) | Step::RebuildKey(kind) => {
            let key = PresentKey { columns: vec![settings.key_column()], status: KeyStatus::Building };
            let table = present.tables.get_mut(&logical(*kind)).unwrap();
            assert!(table.columns.contains_key(&settings.key_column()));
            table.keys.insert(settings.key(), key);
        }
        Step::AwaitKey(kind) => {
            let table = present.tables.get_mut(&logical(*kind)).unwrap();
            table.keys.get_mut(&settings.key()).unwrap().status = KeyStatus::Active;
        }
        Step::SetVersion => present.solution.as_mut().unwrap().version = SCHEMA_VERSION.into(),
    }
}

fn installed() -> Present {
    let mut present = empty();
    for step in plan(&settings(), &present).steps {
        carry_out(&mut present, &step);
    }
    present
}

fn invoice(present: &mut Present) -> &mut PresentTable {
    present.tables.get_mut("cb_invoice").unwrap()
}

#[test]
fn all_comes_into_an_empty_organization_and_then_nothing_more() {
    let first = plan(&settings(), &empty());
    assert_eq!(
        &first.steps[..3],
        [Step::CreatePublisher, Step::CreateSolution, Step::CreateTable(RecordKind::ItemFamily)]
    );
    assert!(!first.is_installed() && first.obstacles.is_empty());
    let again = plan(&settings(), &installed());
    assert_eq!(again, Plan::default());
    assert!(again.is_installed());
}

#[test]
fn keys_are_all_begun_before_one_is_waited_for() {
    let steps = plan(&settings(), &empty()).steps;
    let last_begun = steps.iter().rposition(|step| matches!(step, Step::CreateKey(_))).unwrap();
    let first_awaited = steps.iter().position(|step| matches!(step, Step::AwaitKey(_))).unwrap();
    assert!(last_begun < first_awaited);
}

proptest! {
    #[test]
    fn an_installation_broken_off_anywhere_goes_on(done in 0_usize..400) {
        let mut present = empty();
        for step in plan(&settings(), &present).steps.iter().take(done) {
            carry_out(&mut present, step);
        }
        for step in plan(&settings(), &present).steps {
            carry_out(&mut present, &step);
        }
        prop_assert_eq!(present, installed());
    }
}

#[test]
fn what_is_missing_is_added_and_what_is_wider_is_left() {
    let mut present = installed();
    invoice(&mut present).columns.remove("cb_total");
    invoice(&mut present).columns.get_mut("cb_ponumber").unwrap().length_max = Some(50);
    invoice(&mut present).columns.get_mut("cb_vatnumber").unwrap().length_max = Some(4_000);
    invoice(&mut present).columns.get_mut("cb_exchangerate").unwrap().decimals = Some(2);
    invoice(&mut present).columns.insert("cb_own".into(), PresentColumn::default());
    invoice(&mut present).tracks_changes = false;
    invoice(&mut present).relationships = BTreeSet::from(["cb_invoice_customer".into()]);
    invoice(&mut present).keys.get_mut("cb_sitekey").unwrap().status = KeyStatus::Failed;
    let invoice = RecordKind::Invoice;
    let expected = [
        Step::WidenColumn { table: invoice, column: "exchange_rate" },
        Step::CreateColumn { table: invoice, column: "total" },
        Step::WidenColumn { table: invoice, column: "po_number" },
        Step::TrackChanges(invoice),
        Step::CreateLink { table: invoice, link: "subscription" },
        Step::RebuildKey(invoice),
        Step::AwaitKey(invoice),
    ];
    assert_eq!(plan(&settings(), &present).steps, expected);
}

#[test]
fn an_older_version_is_raised_and_a_newer_one_left() {
    let steps = |version: &str| {
        let mut present = installed();
        present.solution.as_mut().unwrap().version = version.into();
        plan(&settings(), &present)
    };
    assert_eq!(steps("0.9.10.0").steps, [Step::SetVersion]);
    assert!(steps("0.9.10.0").is_installed(), "rows can be written before");
    assert_eq!(steps("1.0.0.10"), Plan::default());
    assert_eq!(steps("2.0.0.0"), Plan::default());
}

#[test]
fn what_no_step_can_mend_is_an_obstacle() {
    let told = |change: fn(&mut Present)| {
        let mut present = installed();
        change(&mut present);
        plan(&settings(), &present).obstacles.iter().map(Obstacle::to_string).collect::<Vec<_>>()
    };
    type Case = (fn(&mut Present), &'static str);
    let cases: [Case; 7] = [
        (
            |present| present.publisher.as_mut().unwrap().prefix = "new".into(),
            "publisher koppel has the prefix new, not cb",
        ),
        (
            |present| present.solution.as_mut().unwrap().publisher = "other".into(),
            "solution Koppel belongs to publisher other",
        ),
        (|present| invoice(present).ownership = "OrganizationOwned".into(), "table cb_invoice is OrganizationOwned"),
        (
            |present| invoice(present).columns.get_mut("cb_total").unwrap().type_name = "StringType".into(),
            "column cb_invoice.cb_total is a StringType",
        ),
        (
            |present| invoice(present).keys.get_mut("cb_sitekey").unwrap().columns = vec!["cb_name".into()],
            "alternate key cb_sitekey of table cb_invoice",
        ),
        (|present| drop(present.tables.remove("account")), "table account is not there"),
        (
            |present| {
                present.solution.as_mut().unwrap().managed = true;
                invoice(present).columns.remove("cb_total");
            },
            "solution Koppel is managed and lacks column invoice.total",
        ),
    ];
    for (change, begin) in cases {
        let told = told(change);
        assert!(told.len() == 1 && told[0].starts_with(begin), "{begin}: {told:?}");
    }
}

#[test]
fn names_are_the_same_for_rows_and_schema() {
    let settings = settings();
    let line = tables::of(RecordKind::InvoiceLine);
    assert_eq!(settings.table(line), "cb_invoiceline");
    assert_eq!(settings.relationship(line, "item_price"), "cb_invoiceline_itemprice");
    let names: BTreeSet<String> = tables::all()
        .iter()
        .flat_map(|table| table.links.iter().map(|link| settings.relationship(table, link.name)))
        .collect();
    assert_eq!(names.len(), tables::all().iter().map(|table| table.links.len()).sum::<usize>());
}
