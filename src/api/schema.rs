//! Judges a node by the schema of its kind, as the API server would with strict validation: types, words, limits, patterns,
//! required and unknown fields. Everything that is wrong is told, with what mends it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jiff::civil::Date;
use regex::Regex;
use serde_json::{Map, Value};

use super::yaml::{Node, Scalar, Value as NodeValue};

/// Something that the schema does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field: `spec.vat[2].code`.
    pub field: String,
    pub line: usize,
    pub message: String,
    pub remedy: String,
}

/// Everything in `node`, which stands at `path`, that `schema` does not allow.
pub fn check(schema: &Value, node: &Node, path: &str) -> Vec<Violation> {
    let mut judge = Judge { violations: Vec::new() };
    judge.value(schema, node, path);
    judge.violations
}

struct Judge {
    violations: Vec<Violation>,
}

impl Judge {
    fn wrong(&mut self, line: usize, field: &str, message: impl Into<String>, remedy: impl Into<String>) {
        let (message, remedy) = (message.into(), remedy.into());
        self.violations.push(Violation { field: field.to_owned(), line, message, remedy });
    }

    fn value(&mut self, schema: &Value, node: &Node, path: &str) {
        if schema["x-kubernetes-int-or-string"] == true {
            return self.int_or_text(schema, node, path);
        }
        match (schema["type"].as_str(), &node.value) {
            (Some("object"), NodeValue::Map(entries)) => self.object(schema, entries, node.line, path),
            (Some("array"), NodeValue::List(items)) => self.list(schema, items, node, path),
            (Some("string"), NodeValue::Text(text)) => self.text(schema, text, node.line, path),
            (Some("integer"), NodeValue::Plain(_, Scalar::Int(number))) => {
                self.integer(schema, *number, node.line, path)
            }
            (Some("number"), NodeValue::Plain(_, Scalar::Int(_) | Scalar::UInt(_) | Scalar::Float(_)))
            | (Some("boolean"), NodeValue::Plain(_, Scalar::Bool(_)))
            | (None, _) => {}
            (Some(expected), _) => self.type_mismatch(expected, schema, node, path),
        }
    }

    fn type_mismatch(&mut self, expected: &str, schema: &Value, node: &Node, path: &str) {
        let needed = match expected {
            "object" => "a map",
            "array" => "a list",
            "string" => "a text",
            "integer" => "a whole number",
            "boolean" => "true or false",
            _ => "a number",
        };
        let (message, remedy) = match &node.value {
            NodeValue::Plain(raw, Scalar::Bool(value)) if expected == "string" => (
                format!("{raw} without quotes is the boolean {value} in YAML; a text is needed"),
                format!("quote it: \"{raw}\""),
            ),
            NodeValue::Plain(raw, Scalar::Int(_) | Scalar::UInt(_) | Scalar::Float(_)) if expected == "string" => {
                (format!("{raw} without quotes is a number in YAML; a text is needed"), format!("quote it: \"{raw}\""))
            }
            NodeValue::Text(text) if fits_without_quotes(expected, text) => {
                (format!("{needed} is needed and not the text {text:?}"), format!("write it without quotes: {text}"))
            }
            _ => (format!("{needed} is needed and not {}", node.kind_in_words()), hint(schema)),
        };
        self.wrong(node.line, path, message, remedy);
    }

    fn int_or_text(&mut self, schema: &Value, node: &Node, path: &str) {
        match &node.value {
            NodeValue::Plain(_, Scalar::Int(number)) => self.integer(schema, *number, node.line, path),
            NodeValue::Text(text) => self.text(schema, text, node.line, path),
            NodeValue::Plain(raw, Scalar::Float(_)) => self.wrong(
                node.line,
                path,
                format!("{raw} without quotes is a float, which is not exact"),
                format!("quote it: \"{raw}\""),
            ),
            _ => {
                let message = format!("a whole number or a text is needed and not {}", node.kind_in_words());
                self.wrong(node.line, path, message, hint(schema));
            }
        }
    }

