//! The target Dynamics 365 of one connection, with its entities.

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{Scope, connection, secrets};
use crate::api::EntityMapping;
use crate::api::conditions::Reason;
use crate::api::dynamics365::{
    AccountColumns, AccountMatch, ChangeTracking, CreateCustomers, CrmFlows, CustomerField, Dynamics365, Ownership,
    ProductRow, SchemaMode,
};
use crate::api::finding::Findings;
use crate::api::flows::Flows;
use crate::api::manifest::Located;
use crate::api::policies::{Policies, UnmappedEntity};
use crate::crm::customers::{CreatePolicy, FieldOwners, Side};
use crate::crm::matching::{IdentityFields, MatchRule};
use crate::crm::quotes::ProductRule;
use crate::crm::schema;
use crate::domain::money::Currency;
use crate::domain::offer;

const SECRET_KEYS: [&str; 2] = ["clientId", "clientSecret"];
const CERTIFICATE_KEYS: [&str; 3] = ["clientId", "tls.crt", "tls.key"];

/// Dynamics 365 as the target: which organization, what is kept there, and what comes back.
#[derive(Clone, Debug)]
pub struct ValidatedCrm {
    pub access: CrmAccess,
    /// The tables that rows are written to.
    pub schema: schema::Settings,
    pub schema_mode: SchemaMode,
    /// In this order; each rule at most once.
    pub account_matching: Vec<MatchRule>,
    pub identity_fields: IdentityFields,
    pub account_columns: AccountColumns,
    /// The switches; what belongs to a flow stands beside them in the rules' own words.
    pub flows: CrmFlows,
    pub create: CreatePolicy,
    pub field_owners: FieldOwners,
    pub products: Vec<ProductRule>,
    pub policies: Policies,
    pub change_tracking: ChangeTracking,
    /// At least one; each business entity at most once. In the order of the mappings' names.
    pub entities: Vec<CrmEntityRules>,
}

impl ValidatedCrm {
    /// Whether records of a business entity that no mapping takes are out of scope, and not waited for.
    pub fn leaves_out_unmapped(&self) -> bool {
        self.policies.unmapped_entity == UnmappedEntity::LeaveOut
    }
}

/// The organization and how Koppel signs in to it.
#[derive(Clone, Debug)]
pub struct CrmAccess {
    pub organization_url: Url,
    pub tenant_id: String,
    /// None: the public cloud's.
    pub authority_url: Option<Url>,
    pub client_id: String,
    pub credential: CrmCredential,
    /// The Secret that it comes from, for messages.
    pub secret_name: Option<String>,
}

/// What the app registration proves itself with.
#[derive(Clone, Debug)]
pub enum CrmCredential {
    ClientSecret(SecretString),
    /// In PEM.
    Certificate {
        certificate: SecretString,
        private_key: SecretString,
    },
    /// The token that the cluster puts into the pod.
    WorkloadIdentity,
}

/// One entity with the owner of its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrmEntityRules {
    /// Name of the EntityMapping: what a message tells people to change.
    pub mapping: String,
    /// Id of the Chargebee business entity; none for the default one.
    pub business_entity: Option<String>,
    pub owner: Option<OwnerName>,
}

/// A user or a team, as the mapping names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnerName {
    User(String),
    Team(String),
}

impl OwnerName {
    /// The name alone.
    pub fn as_str(&self) -> &str {
        match self {
            Self::User(name) | Self::Team(name) => name,
        }
    }
}

/// The target of a scope, or findings.
pub fn validate(scope: &Scope, crm: &Dynamics365, findings: &mut Findings) -> Option<ValidatedCrm> {
    flows_of_the_other_target(scope, &scope.connection.object.spec.flows, findings);
    let access = access(scope, crm, findings);
    let products = products(scope, &crm.flows.quotes_to_chargebee.products, findings);
    let entities = scope.mappings.iter().map(|mapping| entity(mapping, crm.ownership, findings)).collect();
    Some(ValidatedCrm {
        access: access?,
        schema: settings(crm),
        schema_mode: crm.schema,
        account_matching: crm.account_matching.iter().map(|rule| match_rule(*rule)).collect(),
        identity_fields: IdentityFields {
            pointer: crm.account_fields.pointer.clone(),
            account_number: crm.account_fields.account_number.clone(),
        },
        account_columns: crm.account_columns.clone(),
        flows: crm.flows.clone(),
        create: match crm.flows.accounts_to_chargebee.create {
            CreateCustomers::WonQuote => CreatePolicy::WonQuote,
            CreateCustomers::Marked => CreatePolicy::Marked,
            CreateCustomers::All => CreatePolicy::All,
        },
        field_owners: field_owners(&crm.flows.accounts_to_chargebee.owned_by_chargebee),
        products,
        policies: scope.connection.object.spec.policies.clone(),
        change_tracking: crm.change_tracking,
        entities,
    })
}

fn match_rule(rule: AccountMatch) -> MatchRule {
    match rule {
        AccountMatch::Pointer => MatchRule::Pointer,
        AccountMatch::AccountNumber => MatchRule::AccountNumber,
        AccountMatch::VatNumber => MatchRule::VatNumber,
        AccountMatch::Email => MatchRule::Email,
        AccountMatch::NameAndPostcode => MatchRule::NameAndPostcode,
        AccountMatch::EmailDomain => MatchRule::EmailDomain,
    }
}

