//! Creating, changing and dropping columns.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::answer::Answer;
use super::super::call::{Call, Context};
use super::super::dispatch::wrong_method;
use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::path::Segment;
use super::super::schema::{Behavior, Column, Kind, Lookup, Money, Opt, Table, label, label_text};
use super::{created, definition, find_column, solutions, tables, view};

const TEXT_MAX: i64 = 4_000;
const MEMO_MAX: i64 = 1_048_576;
const DECIMAL_MOST: i64 = 100_000_000_000;
const MONEY_MOST: i64 = 922_337_203_685_477;

/// Below `EntityDefinitions(…)/Attributes`
pub fn answer(org: &mut Org, context: &Context, call: &Call, table: &str, part: &Segment) -> Outcome<Answer> {
    match (call.method.as_str(), &part.arguments) {
        ("POST", None) => create(org, context, call, table),
        ("PUT", Some(arguments)) => update(org, context, call, table, arguments),
        ("DELETE", Some(arguments)) => delete(org, context, table, arguments),
        _ => Err(wrong_method(call)),
    }
}

fn create(org: &mut Org, context: &Context, call: &Call, logical: &str) -> Outcome<Answer> {
    org.need_named(context, "prvCreateAttribute")?;
    let body = call.json()?;
    let solution = solutions::named(org, call)?;
    let table = org.table(logical)?;
    let column = read(org, table, &body)?;
    let (id, table_id, since) = (column.metadata_id, table.metadata_id, column.since);
    if let Some(table) = org.schema.tables.get_mut(logical) {
        table.columns.insert(column.logical.clone(), column);
    }
    follow_money(org, logical, since);
    solutions::add(org, solution, id, solutions::COLUMN);
    Ok(created(context, &format!("EntityDefinitions({table_id})/Attributes({id})")))
}

/// A new column of a table, as its definition says.
pub fn read(org: &Org, table: &Table, body: &Value) -> Outcome<Column> {
    let schema_name = definition::schema_name(org, body)?.to_owned();
    let logical = schema_name.to_lowercase();
    if table.columns.contains_key(&logical) || logical == table.primary_id {
        let message = format!(
            "An attribute with the specified name {schema_name} already exists on the entity {}.",
            table.logical
        );
        return Err(Failure::argument(message));
    }
    Ok(Column {
        metadata_id: Uuid::new_v4(),
        kind: kind(org, body)?,
        required: definition::required(body)?,
        read_only: false,
        is_custom: true,
        display_name: definition::label(body, "DisplayName")?,
        description: definition::optional_label(body, "Description")?,
        since: org.clock.now(),
        schema_name,
        logical,
    })
}

fn kind(org: &Org, body: &Value) -> Outcome<Kind> {
    let name = definition::type_of(body)?;
    let kind = match name.trim_start_matches("Complex") {
        "StringAttributeMetadata" => Kind::Text {
            max: length(body, 100, TEXT_MAX)?,
            format: body["FormatName"]["Value"].as_str().unwrap_or("Text").to_owned(),
        },
        "MemoAttributeMetadata" => Kind::Memo { max: length(body, 2_000, MEMO_MAX)? },
        "IntegerAttributeMetadata" => {
            let range = (i64::from(i32::MIN), i64::from(i32::MAX));
            Kind::Int {
                min: definition::whole(body, "MinValue", range.0, range)?,
                max: definition::whole(body, "MaxValue", range.1, range)?,
            }
        }
        "BigIntAttributeMetadata" => Kind::BigInt,
        "DecimalAttributeMetadata" => {
            let (min, max) = bounds(body, DECIMAL_MOST)?;
            Kind::Number { min, max, precision: precision(body, 2, 10)? }
        }
        "DoubleAttributeMetadata" => {
            let (min, max) = bounds(body, DECIMAL_MOST)?;
            Kind::Float { min, max, precision: precision(body, 2, 5)? }
        }
        "MoneyAttributeMetadata" => {
            let (min, max) = bounds(body, MONEY_MOST)?;
            let source = definition::whole(body, "PrecisionSource", 2, (0, 2))?;
            let source = u8::try_from(source).unwrap_or_default();
            Kind::Money(Money { min, max, precision: precision(body, 2, 4)?, source, is_base: false })
        }
        "DateTimeAttributeMetadata" => moment(body)?,
        "BooleanAttributeMetadata" => boolean(body)?,
        "PicklistAttributeMetadata" => choice(org, body)?,
        "MultiSelectPicklistAttributeMetadata" => Kind::Choices { options: some_options(body)? },
        "LookupAttributeMetadata" => {
            return Err(Failure::argument("A lookup is made by creating a relationship, not as an attribute."));
        }
        other => return Err(Failure::payload("AttributeMetadata", &format!("The type '{other}' cannot be created."))),
    };
    let (_, code, type_name) = view::names(&kind);
    let sent_code = body["AttributeType"].as_str().is_some_and(|sent| sent != code);
    let sent_name = body["AttributeTypeName"]["Value"].as_str().is_some_and(|sent| sent != type_name);
    if sent_code || sent_name {
        return Err(Failure::argument(format!("AttributeType and AttributeTypeName do not belong to '{name}'.")));
    }
    Ok(kind)
}

