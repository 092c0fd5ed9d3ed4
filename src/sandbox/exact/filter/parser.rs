//! The grammar of `$filter`, checked against the resource: unknown properties and comparisons of unlike types are refused.

use super::lexer::{Token, tokens};
use super::{Comparison, Expression, Function, Operand};
use crate::sandbox::exact::answer::Failure;
use crate::sandbox::exact::cell::Cell;
use crate::sandbox::exact::contract::{Kind, Property, Resource};

/// Deeper nesting is refused, not recursed into.
const DEPTH_MAX: usize = 100;

/// Parses `text` for `resource`; HTTP 400 when the vendor would not take it.
pub fn parse(text: &str, resource: &'static Resource) -> Result<Expression, Failure> {
    let tokens = tokens(text).map_err(|problem| syntax(&problem))?;
    let mut parser = Parser { tokens, at: 0, depth: 0, resource };
    let expression = parser.either()?;
    if parser.at < parser.tokens.len() {
        return Err(syntax(&format!("unexpected text at position {}", parser.at)));
    }
    Ok(expression)
}

fn syntax(problem: &str) -> Failure {
    Failure::bad(format!("Error in query syntax. {problem}"))
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    resource: &'static Resource,
}

impl Parser {
    fn peek_word(&self) -> Option<&str> {
        if let Some(Token::Word(word)) = self.tokens.get(self.at) { Some(word) } else { None }
    }

    fn take(&mut self, token: &Token) -> Result<(), Failure> {
        if self.tokens.get(self.at) == Some(token) {
            self.at += 1;
            return Ok(());
        }
        Err(syntax(&format!("{token:?} expected at position {}", self.at)))
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.peek_word() == Some(word);
        if found {
            self.at += 1;
        }
        found
    }

    fn either(&mut self) -> Result<Expression, Failure> {
        let mut left = self.both()?;
        while self.take_word("or") {
            left = Expression::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Expression, Failure> {
        let mut left = self.negation()?;
        while self.take_word("and") {
            left = Expression::And(Box::new(left), Box::new(self.negation()?));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Expression, Failure> {
        if self.take_word("not") {
            self.enter()?;
            let inner = self.negation()?;
            self.depth -= 1;
            return Ok(Expression::Not(Box::new(inner)));
        }
        self.comparison()
    }

    fn enter(&mut self) -> Result<(), Failure> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(syntax("the expression is nested too deeply"));
        }
        Ok(())
    }

    fn comparison(&mut self) -> Result<Expression, Failure> {
        let left = self.operand()?;
        let Some(comparison) = self.peek_word().and_then(comparison) else { return test(left) };
        self.at += 1;
        let right = self.operand()?;
        check_types(&left, &right)?;
        Ok(Expression::Compare(comparison, left, right))
    }

    fn operand(&mut self) -> Result<Operand, Failure> {
        let token = self.tokens.get(self.at).cloned().ok_or_else(|| syntax("the expression ends too early"))?;
        self.at += 1;
        match token {
            Token::Literal(cell) => Ok(Operand::Literal(cell)),
            Token::Open => self.group(),
            Token::Word(name) => match function(&name) {
                Some(function) => self.call(function),
                None => self.property(&name).map(Operand::Property),
            },
            other => Err(syntax(&format!("unexpected {other:?}"))),
        }
    }

    fn group(&mut self) -> Result<Operand, Failure> {
        self.enter()?;
        let inner = self.either()?;
        self.depth -= 1;
        self.take(&Token::Close)?;
        Ok(Operand::Group(Box::new(inner)))
    }

    fn call(&mut self, function: Function) -> Result<Operand, Failure> {
        self.take(&Token::Open)?;
        self.enter()?;
        let mut arguments = vec![self.operand()?];
        while self.tokens.get(self.at) == Some(&Token::Comma) {
            self.at += 1;
            arguments.push(self.operand()?);
        }
        self.depth -= 1;
        self.take(&Token::Close)?;
        let wanted = if function == Function::Trim { 1 } else { 2 };
        if arguments.len() != wanted || !arguments.iter().all(is_text) {
            return Err(syntax(&format!("wrong arguments of {function:?}")));
        }
        Ok(Operand::Call(function, arguments))
    }

    fn property(&self, name: &str) -> Result<&'static Property, Failure> {
        let unsupported = || Failure::bad(format!("Filtering on these fields is not supported: {name}"));
        if name.contains('/') {
            return Err(unsupported());
        }
        let property = self.resource.property(name).ok_or_else(|| {
            let model = self.resource.model;
            syntax(&format!("No property '{name}' exists in type 'Exact.Web.Api.Models.{model}'"))
        })?;
        match property.kind {
            Kind::Collection | Kind::Other => Err(unsupported()),
            _ => Ok(property),
        }
    }
}

fn comparison(word: &str) -> Option<Comparison> {
    Some(match word {
        "eq" => Comparison::Equal,
        "ne" => Comparison::NotEqual,
        "gt" => Comparison::Greater,
        "ge" => Comparison::GreaterOrEqual,
        "lt" => Comparison::Less,
        "le" => Comparison::LessOrEqual,
        _ => return None,
    })
}

fn function(word: &str) -> Option<Function> {
    Some(match word {
        "substringof" => Function::SubstringOf,
        "startswith" => Function::StartsWith,
        "endswith" => Function::EndsWith,
        "trim" => Function::Trim,
        _ => return None,
    })
}

/// The type of an operand; `None` for null, which goes with every type.
fn kind(operand: &Operand) -> Option<Kind> {
    match operand {
        Operand::Property(property) => Some(property.kind),
        Operand::Call(Function::Trim, _) => Some(Kind::Text),
        Operand::Call(..) | Operand::Group(_) | Operand::Literal(Cell::Bool(_)) => Some(Kind::Bool),
        Operand::Literal(Cell::Null) => None,
        Operand::Literal(Cell::Text(_)) => Some(Kind::Text),
        Operand::Literal(Cell::Guid(_)) => Some(Kind::Guid),
        Operand::Literal(Cell::Date(_)) => Some(Kind::Date),
        Operand::Literal(_) => Some(Kind::Double),
    }
}

fn is_text(operand: &Operand) -> bool {
    kind(operand) == Some(Kind::Text)
}

fn check_types(left: &Operand, right: &Operand) -> Result<(), Failure> {
    if let (Operand::Property(a), Operand::Property(b)) = (left, right) {
        return Err(Failure::bad(format!("Filtering on these fields is not supported: {}, {}", a.name, b.name)));
    }
    let (Some(a), Some(b)) = (kind(left), kind(right)) else { return Ok(()) };
    let numeric = |kind| matches!(kind, Kind::Int | Kind::Long | Kind::Double);
    if a == b || numeric(a) && numeric(b) {
        return Ok(());
    }
    Err(syntax(&format!("Operator incompatible with operand types '{a:?}' and '{b:?}'")))
}

fn test(operand: Operand) -> Result<Expression, Failure> {
    match kind(&operand) {
        Some(Kind::Bool) => Ok(Expression::Test(operand)),
        _ => Err(syntax("a boolean expression is expected")),
    }
}
