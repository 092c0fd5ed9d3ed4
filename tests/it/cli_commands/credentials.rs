//! Credentials and rights that do not suffice: the run ends with 1, the condition names the Secret or the right, nothing is
//! lost, and no secret is repeated.

use koppel::sandbox::exact::seed::{CLIENT_SECRET, FIRST_REFRESH_TOKEN};
use koppel::sandbox::server::API_KEY;

use super::rig::{DIVISION, Ran, Rig, says};

async fn stands_still(rig: &Rig, reason: &str) -> Ran {
    let ran = rig.run().await;
    assert_eq!(ran.code, 1, "{ran:?}");
    let (status, found, message) = ran.condition("CredentialsValid");
    assert_eq!((status.as_str(), found.as_str()), ("False", reason), "{message}");
    let (ready, why, _) = ran.condition("Ready");
    assert_eq!((ready.as_str(), why.as_str()), ("False", reason));
    assert!(rig.entries().is_empty());
    ran
}

async fn books_all(rig: &Rig) {
    let ran = rig.run().await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!rig.entries().is_empty() && ran.condition("CredentialsValid").0 == "True");
    rig.nothing_twice();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_api_key_is_refused_once_and_a_right_one_books_all() {
    let rig = Rig::clean().await;
    rig.edit("secrets.yaml", API_KEY, "test_the_wrong_key");
    let ran = stands_still(&rig, "Unauthorized").await;
    let message = ran.condition("CredentialsValid").2;
    says(&message, &["chargebee site wolkwerk-test", "HTTP 401", "API key", "Secret"]);
    assert!(!ran.stdout.contains("test_the_wrong_key") && !ran.stderr.contains("test_the_wrong_key"));
    assert_eq!(rig.sandbox.chargebee.calls().len(), 1, "a refused key is not tried again");
    rig.edit("secrets.yaml", "test_the_wrong_key", API_KEY);
    books_all(&rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_client_secret_is_refused_once_and_a_right_one_books_all() {
    let rig = Rig::clean().await;
    rig.edit("secrets.yaml", CLIENT_SECRET, "the-wrong-client-secret");
    let ran = stands_still(&rig, "Unauthorized").await;
    says(&ran.condition("CredentialsValid").2, &["clientId", "clientSecret", "wolkwerk-exact"]);
    assert!(!format!("{ran:?}").contains("the-wrong-client-secret"));
    rig.edit("secrets.yaml", "the-wrong-client-secret", CLIENT_SECRET);
    books_all(&rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_first_refresh_token_asks_for_consent_again() {
    let rig = Rig::clean().await;
    books_all(&rig).await;
    // The tokens are lost with the state; the first one, still in the Secret, was for one use.
    std::fs::remove_dir_all(rig.state()).unwrap();
    let ran = rig.run().await;
    assert_eq!(ran.code, 1, "{ran:?}");
    let (status, reason, message) = ran.condition("CredentialsValid");
    assert_eq!((status.as_str(), reason.as_str()), ("False", "ReauthorizationRequired"));
    says(&message, &["consent", "koppel authorize", "wolkwerk-exact"]);
    assert!(!format!("{ran:?}").contains(FIRST_REFRESH_TOKEN));
    rig.nothing_twice();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_division_that_does_not_exist_is_named_and_holds_its_documents() {
    let rig = Rig::clean().await;
    rig.edit("entitymapping.yaml", "division: 100001", "division: 999999");
    let ran = rig.run().await;
    let (status, reason, message) = ran.condition("MappingComplete");
    assert_eq!((status.as_str(), reason.as_str()), ("False", "DivisionInvalid"), "{ran:?}");
    says(&message, &["division 999999", "EntityMapping wolkwerk-nl", "exactOnline.division", "right"]);
    assert_eq!((ran.condition("Ready").0.as_str(), ran.code), ("False", 1), "it needs a person");
    assert!(ran.held_count() > 0 && rig.entries().is_empty(), "{ran:?}");
    rig.edit("entitymapping.yaml", "division: 999999", "division: 100001");
    books_all(&rig).await;
    assert_eq!(rig.run().await.held_count(), 0, "what was held for it is booked");
}

/// A list without right to it comes empty from the vendor: taken for empty books, every customer would be made again.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_right_is_told_and_nothing_is_written_until_it_is_given() {
    let resources = [
        "salesentry/SalesEntries",
        "crm/Accounts",
        "financial/Journals",
        "sync/CRM/Accounts",
        "sync/Financial/TransactionLines",
        "sync/Financial/GLAccounts",
    ];
    for resource in resources {
        let rig = Rig::clean().await;
        rig.sandbox.exact.set_right(DIVISION, resource, false);
        let ran = rig.run().await;
        assert_eq!(ran.condition("Ready").0, "False", "{resource}: {ran:?}");
        says(&ran.json()["connections"][0]["conditions"].to_string(), &[resource, "right"]);
        assert!(rig.entries().is_empty(), "{resource}");
        rig.sandbox.exact.set_right(DIVISION, resource, true);
        books_all(&rig).await;
        assert_eq!(rig.run().await.held_count(), 0, "{resource}: nothing is lost");
        assert!(accounts_are_distinct(&rig), "{resource}: a customer was made twice");
    }
}

/// Whether no two entries of one customer of the billing system went to two accounts, nor two accounts bear one name.
fn accounts_are_distinct(rig: &Rig) -> bool {
    let mut names: Vec<_> = rig.entries().into_iter().map(|entry| (entry.customer_name, entry.customer)).collect();
    names.sort();
    names.dedup();
    names.windows(2).all(|pair| pair[0].0 != pair[1].0)
}
