//! What a column is, and how its name is spelt in the target.

use crate::domain::record::RecordKind;

/// The type of a column, with its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// At most so many UTF-16 code units, on one line.
    Text {
        length_max: u32,
    },
    /// Longer text, of several lines.
    Memo {
        length_max: u32,
    },
    /// An amount in the row's currency.
    Money,
    /// A number kept with so many decimals.
    Decimal {
        decimals: u8,
    },
    /// A whole number of 32 bits.
    Integer,
    /// A whole number of 64 bits.
    Big,
    Flag,
    Instant,
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The record's field, in `snake_case`.
    pub name: &'static str,
    /// As people read it.
    pub display: &'static str,
    pub column_type: ColumnType,
}

/// What a link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkTarget {
    /// A row of another of these tables.
    Record(RecordKind),
    /// An account of the CRM itself (C3). Which one is found by the connection's rules and is no field of a record.
    Account,
}

/// A column that names another row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkColumn {
    pub name: &'static str,
    pub display: &'static str,
    pub target: LinkTarget,
}

impl Column {
    const fn new(name: &'static str, display: &'static str, column_type: ColumnType) -> Self {
        Self { name, display, column_type }
    }

    pub(in crate::crm) const fn text(name: &'static str, display: &'static str, length_max: u32) -> Self {
        Self::new(name, display, ColumnType::Text { length_max })
    }

    /// A word of a list that the billing system may lengthen at any time; a choice column would refuse the new ones.
    pub(super) const fn word(name: &'static str, display: &'static str) -> Self {
        Self::text(name, display, 100)
    }

    pub(super) const fn memo(name: &'static str, display: &'static str, length_max: u32) -> Self {
        Self::new(name, display, ColumnType::Memo { length_max })
    }

    pub(super) const fn money(name: &'static str, display: &'static str) -> Self {
        Self::new(name, display, ColumnType::Money)
    }

    /// A quantity, price or rate: ten decimals, the most that the target has.
    pub(super) const fn decimal(name: &'static str, display: &'static str) -> Self {
        Self::new(name, display, ColumnType::Decimal { decimals: 10 })
    }

    pub(super) const fn integer(name: &'static str, display: &'static str) -> Self {
        Self::new(name, display, ColumnType::Integer)
    }

    pub(in crate::crm) const fn big(name: &'static str, display: &'static str) -> Self {
        Self::new(name, display, ColumnType::Big)
    }

    pub(in crate::crm) const fn flag(name: &'static str, display: &'static str) -> Self {
        Self::new(name, display, ColumnType::Flag)
    }

    pub(in crate::crm) const fn instant(name: &'static str, display: &'static str) -> Self {
        Self::new(name, display, ColumnType::Instant)
    }
}

impl LinkColumn {
    pub(super) const fn to(name: &'static str, display: &'static str, kind: RecordKind) -> Self {
        Self { name, display, target: LinkTarget::Record(kind) }
    }

    pub(super) const fn account(name: &'static str, display: &'static str) -> Self {
        Self { name, display, target: LinkTarget::Account }
    }
}

/// The name with its capitals: `credit_note` with prefix `cb` is `cb_CreditNote`.
pub fn schema_name(prefix: &str, name: &str) -> String {
    let mut schema = format!("{prefix}_");
    for part in name.split('_') {
        let mut letters = part.chars();
        schema.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        schema.push_str(letters.as_str());
    }
    schema
}

/// The name as addresses and rows have it: `cb_creditnote`.
pub fn logical_name(prefix: &str, name: &str) -> String {
    schema_name(prefix, name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelt_as_the_target_spells_them() {
        assert_eq!(schema_name("cb", "credit_note_line"), "cb_CreditNoteLine");
        assert_eq!(logical_name("cb", "chargebee_id"), "cb_chargebeeid");
        assert_eq!(schema_name("cb", "line1"), "cb_Line1");
    }
}
