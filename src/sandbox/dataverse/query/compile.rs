//! A filter with its names looked up: what it says of columns that do not exist, or of values of another type, is refused
//! before any row is looked at.

use std::cmp::Ordering;

use serde_json::Value;

use super::super::cell::{self, Cell};
use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::schema::{Behavior, Kind, Relationship, Schema, Table};
use super::super::store::Row;
use super::super::write;
use super::filter::{Condition, Literal, Operator, TextFunction};

/// A filter that can be asked of rows.
#[derive(Debug)]
pub enum Filter {
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Compare { column: Path, operator: Operator, value: Option<Cell> },
    Match { column: Path, function: TextFunction, text: String },
    In { column: Path, values: Vec<Option<Cell>>, negated: bool },
    Related { way: Relationship, all: bool, inner: Option<Box<Self>> },
}

/// A column, perhaps of a row that lookups lead to.
#[derive(Debug)]
pub struct Path {
    steps: Vec<Relationship>,
    column: String,
}

impl Path {
    fn value(&self, org: &Org, row: &Row) -> Option<Cell> {
        let Some((first, rest)) = self.steps.split_first() else { return row.get(&self.column).cloned() };
        let mut id = row.id_of(&first.referencing_column)?;
        let mut table = &first.referenced;
        for step in rest {
            id = org.store.get(table, id)?.id_of(&step.referencing_column)?;
            table = &step.referenced;
        }
        org.store.get(table, id)?.get(&self.column).cloned()
    }
}

/// Looks up the names of a condition on rows of a table.
pub fn compile(schema: &Schema, table: &Table, condition: &Condition) -> Outcome<Filter> {
    Scope { schema, table, variable: None }.compile(condition)
}

struct Scope<'a> {
    schema: &'a Schema,
    table: &'a Table,
    /// The name by which a lambda's condition calls the row.
    variable: Option<&'a str>,
}

impl Scope<'_> {
    fn compile(&self, condition: &Condition) -> Outcome<Filter> {
        Ok(match condition {
            Condition::And(a, b) => Filter::And(Box::new(self.compile(a)?), Box::new(self.compile(b)?)),
            Condition::Or(a, b) => Filter::Or(Box::new(self.compile(a)?), Box::new(self.compile(b)?)),
            Condition::Not(inner) => Filter::Not(Box::new(self.compile(inner)?)),
            Condition::Compare { path, operator, literal } => {
                let (column, kind) = self.path(path)?;
                Filter::Compare { column, operator: *operator, value: value(&kind, literal, operator_name(*operator))? }
            }
            Condition::Match { function, path, text } => {
                let (column, kind) = self.path(path)?;
                if !matches!(kind, Kind::Text { .. } | Kind::Memo { .. }) {
                    return Err(Failure::query(
                        "No function signature matches the specified arguments; a string is needed.",
                    ));
                }
                Filter::Match { column, function: *function, text: text.to_lowercase() }
            }
            Condition::In { property, values, negated } => {
                let (column, kind) = self.path(std::slice::from_ref(property))?;
                let values: Outcome<Vec<_>> = values.iter().map(|literal| listed(&kind, literal)).collect();
                Filter::In { column, values: values?, negated: *negated }
            }
            Condition::Lambda { path, all, variable, inner } => self.lambda(path, *all, variable, inner.as_deref())?,
        })
    }

    fn lambda(&self, path: &[String], all: bool, variable: &str, inner: Option<&Condition>) -> Outcome<Filter> {
        let [navigation] = path else {
            return Err(Failure::query("A collection must be a navigation property of the row itself."));
        };
        let way = self.schema.collection(&self.table.logical, navigation);
        let way = way.ok_or_else(|| Failure::no_property(navigation, &self.table.logical))?;
        let table = self.known(&way.referencing)?;
        let scope = Scope { schema: self.schema, table, variable: Some(variable) };
        let inner = inner.map(|inner| scope.compile(inner)).transpose()?;
        Ok(Filter::Related { way: way.clone(), all, inner: inner.map(Box::new) })
    }

    fn known(&self, table: &str) -> Outcome<&Table> {
        self.schema.table(table).ok_or_else(|| Failure::no_segment(table))
    }

    fn path(&self, path: &[String]) -> Outcome<(Path, Kind)> {
        let path = match (self.variable, path.split_first()) {
            (Some(variable), Some((first, rest))) if first == variable => rest,
            (Some(_), _) => return Err(Failure::query(format!("Could not find '{}' in the scope.", path.join("/")))),
            (None, _) => path,
        };
        let mut table = self.table;
        let mut steps = Vec::new();
        let Some((last, navigations)) = path.split_last() else {
            return Err(Failure::query("A property is needed."));
        };
        for navigation in navigations {
            let way = self.schema.single(&table.logical, navigation);
            let way = way.ok_or_else(|| Failure::no_property(navigation, &table.logical))?;
            table = self.known(&way.referenced)?;
            steps.push(way.clone());
        }
        let found = match table.lookup_of(last) {
            Some(column) => Some(column),
            None => table.columns.get(last).filter(|column| !column.is_lookup()),
        };
        let column = found.ok_or_else(|| Failure::no_property(last, &table.logical))?;
        Ok((Path { steps, column: column.logical.clone() }, column.kind.clone()))
    }
}

