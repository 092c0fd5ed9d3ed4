//! Every CEL rule with a manifest that it refuses and one that it accepts: judged by our own engine in one test binary, and
//! by a real API server in another.

use serde_json::{Value, json};

use super::samples::{named, patched, sample};

/// A manifest that a rule refuses, and a like one that it accepts.
pub struct Case {
    pub kind: &'static str,
    /// How the refusal begins.
    pub message: &'static str,
    pub wrong: Value,
    pub right: Value,
    /// What the object was before, for rules about changes.
    pub before: Option<Value>,
}

fn made(kind: &'static str, message: &'static str, wrong: Value, right: Value) -> Case {
    Case { kind, message, wrong, right, before: None }
}

fn changed(kind: &'static str, message: &'static str, before: Value, wrong: Value, right: Value) -> Case {
    Case { kind, message, wrong, right, before: Some(before) }
}

const C: &str = "SyncConnection";
const M: &str = "EntityMapping";
const R: &str = "RevenueRule";

fn dynamics() -> Value {
    json!({"organizationUrl": "https://acme.crm4.dynamics.com", "tenantId": "acme.onmicrosoft.com", "credentialsSecretRef": {"name": "crm"}})
}

/// The connection with this in its target Dynamics 365.
fn crm(patch: Value) -> Value {
    let mut target = dynamics();
    target.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
    json!({"exactOnline": null, "dynamics365": target})
}

/// The connection with this in its workload.
fn workload(field: &str, value: Value) -> Value {
    json!({"workload": {field: value}})
}

fn pod_cases() -> Vec<Case> {
    let variable = |name: &str| workload("extraEnv", json!([{"name": name, "value": "x"}]));
    let from = |source: Value| workload("extraEnv", json!([{"name": "LEVEL", "valueFrom": source}]));
    let (secret, map) = (json!({"name": "a", "key": "b"}), json!({"name": "a", "key": "b", "optional": true}));
    let bundle = |of: Value| workload("caBundle", of);
    let mut cases = vec![
        made(
            C,
            "give exactly one of value and valueFrom",
            workload("extraEnv", json!([{"name": "LEVEL"}])),
            variable("LEVEL"),
        ),
        made(
            C,
            "give exactly one of secretKeyRef and configMapKeyRef",
            from(json!({"secretKeyRef": secret, "configMapKeyRef": map})),
            from(json!({"configMapKeyRef": map})),
        ),
        made(
            C,
            "give exactly one of secretKeyRef and configMapKeyRef",
            from(json!({})),
            from(json!({"secretKeyRef": secret})),
        ),
        made(
            C,
            "give exactly one of configMapRef and secretRef",
            bundle(json!({})),
            bundle(json!({"secretRef": {"name": "a"}})),
        ),
        made(
            C,
            "give exactly one of configMapRef and secretRef",
            bundle(json!({"configMapRef": {"name": "a"}, "secretRef": {"name": "a"}})),
            bundle(json!({"configMapRef": {"name": "a"}})),
        ),
    ];
    let own = ["KOPPEL_STATE_URL", "KUBERNETES_SERVICE_HOST", "TMPDIR", "SSL_CERT_FILE", "HTTPS_PROXY", "no_proxy"];
    cases.extend(
        own.map(|name| made(C, "this variable is Koppel's own", variable(name), variable(&format!("X_{name}")))),
    );
    cases
}

