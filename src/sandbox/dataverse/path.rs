//! Paths below the base of the Web API, split into segments with what stands in their parentheses.

use url::form_urlencoded;

use super::failure::{Failure, Outcome};

/// What no key in a path can hold; encoding does not help, as the server looks after decoding. The slash splits segments.
const FORBIDDEN: [char; 9] = ['<', '>', '*', '%', '&', ':', '\\', '?', '+'];
/// Begins every path of the Web API.
const ROOT: &str = "/api/data/v9.";

/// A part of a path: a name and what is in its parentheses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub name: String,
    pub arguments: Option<String>,
}

impl Segment {
    pub fn plain(name: &str) -> Self {
        Self { name: name.to_owned(), arguments: None }
    }
}

/// The base of the Web API within a path, and what follows it without a slash in front.
pub fn split_base(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix(ROOT)?;
    let version = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    if version == 0 {
        return None;
    }
    let (base, below) = path.split_at(ROOT.len() + version);
    match below.strip_prefix('/') {
        Some(below) => Some((base, below.trim_start_matches('/'))),
        None if below.is_empty() => Some((base, below)),
        None => None,
    }
}

/// Whatever follows the base in an absolute URL, a path on the host, or a path relative to the service.
pub fn relative(reference: &str) -> &str {
    let after_host = match reference.find("://") {
        Some(scheme) => reference[scheme + 3..].find('/').map_or("", |slash| &reference[scheme + 3 + slash..]),
        None => reference,
    };
    match split_base(after_host) {
        Some((_, below)) => below,
        None => after_host.trim_start_matches('/'),
    }
}

/// The segments of a path below the base.
pub fn segments(below: &str) -> Outcome<Vec<Segment>> {
    let decoded = decoded(below);
    let mut parts = vec![String::new()];
    let (mut quoted, mut depth) = (false, 0_usize);
    for character in decoded.chars() {
        match character {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            _ if quoted && FORBIDDEN.contains(&character) => return Err(Failure::dangerous_path(character)),
            _ => {}
        }
        // The server splits at every slash, before anybody looks for quotes.
        if character == '/' && (depth == 0 || quoted) {
            if quoted {
                return Err(Failure::no_segment(&decoded));
            }
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(character);
        }
    }
    parts.iter().filter(|part| !part.is_empty()).map(|part| segment(part)).collect()
}

/// Without percent-encoding; in a path a plus is itself.
fn decoded(text: &str) -> String {
    let field = format!("v={}", text.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(field.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn segment(text: &str) -> Outcome<Segment> {
    let Some(open) = text.find('(') else { return Ok(Segment::plain(text)) };
    let inner = text[open + 1..].strip_suffix(')').ok_or_else(|| Failure::no_segment(text))?;
    Ok(Segment { name: text[..open].to_owned(), arguments: Some(inner.trim().to_owned()) })
}

/// `a='x',b=5` in its pairs; a value alone has no name. Quotes stay.
pub fn pairs(arguments: &str) -> Vec<(Option<String>, String)> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for character in arguments.chars() {
        quoted ^= character == '\'';
        if character == ',' && !quoted {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(character);
        }
    }
    let pair = |part: &str| match part.split_once('=') {
        Some((name, value)) if !name.contains('\'') => (Some(name.trim().to_owned()), value.trim().to_owned()),
        _ => (None, part.trim().to_owned()),
    };
    parts.iter().filter(|part| !part.trim().is_empty()).map(|part| pair(part)).collect()
}

/// A quoted text without its quotes, the doubled ones inside made one.
pub fn unquoted(literal: &str) -> Option<String> {
    let inner = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    Some(inner.replace("''", "'"))
}
