//! What a bookkeeper does by hand: parts, differences, discounts, credit notes, write-offs, and all of it undone.

use std::collections::BTreeMap;

use jiff::civil::date;
use koppel::sandbox::exact::{Receipt, Settlement, WriteOff};
use serde_json::{Value, json};
use uuid::Uuid;

use super::matching::{parts, terms};
use super::money::{ledger, posted};
use super::support::{DIVISION, Harness};

struct Desk {
    books: Harness,
    customer: String,
}

fn id(entry: &Value) -> Uuid {
    entry["EntryID"].as_str().and_then(|text| text.parse().ok()).expect("a guid")
}

impl Desk {
    async fn new() -> Self {
        let books = Harness::start().await;
        let customer = books.customer("Bakkerij Smit").await;
        Self { books, customer }
    }

    async fn invoice(&self, your_ref: &str) -> Value {
        self.books.book(&self.customer, your_ref).await
    }

    /// A credit note of 50.00 and VAT.
    async fn credit(&self, your_ref: &str) -> Value {
        let mut credit = self.books.entry(&self.customer, your_ref).await;
        (credit["SalesEntryLines"][0]["AmountFC"], credit["Type"]) = (json!(-50.0), json!(21));
        posted(&self.books, "salesentry/SalesEntries", &credit).await
    }

    fn receipt(&self, amount: i64, settles: &[Settlement]) -> Receipt {
        Receipt {
            journal: "20".into(),
            account: self.customer.parse().expect("a guid"),
            date: date(2026, 12, 21),
            amount,
            description: "overboeking".into(),
            bank_reference: "NL91 7 INV-1".into(),
            settles: settles.to_vec(),
            counter_account: None,
            auto_match: false,
        }
    }

    fn receive(&self, amount: i64, settles: &[Settlement]) -> Uuid {
        self.books.sandbox.receive(DIVISION, &self.receipt(amount, settles)).expect("taken")
    }

    /// Status, amount and closing entry of the terms of an entry.
    async fn parts(&self, entry: &Value) -> Vec<(i64, f64, Uuid)> {
        let terms = terms(&self.books, entry).await;
        let part = |(status, amount, by): (i64, f64, &str)| (status, amount, by.parse().unwrap_or_default());
        let mut parts: Vec<_> = parts(&terms).into_iter().map(part).collect();
        parts.sort_by_key(|(status, amount, _)| (*status, *amount as i64));
        parts
    }

    fn open(&self) -> i64 {
        self.books.sandbox.open_sums(DIVISION).values().sum()
    }

    /// What the ledger says of a GL account.
    fn balance(&self, code: &str) -> i64 {
        let balances = self.books.sandbox.balances(DIVISION);
        balances.iter().filter(|row| row.gl_account == code).map(|row| row.amount_home).sum()
    }

    /// The receivables and their GL account say the same, and the ledger is in balance.
    fn prove(&self) {
        assert_eq!(self.open(), self.balance("1300"));
        assert_eq!(self.books.sandbox.balances(DIVISION).iter().map(|row| row.amount_home).sum::<i64>(), 0);
    }
}

#[tokio::test]
async fn a_part_is_a_row_of_its_own_and_the_rest_stays_open() {
    let desk = Desk::new().await;
    let invoice = desk.invoice("INV-1").await;
    let open = terms(&desk.books, &invoice).await[0].clone();
    let first = desk.receive(4_000, &[Settlement::whole(id(&invoice))]);
    assert_eq!(desk.parts(&invoice).await, [(20, 81.0, id(&invoice)), (50, 40.0, first)]);
    let now = terms(&desk.books, &invoice).await;
    let rest = now.iter().find(|term| term["Status"] == 20).expect("a rest");
    assert_eq!((&rest["ID"], rest["IsFullyPaid"].as_bool()), (&open["ID"], Some(false)));
    assert!(now.iter().all(|term| term["TransactionAmountFC"] == 121.0 && term["Timestamp"] != open["Timestamp"]));
    let second = desk.receive(8_100, &[Settlement::whole(id(&invoice))]);
    assert_eq!(desk.parts(&invoice).await, [(50, 40.0, first), (50, 81.0, second)]);
    let paid = terms(&desk.books, &invoice).await;
    assert!(paid.iter().all(|term| term["IsFullyPaid"] == true));
    let part = |rows: &[Value]| rows.iter().find(|term| term["AmountFC"] == 40.0).expect("a part").clone();
    assert_ne!(part(&now)["Timestamp"], part(&paid)["Timestamp"], "also the earlier part says that all is paid now");
    desk.prove();
}

