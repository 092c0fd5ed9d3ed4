//! Tokens of a `$filter`.

use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use uuid::Uuid;

use crate::sandbox::exact::cell::Cell;

/// One token.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Word(String),
    Literal(Cell),
    Open,
    Close,
    Comma,
}

/// Splits a filter into tokens; the error says where it went wrong.
pub fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut rest = text.trim_start();
    let mut found = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '(' => (Token::Open, &rest[1..]),
            ')' => (Token::Close, &rest[1..]),
            ',' => (Token::Comma, &rest[1..]),
            '\'' => {
                let (text, after) = quoted(rest)?;
                (Token::Literal(Cell::Text(text)), after)
            }
            '-' | '0'..='9' => number(rest)?,
            _ => word(rest)?,
        };
        found.push(token);
        rest = after.trim_start();
    }
    Ok(found)
}

/// A quoted string at the start of `text`, with `''` for a quote, and what follows it.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut rest = &text[1..];
    loop {
        let end = rest.find('\'').ok_or_else(|| format!("unterminated string literal at {text}"))?;
        value.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        if !rest.starts_with('\'') {
            return Ok((value, rest));
        }
        value.push('\'');
        rest = &rest[1..];
    }
}

fn number(text: &str) -> Result<(Token, &str), String> {
    let end = text[1..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(text.len(), |at| at + 1);
    let (digits, mut rest) = text.split_at(end);
    let suffix = rest.chars().next().filter(|c| "LlDdMmFf".contains(*c));
    if suffix.is_some() {
        rest = &rest[1..];
    }
    let bad = || format!("invalid number {digits}");
    let cell = match suffix {
        Some('L' | 'l') => Cell::Long(digits.parse().map_err(|_| bad())?),
        None if !digits.contains('.') => Cell::Int(digits.parse().map_err(|_| bad())?),
        _ => Cell::Double(digits.parse().map_err(|_| bad())?),
    };
    match rest.chars().next() {
        Some(next) if next.is_alphanumeric() => Err(bad()),
        _ => Ok((Token::Literal(cell), rest)),
    }
}

fn word(text: &str) -> Result<(Token, &str), String> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '/').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return Err(format!("unexpected character at {text}"));
    }
    if rest.starts_with('\'') && matches!(name, "guid" | "datetime") {
        let (value, after) = quoted(rest)?;
        return Ok((Token::Literal(typed(name, &value)?), after));
    }
    let token = match name {
        "true" => Token::Literal(Cell::Bool(true)),
        "false" => Token::Literal(Cell::Bool(false)),
        "null" => Token::Literal(Cell::Null),
        _ => Token::Word(name.to_owned()),
    };
    Ok((token, rest))
}

fn typed(kind: &str, value: &str) -> Result<Cell, String> {
    if kind == "guid" {
        return Uuid::from_str(value).map(Cell::Guid).map_err(|_| format!("invalid guid {value}"));
    }
    let at = DateTime::from_str(value).or_else(|_| Date::from_str(value).map(|date| date.at(0, 0, 0, 0)));
    at.map(Cell::Date).map_err(|_| format!("invalid datetime {value}"))
}
