//! A list request: limit, sort key, filters and the opaque offset that stays valid while rows change.

use std::cmp::Ordering;
use std::fmt::Write;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::error::ApiError;
use super::filter::{Filter, filters};
use super::params::{Params, parse_array, parse_bool};
use super::spec::{ListSpec, list_spec};
use super::store::{Kind, Row, Store};

/// Internal numbers in offsets start here, as the vendor's look.
const FIRST_INTERNAL_ID: u64 = 218_000_000_000;

/// What a fault makes of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Disorder {
    #[default]
    None,
    /// `next_offset` leads to this same page once more.
    Repeat,
    /// The rows of the page come in reverse.
    Reverse,
}

/// Where a list goes on: after the row with this sort key and internal number.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Position {
    key: SortKey,
    sequence: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SortKey {
    Time(i64),
    Text(String),
}

#[derive(Debug)]
struct ListRequest {
    kind: Kind,
    limit: usize,
    sort: &'static str,
    descending: bool,
    after: Option<Position>,
    include_deleted: bool,
    filters: Vec<Filter>,
    entity: Option<String>,
    /// Voided unbilled charges, or those that stand.
    is_voided: bool,
    /// Entitlements of features that are not active too.
    include_drafts: bool,
    /// Only the payment source of this subscription.
    subscription: Option<String>,
}

/// Answers a list request with the body's text.
///
/// # Errors
/// 400 `param_wrong_value` for a limit, offset, sort key or filter that this list does not take.
pub(super) fn list(
    store: &Store,
    kind: Kind,
    params: &Params,
    scope: Scope<'_>,
    disorder: Disorder,
) -> Result<String, ApiError> {
    let request = ListRequest::read(kind, params, scope)?;
    let mut page = request.page(store);
    let next = (page.len() > request.limit).then(|| page.truncate(request.limit));
    let next = match (disorder, next) {
        (Disorder::Repeat, _) => Some(request.start()),
        (_, Some(())) => page.last().map(|row| request.position(row)),
        (_, None) => None,
    };
    if disorder == Disorder::Reverse {
        page.reverse();
    }
    Ok(body(store, kind, &page, next.as_ref()))
}

/// What narrows a list beside its parameters: the site's time zone for `[on]`, and the business entity of the header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'a> {
    pub zone: &'a TimeZone,
    pub entity: Option<&'a str>,
}

impl ListRequest {
    fn read(kind: Kind, params: &Params, scope: Scope<'_>) -> Result<Self, ApiError> {
        let spec = list_spec(kind);
        let (sort, descending) = sort(params, spec, kind)?;
        Ok(Self {
            kind,
            limit: limit(params)?,
            sort,
            descending,
            after: params.text("offset").map(|offset| Position::parse(offset, sort)).transpose()?,
            include_deleted: include_deleted(params, spec)?,
            filters: filters(params, spec, scope.zone)?,
            entity: scope.entity.map(str::to_owned),
            is_voided: switch(params, "is_voided")?,
            include_drafts: switch(params, "include_drafts")?,
            subscription: params.text("subscription_id").map(str::to_owned),
        })
    }

