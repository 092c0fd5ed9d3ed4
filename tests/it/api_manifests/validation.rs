//! What comes out of manifests that are right, and what is told of those that are right only in form.

use std::path::Path;

use jiff::civil::date;
use koppel::accounting::rulebook::{DiscountTreatment, Region};
use koppel::api::conditions::Reason;
use koppel::api::customers::MatchRule;
use koppel::api::finding::Severity;
use koppel::api::flows::BookAs;
use koppel::api::manifest::load;
use koppel::api::validate::{Cadence, Outcome, Secrets, validate};
use koppel::domain::invoice::ExemptReason;
use rstest::rstest;
use rust_decimal::Decimal;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::samples::{connection, errors, mapping, named, outcome, patched, read, rule, warnings};

fn quickstart() -> Outcome {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart");
    let (manifests, findings) = load(&folder).unwrap();
    assert!(findings.0.is_empty(), "{findings:#?}");
    validate(&manifests, Secrets::Here)
}

#[test]
fn the_quickstart_is_without_any_finding_and_says_what_the_story_says() {
    let outcome = quickstart();
    assert!(outcome.findings.is_empty(), "{:#?}", outcome.findings);
    let [connection] = outcome.connections.as_slice() else { panic!("one connection") };
    assert_eq!((connection.namespace.as_str(), connection.name.as_str()), ("default", "wolkwerk"));
    assert_eq!(connection.start_date, date(2026, 7, 1));
    assert_eq!(connection.time_zone.iana_name(), Some("Europe/Amsterdam"));
    assert_eq!(connection.chargebee.base_url.as_str(), "https://wolkwerk-test.chargebee.com/");
    assert_eq!(connection.chargebee.api_key.expose_secret(), "test_wolkwerk_full_access");
    let exact = connection.exact().unwrap();
    assert_eq!(exact.access.base_url.as_str(), "https://start.exactonline.nl/");
    assert_eq!(exact.access.first_refresh_token.expose_secret(), "koppel-sandbox-first-refresh-token");
    assert!(matches!(connection.cadence, Cadence::Every(every) if every.as_mins() == 15));
    let entity = exact.entity_of(None).unwrap();
    assert_eq!(entity.division, 100_001);
    assert!(entity.rulebook.policies.deferred_revenue);
    assert_eq!(entity.customers.match_by[2], MatchRule::ChamberOfCommerce);
    let rules: Vec<_> = entity.rulebook.revenue.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(rules, ["onboarding", "platform-gb", "platform-us", "training"], "in the order of their names (I8)");
    assert_eq!(entity.rulebook.item_groups["services"], "DNS");
}

#[test]
fn the_quickstart_leaves_the_storys_gaps_open() {
    let outcome = quickstart();
    let rulebook = &outcome.connections[0].exact().unwrap().entities[0].rulebook;
    let spain = rulebook.vat.iter().any(|row| row.when.country.as_deref() == Some("ES"));
    assert!(!spain, "E30: a Spanish consumer has no VAT code");
    assert!(rulebook.payment_terms.iter().all(|row| row.net_term_days != 45), "E31: net 45 has no payment condition");
    let migration = rulebook.revenue.iter().any(|rule| rule.matches.item.as_deref() == Some("migration"));
    assert!(!migration, "E32: migration has no account");
}

#[test]
fn a_rulebook_holds_what_its_manifests_say() {
    let mapping = patched(
        mapping(),
        &json!({
            "vat": [{"when": {"region": "EU", "rate": "5.50"}, "code": "5"}, {"when": {"exemptReason": "HighValuePhysicalGoods"}, "code": "0"}],
            "costCenters": [{"country": "NL", "year": 2026, "code": "NL"}],
        }),
    );
    let coupon = json!({"match": {"item": null, "coupon": "LOYAL15"}, "discount": "Line", "validFrom": "2026-07-01"});
    let outcome = outcome(&[connection(), mapping, patched(rule(), &coupon)]);
    let rulebook = &outcome.connections[0].exact().unwrap().entities[0].rulebook;
    assert_eq!(rulebook.vat[0].when.region, Some(Region::Eu));
    assert_eq!(rulebook.vat[0].when.rate, Some(Decimal::new(55, 1)));
    assert_eq!(rulebook.vat[1].when.exempt_reason, Some(ExemptReason::Other("high_value_physical_goods".to_owned())));
    assert_eq!((rulebook.cost_centers[0].year, rulebook.cost_centers[0].index), (Some(2026), 0));
    let rule = &rulebook.revenue[0];
    assert_eq!((rule.discount, rule.valid_from), (Some(DiscountTreatment::Line), Some(date(2026, 7, 1))));
    assert!(rulebook.send_exchange_rate);
}

