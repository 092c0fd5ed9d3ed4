//! Money that the books received by bank closes the invoice at the billing system by itself, once, and nothing else does (E6,
//! P15, I1, I4). A bookkeeper acts in the simulated Exact Online; the simulated Chargebee is the judge.

mod closings;
mod faults;
mod later;

use jiff::civil::Date;
use koppel::sandbox::exact::seed::{Administration, wolkwerk_with_money};
use koppel::sandbox::exact::{BookedEntry, Receipt, Settlement, WriteOff};
use koppel::sandbox::generator::Size;
use koppel::state::HeldDocument;
use koppel::sync::RunReport;
use serde_json::{Value, json};
use uuid::Uuid;

use super::offices::{YEARS, coupled};
use super::world::{DIVISION, World, condition, flow, text};

const FLOW: &str = "payments-to-chargebee";

/// The books after a first run, and a bookkeeper at them.
pub struct Desk {
    pub world: World,
}

impl Desk {
    pub async fn new() -> Self {
        Self::with("{}").await
    }

    /// With these policies.
    pub async fn with(policies: &str) -> Self {
        let administration = Administration { years: YEARS.to_vec(), ..wolkwerk_with_money() };
        let mut world = coupled(Size { customers: 16, invoices: 60 }, vec![administration]).await;
        world.edit("  policies:\n", "  flows:\n    paymentsToChargebee: {enabled: true}\n  policies:\n");
        world.edit("    zeroVatCode: \"0\"\n", "    zeroVatCode: \"0\"\n    bankJournals: [\"20\", \"10\"]\n");
        if policies != "{}" {
            world.edit("    deferredRevenue: Enabled\n", &format!("    deferredRevenue: Enabled\n    {policies}\n"));
        }
        issue_open_ones(&world);
        world.run_to_end().await;
        Self { world }
    }

    /// Three booked invoices of which nothing is paid, the first two of one customer.
    pub fn open(&self) -> [BookedEntry; 3] {
        let entry =
            |number: &&str| self.world.entries_of(number).pop().unwrap_or_else(|| panic!("{number} is not booked"));
        OPEN.each_ref().map(entry)
    }

    pub fn receipt(&self, customer: Uuid, amount: i64, settles: &[Settlement]) -> Receipt {
        Receipt {
            journal: "20".into(),
            account: customer,
            date: Date::constant(2026, 12, 21),
            amount,
            description: "overboeking".into(),
            bank_reference: String::new(),
            settles: settles.to_vec(),
            counter_account: None,
            auto_match: false,
        }
    }

    /// Books money of a customer and matches it; gives the bank entry.
    pub fn receive(&self, customer: Uuid, amount: i64, settles: &[Settlement]) -> Uuid {
        self.world.exact.receive(DIVISION, &self.receipt(customer, amount, settles)).expect("taken by the books")
    }

    /// An invoice paid to the cent.
    pub fn paid(&self, entry: &BookedEntry) -> Uuid {
        self.receive(entry.customer, entry.total, &[Settlement::whole(entry.entry_id)])
    }

    pub async fn run(&self) -> RunReport {
        self.world.a_minute_passes();
        self.world.run_to_end().await
    }

    /// What is due of an invoice at the billing system, and its status.
    pub fn due(&self, number: &str) -> (i64, String) {
        let invoice = self.world.invoice(number);
        (invoice["amount_due"].as_i64().expect("an amount"), text(&invoice, "status"))
    }

    /// The transactions that Koppel recorded and nobody took away, as kind, amount and what of it is unused.
    pub fn recorded(&self) -> Vec<(String, i64, i64)> {
        let mut found: Vec<_> = self
            .transactions()
            .iter()
            .map(|row| {
                let number = |key: &str| row[key].as_i64().unwrap_or_default();
                (text(row, "type"), number("amount"), number("amount_unused"))
            })
            .collect();
        found.sort();
        found
    }

    pub fn transactions(&self) -> Vec<Value> {
        let ours = |row: &Value| row["reference_number"].as_str().is_some_and(|text| text.starts_with("EX-"));
        let rows = self.world.chargebee.transactions().into_iter();
        rows.filter(|row| ours(row) && row["deleted"] != true).collect()
    }

    pub async fn held(&self) -> Vec<HeldDocument> {
        self.world.state().await.held_page("receipt", "", 100).await.unwrap()
    }

    /// Writes to the billing system in the last run.
    pub fn writes(&self) -> Vec<String> {
        let calls = self.world.chargebee.calls().into_iter().filter(|call| call.method == "POST");
        calls.map(|call| call.path).collect()
    }

