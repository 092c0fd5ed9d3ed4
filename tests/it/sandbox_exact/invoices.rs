//! Sales invoices that the administration issues itself: open until they are printed, then booked.

use koppel::sandbox::exact::IssuedInvoice;
use serde_json::{Value, json};

use super::support::{DIVISION, Harness};

pub const INVOICES: &str = "salesinvoice/SalesInvoices";
pub const LINES: &str = "salesinvoice/SalesInvoiceLines";
pub const PRINTS: &str = "salesinvoice/PrintedSalesInvoices";

/// An item of the group of subscriptions, whose revenue account is 8000.
pub async fn item(books: &Harness, code: &str) -> Value {
    let groups = books.find("logistics/ItemGroups", &[("$filter", "Code eq 'ABO'")]).await.rows();
    let body = json!({
        "Code": code, "Description": "Abonnement", "ItemGroup": groups[0]["ID"], "IsSalesItem": true, "SalesVatCode": "2",
    });
    posted(books, "logistics/Items", &body).await["ID"].clone()
}

/// An invoice of one line of 3 at 33.33 and VAT of 21 %, ready to be changed and sent.
pub async fn invoice(books: &Harness, your_ref: &str) -> Value {
    let customer = books.customer("Bakkerij Smit").await;
    json!({
        "OrderedBy": customer, "Journal": "70", "YourRef": your_ref, "PaymentCondition": "14",
        "SalesInvoiceLines": [{"Item": item(books, &format!("item-{your_ref}")).await, "Quantity": 3, "NetPrice": 33.33}],
    })
}