#[test]
fn a_rule_for_one_entity_stands_in_its_rulebook_only() {
    let of_entity = |name: &str| patched(named(mapping(), name), &json!({"businessEntityId": name}));
    let rule = patched(rule(), &json!({"entityMappingRefs": [{"name": "be"}]}));
    let outcome = outcome(&[connection(), of_entity("nl"), of_entity("be"), rule]);
    let rules: Vec<_> = outcome.connections[0]
        .exact()
        .unwrap()
        .entities
        .iter()
        .map(|entity| (entity.mapping.as_str(), entity.rulebook.revenue.len()))
        .collect();
    assert_eq!(rules, [("be", 1), ("nl", 0)]);
}

#[test]
fn the_order_of_files_does_not_matter_i8() {
    let objects =
        [connection(), mapping(), rule(), patched(named(rule(), "training"), &json!({"match": {"item": "training"}}))];
    let mut backwards = objects.to_vec();
    backwards.reverse();
    let shown = |objects: &[Value]| format!("{:?}", outcome(objects).connections[0].exact().unwrap().entities);
    assert_eq!(shown(&objects), shown(&backwards));
}

#[rstest]
#[case(json!({"timeZone": "Europe/Amsterdm"}), "spec.timeZone", "there is no time zone \"Europe/Amsterdm\"")]
#[case(json!({"timeZone": "europe/amsterdam"}), "spec.timeZone", "the time zone \"europe/amsterdam\" is spelled Europe/Amsterdam")]
#[case(json!({"schedule": "0 0 31 2 *"}), "spec.schedule", "the schedule \"0 0 31 2 *\" never comes round")]
#[case(json!({"schedule": "99 * * * *"}), "spec.schedule", "\"99 * * * *\" is no cron schedule")]
#[case(json!({"chargebee": {"url": "https://user:pass@example.com"}}), "spec.chargebee.url", "an address must not hold credentials")]
#[case(json!({"chargebee": {"url": "https://:80"}}), "spec.chargebee.url", "\"https://:80\" is no address")]
fn what_is_right_in_form_and_wrong_all_the_same(#[case] patch: Value, #[case] field: &str, #[case] message: &str) {
    let outcome = outcome(&[patched(connection(), &patch), mapping()]);
    let found = errors(&outcome.findings);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].1, field);
    assert!(found[0].2.starts_with(message), "{}", found[0].2);
    assert!(outcome.connections.is_empty());
}

#[test]
fn countries_and_currencies_must_exist() {
    let vat = json!({"vat": [{"when": {"country": "UK"}, "code": "2"}], "costUnits": [{"country": "XX", "code": "A"}]});
    let rule = patched(rule(), &json!({"match": {"country": "ZZ", "currency": "EUX"}}));
    let found = outcome(&[connection(), patched(mapping(), &vat), rule]);
    let told: Vec<_> =
        errors(&found.findings).into_iter().map(|(_, field, message)| format!("{field}: {message}")).collect();
    let expected = [
        "spec.costUnits[0].country: there is no country \"XX\"",
        "spec.vat[0].when.country: there is no country \"UK\"",
        "spec.match.country: there is no country \"ZZ\"",
        "spec.match.currency: there is no currency \"EUX\"",
    ];
    assert_eq!(told, expected);
    assert!(found.connections.is_empty());
}