    fn object(&mut self, schema: &Value, entries: &[(String, usize, Node)], line: usize, path: &str) {
        let none = Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&none);
        for (name, key_line, node) in entries {
            let field = join(path, name);
            // Null means "absent", as everywhere in Kubernetes.
            match (properties.get(name), schema.get("additionalProperties")) {
                _ if node.is_null() => {}
                (Some(property), _) => self.value(property, node, &field),
                (None, Some(values)) => self.value(values, node, &field),
                (None, None) if schema["x-kubernetes-preserve-unknown-fields"] == true => {}
                (None, None) => self.unknown(name, properties, *key_line, &field),
            }
        }
        let given = entries.iter().filter(|(.., node)| !node.is_null()).count();
        self.limit(schema, "maxProperties", given, line, path, "entries");
        for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !entries.iter().any(|(name, _, node)| name == required && !node.is_null()) {
                let remedy = properties.get(required).map(hint).unwrap_or_default();
                self.wrong(line, &join(path, required), "is required and missing", remedy);
            }
        }
    }

    fn unknown(&mut self, name: &str, properties: &Map<String, Value>, line: usize, field: &str) {
        let known = properties.keys().map(String::as_str);
        let remedy = match nearest(name, known.clone()) {
            Some(known) => format!("did you mean {known}?"),
            None => format!("known here: {}", known.collect::<Vec<_>>().join(", ")),
        };
        self.wrong(line, field, "unknown field", remedy);
    }

    fn list(&mut self, schema: &Value, items: &[Node], node: &Node, path: &str) {
        self.limit(schema, "maxItems", items.len(), node.line, path, "items");
        for (index, item) in items.iter().enumerate() {
            self.value(&schema["items"], item, &format!("{path}[{index}]"));
        }
        self.duplicates(schema, items, path);
    }

    /// Items of a list that is a map by some of their fields must differ in them.
    fn duplicates(&mut self, schema: &Value, items: &[Node], path: &str) {
        let keys: Vec<&str> =
            schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut seen = BTreeSet::new();
        for (index, item) in items.iter().enumerate().filter(|_| !keys.is_empty()) {
            let values =
                keys.iter().map(|key| item.get(key).map(|node| node.to_json().to_string()).unwrap_or_default());
            let identity = keys.iter().zip(values).map(|(key, value)| format!("{key} {value}")).collect::<Vec<_>>();
            let identity = identity.join(", ");
            if !seen.insert(identity.clone()) {
                let message = format!("{identity} is given twice in this list");
                self.wrong(item.line, &format!("{path}[{index}]"), message, "keep one of them");
            }
        }
    }

    fn limit(&mut self, schema: &Value, keyword: &str, size: usize, line: usize, path: &str, what: &str) {
        if let Some(most) = schema[keyword].as_u64()
            && size as u64 > most
        {
            self.wrong(line, path, format!("has {size} {what}, at most {most} are allowed"), "take some out");
        }
    }

    fn text(&mut self, schema: &Value, text: &str, line: usize, path: &str) {
        if let Some(words) = schema["enum"].as_array() {
            return self.word(words, text, line, path);
        }
        let length = text.chars().count() as u64;
        if let Some(most) = schema["maxLength"].as_u64().filter(|most| length > *most) {
            let shown: String = text.chars().take(40).collect();
            let message = format!("{shown:?} has {length} characters, at most {most} are allowed");
            self.wrong(line, path, message, hint(schema));
        } else if schema["format"] == "date" {
            self.date(text, line, path);
        } else if schema["minLength"].as_u64().is_some_and(|least| length < least) {
            self.wrong(line, path, format!("{text:?} is too short"), hint(schema));
        } else if let Some(pattern) = schema["pattern"].as_str()
            && !matches_pattern(pattern, text)
        {
            self.wrong(line, path, format!("{text:?} {}", must(pattern)), hint(schema));
        }
    }

    fn word(&mut self, words: &[Value], text: &str, line: usize, path: &str) {
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        if !words.contains(&text) {
            let remedy = nearest(text, words.iter().copied()).map(|word| format!("did you mean {word}?"));
            let message = format!("{text:?} is none of {}", words.join(", "));
            self.wrong(line, path, message, remedy.unwrap_or_default());
        }
    }

    fn date(&mut self, text: &str, line: usize, path: &str) {
        let well_formed = text.len() == 10 && text.parse::<Date>().is_ok();
        if !well_formed {
            self.wrong(line, path, format!("{text:?} is no day of the calendar"), "write it like \"2026-07-01\"");
        }
    }

    fn integer(&mut self, schema: &Value, number: i64, line: usize, path: &str) {
        let is_32_bit = schema["format"] == "int32";
        let least = schema["minimum"].as_f64().unwrap_or(if is_32_bit { f64::from(i32::MIN) } else { f64::MIN });
        let most = schema["maximum"].as_f64().unwrap_or(if is_32_bit { f64::from(i32::MAX) } else { f64::MAX });
        // Limits are far below 2^53, where a float still tells every whole number.
        if (number as f64) < least || (number as f64) > most {
            let bounds = match (schema["minimum"].as_f64(), most < f64::MAX) {
                (Some(least), true) => format!("from {least} to {most}"),
                (Some(least), false) => format!("{least} or more"),
                _ => format!("at most {most}"),
            };
            self.wrong(line, path, format!("{number} is out of range: {bounds}"), hint(schema));
        }
    }
}

