//! A GET of a collection: options in, one page of rows and the link to the next one out.

use std::cmp::Ordering;

use uuid::Uuid;

use super::answer::Failure;
use super::cell::Cell;
use super::contract::Resource;
use super::filter::{self, Expression};
use super::rows::{Row, is_navigation};
use super::source::{self, After, Scope};

/// The options of a query, checked against the resource.
#[derive(Debug)]
pub struct Query {
    pub resource: &'static Resource,
    pub filter: Option<Expression>,
    /// Empty: all properties.
    pub select: Vec<String>,
    pub expand: Vec<String>,
    pub top: Option<usize>,
    pub skip: usize,
    pub order: Vec<(String, bool)>,
    pub after: Option<After>,
    pub count_all: bool,
}

/// One page.
#[derive(Debug)]
pub struct Page<'a> {
    pub rows: Vec<Row<'a>>,
    /// The `$skiptoken` of the next page, and what is left of `$top` then.
    pub next: Option<(String, Option<usize>)>,
    pub count: Option<usize>,
}

impl Query {
    /// Reads the options; HTTP 400 for what the vendor does not take.
    pub fn parse(resource: &'static Resource, options: &[(String, String)]) -> Result<Self, Failure> {
        let query = Self::parse_unfiltered(resource, options)?;
        query.check()?;
        Ok(query)
    }

    /// Reads the options for a row under its key, where no filter is demanded.
    pub fn parse_unfiltered(resource: &'static Resource, options: &[(String, String)]) -> Result<Self, Failure> {
        let mut query = Self {
            resource,
            filter: None,
            select: Vec::new(),
            expand: Vec::new(),
            top: None,
            skip: 0,
            order: Vec::new(),
            after: None,
            count_all: false,
        };
        for (name, value) in options.iter().filter(|(name, _)| name.starts_with('$')) {
            query.read(name, value)?;
        }
        query.check_names()?;
        Ok(query)
    }

    fn read(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        match name {
            "$filter" => self.filter = Some(filter::parse(value, self.resource)?),
            "$select" => self.select = names(value),
            "$expand" => self.expand = names(value),
            "$top" => self.top = Some(number(name, value)?),
            "$skip" => self.skip = number(name, value)?,
            "$orderby" => self.order = order(value),
            "$skiptoken" => self.after = Some(skiptoken(value)?),
            "$inlinecount" => self.count_all = inlinecount(value)?,
            "$format" => {}
            _ => {
                let message = "begins with a system-reserved '$' character but is not recognized.";
                return Err(Failure::bad(format!("The query parameter '{name}' {message}")));
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Failure> {
        let resource = self.resource;
        if resource.is_bulk() && self.select.is_empty() {
            return Err(Failure::bad("The $select parameter is mandatory for this endpoint."));
        }
        if self.skip > 0 && (resource.is_bulk() || resource.is_sync()) {
            return Err(Failure::bad("The query parameter '$skip' is not supported for this endpoint."));
        }
        let filtered = self.filter.as_ref().map(Expression::properties).unwrap_or_default();
        if resource.is_sync() {
            let others: Vec<&str> = filtered.into_iter().filter(|name| *name != "Timestamp").collect();
            if !others.is_empty() {
                let names = others.join(", ");
                return Err(Failure::bad(format!("Filtering on these fields is not supported: {names}")));
            }
            return Ok(());
        }
        check_mandatory_filter(resource, &filtered)
    }

    fn check_names(&self) -> Result<(), Failure> {
        let model = self.resource.model;
        let unknown = |name: &str| {
            Failure::bad(format!("Could not find a property named '{name}' on type 'Exact.Web.Api.Models.{model}'."))
        };
        let first = |name: &str| name.split('/').next().unwrap_or_default().to_owned();
        for name in self.select.iter().filter(|name| *name != "*") {
            self.resource.property(&first(name)).ok_or_else(|| unknown(name))?;
        }
        for name in &self.expand {
            if !is_navigation(self.resource, &first(name)) {
                return Err(unknown(name));
            }
        }
        for (name, _) in &self.order {
            self.resource.property(name).ok_or_else(|| unknown(name))?;
        }
        Ok(())
    }

    /// Whether a property belongs in the answer.
    pub fn selects(&self, property: &str) -> bool {
        let asked = |name: &String| name == "*" || name.split('/').next() == Some(property);
        self.select.is_empty() || self.select.iter().any(asked)
    }

    /// Whether a collection is to be given with its rows.
    pub fn expands(&self, property: &str) -> bool {
        self.expand.iter().any(|name| name.split('/').next() == Some(property))
    }

    /// The page that the query asks for.
    pub fn run<'a>(&self, scope: Scope<'a>) -> Page<'a> {
        let count = self.count_all.then(|| self.matching(scope, None).count());
        let limit = self.limit();
        let mut rows: Vec<Row<'a>> = if self.order.is_empty() {
            self.matching(scope, self.after).skip(self.skip).take(limit + 1).collect()
        } else {
            self.ordered(scope).into_iter().take(limit + 1).collect()
        };
        let more = rows.len() > limit;
        rows.truncate(limit);
        let left = self.top.map(|top| top.saturating_sub(limit));
        let next = rows.last().filter(|_| more && left != Some(0)).map(|last| (self.token(last, limit), left));
        Page { rows, next, count }
    }

