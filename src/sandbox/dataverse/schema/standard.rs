//! The tables that an organisation has from the start.

use jiff::Timestamp;
use uuid::Uuid;

use super::contract;
use super::naming::label;
use super::{
    Behavior, Column, Kind, Lookup, OnDelete, Opt, Ownership, Relationship, RelationshipKind, Required, Schema, Table,
};

const CORE: [&str; 8] = [
    include_str!("../contract/account.txt"),
    include_str!("../contract/contact.txt"),
    include_str!("../contract/customeraddress.txt"),
    include_str!("../contract/transactioncurrency.txt"),
    include_str!("../contract/systemuser.txt"),
    include_str!("../contract/team.txt"),
    include_str!("../contract/businessunit.txt"),
    include_str!("../contract/organization.txt"),
];
/// What comes with Dynamics 365 Sales.
const SALES: [&str; 7] = [
    include_str!("../contract/quote.txt"),
    include_str!("../contract/quotedetail.txt"),
    include_str!("../contract/quoteclose.txt"),
    include_str!("../contract/product.txt"),
    include_str!("../contract/pricelevel.txt"),
    include_str!("../contract/productpricelevel.txt"),
    include_str!("../contract/uom.txt"),
];
const SALES_TOO: &str = include_str!("../contract/uomschedule.txt");

/// The schema of a new organisation, with the sales tables or without.
pub fn standard(sales: bool) -> Schema {
    let mut schema = Schema::default();
    let texts = CORE.iter().chain(if sales { SALES.as_slice() } else { &[] }).copied();
    for text in texts.chain(sales.then_some(SALES_TOO)) {
        if let Some((table, relationships)) = contract::read(text) {
            schema.tables.insert(table.logical.clone(), table);
            schema.relationships.extend(relationships);
        }
    }
    for (table, relationships) in own_tables() {
        schema.tables.insert(table.logical.clone(), table);
        schema.relationships.extend(relationships);
    }
    schema
}

/// Tables of the platform that no contract describes, with the columns that clients use.
fn own_tables() -> Vec<(Table, Vec<Relationship>)> {
    let text = |name: &str, max: usize| Column::new(name, Kind::Text { max, format: "Text".to_owned() });
    let needed = |name: &str, max: usize| text(name, max).required(Required::System);
    let int = |name: &str, min: i64, max: i64| Column::new(name, Kind::Int { min, max });
    let publisher = plain("publisher", "Publisher", "publishers", Some("friendlyname"), 7101).with([
        needed("uniquename", 256),
        needed("friendlyname", 256),
        Column::new("description", Kind::Memo { max: 2000 }),
        needed("customizationprefix", 8),
        int("customizationoptionvalueprefix", 10_000, 99_999),
        Column::new("isreadonly", yes_or_no()).read_only(),
    ]);
    let solution = plain("solution", "Solution", "solutions", Some("friendlyname"), 7100).with([
        needed("uniquename", 65),
        needed("friendlyname", 256),
        Column::new("description", Kind::Memo { max: 2000 }),
        needed("version", 256),
        Column::new("ismanaged", yes_or_no()).read_only(),
        Column::new("isvisible", yes_or_no()).read_only(),
        lookup("publisherid", "publisher").required(Required::System),
    ]);
    let component = plain("solutioncomponent", "SolutionComponent", "solutioncomponents", None, 7103).with([
        Column::new("objectid", Kind::Id).read_only(),
        int("componenttype", 0, 100_000).read_only(),
        lookup("solutionid", "solution").read_only(),
    ]);
    let role = plain("role", "Role", "roles", Some("name"), 1036)
        .with([needed("name", 100), lookup("businessunitid", "businessunit")]);
    let privilege = plain("privilege", "Privilege", "privileges", Some("name"), 1023)
        .with([text("name", 100).read_only(), int("accessright", 0, i64::from(i32::MAX)).read_only()]);
    let message =
        plain("sdkmessage", "SdkMessage", "sdkmessages", Some("name"), 4606).with([text("name", 256).read_only()]);
    let filter = plain("sdkmessagefilter", "SdkMessageFilter", "sdkmessagefilters", None, 4607)
        .with([text("primaryobjecttypecode", 100).read_only(), lookup("sdkmessageid", "sdkmessage").read_only()]);
    let job = plain("asyncoperation", "AsyncOperation", "asyncoperations", Some("name"), 4700).with([
        text("name", 256),
        Column::new("statecode", Kind::State { options: vec![option(0, "Ready", 0), option(3, "Completed", 30)] }),
        Column::new("statuscode", Kind::Status { options: vec![option(0, "Waiting", 0), option(30, "Succeeded", 3)] }),
    ]);
    vec![
        (publisher, Vec::new()),
        (
            solution,
            vec![relationship("solution", "publisherid", "publisher", "publisher_solution", OnDelete::Restrict)],
        ),
        (
            component,
            vec![relationship(
                "solutioncomponent",
                "solutionid",
                "solution",
                "solution_solutioncomponent",
                OnDelete::Cascade,
            )],
        ),
        (role, vec![relationship("role", "businessunitid", "businessunit", "business_unit_roles", OnDelete::Restrict)]),
        (privilege, Vec::new()),
        (message, Vec::new()),
        (
            filter,
            vec![relationship(
                "sdkmessagefilter",
                "sdkmessageid",
                "sdkmessage",
                "sdkmessageid_sdkmessagefilter",
                OnDelete::Cascade,
            )],
        ),
        (job, Vec::new()),
    ]
}

