//! Definitions as the API shows them.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::org::Org;
use super::super::schema::{
    Behavior, Choice, Column, Key, Kind, Lookup, Opt, Relationship, RelationshipKind, Required, Table, label,
};
use super::super::security::{self, privilege_id};

/// Up to when a component must be there to be seen: now, or with the cache's lag.
pub fn visible(org: &Org, call: &Call) -> Timestamp {
    let now = org.clock.now();
    let is_strong = call.header("consistency").is_some_and(|value| value.eq_ignore_ascii_case("strong"));
    let lag = if is_strong { 0 } else { org.pace.metadata_lag_seconds };
    now.checked_sub(SignedDuration::from_secs(lag)).unwrap_or(now)
}

fn managed(value: bool, name: &str) -> Value {
    json!({"Value": value, "CanBeChanged": true, "ManagedPropertyLogicalName": name})
}

/// A table without what stands in collections of its own.
pub fn table(table: &Table) -> Value {
    let collection = super::super::schema::label_text(&table.display_collection_name).unwrap_or_default();
    let privileges: Vec<Value> = security::verbs(table)
        .map(|verb| {
            let name = security::privilege(verb, table);
            json!({
                "Name": name, "PrivilegeId": privilege_id(&name), "PrivilegeType": verb.name(), "CanBeBasic": true,
                "CanBeLocal": true, "CanBeDeep": true, "CanBeGlobal": true,
            })
        })
        .collect();
    json!({
        "MetadataId": table.metadata_id, "LogicalName": table.logical, "SchemaName": table.schema_name,
        "EntitySetName": table.entity_set, "LogicalCollectionName": table.entity_set,
        "CollectionSchemaName": table.entity_set, "PrimaryIdAttribute": table.primary_id,
        "PrimaryNameAttribute": table.primary_name, "OwnershipType": table.ownership.name(),
        "ObjectTypeCode": table.type_code, "IsCustomEntity": table.is_custom, "IsManaged": !table.is_custom,
        "IsActivity": false, "IsPrivate": false, "IsIntersect": false, "IsLogicalEntity": false, "TableType": "Standard",
        "DataProviderId": null, "HasNotes": table.is_custom, "HasActivities": false,
        "ChangeTrackingEnabled": table.change_tracking,
        "CanChangeTrackingBeEnabled": managed(table.can_track_changes, "canchangetrackingbeenabled"),
        "IsCustomizable": managed(true, "iscustomizable"), "IsOptimisticConcurrencyEnabled": true,
        "DisplayName": table.display_name, "DisplayCollectionName": table.display_collection_name,
        "Description": or_empty(&table.description), "EntityColor": "", "ExternalCollectionName": collection,
        "Privileges": privileges,
    })
}

fn or_empty(value: &Value) -> Value {
    if value.is_null() { json!({"LocalizedLabels": [], "UserLocalizedLabel": null}) } else { value.clone() }
}

/// The name of a column's definition type, its type code and its type name.
pub fn names(kind: &Kind) -> (&'static str, &'static str, &'static str) {
    match kind {
        Kind::PrimaryId | Kind::Id => ("UniqueIdentifierAttributeMetadata", "Uniqueidentifier", "UniqueidentifierType"),
        Kind::Text { .. } => ("StringAttributeMetadata", "String", "StringType"),
        Kind::Memo { .. } => ("MemoAttributeMetadata", "Memo", "MemoType"),
        Kind::Int { .. } => ("IntegerAttributeMetadata", "Integer", "IntegerType"),
        Kind::BigInt => ("BigIntAttributeMetadata", "BigInt", "BigIntType"),
        Kind::Number { .. } => ("DecimalAttributeMetadata", "Decimal", "DecimalType"),
        Kind::Float { .. } => ("DoubleAttributeMetadata", "Double", "DoubleType"),
        Kind::Money(_) => ("MoneyAttributeMetadata", "Money", "MoneyType"),
        Kind::Bool { .. } => ("BooleanAttributeMetadata", "Boolean", "BooleanType"),
        Kind::Choice { .. } => ("PicklistAttributeMetadata", "Picklist", "PicklistType"),
        Kind::Choices { .. } => ("MultiSelectPicklistAttributeMetadata", "Virtual", "MultiSelectPicklistType"),
        Kind::State { .. } => ("StateAttributeMetadata", "State", "StateType"),
        Kind::Status { .. } => ("StatusAttributeMetadata", "Status", "StatusType"),
        Kind::Moment { .. } => ("DateTimeAttributeMetadata", "DateTime", "DateTimeType"),
        Kind::Lookup { variant: Lookup::Plain, .. } => ("LookupAttributeMetadata", "Lookup", "LookupType"),
        Kind::Lookup { variant: Lookup::Customer, .. } => ("LookupAttributeMetadata", "Customer", "CustomerType"),
        Kind::Lookup { variant: Lookup::Owner, .. } => ("LookupAttributeMetadata", "Owner", "OwnerType"),
        Kind::TableName => ("EntityNameAttributeMetadata", "EntityName", "EntityNameType"),
    }
}

