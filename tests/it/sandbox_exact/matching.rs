//! Matching: what the administration matches by itself, and what the payment terms, the receivables list and the ledger
//! show of it.

use serde_json::{Value, json};

use super::money::{ledger, posted, receivable};
use super::support::{DIVISION, Harness};

const BANK: &str = "financialtransaction/BankEntries";

/// A bank entry of one line, as answered.
async fn paid(books: &Harness, customer: &str, amount: f64, our_ref: Option<&Value>) -> Value {
    let mut line = receivable(books, customer, amount).await;
    line["OurRef"] = our_ref.cloned().unwrap_or_default();
    posted(books, BANK, &json!({"JournalCode": "20", "BankEntryLines": [line]})).await
}

/// The payment terms of an entry, as the sync reader sees them.
pub async fn terms(books: &Harness, entry: &Value) -> Vec<Value> {
    let all = books.find("sync/Cashflow/PaymentTerms", &[("$filter", "Timestamp gt 1L")]).await.rows();
    all.into_iter().filter(|term| term["TransactionEntryID"] == entry["EntryID"]).collect()
}

/// Status, amount and closing entry of each term.
pub fn parts(terms: &[Value]) -> Vec<(i64, f64, &str)> {
    let part = |term: &'_ Value| (term["Status"].as_i64().unwrap_or(0), term["AmountFC"].as_f64().unwrap_or(0.0));
    let by = |term| Value::as_str(term).unwrap_or("");
    terms.iter().map(|term| (part(term).0, part(term).1, by(&term["EntryID"]))).collect()
}

fn id(entry: &Value) -> &str {
    entry["EntryID"].as_str().expect("a guid")
}

async fn last_version(books: &Harness) -> String {
    let all = books.find("sync/Cashflow/PaymentTerms", &[("$filter", "Timestamp gt 1L")]).await.rows();
    all.last().map_or("1", |term| term["Timestamp"].as_str().expect("a version")).to_owned()
}

#[tokio::test]
async fn money_of_the_exact_amount_closes_the_one_item_that_it_pays() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let invoice = books.book(&customer, "INV-1").await;
    let before = last_version(&books).await;
    let open = terms(&books, &invoice).await;
    assert_eq!(parts(&open), [(20, 121.0, id(&invoice))]);
    let payment = paid(&books, &customer, 121.0, None).await;
    let closed = terms(&books, &invoice).await;
    assert_eq!(parts(&closed), [(50, 121.0, id(&payment))]);
    assert_eq!((closed[0]["ID"] == open[0]["ID"], closed[0]["IsFullyPaid"].as_bool()), (true, Some(true)));
    assert_eq!(closed[0]["LastPaymentDate"], "/Date(1797724800000)/");
    assert!(open[0]["LastPaymentDate"].is_null() && open[0]["IsFullyPaid"] == false);
    let filter = format!("Timestamp gt {before}L");
    let news = books.find("sync/Cashflow/PaymentTerms", &[("$filter", &filter)]).await.rows();
    assert_eq!((news.len(), news[0]["ID"] == open[0]["ID"]), (1, true), "the money that is matched has no term");
    let rows = ledger(&books, &payment).await;
    let head = &ledger(&books, &invoice).await[0];
    assert_eq!((&rows[1]["OffsetID"], &rows[1]["YourRef"]), (&head["ID"], &json!("INV-1")));
    assert_eq!((&rows[1]["InvoiceNumber"], &open[0]["TransactionID"]), (&invoice["InvoiceNumber"], &head["ID"]));
    let by_reference = books.find("financialtransaction/TransactionLines", &[("$filter", "YourRef eq 'INV-1'")]).await;
    assert_eq!(by_reference.rows().len(), 4, "the invoice's three rows and the money's");
}

#[tokio::test]
async fn nothing_is_matched_that_does_not_agree() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let stranger = books.customer("Slagerij Jansen").await;
    let invoice = books.book(&customer, "INV-1").await;
    let number = &invoice["InvoiceNumber"];
    paid(&books, &customer, 120.99, Some(number)).await;
    paid(&books, &stranger, 121.0, Some(number)).await;
    paid(&books, &customer, 121.0, Some(&json!(999))).await;
    paid(&books, &customer, -121.0, Some(number)).await;
    assert_eq!(parts(&terms(&books, &invoice).await), [(20, 121.0, id(&invoice))]);
}

