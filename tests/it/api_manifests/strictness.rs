//! Strict validation, as kubectl has it by default: unknown fields, types, words, limits; and the objects around ours
//! (E10, E39: every switch is typed).

use koppel::api::manifest::load_text;
use koppel::api::status::SyncConnectionStatus;
use rstest::rstest;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::samples::{connection, errors, mapping, named, patched, read, rule, sample};

/// The only error of the sample of a kind with a patch: field and message; and its remedy.
fn refusal(kind: &str, patch: &Value) -> (String, String, String) {
    let (_, findings) = read(&[patched(sample(kind), patch)]);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    let found = &findings[0];
    (found.field.clone(), found.message.clone(), found.remedy.clone())
}

const C: &str = "SyncConnection";
const M: &str = "EntityMapping";
const R: &str = "RevenueRule";

#[rstest]
#[case(C, json!({"intervall": "15m"}), "spec.intervall", "unknown field", "did you mean interval?")]
#[case(C, json!({"chargebee": {"apiKey": "x"}}), "spec.chargebee.apiKey", "unknown field", "known here: apiKeySecretRef, site, url")]
#[case(C, json!({"exactonline": {}}), "spec.exactonline", "unknown field", "did you mean exactOnline?")]
#[case(C, json!({"startDate": null}), "spec.startDate", "is required and missing", "for example: \"2026-01-01\"")]
#[case(C, json!({"mode": "apply"}), "spec.mode", "\"apply\" is none of Apply, Plan", "did you mean Apply?")]
#[case(C, json!({"suspend": "true"}), "spec.suspend", "true or false is needed and not the text \"true\"", "write it without quotes: true")]
#[case(C, json!({"flows": []}), "spec.flows", "a map is needed and not a list", "")]
#[case(C, json!({"policies": {"nextYearWarningDays": 400}}), "spec.policies.nextYearWarningDays", "400 is out of range: from 0 to 366", "")]
#[case(C, json!({"chargebee": {"url": "acme.chargebee.com"}}), "spec.chargebee.url", "\"acme.chargebee.com\" is no address that begins with https://, without ? and #", "")]
#[case(C, json!({"schedule": "@hourly everyday"}), "spec.schedule", "\"@hourly everyday\" is no cron schedule of five fields: minute, hour, day of the month, month, day of the week", "for example: \"*/15 6-22 * * *\"")]
#[case(M, json!({"exactOnline": {"division": "100001"}}), "spec.exactOnline.division", "a whole number is needed and not the text \"100001\"", "write it without quotes: 100001")]
#[case(M, json!({"exactOnline": {"division": 3_000_000_000_i64}}), "spec.exactOnline.division", "3000000000 is out of range: from 1 to 2147483647", "for example: 100001")]
#[case(M, json!({"exactOnline": {"salesJournal": " 70"}}), "spec.exactOnline.salesJournal", "\" 70\" begins or ends with a space", "for example: \"70\"")]
#[case(M, json!({"vat": [{"when": {"rate": 101}, "code": "2"}]}), "spec.vat[0].when.rate", "101 is out of range: from 0 to 100", "")]
#[case(M, json!({"vat": [{"when": {"rate": "21%"}, "code": "2"}]}), "spec.vat[0].when.rate", "\"21%\" is no percentage from 0 to 100 with at most four decimals", "")]
#[case(M, json!({"vat": [{"when": {"rate": 5.5}, "code": "2"}]}), "spec.vat[0].when.rate", "5.5 without quotes is a float, which is not exact", "quote it: \"5.5\"")]
#[case(M, json!({"vat": [{"when": {"country": "nl"}, "code": "2"}]}), "spec.vat[0].when.country", "\"nl\" is no country code: two capitals of ISO 3166-1, such as NL", "")]
#[case(M, json!({"customers": {"pointerField": "exact"}}), "spec.customers.pointerField", "\"exact\" is no custom field: those of Chargebee begin with cf_", "for example: cf_exact_account")]
#[case(R, json!({"match": {"item": "x".repeat(101)}}), "spec.match.item", "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\" has 101 characters, at most 100 are allowed", "for example: onboarding")]
#[case(R, json!({"match": {"itemFamly": "x"}}), "spec.match.itemFamly", "unknown field", "did you mean itemFamily?")]
#[case(R, json!({"entityMappingRefs": [{"name": "a"}, {"name": "a"}]}), "spec.entityMappingRefs[1]", "name \"a\" is given twice in this list", "keep one of them")]
fn one_mistake_one_finding(
    #[case] kind: &str,
    #[case] patch: Value,
    #[case] field: &str,
    #[case] message: &str,
    #[case] remedy: &str,
) {
    assert_eq!(refusal(kind, &patch), (field.to_owned(), message.to_owned(), remedy.to_owned()));
}

