//! Addresses and literals of the Web API (dynamics365.md §2.1–2.3, §2.6).

use url::Url;
use url::form_urlencoded::byte_serialize;
use uuid::Uuid;

use crate::connectors::http::{CallError, CallResult};

/// The version that stored addresses name.
const API_PATH: &str = "api/data/v9.2";
/// Longest address that the service takes.
pub(super) const URL_LENGTH_MAX: usize = 32_768;

/// The organization's root, its own path kept where a proxy stands before it.
///
/// # Errors
/// Where it is no address of HTTP, or holds credentials of its own, which would end up in messages.
pub(super) fn checked_root(mut root: Url) -> CallResult<Url> {
    let usable = matches!(root.scheme(), "http" | "https") && root.has_host();
    if !usable || !root.username().is_empty() || root.password().is_some() {
        let message =
            "organizationUrl must be http or https without a user name, such as https://contoso.crm4.dynamics.com";
        return Err(CallError::Unauthorized { message: message.to_owned() });
    }
    let path = root.path().trim_end_matches('/').to_owned();
    let path = path.split("/api/data").next().unwrap_or_default().to_owned();
    root.set_path(&path);
    root.set_query(None);
    root.set_fragment(None);
    Ok(root)
}

/// `{root}/api/data/v9.2/{path}?{query}`. Query values must be encoded already; see [`query`].
pub(super) fn api_url(root: &Url, path: &str, query: &str) -> Url {
    let mut url = root.clone();
    url.set_path(&format!("{}/{API_PATH}/{path}", root.path().trim_end_matches('/')));
    url.set_query((!query.is_empty()).then_some(query));
    url
}

/// Options and their values as a query: spaces as `%20`, which every server reads alike.
pub(super) fn query(options: &[(&str, &str)]) -> String {
    let one = |(name, value): &(&str, &str)| {
        let value: String = byte_serialize(value.as_bytes()).collect();
        format!("{name}={}", value.replace('+', "%20").replace("%2C", ",").replace("%24", "$"))
    };
    options.iter().map(one).collect::<Vec<_>>().join("&")
}

/// A string literal; a quote in it is doubled, so that no value can end it.
pub(super) fn string(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// `accounts(…)`: a row by its id.
pub(super) fn by_id(set: &str, id: Uuid) -> String {
    format!("{set}({id})")
}

/// `cb_customers(cb_key='…')`: a row by its alternate key. Koppel's keys hold nothing that an address cannot
/// ([`crate::crm::record_key`]).
pub(super) fn by_key(set: &str, column: &str, value: &str) -> String {
    format!("{set}({column}={})", string(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(text: &str) -> CallResult<Url> {
        checked_root(Url::parse(text).unwrap())
    }

    #[test]
    fn however_the_organization_is_written_its_api_is_one() {
        for text in [
            "https://c.crm4.dynamics.com",
            "https://c.crm4.dynamics.com/",
            "https://c.crm4.dynamics.com/api/data/v9.2/",
        ] {
            let url = api_url(&root(text).unwrap(), "WhoAmI", "");
            assert_eq!(url.as_str(), "https://c.crm4.dynamics.com/api/data/v9.2/WhoAmI", "{text}");
        }
        let url = api_url(&root("http://127.0.0.1:8080/org/").unwrap(), "WhoAmI", "");
        assert_eq!(url.as_str(), "http://127.0.0.1:8080/org/api/data/v9.2/WhoAmI");
    }

    #[test]
    fn an_address_that_cannot_be_called_is_refused_without_repeating_it() {
        for text in ["ftp://x", "https://user:hunter2@x"] {
            let told = root(text).unwrap_err().to_string();
            assert!(told.contains("organizationUrl") && !told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn values_cannot_end_what_they_stand_in() {
        assert_eq!(by_key("sets", "k", "O'Brien"), "sets(k='O''Brien')");
        let url = api_url(
            &root("https://x").unwrap(),
            "accounts",
            &query(&[("$filter", "name eq 'A&B + C'"), ("$select", "a,b")]),
        );
        assert_eq!(url.query(), Some("$filter=name%20eq%20%27A%26B%20%2B%20C%27&$select=a,b"));
    }
}
