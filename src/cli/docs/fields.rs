//! The reference page of a kind, from the schema that is published: every field, with its type, limits and rules.

use std::fmt::Write;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use crate::api::crd::Definition;

/// The page of a kind.
pub fn page(definition: &Definition) -> String {
    let kind = definition.kind;
    let schema = definition.schema();
    let names = &definition.document["spec"]["names"];
    let mut text = format!("# {kind}: every field\n\n{}\n\n", plain(schema));
    let short = names["shortNames"][0].as_str().unwrap_or_default();
    let plural = names["plural"].as_str().unwrap_or_default();
    // Writing to a text cannot fail.
    let _ = writeln!(
        text,
        "`apiVersion: koppel.dev/v1alpha1`, `kind: {kind}`; `kubectl get {plural}`, short `{short}`. How it is used: \
         [{kind}](../{}.md).",
        kind.to_lowercase()
    );
    rules(&mut text, schema);
    for part in ["spec", "status"] {
        section(&mut text, part, &schema["properties"][part]);
    }
    text
}

/// An object: its fields, its rules, then the objects within it.
fn section(text: &mut String, path: &str, schema: &Value) {
    let none = Map::new();
    let fields = schema["properties"].as_object().unwrap_or(&none);
    let _ = write!(text, "\n## {path}\n\n| field | type | |\n|---|---|---|\n");
    for (name, field) in fields {
        let required = schema["required"].as_array().into_iter().flatten().any(|one| one == name.as_str());
        let required = if required { "**Required.** " } else { "" };
        let _ = writeln!(text, "| `{name}` | {} | {required}{} |", in_words(field), cell(&plain(field)));
    }
    rules(text, schema);
    for (name, field) in fields {
        if let Some((suffix, object)) = object_in(field) {
            section(text, &format!("{path}.{name}{suffix}"), object);
        }
    }
}

/// The object that a field holds, itself or as items of a list, with what its path gets.
fn object_in(field: &Value) -> Option<(&'static str, &Value)> {
    let has_fields = |schema: &Value| schema["properties"].is_object();
    match field["type"].as_str() {
        Some("object") if has_fields(field) => Some(("", field)),
        Some("array") if has_fields(&field["items"]) => Some(("[]", &field["items"])),
        _ => None,
    }
}

fn rules(text: &mut String, schema: &Value) {
    let messages: Vec<&str> = schema["x-kubernetes-validations"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|rule| rule["message"].as_str())
        .collect();
    if !messages.is_empty() {
        let _ = write!(text, "\nRules:\n\n");
        messages.iter().for_each(|message| {
            let _ = writeln!(text, "- {message}");
        });
    }
}

/// The type of a field, with its limits.
fn in_words(field: &Value) -> String {
    if field["x-kubernetes-int-or-string"] == true {
        return "whole number or text".to_owned();
    }
    if let Some(words) = field["enum"].as_array() {
        return words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" ");
    }
    match field["type"].as_str().unwrap_or_default() {
        "string" => text_in_words(field),
        "integer" => format!("whole number{}", range(field, "minimum", "maximum", "")),
        "boolean" => "`true` `false`".to_owned(),
        "array" => format!("list of {}{}", items_in_words(&field["items"]), range(field, "minItems", "maxItems", "")),
        "object" if field["additionalProperties"].is_object() => {
            format!("map of {}", items_in_words(&field["additionalProperties"]))
        }
        "object" => "object".to_owned(),
        other => other.to_owned(),
    }
}

fn items_in_words(items: &Value) -> String {
    match items["type"].as_str() {
        Some("object") => "objects".to_owned(),
        Some("string") if !items["enum"].is_array() => "texts".to_owned(),
        Some("integer") => "whole numbers".to_owned(),
        _ => in_words(items),
    }
}

fn text_in_words(field: &Value) -> String {
    match field["format"].as_str() {
        Some("date") => "date".to_owned(),
        Some("date-time") => "time".to_owned(),
        _ => format!("text{}", range(field, "minLength", "maxLength", " characters")),
    }
}

fn range(field: &Value, least: &str, most: &str, unit: &str) -> String {
    let number = |name: &str| field[name].as_f64().map(|number| format!("{number}"));
    match (number(least), number(most)) {
        (Some(least), Some(most)) if least == most => format!(", {most}{unit}"),
        (Some(least), Some(most)) => format!(", {least} to {most}{unit}"),
        (Some(least), None) => format!(", {least} or more"),
        (None, Some(most)) => format!(", at most {most}{unit}"),
        (None, None) => String::new(),
    }
}

/// A description without the numbers of the requirements that it fulfils: they mean something to developers alone.
fn plain(schema: &Value) -> String {
    static ROWS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r" \((?:[EPCN]\d+(?:, )?)+\)").ok());
    let description = schema["description"].as_str().unwrap_or_default();
    ROWS.as_ref().map_or_else(|| description.to_owned(), |rows| rows.replace_all(description, "").into_owned())
}

/// A text as the cell of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
