//! Definitions as the metadata API takes them.

use serde_json::{Value, json};

use crate::crm::schema::{SCHEMA_VERSION, Settings, type_name};
use crate::crm::tables::{COMMON, Column, ColumnType, LinkColumn, LinkTarget, NAME, Table, schema_name};

/// Where the values of choices begin; ours has none, yet a publisher must have one of its own.
const OPTION_VALUE_PREFIX: u32 = 72_700;
/// The range of money in the database (dynamics365.md §2.8).
const MONEY_MAX: i64 = 922_337_203_685_477;
const DECIMAL_MAX: i64 = 100_000_000_000;

/// Writes definitions with labels in the organization's own language.
pub(super) struct Writer<'a> {
    pub settings: &'a Settings,
    pub language: i64,
}

fn typed(name: &str) -> String {
    format!("Microsoft.Dynamics.CRM.{name}")
}

pub(super) fn publisher(settings: &Settings) -> Value {
    json!({
        "uniquename": settings.publisher,
        "friendlyname": settings.publisher,
        "description": "Made by Koppel for the tables that it keeps.",
        "customizationprefix": settings.prefix,
        "customizationoptionvalueprefix": OPTION_VALUE_PREFIX,
    })
}

pub(super) fn solution(settings: &Settings, publisher: uuid::Uuid) -> Value {
    json!({
        "uniquename": settings.solution,
        "friendlyname": settings.solution,
        "version": SCHEMA_VERSION,
        "publisherid@odata.bind": format!("/publishers({publisher})"),
    })
}

impl Writer<'_> {
    fn label(&self, text: &str) -> Value {
        let one = json!({"@odata.type": typed("LocalizedLabel"), "Label": text, "LanguageCode": self.language});
        json!({"@odata.type": typed("Label"), "LocalizedLabels": [one]})
    }

    fn schema(&self, name: &str) -> String {
        schema_name(&self.settings.prefix, name)
    }

    /// A table with its name and all its columns.
    pub fn table(&self, table: &Table) -> Value {
        let mut name = self.column(&NAME);
        name["IsPrimaryName"] = json!(true);
        let others = COMMON.iter().chain(table.columns).map(|column| self.column(column));
        let columns: Vec<Value> = [name].into_iter().chain(others).collect();
        json!({
            "@odata.type": typed("EntityMetadata"),
            "SchemaName": self.schema(table.name),
            "DisplayName": self.label(table.display),
            "DisplayCollectionName": self.label(table.display_plural),
            "Description": self.label("Kept by Koppel; what is changed here is overwritten."),
            "OwnershipType": self.settings.ownership.as_str(),
            "IsActivity": false,
            "HasActivities": false,
            "HasNotes": false,
            "ChangeTrackingEnabled": true,
            "Attributes": columns,
        })
    }

    /// A column.
    pub fn column(&self, column: &Column) -> Value {
        let mut value = json!({
            "@odata.type": typed(&column_class(column.column_type)),
            "AttributeTypeName": {"Value": type_name(column.column_type)},
            "SchemaName": self.schema(column.name),
            "DisplayName": self.label(column.display),
            "RequiredLevel": optional(),
        });
        let limits = match column.column_type {
            ColumnType::Text { length_max } => json!({"MaxLength": length_max, "FormatName": {"Value": "Text"}}),
            ColumnType::Memo { length_max } => json!({"MaxLength": length_max, "Format": "TextArea"}),
            ColumnType::Money => {
                // As many decimals as the row's currency has.
                json!({"PrecisionSource": 2, "MinValue": -MONEY_MAX, "MaxValue": MONEY_MAX})
            }
            ColumnType::Decimal { decimals } => {
                json!({"Precision": decimals, "MinValue": -DECIMAL_MAX, "MaxValue": DECIMAL_MAX})
            }
            ColumnType::Integer => json!({"MinValue": i32::MIN, "MaxValue": i32::MAX, "Format": "None"}),
            ColumnType::Big => json!({}),
            ColumnType::Flag => json!({"DefaultValue": false, "OptionSet": self.yes_or_no()}),
            ColumnType::Instant => json!({"Format": "DateAndTime", "DateTimeBehavior": {"Value": "UserLocal"}}),
        };
        for (name, limit) in limits.as_object().into_iter().flatten() {
            value[name] = limit.clone();
        }
        value
    }

    fn yes_or_no(&self) -> Value {
        json!({
            "@odata.type": typed("BooleanOptionSetMetadata"),
            "OptionSetType": "Boolean",
            "TrueOption": {"Value": 1, "Label": self.label("Yes")},
            "FalseOption": {"Value": 0, "Label": self.label("No")},
        })
    }

    /// The relationship behind a link. Nothing that happens to an account takes billing rows with it, and none of ours goes
    /// while another names it; where accounts are merged, the link follows.
    pub fn link(&self, table: &Table, link: &LinkColumn, target_id: &str) -> Value {
        let (delete, merge) = match link.target {
            LinkTarget::Account => ("RemoveLink", "Cascade"),
            LinkTarget::Record(_) => ("Restrict", "NoCascade"),
        };
        let name = self.settings.relationship(table, link.name);
        json!({
            "@odata.type": typed("OneToManyRelationshipMetadata"),
            "SchemaName": name,
            "ReferencedEntity": self.settings.target(link.target),
            "ReferencedAttribute": target_id,
            "ReferencingEntity": self.settings.table(table),
            // In lower case, so that rows can name a link as they name a column.
            "ReferencingEntityNavigationPropertyName": self.settings.column(link.name),
            "ReferencedEntityNavigationPropertyName": name,
            "CascadeConfiguration": {
                "Assign": "NoCascade", "Delete": delete, "Merge": merge,
                "Reparent": "NoCascade", "Share": "NoCascade", "Unshare": "NoCascade",
            },
            "AssociatedMenuConfiguration": {
                "Behavior": "UseCollectionName", "Group": "Details", "Label": self.label(table.display_plural), "Order": 10_000,
            },
            "Lookup": {
                "@odata.type": typed("LookupAttributeMetadata"),
                "AttributeTypeName": {"Value": "LookupType"},
                "SchemaName": self.schema(link.name),
                "DisplayName": self.label(link.display),
                "RequiredLevel": optional(),
            },
        })
    }

    /// The alternate key.
    pub fn key(&self) -> Value {
        json!({
            "SchemaName": self.settings.key(),
            "DisplayName": self.label("Site and Chargebee ID"),
            "KeyAttributes": [self.settings.key_column()],
        })
    }
}

/// The class of a column of this type, for a typed address of it.
pub(super) fn column_class(column_type: ColumnType) -> String {
    type_name(column_type).replace("Type", "AttributeMetadata")
}

fn optional() -> Value {
    json!({"Value": "None", "CanBeChanged": true, "ManagedPropertyLogicalName": "canmodifyrequirementlevelsettings"})
}
