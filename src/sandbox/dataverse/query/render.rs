//! Rows as JSON: selected columns, annotations, formatted values.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::super::call::{Context, Prefer};
use super::super::cell::Cell;
use super::super::failure::Outcome;
use super::super::org::Org;
use super::super::schema::{Column, Kind, Opt, Table};
use super::super::store::Row;
use super::options::{Options, property};

const FORMATTED: &str = "OData.Community.Display.V1.FormattedValue";
const LOGICAL_NAME: &str = "Microsoft.Dynamics.CRM.lookuplogicalname";
const NAVIGATION: &str = "Microsoft.Dynamics.CRM.associatednavigationproperty";

/// Shows rows of an organisation to one client.
pub struct Renderer<'a> {
    pub org: &'a Org,
    pub context: &'a Context,
    pub prefer: &'a Prefer,
}

impl Renderer<'_> {
    /// A row with the selected columns, its id and its etag.
    pub fn row(&self, table: &Table, row: &Row, options: &Options) -> Outcome<Map<String, Value>> {
        let mut out = Map::new();
        out.insert("@odata.etag".to_owned(), json!(row.etag()));
        for column in self.selected(table, options)? {
            self.column(table, column, row, &mut out);
        }
        for expand in &options.expand {
            self.expanded(table, row, expand, &mut out)?;
        }
        Ok(out)
    }

    fn selected<'t>(&self, table: &'t Table, options: &Options) -> Outcome<Vec<&'t Column>> {
        let Some(names) = options.select.as_ref().filter(|names| !names.iter().any(|name| name == "*")) else {
            return Ok(table.columns.values().collect());
        };
        let mut columns: Vec<&Column> = names.iter().map(|name| property(table, name)).collect::<Outcome<_>>()?;
        let id = table.columns.get(&table.primary_id);
        if !columns.iter().any(|column| column.logical == table.primary_id) {
            columns.extend(id);
        }
        Ok(columns)
    }

    fn column(&self, table: &Table, column: &Column, row: &Row, out: &mut Map<String, Value>) {
        let name = column.property();
        let cell = match column.logical.as_str() {
            "versionnumber" => i64::try_from(row.version).ok().map(Cell::Int),
            logical => row.get(logical).cloned(),
        };
        let Some(cell) = cell else {
            out.insert(name, Value::Null);
            return;
        };
        if let Cell::Link { table: target, .. } = &cell {
            if self.prefer.annotates(NAVIGATION)
                && let Some(way) = self.org.schema.between(&table.logical, &column.logical, target)
            {
                out.insert(format!("{name}@{NAVIGATION}"), json!(way.referencing_navigation));
            }
            if self.prefer.annotates(LOGICAL_NAME) {
                out.insert(format!("{name}@{LOGICAL_NAME}"), json!(target));
            }
        }
        if self.prefer.annotates(FORMATTED)
            && let Some(text) = formatted(self.org, column, row, &cell)
        {
            out.insert(format!("{name}@{FORMATTED}"), json!(text));
        }
        out.insert(name, cell.json());
    }
}

/// What a person would read, in the words of a user of the United States.
fn formatted(org: &Org, column: &Column, row: &Row, cell: &Cell) -> Option<String> {
    let label = |options: &[Opt], value: i64| {
        options.iter().find(|option| option.value == value).map(|option| option.label.clone())
    };
    match (&column.kind, cell) {
        (Kind::Choice { options, .. } | Kind::State { options } | Kind::Status { options }, Cell::Int(value)) => {
            label(options, *value)
        }
        (Kind::Choices { options }, Cell::Options(values)) => {
            let labels: Vec<String> = values.iter().filter_map(|value| label(options, *value)).collect();
            Some(labels.join("; "))
        }
        (Kind::Bool { no, yes, .. }, Cell::Bool(truth)) => Some(if *truth { yes.clone() } else { no.clone() }),
        (Kind::Lookup { .. }, Cell::Link { table, id }) => {
            let name = org.schema.table(table)?.primary_name.as_ref()?;
            org.store.get(table, *id)?.text(name).map(str::to_owned)
        }
        (Kind::Money(_), Cell::Number(number)) => {
            let currency = row.id_of("transactioncurrencyid").and_then(|id| org.store.get("transactioncurrency", id));
            let symbol = currency.and_then(|currency| currency.text("currencysymbol")).unwrap_or_default();
            Some(format!("{symbol}{}", grouped(*number, 2)))
        }
        (Kind::Number { precision, .. }, Cell::Number(number)) => Some(grouped(*number, *precision)),
        (Kind::Int { .. } | Kind::BigInt, Cell::Int(number)) => Some(grouped(Decimal::from(*number), 0)),
        (Kind::Moment { date_only_format: true, .. }, Cell::Moment(at)) => Some(at.strftime("%-m/%-d/%Y").to_string()),
        (Kind::Moment { .. }, Cell::Moment(at)) => Some(at.strftime("%-m/%-d/%Y %-I:%M %p").to_string()),
        (Kind::Moment { .. }, Cell::Day(day)) => Some(day.strftime("%-m/%-d/%Y").to_string()),
        _ => None,
    }
}

fn grouped(number: Decimal, places: u32) -> String {
    let text = format!("{:.*}", usize::try_from(places).unwrap_or(2), number.abs());
    let (whole, fraction) =
        text.split_once('.').map_or((text.as_str(), None), |(whole, fraction)| (whole, Some(fraction)));
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    if number.is_sign_negative() && !number.is_zero() { format!("-{out}") } else { out }
}
