//! Reading and changing the parts of a row that is JSON: attributes with their defaults, and linked lists.

use serde_json::{Value, json};

/// A text attribute, empty when absent.
pub(super) fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_default()
}

/// A number attribute, 0 when absent.
pub(super) fn number(row: &Value, name: &str) -> i64 {
    row[name].as_i64().unwrap_or_default()
}

/// A list attribute, empty when absent.
pub(super) fn list<'a>(row: &'a Value, name: &str) -> &'a [Value] {
    row[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The sum of a number over the rows of a list that pass.
pub(super) fn sum(row: &Value, name: &str, amount: &str, passes: impl Fn(&Value) -> bool) -> i64 {
    list(row, name).iter().filter(|linked| passes(linked)).map(|linked| number(linked, amount)).sum()
}

/// Lines less their discounts, and their tax.
pub(super) fn net_sum(document: &Value) -> (i64, i64) {
    let of = |name: &str| sum(document, "line_items", name, |_| true);
    (of("amount") - of("discount_amount"), of("tax_amount"))
}

/// Adds to a number.
pub(super) fn raise(row: &mut Value, name: &str, by: i64) {
    row[name] = (number(row, name) + by).into();
}

/// Appends to a list attribute, which comes into being with its first row.
pub(super) fn push(row: &mut Value, name: &str, linked: Value) {
    match &mut row[name] {
        Value::Array(rows) => rows.push(linked),
        other => *other = json!([linked]),
    }
}

/// Takes the rows out of a list whose `key` is `id`, and gives them back.
pub(super) fn take(row: &mut Value, name: &str, key: &str, id: &str) -> Vec<Value> {
    let Some(rows) = row[name].as_array_mut() else { return Vec::new() };
    let (taken, kept) = std::mem::take(rows).into_iter().partition(|linked| linked[key] == id);
    *rows = kept;
    taken
}

/// Sets an attribute of every row of a list whose `key` is `id`.
pub(super) fn set_linked(row: &mut Value, name: &str, (key, id): (&str, &str), attribute: &str, value: &Value) {
    let rows = row[name].as_array_mut().into_iter().flatten().filter(|linked| linked[key] == id);
    rows.for_each(|linked| linked[attribute] = value.clone());
}

/// Copies those of the attributes that `from` has.
pub(super) fn inherit(row: &mut Value, from: &Value, names: &[&str]) {
    for name in names {
        if let Some(value) = from.get(*name) {
            row[*name] = value.clone();
        }
    }
}

/// `whole * part / of` in minor units, half away from zero; 0 of nothing.
pub(super) fn share(whole: i64, part: i64, of: i64) -> i64 {
    if of == 0 {
        return 0;
    }
    let (product, of) = (i128::from(whole) * i128::from(part), i128::from(of));
    let (negative, product, of) = ((product < 0) != (of < 0), product.abs(), of.abs());
    let rounded = i64::try_from((product * 2 + of) / (of * 2)).unwrap_or(i64::MAX);
    if negative { -rounded } else { rounded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_half_away_from_zero() {
        assert_eq!([share(5, 1, 2), share(-5, 1, 2), share(100, 1, 3), share(7, 0, 0)], [3, -3, 33, 0]);
    }

    #[test]
    fn taken_rows_are_gone_and_the_others_stay() {
        let mut row = json!({"a": [{"id": "x", "n": 1}, {"id": "y", "n": 2}, {"id": "x", "n": 3}]});
        assert_eq!(take(&mut row, "a", "id", "x").len(), 2);
        assert_eq!(sum(&row, "a", "n", |_| true), 2);
        assert!(take(&mut row, "absent", "id", "x").is_empty());
    }
}