#[test]
fn everything_wrong_is_told_at_once() {
    let wrong = patched(
        connection(),
        &json!({"startDate": "soon", "timeZone": null, "interval": "7m", "mode": "Dry", "extra": 1}),
    );
    let (manifests, findings) = read(&[wrong]);
    let fields: Vec<_> = findings.iter().map(|found| found.field.as_str()).collect();
    for field in ["spec.startDate", "spec.timeZone", "spec.interval", "spec.mode", "spec.extra"] {
        assert!(fields.contains(&field), "{field} is not among {fields:?}");
    }
    assert_eq!(fields.len(), 5);
    assert_eq!((manifests.connections.len(), manifests.broken.len()), (0, 1));
}

#[rstest]
#[case(
    "koppel.dev/v1",
    "SyncConnection",
    "SyncConnection of \"koppel.dev/v1\" is not known",
    "write apiVersion: koppel.dev/v1alpha1"
)]
#[case("v1", "RevenueRule", "RevenueRule of \"v1\" is not known", "write apiVersion: koppel.dev/v1alpha1")]
#[case(
    "koppel.dev/v1alpha1",
    "RevenuRule",
    "unknown kind RevenuRule of koppel.dev/v1alpha1",
    "did you mean RevenueRule?"
)]
#[case(
    "koppel.dev/v1alpha1",
    "Tenant",
    "unknown kind Tenant of koppel.dev/v1alpha1",
    "kinds of koppel.dev/v1alpha1: SyncConnection, EntityMapping, RevenueRule"
)]
fn a_kind_that_is_nearly_ours_is_an_error(
    #[case] api_version: &str,
    #[case] kind: &str,
    #[case] message: &str,
    #[case] remedy: &str,
) {
    let mut object = rule();
    object["apiVersion"] = api_version.into();
    object["kind"] = kind.into();
    let (manifests, findings) = read(&[object]);
    assert_eq!((findings[0].message.as_str(), findings[0].remedy.as_str()), (message, remedy));
    assert!(manifests.incomplete, "whatever it was meant to be is missing now");
}

#[test]
fn what_is_no_object_at_all_is_an_error() {
    let (manifests, findings) = load_text("values.yaml", "replicas: 2\n");
    assert_eq!(findings.0[0].message, "is no Kubernetes object: apiVersion or kind is missing");
    assert!(manifests.incomplete);
}

#[test]
fn metadata_is_judged_too() {
    let mut object = rule();
    object["metadata"] = json!({"name": "Onboarding", "label": {}, "annotations": {"a": true}});
    let (_, findings) = read(&[object]);
    let told: Vec<_> = findings.iter().map(|found| format!("{}: {}", found.field, found.remedy)).collect();
    let remedies =
        ["metadata.annotations.a: quote it: \"true\"", "metadata.label: did you mean labels?", "metadata.name: "];
    assert_eq!(told, remedies, "{findings:#?}");
}

#[test]
fn what_kubectl_prints_can_be_applied_again() {
    let mut object = named(connection(), "acme");
    object["metadata"]["uid"] = "7f6c8a52".into();
    object["metadata"]["resourceVersion"] = "17".into();
    object["metadata"]["managedFields"] = json!([{"manager": "kubectl"}]);
    object["status"] = json!({"observedGeneration": 4, "whatever": "it was"});
    let (manifests, findings) = read(&[object]);
    assert!(findings.is_empty(), "{findings:#?}");
    assert_eq!(manifests.connections[0].object.status, Some(SyncConnectionStatus::default()));
}

#[test]
fn namespaces_keep_objects_apart() {
    let mut other = connection();
    other["metadata"]["namespace"] = "tenant-b".into();
    let (manifests, findings) = read(&[connection(), other]);
    assert!(findings.is_empty(), "{findings:#?}");
    let names: Vec<_> = manifests.connections.iter().map(|one| one.described()).collect();
    assert_eq!(names, ["SyncConnection default/acme", "SyncConnection tenant-b/acme"]);
}

#[test]
fn secrets_are_read_as_kubernetes_reads_them() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  token: b2xkCg==\n  user: dXNlcgo=\n  empty: ''\nstringData:\n  token: new\n";
    let (manifests, findings) = load_text("s.yaml", text);
    assert!(findings.0.is_empty(), "{findings:?}");
    let secret = &manifests.secrets[&("default".to_owned(), "s".to_owned())];
    let value = |key: &str| secret.get(key).map(|value| value.expose_secret().to_owned());
    assert_eq!(value("token").as_deref(), Some("new"), "stringData outweighs data");
    assert_eq!(value("user").as_deref(), Some("user"), "the line break that echo adds is gone");
    assert_eq!((value("empty"), value("none")), (None, None));
}

