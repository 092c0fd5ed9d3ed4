//! Splits a filter into tokens.

use super::super::failure::{Failure, Outcome};

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A name, an operator, a number, a guid or a date: whatever stands without quotes.
    Word(String),
    Text(String),
    Open,
    Close,
    Comma,
    Colon,
    Equals,
    OpenList,
    CloseList,
}

/// The tokens of a filter.
pub fn tokens(text: &str) -> Outcome<Vec<Token>> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let single = match characters[at] {
            '(' => Some(Token::Open),
            ')' => Some(Token::Close),
            ',' => Some(Token::Comma),
            '=' => Some(Token::Equals),
            '[' => Some(Token::OpenList),
            ']' => Some(Token::CloseList),
            _ => None,
        };
        match (single, characters[at]) {
            (Some(token), _) => {
                tokens.push(token);
                at += 1;
            }
            (None, character) if character.is_whitespace() => at += 1,
            (None, quote @ ('\'' | '"')) => {
                let (value, next) = quoted(&characters, at, quote)?;
                tokens.push(Token::Text(value));
                at = next;
            }
            (None, _) => {
                let (word, next) = word(&characters, at);
                tokens.extend(word);
                at = next;
            }
        }
    }
    Ok(tokens)
}

fn quoted(characters: &[char], start: usize, quote: char) -> Outcome<(String, usize)> {
    let mut text = String::new();
    let mut at = start + 1;
    while let Some(character) = characters.get(at) {
        if *character != quote {
            text.push(*character);
            at += 1;
        } else if characters.get(at + 1) == Some(&quote) {
            text.push(quote);
            at += 2;
        } else {
            return Ok((text, at + 1));
        }
    }
    Err(Failure::query(format!("There is an unterminated string literal at position {start} in the filter.")))
}

/// A word; a colon belongs to it only within a time, and else stands between a lambda's variable and its condition.
fn word(characters: &[char], start: usize) -> (Vec<Token>, usize) {
    let mut at = start;
    let mut text = String::new();
    while let Some(character) = characters.get(at) {
        if character.is_whitespace() || "()',=[]\"".contains(*character) {
            break;
        }
        if *character == ':' && !text.ends_with(|last: char| last.is_ascii_digit()) {
            let mut tokens = vec![Token::Word(text)];
            tokens.push(Token::Colon);
            return (tokens, at + 1);
        }
        text.push(*character);
        at += 1;
    }
    (vec![Token::Word(text)], at)
}