fn operator_name(operator: Operator) -> &'static str {
    match operator {
        Operator::Eq => "Equal",
        Operator::Ne => "NotEqual",
        Operator::Gt => "GreaterThan",
        Operator::Ge => "GreaterThanOrEqual",
        Operator::Lt => "LessThan",
        Operator::Le => "LessThanOrEqual",
    }
}

/// A literal of a comparison as a cell of the column's kind.
fn value(kind: &Kind, literal: &Literal, operator: &str) -> Outcome<Option<Cell>> {
    let incompatible = |found: &str| {
        Failure::query(format!(
            "A binary operator with incompatible types was detected. Found operand types '{}' and '{found}' for operator kind \
             '{operator}'.",
            write::edm(kind)
        ))
    };
    match literal {
        Literal::Word(word) if word == "null" => Ok(None),
        Literal::Text(text) => match kind {
            Kind::Text { .. } | Kind::Memo { .. } | Kind::TableName | Kind::Choices { .. } => {
                Ok(Some(Cell::Text(text.clone())))
            }
            // A guid is taken in quotes too.
            Kind::Id | Kind::PrimaryId | Kind::Lookup { .. } => {
                text.parse().map(|id| Some(Cell::Id(id))).map_err(|_| incompatible("Edm.String"))
            }
            _ => Err(incompatible("Edm.String")),
        },
        Literal::Word(word) => from_word(kind, word).map(Some).ok_or_else(|| incompatible(word_type(word))),
    }
}

/// A value of `In`, which are texts whatever the column holds.
fn listed(kind: &Kind, literal: &Literal) -> Outcome<Option<Cell>> {
    match (kind, literal) {
        (Kind::Text { .. } | Kind::Memo { .. }, Literal::Word(word)) => Ok(Some(Cell::Text(word.clone()))),
        (Kind::Text { .. } | Kind::Memo { .. }, _) => value(kind, literal, "Equal"),
        (_, Literal::Text(text)) => {
            let refused = || Failure::query(format!("The value '{text}' does not fit the property."));
            from_word(kind, text).map(Some).ok_or_else(refused)
        }
        _ => value(kind, literal, "Equal"),
    }
}

fn from_word(kind: &Kind, word: &str) -> Option<Cell> {
    Some(match kind {
        Kind::Id | Kind::PrimaryId | Kind::Lookup { .. } => Cell::Id(word.parse().ok()?),
        Kind::Bool { .. } => Cell::Bool(word.parse().ok()?),
        Kind::Int { .. } | Kind::BigInt | Kind::Choice { .. } | Kind::State { .. } | Kind::Status { .. } => {
            Cell::Int(word.parse().ok()?)
        }
        Kind::Number { .. } | Kind::Money(_) | Kind::Float { .. } => {
            Cell::Number(serde_json::from_str(word).ok().and_then(|value: Value| cell::decimal(&value))?)
        }
        Kind::Moment { behavior: Behavior::DateOnly, .. } => Cell::Day(word.parse().ok()?),
        Kind::Moment { .. } => Cell::Moment(cell::moment(word)?),
        Kind::Text { .. } | Kind::Memo { .. } | Kind::TableName | Kind::Choices { .. } => return None,
    })
}

fn word_type(word: &str) -> &'static str {
    match serde_json::from_str(word) {
        Ok(Value::Bool(_)) => "Edm.Boolean",
        Ok(Value::Number(_)) => "Edm.Int32",
        _ => "Edm.Guid",
    }
}

impl Filter {
    /// Whether a row is meant.
    pub fn holds(&self, org: &Org, row: &Row) -> bool {
        match self {
            Self::And(a, b) => a.holds(org, row) && b.holds(org, row),
            Self::Or(a, b) => a.holds(org, row) || b.holds(org, row),
            Self::Not(inner) => !inner.holds(org, row),
            Self::Compare { column, operator, value } => {
                compare(column.value(org, row).as_ref(), *operator, value.as_ref())
            }
            Self::Match { column, function, text } => {
                let value = column.value(org, row);
                let value = value.as_ref().and_then(Cell::text).map(str::to_lowercase);
                value.is_some_and(|value| match function {
                    TextFunction::Contains => value.contains(text),
                    TextFunction::StartsWith => value.starts_with(text),
                    TextFunction::EndsWith => value.ends_with(text),
                })
            }
            Self::In { column, values, negated } => {
                let value = column.value(org, row);
                values.iter().any(|one| compare(value.as_ref(), Operator::Eq, one.as_ref())) != *negated
            }
            Self::Related { way, all, inner } => {
                let rows = org.store.pointing(&way.referencing, &way.referencing_column, &way.referenced, row.id);
                let mut rows = rows.iter().filter_map(|id| org.store.get(&way.referencing, *id));
                let holds = |row: &Row| inner.as_ref().is_none_or(|inner| inner.holds(org, row));
                if *all { rows.all(|row| holds(row)) } else { rows.any(|row| holds(row)) }
            }
        }
    }
}

fn compare(value: Option<&Cell>, operator: Operator, literal: Option<&Cell>) -> bool {
    let (Some(value), Some(literal)) = (value, literal) else {
        let both = value.is_none() && literal.is_none();
        return match operator {
            Operator::Eq => both,
            Operator::Ne => !both,
            _ => false,
        };
    };
    let order = value.compare(literal);
    match operator {
        Operator::Eq => order == Some(Ordering::Equal),
        Operator::Ne => order != Some(Ordering::Equal),
        Operator::Gt => order == Some(Ordering::Greater),
        Operator::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        Operator::Lt => order == Some(Ordering::Less),
        Operator::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
    }
}
