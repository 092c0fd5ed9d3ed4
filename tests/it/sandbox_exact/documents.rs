//! Documents with their attachments, and how they are tied to entries.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use koppel::sandbox::exact::FiledDocument;
use serde_json::{Value, json};

use super::support::{DIVISION, Harness, reply};

const DOCUMENTS: &str = "documents/Documents";
const ATTACHMENTS: &str = "documents/DocumentAttachments";
const PDF: &[u8] = b"%PDF-1.7\n\x00\xff the original\n%%EOF\n";
const UNKNOWN: &str = "00000000-0000-0000-0000-00000000000a";

fn filed(books: &Harness) -> FiledDocument {
    books.sandbox.documents(DIVISION).pop().expect("a document")
}

/// A document of a sales invoice with its PDF; gives its guid.
async fn document(books: &Harness, customer: &str, subject: &str) -> Value {
    let body = json!({"Subject": subject, "Type": 10, "Account": customer, "DocumentDate": "2026-12-15"});
    let made = books.post(DOCUMENTS, &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.json()["d"]["ID"].clone();
    let file = json!({"Document": id, "FileName": format!("{subject}.pdf"), "Attachment": STANDARD.encode(PDF)});
    let attached = books.post(ATTACHMENTS, &file).await;
    assert_eq!(attached.status, 201, "{}", attached.text);
    id
}

async fn entry_of(books: &Harness, your_ref: &str) -> Value {
    let filter = format!("YourRef eq '{your_ref}'");
    books.find("salesentry/SalesEntries", &[("$filter", &filter)]).await.rows()[0].clone()
}

#[tokio::test]
async fn a_pdf_is_attached_before_the_entry_is_booked() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let id = document(&books, &customer, "INV-1").await;
    let mut entry = books.entry(&customer, "INV-1").await;
    entry["Document"] = id.clone();
    let booked = books.post("salesentry/SalesEntries", &entry).await;
    assert_eq!(booked.status, 201, "{}", booked.text);
    let booked = booked.json()["d"].clone();
    assert_eq!(
        (&booked["Document"], &booked["DocumentNumber"], &booked["DocumentSubject"]),
        (&id, &json!(1), &json!("INV-1"))
    );
    let document = filed(&books);
    assert_eq!((document.number, document.kind, document.subject.as_str()), (1, 10, "INV-1"));
    assert_eq!(json!(document.entry), booked["EntryID"], "the tie is seen from the document too");
    let [attachment] = &document.attachments[..] else { panic!("one file: {document:?}") };
    assert_eq!((attachment.file_name.as_str(), attachment.size), ("INV-1.pdf", PDF.len()));
    assert_eq!(books.sandbox.attachment(DIVISION, attachment.attachment_id).as_deref(), Some(PDF), "byte for byte");
    let rows = books.find("financialtransaction/TransactionLines", &[("$filter", "LineNumber eq 0")]).await.rows();
    assert_eq!((&rows[0]["Document"], &rows[0]["DocumentSubject"]), (&id, &json!("INV-1")));
}

#[tokio::test]
async fn or_after_it_from_either_side() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let first = books.book(&customer, "INV-1").await;
    let body = json!({"Subject": "INV-1", "Type": 10, "FinancialTransactionEntryID": first["EntryID"]});
    let made = books.post(DOCUMENTS, &body).await.json()["d"].clone();
    assert_eq!(entry_of(&books, "INV-1").await["Document"], made["ID"]);
    let second = books.book(&customer, "INV-2").await;
    let id = document(&books, &customer, "INV-2").await;
    let path = format!("salesentry/SalesEntries(guid'{}')", second["EntryID"].as_str().expect("a guid"));
    assert_eq!(books.put(&path, &json!({"Document": UNKNOWN})).await.error(), "Ongeldige referentie: Document");
    assert_eq!(books.put(&path, &json!({"Document": id})).await.status, 204);
    assert_eq!(json!(filed(&books).entry), second["EntryID"]);
    let mut third = books.entry(&customer, "INV-3").await;
    third["Document"] = json!(UNKNOWN);
    assert_eq!(books.post("salesentry/SalesEntries", &third).await.error(), "Ongeldige referentie: Document");
}

#[tokio::test]
async fn documents_are_found_changed_and_listed_by_version() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    assert_eq!(books.get(DOCUMENTS).await.status, 400, "it has a sync twin, so a filter is demanded");
    let id = document(&books, &customer, "INV-1").await;
    document(&books, &customer, "INV-2").await;
    let by_subject =
        books.find(DOCUMENTS, &[("$filter", "Subject eq 'INV-1'"), ("$select", "ID,AccountName,HID")]).await;
    let rows = by_subject.rows();
    assert_eq!((rows.len(), &rows[0]["ID"], &rows[0]["AccountName"]), (1, &id, &json!("Bakkerij Smit")));
    let synced = books.find("sync/Documents/Documents", &[("$filter", "Timestamp gt 1L")]).await.rows();
    assert_eq!((synced.len(), &synced[0]["ID"], &synced[0]["HasEmptyBody"]), (2, &id, &json!(true)));
    let path = format!("{DOCUMENTS}(guid'{}')", id.as_str().expect("a guid"));
    assert_eq!(books.put(&path, &json!({"Subject": "INV-1 (kopie)"})).await.status, 204);
    let last = synced[1]["Timestamp"].as_str().expect("a version");
    let filter = format!("Timestamp gt {last}L");
    let moved = books.find("sync/Documents/Documents", &[("$filter", &filter)]).await.rows();
    assert_eq!(
        (moved.len(), &moved[0]["Subject"], &moved[0]["TypeDescription"]),
        (1, &json!("INV-1 (kopie)"), &json!("Verkoopfactuur"))
    );
    let types = books.get("documents/DocumentTypes").await.rows();
    assert_eq!(types.iter().map(|row| row["ID"].clone()).collect::<Vec<_>>(), [json!(10), json!(20)]);
}