/// A column with what its type has besides.
pub fn column(table: &Table, column: &Column) -> Value {
    let (of, code, name) = names(&column.kind);
    let is_primary_id = column.logical == table.primary_id;
    let mut out = json!({
        "@odata.type": format!("#Microsoft.Dynamics.CRM.{of}"), "MetadataId": column.metadata_id,
        "LogicalName": column.logical, "SchemaName": column.schema_name, "EntityLogicalName": table.logical,
        "AttributeType": code, "AttributeTypeName": {"Value": name}, "AttributeOf": null, "ColumnNumber": null,
        "DisplayName": column.display_name, "Description": or_empty(&column.description),
        "RequiredLevel": {
            "Value": column.required.name(), "CanBeChanged": column.required != Required::System,
            "ManagedPropertyLogicalName": "canmodifyrequirementlevelsettings",
        },
        "IsCustomAttribute": column.is_custom, "IsManaged": !column.is_custom, "IsPrimaryId": is_primary_id,
        "IsPrimaryName": table.primary_name.as_deref() == Some(column.logical.as_str()), "IsLogical": false,
        "IsValidForCreate": !column.read_only, "IsValidForUpdate": !column.read_only && !is_primary_id,
        "IsValidForRead": true, "IsSecured": false, "SourceType": 0,
    });
    if let (Value::Object(out), Value::Object(own)) = (&mut out, of_kind(&column.kind)) {
        out.extend(own);
    }
    out
}

fn of_kind(kind: &Kind) -> Value {
    let decimal = |number: &rust_decimal::Decimal| super::super::cell::decimal_json(*number);
    match kind {
        Kind::Text { max, format } => {
            json!({"MaxLength": max, "Format": format, "FormatName": {"Value": format}, "DatabaseLength": max * 2})
        }
        Kind::Memo { max } => json!({"MaxLength": max, "Format": "TextArea", "FormatName": {"Value": "TextArea"}}),
        Kind::Int { min, max } => json!({"MinValue": min, "MaxValue": max, "Format": "None"}),
        Kind::BigInt => json!({"MinValue": i64::MIN, "MaxValue": i64::MAX}),
        Kind::Number { min, max, precision } | Kind::Float { min, max, precision } => {
            json!({"MinValue": decimal(min), "MaxValue": decimal(max), "Precision": precision})
        }
        Kind::Money(money) => json!({
            "MinValue": decimal(&money.min), "MaxValue": decimal(&money.max), "Precision": money.precision,
            "PrecisionSource": money.source, "IsBaseCurrency": money.is_base, "CalculationOf": null,
        }),
        Kind::Bool { default, .. } => json!({"DefaultValue": default}),
        Kind::Choice { .. } | Kind::Choices { .. } | Kind::State { .. } | Kind::Status { .. } => {
            json!({"DefaultFormValue": -1, "SourceTypeMask": 0})
        }
        Kind::Moment { behavior, date_only_format } => json!({
            "Format": if *date_only_format || *behavior == Behavior::DateOnly { "DateOnly" } else { "DateAndTime" },
            "DateTimeBehavior": {"Value": behavior.name()}, "CanChangeDateTimeBehavior": managed(true, "canchangedatetimebehavior"),
        }),
        Kind::Lookup { targets, .. } => json!({"Targets": targets, "Format": "None"}),
        Kind::PrimaryId | Kind::Id | Kind::TableName => json!({}),
    }
}

