//! `$select`, `$filter` and `$expand` on definitions, which are JSON here. No paging, no order.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::super::call::Query;
use super::super::cell;
use super::super::failure::{Failure, Outcome};
use super::super::query::filter::{self, Condition, Literal, Operator, TextFunction};

/// The options that definitions know.
pub struct MetadataQuery {
    select: Option<Vec<String>>,
    filter: Option<Condition>,
    pub expand: Vec<(String, Option<Vec<String>>)>,
}

impl MetadataQuery {
    /// Reads the query of a URL.
    pub fn read(query: &Query) -> Outcome<Self> {
        for name in query.names() {
            let known = matches!(name, "$select" | "$filter" | "$expand" | "$count" | "LabelLanguages" | "tag");
            if !known && !name.starts_with('@') {
                return Err(Failure::query(format!("The query parameter {name} is not supported.")));
            }
        }
        let filter = query.get("$filter").map(filter::parse).transpose()?;
        let expand = query.get("$expand").map(expansions).unwrap_or_default();
        Ok(Self { select: query.get("$select").map(names), filter, expand })
    }

    /// The names that are selected.
    pub fn selected(&self) -> &[String] {
        self.select.as_deref().unwrap_or_default()
    }

    /// Whether a definition is meant.
    pub fn means(&self, definition: &Value) -> Outcome<bool> {
        self.filter.as_ref().map_or(Ok(true), |condition| holds(condition, definition))
    }

    /// A definition with the selected members, its type and its id.
    /// What is expanded stays, whatever is selected.
    pub fn shown(&self, definition: Value) -> Outcome<Value> {
        let expanded = self.expand.iter().filter_map(|(name, _)| Some((name.clone(), definition.get(name)?.clone())));
        let expanded: Vec<(String, Value)> = expanded.collect();
        let mut shown = project(definition, self.select.as_deref())?;
        for (name, value) in expanded {
            shown[name] = value;
        }
        Ok(shown)
    }
}

/// A definition with these members, its type and its id.
pub fn project(definition: Value, select: Option<&[String]>) -> Outcome<Value> {
    let (Some(select), Value::Object(all)) = (select, &definition) else { return Ok(definition) };
    let mut out = Map::new();
    for name in ["@odata.type", "MetadataId"] {
        if let Some(value) = all.get(name) {
            out.insert(name.to_owned(), value.clone());
        }
    }
    for name in select {
        let value = all.get(name).ok_or_else(|| Failure::no_property(name, "MetadataBase"))?;
        out.insert(name.clone(), value.clone());
    }
    Ok(Value::Object(out))
}

fn names(text: &str) -> Vec<String> {
    text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// `Keys,Attributes($select=LogicalName)`
fn expansions(text: &str) -> Vec<(String, Option<Vec<String>>)> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for character in text.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if character == ',' && depth == 0 {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(character);
        }
    }
    let expansion = |part: &String| match part.split_once('(') {
        None => (part.trim().to_owned(), None),
        Some((name, inner)) => {
            let select =
                inner.trim_end_matches(')').split(';').find_map(|option| option.trim().strip_prefix("$select="));
            (name.trim().to_owned(), select.map(names))
        }
    };
    parts.iter().map(expansion).collect()
}

fn holds(condition: &Condition, definition: &Value) -> Outcome<bool> {
    Ok(match condition {
        Condition::And(a, b) => holds(a, definition)? && holds(b, definition)?,
        Condition::Or(a, b) => holds(a, definition)? || holds(b, definition)?,
        Condition::Not(inner) => !holds(inner, definition)?,
        Condition::Compare { path, operator, literal } => compare(member(definition, path)?, *operator, literal),
        Condition::Match { function, path, text } => {
            let value = member(definition, path)?.as_str().map(str::to_lowercase).unwrap_or_default();
            let text = text.to_lowercase();
            match function {
                TextFunction::Contains => value.contains(&text),
                TextFunction::StartsWith => value.starts_with(&text),
                TextFunction::EndsWith => value.ends_with(&text),
            }
        }
        Condition::In { .. } | Condition::Lambda { .. } => {
            return Err(Failure::query("This filter is not supported on metadata."));
        }
    })
}

fn member<'a>(definition: &'a Value, path: &[String]) -> Outcome<&'a Value> {
    let mut at = definition;
    for name in path {
        at = at.get(name).ok_or_else(|| Failure::no_property(name, "MetadataBase"))?;
    }
    Ok(at)
}

fn compare(value: &Value, operator: Operator, literal: &Literal) -> bool {
    let order = match (value, literal) {
        (Value::Null, Literal::Word(word)) if word == "null" => Some(Ordering::Equal),
        (Value::String(a), Literal::Text(b)) => Some(a.as_str().cmp(b.as_str())),
        (Value::String(a), Literal::Word(b)) => Some(a.to_lowercase().cmp(&b.to_lowercase())),
        (Value::Bool(a), Literal::Word(b)) => b.parse::<bool>().ok().map(|b| a.cmp(&b)),
        (Value::Number(_), Literal::Word(b)) => {
            let b = serde_json::from_str(b).ok().and_then(|value: Value| cell::decimal(&value));
            cell::decimal(value).zip(b).map(|(a, b)| a.cmp(&b))
        }
        _ => None,
    };
    match operator {
        Operator::Eq => order == Some(Ordering::Equal),
        Operator::Ne => order != Some(Ordering::Equal),
        Operator::Gt => order == Some(Ordering::Greater),
        Operator::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        Operator::Lt => order == Some(Ordering::Less),
        Operator::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
    }
}
