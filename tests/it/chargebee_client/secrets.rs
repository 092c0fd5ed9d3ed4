//! The key is nowhere to be seen (I9).

use base64::Engine;
use koppel::connectors::chargebee::{ChargebeeClient, ListQuery};

use super::peer::{KEY, Peer, empty, error, html, options};

fn sent() -> String {
    base64::engine::general_purpose::STANDARD.encode(format!("{KEY}:"))
}

fn assert_hidden(text: &str) {
    assert!(!text.contains(KEY) && !text.contains(&sent()), "{text}");
}

#[tokio::test]
async fn a_server_that_repeats_the_key_does_not_get_it_into_a_message_i9() {
    // The excerpt ends within the key: a part of it must not stay either.
    let edge = format!("{}{KEY}", "x".repeat(190));
    let replies = vec![
        html(200, &format!("<pre>authorization: Basic {}</pre>", sent())),
        html(404, &format!("key {KEY} is unknown")),
        error(401, "api_authentication_failed", &format!("key {KEY} is wrong")),
        html(200, &edge),
    ];
    let calls = replies.len();
    let peer = Peer::answering(replies).await;
    for _ in 0..calls {
        let error = peer.client.invoices(&ListQuery::default()).await.unwrap_err();
        assert_hidden(&format!("{error} {error:?}"));
        assert!(!error.to_string().contains("test_Secret"), "{error}");
    }
}

#[tokio::test]
async fn nothing_shows_the_key_when_printed_i9() {
    let peer = Peer::answering(Vec::new()).await;
    let options = options(Some(peer.url.clone()), KEY, peer.clock.clone());
    let printed = format!("{:?} {options:?}", peer.client);
    assert!(printed.contains("acme-test"), "{printed}");
    assert_hidden(&printed);
}

#[tokio::test]
async fn a_key_from_a_file_may_end_in_a_line_break() {
    let peer = Peer::answering(vec![empty()]).await;
    let options = options(Some(peer.url.clone()), &format!("{KEY}\n"), peer.clock.clone());
    ChargebeeClient::new(options).unwrap().items(&ListQuery::default()).await.unwrap();
    assert_eq!(peer.only_request().header("authorization"), Some(format!("Basic {}", sent()).as_str()));
}
