//! `$filter`: the part of OData v2 that the vendor supports, parsed against a resource's properties.

mod evaluate;
mod lexer;
mod parser;

pub use parser::parse;

use super::cell::Cell;
use super::contract::Property;

/// A parsed filter.
#[derive(Debug)]
pub enum Expression {
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Not(Box<Expression>),
    Compare(Comparison, Operand, Operand),
    /// A bare boolean: a property or a function such as `startswith`.
    Test(Operand),
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// One side of a comparison.
#[derive(Debug)]
pub enum Operand {
    Property(&'static Property),
    Literal(Cell),
    Call(Function, Vec<Operand>),
    Group(Box<Expression>),
}

/// The functions that the vendor supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    SubstringOf,
    StartsWith,
    EndsWith,
    Trim,
}

impl Expression {
    /// Every property that the filter names.
    pub fn properties(&self) -> Vec<&'static str> {
        match self {
            Self::And(left, right) | Self::Or(left, right) => {
                let mut names = left.properties();
                names.extend(right.properties());
                names
            }
            Self::Not(inner) => inner.properties(),
            Self::Compare(_, left, right) => [left.properties(), right.properties()].concat(),
            Self::Test(operand) => operand.properties(),
        }
    }

    /// Equalities of which at least one holds for every row that the filter lets through; `None` when the filter is not
    /// of that form. Rows can be looked up by them instead of read through.
    pub fn equalities(&self) -> Option<Vec<(&'static str, &Cell)>> {
        match self {
            Self::Compare(Comparison::Equal, Operand::Property(property), Operand::Literal(value))
            | Self::Compare(Comparison::Equal, Operand::Literal(value), Operand::Property(property)) => {
                (!value.is_null()).then(|| vec![(property.name, value)])
            }
            Self::And(left, right) => left.equalities().or_else(|| right.equalities()),
            Self::Or(left, right) => {
                let mut both = left.equalities()?;
                both.extend(right.equalities()?);
                Some(both)
            }
            Self::Test(Operand::Group(inner)) => inner.equalities(),
            _ => None,
        }
    }

    /// The largest `n` for which every row let through has `name` above `n`.
    pub fn lower_bound(&self, name: &str) -> Option<i64> {
        match self {
            Self::Compare(comparison, Operand::Property(property), Operand::Literal(value))
                if property.name == name =>
            {
                let value = value.int()?;
                match comparison {
                    Comparison::Greater => Some(value),
                    Comparison::GreaterOrEqual | Comparison::Equal => Some(value.saturating_sub(1)),
                    _ => None,
                }
            }
            Self::And(left, right) => left.lower_bound(name).max(right.lower_bound(name)),
            Self::Test(Operand::Group(inner)) => inner.lower_bound(name),
            _ => None,
        }
    }
}

impl Operand {
    fn properties(&self) -> Vec<&'static str> {
        match self {
            Self::Property(property) => vec![property.name],
            Self::Literal(_) => Vec::new(),
            Self::Call(_, arguments) => arguments.iter().flat_map(Self::properties).collect(),
            Self::Group(inner) => inner.properties(),
        }
    }
}
