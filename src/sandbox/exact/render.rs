//! Rows as OData v2 JSON, or as Atom for whoever did not ask for JSON.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::contract::Kind;
use super::query::{Page, Query};
use super::rows::Row;
use super::source::Scope;

/// What rendering needs besides the rows.
#[derive(Clone, Copy, Debug)]
pub struct Style<'a> {
    /// Scheme, host and port as clients see them.
    pub public_url: &'a str,
    /// Path of the collection as it was asked for, from `/api`.
    pub path: &'a str,
    pub atom: bool,
}

/// A page of a collection.
pub fn page(
    scope: Scope<'_>,
    query: &Query,
    page: &Page<'_>,
    options: &[(String, String)],
    style: Style<'_>,
) -> Answer {
    if style.atom {
        return atom(query, &page.rows);
    }
    let rows: Vec<Value> = page.rows.iter().map(|row| object(scope, query, row, style)).collect();
    // A list that can have no next page comes in the older form, as a bare array; not so the continuation of a list.
    let bare = query.after.is_none()
        && query.top.is_some_and(|top| query.resource.page_size == 0 || top <= query.resource.page_size);
    if bare && page.count.is_none() {
        return Answer::json(200, &json!({"d": rows}));
    }
    let mut list = Map::from_iter([("results".to_owned(), Value::Array(rows))]);
    if let Some(count) = page.count {
        list.insert("__count".to_owned(), json!(count.to_string()));
    }
    if let Some((token, left)) = &page.next {
        list.insert("__next".to_owned(), json!(next_link(options, token, *left, style)));
    }
    Answer::json(200, &json!({"d": list}))
}

/// One row under its key, or as the answer to a POST.
pub fn single(scope: Scope<'_>, query: &Query, row: &Row<'_>, status: u16, style: Style<'_>) -> Answer {
    if style.atom {
        return Answer { status, ..atom(query, std::slice::from_ref(row)) };
    }
    Answer::json(status, &json!({"d": object(scope, query, row, style)}))
}

/// The absolute address of the next page: the options as they were, with what is left of `$top` and the place.
fn next_link(options: &[(String, String)], token: &str, left: Option<usize>, style: Style<'_>) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in options {
        match (name.as_str(), left) {
            ("$skiptoken" | "$skip", _) => {}
            ("$top", Some(left)) => drop(pairs.append_pair("$top", &left.to_string())),
            _ => drop(pairs.append_pair(name, value)),
        }
    }
    pairs.append_pair("$skiptoken", token);
    format!("{}{}?{}", style.public_url, style.path, pairs.finish())
}

/// A row as a JSON object, with what the query selects and expands.
pub fn object(scope: Scope<'_>, query: &Query, row: &Row<'_>, style: Style<'_>) -> Value {
    let resource = query.resource;
    let division =
        if resource.path.starts_with("current/") { String::new() } else { format!("{}/", scope.division.code) };
    let uri = format!("{}/api/v1/{division}{}({})", style.public_url, resource.path, row.key_text(resource));
    let metadata = json!({"uri": uri, "type": format!("Exact.Web.Api.Models.{}", resource.model)});
    let mut object = Map::from_iter([("__metadata".to_owned(), metadata)]);
    for property in resource.properties.iter().filter(|property| query.selects(property.name)) {
        let value = if property.kind == Kind::Collection {
            collection(scope, query, row, property.name, &uri, style)
        } else {
            row.cell(property.name).to_json()
        };
        object.insert(property.name.to_owned(), value);
    }
    Value::Object(object)
}

fn collection(scope: Scope<'_>, query: &Query, row: &Row<'_>, name: &str, uri: &str, style: Style<'_>) -> Value {
    if !query.expands(name) {
        return json!({"__deferred": {"uri": format!("{uri}/{name}")}});
    }
    let mut rows = Vec::new();
    let children = row.children(name);
    if let Some((path, children)) = children
        && let Some(nested) = nested(query, name, path)
    {
        rows.extend(children.iter().map(|child| object(scope, &nested, child, style)));
    }
    json!({"results": rows})
}

/// The query for expanded rows: what `$select` says about them (`SalesEntryLines/AmountFC`), else everything.
fn nested(query: &Query, name: &str, path: &str) -> Option<Query> {
    let prefix = format!("{name}/");
    let select: Vec<&str> = query.select.iter().filter_map(|part| part.strip_prefix(&prefix)).collect();
    let options: Vec<(String, String)> =
        if select.is_empty() { Vec::new() } else { vec![("$select".to_owned(), select.join(","))] };
    Query::parse_unfiltered(super::contract::resource(path)?, &options).ok()
}

fn atom(query: &Query, rows: &[Row<'_>]) -> Answer {
    let mut body = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><feed xmlns=\"http://www.w3.org/2005/Atom\" \
         xmlns:d=\"http://schemas.microsoft.com/ado/2007/08/dataservices\" \
         xmlns:m=\"http://schemas.microsoft.com/ado/2007/08/dataservices/metadata\">",
    );
    for row in rows {
        body.push_str("<entry><content type=\"application/xml\"><m:properties>");
        for property in query.resource.properties.iter().filter(|property| query.selects(property.name)) {
            match row.cell(property.name).to_atom() {
                Some(text) => body.push_str(&format!("<d:{0}>{1}</d:{0}>", property.name, escape(&text))),
                None => body.push_str(&format!("<d:{} m:null=\"true\" />", property.name)),
            }
        }
        body.push_str("</m:properties></content></entry>");
    }
    body.push_str("</feed>");
    Answer::text(200, "application/atom+xml;charset=utf-8", body)
}

/// Text safe inside XML and HTML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
