//! Which account each customer is linked with (C3), and whose its row is (C7): as the marks of the accounts tell, no more
//! and no less.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{Check, census, id, yes};
use crate::cli::tables;
use crate::crm::schema::Settings;
use crate::crm::tables::logical_name;
use crate::sandbox::dataverse::Organization;
use crate::sandbox::generator::ENTITIES;
use crate::sandbox::generator::sales::{Sales, Trace};
use crate::sandbox::sales::TEAMS;

/// Customers that one thing tells the account of, or nothing does.
#[derive(Clone, Debug, Serialize)]
pub struct LinkCount {
    pub by: &'static str,
    pub customers: usize,
    /// Linked with any account.
    pub linked: usize,
    /// As they should be.
    pub holds: bool,
}

const BECAME: &str = "it became this customer";
const SEVERAL: &str = "several accounts fit: left open";
const NONE: &str = "sales does not know it";
const ORDER: [&str; 7] =
    [by(Trace::Pointer), by(Trace::AccountNumber), by(Trace::VatNumber), by(Trace::EmailDomain), BECAME, SEVERAL, NONE];

/// The account of each customer and what tells it.
pub struct Ties(BTreeMap<String, (&'static str, Option<Uuid>)>);

impl Ties {
    /// What must be: `before` are the customers that were there from the start, `now` all of them.
    pub fn expected(sales: &Sales, before: &BTreeSet<String>, now: &BTreeMap<String, Value>) -> Self {
        let (known, ambiguous) = (sales.known(), sales.ambiguous());
        let tie = |(customer, row): (&String, &Value)| match known.get(customer.as_str()) {
            Some((account, trace)) => (by(*trace), Some(*account)),
            None if ambiguous.contains(customer.as_str()) => (SEVERAL, None),
            None if before.contains(customer) => (NONE, None),
            None => {
                let of_that_name = sales.accounts.iter().find(|account| row["company"] == account.name.as_str());
                (BECAME, of_that_name.map(|account| account.id))
            }
        };
        Self(now.iter().map(|one| (one.0.clone(), tie(one))).collect())
    }

    /// Compares with what stands in the organisation.
    pub fn compare(&self, standing: &BTreeMap<String, Option<Uuid>>) -> Vec<LinkCount> {
        let of = |by: &'static str| {
            let own = || self.0.iter().filter(move |(_, (reason, _))| *reason == by);
            let link = |customer: &String| standing.get(customer).copied().flatten();
            LinkCount {
                by,
                customers: own().count(),
                linked: own().filter(|(customer, _)| link(customer).is_some()).count(),
                holds: own().count() > 0 && own().all(|(customer, (_, account))| link(customer) == *account),
            }
        };
        ORDER.into_iter().map(of).collect()
    }
}

const fn by(trace: Trace) -> &'static str {
    match trace {
        Trace::Pointer => "the account names the customer",
        Trace::AccountNumber => "account number",
        Trace::VatNumber => "VAT number",
        Trace::EmailDomain => "e-mail domain",
        Trace::Ambiguous => SEVERAL,
        Trace::Unknown => NONE,
    }
}

/// The account that each customer's row is linked with.
pub fn standing(organization: &Organization, schema: &Settings) -> BTreeMap<String, Option<Uuid>> {
    let account = format!("_{}_value", logical_name(&schema.prefix, "account"));
    let rows = organization.rows(&census::table(schema, "customer"));
    let customer = logical_name(&schema.prefix, "chargebee_id");
    rows.iter().map(|row| (row[&customer].as_str().unwrap_or_default().to_owned(), id(row, &account))).collect()
}

/// Whether each customer's row is the team's of the company that it buys from.
pub fn owners(organization: &Organization, schema: &Settings, customers: &BTreeMap<String, Value>) -> Check {
    let teams: BTreeMap<Uuid, String> = organization
        .rows("team")
        .iter()
        .filter_map(|team| Some((id(team, "teamid")?, team["name"].as_str()?.to_owned())))
        .collect();
    let column = logical_name(&schema.prefix, "chargebee_id");
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut strange = 0;
    for row in organization.rows(&census::table(schema, "customer")) {
        let entity = row[&column].as_str().and_then(|customer| customers.get(customer)?["business_entity_id"].as_str());
        let place = ENTITIES.iter().position(|known| known.id == entity);
        let owner = id(&row, "_ownerid_value").and_then(|owner| teams.get(&owner));
        match place.map(|place| TEAMS[place]).filter(|team| owner.is_some_and(|owner| owner == team)) {
            Some(team) => *counts.entry(team).or_default() += 1,
            None => strange += 1,
        }
    }
    let told: Vec<String> = counts.iter().map(|(team, count)| format!("{team} {count}")).collect();
    let what = format!("customers belong to the team of their company: {}; to others {strange}", told.join(", "));
    Check::new(what, strange == 0 && !counts.is_empty())
}

/// The counts as a table.
pub fn text(links: &[LinkCount]) -> String {
    let mut table = tables::table(&["what tells the account", "customers", "linked", "as it should be"]);
    for link in links {
        let counts = [link.customers, link.linked].map(|count| count.to_string());
        table.add_row([link.by, &counts[0], &counts[1], yes(link.holds)]);
    }
    table.to_string()
}