fn field_owners(owned_by_chargebee: &[CustomerField]) -> FieldOwners {
    let of = |field: &CustomerField| match field {
        CustomerField::Name => offer::CustomerField::Name,
        CustomerField::Email => offer::CustomerField::Email,
        CustomerField::Phone => offer::CustomerField::Phone,
        CustomerField::VatNumber => offer::CustomerField::VatNumber,
        CustomerField::BillingAddress => offer::CustomerField::BillingAddress,
        CustomerField::ShippingAddress => offer::CustomerField::ShippingAddress,
    };
    FieldOwners(owned_by_chargebee.iter().map(|field| (of(field), Side::Billing)).collect())
}

fn products(scope: &Scope, rows: &[ProductRow], findings: &mut Findings) -> Vec<ProductRule> {
    let mut rules = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let currency = row.currency.as_deref().map(|code| (code, Currency::from_code(code)));
        if let Some((code, None)) = currency {
            let field = format!("spec.dynamics365.flows.quotesToChargebee.products[{index}].currency");
            let (message, remedy) = (format!("{code} is no currency of ISO 4217"), "for example: EUR");
            findings.push(scope.connection.error(Reason::InvalidSpec, &field, message, remedy));
        }
        rules.push(ProductRule {
            product: row.product.clone(),
            unit: row.unit.clone(),
            currency: currency.and_then(|(_, currency)| currency),
            item_price: row.item_price.clone(),
        });
    }
    rules
}

fn settings(crm: &Dynamics365) -> schema::Settings {
    schema::Settings {
        prefix: crm.schema_prefix.clone(),
        solution: crm.solution_name.clone(),
        publisher: crm.publisher.clone(),
        ownership: match crm.ownership {
            Ownership::UserOrTeam => schema::Ownership::UserOrTeam,
            Ownership::Organization => schema::Ownership::Organization,
        },
    }
}

fn access(scope: &Scope, crm: &Dynamics365, findings: &mut Findings) -> Option<CrmAccess> {
    let organization_url =
        connection::address(scope, "spec.dynamics365.organizationUrl", &crm.organization_url, findings);
    let authority = crm.authority_url.as_deref();
    let authority = authority.map(|url| connection::address(scope, "spec.dynamics365.authorityUrl", url, findings));
    // A wrong address is an error already; without one, the public cloud is meant.
    let authority_url = match authority {
        Some(url) => Some(url?),
        None => None,
    };
    let (client_id, credential) = credential(scope, crm, findings)?;
    let tenant_id = crm.tenant_id.clone();
    let secret_name = crm.credentials_secret_ref.as_ref().map(|secret| secret.name.clone());
    let organization_url = organization_url?;
    Some(CrmAccess { organization_url, tenant_id, authority_url, client_id, credential, secret_name })
}

fn credential(scope: &Scope, crm: &Dynamics365, findings: &mut Findings) -> Option<(String, CrmCredential)> {
    if let Some(identity) = &crm.workload_identity {
        return Some((identity.client_id.clone(), CrmCredential::WorkloadIdentity));
    }
    let name = &crm.credentials_secret_ref.as_ref()?.name;
    let field = "spec.dynamics365.credentialsSecretRef";
    let there = scope.manifests.secrets.get(&(scope.connection.namespace(), name.clone()));
    // One half of a pair is enough to show that a pair is meant.
    let has_pair = there.is_some_and(|secret| secret.get("tls.crt").is_some() || secret.get("tls.key").is_some());
    let (client_id, credential) = if has_pair {
        let [id, certificate, private_key] = secrets::read(scope, field, name, CERTIFICATE_KEYS, findings)?;
        (id, CrmCredential::Certificate { certificate, private_key })
    } else {
        let [id, secret] = secrets::read(scope, field, name, SECRET_KEYS, findings)?;
        (id, CrmCredential::ClientSecret(secret))
    };
    Some((client_id.expose_secret().trim().to_owned(), credential))
}

/// An owner says nothing about rows that belong to the organization.
fn entity(mapping: &Located<EntityMapping>, ownership: Ownership, findings: &mut Findings) -> CrmEntityRules {
    let spec = &mapping.object.spec;
    let owner = spec.dynamics365.as_ref().and_then(|crm| crm.owner.as_ref());
    if owner.is_some() && ownership == Ownership::Organization {
        let message = "rows belong to the organization (ownership of the connection): an owner has no effect";
        let (field, remedy) = ("spec.dynamics365.owner", "remove it");
        findings.push(mapping.warning(Reason::InvalidSpec, field, message, remedy));
    }
    let owner = owner.and_then(|owner| match (&owner.user, &owner.team) {
        (Some(user), _) => Some(OwnerName::User(user.clone())),
        (None, team) => team.clone().map(OwnerName::Team),
    });
    CrmEntityRules { mapping: mapping.name(), business_entity: spec.business_entity_id.clone(), owner }
}

/// A switch that does nothing is told.
fn flows_of_the_other_target(scope: &Scope, flows: &Flows, findings: &mut Findings) {
    if *flows != Flows::default() {
        let message = "these are the flows of Exact Online, and have no effect with the target dynamics365";
        let remedy = "use spec.dynamics365.flows";
        findings.push(scope.connection.warning(Reason::InvalidSpec, "spec.flows", message, remedy));
    }
}
