//! The target Dynamics 365: the organization, how Koppel signs in, the tables that it keeps there, and its flows.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::SecretRef;
use super::flows::RecordFlow;

/// The Dynamics 365 organisation and how Koppel signs in to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = ("has(self.credentialsSecretRef) != has(self.workloadIdentity)", "give exactly one of credentialsSecretRef and workloadIdentity"),
    validation = Rule::new("self.organizationUrl == oldSelf.organizationUrl").message("organizationUrl cannot be changed: make a new SyncConnection for another organisation").field_path(".organizationUrl"),
    validation = Rule::new("self.schemaPrefix == oldSelf.schemaPrefix").message("schemaPrefix cannot be changed: the tables keep their names; make a new SyncConnection").field_path(".schemaPrefix"),
    validation = Rule::new("self.ownership == oldSelf.ownership").message("ownership cannot be changed: Dataverse fixes it when a table is made; make a new SyncConnection with another schemaPrefix").field_path(".ownership"),
    validation = Rule::new("!self.schemaPrefix.startsWith('mscrm')").message("schemaPrefix mscrm is Microsoft's own: choose another one").field_path(".schemaPrefix"),
    validation = Rule::new("!self.flows.accountsToChargebee.enabled || self.flows.accountsToChargebee.create != 'Marked' || has(self.accountColumns.marked)").message("accountsToChargebee.create Marked needs accountColumns.marked: name the column of the account that marks it").field_path(".accountColumns.marked"),
    validation = Rule::new("self.accountMatching.all(rule, self.accountMatching.exists_one(other, other == rule))").message("accountMatching names a rule twice").field_path(".accountMatching")
)]
pub struct Dynamics365 {
    /// Address of the environment. Example: `https://acme.crm4.dynamics.com`. Cannot be changed.
    #[schemars(length(min = 1, max = 2048), regex(pattern = r"^https?://[^\s/?#]+/?$"))]
    pub organization_url: String,
    /// The Entra ID tenant of the app registration: its id or a verified domain name. Example: `acme.onmicrosoft.com`.
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[A-Za-z0-9][-A-Za-z0-9.]*$"))]
    pub tenant_id: String,
    /// Address of Entra ID in a sovereign cloud, such as `https://login.microsoftonline.us`; also for sandboxes. Default:
    /// `https://login.microsoftonline.com`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048), regex(pattern = r"^https?://[^\s/?#]+[^\s?#]*$"))]
    pub authority_url: Option<String>,
    /// The Secret with the key `clientId` of the app registration and either `clientSecret`, or `tls.crt` and `tls.key`
    /// of a certificate with an RSA key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials_secret_ref: Option<SecretRef>,
    /// Sign in with the identity of the pod instead of a Secret (E37).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload_identity: Option<WorkloadIdentity>,
    /// Publisher prefix of the tables that Koppel makes in Dataverse, such as the one of "CB Customer". Cannot be changed.
    /// Default: `kop`.
    #[serde(default = "schema_prefix")]
    #[schemars(length(min = 2, max = 8), regex(pattern = r"^[a-z][a-z0-9]{1,7}$"))]
    pub schema_prefix: String,
    /// Unique name of the solution that the tables belong to. Default: `Koppel`.
    #[serde(default = "solution_name")]
    #[schemars(length(min = 1, max = 65), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub solution_name: String,
    /// Unique name of the publisher of the solution, to whom `schemaPrefix` belongs. Default: `koppel`.
    #[serde(default = "publisher")]
    #[schemars(length(min = 1, max = 65), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub publisher: String,
    /// `Managed`: Koppel makes the tables, and what is missing of them after an upgrade; it never removes or narrows
    /// anything. `Verify`: it makes nothing, and the connection waits until somebody else has. Default: `Managed`.
    #[serde(default)]
    pub schema: SchemaMode,
    /// Who rows belong to: a user or team each (`UserOrTeam`, C7), or the organisation (`Organization`). Dataverse fixes it
    /// when a table is made. Cannot be changed. Default: `UserOrTeam`.
    #[serde(default)]
    pub ownership: Ownership,
    /// How a Chargebee customer is tied to an existing CRM account (C3), in this order; the first that finds exactly one
    /// account decides. The account itself is never changed (C2). Default: `[AccountNumber, VatNumber, Email]`.
    #[serde(default = "account_matching")]
    #[schemars(length(max = 8))]
    pub account_matching: Vec<AccountMatch>,
    /// Custom fields of the Chargebee customer that tell its account.
    #[serde(default)]
    pub account_fields: AccountFields,
    /// Columns of the account that an organisation has made for itself.
    #[serde(default)]
    pub account_columns: AccountColumns,
    /// How changes of accounts, contacts and quotes are found. `AsIs`: by Dataverse's change tracking where a table has it,
    /// else by the date of their last change, with all ids compared in each run to tell what was deleted. `Enable`: Koppel
    /// turns the tracking on for these tables, which **cannot be turned off again**. Default: `AsIs`.
    #[serde(default)]
    pub change_tracking: ChangeTracking,
    /// The flows between Chargebee and Dynamics 365 and their switches (E39). `spec.flows` belongs to Exact Online.
    #[serde(default)]
    pub flows: CrmFlows,
}