#[test]
fn deferral_needs_its_journal_unless_it_is_off() {
    let without = patched(mapping(), &json!({"exactOnline": {"deferralJournal": null}}));
    let found = outcome(&[connection(), without.clone()]);
    assert_eq!(found.findings[0].reason, Reason::DeferralNotConfigured);
    assert_eq!(found.findings[0].field, "spec.exactOnline.deferralJournal");
    assert!(found.connections.is_empty());
    let off = patched(connection(), &json!({"policies": {"deferredRevenue": "Disabled"}}));
    assert_eq!(outcome(&[off, without]).connections.len(), 1);
}

#[test]
fn a_missing_secret_or_key_is_named_with_its_keys() {
    let objects = [connection(), mapping()];
    let (manifests, _) = read(&objects);
    let here = validate(&manifests, Secrets::Here);
    let told: Vec<_> = here.findings.iter().map(|finding| (finding.severity, finding.message.as_str())).collect();
    let (chargebee, exact) = (
        "Secret default/acme-chargebee is not among the manifests",
        "Secret default/acme-exact is not among the manifests",
    );
    assert_eq!(told, [(Severity::Error, chargebee), (Severity::Error, exact)]);
    assert!(here.findings[1].remedy.ends_with("its keys: clientId, clientSecret, refreshToken"));
    assert!(here.connections.is_empty());
    let elsewhere = validate(&manifests, Secrets::Elsewhere);
    assert!(elsewhere.findings.iter().all(|finding| finding.severity == Severity::Warning));
    assert_eq!(elsewhere.connections.len(), 1);
}

#[test]
fn a_key_of_another_name_is_an_error_with_its_remedy() {
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "acme-exact"}, "stringData": {"clientID": "a", "clientSecret": "b", "refreshToken": "  \n"}});
    let (manifests, _) = read(&[connection(), mapping(), secret]);
    let found = validate(&manifests, Secrets::Elsewhere);
    let told: Vec<_> =
        found.findings.iter().map(|finding| (finding.message.as_str(), finding.remedy.as_str())).collect();
    assert!(
        told.contains(&(
            "Secret default/acme-exact has no key clientId, or an empty one",
            "rename its key clientID to clientId"
        )),
        "{told:#?}"
    );
    assert!(told.iter().any(|(message, _)| message.contains("has no key refreshToken, or an empty one")), "{told:#?}");
    assert!(found.connections.is_empty());
}

#[test]
fn tables_without_rows_are_a_warning() {
    let empty = patched(mapping(), &json!({"vat": [], "paymentTerms": null}));
    let found = outcome(&[connection(), empty]);
    let fields: Vec<_> = warnings(&found.findings).into_iter().map(|(_, field, _)| field).collect();
    assert_eq!(fields, ["spec.paymentTerms", "spec.vat"]);
    assert_eq!(found.connections.len(), 1);
}

#[test]
fn an_address_without_encryption_is_a_warning_but_on_this_machine() {
    let at = |url: &str| outcome(&[patched(connection(), &json!({"chargebee": {"url": url}})), mapping()]);
    assert!(warnings(&at("http://billing.example.com").findings)[0].2.contains("is not encrypted"));
    for local in ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:1", "https://billing.example.com"] {
        assert!(at(local).findings.is_empty(), "{local}");
    }
}

#[rstest]
#[case(json!({"policies": {"deletion": "Delete"}}), "spec.policies.deletion")]
#[case(json!({"workload": {"type": "Continuous"}}), "spec.workload")]
fn what_is_not_carried_out_yet_is_told_and_never_left_out_in_silence(#[case] patch: Value, #[case] field: &str) {
    let found = outcome(&[patched(connection(), &patch), mapping()]);
    let told = warnings(&found.findings);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(told[0].1, field);
    assert!(told[0].2.ends_with("is not carried out yet"), "{}", told[0].2);
    assert_eq!(found.findings[0].reason, Reason::NotYetSupported);
    assert_eq!(found.connections.len(), 1);
}

