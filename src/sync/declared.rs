//! What the engine asks of a connection's manifest, by the words of its policies.

use kube::ResourceExt;
use url::Url;

use crate::api::SyncConnection;
use crate::api::connection::Mode;
use crate::api::endpoints::ExactCountry;
use crate::api::policies::{ExistingEntry, RecreatedDocument};
use crate::api::validate::ValidatedConnection;

/// The key under which the state of a connection is kept, told from its manifest alone: its Secrets may be gone. None where
/// the manifest names no address that could be one.
pub fn state_key(connection: &SyncConnection) -> Option<String> {
    let exact = connection.spec.exact_online.as_ref()?;
    let address = exact.url.as_deref().or(exact.country.map(ExactCountry::url))?;
    let url = Url::parse(address.trim_end_matches('/')).ok()?;
    let key = format!("{}/{}", connection.namespace().unwrap_or_default(), connection.name_any());
    Some(key_of(&key, &connection.spec.chargebee.site, &url))
}

fn key_of(connection: &str, site: &str, target: &Url) -> String {
    format!("{connection}|{site}|{target}")
}

impl ValidatedConnection {
    /// `namespace/name`.
    pub fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// Under which the state is kept: applied again under the same name, site and target, a connection finds its state
    /// again; coupled to something else, it begins anew.
    pub fn state_key(&self) -> String {
        key_of(&self.key(), &self.chargebee.site, &self.exact.base_url)
    }

    /// The target in words.
    pub fn target_words(&self) -> String {
        let host = self.exact.base_url.host_str().unwrap_or_default();
        let site = match host.strip_prefix("start.exactonline.") {
            Some(country) => country.to_uppercase(),
            None => format!("at {}", self.exact.base_url.authority()),
        };
        format!("Exact Online {site}")
    }

    /// Whether runs write to the target.
    pub fn applies(&self) -> bool {
        self.mode == Mode::Apply
    }

    pub fn adopts_existing(&self) -> bool {
        self.policies.existing_entry == ExistingEntry::Adopt
    }

    pub fn keeps_first_document(&self) -> bool {
        self.policies.recreated_document == RecreatedDocument::KeepFirst
    }
}
