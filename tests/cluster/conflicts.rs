//! Mistakes that no single object shows: each object that has a part in one says so, and says that it is mended.

use koppel::api::{EntityMapping, RevenueRule, SyncConnection};
use serde_json::json;

use super::namespace::Namespace;
use super::running::Running;
use super::scene::{ACME, PATIENCE, assert_kstatus, condition_of, in_words, mapping_of, rule_of, tenant};
use super::shared::samples::patched;

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_tie_are_refused_both_until_one_gives_way() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme().await;
    let fine = namespace.until_condition::<RevenueRule>("onboarding", "Accepted", "True Accepted").await;
    assert_kstatus(&fine);
    assert_eq!(in_words(&fine, "ResolvedRefs"), "True Resolved");

    namespace.apply(&patched(rule_of("rival", ACME), &json!({"revenueAccount": "8030"}))).await;
    for (rule, other) in [("onboarding", "rival"), ("rival", "onboarding")] {
        let tied = namespace.until_condition::<RevenueRule>(rule, "Accepted", "False RuleConflict").await;
        assert_kstatus(&tied);
        let message = condition_of(&tied, "Accepted").unwrap().message;
        assert!(message.contains(other), "{rule} does not name {other}: {message}");
    }
    let stalled = namespace.until_condition::<SyncConnection>(ACME, "Stalled", "True RuleConflict").await;
    assert_kstatus(&stalled);
    assert_eq!(in_words(&stalled, "MappingComplete"), "False RuleConflict");
    let told =
        || async { namespace.events_on("rival").await.contains(&"Warning RuleConflict".to_owned()).then_some(()) };
    namespace.until("the event", PATIENCE, told).await;

    namespace.change::<RevenueRule>("rival", json!({"spec": {"match": {"country": "BE"}}})).await;
    for rule in ["onboarding", "rival"] {
        assert_kstatus(&namespace.until_condition::<RevenueRule>(rule, "Accepted", "True Accepted").await);
    }
    namespace.until_no_condition::<SyncConnection>(ACME, "Stalled").await;
    // One that goes is as good as one that gives way.
    namespace.change::<RevenueRule>("rival", json!({"spec": {"match": {"country": null}}})).await;
    namespace.until_condition::<RevenueRule>("onboarding", "Accepted", "False RuleConflict").await;
    namespace.delete::<RevenueRule>("rival").await;
    namespace.until_condition::<RevenueRule>("onboarding", "Accepted", "True Accepted").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_default_entities_are_refused_both() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme().await;
    namespace.until_condition::<EntityMapping>("acme-nl", "Accepted", "True Accepted").await;
    let other = json!({"exactOnline": {"division": 100_002}});
    namespace.apply(&patched(mapping_of("acme-be", ACME), &other)).await;
    for mapping in ["acme-nl", "acme-be"] {
        let refused = namespace.until_condition::<EntityMapping>(mapping, "Accepted", "False Duplicate").await;
        assert_kstatus(&refused);
    }
    namespace.until_condition::<SyncConnection>(ACME, "MappingComplete", "False Duplicate").await;
    namespace.delete::<EntityMapping>("acme-be").await;
    namespace.until_condition::<EntityMapping>("acme-nl", "Accepted", "True Accepted").await;
    namespace.until_no_condition::<SyncConnection>(ACME, "Stalled").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_refers_to_nothing_says_so_until_it_comes_and_again_when_it_goes() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.apply(&mapping_of("acme-nl", ACME)).await;
    namespace.apply(&patched(rule_of("onboarding", ACME), &json!({"entityMappingRefs": [{"name": "acme-be"}]}))).await;
    let lost = namespace.until_condition::<EntityMapping>("acme-nl", "ResolvedRefs", "False ReferenceNotFound").await;
    assert_kstatus(&lost);
    assert!(condition_of(&lost, "ResolvedRefs").unwrap().message.contains("there is no SyncConnection"));
    assert_eq!(in_words(&lost, "Accepted"), "True Accepted");

    namespace.secrets(ACME).await;
    namespace.apply(&tenant(ACME)).await;
    namespace.until_condition::<EntityMapping>("acme-nl", "ResolvedRefs", "True Resolved").await;
    // The rule's mapping is still missing.
    let mapping = |rule: &RevenueRule| {
        condition_of(rule, "ResolvedRefs").is_some_and(|one| one.status == "False" && one.message.contains("acme-be"))
    };
    namespace.until_is::<RevenueRule>("onboarding", "misses its mapping", mapping).await;
    let other = json!({"businessEntityId": "be", "exactOnline": {"division": 100_002}});
    namespace.apply(&patched(mapping_of("acme-be", ACME), &other)).await;
    namespace.until_condition::<RevenueRule>("onboarding", "ResolvedRefs", "True Resolved").await;

    namespace.delete::<SyncConnection>(ACME).await;
    for mapping in ["acme-nl", "acme-be"] {
        namespace.until_condition::<EntityMapping>(mapping, "ResolvedRefs", "False ReferenceNotFound").await;
    }
    namespace.until_condition::<RevenueRule>("onboarding", "ResolvedRefs", "False ReferenceNotFound").await;
}