fn length(body: &Value, default: i64, most: i64) -> Outcome<usize> {
    Ok(usize::try_from(definition::whole(body, "MaxLength", default, (1, most))?).unwrap_or_default())
}

fn precision(body: &Value, default: i64, most: i64) -> Outcome<u32> {
    Ok(u32::try_from(definition::whole(body, "Precision", default, (0, most))?).unwrap_or_default())
}

fn bounds(body: &Value, most: i64) -> Outcome<(Decimal, Decimal)> {
    let (min, max) = (definition::number(body, "MinValue", -most)?, definition::number(body, "MaxValue", most)?);
    let most = Decimal::from(most);
    if min > max || min < -most || max > most {
        return Err(Failure::argument(format!("MinValue and MaxValue must be between -{most} and {most}.")));
    }
    Ok((min, max))
}

fn moment(body: &Value) -> Outcome<Kind> {
    let format = body["Format"].as_str().unwrap_or("DateOnly");
    let name = body["DateTimeBehavior"]["Value"].as_str().unwrap_or("UserLocal");
    let behavior =
        Behavior::parse(name).ok_or_else(|| Failure::argument(format!("DateTimeBehavior '{name}' is unknown.")))?;
    if !matches!(format, "DateOnly" | "DateAndTime") || (behavior == Behavior::DateOnly && format != "DateOnly") {
        return Err(Failure::argument(format!("The format '{format}' does not go with the behavior '{name}'.")));
    }
    Ok(Kind::Moment { behavior, date_only_format: format == "DateOnly" })
}

fn boolean(body: &Value) -> Outcome<Kind> {
    let set = &body["OptionSet"];
    let option = |name: &str, value: i64| {
        let label = label_text(&set[name]["Label"]).filter(|_| set[name]["Value"].as_i64() == Some(value));
        label
            .map(str::to_owned)
            .ok_or_else(|| Failure::argument(format!("The OptionSet has no {name} of value {value}.")))
    };
    Ok(Kind::Bool {
        default: body["DefaultValue"].as_bool().unwrap_or(false),
        no: option("FalseOption", 0)?,
        yes: option("TrueOption", 1)?,
    })
}

fn choice(org: &Org, body: &Value) -> Outcome<Kind> {
    let Some(reference) = body["GlobalOptionSet@odata.bind"].as_str() else {
        return Ok(Kind::Choice { options: some_options(body)?, global: None });
    };
    let inner = reference.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or_default();
    let name = super::super::path::unquoted(inner.trim_start_matches("Name="));
    let found = org
        .schema
        .choices
        .iter()
        .find(|choice| inner.parse() == Ok(choice.metadata_id) || name.as_deref() == Some(choice.name.as_str()));
    let choice = found
        .ok_or_else(|| Failure::new(404, "0x80060888", format!("Could not find an option set by '{reference}'.")))?;
    Ok(Kind::Choice { options: choice.options.clone(), global: Some(choice.metadata_id) })
}

fn some_options(body: &Value) -> Outcome<Vec<Opt>> {
    let set = &body["OptionSet"];
    if !set.is_object() || set["IsGlobal"] == json!(true) {
        return Err(Failure::argument("A local OptionSet with IsGlobal false, or a GlobalOptionSet, is needed."));
    }
    definition::options(set)
}

