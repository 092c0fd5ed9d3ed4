//! The CRM's part: the connection of the same Chargebee site to Dynamics 365 (C8). What is proved, is proved from the rows
//! of both systems themselves; what Koppel says of its work is shown and counts for nothing.

mod census;
mod links;
mod offers;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::Stage;
use crate::api::validate::ValidatedConnection;
use crate::cli::output::Exit;
use crate::cli::show::{self, RunJson, Shown};
use crate::cli::tables;
use crate::crm::schema::Settings;
use crate::sandbox::dataverse::Organization;
use crate::sandbox::dynamics::ORGANIZATION;
use crate::sandbox::generator::sales::{Fate, Sales, SalesAccount, SalesContact, SalesQuote, Trace};
use census::KindCount;
use links::{LinkCount, Ties};
use offers::Offer;

/// What sales changes a phone number to.
const PHONE: &str = "+31 20 765 43 21";

/// What was shown of the CRM.
#[derive(Debug)]
pub struct Crm {
    runs: Vec<Vec<Shown>>,
    proof: CrmProof,
}

/// The same for programs.
#[derive(Debug, Serialize)]
pub struct CrmJson {
    runs: Vec<RunJson>,
    proof: CrmProof,
}

/// What both systems' rows say.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CrmProof {
    kinds: Vec<KindCount>,
    links: Vec<LinkCount>,
    quotes: Vec<Offer>,
    checks: Vec<Check>,
}

/// A sentence that must be true.
#[derive(Debug, Serialize)]
struct Check {
    what: String,
    holds: bool,
}

/// One run's requests that write, at each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Writes {
    chargebee: usize,
    dynamics365: usize,
}

impl Writes {
    const NONE: Self = Self { chargebee: 0, dynamics365: 0 };
}

/// The CRM's part of the stage.
struct Scene<'a> {
    stage: &'a Stage<'a>,
    connections: &'a [ValidatedConnection],
    organization: Organization,
    schema: &'a Settings,
    sales: &'a Sales,
}

/// Runs until both sides have said everything, sales wins a quote and changes a contact, and runs again.
///
/// # Errors
/// When the state cannot be used, or the organisation refuses what sales does.
pub async fn play(stage: &Stage<'_>, connections: &[ValidatedConnection]) -> anyhow::Result<Crm> {
    let organization = stage.sandbox.dynamics.as_ref().and_then(|dynamics| dynamics.organization(ORGANIZATION));
    let schema = connections.iter().find_map(ValidatedConnection::crm).map(|crm| &crm.schema);
    let scene = Scene {
        stage,
        connections,
        organization: organization.context("the sandbox has no organisation with sales tables")?,
        schema: schema.context("examples/wolkwerk-crm couples no Dynamics 365")?,
        sales: &stage.sandbox.sales,
    };
    scene.play().await
}

