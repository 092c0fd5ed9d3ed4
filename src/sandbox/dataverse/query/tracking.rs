//! Change tracking: the first full read, then what changed since a delta link, deletions last.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::super::answer::Answer;
use super::super::call::{Call, Context};
use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::schema::Table;
use super::super::security::{Depth, Verb};
use super::list;
use super::options::Options;
use super::page;
use super::render::Renderer;

/// Where a client stands: the version that it has seen, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    version: u64,
    at: Timestamp,
}

/// How a token writes its time.
const TIME: &str = "%m/%d/%Y %H:%M:%S";

impl Stamp {
    fn text(self) -> String {
        format!("{}!{}", self.version, self.at.strftime(TIME))
    }

    fn parse(text: &str) -> Outcome<Self> {
        let refused = || Failure::argument("The delta token is malformed.");
        let (version, at) = text.split_once('!').ok_or_else(refused)?;
        let at = jiff::civil::DateTime::strptime(TIME, at).map_err(|_| refused())?;
        let at = at.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| refused())?.timestamp();
        Ok(Self { version: version.parse().map_err(|_| refused())?, at })
    }
}

/// Answers a read that tracks changes, with a delta token or without one.
pub fn changes(org: &Org, context: &Context, call: &Call, table: &Table) -> Outcome<Answer> {
    check(org, context, call, table)?;
    match call.query.get("$deltatoken") {
        None => first(org, context, call, table),
        Some(token) => later(org, context, call, table, Stamp::parse(token)?),
    }
}

/// How many changes there are since a delta token.
pub fn count(org: &Org, context: &Context, call: &Call, table: &Table) -> Outcome<Answer> {
    check(org, context, call, table)?;
    let stamp = Stamp::parse(call.query.get("$deltatoken").unwrap_or_default())?;
    fresh(org, stamp)?;
    let changed = org.store.changed_since(&table.logical, stamp.version).count();
    let deleted = org.store.deleted_since(&table.logical, stamp.version).count();
    Ok(Answer::text(200, "text/plain", (changed + deleted).to_string()))
}

fn check(org: &Org, context: &Context, call: &Call, table: &Table) -> Outcome<()> {
    for name in ["$filter", "$orderby", "$expand", "$top"] {
        if call.query.get(name).is_some() {
            let message = format!("The \"{name}\" query parameter isn't supported when Change Tracking is enabled.");
            return Err(Failure::query(message));
        }
    }
    if !table.change_tracking {
        let message = format!("Change tracking is not enabled for entity '{}'.", table.logical);
        return Err(Failure::new(400, "0x80044353", message));
    }
    if org.need(context, Verb::Read, table)? < Depth::Global {
        let message =
            format!("Reading changes of '{}' needs the read privilege for the whole organization.", table.logical);
        return Err(Failure::new(403, "0x80040220", message));
    }
    Ok(())
}

fn fresh(org: &Org, stamp: Stamp) -> Outcome<()> {
    let days = org.store.get("organization", org.id).and_then(|row| row.int("expirechangetrackingindays")).unwrap_or(7);
    let is_old = org.now().duration_since(stamp.at) > SignedDuration::from_hours(days * 24);
    if is_old || org.expired_version.is_some_and(|version| stamp.version <= version) {
        return Err(Failure::expired_version());
    }
    Ok(())
}

fn delta_link(context: &Context, table: &Table, select: Option<&Vec<String>>, stamp: Stamp) -> String {
    let select = select.map(|names| format!("$select={}&", names.join(","))).unwrap_or_default();
    let token: String = form_urlencoded::byte_serialize(stamp.text().as_bytes()).collect();
    format!("{}/{}?{select}$deltatoken={}", context.base, table.entity_set, token.replace('+', "%20"))
}

