//! Whether a record fits its table, found before anything is sent: the target would refuse the row, and with it every other
//! of the same request.

use rust_decimal::Decimal;
use thiserror::Error;

use super::tables::{self, Column, ColumnType, LinkTarget, Table};
use crate::domain::record::{Record, Value};

/// A number beyond this in either direction is refused (dynamics365.md §2.7).
const DECIMAL_MAX: i64 = 100_000_000_000;
/// The target keeps no instant before this year.
const YEAR_MIN: i16 = 1753;

/// Why a record does not fit. Names the field and the remedy, never the value, which may be personal.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Misfit {
    #[error("{table} has no column {field}")]
    UnknownColumn { table: &'static str, field: &'static str },
    #[error("{table}.{field} takes {wanted}, not {given}")]
    WrongType { table: &'static str, field: &'static str, wanted: &'static str, given: &'static str },
    #[error("{table}.{field} is {length} characters long, and {length_max} fit; shorten it in Chargebee")]
    TooLong { table: &'static str, field: &'static str, length: usize, length_max: u32 },
    #[error("{table}.{field} is beyond what the column holds; correct it in Chargebee")]
    OutOfRange { table: &'static str, field: &'static str },
    #[error("{table}.{field} is an amount and the record has no currency")]
    CurrencyMissing { table: &'static str, field: &'static str },
    #[error("{table} has no link {field}")]
    UnknownLink { table: &'static str, field: &'static str },
    #[error("{table}.{field} does not lead to a {given}")]
    WrongLink { table: &'static str, field: &'static str, given: &'static str },
}

/// Everything in which `record` does not fit its table; empty where it does.
pub fn check(record: &Record) -> Vec<Misfit> {
    let table = tables::of(record.kind);
    let values = record.values.iter().filter_map(|(field, value)| check_value(table, record, field, value));
    let links = record.links.iter().filter_map(|(field, link)| {
        let misfit = match table.link(field).map(|column| column.target) {
            None => Misfit::UnknownLink { table: table.name, field },
            Some(LinkTarget::Record(kind)) if kind == link.kind => return None,
            Some(_) => Misfit::WrongLink { table: table.name, field, given: link.kind.as_str() },
        };
        Some(misfit)
    });
    values.chain(links).collect()
}

fn check_value(table: &Table, record: &Record, field: &'static str, value: &Value) -> Option<Misfit> {
    let Some(column) = table.column(field) else {
        return Some(Misfit::UnknownColumn { table: table.name, field });
    };
    let out_of_range = |out: bool| out.then_some(Misfit::OutOfRange { table: table.name, field });
    match (column.column_type, value) {
        (ColumnType::Text { length_max } | ColumnType::Memo { length_max }, Value::Text(text)) => {
            // The target counts as its database does, in UTF-16.
            let length = text.encode_utf16().count();
            (length > length_max as usize).then_some(Misfit::TooLong { table: table.name, field, length, length_max })
        }
        (ColumnType::Money, Value::Money(_)) if record.currency.is_none() => {
            Some(Misfit::CurrencyMissing { table: table.name, field })
        }
        (ColumnType::Money, Value::Money(amount)) => out_of_range(!amount.is_bookable()),
        (ColumnType::Decimal { .. }, Value::Decimal(number)) => out_of_range(number.abs() > Decimal::from(DECIMAL_MAX)),
        (ColumnType::Integer, Value::Integer(number)) => out_of_range(i32::try_from(*number).is_err()),
        (ColumnType::Big, Value::Integer(_)) | (ColumnType::Flag, Value::Flag(_)) => None,
        (ColumnType::Instant, Value::Instant(instant)) => {
            out_of_range(jiff::tz::TimeZone::UTC.to_datetime(*instant).year() < YEAR_MIN)
        }
        (_, value) => Some(wrong_type(table, column, value)),
    }
}

fn wrong_type(table: &Table, column: &Column, value: &Value) -> Misfit {
    let wanted = match column.column_type {
        ColumnType::Text { .. } | ColumnType::Memo { .. } => "a text",
        ColumnType::Money => "an amount",
        ColumnType::Decimal { .. } => "a number",
        ColumnType::Integer | ColumnType::Big => "a whole number",
        ColumnType::Flag => "yes or no",
        ColumnType::Instant => "an instant",
    };
    let given = match value {
        Value::Text(_) => "a text",
        Value::Money(_) => "an amount",
        Value::Decimal(_) => "a number",
        Value::Integer(_) => "a whole number",
        Value::Flag(_) => "yes or no",
        Value::Instant(_) => "an instant",
    };
    Misfit::WrongType { table: table.name, field: column.name, wanted, given }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::money::{Amount, Currency};
    use crate::domain::record::RecordKind;

    fn invoice() -> Record {
        let mut record = Record::new(RecordKind::Invoice, "INV-1");
        record.currency = Some(Currency::EUR);
        record.set("name", Some("INV-1"));
        record.set("total", Some(Amount(12_100)));
        record.set("recurring", Some(true));
        record.set("net_term_days", Some(30_i64));
        record.link("customer", RecordKind::Customer, Some("c1"));
        record
    }

    #[test]
    fn what_fits_is_sent() {
        assert_eq!(check(&invoice()), []);
    }

    #[rstest]
    #[case("colour", Value::Flag(true), "invoice has no column colour")]
    #[case("total", Value::Text("12".to_owned()), "invoice.total takes an amount, not a text")]
    #[case(
        "total",
        Value::Money(Amount(i64::MAX)),
        "invoice.total is beyond what the column holds; correct it in Chargebee"
    )]
    #[case("po_number", Value::Text("x".repeat(101)), "invoice.po_number is 101 characters long, and 100 fit; shorten it in Chargebee")]
    #[case("net_term_days", Value::Integer(1 << 40), "invoice.net_term_days is beyond what the column holds; correct it in Chargebee")]
    #[case("exchange_rate", Value::Decimal(Decimal::from(DECIMAL_MAX + 1)), "invoice.exchange_rate is beyond what the column holds; correct it in Chargebee")]
    #[case("due_date", Value::Instant("1700-01-01T00:00:00Z".parse().unwrap()), "invoice.due_date is beyond what the column holds; correct it in Chargebee")]
    fn what_does_not_fit_is_named(#[case] field: &'static str, #[case] value: Value, #[case] told: &str) {
        let mut record = invoice();
        record.values.insert(field, value);
        let misfits: Vec<String> = check(&record).iter().map(Misfit::to_string).collect();
        assert_eq!(misfits, [told]);
    }

    #[test]
    fn links_lead_to_their_own_kind() {
        let mut record = invoice();
        record.link("customer", RecordKind::Plan, Some("p"));
        record.link("planet", RecordKind::Plan, Some("p"));
        let misfits: Vec<String> = check(&record).iter().map(Misfit::to_string).collect();
        assert_eq!(misfits, ["invoice.customer does not lead to a Plan", "invoice has no link planet"]);
    }

    #[test]
    fn an_amount_needs_a_currency() {
        let record = Record { currency: None, ..invoice() };
        assert_eq!(check(&record), [Misfit::CurrencyMissing { table: "invoice", field: "total" }]);
    }

    #[test]
    fn a_letter_outside_the_first_plane_counts_twice() {
        let mut record = invoice();
        record.set("po_number", Some("😀".repeat(51)));
        assert!(matches!(check(&record)[..], [Misfit::TooLong { length: 102, .. }]));
    }
}