fn fits_without_quotes(expected: &str, text: &str) -> bool {
    match expected {
        "integer" => text.parse::<i64>().is_ok(),
        "boolean" => matches!(text, "true" | "false"),
        _ => false,
    }
}

/// The example that a description gives, where it gives one.
fn hint(schema: &Value) -> String {
    let description = schema["description"].as_str().unwrap_or_default();
    let example = description.split("Example: `").nth(1).and_then(|rest| rest.split('`').next());
    match (example, schema["enum"].as_array()) {
        (Some(example), _) => format!("for example: {example}"),
        (None, Some(words)) => {
            format!("one of {}", words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "))
        }
        (None, None) => String::new(),
    }
}

/// What a pattern asks for, in words where there are some.
fn must(pattern: &str) -> String {
    let words = match pattern {
        "^[A-Z]{2}$" => "is no country code: two capitals of ISO 3166-1, such as NL",
        "^[A-Z]{3}$" => "is no currency code: three capitals of ISO 4217, such as EUR",
        "^cf_[A-Za-z0-9_]+$" => "is no custom field: those of Chargebee begin with cf_",
        r"^\S(.*\S)?$" => "begins or ends with a space",
        r"^\S+( +\S+){4}$" => {
            "is no cron schedule of five fields: minute, hour, day of the month, month, day of the week"
        }
        r"^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$" => {
            "is no length of time in hours, minutes and seconds, such as 15m or 1h30m"
        }
        r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$" => "is no name of an object: small letters, digits, - and . only",
        r"^(100|[0-9]{1,2}([.][0-9]{1,4})?)$" => "is no percentage from 0 to 100 with at most four decimals",
        r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" => "has other signs than small letters, digits and -, or one of - at an end",
        r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$" => "is no name of a time zone, such as Europe/Amsterdam",
        r"^https?://[^\s/?#]+[^\s?#]*$" => "is no address that begins with https://, without ? and #",
        _ => return format!("does not match {pattern}"),
    };
    words.to_owned()
}

/// The known name that a mistyped one most likely means.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let distance = |other: &str| strsim::damerau_levenshtein(&lower, &other.to_lowercase());
    let (near, best) = known.map(|other| (distance(other), other)).min()?;
    let longest = name.chars().count().max(best.chars().count());
    (near <= (longest / 3).max(1)).then_some(best)
}

/// Whether `text` matches; a pattern is compiled once. One that is no regular expression matches everything: a test keeps
/// such out of the schemas.
fn matches_pattern(pattern: &str, text: &str) -> bool {
    static COMPILED: LazyLock<Mutex<HashMap<String, Option<Arc<Regex>>>>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let regex = compiled.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).ok().map(Arc::new)).clone();
    drop(compiled);
    regex.is_none_or(|regex| regex.is_match(text))
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
