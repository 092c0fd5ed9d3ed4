//! Invoices that Exact issues itself, and documents: what is sent, what is read back, and that neither is ever sent twice
//! where it may have arrived (P6, I1).

use jiff::civil::Date;
use koppel::connectors::exact::{BookInvoice, DocumentDraft, sales_invoice_payload};
use koppel::connectors::http::CallError;
use koppel::domain::calendar::DateRange;
use koppel::domain::entry::{AccountRef, EntryFields, EntryKind, EntryLine, LineOrigin, PeriodKey, SalesEntry};
use koppel::domain::money::{Amount, Currency};
use koppel::domain::sales_invoice::{SalesInvoice, SoldItem};
use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

use super::fake::{DIVISION, Fake, Reply, Seen};

const CUSTOMER: Uuid = Uuid::from_u128(77);
const DRAFT: Uuid = Uuid::from_u128(5);
const DOCUMENT: Uuid = Uuid::from_u128(6);

fn line(net: i64, vat: i64) -> EntryLine {
    EntryLine {
        origin: LineOrigin::Revenue,
        source_line: None,
        credits: None,
        account: AccountRef { id: Uuid::from_u128(8000), code: "8000".into() },
        net: Amount(net),
        vat: Amount(vat),
        vat_code: "2".into(),
        vat_included: false,
        cost_center: Some("NL".into()),
        cost_unit: None,
        deferral: DateRange::new(Date::constant(2026, 5, 1), Date::constant(2026, 7, 31)),
        description: "Plan".into(),
    }
}

/// Three seats at ten euros, and a coupon of five.
fn invoice() -> SalesInvoice {
    let coupon = EntryLine { deferral: None, cost_center: None, ..line(-500, -105) };
    let entry = SalesEntry {
        kind: EntryKind::Sales,
        journal: "70".into(),
        customer: "cust".into(),
        your_ref: "INV-1".into(),
        description: "Factuur".into(),
        entry_date: Date::constant(2026, 5, 4),
        due_date: Some(Date::constant(2026, 6, 3)),
        payment_condition: Some("30".into()),
        currency: Currency::EUR,
        rate: None,
        reporting: PeriodKey { year: 2026, period: 6 },
        lines: vec![line(3_000, 630), coupon],
        fields: EntryFields {
            payment_reference: Some("PO 77".into()),
            notes: Some("Noord".into()),
            ..Default::default()
        },
    };
    let sold = |item, quantity: i64, price: i64| SoldItem {
        item: Uuid::from_u128(item),
        quantity: quantity.into(),
        price: price.into(),
    };
    SalesInvoice { entry, sold: vec![sold(1, 3, 10), sold(2, -1, 5)] }
}

fn created(row: &Value) -> Reply {
    Reply::new(201, json!({"d": row}).to_string())
}

fn rows(rows: &[Value]) -> Reply {
    Reply::new(200, json!({"d": {"results": rows}}).to_string())
}

