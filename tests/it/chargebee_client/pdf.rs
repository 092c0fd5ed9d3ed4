//! The PDF of an invoice (P6): asked for at the site, fetched from where the site says, and never with the key (I9).

use axum::body::Body;
use koppel::connectors::chargebee::Pdf;
use koppel::connectors::http::CallError;
use rstest::rstest;

use super::peer::{KEY, Peer, Reply, error, html, json};

const FILE: &[u8] = b"%PDF-1.4\nof INV-1\n%%EOF\n";

fn lies_at(address: &str) -> Reply {
    json(200, &format!(r#"{{"download":{{"object":"download","download_url":"{address}","valid_till":1772370000}}}}"#))
}

fn file(content: &'static [u8]) -> Reply {
    Reply { status: 200, headers: vec![("content-type", "application/pdf".to_owned())], body: Body::from(content) }
}

/// A site that says where the PDF is, at its own address, and then gives what it is told to.
async fn site_then(reply: Reply) -> Peer {
    let peer = Peer::answering(Vec::new()).await;
    peer.then(lies_at(&format!("{}files/INV-1.pdf?signature=abc", peer.url)));
    peer.then(reply);
    peer
}

#[tokio::test]
async fn it_is_asked_for_by_post_and_fetched_without_the_key_i9() {
    let peer = site_then(file(FILE)).await;
    let pdf = peer.client.invoice_pdf("INV-1", 1_000).await.unwrap();
    assert_eq!(pdf, Pdf::Content(FILE.to_vec()));
    let seen = peer.seen();
    let calls: Vec<_> = seen.iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect();
    assert_eq!(calls, ["POST /api/v2/invoices/INV-1/pdf", "GET /files/INV-1.pdf"]);
    assert!(seen[0].header("authorization").is_some());
    assert_eq!((seen[1].header("authorization"), seen[1].parameter("signature")), (None, Some("abc")));
}

#[tokio::test]
async fn one_that_is_too_large_is_said_and_not_read() {
    let peer = site_then(file(FILE)).await;
    assert_eq!(peer.client.invoice_pdf("INV-1", 10).await.unwrap(), Pdf::TooLarge(10));
}

#[rstest]
#[case::no_pdf(html(200, "<html>"), "what was fetched is no PDF")]
#[case::expired(html(403, "Request has expired"), "answered with HTTP 403")]
#[tokio::test]
async fn what_is_no_pdf_is_not_one(#[case] reply: Reply, #[case] why: &str) {
    let peer = site_then(reply).await;
    let error = peer.client.invoice_pdf("INV-1", 1_000).await.unwrap_err().to_string();
    assert!(error.contains("make the PDF of invoice INV-1") && error.contains(why), "{error}");
    assert!(!error.contains(KEY) && !error.contains("abc"), "{error}");
}

/// The address may be any host's, but encrypted; nothing is asked of another one.
#[rstest]
#[case::plain("http://192.0.2.1/INV-1.pdf", "not encrypted")]
#[case::a_file("file:///etc/passwd", "not encrypted")]
#[case::no_address("INV-1.pdf", "names no address")]
#[case::none("", "names no address")]
#[tokio::test]
async fn an_address_that_is_not_to_be_trusted_is_not_asked(#[case] address: &str, #[case] why: &str) {
    let peer = Peer::answering(vec![lies_at(address)]).await;
    let error = peer.client.invoice_pdf("INV-1", 1_000).await.unwrap_err();
    assert!(matches!(error, CallError::Malformed { .. }) && error.to_string().contains(why), "{error}");
    assert_eq!(peer.seen().len(), 1);
}

#[rstest]
#[case::none("", 0)]
#[case::another_path("../subscriptions", 0)]
#[case::unknown("INV-9", 1)]
#[tokio::test]
async fn an_invoice_that_is_not_there_has_none(#[case] number: &str, #[case] calls: usize) {
    let peer = Peer::answering(vec![error(404, "resource_not_found", "INV-9 not found")]).await;
    let error = peer.client.invoice_pdf(number, 1_000).await.unwrap_err();
    assert!(matches!(error, CallError::NotFound { .. }), "{error}");
    assert_eq!(peer.seen().len(), calls);
}