pub async fn posted(books: &Harness, path: &str, body: &Value) -> Value {
    let answer = books.post(path, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["d"].clone()
}

pub fn issued(books: &Harness) -> IssuedInvoice {
    books.sandbox.invoices(DIVISION).pop().expect("an invoice")
}

pub async fn read(books: &Harness, invoice: &Value) -> Value {
    let path = format!("{INVOICES}(guid'{}')", invoice["InvoiceID"].as_str().expect("a guid"));
    books.get(&path).await.json()["d"].clone()
}

#[tokio::test]
async fn an_open_invoice_is_in_no_ledger() {
    let books = Harness::start().await;
    let made = posted(&books, INVOICES, &invoice(&books, "INV-1").await).await;
    assert_eq!((&made["Status"], &made["InvoiceNumber"], &made["Type"]), (&json!(20), &Value::Null, &json!(8020)));
    assert_eq!(
        (&made["AmountFCExclVat"], &made["VATAmountFC"], &made["AmountFC"]),
        (&json!(99.99), &json!(21.0), &json!(120.99))
    );
    assert_eq!(made["InvoiceTo"], made["OrderedBy"], "who ordered is invoiced unless another is named");
    let path = format!("{INVOICES}(guid'{}')/SalesInvoiceLines", made["InvoiceID"].as_str().expect("a guid"));
    let line = books.get(&path).await.rows()[0].clone();
    assert_eq!((&line["GLAccountDescription"], &line["VATCode"]), (&json!("Omzet abonnementen"), &json!("2  ")));
    assert_eq!(
        (&line["Description"], &line["AmountFC"], &line["VATAmountFC"]),
        (&json!("Abonnement"), &json!(99.99), &json!(21.0))
    );
    assert!(books.sandbox.entries(DIVISION).is_empty() && books.sandbox.open_items(DIVISION).is_empty());
    assert!(books.sandbox.ledger(DIVISION, None).is_empty() && books.sandbox.documents(DIVISION).is_empty());
}

#[tokio::test]
async fn printing_numbers_and_books_it_on_the_date_and_in_the_period_that_it_says() {
    let books = Harness::start().await;
    let made = posted(&books, INVOICES, &invoice(&books, "INV-1").await).await;
    let print = json!({
        "InvoiceID": made["InvoiceID"], "InvoiceDate": "2026-06-15", "ReportingYear": 2026, "ReportingPeriod": 7,
    });
    let printed = posted(&books, PRINTS, &print).await;
    assert_eq!((&printed["InvoiceID"], &printed["InvoiceDate"]), (&made["InvoiceID"], &json!("/Date(1781481600000)/")));
    let entry = books.sandbox.entries(DIVISION).pop().expect("an entry");
    assert_eq!((entry.total, entry.vat, entry.kind, entry.entry_number), (12_099, 2_100, 20, 267_000_001));
    assert_eq!((entry.your_ref.as_str(), entry.entry_date.to_string().as_str()), ("INV-1", "2026-06-15"));
    assert_eq!((entry.year, entry.period, entry.due_date.to_string().as_str()), (2026, 7, "2026-06-29"));
    assert_eq!((entry.lines[0].gl_account.as_str(), entry.lines[0].net), ("8000", 9_999));
    let [item] = &books.sandbox.open_items(DIVISION)[..] else { panic!("one receivable") };
    assert_eq!((item.open, item.entry_number, item.entry_id), (12_099, 267_000_001, entry.entry_id));
    let invoice = read(&books, &made).await;
    assert_eq!((&invoice["Status"], &invoice["InvoiceNumber"]), (&json!(50), &json!(267_000_001)));
    assert_eq!(
        (&invoice["InvoiceDate"], &invoice["DueDate"]),
        (&json!("/Date(1781481600000)/"), &json!("/Date(1782691200000)/"))
    );
    let issued = issued(&books);
    assert_eq!((issued.number, issued.entry), (Some(267_000_001), Some(entry.entry_id)));
    assert_ne!(issued.invoice_id, entry.entry_id, "the invoice and its entry are two things");
}

#[tokio::test]
async fn printing_makes_a_document_and_leaves_the_one_that_was_linked() {
    let books = Harness::start().await;
    books.sandbox.open_year(DIVISION, 2027);
    let original = posted(&books, "documents/Documents", &json!({"Subject": "INV-1", "Type": 10})).await;
    let mut body = invoice(&books, "INV-1").await;
    body["Document"] = original["ID"].clone();
    let made = posted(&books, INVOICES, &body).await;
    let printed = posted(&books, PRINTS, &json!({"InvoiceID": made["InvoiceID"]})).await;
    assert_eq!(json!(issued(&books).document), printed["Document"]);
    let documents = books.sandbox.documents(DIVISION);
    assert_eq!(documents.len(), 2);
    assert_eq!(
        (json!(documents[1].document_id), json!(documents[1].entry)),
        (printed["Document"].clone(), made["InvoiceID"].clone())
    );
    assert_eq!(documents[1].attachments[0].file_name, "277000001.pdf");
    let entry = books.get("salesentry/SalesEntries").await.rows()[0].clone();
    assert_eq!((&entry["Document"], &read(&books, &made).await["Document"]), (&original["ID"], &original["ID"]));
    assert_eq!(json!(documents[0].entry), entry["EntryID"]);
}

#[tokio::test]
async fn nothing_is_sent_unless_the_print_says_so() {
    let books = Harness::start().await;
    books.sandbox.open_year(DIVISION, 2027);
    let cases = [
        (json!({}), None, vec![], "DocumentCreationSuccess"),
        (json!({"SendEmailToCustomer": true}), Some(1), vec!["SendEmailToCustomer"], "EmailCreationSuccess"),
        (json!({"SendOutputBasedOnAccount": true}), Some(1), vec![], "DocumentCreationSuccess"),
        (json!({"SendOutputBasedOnAccount": true}), Some(2), vec!["SendEmailToCustomer"], "EmailCreationSuccess"),
        (json!({"SendEmailToCustomer": true}), None, vec![], "EmailCreationError"),
        (json!({"SendInvoiceToCustomerPostbox": true}), Some(1), vec![], "PostboxMessageCreationError"),
        (json!({"SendInvoiceViaPeppol": true}), Some(1), vec![], "PeppolCreationError"),
    ];
    for (number, (print, method, ways, said)) in cases.into_iter().enumerate() {
        let made = posted(&books, INVOICES, &invoice(&books, &format!("INV-{number}")).await).await;
        if let Some(method) = method {
            let path = format!("crm/Accounts(guid'{}')", made["InvoiceTo"].as_str().expect("a guid"));
            let changes = json!({"Email": "smit@bakkerij.example", "InvoicingMethod": method});
            assert_eq!(books.put(&path, &changes).await.status, 204);
        }
        let mut print = print;
        print["InvoiceID"] = made["InvoiceID"].clone();
        let printed = posted(&books, PRINTS, &print).await;
        assert!(printed[said].is_string(), "{print}: {printed}");
        let issued = issued(&books);
        assert_eq!((issued.sent_by, issued.number.is_some()), (ways, true), "{print}");
    }
}

#[tokio::test]
async fn a_service_period_is_deferred_by_the_print() {
    let books = Harness::start().await;
    let mut body = invoice(&books, "INV-1").await;
    (body["SalesInvoiceLines"][0]["StartTime"], body["SalesInvoiceLines"][0]["EndTime"]) =
        (json!("2026-12-01"), json!("2027-02-28"));
    let made = posted(&books, INVOICES, &body).await;
    let print = json!({"InvoiceID": made["InvoiceID"], "InvoiceDate": "2026-12-15"});
    let refused = books.post(PRINTS, &print).await;
    assert_eq!((refused.status, refused.error().as_str()), (500, "Onbekend: Boekjaar (Periode-datumtabel)"));
    assert_eq!(read(&books, &made).await["Status"], 20, "still open, and nothing is booked");
    assert!(books.sandbox.entries(DIVISION).is_empty());
    books.sandbox.open_year(DIVISION, 2027);
    posted(&books, PRINTS, &print).await;
    let entry = books.sandbox.entries(DIVISION).pop().expect("an entry");
    assert_eq!(entry.lines[0].releases, [(2026, 12, 3333), (2027, 1, 3333), (2027, 2, 3333)]);
}

#[tokio::test]
async fn a_credit_note_books_what_is_negative() {
    let books = Harness::start().await;
    let mut body = invoice(&books, "CN-1").await;
    (body["Type"], body["SalesInvoiceLines"][0]["Quantity"]) = (json!(8021), json!(-3));
    let made = posted(&books, INVOICES, &body).await;
    assert_eq!((&made["AmountFC"], &made["TypeDescription"]), (&json!(-120.99), &json!("Verkoopcreditnota")));
    books.sandbox.open_year(DIVISION, 2027);
    posted(&books, PRINTS, &json!({"InvoiceID": made["InvoiceID"]})).await;
    let entry = books.sandbox.entries(DIVISION).pop().expect("an entry");
    assert_eq!((entry.kind, entry.total, entry.vat), (21, -12_099, -2_100));
    assert_eq!(entry.entry_date.to_string(), "2027-01-05", "today, as no date is said");
}

#[tokio::test]
async fn an_open_invoice_changes_and_a_printed_one_does_not() {
    let books = Harness::start().await;
    let made = posted(&books, INVOICES, &invoice(&books, "INV-1").await).await;
    let path = format!("{INVOICES}(guid'{}')", made["InvoiceID"].as_str().expect("a guid"));
    assert_eq!(books.put(&path, &json!({"YourRef": "INV-1B", "PaymentCondition": "30"})).await.status, 204);
    let more =
        json!({"InvoiceID": made["InvoiceID"], "Item": item(&books, "extra").await, "UnitPrice": 10, "Discount": 0.25});
    let line = posted(&books, LINES, &more).await;
    assert_eq!((&line["NetPrice"], &line["AmountFC"], &line["LineNumber"]), (&json!(7.5), &json!(7.5), &json!(2)));
    let line_path = format!("{LINES}(guid'{}')", line["ID"].as_str().expect("a guid"));
    assert_eq!(books.put(&line_path, &json!({"Quantity": 2, "VATCode": "1"})).await.status, 204);
    let now = read(&books, &made).await;
    assert_eq!((&now["YourRef"], &now["AmountFC"]), (&json!("INV-1B"), &json!(137.34)));
    posted(&books, PRINTS, &json!({"InvoiceID": made["InvoiceID"], "InvoiceDate": "2026-12-15"})).await;
    let status = "Niet toegestaan: Status";
    assert_eq!(books.put(&path, &json!({"YourRef": "x"})).await.error(), status);
    assert_eq!(books.put(&line_path, &json!({"Quantity": 1})).await.error(), status);
    assert_eq!(books.delete(&line_path).await.error(), status);
    assert_eq!(books.delete(&path).await.error(), status);
    assert_eq!(books.post(PRINTS, &json!({"InvoiceID": made["InvoiceID"]})).await.error(), status, "once only");
    assert_eq!(books.sandbox.entries(DIVISION).len(), 1);
}

#[tokio::test]
async fn an_open_invoice_is_deleted_with_its_last_line() {
    let books = Harness::start().await;
    let made = posted(&books, INVOICES, &invoice(&books, "INV-1").await).await;
    let filter = format!("InvoiceID eq guid'{}'", made["InvoiceID"].as_str().expect("a guid"));
    let line = books.find(LINES, &[("$filter", &filter)]).await.rows()[0]["ID"].clone();
    let path = format!("{LINES}(guid'{}')", line.as_str().expect("a guid"));
    assert_eq!(books.delete(&path).await.status, 204);
    assert_eq!(books.get(&path).await.status, 404);
    assert!(books.sandbox.invoices(DIVISION).is_empty());
    let deleted = books.find("sync/Deleted", &[("$filter", "Timestamp gt 1L")]).await.rows();
    let keys: Vec<&Value> = deleted.iter().filter(|row| row["EntityType"] == 13).map(|row| &row["EntityKey"]).collect();
    assert!(keys.contains(&&made["InvoiceID"]) && keys.contains(&&line), "{keys:?}");
}

#[tokio::test]
async fn every_change_moves_head_and_lines_in_the_sync_resource() {
    let books = Harness::start().await;
    let made = posted(&books, INVOICES, &invoice(&books, "INV-1").await).await;
    posted(&books, INVOICES, &invoice(&books, "INV-2").await).await;
    let path = "sync/SalesInvoice/SalesInvoices";
    let rows = books.find(path, &[("$filter", "Timestamp gt 1L")]).await.rows();
    let seen: Vec<(&Value, &Value)> = rows.iter().map(|row| (&row["YourRef"], &row["LineNumber"])).collect();
    let (first, second) = (json!("INV-1"), json!("INV-2"));
    assert_eq!(seen, [(&first, &json!(0)), (&first, &json!(1)), (&second, &json!(0)), (&second, &json!(1))]);
    assert_eq!(
        (&rows[0]["ID"], &rows[0]["AmountFC"], &rows[1]["AmountFC"]),
        (&made["InvoiceID"], &json!(120.99), &json!(99.99))
    );
    let middle = format!("Timestamp gt {}L", rows[2]["Timestamp"].as_str().expect("a version"));
    assert_eq!(books.find(path, &[("$filter", &middle)]).await.rows().len(), 1, "also within an invoice");
    let last = format!("Timestamp gt {}L", rows[3]["Timestamp"].as_str().expect("a version"));
    posted(&books, PRINTS, &json!({"InvoiceID": made["InvoiceID"], "InvoiceDate": "2026-12-15"})).await;
    let moved = books.find(path, &[("$filter", &last)]).await.rows();
    assert_eq!((moved.len(), &moved[0]["Status"], &moved[1]["InvoiceNumber"]), (2, &json!(50), &json!(267_000_001)));
    books.sandbox.move_division(DIVISION);
    let anew = books.find(path, &[("$filter", "Timestamp gt 1L")]).await.rows();
    assert_eq!(anew.iter().map(|row| row["YourRef"].clone()).collect::<Vec<_>>(), ["INV-2", "INV-2", "INV-1", "INV-1"]);
}
