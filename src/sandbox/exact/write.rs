//! POST, PUT and DELETE.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::answer::{Answer, Failure};
use super::body::Body;
use super::cell::Cell;
use super::contract::Resource;
use super::query::Query;
use super::read::{key_filter, resource_of};
use super::render::{self, Style};
use super::route::Route;
use super::rows::Row;
use super::service::ApiRequest;
use super::vouchers::Sort;
use super::world::World;
use super::{documents, filter, invoices, master, sales, subledger, vouchers};

/// Carries out a change.
pub fn change(world: &mut World, request: &ApiRequest, route: &Route) -> Result<Answer, Failure> {
    if route.path.ends_with("$batch") {
        return Err(Failure::bad("Error processing request stream. Batch requests are not supported."));
    }
    let resource = resource_of(route, &request.method)?;
    let division = route.division.ok_or_else(Failure::not_found)?;
    if world.divisions.get(&division).is_some_and(|known| known.denied.contains(resource.path)) {
        return Err(Failure::Request(403, "Forbidden".to_owned()));
    }
    match (request.method.as_str(), &route.key) {
        ("POST", None) => post(world, request, division, resource),
        ("PUT", Some(key)) => put(world, request, division, resource, key),
        ("DELETE", Some(key)) => delete(world, division, resource, key),
        _ => Err(Failure::Request(405, "Method Not Allowed".to_owned())),
    }
}

fn check_json(request: &ApiRequest) -> Result<(), Failure> {
    if request.content_type.starts_with("application/json") {
        return Ok(());
    }
    Err(Failure::Request(415, format!("Unsupported media type requested: '{}'.", request.content_type)))
}

fn post(world: &mut World, request: &ApiRequest, code: i32, resource: &'static Resource) -> Result<Answer, Failure> {
    check_json(request)?;
    let body = Body::parse(resource, &request.body, true)?;
    let now = world.local();
    let url = world.public_url.clone();
    let division = world.divisions.get_mut(&code).ok_or_else(Failure::not_found)?;
    let id = match resource.path {
        invoices::PRINTS => {
            let row = invoices::print(division, &body, &url, now)?;
            return answered(world, request, code, resource, row);
        }
        invoices::INVOICES => invoices::create(division, &body, now)?,
        invoices::LINES => invoices::add_line(division, &body, now)?,
        documents::DOCUMENTS => documents::create(division, &body, now)?,
        documents::ATTACHMENTS => documents::attach(division, &body, &url)?,
        "salesentry/SalesEntries" => sales::create(division, &body, now)?,
        "salesentry/SalesEntryLines" => sales::add_line(division, &body, now)?,
        path => match Sort::of_path(path) {
            Some(sort) if path == sort.names().0 => vouchers::create(division, sort, &body, now)?,
            Some(sort) => vouchers::add_line(division, sort, &body, now)?,
            None => master::create(division, resource, &body, now)?,
        },
    };
    created(world, request, code, resource, &body, id)
}

/// The answer to a POST: the whole row when the client prefers it, else what it sent and the key.
fn created(
    world: &World,
    request: &ApiRequest,
    code: i32,
    resource: &'static Resource,
    body: &Body,
    id: Uuid,
) -> Result<Answer, Failure> {
    let scope = world.scope(code).ok_or_else(Failure::not_found)?;
    let style = Style { public_url: &world.public_url, path: &request.path, atom: !request.wants_json() };
    let mut query = Query::parse_unfiltered(resource, &[])?;
    query.filter = Some(filter::parse(&key_filter(resource, &format!("guid'{id}'")), resource)?);
    if request.wants_representation() {
        let page = query.run(scope);
        // What cannot be read back, such as a payment service's entry, comes back as it was sent.
        if let Some(row) = page.rows.first() {
            return Ok(render::single(scope, &query, row, 201, style));
        }
    }
    let mut cells: BTreeMap<_, _> = body.cells().map(|(property, cell)| (property.name, cell)).collect();
    for key in &resource.key {
        cells.insert(key, id.into());
    }
    answered(world, request, code, resource, cells)
}

/// The answer to a POST with these properties set, all others null.
fn answered(
    world: &World,
    request: &ApiRequest,
    code: i32,
    resource: &'static Resource,
    cells: BTreeMap<&'static str, Cell>,
) -> Result<Answer, Failure> {
    let scope = world.scope(code).ok_or_else(Failure::not_found)?;
    let style = Style { public_url: &world.public_url, path: &request.path, atom: !request.wants_json() };
    let query = Query::parse_unfiltered(resource, &[])?;
    Ok(render::single(scope, &query, &Row::Plain(cells), 201, style))
}

fn put(
    world: &mut World,
    request: &ApiRequest,
    code: i32,
    resource: &'static Resource,
    key: &str,
) -> Result<Answer, Failure> {
    check_json(request)?;
    let body = Body::parse(resource, &request.body, false)?;
    let now = world.local();
    let id = id_of(key)?;
    let division = world.divisions.get_mut(&code).ok_or_else(Failure::not_found)?;
    match resource.path {
        "salesentry/SalesEntries" => sales::update(division, id, &body, now)?,
        "salesentry/SalesEntryLines" => sales::change_line(division, id, &body, now)?,
        invoices::INVOICES => invoices::update(division, id, &body, now)?,
        invoices::LINES => invoices::change_line(division, id, &body, now)?,
        documents::DOCUMENTS => documents::update(division, id, &body, now)?,
        "cashflow/Receivables" => subledger::change_term(division, id, &body, now)?,
        _ => master::update(division, resource, id, &body, now)?,
    }
    Ok(Answer::empty(204))
}

fn delete(world: &mut World, code: i32, resource: &'static Resource, key: &str) -> Result<Answer, Failure> {
    let now = world.local();
    if resource.path == "system/Divisions" {
        return Err(Failure::Request(403, "Forbidden".to_owned()));
    }
    let id = id_of(key)?;
    let division = world.divisions.get_mut(&code).ok_or_else(Failure::not_found)?;
    match resource.path {
        "salesentry/SalesEntries" => sales::delete(division, id, now)?,
        "salesentry/SalesEntryLines" => sales::delete_line(division, id, now)?,
        invoices::INVOICES => invoices::delete(division, id, now)?,
        invoices::LINES => invoices::delete_line(division, id, now)?,
        documents::DOCUMENTS => documents::delete(division, id, now)?,
        documents::ATTACHMENTS => documents::detach(division, id, now)?,
        path if Sort::of_path(path).is_some() => vouchers::delete(division, id, now)?,
        _ => master::delete(division, resource, id, now)?,
    }
    Ok(Answer::empty(204))
}

fn id_of(key: &str) -> Result<Uuid, Failure> {
    let text = key.split_once('=').map_or(key, |(_, value)| value);
    let guid = text.strip_prefix("guid'").and_then(|rest| rest.strip_suffix('\''));
    guid.and_then(|guid| Uuid::parse_str(guid).ok()).ok_or_else(|| Failure::bad("Error in query syntax. Bad key."))
}
