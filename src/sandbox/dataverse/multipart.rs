//! Multipart bodies: lines may end with CRLF or LF, boundaries may be quoted or not.

use std::collections::HashMap;

use super::failure::{Failure, Outcome};

/// A part: its headers, names in lower case, and what follows them.
#[derive(Debug)]
pub struct Part {
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

/// The boundary of a content type, if it is multipart.
pub fn boundary(content_type: &str) -> Option<String> {
    if !content_type.trim_start().to_ascii_lowercase().starts_with("multipart/") {
        return None;
    }
    let parameter = |part: &str| {
        let (name, value) = part.trim().split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"').to_owned())
    };
    content_type.split(';').find_map(parameter).filter(|boundary| !boundary.is_empty())
}

/// The parts between boundaries.
pub fn split(body: &[u8], boundary: &str) -> Outcome<Vec<Part>> {
    let text = std::str::from_utf8(body).map_err(|_| Failure::query("The body of a batch is not UTF-8."))?;
    let (delimiter, end) = (format!("--{boundary}"), format!("--{boundary}--"));
    let mut parts: Vec<String> = Vec::new();
    let (mut open, mut ended) = (false, false);
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end();
        if bare == end {
            ended = true;
            break;
        } else if bare == delimiter {
            parts.push(String::new());
            open = true;
        } else if let Some(part) = parts.last_mut().filter(|_| open) {
            part.push_str(line);
        }
    }
    if !ended || parts.is_empty() {
        return Err(Failure::query("The body of a batch has no parts, or does not end with its boundary."));
    }
    Ok(parts.iter().map(|part| read(part)).collect())
}

fn read(part: &str) -> Part {
    // A part without headers begins with an empty line.
    if let Some(body) = part.strip_prefix("\r\n").or_else(|| part.strip_prefix('\n')) {
        return Part { headers: HashMap::new(), body: body.as_bytes().to_vec() };
    }
    let (head, body) = head_and_body(part.as_bytes());
    Part { headers: headers(head.lines()), body: body.to_vec() }
}

/// What stands before the first empty line, and what stands after it.
pub fn head_and_body(text: &[u8]) -> (String, &[u8]) {
    let mut start = 0;
    while start < text.len() {
        let end = text[start..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| start + at + 1);
        if text[start..end].iter().all(u8::is_ascii_whitespace) {
            return (String::from_utf8_lossy(&text[..start]).into_owned(), trimmed(&text[end..]));
        }
        start = end;
    }
    (String::from_utf8_lossy(text).into_owned(), &[])
}

/// Without the line end that belongs to the boundary behind it.
fn trimmed(body: &[u8]) -> &[u8] {
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    body.strip_suffix(b"\r").unwrap_or(body)
}

/// Header lines, names in lower case.
pub fn headers<'a>(lines: impl Iterator<Item = &'a str>) -> HashMap<String, String> {
    let pair = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
    };
    lines.filter_map(pair).collect()
}