    /// What both sides hold, whole.
    pub fn both_books(&self) -> (Vec<Value>, Vec<Value>, Value) {
        let books =
            (self.world.entries(), self.world.exact.money_entries(DIVISION), self.world.exact.open_items(DIVISION));
        (self.world.chargebee.invoices(), self.world.chargebee.transactions(), json!(books))
    }
}

const OPEN: [&str; 3] = ["OPEN-1", "OPEN-2", "OPEN-3"];

/// Issues the invoices of [`OPEN`], like some in euros that can be booked.
fn issue_open_ones(world: &World) {
    let scope = world.in_scope();
    let rows = scope.keys().map(|number| world.invoice(number));
    let usable: Vec<Value> =
        rows.filter(|row| row["currency_code"] == "EUR" && row["total"].as_i64() > Some(10_000)).collect();
    let first = usable.first().expect("an invoice in euros");
    let other = usable.iter().find(|row| row["customer_id"] != first["customer_id"]).expect("another customer");
    for (number, like) in OPEN.into_iter().zip([first, first, other]) {
        world.issue_open_like(&text(like, "id"), number);
    }
}

fn notices(report: &RunReport) -> Vec<(String, String)> {
    flow(report, FLOW).notices.iter().map(|notice| (notice.reason.clone(), notice.object.clone())).collect()
}

/// P15, and I4 over twenty rounds.
#[tokio::test]
async fn an_invoice_paid_by_bank_closes_by_itself_and_nothing_echoes() {
    let desk = Desk::new().await;
    let entry = desk.open()[0].clone();
    let bank = desk.paid(&entry);
    let report = desk.run().await;
    assert_eq!(flow(&report, FLOW).booked, 1);
    assert_eq!(desk.due(&entry.your_ref), (0, "paid".into()));
    let [payment] = &desk.transactions()[..] else { panic!("{:?}", desk.transactions()) };
    let reference = text(payment, "reference_number");
    assert!(reference.starts_with("EX-100001-") && reference.ends_with(&entry.your_ref), "{reference}");
    assert_eq!(
        (text(payment, "payment_method"), payment["amount"].as_i64()),
        ("bank_transfer".into(), Some(entry.total))
    );
    assert_eq!(payment["date"], 1_797_893_999, "the end of 21 December in Amsterdam");
    let books = desk.both_books();
    for _ in 0..20 {
        let report = desk.run().await;
        assert_eq!((flow(&report, FLOW).booked, desk.writes().len()), (0, 0));
        assert!(desk.world.writes().is_empty(), "{:?}", desk.world.writes());
    }
    assert!(desk.both_books() == books, "neither side's books have changed");
    assert!(desk.world.exact.money_entries(DIVISION).iter().any(|entry| entry.entry_id == bank));
}

#[tokio::test]
async fn parts_several_invoices_and_cash_are_recorded_as_the_books_matched_them() {
    let desk = Desk::new().await;
    let open = desk.open();
    let (one, two, third) = (&open[0], &open[1], &open[2]);
    let amount = one.total + 1_000;
    desk.receive(one.customer, amount, &[Settlement::whole(one.entry_id), Settlement::part(two.entry_id, 1_000)]);
    let cash =
        Receipt { journal: "10".into(), ..desk.receipt(third.customer, 2_500, &[Settlement::whole(third.entry_id)]) };
    desk.world.exact.receive(DIVISION, &cash).expect("taken");
    desk.run().await;
    assert_eq!(desk.due(&one.your_ref), (0, "paid".into()));
    assert_eq!(desk.due(&two.your_ref).0, two.total - 1_000);
    assert_eq!(desk.due(&third.your_ref).0, third.total - 2_500);
    let methods: Vec<String> = desk.transactions().iter().map(|row| text(row, "payment_method")).collect();
    assert_eq!(methods.iter().filter(|method| *method == "cash").count(), 1);
    desk.receive(two.customer, two.total - 1_000, &[Settlement::whole(two.entry_id)]);
    desk.run().await;
    assert_eq!((desk.due(&two.your_ref), desk.transactions().len()), ((0, "paid".into()), 4));
}

