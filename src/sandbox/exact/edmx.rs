//! `$metadata` of a service: what the field reference says, as EDMX.

use super::answer::Answer;
use super::contract::{self, Kind, Resource};

/// The EDMX of a service; `None` when the sandbox serves nothing under it.
pub fn describe(service: &str) -> Option<Answer> {
    let resources = contract::of_service(service);
    if resources.is_empty() {
        return None;
    }
    let types: String = resources.iter().map(|resource| entity_type(resource)).collect();
    let sets: String = resources.iter().map(|resource| entity_set(resource)).collect();
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><edmx:Edmx Version=\"1.0\" \
         xmlns:edmx=\"http://schemas.microsoft.com/ado/2007/06/edmx\"><edmx:DataServices \
         xmlns:m=\"http://schemas.microsoft.com/ado/2007/08/dataservices/metadata\" m:DataServiceVersion=\"2.0\">\
         <Schema Namespace=\"Exact.Web.Api.Models\" xmlns=\"http://schemas.microsoft.com/ado/2008/09/edm\">{types}\
         <EntityContainer Name=\"Service\" m:IsDefaultEntityContainer=\"true\">{sets}</EntityContainer>\
         </Schema></edmx:DataServices></edmx:Edmx>"
    );
    Some(Answer::text(200, "application/xml;charset=utf-8", body))
}

fn entity_type(resource: &Resource) -> String {
    let keys: String = resource.key.iter().map(|key| format!("<PropertyRef Name=\"{key}\" />")).collect();
    let properties: String = resource
        .properties
        .iter()
        .filter_map(|property| Some((property.name, edm(property.kind)?)))
        .map(|(name, kind)| format!("<Property Name=\"{name}\" Type=\"{kind}\" />"))
        .collect();
    format!("<EntityType Name=\"{}\"><Key>{keys}</Key>{properties}</EntityType>", resource.model)
}

fn entity_set(resource: &Resource) -> String {
    let name = resource.path.rsplit('/').next().unwrap_or_default();
    format!("<EntitySet Name=\"{name}\" EntityType=\"Exact.Web.Api.Models.{}\" />", resource.model)
}

fn edm(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Guid => "Edm.Guid",
        Kind::Text => "Edm.String",
        Kind::Int => "Edm.Int32",
        Kind::Long => "Edm.Int64",
        Kind::Double => "Edm.Double",
        Kind::Bool => "Edm.Boolean",
        Kind::Date => "Edm.DateTime",
        Kind::Collection | Kind::Other => return None,
    })
}
