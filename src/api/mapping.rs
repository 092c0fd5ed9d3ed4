//! EntityMapping: one Chargebee business entity, the administration it is booked in, and that administration's codes.

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::common::ObjectRef;
use super::customers::Customers;
use super::dynamics365::CrmEntity;
use super::invoices::Invoices;
use super::mapping_rows::{
    DimensionRow, DimensionYear, ItemGroupRow, PaymentMethodRow, PaymentTermRow, Supply, VatRow,
};
use super::status::RuleStatus;

/// Maps one Chargebee business entity to its administration, with that administration's codes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "koppel.dev",
    version = "v1alpha1",
    kind = "EntityMapping",
    plural = "entitymappings",
    singular = "entitymapping",
    shortname = "entitymap",
    category = "koppel",
    namespaced,
    cel,
    status = "RuleStatus",
    derive = "PartialEq",
    doc = "Maps one Chargebee business entity to the administration that it is booked in, or to its owner in the CRM, with that administration's codes.",
    selectable = ".spec.connectionRef.name",
    printcolumn = r#"{"name":"Connection", "type":"string", "jsonPath":".spec.connectionRef.name"}"#,
    printcolumn = r#"{"name":"Entity", "type":"string", "jsonPath":".spec.businessEntityId", "description":"Chargebee business entity; the default one when empty"}"#,
    printcolumn = r#"{"name":"Division", "type":"integer", "jsonPath":".spec.exactOnline.division"}"#,
    printcolumn = r#"{"name":"Accepted", "type":"string", "jsonPath":".status.conditions[?(@.type==\"Accepted\")].status"}"#,
    printcolumn = r#"{"name":"Resolved", "type":"string", "jsonPath":".status.conditions[?(@.type==\"ResolvedRefs\")].status"}"#,
    printcolumn = r#"{"name":"Message", "type":"string", "jsonPath":".status.conditions[?(@.status==\"False\")].message", "description":"what a person must know"}"#,
    printcolumn = r#"{"name":"Age", "type":"date", "jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.connectionRef.name == oldSelf.connectionRef.name").message("connectionRef cannot be changed: make a new EntityMapping").field_path(".connectionRef.name"),
    validation = Rule::new("has(self.businessEntityId) == has(oldSelf.businessEntityId) && (!has(self.businessEntityId) || self.businessEntityId == oldSelf.businessEntityId)").message("businessEntityId cannot be changed: make a new EntityMapping").field_path(".businessEntityId"),
    validation = ("has(self.exactOnline) != has(self.dynamics365)", "give exactly one of exactOnline and dynamics365"),
    validation = Rule::new("!has(self.exactOnline) || !has(oldSelf.exactOnline) || self.exactOnline.division == oldSelf.exactOnline.division").message("division cannot be changed: what was booked stays in its administration; make a new EntityMapping").field_path(".exactOnline.division"),
    validation = ("!has(self.dynamics365) || (self.vat.size() == 0 && self.paymentTerms.size() == 0 && self.costCenters.size() == 0 && self.costUnits.size() == 0 && self.paymentMethods.size() == 0 && self.itemGroups.size() == 0 && !has(self.defaultItemGroup))", "with dynamics365 only customers can be mapped: vat, paymentTerms, costCenters, costUnits, paymentMethods, itemGroups and defaultItemGroup belong to exactOnline")
)]
pub struct EntityMappingSpec {
    /// The SyncConnection that this entity belongs to. Cannot be changed.
    pub connection_ref: ObjectRef,
    /// Id of the Chargebee business entity; absent means the site's default one, which is also the one of sites without
    /// business entities. Cannot be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 50))]
    pub business_entity_id: Option<String>,
    /// The administration in Exact Online. Exactly one of `exactOnline` and `dynamics365` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact_online: Option<ExactEntity>,
    /// The owner in Dynamics 365. Exactly one of `exactOnline` and `dynamics365` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynamics365: Option<CrmEntity>,
    /// Which VAT code a line gets (E17, E30). The row with the most conditions wins; rows tied at the top that name
    /// different codes are an error.
    #[serde(default)]
    #[schemars(length(max = 500))]
    pub vat: Vec<VatRow>,
    /// Which payment condition net terms become (E31). Each number of days at most once.
    #[serde(default)]
    #[schemars(length(max = 100))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["netTermDays".into()]))]
    pub payment_terms: Vec<PaymentTermRow>,
    /// Which cost centre a line gets (E20), by country, item family and year. More conditions win; among equals country
    /// beats family beats year.
    #[serde(default)]
    #[schemars(length(max = 500))]
    pub cost_centers: Vec<DimensionRow>,
    /// Which cost unit a line gets (E20); the rows read like those of `costCenters`.
    #[serde(default)]
    #[schemars(length(max = 500))]
    pub cost_units: Vec<DimensionRow>,
    /// Which year the rows of `costCenters` and `costUnits` mean: that of the `Entry`, or of the `ServiceStart`. Default:
    /// `Entry`.
    #[serde(default)]
    pub dimension_year: DimensionYear,
    /// Which item group the items of a family belong to (E11). Each family at most once.
    #[serde(default)]
    #[schemars(length(max = 500))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["itemFamily".into()]))]
    pub item_groups: Vec<ItemGroupRow>,
    /// Code of the item group for items of any other family, and for coupons. Default: the administration's own default
    /// group.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20), regex(pattern = r"^\S(.*\S)?$"))]
    pub default_item_group: Option<String>,
    /// The kind of supply of all lines whose family says no other in `itemGroups`: `Services` or `Goods`; it decides who
    /// owes the VAT across a border. Default: `Services`.
    #[serde(default)]
    pub supply: Supply,
    /// Where online payments are booked (E5, E7), by method, gateway and currency.
    #[serde(default)]
    #[schemars(length(max = 200))]
    pub payment_methods: Vec<PaymentMethodRow>,
    /// How customers become accounts (E1, P5, P12).
    #[serde(default)]
    pub customers: Customers,
    /// What of an invoice's own fields stands on its entry (P5).
    #[serde(default)]
    pub invoices: Invoices,
}

