//! What the administration refuses of a sales entry, in the vendor's words.

use koppel::sandbox::exact::seed::{self, Account, relations};
use koppel::sandbox::exact::{Language, Quotas};
use serde_json::{Value, json};

use super::support::{DIVISION, Harness, Reply};

/// A harness, a customer, and a good entry to be spoilt.
struct Spoilt {
    books: Harness,
    good: Value,
}

impl Spoilt {
    async fn new() -> Self {
        let books = Harness::start().await;
        let customer = books.customer("Bakkerij Smit").await;
        let good = books.entry(&customer, "INV-1").await;
        Self { books, good }
    }

    async fn post(&self, spoil: impl FnOnce(&mut Value)) -> Reply {
        let mut entry = self.good.clone();
        spoil(&mut entry);
        self.books.post("salesentry/SalesEntries", &entry).await
    }

    /// Sends the entry spoilt and expects a business error of exactly this text, and nothing booked.
    async fn refused(&self, text: &str, spoil: impl FnOnce(&mut Value)) {
        let before = self.books.sandbox.entries(DIVISION).len();
        let answer = self.post(spoil).await;
        assert_eq!((answer.status, answer.error().as_str()), (500, text));
        assert_eq!(self.books.sandbox.entries(DIVISION).len(), before, "{text}");
    }

    /// The same with the only line spoilt.
    async fn line_refused(&self, text: &str, property: &str, value: Value) {
        self.refused(text, |entry| entry["SalesEntryLines"][0][property] = value).await;
    }
}

const UNKNOWN: &str = "00000000-0000-0000-0000-00000000000a";

#[tokio::test]
async fn customers_must_exist_be_customers_and_be_in_use() {
    let it = Spoilt::new().await;
    it.refused("Verplicht: Relatie", |entry| entry["Customer"] = Value::Null).await;
    it.refused("Ongeldige referentie: Klant", |entry| entry["Customer"] = json!(UNKNOWN)).await;
    it.refused("Ongeldige referentie: Klant", |entry| entry["Customer"] = json!(relations::MERGED_AWAY)).await;
    let add = |account| it.books.sandbox.add_account(DIVISION, account).to_string();
    let prospect = add(Account { name: "P".into(), status: 'P', ..Account::default() });
    it.refused("Ongeldig: Klant (Type)", |entry| entry["Customer"] = json!(prospect)).await;
    let blocked = add(Account { name: "B".into(), status: 'C', blocked: true, ..Account::default() });
    it.refused("Geblokkeerd: Klant", |entry| entry["Customer"] = json!(blocked)).await;
    let ended = Some(jiff::civil::date(2026, 12, 31));
    let ended = add(Account { name: "E".into(), status: 'C', end_date: ended, ..Account::default() });
    it.refused("Klant: non-actief", |entry| entry["Customer"] = json!(ended)).await;
}

#[tokio::test]
async fn journals_are_codes_of_sales_journals() {
    let it = Spoilt::new().await;
    it.refused("Verplicht: Dagboek", |entry| drop(entry.as_object_mut().and_then(|entry| entry.remove("Journal"))))
        .await;
    it.refused("Ongeldige referentie: Journals", |entry| entry["Journal"] = json!("99")).await;
    it.refused("Ongeldige referentie: Journals", |entry| entry["Journal"] = json!(UNKNOWN)).await;
    it.refused("Ongeldig: Dagboek", |entry| entry["Journal"] = json!("20")).await;
    assert_eq!(it.post(|entry| entry["Journal"] = json!("71")).await.json()["d"]["Type"], 21, "a return journal");
}

#[tokio::test]
async fn periods_must_exist_and_be_open() {
    let it = Spoilt::new().await;
    it.refused("Onbekend: Boekjaar (Periode-datumtabel)", |entry| entry["EntryDate"] = json!("2027-01-01")).await;
    it.refused("Periode is afgesloten: 2026-06", |entry| entry["EntryDate"] = json!("2026-06-30")).await;
    it.refused("Onbekend: Boekjaar (Periode-datumtabel)", |entry| entry["ReportingPeriod"] = json!(13)).await;
    it.refused("Onbekend: Boekjaar (Periode-datumtabel)", |entry| entry["ReportingYear"] = json!(99_999)).await;
    let late = it.post(|entry| {
        entry["EntryDate"] = json!("2026-06-30");
        entry["ReportingYear"] = json!(2026);
        entry["ReportingPeriod"] = json!(7);
    });
    let late = late.await;
    assert_eq!((late.status, late.json()["d"]["ReportingPeriod"].as_i64()), (201, Some(7)));
    let shifted = it.post(|entry| entry["EntryDate"] = json!("2026-07-01T00:00:00Z")).await;
    assert_eq!(shifted.error(), "Periode is afgesloten: 2026-06", "a trailing Z lands in the month before");
    it.books.sandbox.set_period_status(DIVISION, "71", 2026, 12, true);
    assert_eq!(it.post(|_| {}).await.status, 201, "closing is per journal");
}