    /// The rows of this page and one more, if there is one.
    fn page<'a>(&self, store: &'a Store) -> Vec<&'a Row> {
        let rows = store.collection(self.kind).rows().iter();
        let mut rows: Vec<(SortKey, &Row)> =
            rows.filter(|row| self.wants(row, store)).map(|row| (self.key(row), row)).collect();
        let wanted = self.limit + 1;
        let order = |a: &(SortKey, &Row), b: &(SortKey, &Row)| self.order((&a.0, a.1.sequence), (&b.0, b.1.sequence));
        if rows.len() > wanted {
            rows.select_nth_unstable_by(wanted - 1, order);
            rows.truncate(wanted);
        }
        rows.sort_unstable_by(order);
        rows.into_iter().map(|(_, row)| row).collect()
    }

    fn wants(&self, row: &Row, store: &Store) -> bool {
        if row.keys.deleted && !self.include_deleted {
            return false;
        }
        if self.entity.is_some() && row.keys.business_entity_id.as_deref() != self.entity.as_deref() {
            return false;
        }
        if !self.after.as_ref().is_none_or(|position| self.is_after(row, position)) {
            return false;
        }
        let mut parsed = None;
        if !self.is_of_the_asked_sort(row, store) {
            return false;
        }
        self.filters.iter().all(|filter| filter.passes(row, &mut parsed, store))
    }

    /// What the parameters of single lists narrow.
    fn is_of_the_asked_sort(&self, row: &Row, store: &Store) -> bool {
        match self.kind {
            Kind::UnbilledCharge => (row.value()["is_voided"] == true) == self.is_voided,
            Kind::Entitlement => self.include_drafts || is_of_an_active_feature(&row.value(), store),
            Kind::PaymentSource => self.subscription.as_deref().is_none_or(|of| pays(store, of, &row.keys.id)),
            _ => true,
        }
    }

    fn is_after(&self, row: &Row, position: &Position) -> bool {
        let Some(sequence) = position.sequence else { return true };
        self.order((&self.key(row), row.sequence), (&position.key, sequence)) == Ordering::Greater
    }

    fn order(&self, a: (&SortKey, u64), b: (&SortKey, u64)) -> Ordering {
        let order = a.cmp(&b);
        if self.descending { order.reverse() } else { order }
    }

    fn key(&self, row: &Row) -> SortKey {
        let keys = &row.keys;
        let time = |time: Option<i64>| SortKey::Time(time.unwrap_or(0));
        match self.sort {
            "id" => SortKey::Text(keys.id.to_string()),
            "name" => SortKey::Text(keys.name.as_deref().unwrap_or_default().to_owned()),
            "updated_at" => time(keys.updated_at),
            "date" => time(keys.date),
            "occurred_at" => time(keys.occurred_at),
            // Documents have no created_at of their own: their list's default order is that in which they were made.
            _ => time(keys.created_at.or(keys.generated_at).or(keys.occurred_at).or(keys.date)),
        }
    }

    fn position(&self, row: &Row) -> Position {
        Position { key: self.key(row), sequence: Some(row.sequence) }
    }

    /// Where this page itself began.
    fn start(&self) -> Position {
        self.after.clone().unwrap_or(Position { key: SortKey::Time(0), sequence: None })
    }
}

impl Position {
    /// `["<time in ms or text>","<internal id>"]`.
    fn text(&self) -> String {
        let key = match &self.key {
            SortKey::Time(second) => second.saturating_mul(1000).to_string(),
            SortKey::Text(text) => text.clone(),
        };
        let id = self.sequence.map_or(0, |sequence| sequence + FIRST_INTERNAL_ID);
        json!([key, id.to_string()]).to_string()
    }

    fn parse(offset: &str, sort: &str) -> Result<Self, ApiError> {
        let wrong = || ApiError::wrong_value("offset", "invalid offset");
        let parts = parse_array(offset).ok_or_else(wrong)?;
        let [key, id] = parts.as_slice() else { return Err(wrong()) };
        let id: u64 = id.parse().map_err(|_| wrong())?;
        let key = match sort {
            "id" | "name" => SortKey::Text(key.clone()),
            _ => SortKey::Time(key.parse::<i64>().map_err(|_| wrong())? / 1000),
        };
        Ok(Self { key, sequence: id.checked_sub(FIRST_INTERNAL_ID) })
    }
}

fn limit(params: &Params) -> Result<usize, ApiError> {
    let Some(text) = params.text("limit") else { return Ok(10) };
    let limit = text.parse().ok().filter(|limit| (1..=100).contains(limit));
    limit.ok_or_else(|| ApiError::wrong_value("limit", "should be between 1 and 100"))
}

/// The sort key, always one of the list's own names or the default order by creation.
fn sort(params: &Params, spec: &ListSpec, kind: Kind) -> Result<(&'static str, bool), ApiError> {
    let default = if kind == Kind::Event { "occurred_at" } else { "created_at" };
    let Some((name, key)) = params.iter().find(|(name, _)| name[0] == "sort_by") else {
        return Ok((default, false));
    };
    let descending = match name.get(1).map(String::as_str) {
        Some("asc") => false,
        Some("desc") => true,
        _ => return Err(ApiError::wrong_value("sort_by", "should be sort_by[asc] or sort_by[desc]")),
    };
    let known = spec.sort_keys.iter().find(|known| **known == key);
    let wrong = || ApiError::wrong_value(&super::filter::spelled(name), "is not a sort key of this list");
    Ok((known.ok_or_else(wrong)?, descending))
}

