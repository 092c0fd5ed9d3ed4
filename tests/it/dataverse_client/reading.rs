//! Lists, rows and changes.

use koppel::connectors::dataverse::{ChangePage, Changes};
use koppel::connectors::http::CallError;
use serde_json::json;
use uuid::Uuid;

use super::fake::{Fake, Reply, Seen};

async fn organization(mut answer: impl FnMut(&Seen) -> Reply + Send + 'static) -> Fake {
    Fake::start(move |seen| if seen.is_token() { Reply::default_token() } else { answer(seen) }).await
}

fn page(changes: Changes) -> ChangePage {
    match changes {
        Changes::Page(page) => page,
        Changes::Expired => panic!("expired"),
    }
}

#[tokio::test]
async fn pages_are_followed_verbatim_with_the_same_size() {
    let fake = organization(|seen| {
        let next = format!(
            "http://{}/api/data/v9.2/accounts?$select=name&$skiptoken=%3Ccookie%20p=%222%22%2F%3E",
            seen.headers["host"].to_str().unwrap()
        );
        match seen.query.contains("skiptoken") {
            false => Reply::json(&json!({"value": [{"name": "a"}], "@odata.nextLink": next})),
            true => Reply::json(&json!({"value": [{"name": "b"}]})),
        }
    })
    .await;
    let rows = fake.client().rows("accounts", "name", Some("name eq 'O''Brien & Co'")).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.need_text("name").unwrap()).collect::<Vec<_>>(), ["a", "b"]);
    let calls = fake.calls();
    assert_eq!(calls[0].query, "$select=name&$filter=name eq 'O''Brien & Co'");
    assert_eq!(calls[1].query, "$select=name&$skiptoken=<cookie p=\"2\"/>");
    assert!(calls.iter().all(|call| call.headers["prefer"]
        == "odata.maxpagesize=5000,odata.include-annotations=\"Microsoft.Dynamics.CRM.lookuplogicalname\""));
}

#[tokio::test]
async fn a_link_that_leads_elsewhere_is_not_followed_i9() {
    for next in ["http://evil.example/api/data/v9.2/accounts?x", "accounts?$select=name"] {
        let fake = organization(move |_| Reply::json(&json!({"value": [], "@odata.nextLink": next}))).await;
        let error = fake.client().rows("accounts", "name", None).await.unwrap_err();
        assert!(matches!(error, CallError::Malformed { .. }), "{error}");
        assert_eq!(fake.calls().len(), 1);
    }
}

#[tokio::test]
async fn a_row_that_is_not_there_is_none() {
    let fake = organization(|_| Reply::error(404, "0x80040217", "account With Id = x Does Not Exist")).await;
    assert!(fake.client().row("accounts", Uuid::from_u128(5), "name").await.unwrap().is_none());
    let call = &fake.calls()[0];
    assert_eq!(call.path, "accounts(00000000-0000-0000-0000-000000000005)");
}

#[tokio::test]
async fn changes_are_read_to_the_link_for_the_next_time() {
    let gone = Uuid::from_u128(9);
    let fake = organization(move |seen| {
        let at = |token: &str| format!("http://{}/api/data/v9.2/quotes?$select=name&{token}", seen.headers["host"].to_str().unwrap());
        match seen.query.rsplit('&').next().unwrap() {
            "$skiptoken=2" => Reply::json(&json!({"value": [{"name": "b"}], "@odata.deltaLink": at("$deltatoken=919042%2105%2F04%2F2026")})),
            "$deltatoken=919042!05/04/2026" => Reply::json(&json!({
                "@odata.context": "x#quotes/$delta", "@odata.deltaLink": at("$deltatoken=2"),
                "value": [{"name": "c"}, {"@odata.context": "x#quotes/$deletedEntity", "id": gone, "reason": "deleted"}],
            })),
            _ => Reply::json(&json!({"value": [{"name": "a"}], "@odata.nextLink": at("$skiptoken=2")})),
        }
    })
    .await;
    let client = fake.client();
    let first = page(client.changes("quotes", "name", None).await.unwrap());
    assert!(first.more && first.changed.len() == 1 && first.deleted.is_empty());
    let second = page(client.changes("quotes", "name", Some(&first.link)).await.unwrap());
    assert!(!second.more);
    let third = page(client.changes("quotes", "name", Some(&second.link)).await.unwrap());
    assert_eq!((third.changed.len(), third.deleted), (1, vec![gone]));
    assert!(fake.calls().iter().all(|call| {
        call.headers["prefer"].to_str().unwrap().starts_with("odata.track-changes,odata.maxpagesize=5000,")
    }));
}

#[tokio::test]
async fn an_expired_link_asks_for_a_full_reading() {
    let told = "Version stamp associated with the client has expired. Please perform a full sync.";
    let fake = organization(move |_| Reply::error(400, "0x80044352", told)).await;
    let link = format!("{}api/data/v9.2/quotes?$deltatoken=1", fake.url);
    assert!(matches!(fake.client().changes("quotes", "name", Some(&link)).await.unwrap(), Changes::Expired));
}

#[tokio::test]
async fn a_table_that_is_not_tracked_is_named() {
    let fake = organization(|_| Reply::json(&json!({"value": []}))).await;
    let error = fake.client().changes("quotes", "name", None).await.unwrap_err();
    assert!(error.to_string().contains("change tracking") && error.to_string().contains("quotes"), "{error}");
}