#[test]
fn nothing_secret_is_ever_shown_i9() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  a: hunter2!\n  b: /w==\nstringData:\n  c: 12345678\n  d: [hunter2]\n";
    let (manifests, findings) = load_text("s.yaml", text);
    let shown = format!("{manifests:?} {findings:?}");
    assert_eq!(findings.0.len(), 4, "{shown}");
    for secret in ["hunter2", "12345678", "/w=="] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_mapping_of_every_field_is_accepted() {
    let full = patched(
        mapping(),
        &json!({
            "businessEntityId": "be_1",
            "exactOnline": {
                "roundingAccount": "8999", "zeroVatCode": "0", "sendExchangeRate": false, "paymentsJournal": "22",
                "bankJournals": ["20"],
            },
            "vat": [
                {"code": "X"},
                {"when": {"region": "NonEU", "customerType": "Consumer", "rate": "5.5", "supply": "Goods"}, "code": "2"},
                {"when": {"exemptReason": "HighValuePhysicalGoods"}, "code": "2"},
            ],
            "costCenters": [{"country": "NL", "itemFamily": "platform", "year": 2026, "code": "NL"}],
            "costUnits": [{"code": "ABO"}], "dimensionYear": "ServiceStart",
            "itemGroups": [{"itemFamily": "platform", "itemGroup": "ABO", "supply": "Services"}], "defaultItemGroup": "STD",
            "paymentMethods": [{"method": "card", "gateway": "mollie", "currency": "EUR", "journal": "22", "controlAccount": "1150"}],
            "customers": {
                "matchBy": ["Pointer", "VatNumber", "ChamberOfCommerce", "Email"], "pointerField": "cf_exact",
                "chamberOfCommerceField": "cf_kvk", "fields": {"Website": "cf_site"},
            },
        }),
    );
    let (manifests, findings) = read(&[full]);
    assert!(errors(&findings).is_empty(), "{findings:#?}");
    assert_eq!(manifests.mappings[0].object.spec.vat.len(), 3);
}

#[test]
fn a_connection_of_every_field_is_accepted() {
    let full = patched(
        connection(),
        &json!({
            "suspend": true, "mode": "Plan", "edition": "Enterprise", "schedule": "*/15 6-22 * * *", "timeout": "2h",
            "workload": {
                "type": "Scheduled", "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi", "cpu": 1}},
                "nodeSelector": {"disk": "ssd"}, "tolerations": [{"key": "a", "operator": "Equal", "value": "b", "effect": "NoExecute", "tolerationSeconds": 60}],
                "priorityClassName": "high", "podLabels": {"team": "finance"}, "podAnnotations": {"note": "x"},
                "storage": {"className": "fast", "size": "2Gi"},
            },
            "chargebee": {"url": "http://127.0.0.1:8080"},
            "flows": {
                "catalogue": {"enabled": false}, "customers": {"enabled": true},
                "invoices": {"enabled": true, "startDate": "2026-08-01", "bookAs": "SalesEntry", "attachPdf": true},
                "creditNotes": {"enabled": true, "startDate": "2026-08-01"}, "paymentsToExact": {"enabled": true},
                "paymentsToChargebee": {"enabled": true},
            },
            "policies": {
                "deferredRevenue": "Disabled", "deferralMethod": "ByDay", "deferralBeyondPeriods": "NotDeferred", "closedPeriod": "Hold",
                "creditNoteDeferral": "AsIssued", "existingEntry": "Hold", "recreatedDocument": "KeepFirst", "unmatchedCustomer": "Hold", "unmappedEntity": "LeaveOut",
                "voidedInvoice": "Hold", "undonePayment": "Reverse", "nextYearWarningDays": 0, "deletion": "Delete",
            },
        }),
    );
    let (manifests, findings) = read(std::slice::from_ref(&full));
    assert!(findings.is_empty(), "{findings:#?}");
    // What was read is written out again as it stood: no field is lost between manifest and type.
    let mut written = serde_json::to_value(&manifests.connections[0].object.spec).unwrap();
    let mut stood = full["spec"].clone();
    stood["chargebee"]["apiKeySecretRef"]["key"] = "apiKey".into();
    // A quantity is a text to Kubernetes, whole numbers included.
    written["workload"]["resources"]["limits"]["cpu"] = json!(1);
    assert_eq!(written, stood);
}
