//! What the engine asks of a connection's manifest, by the words of its policies.

use kube::ResourceExt;
use url::Url;

use crate::api::SyncConnection;
use crate::api::connection::Mode;
use crate::api::endpoints::ExactCountry;
use crate::api::flows::BookAs;
use crate::api::policies::{ExistingEntry, RecreatedDocument, UndonePayment, UnmappedEntity, VoidedInvoice};
use crate::api::validate::{ValidatedConnection, ValidatedExact, ValidatedTarget};

/// The key under which the state of a connection is kept, told from its manifest alone: its Secrets may be gone. None where
/// the manifest names no address that could be one.
pub fn state_key(connection: &SyncConnection) -> Option<String> {
    let spec = &connection.spec;
    let of_exact =
        spec.exact_online.as_ref().and_then(|exact| exact.url.as_deref().or(exact.country.map(ExactCountry::url)));
    let address = of_exact.or(spec.dynamics365.as_ref().map(|crm| crm.organization_url.as_str()))?;
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
        key_of(&self.key(), &self.chargebee.site, self.target_address())
    }

    /// Where the target is.
    pub fn target_address(&self) -> &Url {
        match &self.target {
            ValidatedTarget::ExactOnline(exact) => &exact.access.base_url,
            ValidatedTarget::Dynamics365(crm) => &crm.access.organization_url,
        }
    }

    /// Every address of a vendor that the manifest names and a run calls.
    pub fn addresses(&self) -> Vec<&Url> {
        let entra = self.crm().and_then(|crm| crm.access.authority_url.as_ref());
        [&self.chargebee.base_url, self.target_address()].into_iter().chain(entra).collect()
    }

    /// The target in words.
    pub fn target_words(&self) -> String {
        match &self.target {
            ValidatedTarget::ExactOnline(exact) => {
                let url = &exact.access.base_url;
                let site = match url.host_str().and_then(|host| host.strip_prefix("start.exactonline.")) {
                    Some(country) => country.to_uppercase(),
                    None => format!("at {}", url.authority()),
                };
                format!("Exact Online {site}")
            }
            ValidatedTarget::Dynamics365(crm) => format!("Dynamics 365 {}", crm.access.organization_url.authority()),
        }
    }

    /// Whether runs write to the target.
    pub fn applies(&self) -> bool {
        self.mode == Mode::Apply
    }
}

impl ValidatedExact {
    pub fn adopts_existing(&self) -> bool {
        self.policies.existing_entry == ExistingEntry::Adopt
    }

    pub fn reverses_voided(&self) -> bool {
        self.policies.voided_invoice == VoidedInvoice::Reverse
    }

    /// Whether documents of this business entity are out of scope: no mapping takes it, and none is waited for.
    pub fn leaves_out(&self, business_entity: Option<&str>) -> bool {
        self.policies.unmapped_entity == UnmappedEntity::LeaveOut && self.entity_of(business_entity).is_none()
    }

    /// Whether invoices are booked as invoices that Exact issues itself (P6).
    pub fn issues_invoices(&self) -> bool {
        self.flows.book_as == BookAs::SalesInvoice
    }

    /// Calls to Exact that booking one invoice costs when everything it needs is known (P2, P3): one for an entry; draft,
    /// print and a look at what came of it for a sales invoice; a document and its file for the PDF.
    pub fn calls_per_document(&self) -> u32 {
        let booking = if self.issues_invoices() { 3 } else { 1 };
        if self.flows.attach_pdf { booking + 2 } else { booking }
    }

    pub fn reverses_undone_payments(&self) -> bool {
        self.policies.undone_payment == UndonePayment::Reverse
    }

    pub fn keeps_first_document(&self) -> bool {
        self.policies.recreated_document == RecreatedDocument::KeepFirst
    }
}