#[tokio::test]
async fn a_file_is_fetched_at_its_address_with_a_token() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let id = document(&books, &customer, "INV-1").await;
    let filter = format!("Document eq guid'{}'", id.as_str().expect("a guid"));
    let row = books.find(ATTACHMENTS, &[("$filter", &filter)]).await.rows()[0].clone();
    assert_eq!((&row["Attachment"], &row["FileSize"]), (&Value::Null, &json!(PDF.len() as f64)));
    let url = format!("{}&Download=1", row["Url"].as_str().expect("an address"));
    let fetched = books.client.get(&url).bearer_auth(&books.token).send().await.expect("an answer");
    assert_eq!(fetched.bytes().await.expect("a body"), PDF);
    assert_eq!(books.client.get(&url).send().await.expect("an answer").status(), 401);
    let other = url.replace(&DIVISION.to_string(), "100002");
    assert_eq!(books.client.get(&other).bearer_auth(&books.token).send().await.expect("an answer").status(), 404);
}

#[tokio::test]
async fn what_is_no_document_or_attachment_is_refused() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let cases = [
        (json!({}), "Verplicht: Onderwerp\r\nVerplicht: Documenttype"),
        (json!({"Subject": "", "Type": 10}), "Verplicht: Onderwerp"),
        (json!({"Subject": "x", "Type": 9999}), "Ongeldige referentie: Documenttype"),
        (json!({"Subject": "x", "Type": 10, "Account": UNKNOWN}), "Ongeldige referentie: Relatie"),
        (json!({"Subject": "x", "Type": 10, "Currency": "XXX"}), "Ongeldige referentie: Valuta"),
        (
            json!({"Subject": "x", "Type": 10, "FinancialTransactionEntryID": UNKNOWN}),
            "Ongeldige referentie: Boekstuknummer",
        ),
        (json!({"Subject": "x", "Type": 10, "HID": 0}), "Ongeldig: Documentnummer"),
    ];
    for (body, text) in cases {
        let answer = books.post(DOCUMENTS, &body).await;
        assert_eq!((answer.status, answer.error().as_str()), (500, text), "{body}");
    }
    let id = document(&books, &customer, "INV-1").await;
    let file = json!({"Document": id, "FileName": "a.pdf", "Attachment": STANDARD.encode(PDF)});
    for (property, value, status, text) in [
        ("Document", Value::Null, 500, "Verplicht: Document"),
        ("Document", json!(UNKNOWN), 500, "Ongeldige referentie: Document"),
        ("FileName", json!(""), 500, "Verplicht: Bestandsnaam"),
        ("Attachment", Value::Null, 500, "Verplicht: Bijlage"),
    ] {
        let mut spoilt = file.clone();
        spoilt[property] = value;
        let answer = books.post(ATTACHMENTS, &spoilt).await;
        assert_eq!((answer.status, answer.error().as_str()), (status, text));
    }
    let raw = json!({"Document": id, "FileName": "a.pdf", "Attachment": "no base64!"});
    let answer = books.post(ATTACHMENTS, &raw).await;
    assert_eq!((answer.status, answer.error().contains("'Attachment' to type 'Byte[]'")), (400, true));
    assert_eq!(filed(&books).attachments.len(), 1, "nothing of it was attached");
}

#[tokio::test]
async fn an_attachment_counts_by_its_decoded_size() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let id = document(&books, &customer, "INV-1").await;
    for (bytes, status) in [(10 * 1024 * 1024, 201), (10 * 1024 * 1024 + 1, 413)] {
        let file = json!({"Document": id, "FileName": "groot.pdf", "Attachment": STANDARD.encode(vec![7_u8; bytes])});
        let request = books.request(reqwest::Method::POST, ATTACHMENTS).json(&file);
        assert_eq!(reply(request.send().await.expect("an answer")).await.status, status, "{bytes} bytes");
    }
}

#[tokio::test]
async fn a_document_goes_with_its_attachments_unless_an_entry_has_it() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let id = document(&books, &customer, "INV-1").await;
    let mut entry = books.entry(&customer, "INV-1").await;
    entry["Document"] = id.clone();
    let booked = books.post("salesentry/SalesEntries", &entry).await.json()["d"].clone();
    let path = format!("{DOCUMENTS}(guid'{}')", id.as_str().expect("a guid"));
    assert_eq!(books.delete(&path).await.error(), "In gebruik: Document");
    let entry = format!("salesentry/SalesEntries(guid'{}')", booked["EntryID"].as_str().expect("a guid"));
    assert_eq!(books.delete(&entry).await.status, 204);
    let before = filed(&books);
    assert_eq!(books.delete(&path).await.status, 204);
    assert_eq!(books.delete(&path).await.status, 404);
    assert!(books.sandbox.documents(DIVISION).is_empty());
    assert_eq!(books.sandbox.attachment(DIVISION, before.attachments[0].attachment_id), None);
    let deleted = books.find("sync/Deleted", &[("$filter", "Timestamp gt 1L")]).await.rows();
    let kinds: Vec<(i64, Value)> =
        deleted.iter().map(|row| (row["EntityType"].as_i64().unwrap_or(0), row["EntityKey"].clone())).collect();
    assert!(kinds.contains(&(6, id)) && kinds.contains(&(4, json!(before.attachments[0].attachment_id))), "{kinds:?}");
}
