//! What a URL under `/api/v1/` asks for.

/// A parsed path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub division: Option<i32>,
    /// `service/Resource`, as written.
    pub path: String,
    /// What stands in parentheses.
    pub key: Option<String>,
    /// The collection of the row under the key.
    pub navigation: Option<String>,
    /// `/$count` at the end.
    pub count: bool,
}

/// Parses a decoded path; `None` when it does not start as one.
pub fn parse(path: &str) -> Option<Route> {
    let rest = path.strip_prefix("/api/v1/")?;
    let first = rest.split('/').next()?;
    let (division, rest) = match first.parse::<i32>() {
        Ok(division) => (Some(division), rest.strip_prefix(first)?.strip_prefix('/')?),
        Err(_) => (None, rest),
    };
    let (rest, count) = match rest.strip_suffix("/$count") {
        Some(shorter) => (shorter, true),
        None => (rest, false),
    };
    let Some(open) = rest.find('(') else {
        return Some(Route { division, path: rest.to_owned(), key: None, navigation: None, count });
    };
    let close = rest.rfind(')').filter(|close| *close > open)?;
    let after = &rest[close + 1..];
    let navigation = match after.strip_prefix('/') {
        Some(name) => Some(name.to_owned()),
        None if after.is_empty() => None,
        None => return None,
    };
    let key = Some(rest[open + 1..close].to_owned());
    Some(Route { division, path: rest[..open].to_owned(), key, navigation, count })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_every_form_are_understood() {
        let keyed = parse("/api/v1/100001/salesentry/SalesEntries(guid'ab')/SalesEntryLines").expect("a path");
        assert_eq!((keyed.division, keyed.path.as_str()), (Some(100_001), "salesentry/SalesEntries"));
        assert_eq!((keyed.key.as_deref(), keyed.navigation.as_deref()), (Some("guid'ab'"), Some("SalesEntryLines")));
        let me = parse("/api/v1/current/Me").expect("a path");
        assert_eq!((me.division, me.path.as_str()), (None, "current/Me"));
        assert!(parse("/api/v1/100001/crm/Accounts/$count").is_some_and(|route| route.count));
        assert_eq!(parse("/api/v1/1/a(b"), None);
        assert_eq!(parse("/other"), None);
    }
}
