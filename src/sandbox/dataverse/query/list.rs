//! A page of rows, one row, or their number.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::answer::Answer;
use super::super::call::{Call, Context, Prefer};
use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::schema::{Relationship, Table};
use super::super::security::Verb;
use super::super::store::Row;
use super::options::Options;
use super::page;
use super::render::Renderer;

/// The default and the most rows of a page; counts stop there too.
pub const PAGE_MAX: usize = 5000;

/// Rows of a table that the caller may see and that a filter means, perhaps only those that point to a row.
pub fn matching(
    org: &Org,
    context: &Context,
    table: &Table,
    options: &Options,
    of: Option<(&Relationship, Uuid)>,
) -> Outcome<Vec<Arc<Row>>> {
    let depth = org.need(context, Verb::Read, table)?;
    options.check(table)?;
    let filter = options.filter(org, table)?;
    let candidates: Vec<Arc<Row>> = match of {
        Some((way, id)) => {
            let ids = org.store.pointing(&way.referencing, &way.referencing_column, &way.referenced, id);
            ids.iter().filter_map(|id| org.store.get(&table.logical, *id).cloned()).collect()
        }
        None => org.store.rows(&table.logical).cloned().collect(),
    };
    let is_meant = |row: &Arc<Row>| {
        org.reaches(context, depth, table, row) && filter.as_ref().is_none_or(|filter| filter.holds(org, row))
    };
    Ok(candidates.into_iter().filter(is_meant).collect())
}

/// A page of a table.
pub fn collection(
    org: &Org,
    context: &Context,
    call: &Call,
    table: &Table,
    of: Option<(&Relationship, Uuid)>,
) -> Outcome<Answer> {
    let (options, prefer) = (Options::read(&call.query)?, call.prefer());
    let mut rows = matching(org, context, table, &options, of)?;
    page::sort(&mut rows, &page::columns(table, &options.order)?);
    let mut body = head(context, table, &options);
    if options.count {
        body.insert("@odata.count".to_owned(), json!(rows.len().min(PAGE_MAX)));
        if prefer.annotates("Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded") {
            let name = "@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded";
            body.insert(name.to_owned(), json!(rows.len() > PAGE_MAX));
        }
    }
    let (page, start) = page::resume(options.skip_token.as_deref(), &rows)?;
    // With a page size, `$top` is ignored.
    let top = if prefer.page_size.is_some() { None } else { options.top };
    let size = top.unwrap_or(PAGE_MAX).min(prefer.page_size.unwrap_or(PAGE_MAX)).min(PAGE_MAX);
    let shown = &rows[start..(start + size).min(rows.len())];
    let renderer = Renderer { org, context, prefer: &prefer };
    let values: Vec<Value> =
        shown.iter().map(|row| renderer.row(table, row, &options).map(Value::Object)).collect::<Outcome<_>>()?;
    body.insert("value".to_owned(), Value::Array(values));
    let is_more = start + shown.len() < rows.len() && top.is_none();
    if let Some(last) = shown.last().filter(|_| is_more) {
        let token = page::token(page, start + shown.len(), last.id);
        body.insert("@odata.nextLink".to_owned(), json!(next_link(context, call, &token)));
    }
    Ok(answer(body, &prefer))
}

fn head(context: &Context, table: &Table, options: &Options) -> Map<String, Value> {
    let mut body = Map::new();
    let context = context_url(context, table, options, false);
    body.insert("@odata.context".to_owned(), json!(context));
    body
}

/// `…/$metadata#accounts(name,revenue)`, with `/$entity` for a row alone.
pub fn context_url(context: &Context, table: &Table, options: &Options, is_single: bool) -> String {
    let selected = options.select.as_ref().map(|names| format!("({})", names.join(","))).unwrap_or_default();
    let tail = if is_single { "/$entity" } else { "" };
    format!("{}/$metadata#{}{selected}{tail}", context.base, table.entity_set)
}

/// The same request with the token of the next page.
fn next_link(context: &Context, call: &Call, token: &str) -> String {
    let below = super::super::path::relative(&call.path);
    let others: Vec<String> = call
        .query
        .names()
        .filter(|name| *name != "$skiptoken")
        .map(|name| {
            let value: String =
                url::form_urlencoded::byte_serialize(call.query.get(name).unwrap_or_default().as_bytes()).collect();
            format!("{name}={}", value.replace('+', "%20"))
        })
        .collect();
    let mut query = others.join("&");
    if !query.is_empty() {
        query.push('&');
    }
    format!("{}/{below}?{query}$skiptoken={token}", context.base)
}

/// 200 with a body, telling what of `Prefer` was heeded.
pub fn answer(body: Map<String, Value>, prefer: &Prefer) -> Answer {
    let answer = Answer::json(200, &Value::Object(body));
    match prefer.applied() {
        applied if applied.is_empty() => answer,
        applied => answer.with("preference-applied", applied),
    }
}

/// A row alone, with its etag; 304 where the client has this version already.
pub fn single(org: &Org, context: &Context, call: &Call, table: &Table, row: &Row) -> Outcome<Answer> {
    let (options, prefer) = (Options::read(&call.query)?, call.prefer());
    let depth = org.need(context, Verb::Read, table)?;
    org.need_reach(context, depth, Verb::Read, table, row)?;
    if options.filter.is_some() || !options.order.is_empty() || options.top.is_some() {
        return Err(Failure::query("The query options $filter, $orderby and $top apply to collections alone."));
    }
    options.check(table)?;
    let is_plain = options.expand.is_empty() && prefer.annotations.is_none();
    if is_plain && call.header("if-none-match") == Some(row.etag().as_str()) {
        return Ok(Answer { status: 304, ..Answer::empty() });
    }
    let mut body = Map::new();
    body.insert("@odata.context".to_owned(), json!(context_url(context, table, &options, true)));
    body.extend(Renderer { org, context, prefer: &prefer }.row(table, row, &options)?);
    Ok(answer(body, &prefer).with("etag", row.etag()))
}

/// How many rows a filter means, as text; never more than a page has.
pub fn count(org: &Org, context: &Context, call: &Call, table: &Table) -> Outcome<Answer> {
    let options = Options::read(&call.query)?;
    let rows = matching(org, context, table, &options, None)?;
    Ok(Answer::text(200, "text/plain", rows.len().min(PAGE_MAX).to_string()))
}
