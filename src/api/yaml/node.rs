//! A node of a YAML tree, and the line that it stands on.

use serde_json::{Map, Number};

use super::scalar::Scalar;

/// A node with the line of the file on which it begins, from 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub line: usize,
    pub value: Value,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An unquoted scalar that is no text, as it was written and as it resolves.
    Plain(String, Scalar),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file; each key once, with the line of the key.
    Map(Vec<(String, usize, Node)>),
}

impl Node {
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, ..)| name == key).map(|(.., node)| node)
    }

    /// The entries of a map; none of anything else.
    pub fn entries(&self) -> &[(String, usize, Node)] {
        if let Value::Map(entries) = &self.value { entries } else { &[] }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Self] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    pub fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Plain(_, Scalar::Null))
    }

    /// The node at a path like `spec.vat[2].code`, or else the nearest one above it.
    pub fn nearest(&self, path: &str) -> &Self {
        let mut node = self;
        for step in path.split(['.', '[']).map(|step| step.trim_end_matches(']')).filter(|step| !step.is_empty()) {
            let next = match &node.value {
                Value::List(items) => step.parse::<usize>().ok().and_then(|index| items.get(index)),
                _ => node.get(step),
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        node
    }

    /// The node as JSON. What JSON cannot say (not a number, infinity) becomes null; [`super::parse`] has refused it.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Text(text) => text.as_str().into(),
            Value::Plain(_, scalar) => match scalar {
                Scalar::Null => serde_json::Value::Null,
                Scalar::Bool(value) => (*value).into(),
                Scalar::Int(value) => (*value).into(),
                Scalar::UInt(value) => (*value).into(),
                Scalar::Float(value) => Number::from_f64(*value).into(),
                Scalar::Text(text) => text.as_str().into(),
            },
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Map(entries) => {
                let pairs = entries.iter().map(|(key, _, node)| (key.clone(), node.to_json()));
                serde_json::Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }

    /// What kind of value it is, in words for a message.
    pub fn kind_in_words(&self) -> &'static str {
        match &self.value {
            Value::Text(_) | Value::Plain(_, Scalar::Text(_)) => "a text",
            Value::Plain(_, Scalar::Null) => "nothing",
            Value::Plain(_, Scalar::Bool(true)) => "the boolean true",
            Value::Plain(_, Scalar::Bool(false)) => "the boolean false",
            Value::Plain(_, Scalar::Int(_) | Scalar::UInt(_)) => "a whole number",
            Value::Plain(_, Scalar::Float(_)) => "a number with decimals",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}