fn option(value: i64, label: &str, other: i64) -> Opt {
    Opt { value, label: label.to_owned(), other: Some(other) }
}

fn yes_or_no() -> Kind {
    Kind::Bool { default: false, no: "No".to_owned(), yes: "Yes".to_owned() }
}

fn lookup(name: &str, target: &str) -> Column {
    Column::new(name, Kind::Lookup { targets: vec![target.to_owned()], variant: Lookup::Plain })
}

fn relationship(table: &str, column: &str, target: &str, name: &str, on_delete: OnDelete) -> Relationship {
    Relationship {
        metadata_id: Uuid::new_v4(),
        schema_name: name.to_owned(),
        kind: RelationshipKind::OneToMany,
        referenced: target.to_owned(),
        referenced_column: format!("{target}id"),
        referenced_navigation: name.to_owned(),
        referencing: table.to_owned(),
        referencing_column: column.to_owned(),
        referencing_navigation: column.to_owned(),
        on_delete,
        cascade: serde_json::Value::Null,
        is_custom: false,
        since: Timestamp::UNIX_EPOCH,
    }
}

/// A table of the platform with its id, its times and its version alone.
fn plain(logical: &str, schema_name: &str, set: &str, name: Option<&str>, type_code: i64) -> Table {
    let at = Kind::Moment { behavior: Behavior::UserLocal, date_only_format: false };
    let table = Table {
        metadata_id: Uuid::new_v4(),
        logical: logical.to_owned(),
        schema_name: schema_name.to_owned(),
        entity_set: set.to_owned(),
        primary_id: format!("{logical}id"),
        primary_name: name.map(str::to_owned),
        ownership: Ownership::Organization,
        type_code,
        is_custom: false,
        change_tracking: false,
        can_track_changes: false,
        bulk: false,
        privilege_stem: schema_name.to_owned(),
        display_name: label(schema_name),
        display_collection_name: label(set),
        description: serde_json::Value::Null,
        columns: std::collections::BTreeMap::new(),
        keys: Vec::new(),
        since: Timestamp::UNIX_EPOCH,
    };
    let id = Column::new(&table.primary_id, Kind::PrimaryId).required(Required::System);
    table.with([
        id,
        Column::new("createdon", at.clone()).read_only(),
        Column::new("modifiedon", at).read_only(),
        Column::new("versionnumber", Kind::BigInt).read_only(),
    ])
}

impl Table {
    /// With these columns besides.
    fn with<const N: usize>(mut self, columns: [Column; N]) -> Self {
        self.columns.extend(columns.map(|column| (column.logical.clone(), column)));
        self
    }
}
