//! The tables, as data: one for each kind of record, each in one of the files below. Names are those of the record's
//! fields; prefix and capitals are put to them by [`schema_name`].

mod catalogue;
mod column;
mod documents;
mod parties;
mod payments;
mod subscriptions;

use std::sync::LazyLock;

pub use column::{Column, ColumnType, LinkColumn, LinkTarget, logical_name, schema_name};

use crate::domain::record::RecordKind;

/// Longest name of a row, the column that the target shows in lists and look-ups.
pub const NAME_LENGTH_MAX: u32 = 300;

/// The table of one kind.
#[derive(Clone, Debug)]
pub struct Table {
    pub kind: RecordKind,
    /// In `snake_case`, without prefix: `credit_note_line`.
    pub name: &'static str,
    /// As people read it, one and several.
    pub display: &'static str,
    pub display_plural: &'static str,
    /// The fields of a record, in the order of a form.
    pub columns: &'static [Column],
    pub links: &'static [LinkColumn],
}

/// Columns that every table has besides its own. What fills them is not among a record's fields.
pub const COMMON: &[Column] = &[
    // What the alternate key is on: see `record_key`.
    Column::text("key", "Key", super::key::KEY_LENGTH_MAX),
    // Composite ids hold several of at most 100 characters each.
    Column::text("chargebee_id", "Chargebee ID", 400),
    Column::text("site", "Chargebee Site", 100),
    Column::text("business_entity", "Business Entity", 100),
    Column::big("resource_version", "Resource Version"),
    Column::instant("changed_at", "Changed in Chargebee"),
    Column::flag("deleted", "Deleted in Chargebee"),
];

/// The column with a row's name. It is made with its table, all others after it.
pub const NAME: Column = Column::text("name", "Name", NAME_LENGTH_MAX);

static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    let all = [catalogue::TABLES, parties::TABLES, subscriptions::TABLES, documents::TABLES, payments::TABLES];
    let mut tables: Vec<Table> = all.concat();
    tables.sort_by_key(|table| table.kind);
    tables
});

/// Every table, in an order in which each comes after those that it links to.
pub fn all() -> &'static [Table] {
    &TABLES
}

/// The table of `kind`.
pub fn of(kind: RecordKind) -> &'static Table {
    // A test walks through every kind.
    all().iter().find(|table| table.kind == kind).expect("every kind has a table")
}

impl Table {
    /// The column of a record's field, its name's included.
    pub fn column(&self, field: &str) -> Option<&'static Column> {
        static NAMES: [Column; 1] = [NAME];
        NAMES.iter().chain(self.columns).find(|column| column.name == field)
    }

    /// The link of a record's field.
    pub fn link(&self, field: &str) -> Option<&'static LinkColumn> {
        self.links.iter().find(|link| link.name == field)
    }

    /// Whether rows hold amounts, and so need a currency.
    pub fn has_money(&self) -> bool {
        self.columns.iter().any(|column| column.column_type == ColumnType::Money)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_one_table_in_the_order_of_the_kinds() {
        let kinds: Vec<RecordKind> = all().iter().map(|table| table.kind).collect();
        assert_eq!(kinds, RecordKind::ALL);
        assert!(RecordKind::ALL.iter().all(|kind| of(*kind).kind == *kind));
        let names: BTreeSet<&str> = all().iter().map(|table| table.name).collect();
        assert_eq!(names.len(), all().len());
    }

    #[test]
    fn a_table_comes_after_those_that_it_links_to() {
        for table in all() {
            for link in table.links {
                if let LinkTarget::Record(kind) = link.target {
                    assert!(kind <= table.kind, "{}.{} comes before {kind}", table.name, link.name);
                }
            }
        }
    }

    #[test]
    fn no_two_columns_of_a_table_meet_in_the_target() {
        for table in all() {
            let own = table.columns.iter().map(|column| column.name).chain(table.links.iter().map(|link| link.name));
            let common = COMMON.iter().map(|column| column.name).chain([NAME.name]);
            let mut seen: BTreeSet<String> = BTreeSet::from([format!("cb_{}id", table.name.replace('_', ""))]);
            for name in own.chain(common) {
                assert!(seen.insert(logical_name("cb", name)), "{}.{name}", table.name);
            }
        }
    }

    #[test]
    fn every_column_can_be_made() {
        for column in all().iter().flat_map(|table| table.columns).chain(COMMON).chain([&NAME]) {
            match column.column_type {
                ColumnType::Text { length_max } => assert!((1..=4_000).contains(&length_max), "{}", column.name),
                ColumnType::Memo { length_max } => {
                    assert!((2_000..=1_048_576).contains(&length_max), "{}", column.name)
                }
                ColumnType::Decimal { decimals } => assert!(decimals <= 10, "{}", column.name),
                _ => {}
            }
            assert!(
                column
                    .name
                    .chars()
                    .all(|letter| letter.is_ascii_lowercase() || letter == '_' || letter.is_ascii_digit())
            );
            assert!(logical_name("koppelcb", column.name).len() <= 50, "{}", column.name);
        }
    }

    #[test]
    fn customers_stand_apart_from_accounts_and_name_theirs_c2_c3() {
        let customer = of(RecordKind::Customer);
        assert_eq!(customer.link("account").map(|link| link.target), Some(LinkTarget::Account));
        let others = all().iter().filter(|table| table.kind != RecordKind::Customer);
        assert!(others.flat_map(|table| table.links).all(|link| link.target != LinkTarget::Account));
    }
}
