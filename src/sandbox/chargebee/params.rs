//! Chargebee's parameter spelling: bracketed names, arrays with the index last, and filter values that hold an array in
//! JSON or in Python's spelling.

use std::collections::BTreeMap;

use url::form_urlencoded;

/// The decoded parameters of a query string or form body, in the order sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Params {
    pairs: Vec<(Vec<String>, String)>,
}

impl Params {
    /// Decodes `application/x-www-form-urlencoded` bytes.
    pub(super) fn parse(encoded: &[u8]) -> Self {
        let pairs =
            form_urlencoded::parse(encoded).map(|(name, value)| (split_name(&name), value.into_owned())).collect();
        Self { pairs }
    }

    /// Parameters that never were on the wire.
    pub(super) fn of(form: &[(&str, &str)]) -> Self {
        let pairs = form.iter().map(|(name, value)| (split_name(name), (*value).to_owned())).collect();
        Self { pairs }
    }

    /// Every parameter as its name's parts (`a[b][0]` is `a`, `b`, `0`) and its value.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[String], &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_slice(), value.as_str()))
    }

    /// A scalar parameter; an empty value is `Some("")`, which unsets the attribute.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(parts, _)| parts.len() == 1 && parts[0] == name).map(|(_, value)| value)
    }

    /// A scalar parameter that is not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// One attribute of a nested parameter: `transaction[amount]`.
    pub(super) fn nested(&self, object: &str, name: &str) -> Option<&str> {
        self.iter()
            .find(|(parts, _)| parts.len() == 2 && parts[0] == object && parts[1] == name)
            .map(|(_, value)| value)
            .filter(|value| !value.is_empty())
    }

    /// All attributes of a nested parameter: `billing_address[city]`, …
    pub(super) fn object(&self, name: &str) -> BTreeMap<String, String> {
        let own = self.iter().filter(|(parts, _)| parts.len() == 2 && parts[0] == name);
        own.map(|(parts, value)| (parts[1].clone(), value.to_owned())).collect()
    }

    /// An array of objects, its index last: `charges[amount][0]`. Indexes may have gaps per field.
    pub(super) fn rows(&self, name: &str) -> BTreeMap<usize, BTreeMap<String, String>> {
        let mut rows: BTreeMap<usize, BTreeMap<String, String>> = BTreeMap::new();
        for (parts, value) in self.iter().filter(|(parts, _)| parts.len() == 3 && parts[0] == name) {
            if let Ok(index) = parts[2].parse() {
                rows.entry(index).or_default().insert(parts[1].clone(), value.to_owned());
            }
        }
        rows
    }
}

/// `a[b][c]` into its parts. A name without brackets is one part.
fn split_name(name: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let head_end = name.find('[').unwrap_or(name.len());
    parts.push(name[..head_end].to_owned());
    let mut rest = &name[head_end..];
    while let Some(inner) = rest.strip_prefix('[') {
        let Some(end) = inner.find(']') else { break };
        parts.push(inner[..end].to_owned());
        rest = &inner[end + 1..];
    }
    parts
}

/// The elements of a filter value that holds an array: `["a","b"]` (Node), `['a', 'b']` (Python) or `[1, 2]`.
/// `None` when the value is no array.
pub(super) fn parse_array(value: &str) -> Option<Vec<String>> {
    let inner = value.trim().strip_prefix('[')?.strip_suffix(']')?;
    let mut elements = Vec::new();
    let mut chars = inner.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace() || *c == ',').is_some() {}
        match chars.peek().copied() {
            None => return Some(elements),
            Some(quote @ ('"' | '\'')) => {
                chars.next();
                elements.push(quoted(&mut chars, quote)?);
            }
            Some(_) => elements.push(bare(&mut chars)),
        }
    }
}

/// The rest of a quoted element; `None` when the closing quote is missing.
fn quoted(chars: &mut impl Iterator<Item = char>, quote: char) -> Option<String> {
    let mut text = String::new();
    loop {
        match chars.next()? {
            '\\' => text.push(chars.next()?),
            c if c == quote => return Some(text),
            c => text.push(c),
        }
    }
}

fn bare(chars: &mut std::iter::Peekable<impl Iterator<Item = char>>) -> String {
    let mut text = String::new();
    while let Some(c) = chars.next_if(|c| *c != ',') {
        text.push(c);
    }
    text.trim_end().to_owned()
}

/// A boolean as any client spells it: `true`, `True`, `FALSE`.
pub(super) fn parse_bool(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_at_their_brackets() {
        let params =
            Params::parse(b"first_name=Jo&billing_address%5Bcity%5D=Gent&charges[amount][0]=5&charges[amount][2]=7");
        assert_eq!(params.get("first_name"), Some("Jo"));
        assert_eq!(params.nested("billing_address", "city"), Some("Gent"));
        let rows = params.rows("charges");
        assert_eq!(rows.keys().copied().collect::<Vec<_>>(), [0, 2]);
        assert_eq!(rows[&2]["amount"], "7");
    }

    #[test]
    fn an_empty_value_is_there_but_is_no_text() {
        let params = Params::parse(b"company=");
        assert_eq!(params.get("company"), Some(""));
        assert_eq!(params.text("company"), None);
    }

    #[test]
    fn arrays_are_read_in_all_three_spellings() {
        assert_eq!(parse_array(r#"["a","b,c"]"#).unwrap(), ["a", "b,c"]);
        assert_eq!(parse_array("['a', 'it\\'s']").unwrap(), ["a", "it's"]);
        assert_eq!(parse_array("[1699574400, 1702166399]").unwrap(), ["1699574400", "1702166399"]);
        assert_eq!(parse_array("[]").unwrap(), Vec::<String>::new());
        assert_eq!(parse_array("a"), None);
        assert_eq!(parse_array("['a"), None);
    }
}