#[tokio::test]
async fn of_two_equal_items_the_number_decides_and_without_it_neither_is_taken() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let (one, two) = (books.book(&customer, "INV-1").await, books.book(&customer, "INV-2").await);
    let unsure = paid(&books, &customer, 121.0, None).await;
    assert_eq!(parts(&terms(&books, &unsure).await), [(20, -121.0, id(&unsure))]);
    let sure = paid(&books, &customer, 121.0, Some(&two["InvoiceNumber"])).await;
    assert_eq!(parts(&terms(&books, &two).await), [(50, 121.0, id(&sure))]);
    assert_eq!(parts(&terms(&books, &one).await), [(20, 121.0, id(&one))]);
    let list = books.get("read/financial/ReceivablesList").await.rows();
    let amounts: Vec<f64> = list.iter().filter_map(|row| row["Amount"].as_f64()).collect();
    assert_eq!(amounts, [121.0, -121.0]);
}

#[tokio::test]
async fn several_lines_close_several_items_and_a_general_entry_does_so_too() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let (one, two) = (books.book(&customer, "INV-1").await, books.book(&customer, "INV-2").await);
    let mut lines = Vec::new();
    for invoice in [&one, &two] {
        let mut line = receivable(&books, &customer, -121.0).await;
        line["OurRef"] = invoice["InvoiceNumber"].clone();
        lines.push(line);
    }
    lines.push(json!({"GLAccount": books.gl("1150").await, "AmountFC": 242.0, "Date": "2026-12-20"}));
    let general = json!({"JournalCode": "90", "GeneralJournalEntryLines": lines});
    let entry = posted(&books, "generaljournalentry/GeneralJournalEntries", &general).await;
    for invoice in [&one, &two] {
        assert_eq!(parts(&terms(&books, invoice).await), [(50, 121.0, id(&entry))]);
    }
    let rows = ledger(&books, &entry).await;
    assert!(rows.iter().all(|row| row["Type"] == 90), "no cash flow");
    assert_eq!(rows.iter().filter(|row| row["OffsetID"].is_string()).count(), 2);
}

#[tokio::test]
async fn money_paid_back_closes_a_credit_note() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let mut credit = books.entry(&customer, "CN-1").await;
    (credit["SalesEntryLines"][0]["AmountFC"], credit["Type"]) = (json!(-100.0), json!(21));
    let credit = posted(&books, "salesentry/SalesEntries", &credit).await;
    books.book(&customer, "INV-1").await;
    assert_eq!(parts(&terms(&books, &credit).await), [(20, -121.0, id(&credit))], "a credit note matches nothing");
    let refund = paid(&books, &customer, -121.0, None).await;
    assert_eq!(parts(&terms(&books, &credit).await), [(50, -121.0, id(&refund))]);
}

#[tokio::test]
async fn a_deleted_payment_opens_the_item_again() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let invoice = books.book(&customer, "INV-1").await;
    let payment = paid(&books, &customer, 121.0, None).await;
    let path = format!("salesentry/SalesEntries(guid'{}')", id(&invoice));
    assert_eq!(books.put(&path, &json!({"Description": "x"})).await.error(), "Niet toegestaan: Afgeletterd");
    assert_eq!(books.delete(&path).await.error(), "Niet toegestaan: Afgeletterd");
    let before = last_version(&books).await;
    assert_eq!(books.delete(&format!("{BANK}(guid'{}')", id(&payment))).await.status, 204);
    let open = terms(&books, &invoice).await;
    assert_eq!(parts(&open), [(20, 121.0, id(&invoice))]);
    assert_eq!((open[0]["IsFullyPaid"].as_bool(), open[0]["LastPaymentDate"].is_null()), (Some(false), true));
    assert!(open[0]["Timestamp"].as_str().map(str::len) >= Some(before.len()) && open[0]["Timestamp"] != before);
    assert_eq!(books.delete(&path).await.status, 204);
    assert!(books.sandbox.balances(DIVISION).is_empty());
}

