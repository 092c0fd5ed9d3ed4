//! Names and labels as the platform forms them.

use serde_json::{Value, json};

/// The organisation's base language: English of the United States.
const LANGUAGE: i64 = 1033;

/// The name of the entity set that a custom table of this logical name gets.
pub fn entity_set_name(logical: &str) -> String {
    let before_y = logical.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u']));
    match before_y {
        Some(stem) => format!("{stem}ies"),
        None if logical.ends_with(['s', 'x', 'z']) || logical.ends_with("ch") || logical.ends_with("sh") => {
            format!("{logical}es")
        }
        None => format!("{logical}s"),
    }
}

/// A label in the base language alone, as it is read back.
pub fn label(text: &str) -> Value {
    let localized = json!({
        "Label": text, "LanguageCode": LANGUAGE, "IsManaged": false, "MetadataId": uuid::Uuid::new_v4(), "HasChanged": null,
    });
    json!({"LocalizedLabels": [localized.clone()], "UserLocalizedLabel": localized})
}

/// The text of a label in the base language, or its first.
pub fn label_text(label: &Value) -> Option<&str> {
    let localized = label["LocalizedLabels"].as_array()?;
    let in_base = localized.iter().find(|one| one["LanguageCode"] == LANGUAGE);
    in_base.or_else(|| localized.first())?["Label"].as_str()
}
