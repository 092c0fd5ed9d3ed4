//! `koppel demo`: the main job, with proofs that can fail. What it proves is looked at once more here, so that a proof that
//! has lost its teeth is noticed.

use std::process::Command;

use serde_json::Value;

async fn demo(seed: &str) -> (Option<i32>, Value) {
    let seed = seed.to_owned();
    let ran = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_koppel"));
        command.args(["demo", "-o", "json", "--seed", &seed]).env_remove("KOPPEL_LOG");
        command.output().unwrap()
    });
    let ran = ran.await.unwrap();
    let shown = String::from_utf8_lossy(&ran.stderr).into_owned();
    (ran.status.code(), serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {shown}")))
}

fn rows<'a>(document: &'a Value, path: &str) -> &'a Vec<Value> {
    document.pointer(path).and_then(Value::as_array).unwrap_or_else(|| panic!("no {path} in {document}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_proves_books_and_crm_from_the_systems_own_rows() {
    let (code, shown) = demo("1").await;
    let failed: Vec<&Value> =
        ["/proof", "/crm/proof/kinds", "/crm/proof/links", "/crm/proof/quotes", "/crm/proof/checks"]
            .iter()
            .flat_map(|path| rows(&shown, path))
            .filter(|row| row["holds"] != true)
            .collect();
    assert_eq!(failed, Vec::<&Value>::new());
    assert_eq!(code, Some(0));
    let kinds = rows(&shown, "/crm/proof/kinds");
    let cited: std::collections::BTreeSet<&str> = kinds.iter().map(|kind| kind["row"].as_str().unwrap()).collect();
    assert_eq!(cited, (9..=25).map(|row| format!("C{row}")).collect::<Vec<_>>().iter().map(String::as_str).collect());
    assert!(kinds.iter().any(|kind| kind["dynamics365"]["deleted"].as_u64() > Some(0)), "deletions are marked");
    let linked = rows(&shown, "/crm/proof/links").iter().filter(|link| link["linked"].as_u64() > Some(0)).count();
    assert_eq!(linked, 5, "four marks, and accounts that became customers");
    let said = |word: &str| {
        let quotes = rows(&shown, "/crm/proof/quotes").iter();
        quotes.filter(|quote| quote["chargebee"][0][0] == word).count()
    };
    assert_eq!((said("accepted"), said("open")), (3, 2), "won by a customer, and by two that became one");
}