fn include_deleted(params: &Params, spec: &ListSpec) -> Result<bool, ApiError> {
    let Some(text) = params.text("include_deleted") else { return Ok(false) };
    let wrong = |problem| ApiError::wrong_value("include_deleted", problem);
    if !spec.include_deleted {
        return Err(wrong("is not a parameter of this list"));
    }
    parse_bool(text).ok_or_else(|| wrong("should be true or false"))
}

fn switch(params: &Params, name: &str) -> Result<bool, ApiError> {
    let Some(text) = params.text(name) else { return Ok(false) };
    parse_bool(text).ok_or_else(|| ApiError::wrong_value(name, "should be true or false"))
}

/// Entitlements of drafts and of archived features are not told unless asked for.
pub(super) fn is_of_an_active_feature(entitlement: &Value, store: &Store) -> bool {
    let feature = entitlement["feature_id"].as_str().and_then(|id| store.collection(Kind::Feature).get(id));
    feature.is_some_and(|feature| feature.value()["status"] == "active")
}

/// Whether a subscription is paid by this source.
fn pays(store: &Store, subscription: &str, source: &str) -> bool {
    let row = store.collection(Kind::Subscription).get(subscription).map(Row::value);
    row.is_some_and(|row| row["payment_source_id"] == source)
}

/// The answer's text: the rows' own texts in their wrappers. A subscription's row carries its customer,
/// a quote's what it would make.
fn body(store: &Store, kind: Kind, page: &[&Row], next: Option<&Position>) -> String {
    let mut body = String::with_capacity(page.iter().map(|row| row.body.len() + 32).sum::<usize>() + 64);
    body.push_str(r#"{"list":["#);
    for (index, row) in page.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let side = beside(store, kind, row);
        let side = side.map_or_else(String::new, |(key, text)| format!(r#""{key}":{text},"#));
        let _ = write!(body, r#"{comma}{{{side}"{}":{}}}"#, kind.object(), row.body);
    }
    body.push(']');
    if let Some(next) = next {
        let _ = write!(body, r#","next_offset":{}"#, json!(next.text()));
    }
    body.push('}');
    body
}

fn beside<'a>(store: &'a Store, kind: Kind, row: &Row) -> Option<(&'static str, &'a str)> {
    match kind {
        Kind::Subscription => Some(("customer", customer_of(store, row)?)),
        Kind::Quote => store.beside_quote(&row.keys.id),
        _ => None,
    }
}

fn customer_of<'a>(store: &'a Store, row: &Row) -> Option<&'a str> {
    let id = row.value()["customer_id"].as_str().map(str::to_owned)?;
    store.collection(Kind::Customer).get(&id).map(|customer| &*customer.body)
}

/// A list that hangs below a row: its rows in their order, with limit and offset alone.
///
/// # Errors
/// 400 `param_wrong_value` for any other parameter, or a limit or an offset that is none.
pub(super) fn sublist(rows: &[Value], object: &str, params: &Params, flags: &[&str]) -> Result<String, ApiError> {
    let known = |name: &str| matches!(name, "limit" | "offset") || flags.contains(&name);
    if let Some((name, _)) = params.iter().find(|(name, _)| name.len() > 1 || !known(&name[0])) {
        return Err(ApiError::wrong_value(&super::filter::spelled(name), "is not a filter of this list"));
    }
    let (limit, start) = (limit(params)?, params.text("offset").map_or(Ok(0), start)?);
    let page = rows.iter().skip(start).take(limit);
    let list: Vec<Value> = page.map(|row| json!({ object: row })).collect();
    let mut body = json!({"list": list});
    if start + limit < rows.len() {
        body["next_offset"] = json!([(start + limit).to_string(), FIRST_INTERNAL_ID.to_string()]).to_string().into();
    }
    Ok(body.to_string())
}

fn start(offset: &str) -> Result<usize, ApiError> {
    let parts = parse_array(offset).filter(|parts| parts.len() == 2);
    let start = parts.and_then(|parts| parts[0].parse().ok());
    start.ok_or_else(|| ApiError::wrong_value("offset", "invalid offset"))
}