fn connection_cases() -> Vec<Case> {
    let url = "http://127.0.0.1:1";
    vec![
        made(C, "give exactly one target", json!({"exactOnline": null}), json!({})),
        made(
            C,
            "give exactly one target",
            json!({"dynamics365": dynamics()}),
            json!({"dynamics365": dynamics(), "exactOnline": null}),
        ),
        changed(
            C,
            "the target cannot be changed",
            json!({}),
            json!({"exactOnline": null, "dynamics365": dynamics()}),
            json!({}),
        ),
        made(
            C,
            "give interval or schedule",
            json!({"interval": "15m", "schedule": "0 7 * * *"}),
            json!({"schedule": "0 7 * * *"}),
        ),
        made(
            C,
            "interval of a Scheduled workload",
            json!({"interval": "7m"}),
            json!({"interval": "7m", "workload": {"type": "Continuous"}}),
        ),
        made(C, "interval of a Scheduled workload", json!({"interval": "90m"}), json!({"interval": "60m"})),
        made(C, "interval of a Scheduled workload", json!({"interval": "5h"}), json!({"interval": "6h"})),
        made(
            C,
            "interval must be at least",
            json!({"interval": "30s", "workload": {"type": "Continuous"}}),
            json!({"interval": "90s", "workload": {"type": "Continuous"}}),
        ),
        made(
            C,
            "interval must be at least",
            json!({"interval": "25h", "workload": {"type": "Continuous"}}),
            json!({"interval": "24h"}),
        ),
        made(
            C,
            "edition Starter has no payments to Exact",
            json!({"edition": "Starter", "flows": {"paymentsToExact": {"enabled": true}}}),
            json!({"edition": "Scale", "flows": {"paymentsToExact": {"enabled": true}}}),
        ),
        made(
            C,
            "edition Starter has no payments to Chargebee",
            json!({"edition": "Starter", "flows": {"paymentsToChargebee": {"enabled": true}}}),
            json!({"edition": "Scale", "flows": {"paymentsToChargebee": {"enabled": true}}}),
        ),
        made(
            C,
            "payments have no flow to Dynamics",
            json!({"exactOnline": null, "dynamics365": dynamics(), "flows": {"paymentsToChargebee": {"enabled": true}}}),
            json!({"exactOnline": null, "dynamics365": dynamics()}),
        ),
        made(C, "timeout must be at least", json!({"timeout": "30s"}), json!({"timeout": "30m"})),
        changed(
            C,
            "site cannot be changed",
            json!({}),
            json!({"chargebee": {"site": "other"}}),
            json!({"chargebee": {"url": url}}),
        ),
        made(
            C,
            "give exactly one of country and url",
            json!({"exactOnline": {"url": url}}),
            json!({"exactOnline": {"url": url, "country": null}}),
        ),
        made(C, "give exactly one of country and url", json!({"exactOnline": {"country": null}}), json!({})),
        changed(
            C,
            "country cannot be changed",
            json!({}),
            json!({"exactOnline": {"country": "BE"}}),
            json!({"exactOnline": {"country": null, "url": url}}),
        ),
        made(
            C,
            "give exactly one of credentialsSecretRef",
            json!({"exactOnline": null, "dynamics365": {"organizationUrl": "https://a.b", "tenantId": "t"}}),
            json!({"exactOnline": null, "dynamics365": {"organizationUrl": "https://a.b", "tenantId": "t", "workloadIdentity": {"clientId": "c"}}}),
        ),
        changed(
            C,
            "organizationUrl cannot be changed",
            json!({"exactOnline": null, "dynamics365": dynamics()}),
            json!({"exactOnline": null, "dynamics365": {"organizationUrl": "https://other", "tenantId": "t", "credentialsSecretRef": {"name": "crm"}}}),
            json!({"exactOnline": null, "dynamics365": dynamics(), "suspend": true}),
        ),
        changed(
            C,
            "schemaPrefix cannot be changed",
            crm(json!({})),
            crm(json!({"schemaPrefix": "cb"})),
            crm(json!({"solutionName": "Billing"})),
        ),
        changed(
            C,
            "ownership cannot be changed",
            crm(json!({})),
            crm(json!({"ownership": "Organization"})),
            crm(json!({"ownership": "UserOrTeam"})),
        ),
        made(
            C,
            "schemaPrefix mscrm is Microsoft's own",
            crm(json!({"schemaPrefix": "mscrmx"})),
            crm(json!({"schemaPrefix": "cb"})),
        ),
        made(
            C,
            "accountsToChargebee.create Marked needs",
            crm(json!({"flows": {"accountsToChargebee": {"enabled": true, "create": "Marked"}}})),
            crm(
                json!({"flows": {"accountsToChargebee": {"enabled": true, "create": "Marked"}}, "accountColumns": {"marked": "acme_billable"}}),
            ),
        ),
        made(
            C,
            "accountMatching names a rule twice",
            crm(json!({"accountMatching": ["Email", "Email"]})),
            crm(json!({"accountMatching": ["Email", "VatNumber"]})),
        ),
        made(
            C,
            "a toleration without key",
            json!({"workload": {"tolerations": [{"effect": "NoSchedule"}]}}),
            json!({"workload": {"tolerations": [{"operator": "Exists"}]}}),
        ),
        made(
            C,
            "a toleration with operator Exists",
            json!({"workload": {"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]}}),
            json!({"workload": {"tolerations": [{"key": "a", "value": "b"}]}}),
        ),
        made(
            C,
            "the state is on a volume or in PostgreSQL",
            json!({"workload": {"storage": {"size": "2Gi", "postgresSecretRef": {"name": "db"}}}}),
            json!({"workload": {"storage": {"postgresSecretRef": {"name": "db", "key": "url"}}}}),
        ),
        made(
            C,
            "tolerationSeconds needs",
            json!({"workload": {"tolerations": [{"key": "a", "tolerationSeconds": 5}]}}),
            json!({"workload": {"tolerations": [{"key": "a", "effect": "NoExecute", "tolerationSeconds": 5}]}}),
        ),
    ]
}

fn mapping_cases() -> Vec<Case> {
    let vat = |when: Value| json!({"vat": [{"when": when, "code": "2"}]});
    let crm = json!({"exactOnline": null, "dynamics365": {"owner": {"team": "Sales"}}, "vat": [], "paymentTerms": []});
    let crm_with_vat = json!({"exactOnline": null, "dynamics365": {"owner": {"team": "Sales"}}});
    vec![
        made(M, "give exactly one of exactOnline and dynamics365", json!({"exactOnline": null}), crm.clone()),
        made(
            M,
            "give exactly one of exactOnline and dynamics365",
            json!({"dynamics365": {"owner": {"team": "Sales"}}, "vat": [], "paymentTerms": []}),
            json!({}),
        ),
        made(M, "with dynamics365 only customers", crm_with_vat, crm.clone()),
        made(
            M,
            "give exactly one of user and team",
            json!({"exactOnline": null, "dynamics365": {"owner": {}}, "vat": [], "paymentTerms": []}),
            crm,
        ),
        changed(
            M,
            "connectionRef cannot be changed",
            json!({}),
            json!({"connectionRef": {"name": "other"}}),
            json!({"supply": "Goods"}),
        ),
        changed(M, "businessEntityId cannot be changed", json!({}), json!({"businessEntityId": "b1"}), json!({})),
        changed(
            M,
            "businessEntityId cannot be changed",
            json!({"businessEntityId": "b1"}),
            json!({"businessEntityId": "b2"}),
            json!({"businessEntityId": "b1"}),
        ),
        changed(
            M,
            "division cannot be changed",
            json!({}),
            json!({"exactOnline": {"division": 5}}),
            json!({"exactOnline": {"salesJournal": "71"}}),
        ),
        made(
            M,
            "deferralJournal is the general journal",
            json!({"exactOnline": {"deferralJournal": "70"}}),
            json!({"exactOnline": {"deferralJournal": "91"}}),
        ),
        made(
            M,
            "a fixed fee is an amount of one currency",
            json!({"paymentMethods": [{"journal": "22", "fee": {"fixed": "0.25", "account": "4550"}}]}),
            json!({"paymentMethods": [{"journal": "22", "currency": "EUR", "fee": {"fixed": "0.25", "account": "4550"}}]}),
        ),
        made(
            M,
            "give percent, fixed, or both",
            json!({"paymentMethods": [{"journal": "22", "fee": {"account": "4550"}}]}),
            json!({"paymentMethods": [{"journal": "22", "fee": {"percent": "1.8", "account": "4550"}}]}),
        ),
        made(M, "give country or region", vat(json!({"country": "BE", "region": "EU"})), vat(json!({"region": "EU"}))),
        made(
            M,
            "a line with exemptReason",
            vat(json!({"exemptReason": "Export", "rate": 21})),
            vat(json!({"exemptReason": "Export", "rate": 0})),
        ),
        made(
            M,
            "a line with exemptReason",
            vat(json!({"exemptReason": "Export", "rate": "5.5"})),
            vat(json!({"exemptReason": "Export", "rate": "0"})),
        ),
        made(
            M,
            "matchBy ChamberOfCommerce needs",
            json!({"customers": {"matchBy": ["ChamberOfCommerce"]}}),
            json!({"customers": {"matchBy": ["ChamberOfCommerce"], "chamberOfCommerceField": "cf_kvk"}}),
        ),
        made(
            M,
            "matchBy names a rule twice",
            json!({"customers": {"matchBy": ["Email", "VatNumber", "Email"]}}),
            json!({"customers": {"matchBy": ["Email", "VatNumber"]}}),
        ),
        made(
            M,
            "pointerField needs Pointer",
            json!({"customers": {"matchBy": ["Email"], "pointerField": "cf_x"}}),
            json!({"customers": {"pointerField": "cf_x"}}),
        ),
        made(
            M,
            "fields may name only",
            json!({"customers": {"fields": {"Name": "cf_name"}}}),
            json!({"customers": {"fields": {"Website": "cf_site", "Remarks": "cf_c"}}}),
        ),
        made(
            M,
            "fields may name only",
            json!({"customers": {"fields": {"StatusSince": "cf_a"}}}),
            json!({"customers": {"fields": {}}}),
        ),
    ]
}

fn rule_cases() -> Vec<Case> {
    let coupon = |rest: Value| {
        let mut patch = json!({"match": {"item": null, "coupon": "LOYAL15"}});
        patch.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        patch
    };
    let line = coupon(json!({"discount": "Line"}));
    let net = coupon(json!({"discount": "Net", "revenueAccount": null}));
    vec![
        changed(
            R,
            "connectionRef cannot be changed",
            json!({}),
            json!({"connectionRef": {"name": "other"}}),
            json!({"revenueAccount": "8000"}),
        ),
        made(
            R,
            "the rule decides nothing",
            json!({"revenueAccount": null}),
            json!({"revenueAccount": null, "deferral": "Disabled"}),
        ),
        made(R, "discount belongs to a coupon", json!({"discount": "Line"}), line.clone()),
        made(R, "a rule for a coupon needs discount", coupon(json!({})), net.clone()),
        made(R, "discount Net leaves", coupon(json!({"discount": "Net"})), net),
        made(R, "discount Line needs", coupon(json!({"discount": "Line", "revenueAccount": null})), line.clone()),
        made(R, "a rule for a coupon never moves", coupon(json!({"discount": "Line", "costCenter": "NL"})), line),
        made(
            R,
            "validFrom must not be after",
            json!({"validFrom": "2026-02-01", "validTo": "2026-01-31"}),
            json!({"validFrom": "2026-02-01", "validTo": "2026-02-01"}),
        ),
        made(R, "match is empty", json!({"match": {"item": null}}), json!({"match": {"item": null, "country": "US"}})),
        made(
            R,
            "give at most one of",
            json!({"match": {"itemFamily": "services"}}),
            json!({"match": {"item": null, "itemFamily": "services", "country": "US", "currency": "USD"}}),
        ),
    ]
}

fn root_cases() -> Vec<Case> {
    vec![made(C, "metadata.name is longer", json!({"name": "x".repeat(64)}), json!({"name": "x".repeat(63)}))]
}

/// The object that a patch of a case makes of the sample; a root case renames it.
pub fn object(kind: &str, patch: &Value) -> Value {
    match patch["name"].as_str() {
        Some(name) => named(sample(kind), name),
        None => patched(sample(kind), patch),
    }
}

/// Every case of the three kinds.
pub fn all_cases() -> Vec<Case> {
    [connection_cases(), pod_cases(), mapping_cases(), rule_cases(), root_cases()].into_iter().flatten().collect()
}
