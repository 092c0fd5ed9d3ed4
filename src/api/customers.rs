//! How customers become accounts.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Properties of an Exact account that a manifest may fill from custom fields: writable ones that hold text or, the
/// classifications, the id of one; and that Koppel does not fill itself (reference `exact-online-metadata.json`, `crm/Accounts`).
pub const ACCOUNT_PROPERTIES: [&str; 25] = [
    "BSN",
    "Classification1",
    "Classification2",
    "Classification3",
    "Classification4",
    "Classification5",
    "Classification6",
    "Classification7",
    "Classification8",
    "CodeAtSupplier",
    "DatevDebtorCode",
    "EORINumber",
    "Fax",
    "GlnNumber",
    "Language",
    "OINNumber",
    "PeppolIdentifier",
    "PhoneExtension",
    "Remarks",
    "RSIN",
    "SalesCurrency",
    "TradeName",
    "UniqueTaxpayerReference",
    "VATLiability",
    "Website",
];

/// How customers become accounts (E1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!('ChamberOfCommerce' in self.matchBy) || has(self.chamberOfCommerceField)").message("matchBy ChamberOfCommerce needs chamberOfCommerceField: name the custom field that holds the number, such as cf_kvk").field_path(".matchBy"),
    validation = Rule::new("self.matchBy.all(rule, self.matchBy.exists_one(other, other == rule))").message("matchBy names a rule twice").field_path(".matchBy"),
    validation = Rule::new("!has(self.pointerField) || 'Pointer' in self.matchBy").message("pointerField needs Pointer in matchBy").field_path(".pointerField")
)]
pub struct Customers {
    /// How an existing account is found, in this order; the first rule that finds exactly one account decides, and one
    /// that finds several holds the customer's documents (`CustomerAmbiguous`). An empty list matches nothing.
    /// Default: `[Pointer, VatNumber, Email]`.
    #[serde(default = "match_by")]
    #[schemars(length(max = 4))]
    pub match_by: Vec<MatchRule>,
    /// Custom field of the customer that holds the id (a GUID) of its account in Exact. Example: `cf_exact_account`. The
    /// rule `Pointer` looks there, and at the account's search code, which Koppel sets to the customer's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 4, max = 50), regex(pattern = r"^cf_[A-Za-z0-9_]+$"))]
    pub pointer_field: Option<String>,
    /// Custom field of the customer that holds the number at the chamber of commerce. Example: `cf_kvk`. It is written to
    /// the account as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 4, max = 50), regex(pattern = r"^cf_[A-Za-z0-9_]+$"))]
    pub chamber_of_commerce_field: Option<String>,
    /// Properties of the account that are filled from custom fields of the customer (P5): property in Exact → custom field.
    /// `Classification1` to `Classification8` take the id (a GUID) of a classification, `SalesCurrency` a currency code; any
    /// other value is left out and told. Example: `{Website: cf_website}`.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 32), transform = custom_field_values)]
    #[x_kube(validation = ("self.all(property, property in ['BSN', 'Classification1', 'Classification2', 'Classification3', 'Classification4', 'Classification5', 'Classification6', 'Classification7', 'Classification8', 'CodeAtSupplier', 'DatevDebtorCode', 'EORINumber', 'Fax', 'GlnNumber', 'Language', 'OINNumber', 'PeppolIdentifier', 'PhoneExtension', 'Remarks', 'RSIN', 'SalesCurrency', 'TradeName', 'UniqueTaxpayerReference', 'VATLiability', 'Website'])", "fields may name only BSN, Classification1 to Classification8, CodeAtSupplier, DatevDebtorCode, EORINumber, Fax, GlnNumber, Language, OINNumber, PeppolIdentifier, PhoneExtension, Remarks, RSIN, SalesCurrency, TradeName, UniqueTaxpayerReference, VATLiability and Website: Exact does not let others be written, or Koppel sets them itself"))]
    pub fields: BTreeMap<String, String>,
}

impl Default for Customers {
    fn default() -> Self {
        Self { match_by: match_by(), pointer_field: None, chamber_of_commerce_field: None, fields: BTreeMap::new() }
    }
}

/// A rule by which an existing account is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum MatchRule {
    /// What says outright which account it is: `pointerField`, or the account's search code.
    Pointer,
    VatNumber,
    ChamberOfCommerce,
    /// The e-mail address of the account (P12).
    Email,
}

fn match_by() -> Vec<MatchRule> {
    vec![MatchRule::Pointer, MatchRule::VatNumber, MatchRule::Email]
}

fn custom_field_values(schema: &mut schemars::Schema) {
    let field = serde_json::json!({"type": "string", "minLength": 4, "maxLength": 50, "pattern": "^cf_[A-Za-z0-9_]+$"});
    schema.insert("additionalProperties".to_owned(), field);
}
