//! RevenueRule: where the revenue of a line goes, and what happens to a coupon's discount. Tying a single item is declared
//! here, not done by hand (E13).

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{ObjectRef, Switch};
use super::status::RuleStatus;

/// Says where the revenue of certain lines goes, or what happens to a coupon's discount.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "koppel.dev",
    version = "v1alpha1",
    kind = "RevenueRule",
    plural = "revenuerules",
    singular = "revenuerule",
    shortname = "revrule",
    category = "koppel",
    namespaced,
    cel,
    status = "RuleStatus",
    derive = "PartialEq",
    doc = "Says where the revenue of certain lines goes, how it is deferred and which cost centre and unit it gets, or what happens to a coupon's discount. The most specific rule wins; rules that tie are an error on each of them.",
    selectable = ".spec.connectionRef.name",
    printcolumn = r#"{"name":"Connection", "type":"string", "jsonPath":".spec.connectionRef.name"}"#,
    printcolumn = r#"{"name":"Account", "type":"string", "jsonPath":".spec.revenueAccount"}"#,
    printcolumn = r#"{"name":"Accepted", "type":"string", "jsonPath":".status.conditions[?(@.type==\"Accepted\")].status"}"#,
    printcolumn = r#"{"name":"Resolved", "type":"string", "jsonPath":".status.conditions[?(@.type==\"ResolvedRefs\")].status"}"#,
    printcolumn = r#"{"name":"Message", "type":"string", "jsonPath":".status.conditions[?(@.status==\"False\")].message", "description":"what a person must know"}"#,
    printcolumn = r#"{"name":"Age", "type":"date", "jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.connectionRef.name == oldSelf.connectionRef.name").message("connectionRef cannot be changed: make a new RevenueRule").field_path(".connectionRef.name"),
    validation = ("has(self.revenueAccount) || has(self.discount) || has(self.deferral) || has(self.costCenter) || has(self.costUnit)", "the rule decides nothing: give at least one of revenueAccount, discount, deferral, costCenter and costUnit"),
    validation = Rule::new("!has(self.discount) || has(self.match.coupon)").message("discount belongs to a coupon: give match.coupon, or leave discount out").field_path(".discount"),
    validation = Rule::new("!has(self.match.coupon) || has(self.discount)").message("a rule for a coupon needs discount: Net or Line").field_path(".match.coupon"),
    validation = Rule::new("!has(self.discount) || self.discount != 'Net' || !has(self.revenueAccount)").message("discount Net leaves the discount in the revenue line and has no account of its own: leave revenueAccount out, or choose discount Line").field_path(".revenueAccount"),
    validation = Rule::new("!has(self.discount) || self.discount != 'Line' || has(self.revenueAccount)").message("discount Line needs revenueAccount, the account of the discount lines").field_path(".discount"),
    validation = Rule::new("!has(self.match.coupon) || (!has(self.deferral) && !has(self.costCenter) && !has(self.costUnit))").message("a rule for a coupon never moves the revenue: deferral, costCenter and costUnit belong to a rule for the item").field_path(".match.coupon"),
    validation = Rule::new("!has(self.validFrom) || !has(self.validTo) || self.validFrom <= self.validTo").message("validFrom must not be after validTo").field_path(".validTo")
)]
pub struct RevenueRuleSpec {
    /// The SyncConnection that the rule belongs to. Cannot be changed.
    pub connection_ref: ObjectRef,
    /// The EntityMappings that the rule is for. Without any it is for all entities of the connection.
    #[serde(default)]
    #[schemars(length(max = 50))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub entity_mapping_refs: Vec<ObjectRef>,
    /// Which lines the rule is for; all given conditions must hold.
    #[serde(rename = "match")]
    pub matches: RevenueMatch,
    /// First day of validity, by the date of the document. Example: `"2026-01-01"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 10, max = 10), regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), extend("format" = "date"))]
    pub valid_from: Option<String>,
    /// Last day of validity, included. Example: `"2026-12-31"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 10, max = 10), regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), extend("format" = "date"))]
    pub valid_to: Option<String>,
    /// Code of the revenue account (E8); with `discount: Line` the account of the discount lines (E9). Example: `"8020"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20), regex(pattern = r"^\S(.*\S)?$"))]
    pub revenue_account: Option<String>,
    /// What becomes of the coupon's discount (E9): `Net`, the revenue line carries the net amount, or `Line`, a gross
    /// revenue line and a negative one on `revenueAccount`. Without any rule a discount is taken net.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount: Option<Discount>,
    /// Turns deferral off for the lines, or on again where a less specific rule turns it off (E23).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deferral: Option<Switch>,
    /// Code of the cost centre of the lines; outweighs the EntityMapping's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20), regex(pattern = r"^\S(.*\S)?$"))]
    pub cost_center: Option<String>,
    /// Code of the cost unit of the lines; outweighs the EntityMapping's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20), regex(pattern = r"^\S(.*\S)?$"))]
    pub cost_unit: Option<String>,
}

/// Which lines a rule is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = ("has(self.itemFamily) || has(self.item) || has(self.itemPrice) || has(self.coupon) || has(self.chargeType) || has(self.country) || has(self.currency)", "match is empty: give at least one of itemFamily, item, itemPrice, coupon, chargeType, country and currency"),
    validation = ("[has(self.itemFamily), has(self.item), has(self.itemPrice), has(self.coupon), has(self.chargeType)].filter(given, given).size() <= 1", "give at most one of itemFamily, item, itemPrice, coupon and chargeType: the narrower one says it all")
)]
pub struct RevenueMatch {
    /// Id of the item family. Example: `platform`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 50))]
    pub item_family: Option<String>,
    /// Id of the item. Example: `onboarding`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub item: Option<String>,
    /// Id of the item price. Example: `team-eur-monthly`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub item_price: Option<String>,
    /// Id of the coupon whose discount the rule is about. Example: `WELCOME10`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub coupon: Option<String>,
    /// What kind of thing the line sells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charge_type: Option<ChargeType>,
    /// Country of the customer, ISO 3166-1 alpha-2. Quote `"NO"`: unquoted it is the boolean false.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 2), regex(pattern = r"^[A-Z]{2}$"))]
    pub country: Option<String>,
    /// Currency of the document, ISO 4217. Example: `USD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 3), regex(pattern = r"^[A-Z]{3}$"))]
    pub currency: Option<String>,
}

/// What kind of thing a line sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ChargeType {
    Plan,
    Addon,
    Charge,
    /// A line typed in by hand, of no item.
    Adhoc,
}

/// What becomes of a coupon's discount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Discount {
    Net,
    Line,
}
