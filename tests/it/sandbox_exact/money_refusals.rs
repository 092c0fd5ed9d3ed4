//! What the administration refuses of a bank, cash or general entry, in the vendor's words.

use koppel::sandbox::exact::{Language, Quotas, seed};
use serde_json::{Value, json};

use super::money::{posted, receivable};
use super::support::{DIVISION, Harness};

const BANK: &str = "financialtransaction/BankEntries";
const GENERAL: &str = "generaljournalentry/GeneralJournalEntries";
const UNKNOWN: &str = "00000000-0000-0000-0000-00000000000a";

struct Spoilt {
    books: Harness,
    bank: Value,
    general: Value,
}

impl Spoilt {
    async fn new(language: Language) -> Self {
        let books = Harness::start_with(Quotas::off(), language, vec![seed::wolkwerk()]).await;
        let customer = books.customer("Bakkerij Smit").await;
        let bank = json!({"JournalCode": "20", "BankEntryLines": [receivable(&books, &customer, 121.0).await]});
        let counter = json!({"GLAccount": books.gl("1150").await, "AmountFC": 121.0, "Date": "2026-12-20"});
        let lines = [receivable(&books, &customer, -121.0).await, counter];
        let general = json!({"JournalCode": "90", "GeneralJournalEntryLines": lines});
        Self { books, bank, general }
    }

    /// Sends the bank entry spoilt and expects a business error of exactly this text, and nothing booked.
    async fn bank(&self, text: &str, spoil: impl FnOnce(&mut Value)) {
        self.refused(BANK, self.bank.clone(), text, spoil).await;
    }

    async fn line(&self, text: &str, property: &str, value: Value) {
        self.bank(text, |entry| entry["BankEntryLines"][0][property] = value).await;
    }

    async fn refused(&self, path: &str, mut entry: Value, text: &str, spoil: impl FnOnce(&mut Value)) {
        spoil(&mut entry);
        let answer = self.books.post(path, &entry).await;
        assert_eq!((answer.status, answer.error().as_str()), (500, text));
        assert!(self.books.sandbox.money_entries(DIVISION).is_empty(), "{text}");
    }
}

#[tokio::test]
async fn the_journal_must_fit() {
    let it = Spoilt::new(Language::Nl).await;
    it.bank("Verplicht: Dagboek", |entry| entry["JournalCode"] = Value::Null).await;
    it.bank("Ongeldige referentie: Journals", |entry| entry["JournalCode"] = json!("99")).await;
    for other in ["70", "90"] {
        it.bank("Ongeldig: Dagboek", |entry| entry["JournalCode"] = json!(other)).await;
    }
    it.refused(GENERAL, it.general.clone(), "Ongeldig: Dagboek", |entry| entry["JournalCode"] = json!("20")).await;
    let cash = json!({"JournalCode": "20", "CashEntryLines": it.bank["BankEntryLines"]});
    it.refused("financialtransaction/CashEntries", cash, "Ongeldig: Dagboek", |_| {}).await;
}

#[tokio::test]
async fn lines_must_be_whole() {
    let it = Spoilt::new(Language::Nl).await;
    it.bank("Verplicht: Regels", |entry| entry["BankEntryLines"] = json!([])).await;
    it.line("Verplicht: Grootboekrekening", "GLAccount", Value::Null).await;
    it.line("Ongeldige referentie: Grootboekrekening", "GLAccount", json!(UNKNOWN)).await;
    it.line("Verplicht: Bedrag", "AmountFC", Value::Null).await;
    it.line("Verplicht: Relatie", "Account", Value::Null).await;
    it.line("Ongeldige referentie: Relatie", "Account", json!(UNKNOWN)).await;
    it.line("Niet toegestaan: Btw-code", "VATCode", json!("2")).await;
    it.line("Ongeldige referentie: Kostenplaats", "CostCenter", json!("XX")).await;
    it.line("Ongeldig: Omschrijving [60]", "Description", json!("x".repeat(61))).await;
    let blocked = it.books.gl("8500").await;
    it.line("Geblokkeerd: Grootboekrekening", "GLAccount", json!(blocked)).await;
    let services = it.books.gl("8020").await;
    it.line("Verplicht: Kostenplaats", "GLAccount", json!(services)).await;
}

#[tokio::test]
async fn several_problems_are_told_at_once() {
    let it = Spoilt::new(Language::Nl).await;
    it.bank("Ongeldige referentie: Journals\r\nVerplicht: Bedrag", |entry| {
        entry["JournalCode"] = json!("99");
        entry["BankEntryLines"][0]["AmountFC"] = Value::Null;
    })
    .await;
}