/// The columns that come with money: currency and rate once, a base value for each.
pub fn follow_money(org: &mut Org, logical: &str, since: Timestamp) {
    let Some(table) = org.schema.tables.get_mut(logical).filter(|table| table.is_custom) else { return };
    let money: Vec<String> = table
        .columns
        .values()
        .filter(|column| matches!(&column.kind, Kind::Money(money) if !money.is_base))
        .map(|column| column.logical.clone())
        .collect();
    if money.is_empty() {
        return;
    }
    let most = Decimal::from(MONEY_MOST);
    for name in money {
        let base = Money { min: -most, max: most, precision: 4, source: 0, is_base: true };
        let mut column = Column::new(&format!("{name}_base"), Kind::Money(base)).read_only();
        column.since = since;
        table.columns.entry(column.logical.clone()).or_insert(column);
    }
    if table.columns.contains_key("transactioncurrencyid") {
        return;
    }
    let targets = vec!["transactioncurrency".to_owned()];
    let mut currency = Column::new("transactioncurrencyid", Kind::Lookup { targets, variant: Lookup::Plain });
    let rate = Kind::Number { min: Decimal::new(1, 12), max: Decimal::from(DECIMAL_MOST), precision: 12 };
    let mut rate = Column::new("exchangerate", rate).read_only();
    (currency.since, rate.since) = (since, since);
    (currency.display_name, rate.display_name) = (label("Currency"), label("Exchange Rate"));
    let mut way = tables::way(table, "transactioncurrencyid", "transactioncurrency", since);
    way.on_delete = super::super::schema::OnDelete::Restrict;
    table.columns.insert(currency.logical.clone(), currency);
    table.columns.insert(rate.logical.clone(), rate);
    org.schema.relationships.push(way);
}

/// `PUT …/Attributes(…)` with the whole definition; neither name nor type can change.
fn update(org: &mut Org, context: &Context, call: &Call, logical: &str, arguments: &str) -> Outcome<Answer> {
    org.need_named(context, "prvWriteAttribute")?;
    let mut body = call.json()?;
    let table = org.table(logical)?;
    let old = find_column(table, arguments)?.clone();
    if definition::text(&body, "SchemaName")? != old.schema_name {
        return Err(Failure::argument("The SchemaName of an attribute cannot be changed."));
    }
    let (of, ..) = view::names(&old.kind);
    definition::expect_type(&body, of)?;
    let kind = match &old.kind {
        // Options and targets are not changed this way.
        kind @ (Kind::Choice { .. }
        | Kind::Choices { .. }
        | Kind::State { .. }
        | Kind::Status { .. }
        | Kind::Lookup { .. }) => kind.clone(),
        kind @ (Kind::Bool { .. } | Kind::PrimaryId | Kind::Id | Kind::TableName) => kind.clone(),
        _ => {
            // The type's code is given by the definition's type alone.
            if let Value::Object(body) = &mut body {
                body.remove("AttributeType");
                body.remove("AttributeTypeName");
            }
            kind(org, &body)?
        }
    };
    let required = if old.required == super::super::schema::Required::System {
        old.required
    } else {
        definition::required(&body)?
    };
    let display_name = definition::changed_label(call, &body, "DisplayName", &old.display_name)?;
    let description = definition::optional_label(&body, "Description")?;
    if let Some(table) = org.schema.tables.get_mut(logical) {
        let column = Column { kind, required, display_name, description, ..old };
        table.columns.insert(column.logical.clone(), column);
    }
    Ok(Answer::empty())
}

fn delete(org: &mut Org, context: &Context, logical: &str, arguments: &str) -> Outcome<Answer> {
    org.need_named(context, "prvDeleteAttribute")?;
    let table = org.table(logical)?;
    let column = find_column(table, arguments)?.clone();
    let in_key = table.keys.iter().any(|key| key.columns.contains(&column.logical));
    if !column.is_custom || table.primary_name.as_ref() == Some(&column.logical) || in_key {
        let message = format!(
            "The Attribute({}) component cannot be deleted because it is referenced by other components.",
            column.metadata_id
        );
        return Err(Failure::new(400, "0x8004f01f", message));
    }
    org.schema.relationships.retain(|way| way.referencing != logical || way.referencing_column != column.logical);
    if let Some(table) = org.schema.tables.get_mut(logical) {
        table.columns.remove(&column.logical);
    }
    solutions::remove(org, column.metadata_id);
    Ok(Answer::empty())
}
