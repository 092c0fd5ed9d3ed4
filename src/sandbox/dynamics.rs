//! Dynamics 365 as servers: one port for Entra ID, one for each organisation, all of them for http and https alike.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::{Uuid, uuid};

use super::authority::Authority;
use super::clock::SandboxClock;
use super::dataverse::{ADMINISTRATOR_ROLE, DataverseSandbox, Organization, OrganizationOptions};
use super::entra::EntraSandbox;
use super::front;

/// The tenant of the Wolkwerk group.
pub const TENANT: Uuid = uuid!("5d3c2f8e-1b7a-4c56-9d0e-7f6a5b4c3d21");
/// Its domain.
pub const DOMAIN: &str = "wolkwerk.example";
/// The organisation with the sales tables.
pub const ORGANIZATION: &str = "wolkwerk";
/// Another company's tenant, whose organisation has no sales tables.
pub const OTHER_TENANT: Uuid = uuid!("8e1f0a9b-6c4d-4e3f-8a2b-1c0d9e8f7a65");
/// Its domain.
pub const OTHER_DOMAIN: &str = "nevelberg.example";
/// Its organisation.
pub const OTHER_ORGANIZATION: &str = "nevelberg";
/// The application that is registered in both tenants.
pub const CLIENT_ID: Uuid = uuid!("c0ffee00-2b4d-4a6f-8c1e-3d5f7a9b1c2e");
/// Its secret.
pub const CLIENT_SECRET: &str = "koppel-sandbox-app-secret";
const SHUTDOWN_WAIT: Duration = Duration::from_secs(1);

/// What to start. A port of 0 takes a free one.
#[derive(Clone, Debug)]
pub struct DynamicsOptions {
    pub listen: IpAddr,
    /// The host in the URLs that are given out; the address when absent.
    pub advertise: Option<String>,
    pub entra_port: u16,
    /// The first organisation's port; the others take the ones that follow, or free ones.
    pub dataverse_port: u16,
    pub organizations: Vec<OrganizationOptions>,
    /// Whether sales has kept its customers, products and quotes in the organisation with the sales tables, or it is empty.
    pub is_furnished: bool,
}

impl Default for DynamicsOptions {
    /// Both tenants with an organisation each, at the vendor's pace, on loopback.
    fn default() -> Self {
        Self {
            listen: Ipv4Addr::LOCALHOST.into(),
            advertise: None,
            entra_port: 0,
            dataverse_port: 0,
            organizations: vec![
                OrganizationOptions::new(ORGANIZATION, TENANT),
                OrganizationOptions::new(OTHER_ORGANIZATION, OTHER_TENANT).without_sales(),
            ],
            is_furnished: true,
        }
    }
}

impl DynamicsOptions {
    /// The same world without delays and without limits.
    pub fn quick() -> Self {
        let default = Self::default();
        let organizations = default.organizations.into_iter().map(OrganizationOptions::quick).collect();
        Self { organizations, ..default }
    }

    /// The same with nothing in it.
    #[must_use]
    pub fn empty(self) -> Self {
        Self { is_furnished: false, ..self }
    }
}

/// The running servers. Dropping them leaves them to the end of the process.
#[derive(Debug)]
pub struct Dynamics {
    pub entra: EntraSandbox,
    pub dataverse: DataverseSandbox,
    authority: Authority,
    entra_address: String,
    /// Name and `host:port`.
    addresses: Vec<(String, String)>,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
}

impl Dynamics {
    /// Makes the tenants, their application and the organisations, and serves them.
    ///
    /// # Errors
    /// When a port is taken, or keys cannot be made.
    pub async fn start(options: DynamicsOptions, clock: SandboxClock) -> io::Result<Self> {
        let authority = Authority::new(hosts(&options))?;
        let entra = EntraSandbox::new(clock.clone());
        for (tenant, domain) in tenants(&options.organizations) {
            entra.add_tenant(tenant, &domain);
            entra.add_secret(tenant, CLIENT_ID, CLIENT_SECRET, None);
        }
        let (stop, stopped) = watch::channel(false);
        let listener = TcpListener::bind((options.listen, options.entra_port)).await?;
        let entra_address = address(&options, listener.local_addr()?);
        let mut servers = vec![front::serve(listener, authority.config(), entra.router(), stopped.clone())];
        let dataverse = DataverseSandbox::new(clock, entra.clone());
        let mut addresses = Vec::new();
        for (index, organization) in options.organizations.iter().enumerate() {
            let port = port(options.dataverse_port, index);
            let listener = TcpListener::bind((options.listen, port)).await?;
            let local = listener.local_addr()?;
            let made = dataverse.add(organization);
            made.add_application_user(CLIENT_ID, &[ADMINISTRATOR_ROLE]);
            let given = address(&options, local);
            let by_name = ["localhost", "127.0.0.1"].map(|host| format!("{host}:{}", local.port()));
            for authority in by_name.into_iter().chain([given.clone(), local.to_string()]) {
                made.set_address(&authority, &format!("https://{entra_address}"));
            }
            servers.push(front::serve(listener, authority.config(), made.router(), stopped.clone()));
            addresses.push((organization.name.clone(), given));
        }
        Ok(Self { entra, dataverse, authority, entra_address, addresses, stop, servers })
    }

    /// `https://HOST:PORT` of Entra ID; http is served there too.
    pub fn entra_url(&self) -> String {
        format!("https://{}", self.entra_address)
    }

    /// `https://HOST:PORT` of an organisation; http is served there too.
    pub fn organization_url(&self, name: &str) -> Option<String> {
        let found = self.addresses.iter().find(|(one, _)| one == name);
        found.map(|(_, address)| format!("https://{address}"))
    }

    /// The organisation of that name.
    pub fn organization(&self, name: &str) -> Option<Organization> {
        self.dataverse.organization(name)
    }

    /// The certificate that clients of https must trust, in PEM.
    pub fn certificate(&self) -> &str {
        self.authority.certificate()
    }

    /// Ends the servers; an answer that takes longer than a second is cut off.
    pub async fn shutdown(self) {
        // With nobody left to hear it the servers are gone already.
        let _ = self.stop.send(true);
        for server in self.servers {
            let abort = server.abort_handle();
            if tokio::time::timeout(SHUTDOWN_WAIT, server).await.is_err() {
                abort.abort();
            }
        }
    }
}

/// The two tenants, and those of organisations that are in neither, by their own names.
fn tenants(organizations: &[OrganizationOptions]) -> BTreeMap<Uuid, String> {
    let own = organizations.iter().map(|one| (one.tenant, format!("{}.example", one.name)));
    let known = [(TENANT, DOMAIN.to_owned()), (OTHER_TENANT, OTHER_DOMAIN.to_owned())];
    own.chain(known).collect()
}

fn port(first: u16, index: usize) -> u16 {
    if first == 0 { 0 } else { first.saturating_add(u16::try_from(index).unwrap_or(u16::MAX)) }
}

fn address(options: &DynamicsOptions, address: SocketAddr) -> String {
    match &options.advertise {
        Some(host) => format!("{host}:{}", address.port()),
        None => address.to_string(),
    }
}

/// What the servers' certificate is good for.
fn hosts(options: &DynamicsOptions) -> Vec<String> {
    let mut hosts = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    if !options.listen.is_unspecified() && !options.listen.is_loopback() {
        hosts.push(options.listen.to_string());
    }
    hosts.extend(options.advertise.clone());
    hosts
}