#[tokio::test]
async fn what_is_no_money_is_told_and_never_recorded() {
    let desk = Desk::new().await;
    let open = desk.open();
    let act = WriteOff { entry: open[0].entry_id, gl_account: "8999".into(), date: Date::constant(2026, 12, 31) };
    desk.world.exact.write_off(DIVISION, &act).expect("taken");
    let other = Receipt {
        journal: "23".into(),
        ..desk.receipt(open[1].customer, open[1].total, &[Settlement::whole(open[1].entry_id)])
    };
    desk.world.exact.receive(DIVISION, &other).expect("taken");
    let less = Settlement { write_off_rest: true, ..Settlement::whole(open[2].entry_id) };
    desk.receive(open[2].customer, open[2].total - 200, &[less]);
    let report = desk.run().await;
    assert_eq!(desk.due(&open[0].your_ref).0, open[0].total);
    assert_eq!(desk.due(&open[1].your_ref).0, open[1].total);
    assert_eq!(desk.due(&open[2].your_ref).0, 200, "only the money, not the discount");
    let mut told = notices(&report);
    told.sort();
    let invoice = |number: usize| format!("invoice {}", open[number].your_ref);
    assert_eq!(
        told,
        [
            ("ClosedWithoutMoney".into(), invoice(0)),
            ("JournalNotMapped".into(), invoice(1)),
            ("PaymentDifference".into(), invoice(2)),
        ]
    );
}

#[tokio::test]
async fn money_that_nobody_matched_is_left_alone() {
    let desk = Desk::new().await;
    let entry = desk.open()[0].clone();
    let bank = desk.receive(entry.customer, entry.total, &[]);
    desk.run().await;
    assert_eq!(desk.due(&entry.your_ref).0, entry.total);
    desk.world.exact.match_money(DIVISION, bank, &[Settlement::whole(entry.entry_id)]).expect("taken");
    desk.run().await;
    assert_eq!(desk.due(&entry.your_ref), (0, "paid".into()));
}

#[tokio::test]
async fn what_a_person_has_recorded_before_is_adopted() {
    let desk = Desk::new().await;
    let entry = desk.open()[0].clone();
    let amount = entry.total.to_string();
    let form = [("transaction[payment_method]", "bank_transfer"), ("transaction[amount]", amount.as_str())];
    desk.world.chargebee.act(&format!("/invoices/{}/record_payment", entry.your_ref), &form).expect("taken");
    desk.paid(&entry);
    let report = desk.run().await;
    assert_eq!((flow(&report, FLOW).adopted, desk.writes().len(), desk.recorded().len()), (1, 0, 0));
    assert!(desk.held().await.is_empty());
}

#[tokio::test]
async fn an_invoice_that_was_paid_online_too_is_held_until_it_has_room() {
    let desk = Desk::new().await;
    let entry = desk.open()[0].clone();
    let (invoice, amount) = (desk.world.invoice(&entry.your_ref), entry.total.to_string());
    let path = format!("/customers/{}/pay", text(&invoice, "customer_id"));
    let form = [
        ("method", "card"),
        ("gateway", "stripe"),
        ("amount", amount.as_str()),
        ("invoices[id][0]", entry.your_ref.as_str()),
    ];
    desk.world.chargebee.act(&path, &form).expect("taken");
    desk.paid(&entry);
    let report = desk.run().await;
    let held = desk.held().await;
    assert_eq!((held.len(), held[0].hold.reason.to_string()), (1, "PaymentUnclear".into()));
    assert!(held[0].hold.message.contains(&entry.your_ref), "{:?}", held[0].hold);
    assert_eq!(condition(&report, "DocumentsFlowing").0, "False");
    assert_eq!(condition(&report, "Ready").0, "True");
    let paid = text(&desk.world.invoice(&entry.your_ref)["linked_payments"][0], "txn_id");
    desk.world
        .chargebee
        .act(&format!("/invoices/{}/remove_payment", entry.your_ref), &[("transaction[id]", &paid)])
        .expect("taken");
    desk.run().await;
    assert!(desk.held().await.is_empty());
    assert_eq!((desk.due(&entry.your_ref), desk.recorded().len()), ((0, "paid".into()), 1));
}

#[tokio::test]
async fn mode_plan_records_nothing_and_says_what_it_would() {
    let mut desk = Desk::new().await;
    let entry = desk.open()[0].clone();
    desk.paid(&entry);
    desk.world.edit("spec:\n  startDate", "spec:\n  mode: Plan\n  startDate");
    let report = desk.run().await;
    assert_eq!((flow(&report, FLOW).would_book, desk.writes().len()), (1, 0));
    assert_eq!(flow(&report, FLOW).planned[0].document, entry.your_ref);
    desk.world.edit("  mode: Plan\n", "");
    desk.run().await;
    assert_eq!(desk.due(&entry.your_ref), (0, "paid".into()));
}