/// E7, I4: what was booked for an online payment must not come back as a bank payment.
#[rstest]
#[case(json!({"exactOnline": {"bankJournals": ["20", "22"], "paymentsJournal": "22"}}), "spec.exactOnline.paymentsJournal")]
#[case(json!({"exactOnline": {"bankJournals": ["22"]}, "paymentMethods": [{"journal": "21"}, {"journal": "22"}]}), "spec.paymentMethods[1].journal")]
fn a_journal_is_never_for_bank_money_and_online_payments_at_once(#[case] patch: Value, #[case] other: &str) {
    let found = outcome(&[connection(), patched(mapping(), &patch)]);
    let told = errors(&found.findings);
    assert_eq!((told.len(), told[0].1.as_str()), (1, "spec.exactOnline.bankJournals"), "{told:#?}");
    assert!(told[0].2.contains("journal 22") && told[0].2.contains(other), "{}", told[0].2);
    assert!(found.connections.is_empty());
}

#[test]
fn bank_payments_need_a_journal_to_come_from() {
    let on =
        patched(connection(), &json!({"flows": {"paymentsToChargebee": {"enabled": true, "startDate": "2026-09-01"}}}));
    let told = outcome(&[on.clone(), mapping()]);
    assert_eq!(warnings(&told.findings)[0].1, "spec.exactOnline.bankJournals");
    let found = outcome(&[on, patched(mapping(), &json!({"exactOnline": {"bankJournals": ["20"]}}))]);
    assert!(found.findings.is_empty(), "{:#?}", found.findings);
    let from = found.connections[0].exact().unwrap().flows.payments_to_chargebee.map(|date| date.to_string());
    assert_eq!(from.as_deref(), Some("2026-09-01"));
    assert_eq!(found.connections[0].exact().unwrap().entities[0].rulebook.bank_journals, ["20"]);
}

#[test]
fn how_an_invoice_is_booked_is_carried_out_p6() {
    let with = |patch: Value| outcome(&[patched(connection(), &json!({"flows": {"invoices": patch}})), mapping()]);
    let plain = with(json!({}));
    assert_eq!(
        (plain.connections[0].exact().unwrap().flows.book_as, plain.connections[0].exact().unwrap().flows.attach_pdf),
        (BookAs::SalesEntry, false)
    );
    assert_eq!(plain.connections[0].exact().unwrap().calls_per_document(), 1);
    for (patch, calls) in [
        (json!({"attachPdf": true}), 3),
        (json!({"bookAs": "SalesInvoice"}), 3),
        (json!({"bookAs": "SalesInvoice", "attachPdf": true}), 5),
    ] {
        let found = with(patch);
        assert!(found.findings.is_empty(), "{:#?}", found.findings);
        assert_eq!(found.connections[0].exact().unwrap().calls_per_document(), calls);
    }
}

/// A field that is named for nothing, or a property that nobody may write, is refused where it is written (P5).
#[test]
fn fields_of_invoices_are_known_ones_p5() {
    let with = |fields: Value| outcome(&[connection(), patched(mapping(), &json!({"invoices": {"fields": fields}}))]);
    let good = with(json!({"PaymentReference": "po_number", "Notes": "cf_project"}));
    assert!(good.findings.is_empty(), "{:#?}", good.findings);
    assert_eq!(good.connections[0].exact().unwrap().entities[0].rulebook.entry_fields.len(), 2);
    for bad in [json!({"YourRef": "po_number"}), json!({"Notes": "due_date"}), json!({"Notes": "cf"})] {
        let found = with(bad.clone());
        assert!(!errors(&found.findings).is_empty() && found.connections.is_empty(), "{bad}");
    }
}

#[test]
fn the_invoices_own_start_date_outweighs_the_connections() {
    let patch = json!({"flows": {"invoices": {"startDate": "2026-10-01"}}});
    let found = outcome(&[patched(connection(), &patch), mapping()]);
    let connection = &found.connections[0];
    let exact = connection.exact().unwrap();
    assert_eq!((connection.start_date, exact.flows.invoices), (date(2026, 7, 1), Some(date(2026, 10, 1))));
    assert_eq!(exact.entities[0].rulebook.start_date, date(2026, 10, 1));
}
