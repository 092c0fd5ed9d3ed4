//! `$metadata` as CSDL, and the service document.

use std::fmt::Write;

use serde_json::{Value, json};

use super::answer::Answer;
use super::call::{Call, Context};
use super::dispatch::Done;
use super::failure::Outcome;
use super::metadata;
use super::org::Org;
use super::schema::Table;
use super::write::edm;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?><edmx:Edmx Version=\"4.0\" \
    xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\"><edmx:DataServices><Schema \
    Namespace=\"Microsoft.Dynamics.CRM\" Alias=\"mscrm\" xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">\
    <EntityType Name=\"crmbaseentity\" Abstract=\"true\" />";

/// The model of all tables that the caller sees.
pub fn answer(org: &Org, call: &Call) -> Outcome<Answer> {
    let until = metadata::visible(org, call);
    let tables: Vec<&Table> = org.schema.tables.values().filter(|table| table.since <= until).collect();
    let mut out = HEAD.to_owned();
    for table in &tables {
        entity_type(org, table, &mut out);
    }
    out.push_str("<EntityContainer Name=\"System\">");
    for table in &tables {
        entity_set(org, table, &mut out);
    }
    out.push_str("</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>");
    Ok(Answer::text(200, "application/xml", out))
}

// Writing to a text does not fail.
fn entity_type(org: &Org, table: &Table, out: &mut String) {
    let name = &table.logical;
    let _ = write!(
        out,
        "<EntityType Name=\"{name}\" BaseType=\"mscrm.crmbaseentity\"><Key><PropertyRef Name=\"{}\" /></Key>",
        table.primary_id
    );
    for column in table.columns.values() {
        let scale = if edm(&column.kind) == "Edm.Decimal" { " Scale=\"Variable\"" } else { "" };
        let _ = write!(out, "<Property Name=\"{}\" Type=\"{}\"{scale} />", column.property(), edm(&column.kind));
    }
    for way in org.schema.from(name).filter(|way| org.schema.table(&way.referenced).is_some()) {
        let _ = write!(
            out,
            "<NavigationProperty Name=\"{}\" Type=\"mscrm.{}\" Nullable=\"true\"><ReferentialConstraint \
             Property=\"_{}_value\" ReferencedProperty=\"{}\" /></NavigationProperty>",
            way.referencing_navigation, way.referenced, way.referencing_column, way.referenced_column
        );
    }
    for way in org.schema.to(name) {
        let _ = write!(
            out,
            "<NavigationProperty Name=\"{}\" Type=\"Collection(mscrm.{})\" Partner=\"{}\" />",
            way.referenced_navigation, way.referencing, way.referencing_navigation
        );
    }
    for key in &table.keys {
        let parts: String = key.columns.iter().map(|column| format!("<PropertyRef Name=\"{column}\" />")).collect();
        let _ = write!(
            out,
            "<Annotation Term=\"OData.Community.Keys.V1.AlternateKeys\"><Collection><Record><PropertyValue \
             Property=\"Name\" String=\"{}\" />{parts}</Record></Collection></Annotation>",
            key.logical
        );
    }
    out.push_str("</EntityType>");
}

fn entity_set(org: &Org, table: &Table, out: &mut String) {
    let _ = write!(
        out,
        "<EntitySet Name=\"{}\" EntityType=\"Microsoft.Dynamics.CRM.{}\">",
        table.entity_set, table.logical
    );
    for way in org.schema.from(&table.logical) {
        if let Some(target) = org.schema.table(&way.referenced) {
            let _ = write!(
                out,
                "<NavigationPropertyBinding Path=\"{}\" Target=\"{}\" />",
                way.referencing_navigation, target.entity_set
            );
        }
    }
    out.push_str("</EntitySet>");
}

/// The names of all entity sets.
pub fn service_document(org: &Org, context: &Context) -> Done {
    let sets: Vec<Value> = org
        .schema
        .tables
        .values()
        .map(|table| json!({"name": table.entity_set, "kind": "EntitySet", "url": table.entity_set}))
        .collect();
    let body = json!({"@odata.context": format!("{}/$metadata", context.base), "value": sets});
    Answer::json(200, &body).into()
}