#[tokio::test]
async fn one_receipt_pays_several_and_what_is_over_stays_open() {
    let desk = Desk::new().await;
    let (one, two) = (desk.invoice("INV-1").await, desk.invoice("INV-2").await);
    let receipt = desk.receive(25_000, &[Settlement::whole(id(&one)), Settlement::part(id(&two), 10_000)]);
    assert_eq!(desk.parts(&one).await, [(50, 121.0, receipt)]);
    assert_eq!(desk.parts(&two).await, [(20, 21.0, id(&two)), (50, 100.0, receipt)]);
    let entry = json!({"EntryID": receipt.to_string()});
    assert_eq!(desk.parts(&entry).await, [(20, -29.0, receipt)], "the over-payment");
    let rows = ledger(&desk.books, &entry).await;
    let told: Vec<_> = rows.iter().map(|row| (row["AmountFC"].as_f64(), row["YourRef"].as_str())).collect();
    let expected =
        [(Some(250.0), None), (Some(-121.0), Some("INV-1")), (Some(-100.0), Some("INV-2")), (Some(-29.0), None)];
    assert_eq!(told, expected);
    assert_eq!(rows[1]["PaymentReference"], "NL91 7 INV-1");
    desk.books.sandbox.match_money(DIVISION, receipt, &[Settlement::whole(id(&two))]).expect("taken");
    assert_eq!(desk.parts(&two).await, [(50, 21.0, receipt), (50, 100.0, receipt)]);
    assert_eq!(desk.parts(&entry).await, [(20, -8.0, receipt)], "the line was split");
    let refund = desk.receive(-800, &[Settlement::whole(receipt)]);
    assert!(desk.parts(&entry).await.is_empty() && desk.open() == 0);
    let rows = ledger(&desk.books, &json!({"EntryID": refund.to_string()})).await;
    assert!(rows[1]["OffsetID"].is_string() && rows[1]["AmountFC"] == 8.0);
    desk.prove();
}

#[tokio::test]
async fn a_payment_difference_is_written_off_and_goes_with_its_match() {
    let desk = Desk::new().await;
    let invoice = desk.invoice("INV-1").await;
    let settle = Settlement { write_off_rest: true, ..Settlement::whole(id(&invoice)) };
    let receipt = desk.receive(12_050, &[settle]);
    let difference = desk.books.sandbox.money_entries(DIVISION).pop().expect("a difference");
    assert_eq!((difference.kind, difference.journal.as_str()), (83, "90"));
    assert_eq!(desk.parts(&invoice).await, [(50, 0.5, difference.entry_id), (50, 120.5, receipt)]);
    let rows = ledger(&desk.books, &json!({"EntryID": difference.entry_id.to_string()})).await;
    assert!(rows.iter().all(|row| row["Type"] == 83));
    assert_eq!((desk.balance("8999"), desk.open()), (50, 0));
    desk.prove();
    desk.books.sandbox.unmatch(DIVISION, id(&invoice)).expect("taken");
    assert_eq!(desk.parts(&invoice).await, [(20, 121.0, id(&invoice))]);
    assert_eq!((desk.balance("8999"), desk.open()), (0, 50), "the difference is gone, the money open");
    assert_eq!(desk.parts(&json!({"EntryID": receipt.to_string()})).await, [(20, -120.5, receipt)]);
    desk.prove();
}

