//! Addresses at Exact Online: OData literals, `$filter`, `$select`, and the limit on their length.

use jiff::civil::Date;
use url::Url;
use url::form_urlencoded::byte_serialize;
use uuid::Uuid;

/// Longest address that Exact takes, in characters after encoding (exact-online.md §2).
pub(super) const URL_LENGTH_MAX: usize = 6_000;
/// Most values that one search asks for.
pub(super) const VALUES_PER_SEARCH_MAX: usize = 40;
/// No value that Exact stores in a field we search by is longer; asking for one would only spoil the address.
const VALUE_LENGTH_MAX: usize = 500;

/// The query of a GET.
#[derive(Clone, Debug, Default)]
pub(super) struct Query {
    pub filter: Option<String>,
    pub select: Option<&'static str>,
}

impl Query {
    pub fn select(fields: &'static str) -> Self {
        Self { select: Some(fields), ..Self::default() }
    }

    #[must_use]
    pub fn filter(mut self, filter: String) -> Self {
        self.filter = Some(filter);
        self
    }

    fn text(&self) -> String {
        let select = self.select.map(str::to_owned);
        let pairs = [("$filter", self.filter.clone()), ("$select", select)];
        let parts = pairs.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", encoded(&value?))));
        parts.collect::<Vec<_>>().join("&")
    }
}

/// `value` for a query: spaces as `%20`, which every server reads alike, unlike `+`.
fn encoded(value: &str) -> String {
    byte_serialize(value.as_bytes()).collect::<String>().replace('+', "%20").replace("%2C", ",")
}

/// `{site}/api/v1/{division}/{path}?{query}`. Paths are case-sensitive (exact-online.md §3).
pub(super) fn resource_url(site: &Url, division: Option<i32>, path: &str, query: &Query) -> Url {
    let mut url = site_path(
        site,
        &match division {
            Some(division) => format!("api/v1/{division}/{path}"),
            None => format!("api/v1/{path}"),
        },
    );
    let query = query.text();
    url.set_query((!query.is_empty()).then_some(query.as_str()));
    url
}

/// `path` below the site's root, which may itself have a path where a proxy stands before it.
pub(super) fn site_path(site: &Url, path: &str) -> Url {
    let mut url = site.clone();
    url.set_path(&format!("{}/{path}", site.path().trim_end_matches('/')));
    url.set_query(None);
    url.set_fragment(None);
    url
}

/// A string literal; a quote in it is doubled, so that no value can end it.
pub(super) fn string(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

pub(super) fn guid(id: Uuid) -> String {
    format!("guid'{id}'")
}

pub(super) fn int64(value: i64) -> String {
    format!("{value}L")
}

/// A day as Exact takes it in a body: with the time, without a zone; a `Z` has been seen to shift the day (I3).
pub(super) fn day(date: Date) -> String {
    format!("{date}T00:00:00")
}

/// Filters that together ask for every value of `field`, each so short that its address stays within the limits.
/// Values longer than anything Exact stores are left out: nothing can be found under them.
pub(super) fn searches(field: &str, values: &[&str], fits: impl Fn(&str) -> bool) -> Vec<String> {
    let mut filters: Vec<String> = Vec::new();
    let mut taken = 0;
    for value in values.iter().filter(|value| value.len() <= VALUE_LENGTH_MAX) {
        let term = format!("{field} eq {}", string(value));
        let longer = filters.last().filter(|_| taken < VALUES_PER_SEARCH_MAX).map(|last| format!("{last} or {term}"));
        match longer.filter(|longer| fits(longer)) {
            Some(longer) => {
                filters.pop();
                filters.push(longer);
                taken += 1;
            }
            None => {
                filters.push(term);
                taken = 1;
            }
        }
    }
    filters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Url {
        Url::parse("https://start.exactonline.nl").unwrap()
    }

    #[test]
    fn a_quote_in_a_value_cannot_end_the_literal() {
        let query = Query::select("EntryID,YourRef").filter(format!("YourRef eq {}", string("O'Neil & Co")));
        let url = resource_url(&site(), Some(7), "salesentry/SalesEntries", &query);
        let expected = "https://start.exactonline.nl/api/v1/7/salesentry/SalesEntries\
            ?$filter=YourRef%20eq%20%27O%27%27Neil%20%26%20Co%27&$select=EntryID,YourRef";
        assert_eq!(url.as_str(), expected);
    }

    #[test]
    fn a_site_behind_a_path_keeps_it_and_plus_is_no_space() {
        let site = Url::parse("http://127.0.0.1:8080/exact/").unwrap();
        let query = Query::default().filter("Code eq 'a+b'".to_owned());
        let url = resource_url(&site, None, "current/Me", &query);
        assert_eq!(url.as_str(), "http://127.0.0.1:8080/exact/api/v1/current/Me?$filter=Code%20eq%20%27a%2Bb%27");
    }

    #[test]
    fn literals_are_the_vendors() {
        assert_eq!(guid(Uuid::nil()), "guid'00000000-0000-0000-0000-000000000000'");
        assert_eq!(int64(5), "5L");
        assert_eq!(day(Date::constant(2026, 1, 31)), "2026-01-31T00:00:00");
    }

    #[test]
    fn searches_mind_the_number_of_values_and_the_length_of_the_address() {
        let values: Vec<String> = (0..100).map(|number| format!("INV-{number}")).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let by_count = searches("YourRef", &values, |_| true);
        assert_eq!(by_count.iter().map(|filter| filter.matches(" eq ").count()).collect::<Vec<_>>(), [40, 40, 20]);
        let by_length = searches("YourRef", &values, |filter| filter.len() <= 50);
        assert_eq!(by_length.iter().map(|filter| filter.matches(" eq ").count()).sum::<usize>(), 100);
        assert!(by_length.iter().all(|filter| filter.len() <= 50));
        assert!(searches("YourRef", &["x".repeat(501).as_str()], |_| true).is_empty());
    }
}
