//! Whether a row passes a filter.

use std::cmp::Ordering;

use super::{Comparison, Expression, Function, Operand};
use crate::sandbox::exact::cell::Cell;

impl Expression {
    /// Whether the row whose properties `cell` gives passes.
    pub fn matches(&self, cell: &dyn Fn(&'static str) -> Cell) -> bool {
        match self {
            Self::And(left, right) => left.matches(cell) && right.matches(cell),
            Self::Or(left, right) => left.matches(cell) || right.matches(cell),
            Self::Not(inner) => !inner.matches(cell),
            Self::Compare(comparison, left, right) => compare(*comparison, &left.value(cell), &right.value(cell)),
            Self::Test(operand) => operand.value(cell).truth(),
        }
    }
}

impl Operand {
    fn value(&self, cell: &dyn Fn(&'static str) -> Cell) -> Cell {
        match self {
            Self::Property(property) => cell(property.name),
            Self::Literal(value) => value.clone(),
            Self::Group(inner) => Cell::Bool(inner.matches(cell)),
            Self::Call(function, arguments) => {
                let values: Vec<Cell> = arguments.iter().map(|argument| argument.value(cell)).collect();
                call(*function, &values)
            }
        }
    }
}

fn call(function: Function, values: &[Cell]) -> Cell {
    let text = |index: usize| match values.get(index) {
        Some(Cell::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let (Some(first), second) = (text(0), text(1)) else { return Cell::Null };
    match (function, second) {
        (Function::Trim, _) => Cell::Text(first.trim().to_owned()),
        (Function::SubstringOf, Some(second)) => Cell::Bool(second.contains(first)),
        (Function::StartsWith, Some(second)) => Cell::Bool(first.starts_with(second)),
        (Function::EndsWith, Some(second)) => Cell::Bool(first.trim_end().ends_with(second)),
        _ => Cell::Null,
    }
}

/// Null equals null only; every other comparison with it is false but for `ne`.
fn compare(comparison: Comparison, left: &Cell, right: &Cell) -> bool {
    if left.is_null() || right.is_null() {
        let both = left.is_null() && right.is_null();
        return match comparison {
            Comparison::Equal => both,
            Comparison::NotEqual => !both,
            _ => false,
        };
    }
    let Some(order) = left.compare(right) else { return false };
    match comparison {
        Comparison::Equal => order == Ordering::Equal,
        Comparison::NotEqual => order != Ordering::Equal,
        Comparison::Greater => order == Ordering::Greater,
        Comparison::GreaterOrEqual => order != Ordering::Less,
        Comparison::Less => order == Ordering::Less,
        Comparison::LessOrEqual => order != Ordering::Greater,
    }
}

#[cfg(test)]
mod tests {
    use crate::sandbox::exact::cell::Cell;
    use crate::sandbox::exact::contract::resource;
    use crate::sandbox::exact::filter::parse;

    fn passes(filter: &str) -> bool {
        let accounts = resource("crm/Accounts").expect("served");
        let row = |name: &'static str| match name {
            "Code" => Cell::from("                25"),
            "Name" => Cell::from("O'Neill B.V."),
            "Country" => Cell::from("NL "),
            "Blocked" => Cell::Bool(false),
            _ => Cell::Null,
        };
        parse(filter, accounts).expect("a filter that parses").matches(&row)
    }

    #[test]
    fn filters_of_the_field_pass_and_fail_as_they_should() {
        assert!(passes("trim(Code) eq '25'") && !passes("Code eq '25'"));
        assert!(passes("Code eq '                25'"));
        assert!(passes("Country eq 'NL'"), "blanks at the end do not count");
        assert!(passes("Name eq 'O''Neill B.V.' and (Email eq null or Email eq 'x')"));
        assert!(passes("substringof('Neill',Name) eq true and startswith(Name,'O') and not endswith(Name,'x')"));
        assert!(passes("Blocked eq false and not Blocked") && passes("Email ne 'a@b.nl'"));
        assert!(!passes("Name eq 'x' or Name eq 'y'"));
    }

    #[test]
    fn what_the_vendor_does_not_take_is_refused() {
        let accounts = resource("crm/Accounts").expect("served");
        let deep = format!("{}Blocked{}", "(".repeat(2000), ")".repeat(2000));
        let bad = [
            "Naam eq 'x'",
            "Name eq",
            "ID eq 'x'",
            "Name eq Email",
            "Name in ('a','b')",
            "Name",
            "Name eq 'x",
            "BankAccounts/ID eq null",
            "Created eq '2026-01-01'",
            "Name eq 'a' Name",
            "ID eq guid'1'",
            &deep,
        ];
        for filter in bad {
            assert!(parse(filter, accounts).is_err(), "{filter}");
        }
    }

    #[test]
    fn equalities_are_found_where_an_index_helps() {
        let entries = resource("salesentry/SalesEntries").expect("served");
        let parsed = parse("(YourRef eq 'A' or YourRef eq 'B') and Status eq 20", entries).expect("parses");
        assert_eq!(parsed.equalities().map(|found| found.len()), Some(2));
        let parsed = parse("YourRef eq 'A' or EntryNumber gt 5", entries).expect("parses");
        assert!(parsed.equalities().is_none());
    }
}
