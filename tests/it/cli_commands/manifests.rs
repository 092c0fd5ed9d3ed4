//! Manifests that are wrong: nothing is called, the exit code is 2, and each message names file, object, field and remedy.

use super::rig::{Ran, Rig};

/// A refusal before any call.
async fn refused(rig: &Rig) -> Ran {
    let ran = rig.run().await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    assert!(rig.sandbox.chargebee.calls().is_empty() && rig.sandbox.exact.calls().is_empty());
    ran
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_yaml_is_told_with_file_and_line() {
    let rig = Rig::clean().await;
    rig.edit("syncconnection.yaml", "timeZone: Europe/Amsterdam", "timeZone: [Europe/Amsterdam");
    let ran = refused(&rig).await;
    ran.complains(&["error: ", "syncconnection.yaml:"]);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_kind_is_told_with_the_nearest_one() {
    let rig = Rig::clean().await;
    rig.edit("entitymapping.yaml", "kind: EntityMapping", "kind: EntityMaping");
    refused(&rig).await.complains(&["entitymapping.yaml", "unknown kind EntityMaping", "did you mean EntityMapping?"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_country_that_yaml_reads_as_a_boolean_is_told_with_the_remedy() {
    let rig = Rig::clean().await;
    rig.edit("entitymapping.yaml", "country: DE, code: DE", "country: NO, code: DE");
    refused(&rig).await.complains(&["entitymapping.yaml", "costCenters[3].country", "quote"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_secret_is_told_with_its_keys() {
    let rig = Rig::clean().await;
    std::fs::remove_file(rig.folder().join("secrets.yaml")).unwrap();
    let ran = refused(&rig).await;
    ran.complains(&["SyncConnection default/wolkwerk", "Secret default/wolkwerk-chargebee is not among the manifests"]);
    ran.complains(&["Secret default/wolkwerk-exact", "add it to the folder", "clientId, clientSecret, refreshToken"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_without_a_key_is_told_without_its_values() {
    let rig = Rig::clean().await;
    rig.edit("secrets.yaml", "apiKey:", "apikey:");
    refused(&rig)
        .await
        .complains(&["Secret default/wolkwerk-chargebee has no key apiKey", "rename its key apikey to apiKey"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_is_told_at_once() {
    let rig = Rig::clean().await;
    rig.edit("syncconnection.yaml", "interval: 15m", "interval: soon");
    rig.edit("entitymapping.yaml", "division: 100001", "division: none");
    rig.add_file("more.yaml", "kind: RevenueRule\n");
    refused(&rig).await.complains(&[
        "spec.interval",
        "spec.exactOnline.division",
        "more.yaml",
        "apiVersion or kind is missing",
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_not_there_or_holds_nothing_is_named() {
    let rig = Rig::clean().await;
    std::fs::create_dir(rig.path("empty")).unwrap();
    for (folder, words) in [("nowhere", "unable to read"), ("empty", "holds no manifests")] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_koppel"));
        command.arg("run").arg("-f").arg(rig.path(folder)).arg("--state").arg(rig.state());
        let ran = rig.start(command).await;
        assert_eq!(ran.code, 2, "{ran:?}");
        ran.complains(&["error: ", words, folder]);
    }
}
