//! Both sandboxes in this process, and the manifests that couple them.

use std::path::PathBuf;

use anyhow::Context;
use koppel::sandbox::chargebee::Limits;
use koppel::sandbox::dataverse::{Organization, OrganizationOptions, ServiceLimits};
use koppel::sandbox::dynamics::{DOMAIN, DynamicsOptions, ORGANIZATION, TENANT};
use koppel::sandbox::exact::Quotas;
use koppel::sandbox::generator::{Extent, Size};
use koppel::sandbox::server::{Sandbox, SandboxOptions};
use tempfile::TempDir;

use crate::connection::{Counts, counts, manifests};

/// Requests at once that answers hint at.
pub const PARALLEL: usize = 4;

/// A site, an organization, and where Koppel keeps what it remembers.
pub struct World {
    sandbox: Sandbox,
    pub organization: Organization,
    limits: ServiceLimits,
    home: TempDir,
}

/// The vendor's window with fewer requests in it than the run makes: the limit is met, and waited for as long as the vendor
/// would have it.
pub fn limits_that_are_met(records: usize) -> ServiceLimits {
    let requests = (records / 70).max(10) as u64;
    ServiceLimits { requests, parallelism_hint: PARALLEL as u64, ..ServiceLimits::vendor() }
}

impl World {
    /// A world whose time stands still where nothing hangs on it: else its customers would go on paying.
    pub async fn start(records: usize, limits: ServiceLimits) -> anyhow::Result<Self> {
        let organization = OrganizationOptions { limits, ..OrganizationOptions::new(ORGANIZATION, TENANT).quick() };
        let options = SandboxOptions {
            size: Size::of_records(records),
            extent: Extent::Whole { first_month: 1 },
            chargebee_limits: Limits::off(),
            exact_quotas: Quotas::off(),
            failures: false,
            clock_running: limits.enabled,
            dynamics: Some(DynamicsOptions { organizations: vec![organization], ..DynamicsOptions::quick().empty() }),
            ..SandboxOptions::default()
        };
        let sandbox = Sandbox::start(options).await?;
        let dynamics = sandbox.dynamics.as_ref().context("no Dynamics 365")?;
        let organization = dynamics.organization(ORGANIZATION).context("no organization")?;
        let home = tempfile::tempdir()?;
        let folder = home.path().join("manifests");
        std::fs::create_dir(&folder)?;
        let text = manifests("bench", &sandbox.chargebee_url(), dynamics, ORGANIZATION, DOMAIN);
        std::fs::write(folder.join("all.yaml"), text)?;
        Ok(Self { sandbox, organization, limits, home })
    }

    pub fn folder(&self) -> PathBuf {
        self.home.path().join("manifests")
    }

    pub fn state(&self) -> PathBuf {
        self.home.path().join("state")
    }

    /// Records of all kinds at the site.
    pub fn records(&self) -> usize {
        self.site().values().map(|(standing, deleted)| standing + deleted).sum()
    }

    /// Whether the organization has every kind as often as the site.
    pub fn is_complete(&self) -> bool {
        counts(&self.organization) == self.site()
    }

    /// How often so many requests can have met the limit.
    pub fn strikes(&self, requests: usize) -> usize {
        requests / self.limits.requests as usize + 1
    }

    fn site(&self) -> Counts {
        let census = self.sandbox.chargebee.census();
        census.into_iter().map(|(name, count)| (name.to_owned(), (count.standing, count.deleted))).collect()
    }
}
