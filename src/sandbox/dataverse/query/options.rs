//! The system query options, from the query of a URL or from within `$expand`.

use super::super::call::Query;
use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::schema::Table;
use super::compile::{Filter, compile};
use super::filter;

/// Options of a query on rows.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub select: Option<Vec<String>>,
    pub filter: Option<String>,
    pub order: Vec<Order>,
    pub top: Option<usize>,
    pub count: bool,
    pub expand: Vec<Expand>,
    pub skip_token: Option<String>,
}

/// A column to order by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub property: String,
    pub descending: bool,
}

/// A navigation property with the options for what is behind it.
#[derive(Clone, Debug)]
pub struct Expand {
    pub navigation: String,
    pub options: Options,
}

/// What a URL may ask besides the known options.
const IGNORED: [&str; 4] = ["$format", "tag", "api-version", "$skiptoken"];

impl Options {
    /// Reads the query of a URL.
    pub fn read(query: &Query) -> Outcome<Self> {
        let mut options = Self::default();
        for name in query.names() {
            if IGNORED.contains(&name) || name.starts_with('@') {
                continue;
            }
            let value = query.resolved(query.get(name).unwrap_or_default());
            options.set(name, &value)?;
        }
        options.skip_token = query.get("$skiptoken").map(str::to_owned);
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &str) -> Outcome<()> {
        match name {
            "$select" => self.select = Some(names(value)),
            "$filter" => self.filter = Some(value.to_owned()),
            "$orderby" => self.order = names(value).iter().map(|part| order(part)).collect::<Outcome<_>>()?,
            "$top" => {
                let top =
                    value.trim().parse().map_err(|_| Failure::query(format!("Invalid value '{value}' for $top.")))?;
                self.top = Some(top);
            }
            "$count" => self.count = value == "true",
            "$expand" => self.expand = split(value, ',').iter().map(|part| expand(part)).collect::<Outcome<_>>()?,
            "$skip" | "$search" => {
                return Err(Failure::query(format!("The query parameter {name} is not supported.")));
            }
            "$apply" | "fetchXml" | "sql" | "savedQuery" | "userQuery" => return Err(Failure::not_simulated(name)),
            _ => return Err(Failure::query(format!("The query parameter {name} is not supported."))),
        }
        Ok(())
    }

    /// The filter with its names looked up.
    pub fn filter(&self, org: &Org, table: &Table) -> Outcome<Option<Filter>> {
        let Some(text) = &self.filter else { return Ok(None) };
        compile(&org.schema, table, &filter::parse(text)?).map(Some)
    }

    /// Refuses properties that the table does not have.
    pub fn check(&self, table: &Table) -> Outcome<()> {
        let selected = self.select.iter().flatten().map(String::as_str).filter(|name| *name != "*");
        for name in selected.chain(self.order.iter().map(|order| order.property.as_str())) {
            property(table, name)?;
        }
        Ok(())
    }
}

/// The column behind a property: lookups by `_name_value`, others by their name.
pub fn property<'a>(table: &'a Table, name: &str) -> Outcome<&'a super::super::schema::Column> {
    let found = match table.lookup_of(name) {
        Some(column) => Some(column),
        None => table.columns.get(name).filter(|column| !column.is_lookup()),
    };
    found.ok_or_else(|| Failure::no_property(name, &table.logical))
}

fn names(text: &str) -> Vec<String> {
    text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

fn order(text: &str) -> Outcome<Order> {
    let mut words = text.split_whitespace();
    let property = words.next().unwrap_or_default().to_owned();
    let descending = match words.next() {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(other) => return Err(Failure::query(format!("Syntax error at '{other}' in $orderby."))),
    };
    Ok(Order { property, descending })
}

fn expand(text: &str) -> Outcome<Expand> {
    let Some((navigation, rest)) = text.split_once('(') else {
        return Ok(Expand { navigation: text.trim().to_owned(), options: Options::default() });
    };
    let inner =
        rest.trim_end().strip_suffix(')').ok_or_else(|| Failure::query(format!("Syntax error in $expand: {text}")))?;
    let mut options = Options::default();
    for part in split(inner, ';') {
        let (name, value) =
            part.split_once('=').ok_or_else(|| Failure::query(format!("Syntax error in $expand: {part}")))?;
        options.set(name.trim(), value.trim())?;
    }
    Ok(Expand { navigation: navigation.trim().to_owned(), options })
}

/// Splits outside of parentheses and quotes.
fn split(text: &str, at: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut depth, mut quoted) = (0_i32, false);
    for character in text.chars() {
        match character {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        if character == at && depth == 0 && !quoted {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(character);
        }
    }
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}