    /// How many rows match; page and `$top` do not count.
    pub fn count(&self, scope: Scope<'_>) -> usize {
        self.matching(scope, None).count()
    }

    fn limit(&self) -> usize {
        let page = if self.resource.page_size == 0 { usize::MAX - 1 } else { self.resource.page_size };
        self.top.map_or(page, |top| top.min(page))
    }

    fn matching<'a, 'b>(&'b self, scope: Scope<'a>, after: Option<After>) -> Box<dyn Iterator<Item = Row<'a>> + 'b>
    where
        'a: 'b,
    {
        let rows = source::rows(scope, self.resource, self.filter.as_ref(), after);
        match &self.filter {
            Some(filter) => Box::new(rows.filter(|row| filter.matches(&|name| row.cell(name)))),
            None => rows,
        }
    }

    fn ordered<'a>(&self, scope: Scope<'a>) -> Vec<Row<'a>> {
        let mut rows: Vec<Row<'a>> = self.matching(scope, None).collect();
        rows.sort_by(|a, b| {
            self.order.iter().map(|key| compare(a, b, key)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
        });
        let skip = if let Some(After::Count(count)) = self.after { count } else { 0 };
        rows.drain(..skip.saturating_add(self.skip).min(rows.len()));
        rows
    }

    fn token(&self, last: &Row<'_>, limit: usize) -> String {
        if self.resource.is_sync() {
            return format!("{}L", last.version());
        }
        match self.resource.key.first().map(|key| last.cell(key)) {
            Some(Cell::Guid(id)) if self.order.is_empty() => format!("guid'{id}'"),
            _ => {
                let before = if let Some(After::Count(count)) = self.after { count } else { 0 };
                before.saturating_add(self.skip).saturating_add(limit).to_string()
            }
        }
    }
}

fn compare(a: &Row<'_>, b: &Row<'_>, (name, descending): &(String, bool)) -> Ordering {
    let (a, b) = (a.cell(name), b.cell(name));
    let order = a.compare(&b).unwrap_or_else(|| b.is_null().cmp(&a.is_null()));
    if *descending { order.reverse() } else { order }
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

fn number(name: &str, value: &str) -> Result<usize, Failure> {
    value.parse().map_err(|_| Failure::bad(format!("Incorrect format for {name} argument '{value}'.")))
}

fn order(list: &str) -> Vec<(String, bool)> {
    let key = |part: &str| {
        let mut words = part.split_whitespace();
        let name = words.next()?.to_owned();
        Some((name, words.next() == Some("desc")))
    };
    list.split(',').filter_map(key).collect()
}

fn inlinecount(value: &str) -> Result<bool, Failure> {
    match value {
        "allpages" => Ok(true),
        "none" => Ok(false),
        _ => Err(Failure::bad(format!(
            "Unknown $inlinecount option '{value}', only 'allpages' and 'none' are supported."
        ))),
    }
}

fn skiptoken(value: &str) -> Result<After, Failure> {
    let bad = || Failure::bad(format!("Error in query syntax. Skip token '{value}' is not valid."));
    if let Some(id) = value.strip_prefix("guid'").and_then(|rest| rest.strip_suffix('\'')) {
        return Uuid::parse_str(id).map(After::Key).map_err(|_| bad());
    }
    if let Some(version) = value.strip_suffix('L') {
        return version.parse().map(After::Version).map_err(|_| bad());
    }
    value.parse().map(After::Count).map_err(|_| bad())
}

/// Fields by which the vendor lets `crm/Accounts` be filtered.
const ACCOUNT_FILTERS: &str = "Accountant AccountManager AddressLine1 AddressLine2 AddressLine3 Blocked BRIN BSN \
    ChamberOfCommerce City Classification Classification1 Classification2 Classification3 Classification4 \
    Classification5 Classification6 Classification7 Classification8 Code CodeAtSupplier Country Created Email EndDate \
    Fax ID InvoiceAccount IsAccountant IsReseller IsSales IsSupplier MainContact Modified Name Parent Phone Postcode \
    PriceList Reseller RSIN SearchCode StartDate Status Type VATNumber";

/// Resources with a sync twin are not read through without a filter.
fn check_mandatory_filter(resource: &Resource, filtered: &[&str]) -> Result<(), Failure> {
    let allowed: Vec<&str> = match resource.path {
        "crm/Accounts" | "bulk/CRM/Accounts" => ACCOUNT_FILTERS.split_whitespace().collect(),
        "financial/GLAccounts"
        | "bulk/Financial/GLAccounts"
        | "logistics/Items"
        | "bulk/Logistics/Items"
        | "documents/Documents"
        | "salesinvoice/SalesInvoices"
        | "bulk/SalesInvoice/SalesInvoices"
        | "financialtransaction/TransactionLines"
        | "bulk/Financial/TransactionLines" => resource.properties.iter().map(|property| property.name).collect(),
        _ => return Ok(()),
    };
    if filtered.iter().any(|name| allowed.contains(name)) {
        return Ok(());
    }
    let fields = allowed.join(",");
    Err(Failure::bad(format!(
        "This endpoint has mandatory filtering applied. A GET request for this endpoint must have a $filter parameter \
         with one of the following fields in the url:{fields}"
    )))
}