#[tokio::test]
async fn processed_entries_stay_as_they_are() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let invoice = books.book(&customer, "INV-1").await;
    let money = paid(&books, &customer, 5.0, None).await;
    for entry in [&invoice, &money] {
        let guid = id(entry).parse().expect("a guid");
        books.sandbox.set_processed(DIVISION, guid, true).expect("known");
    }
    for path in [format!("salesentry/SalesEntries(guid'{}')", id(&invoice)), format!("{BANK}(guid'{}')", id(&money))] {
        assert_eq!(books.get(&path).await.json()["d"]["Status"], 50);
        assert_eq!(books.delete(&path).await.error(), "Niet toegestaan: Status");
    }
}

#[tokio::test]
async fn the_customers_own_receivable_account_is_kept_apart() {
    let books = Harness::start().await;
    let own = json!({"Code": "1310", "Description": "Debiteuren buitenland", "Type": 20});
    let own = posted(&books, "financial/GLAccounts", &own).await["ID"].clone();
    let customer = books.customer("Bakkerij Smit").await;
    let path = format!("crm/Accounts(guid'{customer}')");
    assert_eq!(books.put(&path, &json!({"GLAR": own})).await.status, 204);
    let invoice = books.book(&customer, "INV-1").await;
    assert_eq!(ledger(&books, &invoice).await[0]["GLAccountCode"], "1310");
    paid(&books, &customer, 121.0, None).await;
    assert_eq!(parts(&terms(&books, &invoice).await), [(20, 121.0, id(&invoice))], "paid on another account");
    let mut line = receivable(&books, &customer, 121.0).await;
    line["GLAccount"] = own;
    let payment = posted(&books, BANK, &json!({"JournalCode": "20", "BankEntryLines": [line]})).await;
    assert_eq!(parts(&terms(&books, &invoice).await), [(50, 121.0, id(&payment))]);
}

#[tokio::test]
async fn receivables_change_in_their_texts_only() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let invoice = books.book(&customer, "INV-1").await;
    let term = terms(&books, &invoice).await[0].clone();
    let path = format!("cashflow/Receivables(guid'{}')", term["ID"].as_str().expect("a guid"));
    let change = json!({"Description": "herinnerd", "PaymentMethod": "I", "PaymentReference": "RF18", "AmountFC": 1.0});
    assert_eq!(books.put(&path, &change).await.status, 204);
    let changed = books.get(&path).await.json()["d"].clone();
    let texts = ["Description", "PaymentMethod", "PaymentReference"].map(|name| changed[name].as_str().unwrap_or(""));
    assert_eq!((texts, changed["AmountFC"].as_f64()), (["herinnerd", "I", "RF18"], Some(121.0)));
    assert!(terms(&books, &invoice).await[0]["Timestamp"] != term["Timestamp"]);
    assert_eq!(books.put(&path, &json!({"PaymentMethod": "X"})).await.error(), "Ongeldig: Betaalwijze");
    assert_eq!(books.put(&path, &json!({"Amount": 1})).await.status, 400);
    assert_eq!(books.delete(&path).await.status, 405);
    let select = [("$select", "ID,Description,Status"), ("$filter", "Status eq 20")];
    assert_eq!(books.find("bulk/Cashflow/Receivables", &select).await.rows()[0]["Description"], "herinnerd");
}

#[tokio::test]
async fn the_receivables_list_is_what_is_outstanding() {
    let books = Harness::start().await;
    let (smit, jansen) = (books.customer("Bakkerij Smit").await, books.customer("Slagerij Jansen").await);
    for (customer, reference) in [(&smit, "INV-1"), (&jansen, "INV-2"), (&smit, "INV-3")] {
        books.book(customer, reference).await;
    }
    let references = |rows: Vec<Value>| rows.iter().map(|row| row["YourRef"].to_string()).collect::<Vec<_>>().join(" ");
    let list = books.get("read/financial/ReceivablesList").await;
    assert_eq!(references(list.rows()), "\"INV-1\" \"INV-2\" \"INV-3\"");
    let path = format!("read/financial/ReceivablesListByAccount?accountId=guid'{smit}'");
    assert_eq!(references(books.get(&path).await.rows()), "\"INV-1\" \"INV-3\"");
    assert_eq!(books.get("read/financial/ReceivablesListByAccount").await.status, 400);
    paid(&books, &jansen, 121.0, None).await;
    assert_eq!(references(books.get("read/financial/ReceivablesList").await.rows()), "\"INV-1\" \"INV-3\"");
}