#[tokio::test]
async fn lines_need_an_account_an_amount_and_a_good_code() {
    let it = Spoilt::new().await;
    it.refused("Verplicht: Regels", |entry| entry["SalesEntryLines"] = json!([])).await;
    it.line_refused("Verplicht: Grootboekrekening", "GLAccount", Value::Null).await;
    it.line_refused("Ongeldige referentie: Grootboekrekening", "GLAccount", json!(UNKNOWN)).await;
    it.line_refused("Geblokkeerd: Grootboekrekening", "GLAccount", json!(it.books.gl("8500").await)).await;
    for code in ["1300", "1500", "1100"] {
        it.line_refused("Ongeldig: Grootboekrekeningtype", "GLAccount", json!(it.books.gl(code).await)).await;
    }
    it.line_refused("Verplicht: Bedrag", "AmountFC", Value::Null).await;
    it.line_refused("Ongeldig: Bedrag", "AmountFC", json!(1e15)).await;
    it.line_refused("Ongeldige referentie: Btw-code", "VATCode", json!("8")).await;
    it.line_refused("Ongeldige referentie: Btw-code", "VATCode", json!(UNKNOWN)).await;
    it.line_refused("Geblokkeerd: Btw-code", "VATCode", json!("9")).await;
    it.line_refused("Verplicht: Kostenplaats", "GLAccount", json!(it.books.gl("8020").await)).await;
    it.line_refused("Ongeldige referentie: Kostenplaats", "CostCenter", json!("XX")).await;
    it.line_refused("Ongeldige referentie: Kostendrager", "CostUnit", json!("XX")).await;
}

#[tokio::test]
async fn vat_amounts_must_be_what_the_code_says_within_cents() {
    let it = Spoilt::new().await;
    for (amount, good) in [(20.95, true), (21.5, true), (19.0, false), (-21.0, false), (0.0, false)] {
        let answer = it.post(|entry| entry["SalesEntryLines"][0]["VATAmountFC"] = json!(amount)).await;
        if good {
            assert_eq!(answer.json()["d"]["VATAmountFC"].as_f64(), Some(amount), "{}", answer.text);
        } else {
            assert_eq!((answer.status, answer.error().as_str()), (500, "Ongeldig: Btw-percentage []"), "{amount}");
        }
    }
    let exempt = it.post(|entry| {
        entry["SalesEntryLines"][0]["VATCode"] = json!("7");
        entry["SalesEntryLines"][0]["VATAmountFC"] = json!(0.01);
    });
    assert_eq!(exempt.await.error(), "Ongeldig: Btw-percentage []");
    it.line_refused("Ongeldig: Btw-percentage []", "VATPercentage", json!(0)).await;
    it.line_refused("Ongeldig: Btw-percentage []", "VATPercentage", json!(0.19)).await;
    assert_eq!(it.post(|entry| entry["SalesEntryLines"][0]["VATPercentage"] = json!(0.21)).await.status, 201);
}

#[tokio::test]
async fn currencies_and_rates_are_the_journals_to_allow() {
    let it = Spoilt::new().await;
    it.refused("Ongeldige referentie: Valuta", |entry| entry["Currency"] = json!("JPY")).await;
    it.refused("Niet toegestaan: Wisselkoers", |entry| entry["Rate"] = json!(0.9)).await;
    it.refused("Ongeldig: Wisselkoers", |entry| {
        entry["Currency"] = json!("USD");
        entry["Rate"] = json!(-1);
    })
    .await;
    let given = it.post(|entry| {
        entry["Currency"] = json!("USD");
        entry["Rate"] = json!("0.95");
    });
    let row = given.await.json()["d"].clone();
    assert_eq!((row["AmountFC"].as_f64(), row["AmountDC"].as_f64()), (Some(121.0), Some(114.95)));
    let listed = it.post(|entry| entry["Currency"] = json!("USD")).await.json()["d"].clone();
    assert_eq!(listed["Rate"].as_f64(), Some(0.92), "the rate of the day");
    let mut strict = seed::wolkwerk();
    strict.journals[0].allow_variable_rate = false;
    strict.journals[1].allow_variable_currency = false;
    let books = Harness::start_with(Quotas::off(), Language::Nl, vec![strict]).await;
    let mut entry = books.entry(&books.customer("X").await, "1").await;
    entry["Currency"] = json!("USD");
    entry["Journal"] = json!("71");
    assert_eq!(books.post("salesentry/SalesEntries", &entry).await.error(), "Niet toegestaan: Valuta");
    entry["Journal"] = json!("70");
    entry["Rate"] = json!(0.9);
    assert_eq!(books.post("salesentry/SalesEntries", &entry).await.error(), "Niet toegestaan: Wisselkoers");
}