/// The whole table in pages; the last one has the delta link, as of when the read began.
fn first(org: &Org, context: &Context, call: &Call, table: &Table) -> Outcome<Answer> {
    let mut options = Options::read(&call.query)?;
    let begun =
        options.skip_token.as_deref().and_then(|token| token.split_once("&begun=").map(|(_, text)| text.to_owned()));
    let stamp = match &begun {
        Some(text) => Stamp::parse(text)?,
        None => Stamp { version: org.store.version(), at: org.now() },
    };
    if let (Some(token), Some(_)) = (&options.skip_token, &begun) {
        options.skip_token = token.split_once("&begun=").map(|(token, _)| token.to_owned());
    }
    let prefer = call.prefer();
    let rows = list::matching(org, context, table, &options, None)?;
    let (number, start) = page::resume(options.skip_token.as_deref(), &rows)?;
    let size = prefer.page_size.unwrap_or(list::PAGE_MAX).min(list::PAGE_MAX);
    let shown = &rows[start..(start + size).min(rows.len())];
    let renderer = Renderer { org, context, prefer: &prefer };
    let mut body = Map::new();
    body.insert("@odata.context".to_owned(), json!(list::context_url(context, table, &options, false)));
    let values: Vec<Value> =
        shown.iter().map(|row| renderer.row(table, row, &options).map(Value::Object)).collect::<Outcome<_>>()?;
    body.insert("value".to_owned(), Value::Array(values));
    match shown.last().filter(|_| start + shown.len() < rows.len()) {
        Some(last) => {
            let begun =
                form_urlencoded::byte_serialize(format!("&begun={}", stamp.text()).as_bytes()).collect::<String>();
            let token = page::token(number, start + shown.len(), last.id) + &begun.replace('+', "%20");
            let select =
                options.select.as_ref().map(|names| format!("$select={}&", names.join(","))).unwrap_or_default();
            let link = format!("{}/{}?{select}$skiptoken={token}", context.base, table.entity_set);
            body.insert("@odata.nextLink".to_owned(), json!(link));
        }
        None => {
            body.insert(
                "@odata.deltaLink".to_owned(),
                json!(delta_link(context, table, options.select.as_ref(), stamp)),
            );
        }
    }
    Ok(list::answer(body, &prefer))
}

/// Where the pages of a later read are: up to which version they go, and what has been given.
struct Progress {
    until: Stamp,
    changed: u64,
    deleted: u64,
}

impl Progress {
    fn read(org: &Org, call: &Call, since: Stamp) -> Outcome<Self> {
        let Some(token) = call.query.get("$skiptoken") else {
            let until = Stamp { version: org.store.version(), at: org.now() };
            return Ok(Self { until, changed: since.version, deleted: since.version });
        };
        let parts: Vec<&str> = token.split('|').collect();
        let number = |text: &str| text.parse::<u64>().map_err(|_| Failure::argument("The skip token is malformed."));
        match parts.as_slice() {
            [until, changed, deleted] => {
                Ok(Self { until: Stamp::parse(until)?, changed: number(changed)?, deleted: number(deleted)? })
            }
            _ => Err(Failure::argument("The skip token is malformed.")),
        }
    }

    fn token(&self) -> String {
        let text = format!("{}|{}|{}", self.until.text(), self.changed, self.deleted);
        form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
    }
}

/// What changed since a stamp, in the order of versions, then what was deleted. What changes while the pages are read is
/// for the next delta link.
fn later(org: &Org, context: &Context, call: &Call, table: &Table, stamp: Stamp) -> Outcome<Answer> {
    fresh(org, stamp)?;
    let prefer = call.prefer();
    let options = Options { select: select(call), ..Options::default() };
    options.check(table)?;
    let size = prefer.page_size.unwrap_or(list::PAGE_MAX).min(list::PAGE_MAX);
    let mut progress = Progress::read(org, call, stamp)?;
    let until = progress.until;
    let renderer = Renderer { org, context, prefer: &prefer };
    let mut values = Vec::new();
    let mut changed =
        org.store.changed_since(&table.logical, progress.changed).filter(|row| row.version <= until.version);
    for row in changed.by_ref().take(size) {
        values.push(Value::Object(renderer.row(table, row, &options)?));
        progress.changed = row.version;
    }
    let mut deleted =
        org.store.deleted_since(&table.logical, progress.deleted).filter(|gone| gone.version <= until.version);
    for gone in deleted.by_ref().take(size - values.len()) {
        let about = format!("{}/$metadata#{}/$deletedEntity", context.base, table.entity_set);
        values.push(json!({"@odata.context": about, "id": gone.id, "reason": "deleted"}));
        progress.deleted = gone.version;
    }
    let is_more = changed.next().is_some() || deleted.next().is_some();
    let mut body = Map::new();
    let about = format!("{}/$delta", list::context_url(context, table, &options, false));
    body.insert("@odata.context".to_owned(), json!(about));
    body.insert("value".to_owned(), Value::Array(values));
    let select = options.select.as_ref();
    if is_more {
        let link = format!("{}&$skiptoken={}", delta_link(context, table, select, stamp), progress.token());
        body.insert("@odata.nextLink".to_owned(), json!(link));
    } else {
        body.insert("@odata.deltaLink".to_owned(), json!(delta_link(context, table, select, until)));
    }
    Ok(list::answer(body, &prefer))
}

/// The columns that the link has fixed.
fn select(call: &Call) -> Option<Vec<String>> {
    let text = call.query.get("$select")?;
    Some(text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect())
}
