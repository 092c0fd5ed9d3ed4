//! A page of a list, and its rows one by one: a row that cannot be read is held and its page goes on.

use jiff::Timestamp;

use super::convert::{FromChargebee, Subject, instant_or_none};
use super::lists::{List, Since};
use super::wire::{Head, ListAnswer, resource};
use crate::domain::hold::{Hold, HoldReason};

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// As they came: a row that changed while the list was read may stand on two pages.
    pub rows: Vec<Row<T>>,
    /// Where the next page begins; none on the last one.
    pub next: Option<String>,
    /// The highest `updated_at` of the page.
    pub newest: Option<Timestamp>,
    /// Whether a cursor may move before the last page: the list comes sorted by `updated_at` and only with rows that
    /// bear one, which a first read without the filter does not promise.
    pub ordered: bool,
    /// Whether the list comes sorted by `updated_at` at all: a row that changes while it is read comes again by itself.
    pub sorted: bool,
    /// Chargebee's own time when it answered, where it told it.
    pub read_at: Option<Timestamp>,
}

/// One row of a list.
#[derive(Clone, Debug)]
pub struct Row<T> {
    /// Never empty: a row without an id is named after its place.
    pub id: String,
    /// None on rows so old, or imported so, that no filter on it ever finds them.
    pub updated_at: Option<Timestamp>,
    /// Milliseconds; rises with each change.
    pub resource_version: Option<i64>,
    /// What the row says, or why it cannot be taken as it is.
    pub value: Result<T, Hold>,
}

/// How a list's resources are read.
pub struct Reader<T> {
    /// What a resource is called in messages.
    pub noun: &'static str,
    /// Why a row is held of which nothing can be read.
    pub unreadable: HoldReason,
    /// The resource with this id from its JSON.
    pub read: fn(&str, &str) -> Result<T, Hold>,
}

impl<T: FromChargebee> Reader<T> {
    /// The one way in which a domain type is read.
    pub fn own() -> Self {
        Self { noun: T::NOUN, unreadable: T::UNREADABLE, read: T::from_json }
    }
}

impl<T> Reader<T> {
    fn subject<'a>(&self, id: &'a str) -> Subject<'a> {
        Subject { noun: self.noun, id, unreadable: self.unreadable }
    }
}

impl<T> Page<T> {
    /// The page in `json`, a list's answer.
    ///
    /// # Errors
    /// Where the JSON is no list at all.
    pub fn from_json(list: &List, json: &str, reader: &Reader<T>) -> Result<Self, serde_json::Error> {
        let answer: ListAnswer<'_> = serde_json::from_str(json)?;
        let rows: Vec<Row<T>> =
            answer.list.iter().enumerate().map(|(at, raw)| row(list, at, raw.get(), reader)).collect();
        let newest = rows.iter().filter_map(|row| row.updated_at).max();
        Ok(Self {
            rows,
            next: answer.next_offset(),
            newest,
            ordered: false,
            sorted: list.sorts_by_update,
            read_at: None,
        })
    }
}

fn row<T>(list: &List, at: usize, json: &str, reader: &Reader<T>) -> Row<T> {
    match resource(json, list.key) {
        Some(json) => {
            let mut row = Row::from_json(json, reader, || format!("{} of {} without an id", at + 1, list.path));
            if list.since == Since::Creation {
                row.updated_at = instant_or_none(&serde_json::from_str::<Head>(json).unwrap_or_default().created_at);
            }
            row
        }
        None => {
            let id = format!("{} of {} without content", at + 1, list.path);
            let value = Err(reader.subject(&id).unreadable(format!("the row holds no {}", list.key)));
            Row { id, updated_at: None, resource_version: None, value }
        }
    }
}

impl<T> Row<T> {
    /// The resource in `json`; `unnamed` is its name where it has no id.
    pub fn from_json(json: &str, reader: &Reader<T>, unnamed: impl FnOnce() -> String) -> Self {
        let head: Head = serde_json::from_str(json).unwrap_or_default();
        let updated_at = instant_or_none(&head.updated_at);
        let resource_version = head.resource_version.whole().ok().flatten();
        match head.id.0 {
            Some(id) => Self { value: (reader.read)(&id, json), id, updated_at, resource_version },
            None => {
                let id = unnamed();
                let value = Err(reader.subject(&id).unreadable("it has no id"));
                Self { id, updated_at, resource_version, value }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lists::CUSTOMERS;
    use super::*;
    use crate::domain::customer::Customer;

    #[test]
    fn a_row_that_cannot_be_read_is_held_and_the_others_come() {
        let json = r#"{"list":[
            {"customer":{"id":"a","company":"Acme","updated_at":1700000000,"resource_version":1700000000123}},
            {"customer":{"id":"b","billing_address":"nowhere","updated_at":1700000005}},
            {"customer":{"company":"Nameless"}},
            {"card":{"id":"c"}}, 7,
            {"customer":{"id":"a","company":"Acme","updated_at":1700000000}}
        ],"next_offset":"7"}"#;
        let page = Page::<Customer>::from_json(&CUSTOMERS, json, &Reader::own()).unwrap();
        let ids: Vec<_> = page.rows.iter().map(|row| (row.id.as_str(), row.value.is_ok())).collect();
        let expected = [
            ("a", true),
            ("b", false),
            ("3 of customers without an id", false),
            ("4 of customers without content", false),
            ("5 of customers without content", false),
            ("a", true),
        ];
        assert_eq!(ids, expected);
        assert_eq!(page.newest.unwrap().as_second(), 1_700_000_005);
        assert_eq!(page.rows[0].resource_version, Some(1_700_000_000_123));
        let hold = page.rows[1].value.as_ref().unwrap_err();
        assert!(hold.message.starts_with("customer b cannot be read: "), "{}", hold.message);
        assert!(hold.remedy.contains("customer b"), "{}", hold.remedy);
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        assert!(Page::<Customer>::from_json(&CUSTOMERS, r#"{"customers":[]}"#, &Reader::own()).is_err());
        assert!(Page::<Customer>::from_json(&CUSTOMERS, r#"{"list":{}}"#, &Reader::own()).is_err());
    }
}
