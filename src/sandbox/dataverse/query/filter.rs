//! Parses `$filter` into a tree; names are not looked up yet.

use super::super::failure::{Failure, Outcome};
use super::lexer::{Token, tokens};

/// A condition as it is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Compare { path: Vec<String>, operator: Operator, literal: Literal },
    Match { function: TextFunction, path: Vec<String>, text: String },
    In { property: String, values: Vec<Literal>, negated: bool },
    Lambda { path: Vec<String>, all: bool, variable: String, inner: Option<Box<Self>> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFunction {
    Contains,
    StartsWith,
    EndsWith,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    Text(String),
    /// A number, a guid, a date, `true`, `false` or `null`.
    Word(String),
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    text: String,
}

/// Parses a filter.
pub fn parse(text: &str) -> Outcome<Condition> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, text: text.to_owned() };
    let condition = parser.or()?;
    if parser.at == parser.tokens.len() { Ok(condition) } else { Err(parser.wrong()) }
}

impl Parser {
    fn wrong(&self) -> Failure {
        Failure::query(format!("Syntax error at token {} in '{}'.", self.at, self.text))
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Outcome<Token> {
        let token = self.tokens.get(self.at).cloned().ok_or_else(|| self.wrong())?;
        self.at += 1;
        Ok(token)
    }

    fn expect(&mut self, wanted: &Token) -> Outcome<()> {
        if self.next()? == *wanted { Ok(()) } else { Err(self.wrong()) }
    }

    fn is_word(&self, wanted: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(word)) if word == wanted)
    }

    fn word(&mut self) -> Outcome<String> {
        match self.next()? {
            Token::Word(word) => Ok(word),
            _ => Err(self.wrong()),
        }
    }

    fn or(&mut self) -> Outcome<Condition> {
        let mut left = self.and()?;
        while self.is_word("or") {
            self.at += 1;
            left = Condition::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Outcome<Condition> {
        let mut left = self.unary()?;
        while self.is_word("and") {
            self.at += 1;
            left = Condition::And(Box::new(left), Box::new(self.unary()?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Outcome<Condition> {
        if self.is_word("not") {
            self.at += 1;
            return Ok(Condition::Not(Box::new(self.unary()?)));
        }
        if self.peek() == Some(&Token::Open) {
            self.at += 1;
            let inner = self.or()?;
            self.expect(&Token::Close)?;
            return Ok(inner);
        }
        let name = self.word()?;
        if self.peek() == Some(&Token::Open) {
            return self.call(&name);
        }
        let operator = self.operator()?;
        Ok(Condition::Compare { path: path(&name), operator, literal: self.literal()? })
    }

    fn operator(&mut self) -> Outcome<Operator> {
        Ok(match self.word()?.as_str() {
            "eq" => Operator::Eq,
            "ne" => Operator::Ne,
            "gt" => Operator::Gt,
            "ge" => Operator::Ge,
            "lt" => Operator::Lt,
            "le" => Operator::Le,
            _ => {
                self.at -= 1;
                return Err(self.wrong());
            }
        })
    }

    fn literal(&mut self) -> Outcome<Literal> {
        match self.next()? {
            Token::Text(text) => Ok(Literal::Text(text)),
            // A member of an enumeration: `Microsoft.Dynamics.CRM.AttributeTypeCode'String'`.
            Token::Word(word) if word.starts_with("Microsoft.") => match self.next()? {
                Token::Text(text) => Ok(Literal::Text(text)),
                _ => Err(self.wrong()),
            },
            Token::Word(word) => Ok(Literal::Word(word)),
            _ => Err(self.wrong()),
        }
    }

    fn call(&mut self, name: &str) -> Outcome<Condition> {
        self.expect(&Token::Open)?;
        let condition = match name {
            "contains" => self.text_function(TextFunction::Contains)?,
            "startswith" => self.text_function(TextFunction::StartsWith)?,
            "endswith" => self.text_function(TextFunction::EndsWith)?,
            "Microsoft.Dynamics.CRM.In" => self.list(false)?,
            "Microsoft.Dynamics.CRM.NotIn" => self.list(true)?,
            _ => match name.rsplit_once('/') {
                Some((before, "any")) => self.lambda(before, false)?,
                Some((before, "all")) => self.lambda(before, true)?,
                _ => return Err(Failure::query(format!("An unknown function with name '{name}' was found."))),
            },
        };
        self.expect(&Token::Close)?;
        Ok(condition)
    }

    fn text_function(&mut self, function: TextFunction) -> Outcome<Condition> {
        let path = path(&self.word()?);
        self.expect(&Token::Comma)?;
        match self.literal()? {
            Literal::Text(text) => Ok(Condition::Match { function, path, text }),
            Literal::Word(_) => Err(self.wrong()),
        }
    }

    /// `PropertyName='x',PropertyValues=[...]`
    fn list(&mut self, negated: bool) -> Outcome<Condition> {
        self.argument("PropertyName")?;
        let Literal::Text(property) = self.literal()? else { return Err(self.wrong()) };
        self.expect(&Token::Comma)?;
        self.argument("PropertyValues")?;
        self.expect(&Token::OpenList)?;
        let mut values = Vec::new();
        while self.peek() != Some(&Token::CloseList) {
            if !values.is_empty() {
                self.expect(&Token::Comma)?;
            }
            values.push(self.literal()?);
        }
        self.expect(&Token::CloseList)?;
        Ok(Condition::In { property, values, negated })
    }

    fn argument(&mut self, name: &str) -> Outcome<()> {
        if self.word()? != name {
            return Err(self.wrong());
        }
        self.expect(&Token::Equals)
    }

    fn lambda(&mut self, before: &str, all: bool) -> Outcome<Condition> {
        let path = path(before);
        if self.peek() == Some(&Token::Close) && !all {
            return Ok(Condition::Lambda { path, all, variable: String::new(), inner: None });
        }
        let variable = self.word()?;
        self.expect(&Token::Colon)?;
        let inner = Some(Box::new(self.or()?));
        Ok(Condition::Lambda { path, all, variable, inner })
    }
}

fn path(name: &str) -> Vec<String> {
    name.split('/').map(str::to_owned).collect()
}