/// One consent in two Secrets is one consent all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_was_copied_into_another_secret_is_refused_both_until_one_has_its_own() {
    let namespace = Namespace::new().await;
    let operator = Running::workload(&namespace).await;
    namespace.acme().await;
    namespace.first_run(ACME).await;
    namespace.secrets("other").await;
    let copied = json!({"clientId": "id", "clientSecret": "secret", "refreshToken": "first-acme"});
    namespace.secret("other-exact", copied).await;
    let division = json!({"exactOnline": {"division": 100_002}});
    namespace.apply(&patched(mapping_of("other-nl", "other"), &division)).await;
    namespace.apply(&tenant("other")).await;
    for (connection, rival) in [(ACME, "other"), ("other", ACME)] {
        let refused = namespace.until_condition::<SyncConnection>(connection, "Ready", "False CredentialsShared").await;
        assert_kstatus(&refused);
        assert_eq!(in_words(&refused, "Stalled"), "True CredentialsShared");
        let message = condition_of(&refused, "CredentialsValid").unwrap().message;
        assert!(message.contains(&format!("SyncConnection {}/{rival}", namespace.name)), "{message}");
    }
    assert!(namespace.jobs("other").await.is_empty(), "it runs with the consent of another one");

    let own = json!({"clientId": "id", "clientSecret": "secret", "refreshToken": "first-other"});
    namespace.secret("other-exact", own).await;
    for connection in [ACME, "other"] {
        namespace.until_no_condition::<SyncConnection>(connection, "Stalled").await;
    }
    assert!(!operator.process.output().contains("first-acme"), "a token is told");
}

/// Exact's refresh tokens are for one use: two connections would take each other's.
#[tokio::test(flavor = "multi_thread")]
async fn credentials_of_two_connections_are_refused_both_until_one_has_its_own() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme().await;
    let first = namespace.first_run(ACME).await;
    namespace.secrets("other").await;
    let division = json!({"exactOnline": {"division": 100_002}});
    namespace.apply(&patched(mapping_of("other-nl", "other"), &division)).await;
    let shared = json!({"exactOnline": {"credentialsSecretRef": {"name": "acme-exact"}}});
    namespace.apply(&patched(tenant("other"), &shared)).await;
    for (connection, rival) in [(ACME, "other"), ("other", ACME)] {
        let refused = namespace.until_condition::<SyncConnection>(connection, "Ready", "False CredentialsShared").await;
        assert_kstatus(&refused);
        assert_eq!(in_words(&refused, "CredentialsValid"), "False CredentialsShared");
        assert_eq!(in_words(&refused, "Stalled"), "True CredentialsShared");
        assert!(condition_of(&refused, "CredentialsValid").unwrap().message.contains(rival));
    }
    assert!(namespace.jobs("other").await.is_empty(), "it runs with credentials of another one");

    let own = json!({"spec": {"exactOnline": {"credentialsSecretRef": {"name": "other-exact"}}}});
    namespace.change::<SyncConnection>("other", own).await;
    namespace.until_no_condition::<SyncConnection>("other", "Stalled").await;
    let mended = namespace.until_no_condition::<SyncConnection>(ACME, "Stalled").await;
    assert_eq!(in_words(&mended, "Reconciling"), "True NewGeneration");
    // Nothing of its own has changed, but only a run can say that its credentials are good again.
    namespace.until_another_job(ACME, &[kube::ResourceExt::name_any(&first)].into()).await;
    namespace.until_another_job("other", &Default::default()).await;
}