/// The administration and the codes that every entry needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!has(self.deferralJournal) || self.deferralJournal != self.salesJournal").message("deferralJournal is the general journal of the deferral entries: it cannot be the salesJournal").field_path(".deferralJournal")
)]
pub struct ExactEntity {
    /// Number of the administration, as Exact Online shows it. Example: `100001`. Cannot be changed.
    #[schemars(range(min = 1))]
    pub division: i32,
    /// Code of the sales journal of the entries. Example: `"70"`.
    #[schemars(length(min = 1, max = 20), regex(pattern = r"^\S(.*\S)?$"))]
    pub sales_journal: String,
    /// Code of the general journal in which Exact books the deferral entries; needed while `policies.deferredRevenue` of
    /// the connection is `Enabled`, because closed periods are looked up by journal. Example: `"90"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20), regex(pattern = r"^\S(.*\S)?$"))]
    pub deferral_journal: Option<String>,
    /// Code of the account that takes the rounding of an invoice. Without it a document with rounding is held. Example:
    /// `"8999"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20), regex(pattern = r"^\S(.*\S)?$"))]
    pub rounding_account: Option<String>,
    /// Code of the account that takes what a credit note writes off. Without it such a note is held. Example: `"4900"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20), regex(pattern = r"^\S(.*\S)?$"))]
    pub write_off_account: Option<String>,
    /// VAT code of lines without any VAT: rounding, and what is left untaxed of a partly taxed line. Example: `"0"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20), regex(pattern = r"^\S(.*\S)?$"))]
    pub zero_vat_code: Option<String>,
    /// Code of the item of lines that no item of the catalogue stands behind: typed in by hand, discounts, rounding. Needed
    /// for such lines where the connection books invoices as `SalesInvoice`, which sells items. Example: `DIVERSEN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 30), regex(pattern = r"^\S(.*\S)?$"))]
    pub ad_hoc_item: Option<String>,
    /// State Chargebee's exchange rate on entries in a foreign currency, where the journal allows it; else Exact takes its
    /// own. Default: true.
    #[serde(default = "yes")]
    pub send_exchange_rate: bool,
    /// Code of the journal of online payments that no row of `paymentMethods` names. Example: `"22"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20), regex(pattern = r"^\S(.*\S)?$"))]
    pub payments_journal: Option<String>,
    /// Code of the receivable account that payments are booked against, for customers whose account in Exact names none of
    /// its own. Needed only where the administration has several. Example: `"1300"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20), regex(pattern = r"^\S(.*\S)?$"))]
    pub receivable_account: Option<String>,
    /// Codes of the bank and cash journals whose receipts are recorded in Chargebee (E6). Example: `["20"]`.
    #[serde(default)]
    #[schemars(length(max = 50), inner(length(min = 1, max = 20), regex(pattern = r"^\S(.*\S)?$")))]
    pub bank_journals: Vec<String>,
}

fn yes() -> bool {
    true
}