#[tokio::test]
async fn numbers_are_unique_per_journal_and_references_are_not() {
    let it = Spoilt::new().await;
    let numbered = |number: i64, journal: &'static str| {
        move |entry: &mut Value| {
            entry["EntryNumber"] = json!(number);
            entry["Journal"] = json!(journal);
        }
    };
    assert_eq!(it.post(numbered(4711, "70")).await.json()["d"]["InvoiceNumber"], 4711);
    it.refused("In gebruik: Boekstuknummer", numbered(4711, "70")).await;
    assert_eq!(it.post(numbered(4711, "71")).await.status, 201);
    it.refused("Ongeldig: Boekstuknummer", numbered(-5, "70")).await;
    assert_eq!(it.post(|_| {}).await.json()["d"]["EntryNumber"], 267_000_001, "the series is not disturbed");
}

#[tokio::test]
async fn texts_and_terms_have_their_bounds() {
    let it = Spoilt::new().await;
    it.refused("Ongeldig: Uw ref. [30]", |entry| entry["YourRef"] = json!("x".repeat(31))).await;
    it.refused("Ongeldig: Omschrijving [60]", |entry| entry["Description"] = json!("é".repeat(61))).await;
    it.line_refused("Ongeldig: Omschrijving [60]", "Description", json!("x".repeat(61))).await;
    it.refused("Ongeldige referentie: Betalingsconditie", |entry| entry["PaymentCondition"] = json!("45")).await;
    it.refused("Ongeldig: Type", |entry| entry["Type"] = json!(30)).await;
    let fits = it.post(|entry| entry["YourRef"] = json!("é".repeat(30))).await;
    assert_eq!(fits.status, 201);
}

#[tokio::test]
async fn several_problems_are_joined_and_in_the_users_language() {
    let it = Spoilt::new().await;
    let all = |entry: &mut Value| {
        entry["Customer"] = Value::Null;
        entry["Journal"] = Value::Null;
        entry["SalesEntryLines"][0]["GLAccount"] = Value::Null;
    };
    it.refused("Verplicht: Relatie\r\nVerplicht: Dagboek\r\nVerplicht: Grootboekrekening", all).await;
    it.books.sandbox.set_language(Language::En);
    it.refused("Mandatory: Relationship\r\nMandatory: Diary\r\nMandatory: G/L Account", all).await;
    it.refused("Unknown: Financial year (Period-date table)", |entry| entry["EntryDate"] = json!("2027-01-01")).await;
}

#[tokio::test]
async fn bodies_that_are_no_entry_are_400() {
    let it = Spoilt::new().await;
    let array = it.books.post("salesentry/SalesEntries", &json!([it.good])).await;
    let sentence = "Error processing request stream. The request should be a valid top-level resource object.";
    assert_eq!((array.status, array.error().as_str()), (400, sentence));
    let wrong_case = it.post(|entry| entry["SalesEntryLines"][0]["VatCode"] = json!("2")).await;
    let sentence = "Error processing request stream. The property name 'VatCode' specified for type \
        'Exact.Web.Api.Models.SalesEntryLine' is not valid.";
    assert_eq!((wrong_case.status, wrong_case.error().as_str()), (400, sentence));
    for (property, value) in
        [("Customer", json!("not a guid")), ("EntryDate", json!("15-12-2026")), ("YourRef", json!(5))]
    {
        assert_eq!(it.post(|entry| entry[property] = value).await.status, 400, "{property}");
    }
    let request = it.books.request(reqwest::Method::POST, "salesentry/SalesEntries").body("{}");
    assert_eq!(request.send().await.expect("an answer").status(), 415);
    assert_eq!(it.books.post("salesentry/$batch", &json!({})).await.status, 400);
    let read_only = it.post(|entry| entry["AmountFC"] = json!(5)).await;
    assert_eq!(read_only.json()["d"]["AmountFC"].as_f64(), Some(121.0), "read-only properties are ignored");
}
