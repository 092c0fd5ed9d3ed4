//! Parts of the definitions that clients send: names, labels, levels, options.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::cell;
use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::schema::{Opt, Required, label_text};

/// Base language first; a label in another one is refused.
const LANGUAGES: [i64; 2] = [1033, 1043];
const NAMESPACE: &str = "Microsoft.Dynamics.CRM.";

/// A member that must be a text.
pub fn text<'a>(body: &'a Value, name: &str) -> Outcome<&'a str> {
    let value = body[name].as_str().filter(|text| !text.is_empty());
    value.ok_or_else(|| Failure::argument(format!("Required field '{name}' is missing.")))
}

/// The type of a definition without the namespace.
pub fn type_of(body: &Value) -> Outcome<&str> {
    let name = text(body, "@odata.type")?.trim_start_matches('#');
    name.strip_prefix(NAMESPACE)
        .ok_or_else(|| Failure::payload("MetadataBase", &format!("The type '{name}' is unknown.")))
}

/// Refuses a definition of another type.
pub fn expect_type(body: &Value, expected: &str) -> Outcome<()> {
    let found = type_of(body)?;
    let is_it = found == expected || found.strip_prefix("Complex") == Some(expected);
    if is_it {
        Ok(())
    } else {
        Err(Failure::payload("MetadataBase", &format!("'{expected}' is expected, not '{found}'.")))
    }
}

/// A schema name with the prefix of a publisher of the organisation.
pub fn schema_name<'a>(org: &Org, body: &'a Value) -> Outcome<&'a str> {
    let name = text(body, "SchemaName")?;
    let well_formed = name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    let prefix = name.split_once('_').map(|(prefix, _)| prefix);
    let known = prefix.is_some_and(|prefix| {
        let mut publishers = org.store.rows("publisher");
        publishers.any(|row| row.text("customizationprefix").is_some_and(|one| one.eq_ignore_ascii_case(prefix)))
    });
    if well_formed && known {
        return Ok(name);
    }
    Err(Failure::argument(format!(
        "The name '{name}' is invalid: it must begin with the customization prefix of a publisher, followed by an underscore."
    )))
}

/// A label as it will be read back.
pub fn label(body: &Value, name: &str) -> Outcome<Value> {
    let sent = &body[name];
    let localized = sent["LocalizedLabels"].as_array().filter(|labels| !labels.is_empty());
    let localized = localized.ok_or_else(|| Failure::argument(format!("Required field '{name}' is missing.")))?;
    let mut labels = Vec::new();
    for one in localized {
        let language = one["LanguageCode"].as_i64().unwrap_or_default();
        if !LANGUAGES.contains(&language) {
            return Err(Failure::argument(format!(
                "The language code {language} is not a valid language for this organization."
            )));
        }
        let id = uuid::Uuid::new_v4();
        labels.push(json!({
            "Label": one["Label"], "LanguageCode": language, "IsManaged": false, "MetadataId": id, "HasChanged": null,
        }));
    }
    let in_base = labels.iter().find(|one| one["LanguageCode"] == LANGUAGES[0]).cloned();
    let in_base =
        in_base.ok_or_else(|| Failure::argument("A label in the base language of the organization is missing."))?;
    Ok(json!({"LocalizedLabels": labels, "UserLocalizedLabel": in_base}))
}

/// A changed label; with `MSCRM.MergeLabels` the languages that were not sent are kept.
pub fn changed_label(call: &Call, body: &Value, name: &str, old: &Value) -> Outcome<Value> {
    let mut new = label(body, name)?;
    let merges = call.header("mscrm.mergelabels").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let sent: Vec<Value> = new["LocalizedLabels"].as_array().cloned().unwrap_or_default();
    let is_sent = |one: &Value| sent.iter().any(|other| other["LanguageCode"] == one["LanguageCode"]);
    let kept = old["LocalizedLabels"].as_array().into_iter().flatten().filter(|one| merges && !is_sent(one)).cloned();
    if let Value::Array(labels) = &mut new["LocalizedLabels"] {
        labels.extend(kept);
    }
    Ok(new)
}

/// A label that may be absent.
pub fn optional_label(body: &Value, name: &str) -> Outcome<Value> {
    let has_any = body[name]["LocalizedLabels"].as_array().is_some_and(|labels| !labels.is_empty());
    if has_any { label(body, name) } else { Ok(Value::Null) }
}

/// How far a column must be filled; the system's own level cannot be asked for.
pub fn required(body: &Value) -> Outcome<Required> {
    match body["RequiredLevel"]["Value"].as_str() {
        None | Some("None") => Ok(Required::None),
        Some("Recommended") => Ok(Required::Recommended),
        Some("ApplicationRequired") => Ok(Required::Application),
        Some(other) => Err(Failure::argument(format!("The required level '{other}' cannot be set."))),
    }
}

/// A number, or what it is by default.
pub fn number(body: &Value, name: &str, default: i64) -> Outcome<Decimal> {
    match &body[name] {
        Value::Null => Ok(Decimal::from(default)),
        value => cell::decimal(value).ok_or_else(|| Failure::argument(format!("'{name}' must be a number."))),
    }
}

/// A whole number within a range, or what it is by default.
pub fn whole(body: &Value, name: &str, default: i64, (min, max): (i64, i64)) -> Outcome<i64> {
    let value = match &body[name] {
        Value::Null => default,
        value => value.as_i64().ok_or_else(|| Failure::argument(format!("'{name}' must be a whole number.")))?,
    };
    if (min..=max).contains(&value) {
        return Ok(value);
    }
    Err(Failure::argument(format!("'{name}' is {value}; it must be between {min} and {max}.")))
}

/// The options of a choice; each has a value, or gets the next one.
pub fn options(body: &Value) -> Outcome<Vec<Opt>> {
    let mut options: Vec<Opt> = Vec::new();
    for one in body["Options"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let next = options.iter().map(|option| option.value + 1).max().unwrap_or(1);
        let value = one["Value"].as_i64().unwrap_or(next);
        let text = label_text(&one["Label"]).ok_or_else(|| Failure::argument("An option has no label."))?;
        if options.iter().any(|option| option.value == value) {
            return Err(Failure::argument(format!("The option value {value} is there twice.")));
        }
        options.push(Opt { value, label: text.to_owned(), other: None });
    }
    Ok(options)
}