impl Scene<'_> {
    async fn play(&self) -> anyhow::Result<Crm> {
        let customers: BTreeSet<String> = self.customers().into_keys().collect();
        let versions = self.organization.row_versions("account");
        let mut runs = Vec::new();
        let mut checks = Vec::new();

        self.stage.say("\nthe CRM, run 1: the manifests are applied\n\n")?;
        let first = self.run(&mut runs).await?;
        checks.push(self.schema());
        let second = self.quiet_run(&mut runs).await?;
        let what = format!("the first run wrote {first}, the second {second}");
        checks.push(Check::new(what, first != Writes::NONE && second == Writes::NONE));

        let (account, contact) = self.act()?;
        let told = format!(
            "\nthe CRM, run {}: sales has won {}'s quote and changed the phone number of {}\n\n",
            runs.len() + 1,
            account.name,
            contact.name()
        );
        self.stage.say(&told)?;
        self.run(&mut runs).await?;
        checks.push(self.contact_arrived(contact));
        let quiet = self.quiet_run(&mut runs).await?;
        checks.push(Check::new(format!("once both had arrived, a run wrote {quiet}"), quiet == Writes::NONE));

        let unchanged = self.organization.row_versions("account") == versions;
        let what = format!("no account was written: the version of each of the {} is what it was", versions.len());
        checks.push(Check::new(what, unchanged));
        let ties = Ties::expected(self.sales, &customers, &self.customers());
        checks.push(links::owners(&self.organization, self.schema, &self.customers()));
        let proof = CrmProof {
            kinds: census::compare(&self.stage.sandbox.chargebee, &self.organization, self.schema),
            links: ties.compare(&links::standing(&self.organization, self.schema)),
            quotes: offers::compare(self.sales, &self.organization, &self.stage.sandbox.chargebee, account.id),
            checks,
        };
        Ok(Crm { runs, proof })
    }

    /// One run of the connection; what it wrote on either side.
    async fn run(&self, runs: &mut Vec<Vec<Shown>>) -> anyhow::Result<Writes> {
        self.stage.sandbox.chargebee.reset_calls();
        self.organization.reset_calls();
        runs.push(self.stage.pass(self.connections).await?);
        let chargebee = self.stage.sandbox.chargebee.calls();
        let dynamics365 = self.organization.calls();
        Ok(Writes {
            chargebee: chargebee.iter().filter(|call| call.method != "GET").count(),
            dynamics365: dynamics365.iter().filter(|call| call.method != "GET").count(),
        })
    }

    /// A run after which nothing is new; what it wrote all the same.
    async fn quiet_run(&self, runs: &mut Vec<Vec<Shown>>) -> anyhow::Result<Writes> {
        self.stage.say(&format!("\nthe CRM, run {}: nobody has done anything\n\n", runs.len() + 1))?;
        self.run(runs).await
    }

    /// Chargebee's customers by id.
    fn customers(&self) -> BTreeMap<String, serde_json::Value> {
        let rows = self.stage.sandbox.chargebee.customers().into_iter();
        rows.map(|row| (row["id"].as_str().unwrap_or_default().to_owned(), row)).collect()
    }

    fn schema(&self) -> Check {
        let missing: Vec<&str> = census::KINDS
            .iter()
            .map(|kind| kind.name)
            .filter(|name| !self.organization.has_table(&census::table(self.schema, name)))
            .collect();
        let what = match missing.as_slice() {
            [] => format!("the schema is installed: {} tables", census::KINDS.len()),
            missing => format!("the schema is installed; missing: {}", missing.join(", ")),
        };
        Check::new(what, missing.is_empty())
    }

    /// Sales wins the quote of a company that billing does not know, and changes a contact of one that it does.
    fn act(&self) -> anyhow::Result<(&SalesAccount, &SalesContact)> {
        let offered = |(account, quote): &(&SalesAccount, &SalesQuote)| {
            account.trace == Trace::Unknown && quote.fate == Fate::Active
        };
        let (account, quote) = self.sales.quotes().find(offered).context("nothing is offered to a prospect")?;
        self.organization.win_quote(quote.id)?;
        let contact = self.known_contact().context("no contact of a customer has an e-mail address")?.1;
        self.organization.change("contact", contact.id, &json!({"telephone1": PHONE}))?;
        Ok((account, contact))
    }

    /// Somebody at a customer that can be told, with the customer's id.
    fn known_contact(&self) -> Option<(&str, &SalesContact)> {
        let mut known = self.sales.accounts.iter().filter(|account| account.trace < Trace::Ambiguous);
        known.find_map(|account| {
            let contact = account.contacts.iter().find(|contact| contact.email.is_some())?;
            Some((account.customer.as_deref()?, contact))
        })
    }

    fn contact_arrived(&self, contact: &SalesContact) -> Check {
        let customers = self.customers();
        let row = self.known_contact().and_then(|(customer, _)| customers.get(customer));
        let contacts = row.and_then(|row| row["contacts"].as_array()).map(Vec::as_slice).unwrap_or_default();
        let email = contact.email.as_deref();
        let holds = contacts.iter().any(|one| one["email"].as_str() == email && one["phone"] == PHONE);
        Check::new(format!("the phone number of {} is in Chargebee", contact.name()), holds)
    }
}

impl Check {
    fn new(what: impl Into<String>, holds: bool) -> Self {
        Self { what: what.into(), holds }
    }
}

impl std::fmt::Display for Writes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { chargebee, dynamics365 } = self;
        write!(f, "{chargebee} times to Chargebee and {dynamics365} times to Dynamics 365")
    }
}

impl Crm {
    /// The proof, for people.
    pub fn text(&self) -> String {
        let proof = &self.proof;
        format!(
            "\nthe CRM: every kind of record, counted in Chargebee and in Dynamics 365\n\n{}\n\
             \ncustomers and the accounts that they are, by what tells it\n\n{}\n\
             \nquotes, as they stand in both\n\n{}\n\n{}\n",
            census::text(&proof.kinds),
            links::text(&proof.links),
            offers::text_of(&proof.quotes),
            checks(&proof.checks)
        )
    }

    pub fn json(self) -> CrmJson {
        CrmJson { runs: self.runs.iter().map(|shown| show::runs_summary(shown)).collect(), proof: self.proof }
    }

    /// Well where every run came to its end and everything is as it must be.
    pub fn verdict(&self) -> Exit {
        let ran = self.runs.iter().flatten().all(|shown| show::exit_of(&shown.report) == Exit::Done);
        if ran && self.proof.holds() { Exit::Done } else { Exit::NeedsAttention }
    }
}

impl CrmProof {
    fn holds(&self) -> bool {
        self.kinds.iter().all(|kind| kind.holds)
            && self.links.iter().all(|link| link.holds)
            && self.quotes.iter().all(|quote| quote.holds)
            && self.checks.iter().all(|check| check.holds)
    }
}

fn checks(checks: &[Check]) -> String {
    let mut table = tables::table(&["proved", ""]);
    for check in checks {
        table.add_row([check.what.as_str(), yes(check.holds)]);
    }
    table.to_string()
}

fn yes(holds: bool) -> &'static str {
    if holds { "yes" } else { "NO" }
}

/// The id in a column of a row, where there is one.
fn id(row: &serde_json::Map<String, serde_json::Value>, column: &str) -> Option<Uuid> {
    row.get(column)?.as_str()?.parse().ok()
}
