//! What the vendor's field reference says about each resource: verbs, page size, key, properties.

use std::collections::HashMap;
use std::sync::OnceLock;

/// The type of a property, as far as queries and writes differ by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Guid,
    Text,
    Int,
    Long,
    Double,
    Bool,
    Date,
    Collection,
    Other,
}

/// One property of a resource.
#[derive(Debug)]
pub struct Property {
    pub name: &'static str,
    pub kind: Kind,
    pub on_post: bool,
    pub on_put: bool,
}

/// One resource of the vendor's reference.
#[derive(Debug)]
pub struct Resource {
    pub path: &'static str,
    verbs: &'static str,
    /// Rows per page; 0 when the resource is not paged.
    pub page_size: usize,
    pub key: Vec<&'static str>,
    pub model: &'static str,
    pub mandatory: Vec<&'static str>,
    pub properties: Vec<Property>,
    by_name: HashMap<&'static str, usize>,
}

impl Resource {
    /// The property of that name; names are case-sensitive.
    pub fn property(&self, name: &str) -> Option<&Property> {
        self.by_name.get(name).and_then(|index| self.properties.get(*index))
    }

    /// Whether the resource is there for that HTTP method.
    pub fn allows(&self, method: &str) -> bool {
        let verb = match method {
            "GET" => 'g',
            "POST" => 'o',
            "PUT" => 'u',
            "DELETE" => 'e',
            _ => return false,
        };
        self.verbs.contains(verb)
    }

    /// A sync resource: ordered by row version, filtered by `Timestamp` only.
    pub fn is_sync(&self) -> bool {
        self.path.starts_with("sync/")
    }

    /// A bulk resource: 1,000 rows a page, `$select` mandatory.
    pub fn is_bulk(&self) -> bool {
        self.path.starts_with("bulk/")
    }
}

/// The resource at `path` (`service/Resource`), if the sandbox serves it. Paths are case-sensitive.
pub fn resource(path: &str) -> Option<&'static Resource> {
    all().get(path)
}

/// The resources directly under a service such as `salesentry` or `sync/Financial`, by path.
pub fn of_service(service: &str) -> Vec<&'static Resource> {
    let under = |resource: &&Resource| resource.path.rsplit_once('/').is_some_and(|(prefix, _)| prefix == service);
    let mut found: Vec<&'static Resource> = all().values().filter(under).collect();
    found.sort_by_key(|resource| resource.path);
    found
}

fn all() -> &'static HashMap<&'static str, Resource> {
    static ALL: OnceLock<HashMap<&'static str, Resource>> = OnceLock::new();
    ALL.get_or_init(|| parse(include_str!("contract.txt")))
}

fn parse(text: &'static str) -> HashMap<&'static str, Resource> {
    let mut all = HashMap::new();
    for block in text.split("\n@").skip(1) {
        if let Some(resource) = parse_block(block) {
            all.insert(resource.path, resource);
        }
    }
    all
}

fn parse_block(block: &'static str) -> Option<Resource> {
    let (head, body) = block.split_once('\n')?;
    let head: Vec<&str> = head.trim_start_matches('@').split('|').collect();
    let [path, verbs, page_size, key, model, mandatory] = head[..] else { return None };
    let properties: Vec<Property> = body.split_whitespace().filter_map(parse_property).collect();
    let by_name = properties.iter().enumerate().map(|(index, property)| (property.name, index)).collect();
    let names = |list: &'static str| list.split(',').filter(|name| !name.is_empty()).collect();
    let page_size = page_size.parse().ok()?;
    Some(Resource { path, verbs, page_size, key: names(key), model, mandatory: names(mandatory), properties, by_name })
}

fn parse_property(text: &'static str) -> Option<Property> {
    let (name, rest) = text.split_once(':')?;
    let kind = match rest.chars().next()? {
        'g' => Kind::Guid,
        's' => Kind::Text,
        'i' => Kind::Int,
        'l' => Kind::Long,
        'f' => Kind::Double,
        'b' => Kind::Bool,
        't' => Kind::Date,
        'c' => Kind::Collection,
        _ => Kind::Other,
    };
    Some(Property { name, kind, on_post: rest[1..].contains('o'), on_put: rest[1..].contains('u') })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_read_whole() {
        let entries = resource("salesentry/SalesEntries").expect("served");
        assert_eq!((entries.page_size, entries.key[0], entries.properties.len()), (60, "EntryID", 50));
        assert!(entries.allows("POST") && !entries.property("AmountFC").expect("known").on_post);
        assert_eq!(resource("sync/Financial/TransactionLines").expect("served").page_size, 1000);
        assert!(resource("hrm/CostCenters").is_none(), "paths are case-sensitive");
    }
}