#[tokio::test]
async fn the_discount_for_early_payment_shows_on_the_term_and_is_a_difference() {
    let desk = Desk::new().await;
    let condition = json!({"Code": "KB", "Description": "2% binnen 8 dagen", "PaymentDays": 30,
        "DiscountPercentage": 0.02, "DiscountPaymentDays": 8});
    posted(&desk.books, "cashflow/PaymentConditions", &condition).await;
    let mut entry = desk.books.entry(&desk.customer, "INV-1").await;
    entry["PaymentCondition"] = json!("KB");
    let invoice = posted(&desk.books, "salesentry/SalesEntries", &entry).await;
    let term = terms(&desk.books, &invoice).await[0].clone();
    assert_eq!((term["AmountDiscountFC"].as_f64(), term["PaymentDaysDiscount"].as_i64()), (Some(2.42), Some(8)));
    assert_eq!(term["DiscountDueDate"], "/Date(1797984000000)/");
    let discount = Some("8090".to_owned());
    let settle = Settlement { write_off_rest: true, difference_account: discount, ..Settlement::whole(id(&invoice)) };
    desk.receive(11_858, &[settle]);
    assert_eq!((desk.balance("8090"), desk.open()), (242, 0));
}

#[tokio::test]
async fn a_credit_note_closes_a_part_of_an_invoice_and_keeps_its_type() {
    let desk = Desk::new().await;
    let (invoice, credit) = (desk.invoice("INV-1").await, desk.credit("CN-1").await);
    desk.books.sandbox.match_credit(DIVISION, id(&credit), id(&invoice), None).expect("taken");
    assert_eq!(desk.parts(&invoice).await, [(20, 60.5, id(&invoice)), (50, 60.5, id(&credit))]);
    assert_eq!(desk.parts(&credit).await, [(50, -60.5, id(&invoice))]);
    let (invoice_rows, credit_rows) = (ledger(&desk.books, &invoice).await, ledger(&desk.books, &credit).await);
    assert_eq!((&credit_rows[0]["OffsetID"], credit_rows[0]["Type"].as_i64()), (&invoice_rows[0]["ID"], Some(21)));
    assert!(invoice_rows[0]["OffsetID"].is_null());
    desk.books.sandbox.unmatch(DIVISION, id(&credit)).expect("taken");
    assert_eq!(desk.parts(&invoice).await, [(20, 121.0, id(&invoice))], "the part is folded back");
    assert!(ledger(&desk.books, &credit).await[0]["OffsetID"].is_null());
    let deleted = desk.books.find("sync/Deleted", &[("$filter", "Timestamp gt 1L")]).await.rows();
    assert_eq!(deleted.iter().filter(|row| row["EntityType"] == 10).count(), 1);
    desk.prove();
}

#[tokio::test]
async fn a_receivable_is_written_off_in_the_general_journal() {
    let desk = Desk::new().await;
    let invoice = desk.invoice("INV-1").await;
    let act = WriteOff { entry: id(&invoice), gl_account: "8999".into(), date: date(2026, 12, 31) };
    let entry = desk.books.sandbox.write_off(DIVISION, &act).expect("taken");
    assert_eq!(desk.parts(&invoice).await, [(50, 121.0, entry)]);
    let rows = ledger(&desk.books, &json!({"EntryID": entry.to_string()})).await;
    assert!(rows.iter().all(|row| row["Type"] == 90) && rows[1]["YourRef"] == "INV-1");
    assert_eq!((desk.balance("8999"), desk.open()), (12_100, 0));
    desk.books.sandbox.unmatch(DIVISION, id(&invoice)).expect("taken");
    assert_eq!((desk.balance("8999"), desk.open()), (12_100, 0), "an entry of its own stays, open against the invoice");
    assert_eq!(desk.books.sandbox.write_off(DIVISION, &act).map(|_| desk.open()), Ok(-12_100));
}

#[tokio::test]
async fn foreign_money_at_another_rate_leaves_a_rate_difference() {
    let desk = Desk::new().await;
    let journal = json!({"Code": "24", "Description": "USD", "Type": 12, "Currency": "USD",
        "GLAccount": desk.books.gl("1100").await});
    posted(&desk.books, "financial/Journals", &journal).await;
    let mut entry = desk.books.entry(&desk.customer, "INV-1").await;
    (entry["Currency"], entry["Rate"]) = (json!("USD"), json!(0.9));
    let invoice = posted(&desk.books, "salesentry/SalesEntries", &entry).await;
    let receipt = Receipt { journal: "24".into(), auto_match: true, ..desk.receipt(12_100, &[]) };
    let receipt = desk.books.sandbox.receive(DIVISION, &receipt).expect("taken");
    assert_eq!(desk.parts(&invoice).await, [(50, 121.0, receipt)]);
    let difference = desk.books.sandbox.money_entries(DIVISION).pop().expect("a difference");
    assert_eq!(difference.kind, 82);
    assert_eq!(desk.balance("1300"), 0, "108.90 and 2.42 against 111.32");
    assert_eq!(desk.balance("8999"), -242);
    desk.books.sandbox.unmatch(DIVISION, receipt).expect("taken");
    assert_eq!(desk.balance("8999"), 0);
}

