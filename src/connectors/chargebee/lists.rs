//! Chargebee's lists and how each can be read on from where one stopped (chargebee.md §3).

use jiff::Timestamp;

/// Rows on a page where nothing else is asked for; Chargebee's own maximum.
pub const PAGE_ROWS_MAX: u16 = 100;
/// Filters on instants take exactly ten digits; below this, every row of Chargebee's is newer anyway.
const FIRST_TEN_DIGIT_SECOND: i64 = 1_000_000_000;
const LAST_TEN_DIGIT_SECOND: i64 = 9_999_999_999;

/// One of Chargebee's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List {
    /// The path segment, and the list's name in messages.
    pub path: &'static str,
    /// The key of the resource in a row and in a single answer.
    pub key: &'static str,
    /// Whether the list can be sorted by `updated_at`.
    pub sorts_by_update: bool,
    /// Whether deleted rows can be asked for; the others show a removal by `status`.
    pub has_deleted: bool,
    pub since: Since,
}

/// By what a list tells what is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    Update,
    /// Its rows never change.
    Creation,
    /// It is read whole each time; what is no longer there is gone.
    Nothing,
}

impl List {
    const fn new(path: &'static str, key: &'static str, sorts_by_update: bool, has_deleted: bool) -> Self {
        Self { path, key, sorts_by_update, has_deleted, since: Since::Update }
    }

    /// A list that does not tell what has changed.
    const fn by(since: Since, path: &'static str, key: &'static str) -> Self {
        Self { path, key, sorts_by_update: false, has_deleted: false, since }
    }
}

pub const ITEM_FAMILIES: List = List::new("item_families", "item_family", false, false);
pub const ITEMS: List = List::new("items", "item", true, false);
pub const ITEM_PRICES: List = List::new("item_prices", "item_price", true, false);
pub const COUPONS: List = List::new("coupons", "coupon", false, false);
pub const CUSTOMERS: List = List::new("customers", "customer", true, true);
pub const SUBSCRIPTIONS: List = List::new("subscriptions", "subscription", true, true);
pub const INVOICES: List = List::new("invoices", "invoice", true, true);
pub const CREDIT_NOTES: List = List::new("credit_notes", "credit_note", false, true);
pub const TRANSACTIONS: List = List::new("transactions", "transaction", true, true);
pub const QUOTES: List = List::new("quotes", "quote", false, true);
pub const PAYMENT_SOURCES: List = List::new("payment_sources", "payment_source", true, true);
pub const PROMOTIONAL_CREDITS: List = List::by(Since::Creation, "promotional_credits", "promotional_credit");
pub const UNBILLED_CHARGES: List = List::by(Since::Nothing, "unbilled_charges", "unbilled_charge");
pub const FEATURES: List = List::by(Since::Nothing, "features", "feature");
pub const ENTITLEMENTS: List = List::by(Since::Nothing, "entitlements", "entitlement");

/// Which rows of a list, and which page of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Only rows changed after this instant, the overlap already taken off. A first read has none: rows that bear no
    /// `updated_at` pass no filter on it.
    pub updated_after: Option<Timestamp>,
    /// Where the page begins, as the page before it said.
    pub offset: Option<String>,
    /// Deleted rows too; without effect on lists that do not offer them.
    pub include_deleted: bool,
    /// Rows on a page, 1 to 100; 100 when absent.
    pub limit: Option<u16>,
}

impl ListQuery {
    /// The same rows, the page that begins at `offset`.
    #[must_use]
    pub fn at(&self, offset: impl Into<String>) -> Self {
        Self { offset: Some(offset.into()), ..self.clone() }
    }

    /// The parameters as `list` understands them.
    pub fn parameters(&self, list: &List) -> Vec<(&'static str, String)> {
        let limit = self.limit.unwrap_or(PAGE_ROWS_MAX).clamp(1, PAGE_ROWS_MAX);
        let mut parameters = vec![("limit", limit.to_string())];
        if list.sorts_by_update {
            parameters.push(("sort_by[asc]", "updated_at".to_owned()));
        }
        let filter = match list.since {
            Since::Update => Some("updated_at[after]"),
            Since::Creation => Some("created_at[after]"),
            Since::Nothing => None,
        };
        if let (Some(filter), Some(after)) = (filter, self.filter_second()) {
            parameters.push((filter, after.to_string()));
        }
        if self.include_deleted && list.has_deleted {
            parameters.push(("include_deleted", "true".to_owned()));
        }
        if let Some(offset) = &self.offset {
            parameters.push(("offset", offset.clone()));
        }
        parameters
    }

    /// The second that the filter names, or `None` where every row is newer.
    fn filter_second(&self) -> Option<i64> {
        let second = self.updated_after?.as_second().min(LAST_TEN_DIGIT_SECOND);
        (second >= FIRST_TEN_DIGIT_SECOND).then_some(second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(query: &ListQuery, list: &List) -> String {
        let pairs: Vec<_> = query.parameters(list).into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        pairs.join("&")
    }

    #[test]
    fn each_list_is_asked_only_for_what_it_knows() {
        let since = Some(Timestamp::from_second(1_700_000_000).unwrap());
        let query = ListQuery { updated_after: since, include_deleted: true, ..ListQuery::default() };
        let whole = "limit=100&sort_by[asc]=updated_at&updated_at[after]=1700000000&include_deleted=true";
        for list in [CUSTOMERS, SUBSCRIPTIONS, INVOICES, TRANSACTIONS] {
            assert_eq!(spelled(&query, &list), whole, "{}", list.path);
        }
        for list in [ITEMS, ITEM_PRICES] {
            assert_eq!(spelled(&query, &list), "limit=100&sort_by[asc]=updated_at&updated_at[after]=1700000000");
        }
        for list in [ITEM_FAMILIES, COUPONS] {
            assert_eq!(spelled(&query, &list), "limit=100&updated_at[after]=1700000000", "{}", list.path);
        }
        assert_eq!(spelled(&query, &PROMOTIONAL_CREDITS), "limit=100&created_at[after]=1700000000");
        for list in [UNBILLED_CHARGES, FEATURES, ENTITLEMENTS] {
            assert_eq!(spelled(&query, &list), "limit=100", "{}", list.path);
        }
    }

    #[test]
    fn limits_stay_within_chargebees_and_the_offset_is_passed_on() {
        let query = ListQuery { limit: Some(500), ..ListQuery::default() }.at(r#"["15","21"]"#);
        assert_eq!(spelled(&query, &COUPONS), r#"limit=100&offset=["15","21"]"#);
        assert_eq!(spelled(&ListQuery { limit: Some(0), ..ListQuery::default() }, &COUPONS), "limit=1");
    }

    #[test]
    fn an_instant_of_fewer_than_ten_digits_is_no_filter() {
        let early = ListQuery { updated_after: Some(Timestamp::UNIX_EPOCH), ..ListQuery::default() };
        assert_eq!(spelled(&early, &COUPONS), "limit=100");
        let late = ListQuery { updated_after: Some(Timestamp::MAX), ..ListQuery::default() };
        assert_eq!(spelled(&late, &COUPONS), "limit=100&updated_at[after]=9999999999");
    }
}