async fn answering(reply: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Fake {
    Fake::start(move |seen| if seen.is_token() { Reply::default_token() } else { reply(seen) }).await
}

fn open_row() -> Value {
    json!({"InvoiceID": DRAFT, "InvoiceNumber": null, "Status": 20, "YourRef": "INV-1", "AmountFC": 30.25,
        "AmountFCExclVat": 25.0, "VATAmountFC": 5.25, "Currency": "EUR", "OrderedBy": CUSTOMER})
}

fn open_invoice() -> BookInvoice {
    BookInvoice {
        id: DRAFT,
        is_printed: false,
        your_ref: "INV-1".into(),
        total: Some(Amount(3_025)),
        net: Some(Amount(2_500)),
        vat: Some(Amount(525)),
        currency: Some(Currency::EUR),
        customer: Some(CUSTOMER),
    }
}

#[tokio::test]
async fn a_draft_says_what_is_sold_and_comes_back_with_the_amounts_of_the_books() {
    let fake = answering(|_| created(&open_row())).await;
    let client = fake.client();
    let drafted = client.create_sales_invoice(DIVISION, &invoice(), CUSTOMER, Some(DOCUMENT)).await.unwrap();
    assert_eq!(drafted, open_invoice());
    let call = fake.calls().remove(0);
    assert_eq!((call.method.as_str(), call.path.as_str()), ("POST", "/api/v1/7/salesinvoice/SalesInvoices"));
    assert_eq!(call.body, sales_invoice_payload(&invoice(), CUSTOMER, Some(DOCUMENT)));
    let expected = json!({
        "Journal": "70", "OrderedBy": CUSTOMER, "InvoiceTo": CUSTOMER, "YourRef": "INV-1", "Description": "Factuur",
        "OrderDate": "2026-05-04T00:00:00", "DueDate": "2026-06-03T00:00:00", "PaymentCondition": "30", "Currency": "EUR",
        "PaymentReference": "PO 77", "Document": DOCUMENT,
        "SalesInvoiceLines": [
            {"Item": Uuid::from_u128(1), "GLAccount": Uuid::from_u128(8000), "Quantity": 3, "UnitPrice": 10, "NetPrice": 10,
             "AmountFC": 30, "VATCode": "2", "VATAmountFC": 6.3, "Description": "Plan", "CostCenter": "NL",
             "StartTime": "2026-05-01T00:00:00", "EndTime": "2026-07-31T00:00:00", "Notes": "Noord"},
            {"Item": Uuid::from_u128(2), "GLAccount": Uuid::from_u128(8000), "Quantity": -1, "UnitPrice": 5, "NetPrice": 5,
             "AmountFC": -5, "VATCode": "2", "VATAmountFC": -1.05, "Description": "Plan", "Notes": "Noord"},
        ],
    });
    assert_eq!(serde_json::from_str::<Value>(&call.body).unwrap(), expected);
    assert_eq!(fake.calls().len(), 1);
}

/// Billing has sent the customer its invoice: Exact sends none, in no way.
#[tokio::test]
async fn a_print_has_date_and_period_and_sends_nothing_to_anybody() {
    let fake = answering(|_| created(&json!({"InvoiceID": DRAFT}))).await;
    fake.client().print_sales_invoice(DIVISION, DRAFT, &invoice().entry).await.unwrap();
    let call = fake.calls().remove(0);
    assert_eq!((call.method.as_str(), call.path.as_str()), ("POST", "/api/v1/7/salesinvoice/PrintedSalesInvoices"));
    let expected = json!({"InvoiceID": DRAFT, "InvoiceDate": "2026-05-04T00:00:00", "ReportingYear": 2026,
        "ReportingPeriod": 6, "SendEmailToCustomer": false, "SendInvoiceToCustomerPostbox": false,
        "SendInvoiceViaPeppol": false, "SendOutputBasedOnAccount": false});
    assert_eq!(serde_json::from_str::<Value>(&call.body).unwrap(), expected);
}

#[rstest]
#[case::new_and_called_open(json!({"Status": 20}), false)]
#[case::new_and_called_a_draft(json!({"Status": 10}), false)]
#[case::printed(json!({"Status": 50, "InvoiceNumber": 26_700_001}), true)]
#[case::printed_and_not_yet_processed(json!({"Status": 20, "InvoiceNumber": 26_700_001}), true)]
#[tokio::test]
async fn whether_it_is_printed_shows_in_its_number_or_status(#[case] change: Value, #[case] printed: bool) {
    let mut row = open_row();
    row.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let fake = answering(move |_| rows(&[row.clone()])).await;
    let found = fake.client().find_sales_invoices(DIVISION, &["INV-1"]).await.unwrap();
    assert_eq!(found, [BookInvoice { is_printed: printed, ..open_invoice() }]);
    assert!(fake.calls()[0].query.contains("YourRef"), "{:?}", fake.calls()[0].query);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Draft,
    Print,
    Document,
    Attachment,
}

async fn take(fake: &Fake, step: Step) -> Result<(), CallError> {
    let client = fake.client();
    let draft = DocumentDraft { subject: "INV-1".into(), account: CUSTOMER, date: Date::constant(2026, 5, 4) };
    match step {
        Step::Draft => client.create_sales_invoice(DIVISION, &invoice(), CUSTOMER, None).await.map(|_| ()),
        Step::Print => client.print_sales_invoice(DIVISION, DRAFT, &invoice().entry).await,
        Step::Document => client.create_document(DIVISION, &draft).await.map(|_| ()),
        Step::Attachment => client.attach(DIVISION, DOCUMENT, "INV-1.pdf", b"%PDF-1.4").await,
    }
}

#[rstest]
#[tokio::test]
async fn no_step_is_sent_again_where_it_may_have_arrived(
    #[values(Step::Draft, Step::Print, Step::Document, Step::Attachment)] step: Step,
    #[values(Reply::new(503, "<html>"), Reply::new(500, ""), Reply { cut: true, ..created(&json!({})) })] reply: Reply,
) {
    let fake = answering(move |_| reply.clone()).await;
    let error = take(&fake, step).await.unwrap_err();
    assert!(matches!(&error, CallError::OutcomeUnknown { .. }), "{error:?}");
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test]
async fn a_document_is_made_filled_found_and_tied() {
    let fake = answering(|seen| match (seen.method.as_str(), seen.path.as_str()) {
        ("PUT", _) => Reply::new(204, ""),
        ("POST", _) => created(&json!({"ID": DOCUMENT})),
        (_, path) if path.ends_with("DocumentAttachments") => rows(&[]),
        _ => rows(&[json!({"ID": DOCUMENT, "Subject": "INV-1 (0a0a0a0a)"})]),
    })
    .await;
    let client = fake.client();
    let draft =
        DocumentDraft { subject: "INV-1 (0a0a0a0a)".into(), account: CUSTOMER, date: Date::constant(2026, 5, 4) };
    assert_eq!(client.create_document(DIVISION, &draft).await.unwrap(), DOCUMENT);
    client.attach(DIVISION, DOCUMENT, "INV-1.pdf", b"%PDF-1.4").await.unwrap();
    assert_eq!(client.find_document(DIVISION, "INV-1 (0a0a0a0a)").await.unwrap(), Some(DOCUMENT));
    assert!(!client.has_attachment(DIVISION, DOCUMENT).await.unwrap());
    client.link_document(DIVISION, Uuid::from_u128(9), DOCUMENT).await.unwrap();
    let sent: Vec<(String, Value)> = fake
        .calls()
        .into_iter()
        .filter(|call| call.method != "GET")
        .map(|call| (format!("{} {}", call.method, call.path), serde_json::from_str(&call.body).unwrap()))
        .collect();
    let entry = Uuid::from_u128(9);
    let expected = [
        (
            "POST /api/v1/7/documents/Documents".to_owned(),
            json!({"Subject": "INV-1 (0a0a0a0a)", "Type": 10, "Account": CUSTOMER, "DocumentDate": "2026-05-04T00:00:00"}),
        ),
        (
            "POST /api/v1/7/documents/DocumentAttachments".to_owned(),
            json!({"Document": DOCUMENT, "FileName": "INV-1.pdf", "Attachment": "JVBERi0xLjQ="}),
        ),
        (format!("PUT /api/v1/7/salesentry/SalesEntries(guid'{entry}')"), json!({"Document": DOCUMENT})),
    ];
    assert_eq!(sent, expected);
}

/// One that is gone already is as good; one that may not be deleted is not.
#[rstest]
#[case::deleted(Reply::new(204, ""), true)]
#[case::gone(Reply::error(404, "Not found"), true)]
#[case::refused(Reply::error(500, "Niet toegestaan: Status"), false)]
#[tokio::test]
async fn a_draft_is_deleted_where_it_is_there(#[case] reply: Reply, #[case] done: bool) {
    let fake = answering(move |_| reply.clone()).await;
    assert_eq!(fake.client().delete_draft(DIVISION, DRAFT).await.is_ok(), done);
    let call = fake.calls().remove(0);
    assert_eq!(
        (call.method.as_str(), call.path),
        ("DELETE", format!("/api/v1/7/salesinvoice/SalesInvoices(guid'{DRAFT}')"))
    );
}
