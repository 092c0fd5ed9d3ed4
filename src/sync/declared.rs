//! What the engine asks of a connection's manifest, by the words of its policies.

use crate::api::connection::Mode;
use crate::api::policies::{ExistingEntry, RecreatedDocument};
use crate::api::validate::ValidatedConnection;

impl ValidatedConnection {
    /// `namespace/name`.
    pub fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// Under which the state is kept: applied again under the same name, site and target, a connection finds its state
    /// again; coupled to something else, it begins anew.
    pub fn state_key(&self) -> String {
        format!("{}|{}|{}", self.key(), self.chargebee.site, self.exact.base_url)
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