#[tokio::test]
async fn a_split_item_is_due_in_parts_and_paid_in_their_order() {
    let desk = Desk::new().await;
    let invoice = desk.invoice("INV-1").await;
    desk.books.sandbox.split_term(DIVISION, id(&invoice), 2_100, date(2027, 2, 1)).expect("taken");
    assert_eq!(desk.parts(&invoice).await, [(20, 21.0, id(&invoice)), (20, 100.0, id(&invoice))]);
    let due: Vec<_> = terms(&desk.books, &invoice).await.iter().map(|term| term["DueDate"].clone()).collect();
    assert_eq!(due, ["/Date(1797292800000)/", "/Date(1801440000000)/"]);
    let receipt = desk.receive(11_000, &[Settlement::whole(id(&invoice))]);
    let expected = [(20, 11.0, id(&invoice)), (50, 10.0, receipt), (50, 100.0, receipt)];
    assert_eq!(desk.parts(&invoice).await, expected);
    desk.prove();
}

#[tokio::test]
async fn a_merged_relation_takes_its_receivables_along_and_a_move_renews_all_versions() {
    let desk = Desk::new().await;
    let invoice = desk.invoice("INV-1").await;
    let receipt = desk.receive(4_000, &[]);
    let survivor = desk.books.customer("Bakkerij Smit Holding").await;
    let guid = |text: &str| text.parse::<Uuid>().expect("a guid");
    desk.books.sandbox.merge_accounts(DIVISION, guid(&desk.customer), guid(&survivor));
    assert!(terms(&desk.books, &invoice).await.iter().all(|term| term["Account"] == survivor.as_str()));
    desk.books.sandbox.match_money(DIVISION, receipt, &[Settlement::whole(id(&invoice))]).expect("taken");
    let before = terms(&desk.books, &invoice).await;
    desk.books.sandbox.move_division(DIVISION);
    let path = "sync/Cashflow/PaymentTerms";
    let after = desk.books.find(path, &[("$filter", "Timestamp gt 0L")]).await.rows();
    let ids = |rows: &[Value]| rows.iter().map(|row| row["ID"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&before), ids(&after));
    let version = |row: &Value| row["Timestamp"].as_str().and_then(|text| text.parse::<i64>().ok()).expect("a version");
    assert!(version(&after[1]) < version(&before[0]), "versions start anew");
    let rows = desk.books.find("sync/Financial/TransactionLines", &[("$filter", "Timestamp gt 0L")]).await.rows();
    assert_eq!(rows.iter().filter(|row| row["EntryID"] == receipt.to_string()).count(), 2);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_leaves_nothing() {
    let desk = Desk::new().await;
    let invoice = desk.invoice("INV-1").await;
    let stranger = desk.books.customer("Slagerij Jansen").await;
    let theirs = desk.books.book(&stranger, "INV-2").await;
    let refused = |amount, settle: Settlement| desk.books.sandbox.receive(DIVISION, &desk.receipt(amount, &[settle]));
    assert_eq!(refused(12_100, Settlement::whole(id(&theirs))), Err("Ongeldig: Relatie".into()));
    assert_eq!(refused(20_000, Settlement::part(id(&invoice), 12_101)), Err("Ongeldig: Bedrag".into()));
    assert_eq!(refused(100, Settlement::part(id(&invoice), 200)), Err("Ongeldig: Bedrag".into()));
    assert_eq!(refused(100, Settlement::whole(Uuid::nil())), Err("Niet toegestaan: Afgeletterd".into()));
    assert!(desk.books.sandbox.money_entries(DIVISION).is_empty());
    let line = json!({"AmountFC": 90.0});
    desk.books.sandbox.amend_line(DIVISION, id(&invoice), 1, &line).expect("open yet");
    assert_eq!(desk.parts(&invoice).await, [(20, 108.9, id(&invoice))], "a booked line changed by hand");
    desk.receive(10_890, &[Settlement::whole(id(&invoice))]);
    let late = desk.books.sandbox.amend_line(DIVISION, id(&invoice), 1, &line);
    assert_eq!(late, Err("Niet toegestaan: Afgeletterd".into()));
}

#[tokio::test]
async fn lines_of_money_are_changed_together_while_they_are_not_matched() {
    let desk = Desk::new().await;
    let invoice = desk.invoice("INV-1").await;
    let receipt = desk.receive(12_100, &[]);
    let amend = |changes: Value| desk.books.sandbox.amend_money(DIVISION, receipt, &BTreeMap::from([(1, changes)]));
    amend(json!({"AmountFC": 110.0, "Description": "anders"})).expect("open yet");
    let entry = desk.books.sandbox.money_entries(DIVISION).remove(0);
    assert_eq!((entry.lines[0].amount, entry.lines[0].description.as_str()), (11_000, "anders"));
    assert_eq!(desk.books.sandbox.open_sums(DIVISION)["EUR"], 1_100);
    assert_eq!(amend(json!({"GLAccount": Uuid::nil()})), Err("Ongeldige referentie: Grootboekrekening".into()));
    desk.books.sandbox.match_money(DIVISION, receipt, &[Settlement::whole(id(&invoice))]).expect("taken");
    assert_eq!(amend(json!({"AmountFC": 1.0})), Err("Niet toegestaan: Afgeletterd".into()));
    desk.prove();
}

#[tokio::test]
async fn the_same_goes_over_http() {
    let desk = Desk::new().await;
    let invoice = desk.invoice("INV-1").await;
    let (customer, entry) = (&desk.customer, &invoice["EntryID"]);
    let act = json!({"division": DIVISION, "journal": "20", "account": customer, "date": "2026-12-21", "amount": 12_000,
        "settles": [{"entry": entry, "writeOffRest": true}]});
    let taken = desk.books.admin("receipts", &act).await;
    assert_eq!(taken.status, 200, "{}", taken.text);
    let receipt = taken.json()["entryId"].clone();
    let again = desk.books.admin("receipts", &act).await;
    assert_eq!((again.status, again.json()["error"].as_str()), (422, Some("Niet toegestaan: Afgeletterd")));
    let base = format!("{}/admin/exact", desk.books.url);
    let read = async |path: &str| desk.books.get(&format!("{base}/{path}?division={DIVISION}")).await.json();
    assert_eq!(read("open-items/sums").await, json!({"EUR": 0}));
    assert_eq!(read("money-entries").await.as_array().map(Vec::len), Some(2));
    let items = read("open-items").await.as_array().cloned().unwrap_or_default();
    let item = items.iter().find(|item| item["yourRef"] == "INV-1").expect("the invoice");
    assert_eq!(item["parts"].as_array().map(Vec::len), Some(2));
    assert_eq!(desk.books.admin("matches/undo", &json!({"division": DIVISION, "entry": entry})).await.status, 200);
    assert_eq!(read("open-items/sums").await, json!({"EUR": 100}));
    let again = json!({"division": DIVISION, "money": receipt, "settles": [{"entry": entry, "amount": 5_000}]});
    assert_eq!(desk.books.admin("matches", &again).await.status, 200);
    let delete = json!({"division": DIVISION, "entry": receipt});
    assert_eq!(desk.books.admin("entries/delete", &delete).await.status, 200);
    let off = json!({"division": DIVISION, "entry": entry, "glAccount": "8999", "date": "2026-12-31"});
    assert_eq!(desk.books.admin("write-offs", &off).await.status, 200);
    let rows = read("ledger/balances").await;
    assert!(rows.as_array().is_some_and(|rows| rows.iter().any(|row| row["glAccount"] == "8999")), "{rows}");
    let unknown = json!({"division": 1, "entry": entry});
    assert_eq!(desk.books.admin("matches/undo", &unknown).await.status, 404);
}