/// The choice behind a column, as `$expand=OptionSet` shows it.
pub fn option_set(table: &Table, column: &Column) -> Value {
    let name = format!("{}_{}", table.logical, column.logical);
    let (kind, list) = match &column.kind {
        Kind::Bool { no, yes, .. } => {
            let option = |value: i64, text: &str| json!({"Value": value, "Label": label(text)});
            return json!({
                "MetadataId": uuid::Uuid::new_v5(&column.metadata_id, b"options"), "Name": name, "IsGlobal": false,
                "OptionSetType": "Boolean", "TrueOption": option(1, yes), "FalseOption": option(0, no),
            });
        }
        Kind::Choice { options, .. } | Kind::Choices { options } => ("Picklist", options),
        Kind::State { options } => ("State", options),
        Kind::Status { options } => ("Status", options),
        _ => return Value::Null,
    };
    let global = if let Kind::Choice { global, .. } = &column.kind { *global } else { None };
    json!({
        "MetadataId": global.unwrap_or_else(|| uuid::Uuid::new_v5(&column.metadata_id, b"options")), "Name": name,
        "IsGlobal": global.is_some(), "OptionSetType": kind, "Options": list.iter().map(|one| option(kind, one)).collect::<Vec<_>>(),
    })
}

fn option(kind: &str, option: &Opt) -> Value {
    let mut out = json!({"Value": option.value, "Label": label(&option.label), "IsManaged": false, "Color": null});
    match kind {
        "State" => out["DefaultStatus"] = json!(option.other),
        "Status" => out["State"] = json!(option.other),
        _ => {}
    }
    out
}

/// A choice of several columns.
pub fn choice(choice: &Choice) -> Value {
    json!({
        "@odata.type": "#Microsoft.Dynamics.CRM.OptionSetMetadata", "MetadataId": choice.metadata_id, "Name": choice.name,
        "DisplayName": choice.display_name, "IsGlobal": true, "IsCustomOptionSet": true, "OptionSetType": "Picklist",
        "Options": choice.options.iter().map(|one| option("Picklist", one)).collect::<Vec<_>>(),
    })
}

/// An alternate key.
pub fn key(table: &Table, key: &Key) -> Value {
    json!({
        "MetadataId": key.metadata_id, "SchemaName": key.schema_name, "LogicalName": key.logical,
        "EntityLogicalName": table.logical, "KeyAttributes": key.columns, "EntityKeyIndexStatus": key.status.name(),
        "DisplayName": or_empty(&key.display_name), "IsManaged": false, "AsyncJob": null,
    })
}

/// A relationship.
pub fn relationship(one: &Relationship) -> Value {
    if one.kind == RelationshipKind::ManyToMany {
        return json!({
            "@odata.type": "#Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata", "MetadataId": one.metadata_id,
            "SchemaName": one.schema_name, "RelationshipType": "ManyToManyRelationship",
            "IsCustomRelationship": one.is_custom, "Entity1LogicalName": one.referenced, "Entity2LogicalName": one.referencing,
            "IntersectEntityName": one.referencing_column, "Entity1NavigationPropertyName": one.referenced_navigation,
            "Entity2NavigationPropertyName": one.referencing_navigation,
        });
    }
    let mut cascade = json!({
        "Assign": "NoCascade", "Merge": "NoCascade", "Reparent": "NoCascade", "Share": "NoCascade", "Unshare": "NoCascade",
    });
    if let (Value::Object(cascade), Value::Object(sent)) = (&mut cascade, &one.cascade) {
        cascade.extend(sent.clone());
    }
    cascade["Delete"] = json!(one.on_delete.name());
    json!({
        "@odata.type": "#Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata", "MetadataId": one.metadata_id,
        "SchemaName": one.schema_name, "RelationshipType": "OneToManyRelationship", "IsCustomRelationship": one.is_custom,
        "ReferencedEntity": one.referenced, "ReferencedAttribute": one.referenced_column,
        "ReferencedEntityNavigationPropertyName": one.referenced_navigation, "ReferencingEntity": one.referencing,
        "ReferencingAttribute": one.referencing_column,
        "ReferencingEntityNavigationPropertyName": one.referencing_navigation, "CascadeConfiguration": cascade,
        "IsHierarchical": false, "IsManaged": !one.is_custom,
    })
}
