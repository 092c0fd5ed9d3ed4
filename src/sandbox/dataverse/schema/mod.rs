//! Tables as an organisation knows them: what the metadata API shows and what rows are checked against.

mod contract;
mod kind;
mod naming;
mod standard;

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

pub use kind::{Behavior, Kind, Lookup, Money, Opt, Required};
pub use naming::{entity_set_name, label, label_text};
pub use standard::standard;

/// All tables, relationships and global choices of an organisation.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    pub tables: BTreeMap<String, Table>,
    pub relationships: Vec<Relationship>,
    pub choices: Vec<Choice>,
}

impl Schema {
    /// A table by its logical name.
    pub fn table(&self, logical: &str) -> Option<&Table> {
        self.tables.get(logical)
    }

    /// A table by the name of its entity set.
    pub fn by_set(&self, set: &str) -> Option<&Table> {
        self.tables.values().find(|table| table.entity_set == set)
    }

    pub fn by_metadata_id(&self, id: Uuid) -> Option<&Table> {
        self.tables.values().find(|table| table.metadata_id == id)
    }

    /// The lookup of a table that a navigation property stands for.
    pub fn single(&self, table: &str, navigation: &str) -> Option<&Relationship> {
        self.pointing().find(|one| one.referencing == table && one.referencing_navigation == navigation)
    }

    /// Rows of another table that point to a row of this one, by navigation property.
    pub fn collection(&self, table: &str, navigation: &str) -> Option<&Relationship> {
        self.pointing().find(|one| one.referenced == table && one.referenced_navigation == navigation)
    }

    fn pointing(&self) -> impl Iterator<Item = &Relationship> {
        self.relationships.iter().filter(|one| one.kind == RelationshipKind::OneToMany)
    }

    /// Relationships in which `table` holds the lookup.
    pub fn from<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a Relationship> {
        self.pointing().filter(move |one| one.referencing == table)
    }

    /// Relationships in which lookups of others point to `table`.
    pub fn to<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a Relationship> {
        self.pointing().filter(move |one| one.referenced == table)
    }

    /// The relationship by which a lookup column points to a table.
    pub fn between(&self, table: &str, column: &str, target: &str) -> Option<&Relationship> {
        let is_it = |one: &&Relationship| {
            one.referencing == table && one.referencing_column == column && one.referenced == target
        };
        self.pointing().find(is_it)
    }
}

/// Who owns the rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    User,
    Organization,
    BusinessUnit,
    None,
}

impl Ownership {
    /// The name in the metadata.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "UserOwned",
            Self::Organization => "OrganizationOwned",
            Self::BusinessUnit => "BusinessOwned",
            Self::None => "None",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        [Self::User, Self::Organization, Self::BusinessUnit, Self::None].into_iter().find(|one| one.name() == name)
    }
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    pub metadata_id: Uuid,
    pub logical: String,
    pub schema_name: String,
    pub entity_set: String,
    pub primary_id: String,
    pub primary_name: Option<String>,
    pub ownership: Ownership,
    pub type_code: i64,
    pub is_custom: bool,
    pub change_tracking: bool,
    pub can_track_changes: bool,
    /// Whether the bulk messages exist for it.
    pub bulk: bool,
    /// What its privileges are named after: `prvRead` and this.
    pub privilege_stem: String,
    pub display_name: serde_json::Value,
    pub display_collection_name: serde_json::Value,
    pub description: serde_json::Value,
    pub columns: BTreeMap<String, Column>,
    pub keys: Vec<Key>,
    /// When it came to be: reads past the cache see it at once, others later.
    pub since: Timestamp,
}

impl Table {
    /// The column that a lookup property such as `_accountid_value` stands for.
    pub fn lookup_of(&self, property: &str) -> Option<&Column> {
        let name = property.strip_prefix('_')?.strip_suffix("_value")?;
        self.columns.get(name).filter(|column| column.is_lookup())
    }

    /// Whether rows have an owner.
    pub fn has_owner(&self) -> bool {
        self.columns.contains_key("ownerid")
    }

    pub fn column_by_metadata_id(&self, id: Uuid) -> Option<&Column> {
        self.columns.values().find(|column| column.metadata_id == id)
    }
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    pub metadata_id: Uuid,
    pub logical: String,
    pub schema_name: String,
    pub kind: Kind,
    pub required: Required,
    /// Written by the platform alone; what a client sends for it is ignored.
    pub read_only: bool,
    pub is_custom: bool,
    pub display_name: serde_json::Value,
    pub description: serde_json::Value,
    pub since: Timestamp,
}

impl Column {
    /// A column of the platform's own.
    pub fn new(logical: &str, kind: Kind) -> Self {
        Self {
            metadata_id: Uuid::new_v4(),
            logical: logical.to_owned(),
            schema_name: logical.to_owned(),
            kind,
            required: Required::None,
            read_only: false,
            is_custom: false,
            display_name: label(logical),
            description: serde_json::Value::Null,
            since: Timestamp::UNIX_EPOCH,
        }
    }

    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    pub fn required(mut self, required: Required) -> Self {
        self.required = required;
        self
    }

    pub fn is_lookup(&self) -> bool {
        matches!(self.kind, Kind::Lookup { .. })
    }

    /// The name of the property that shows it.
    pub fn property(&self) -> String {
        if self.is_lookup() { format!("_{}_value", self.logical) } else { self.logical.clone() }
    }
}

/// A choice that several columns share.
#[derive(Clone, Debug)]
pub struct Choice {
    pub metadata_id: Uuid,
    pub name: String,
    pub options: Vec<Opt>,
    pub display_name: serde_json::Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelationshipKind {
    OneToMany,
    /// Between `referenced` and `referencing`, in a table of pairs.
    ManyToMany,
}

/// What becomes of the rows that point to a deleted one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDelete {
    Cascade,
    RemoveLink,
    Restrict,
    NoCascade,
}

impl OnDelete {
    pub fn name(self) -> &'static str {
        match self {
            Self::Cascade => "Cascade",
            Self::RemoveLink => "RemoveLink",
            Self::Restrict => "Restrict",
            Self::NoCascade => "NoCascade",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        [Self::Cascade, Self::RemoveLink, Self::Restrict, Self::NoCascade].into_iter().find(|one| one.name() == name)
    }
}

/// A relationship.
#[derive(Clone, Debug)]
pub struct Relationship {
    pub metadata_id: Uuid,
    pub schema_name: String,
    pub kind: RelationshipKind,
    pub referenced: String,
    pub referenced_column: String,
    pub referenced_navigation: String,
    pub referencing: String,
    pub referencing_column: String,
    pub referencing_navigation: String,
    pub on_delete: OnDelete,
    /// The other behaviours as they were declared; kept, not simulated.
    pub cascade: serde_json::Value,
    pub is_custom: bool,
    pub since: Timestamp,
}

/// An alternate key.
#[derive(Clone, Debug)]
pub struct Key {
    pub metadata_id: Uuid,
    pub schema_name: String,
    pub logical: String,
    pub columns: Vec<String>,
    pub display_name: serde_json::Value,
    pub status: KeyStatus,
    /// When its index was last asked for.
    pub asked: Timestamp,
}

/// How far a key's index is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    Pending,
    InProgress,
    Active,
    Failed,
}

impl KeyStatus {
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::InProgress => "InProgress",
            Self::Active => "Active",
            Self::Failed => "Failed",
        }
    }
}
