//! `koppel sandbox`: all vendors simulated, until Ctrl-C.

use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::sandbox::chargebee::Limits;
use crate::sandbox::dynamics::{self, Dynamics, DynamicsOptions};
use crate::sandbox::exact::seed::{CLIENT_ID, CLIENT_SECRET, FIRST_REFRESH_TOKEN, wolkwerk};
use crate::sandbox::exact::{Language, Quotas};
use crate::sandbox::generator::sales::{Fate, SalesAccount, SalesQuote, Trace};
use crate::sandbox::generator::{Extent, Size};
use crate::sandbox::server::{API_KEY, SITE, Sandbox, SandboxOptions};

/// Serves a simulated Chargebee site, Exact Online administration and Dynamics 365 with its Entra ID, on loopback.
///
/// The world is made by a seeded generator: the same seed and size give the same documents. It runs until Ctrl-C or
/// SIGTERM.
#[derive(Args, Debug)]
pub struct SandboxArgs {
    /// The sandbox's present when it starts [default: 2027-01-05T09:30 in Amsterdam]
    #[arg(long)]
    now: Option<Timestamp>,
    /// Seed of the generator
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Customers to make
    #[arg(long, default_value_t = 24)]
    customers: usize,
    /// Invoices to make
    #[arg(long, default_value_t = 72)]
    invoices: usize,
    /// Whether the vendors' quotas are kept, and Dynamics 365 takes its time for keys and customizations
    #[arg(long, value_enum, default_value = "vendor")]
    quotas: QuotasArg,
    /// The language of Exact Online's errors
    #[arg(long, value_enum, default_value = "nl")]
    language: LanguageArg,
    /// Address to listen on. The sandboxes have no secrets: leave them on loopback unless a container's network is around
    /// them
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    listen: IpAddr,
    /// The host in the URLs that are given out, for clients that reach the sandboxes by another name than the address
    #[arg(long, value_name = "HOST", value_parser = host)]
    advertise: Option<String>,
    /// Port of the Chargebee sandbox; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    chargebee_port: u16,
    /// Port of the Exact Online sandbox; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    exact_port: u16,
    /// Port of the admin interface; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    admin_port: u16,
    /// Port of Entra ID, for http and https; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    entra_port: u16,
    /// Port of the first organisation of Dynamics 365, for http and https; the second takes the next; 0 takes free ones
    #[arg(long, default_value_t = 0)]
    dataverse_port: u16,
    /// A world without documents that cannot be booked
    #[arg(long)]
    clean: bool,
    /// Three companies and everything that happens to an invoice: credit notes, payments both ways, voids, write-offs
    #[arg(long)]
    whole: bool,
    /// How to print the addresses
    #[arg(short, long, value_enum, default_value = "text")]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum QuotasArg {
    Off,
    Vendor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum LanguageArg {
    Nl,
    En,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    Text,
    Json,
}

impl SandboxArgs {
    fn options(&self) -> SandboxOptions {
        let default = SandboxOptions::default();
        let are_kept = self.quotas == QuotasArg::Vendor;
        let dynamics = if are_kept { DynamicsOptions::default() } else { DynamicsOptions::quick() };
        SandboxOptions {
            now: self.now.unwrap_or(default.now),
            seed: self.seed,
            size: Size { customers: self.customers, invoices: self.invoices },
            chargebee_limits: if are_kept { Limits::vendor() } else { Limits::off() },
            exact_quotas: if are_kept { Quotas::vendor() } else { Quotas::off() },
            language: if self.language == LanguageArg::Nl { Language::Nl } else { Language::En },
            failures: !self.clean,
            extent: if self.whole { Extent::Whole { first_month: 7 } } else { Extent::Invoices },
            listen: self.listen,
            advertise: self.advertise.clone(),
            chargebee_port: self.chargebee_port,
            exact_port: self.exact_port,
            admin_port: self.admin_port,
            dynamics: Some(DynamicsOptions {
                entra_port: self.entra_port,
                dataverse_port: self.dataverse_port,
                ..dynamics
            }),
            ..default
        }
    }
}

/// A host as it stands in a URL, without scheme, port and path.
fn host(text: &str) -> Result<String, String> {
    match url::Host::parse(text) {
        Ok(host) => Ok(host.to_string()),
        Err(_) => Err("give a host name or an address alone, such as sandbox.test.svc".to_owned()),
    }
}

/// Runs the command until Ctrl-C or SIGTERM.
///
/// # Errors
/// When a port is taken.
pub async fn run(args: SandboxArgs) -> anyhow::Result<ExitCode> {
    let sandbox = Sandbox::start(args.options()).await?;
    match args.output {
        Output::Json => println!("{}", addresses(&sandbox)),
        Output::Text => println!("{}", welcome(&sandbox)),
    }
    // As the first process of a container it is not ended by a SIGTERM that it does not wait for.
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    sandbox.shutdown().await;
    Ok(ExitCode::SUCCESS)
}

fn addresses(sandbox: &Sandbox) -> serde_json::Value {
    let url = |name: &str| sandbox.dynamics.as_ref().and_then(|dynamics| dynamics.organization_url(name));
    json!({
        "now": sandbox.clock.now(),
        "chargebee": {"url": sandbox.chargebee_url(), "site": SITE, "apiKey": API_KEY},
        "exactOnline": {
            "url": sandbox.exact_url(), "division": wolkwerk().division, "clientId": CLIENT_ID,
            "clientSecret": CLIENT_SECRET, "refreshToken": FIRST_REFRESH_TOKEN,
        },
        "entra": {
            "url": sandbox.dynamics.as_ref().map(Dynamics::entra_url), "tenantId": dynamics::TENANT,
            "otherTenantId": dynamics::OTHER_TENANT, "clientId": dynamics::CLIENT_ID,
            "clientSecret": dynamics::CLIENT_SECRET,
        },
        "dataverse": {"url": url(dynamics::ORGANIZATION), "otherUrl": url(dynamics::OTHER_ORGANIZATION)},
        "admin": {"url": sandbox.admin_url()},
    })
}

fn welcome(sandbox: &Sandbox) -> String {
    let (chargebee, exact, admin) = (sandbox.chargebee_url(), sandbox.exact_url(), sandbox.admin_url());
    format!(
        "\
Chargebee     {chargebee}/api/v2
              site {SITE}, API key {API_KEY}
Exact Online  {exact}
              division {division}, client id {CLIENT_ID}, client secret {CLIENT_SECRET}
              first refresh token {FIRST_REFRESH_TOKEN}
{dynamics}Admin         {admin}/admin
Time          {now}

Look at the first invoices:
  curl -u {API_KEY}: '{chargebee}/api/v2/invoices?limit=2'
Open a financial year:
  curl -X POST -H 'Content-Type: application/json' -d '{{\"division\":{division},\"year\":2027}}' {admin}/admin/exact/years
Move the clock by a day:
  curl -X POST -H 'Content-Type: application/json' -d '{{\"advanceSeconds\":86400}}' {admin}/admin/clock
Void an invoice, as a person would:
  curl -X POST {admin}/admin/chargebee/invoices/INV-00012/void
Lose the answer to the next POST at Exact Online:
  curl -X POST -H 'Content-Type: application/json' \\
    -d '{{\"kind\":\"loseAnswer\",\"method\":\"POST\"}}' {admin}/admin/exact/faults
What is invoiced and what is booked, per currency:
  curl '{admin}/admin/summary?from=2026-01-01'
{sales}
Ctrl-C ends it.",
        division = wolkwerk().division,
        dynamics = sandbox.dynamics.as_ref().map(about_dynamics).unwrap_or_default(),
        sales = sandbox.dynamics.as_ref().map(|_| about_sales(sandbox)).unwrap_or_default(),
        now = sandbox.clock.now(),
    )
}

/// What a person can do in the organisation with the sales tables: things that reach Chargebee with the next run.
fn about_sales(sandbox: &Sandbox) -> String {
    let admin = format!("{}/admin/dataverse/{}", sandbox.admin_url(), dynamics::ORGANIZATION);
    let post = "curl -X POST -H 'Content-Type: application/json' -d";
    let mut text = String::new();
    let offered =
        |(account, quote): &(&SalesAccount, &SalesQuote)| account.trace == Trace::Unknown && quote.fate == Fate::Active;
    if let Some((account, quote)) = sandbox.sales.quotes().find(offered) {
        text += &format!("Win the quote of {}, whom billing does not know:\n", account.name);
        text += &format!("  {post} '{{}}' {admin}/quotes/{}/win\n", quote.id);
    }
    if let Some((account, contact)) = sandbox.sales.accounts.iter().find_map(|one| Some((one, one.contacts.first()?))) {
        text += &format!("Change the phone number of {}, a contact of {}:\n", contact.name(), account.name);
        text +=
            &format!("  {post} '{{\"telephone1\":\"+31 20 765 43 21\"}}' {admin}/tables/contact/rows/{}\n", contact.id);
    }
    text
}

fn about_dynamics(cloud: &Dynamics) -> String {
    use dynamics::{CLIENT_ID, CLIENT_SECRET, ORGANIZATION, OTHER_ORGANIZATION, OTHER_TENANT, TENANT};
    let url = |name: &str| cloud.organization_url(name).unwrap_or_default();
    format!(
        "\
Entra ID      {entra}
              client id {CLIENT_ID}, client secret {CLIENT_SECRET}
Dynamics 365  {url}
              tenant {TENANT}, with the sales tables
              {other}
              tenant {OTHER_TENANT}, without them
              certificate authority: /admin/certificate; http works as well
",
        entra = cloud.entra_url(),
        url = url(ORGANIZATION),
        other = url(OTHER_ORGANIZATION),
    )
}