/// The federated credential of the pod's own service account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadIdentity {
    /// Client id of the app registration. Example: `7f6c8a52-0c8c-4f0f-9a61-3d3f0f1c2b4a`.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[-A-Za-z0-9]+$"))]
    pub client_id: String,
}

/// A way to tie a customer to an existing CRM account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AccountMatch {
    /// One names the other: `accountFields.pointer` of the customer, or `accountColumns.billingCustomer` of the account.
    Pointer,
    /// The CRM account number equals `accountFields.accountNumber` of the customer, or its id.
    AccountNumber,
    /// The VAT numbers are the same; needs `accountColumns.vatNumber`.
    VatNumber,
    Email,
    /// Company name and postcode, both alike.
    NameAndPostcode,
    /// The part of the e-mail address behind the `@`, where a company has it to itself.
    EmailDomain,
}

/// Custom fields of the Chargebee customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AccountFields {
    /// Holds the id (a GUID) of the account. Example: `cf_crm_account`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 4, max = 50), regex(pattern = r"^cf_[A-Za-z0-9_]+$"))]
    pub pointer: Option<String>,
    /// Holds the number of the account; the customer's id where the field is empty. Example: `cf_account_number`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 4, max = 50), regex(pattern = r"^cf_[A-Za-z0-9_]+$"))]
    pub account_number: Option<String>,
}

/// Columns of the account, by their logical names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AccountColumns {
    /// A text with the VAT number; the standard table has none. Example: `acme_vatnumber`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[a-z][a-z0-9_]*$"))]
    pub vat_number: Option<String>,
    /// A text with the id of the Chargebee customer. Example: `acme_chargebeeid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[a-z][a-z0-9_]*$"))]
    pub billing_customer: Option<String>,
    /// Yes or no: the account is to become a customer. Example: `acme_billable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[a-z][a-z0-9_]*$"))]
    pub marked: Option<String>,
}

/// Who makes the tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SchemaMode {
    #[default]
    Managed,
    Verify,
}

/// How changes of the CRM's own tables are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ChangeTracking {
    #[default]
    AsIs,
    Enable,
}

/// Who rows belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Ownership {
    #[default]
    UserOrTeam,
    Organization,
}

