//! The two ends of a connection: the Chargebee site, and the target Exact Online.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{SecretKeyRef, SecretRef};

/// The Chargebee site that is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.site == oldSelf.site").message("site cannot be changed: the state of a connection belongs to its site; make a new SyncConnection for another site").field_path(".site")
)]
pub struct Chargebee {
    /// Name of the site: the first label of its address, `acme` for `https://acme.chargebee.com`. Cannot be changed.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub site: String,
    /// Address to call instead of the site's own, up to but without `/api/v2`: only for private endpoints and sandboxes.
    /// Default: `https://{site}.chargebee.com`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048), regex(pattern = r"^https?://[^\s/?#]+[^\s?#]*$"))]
    pub url: Option<String>,
    /// The key of the Secret that holds the API key of the site. A read-only key is enough as long as no flow writes to
    /// Chargebee.
    pub api_key_secret_ref: SecretKeyRef,
}

/// The Exact Online site and credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = ("has(self.country) != has(self.url)", "give exactly one of country and url"),
    validation = Rule::new("!has(self.country) || !has(oldSelf.country) || self.country == oldSelf.country").message("country cannot be changed: each country's Exact Online is a system of its own; make a new SyncConnection").field_path(".country")
)]
pub struct ExactOnline {
    /// The country whose Exact Online it is: `NL` for `https://start.exactonline.nl`. Users and apps of one country are
    /// unknown in the others. Cannot be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<ExactCountry>,
    /// Address to call instead of a country's own, up to but without `/api`: only for sandboxes and private endpoints.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048), regex(pattern = r"^https?://[^\s/?#]+[^\s?#]*$"))]
    pub url: Option<String>,
    /// The Secret with the keys `clientId` and `clientSecret` of the app, and `refreshToken`, the first one, from
    /// `koppel authorize`. Exact's refresh tokens are for one use; Koppel keeps the later ones itself and never writes to
    /// this Secret. Two connections must not share it.
    pub credentials_secret_ref: SecretRef,
}

/// A country with an Exact Online of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ExactCountry {
    #[serde(rename = "NL")]
    Netherlands,
    #[serde(rename = "BE")]
    Belgium,
    #[serde(rename = "DE")]
    Germany,
    #[serde(rename = "ES")]
    Spain,
    #[serde(rename = "FR")]
    France,
    #[serde(rename = "GB")]
    UnitedKingdom,
    #[serde(rename = "US")]
    UnitedStates,
}

impl ExactCountry {
    /// The address of the country's Exact Online (reference `exact-online.md` §1), without a slash at its end.
    pub fn url(self) -> &'static str {
        match self {
            Self::Netherlands => "https://start.exactonline.nl",
            Self::Belgium => "https://start.exactonline.be",
            Self::Germany => "https://start.exactonline.de",
            Self::Spain => "https://start.exactonline.es",
            Self::France => "https://start.exactonline.fr",
            Self::UnitedKingdom => "https://start.exactonline.co.uk",
            Self::UnitedStates => "https://start.exactonline.com",
        }
    }

    /// The code that manifests use.
    pub fn code(self) -> &'static str {
        match self {
            Self::Netherlands => "NL",
            Self::Belgium => "BE",
            Self::Germany => "DE",
            Self::Spain => "ES",
            Self::France => "FR",
            Self::UnitedKingdom => "GB",
            Self::UnitedStates => "US",
        }
    }
}