#[tokio::test]
async fn periods_must_exist_and_be_open_for_the_journal() {
    let it = Spoilt::new(Language::Nl).await;
    it.line("Onbekend: Boekjaar (Periode-datumtabel)", "Date", json!("2027-01-04")).await;
    it.books.sandbox.set_period_status(DIVISION, "20", 2026, 12, true);
    it.bank("Periode is afgesloten: 2026-12", |_| {}).await;
    it.refused(GENERAL, it.general.clone(), "Periode is afgesloten: 2026-03", |entry| {
        (entry["FinancialYear"], entry["FinancialPeriod"]) = (json!(2026), json!(3));
    })
    .await;
    let mut other = it.bank.clone();
    (other["FinancialYear"], other["FinancialPeriod"]) = (json!(2026), json!(11));
    let booked = posted(&it.books, BANK, &other).await;
    assert_eq!(booked["FinancialPeriod"], 11, "a line's date does not bind the entry");
    let path = format!("{BANK}(guid'{}')", booked["EntryID"].as_str().expect("a guid"));
    it.books.sandbox.set_period_status(DIVISION, "20", 2026, 11, true);
    assert_eq!(it.books.delete(&path).await.error(), "Periode is afgesloten: 2026-11");
}

#[tokio::test]
async fn balances_must_agree() {
    let it = Spoilt::new(Language::Nl).await;
    it.bank("Ongeldig: Beginsaldo", |entry| entry["OpeningBalanceFC"] = json!(5.0)).await;
    it.bank("Ongeldig: Eindsaldo", |entry| entry["ClosingBalanceFC"] = json!(121.01)).await;
    it.refused(GENERAL, it.general.clone(), "Ongeldig: Saldo", |entry| {
        entry["GeneralJournalEntryLines"][1]["AmountFC"] = json!(120.99);
    })
    .await;
}

#[tokio::test]
async fn numbers_are_used_once() {
    let it = Spoilt::new(Language::En).await;
    let mut numbered = it.bank.clone();
    numbered["EntryNumber"] = json!(4711);
    assert_eq!(posted(&it.books, BANK, &numbered).await["EntryNumber"], 4711);
    assert_eq!(it.books.post(BANK, &numbered).await.error(), "In use: Entry number");
}

#[tokio::test]
async fn currency_and_rate_are_the_journals() {
    let it = Spoilt::new(Language::En).await;
    it.bank("Invalid reference: Currency", |entry| entry["Currency"] = json!("XXX")).await;
    it.bank("Not allowed: Currency", |entry| entry["Currency"] = json!("USD")).await;
    it.line("Not allowed: Exchange rate", "ExchangeRate", json!(1.1)).await;
    it.line("Invalid: Exchange rate", "ExchangeRate", json!(0)).await;
    let dollars = |free: bool| {
        json!({"Code": if free { "24" } else { "25" }, "Description": "USD", "Type": 12,
        "Currency": "USD", "AllowVariableExchangeRate": free})
    };
    for free in [true, false] {
        posted(&it.books, "financial/Journals", &dollars(free)).await;
    }
    it.bank("Not allowed: Exchange rate", |entry| {
        entry["JournalCode"] = json!("25");
        entry["BankEntryLines"][0]["ExchangeRate"] = json!(0.9);
    })
    .await;
    let mut foreign = it.bank.clone();
    foreign["JournalCode"] = json!("25");
    let listed = posted(&it.books, BANK, &foreign).await;
    foreign["JournalCode"] = json!("24");
    foreign["BankEntryLines"][0]["ExchangeRate"] = json!(0.9);
    let own = posted(&it.books, BANK, &foreign).await;
    for (entry, home) in [(listed, -111.32), (own, -108.9)] {
        let rows = super::money::ledger(&it.books, &entry).await;
        assert_eq!((rows[1]["Currency"].as_str(), rows[1]["AmountDC"].as_f64()), (Some("USD"), Some(home)));
    }
}

#[tokio::test]
async fn unknown_properties_are_400_and_missing_rights_403() {
    let it = Spoilt::new(Language::En).await;
    let mut entry = it.bank.clone();
    entry["Journal"] = json!("20");
    assert_eq!(it.books.post(BANK, &entry).await.status, 400);
    let mut entry = it.bank.clone();
    entry["BankEntryLines"][0]["YourRef"] = json!("INV-1");
    assert_eq!(it.books.post(BANK, &entry).await.status, 400);
    assert_eq!(it.books.post(BANK, &json!([it.bank])).await.status, 400);
    it.books.sandbox.set_right(DIVISION, BANK, false);
    assert_eq!(it.books.post(BANK, &it.bank).await.status, 403);
    assert!(it.books.sandbox.money_entries(DIVISION).is_empty());
}