/// The flows between Chargebee and Dynamics 365: those to the CRM are on by default, those back are off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CrmFlows {
    /// Item families, plans, add-ons, charges, item prices, price tiers and coupons (C17–C23).
    pub catalogue: RecordFlow,
    /// Features and product features, which are Chargebee's item entitlements (C24, C25).
    pub features: RecordFlow,
    /// Customers, each in a row of its own beside the CRM's accounts (C2, C3, C9).
    pub customers: RecordFlow,
    /// Payment sources (C10).
    pub payment_sources: RecordFlow,
    /// Subscriptions with their items (C18).
    pub subscriptions: RecordFlow,
    /// Invoices with their lines (C11).
    pub invoices: RecordFlow,
    /// Credit notes with their lines (C12).
    pub credit_notes: RecordFlow,
    /// Payments and refunds (C13, C14).
    pub payments: RecordFlow,
    /// Promotional credits (C15).
    pub promotional_credits: RecordFlow,
    /// Unbilled charges (C16).
    pub unbilled_charges: RecordFlow,
    /// CRM accounts become customers in Chargebee (C26). Off by default.
    pub accounts_to_chargebee: AccountsFlow,
    /// CRM contacts become contacts of their customer in Chargebee (C27). Off by default.
    pub contacts_to_chargebee: BackFlow,
    /// CRM addresses become the billing address of their customer in Chargebee (C28). Off by default.
    pub addresses_to_chargebee: BackFlow,
    /// CRM quotes become quotes in Chargebee (C29). Off by default.
    pub quotes_to_chargebee: QuotesFlow,
}

/// The flow of CRM accounts to Chargebee.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AccountsFlow {
    /// Whether the flow runs. Default: false.
    pub enabled: bool,
    /// Which accounts become customers that are not there yet: those with a quote that was won (`WonQuote`), those that
    /// `accountColumns.marked` marks (`Marked`), or `All`. Default: `WonQuote`.
    pub create: CreateCustomers,
    /// Fields of a customer that Chargebee decides about; about all others the CRM does.
    #[schemars(length(max = 6))]
    pub owned_by_chargebee: Vec<CustomerField>,
}

/// Which accounts become customers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CreateCustomers {
    #[default]
    WonQuote,
    Marked,
    All,
}

/// A field that both sides have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CustomerField {
    Name,
    Email,
    Phone,
    VatNumber,
    BillingAddress,
    ShippingAddress,
}

/// The flow of CRM quotes to Chargebee.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct QuotesFlow {
    /// Whether the flow runs. Default: false.
    pub enabled: bool,
    /// Which item price a product of the CRM is, where its number is not the id of one.
    #[schemars(length(max = 500))]
    pub products: Vec<ProductRow>,
}

/// A product of the CRM and the item price that it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductRow {
    /// Number of the product. Example: `PLATFORM`.
    #[schemars(length(min = 1, max = 100))]
    pub product: String,
    /// Name of the unit in which it is sold, where the price hangs on it. Example: `Month`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub unit: Option<String>,
    /// Currency of the quote, where the price hangs on it. Example: `EUR`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 3), regex(pattern = r"^[A-Z]{3}$"))]
    pub currency: Option<String>,
    /// Id of the item price in Chargebee. Example: `platform-EUR-Monthly`.
    #[schemars(length(min = 1, max = 100))]
    pub item_price: String,
}

/// A flow from the CRM to Chargebee.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct BackFlow {
    /// Whether the flow runs. Default: false.
    pub enabled: bool,
}

/// The owner of an entity's records in the CRM (C7).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct CrmEntity {
    /// The user or team that owns the entity's records. Default: the application user, which Dataverse makes the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<CrmOwner>,
}

/// A user or a team of the CRM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.user) != has(self.team)", "give exactly one of user and team"))]
pub struct CrmOwner {
    /// The user: e-mail address, user name or id. Example: `sales@acme.example`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 160))]
    pub user: Option<String>,
    /// The team: its name or id. Example: `Sales Benelux`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 160))]
    pub team: Option<String>,
}

fn schema_prefix() -> String {
    "kop".to_owned()
}

fn solution_name() -> String {
    "Koppel".to_owned()
}

fn publisher() -> String {
    "koppel".to_owned()
}

fn account_matching() -> Vec<AccountMatch> {
    vec![AccountMatch::AccountNumber, AccountMatch::VatNumber, AccountMatch::Email]
}
