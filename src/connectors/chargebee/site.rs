//! Which site answers, and whether its catalogue is one that Koppel reads (chargebee.md §1, "product catalog probe").

use super::wire::Configurations;
use crate::connectors::http::{CallError, CallResult};

/// The site behind an API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its name, the first part of its address.
    pub domain: String,
    /// Whether it sells items and item prices. Sites that do not are refused, so that it is always true.
    pub product_catalog_v2: bool,
}

impl Site {
    /// The site `name` as the answer of `GET /configurations` has it.
    ///
    /// # Errors
    /// [`CallError::Malformed`] where the JSON is no list of configurations; [`CallError::Rejected`] where another site
    /// answers, or one that still has Product Catalog 1.0.
    pub fn from_json(name: &str, json: &str) -> CallResult<Self> {
        let not_promised = |error: serde_json::Error| CallError::Malformed {
            message: format!("the answer is no list of configurations: {error}"),
        };
        let answer: Configurations = serde_json::from_str(json).map_err(not_promised)?;
        let domain_of = |text: &str| text.split('.').next().unwrap_or_default().to_owned();
        let domains: Vec<String> =
            answer.configurations.iter().map(|row| domain_of(row.domain.as_deref().unwrap_or_default())).collect();
        let own = domains.iter().position(|domain| domain.eq_ignore_ascii_case(name));
        let Some(row) = own.and_then(|at| answer.configurations.get(at)) else {
            return Err(refused("another_site", other_site(name, &domains)));
        };
        let version = row.product_catalog_version.as_deref();
        if version == Some("v1")
            || (version.is_none() && row.chargebee_response_schema_type.as_deref() == Some("plans_addons"))
        {
            return Err(refused("product_catalog_v1", old_catalogue(name)));
        }
        Ok(Self { domain: name.to_owned(), product_catalog_v2: true })
    }
}

fn refused(code: &str, message: String) -> CallError {
    CallError::Rejected { status: 200, code: Some(code.to_owned()), message }
}

fn other_site(name: &str, domains: &[String]) -> String {
    let answered = if domains.is_empty() { "no site".to_owned() } else { format!("site {}", domains.join(", ")) };
    format!(
        "chargebee answers for {answered} and not for {name}; correct spec.chargebee.site, or the API key and url that go with it"
    )
}

fn old_catalogue(name: &str) -> String {
    format!(
        "site {name} has product catalog 1.0 (plans and add-ons without item prices), which Koppel does not read; have Chargebee's support move the site to product catalog 2.0"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(json: &str) -> CallResult<Site> {
        Site::from_json("acme-test", json)
    }

    #[test]
    fn the_own_site_is_found_among_several() {
        let json = r#"{"configurations":[{"domain":"acme","product_catalog_version":"v1"},
            {"domain":"Acme-Test","product_catalog_version":"v2","chargebee_response_schema_type":"items"}]}"#;
        assert_eq!(site(json).unwrap(), Site { domain: "acme-test".to_owned(), product_catalog_v2: true });
        assert!(site(r#"{"configurations":[{"domain":"acme-test.chargebee.com"}]}"#).is_ok());
    }

    #[test]
    fn the_old_catalogue_is_refused_with_the_remedy() {
        for json in [
            r#"{"configurations":[{"domain":"acme-test","product_catalog_version":"v1"}]}"#,
            r#"{"configurations":[{"domain":"acme-test","chargebee_response_schema_type":"plans_addons"}]}"#,
        ] {
            let error = site(json).unwrap_err();
            assert!(matches!(&error, CallError::Rejected { code: Some(code), .. } if code == "product_catalog_v1"));
            assert!(error.to_string().contains("site acme-test has product catalog 1.0"), "{error}");
        }
    }

    #[test]
    fn another_site_is_refused_and_both_are_named() {
        let error = site(r#"{"configurations":[{"domain":"globex","product_catalog_version":"v2"}]}"#).unwrap_err();
        assert!(error.to_string().contains("site globex and not for acme-test"), "{error}");
        assert!(site(r#"{"configurations":[]}"#).unwrap_err().to_string().contains("no site"));
        assert!(matches!(site(r#"{"list":[]}"#), Err(CallError::Malformed { .. })));
    }
}
