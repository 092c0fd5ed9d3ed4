//! What the administration refuses of a sales invoice and of its print, in the vendor's words.

use koppel::sandbox::exact::{Language, Quotas, seed};
use serde_json::{Value, json};

use super::invoices::{INVOICES, LINES, PRINTS, invoice, posted};
use super::support::{DIVISION, Harness};

const UNKNOWN: &str = "00000000-0000-0000-0000-00000000000a";

struct Spoilt {
    books: Harness,
    invoice: Value,
}

impl Spoilt {
    async fn new(language: Language) -> Self {
        let books = Harness::start_with(Quotas::off(), language, vec![seed::wolkwerk()]).await;
        let invoice = invoice(&books, "INV-1").await;
        Self { books, invoice }
    }

    /// Sends the invoice spoilt and expects a business error of exactly this text, and nothing made.
    async fn refused(&self, text: &str, spoil: impl FnOnce(&mut Value)) {
        let mut invoice = self.invoice.clone();
        spoil(&mut invoice);
        let answer = self.books.post(INVOICES, &invoice).await;
        assert_eq!((answer.status, answer.error().as_str()), (500, text));
        assert!(self.books.sandbox.invoices(DIVISION).is_empty(), "{text}");
    }

    async fn head(&self, text: &str, property: &str, value: Value) {
        self.refused(text, |invoice| invoice[property] = value).await;
    }

    async fn line(&self, text: &str, property: &str, value: Value) {
        self.refused(text, |invoice| invoice["SalesInvoiceLines"][0][property] = value).await;
    }
}

#[tokio::test]
async fn the_parties_must_be_customers() {
    let it = Spoilt::new(Language::Nl).await;
    it.head("Verplicht: Factuur voor\r\nVerplicht: Besteld door", "OrderedBy", Value::Null).await;
    it.head("Ongeldige referentie: Besteld door", "OrderedBy", json!(UNKNOWN)).await;
    it.head("Ongeldige referentie: Factuur voor", "InvoiceTo", json!(UNKNOWN)).await;
    it.head("Ongeldige referentie: Leveren aan", "DeliverTo", json!(UNKNOWN)).await;
    let prospect = posted(&it.books, "crm/Accounts", &json!({"Name": "Nog geen klant"})).await["ID"].clone();
    it.head("Ongeldig: Factuur voor (Type)", "OrderedBy", prospect).await;
    let blocked = it.books.customer("Failliet").await;
    it.books.sandbox.block_account(DIVISION, blocked.parse().expect("a guid"), true);
    it.head("Geblokkeerd: Klant", "InvoiceTo", json!(blocked)).await;
}

#[tokio::test]
async fn the_head_must_fit() {
    let it = Spoilt::new(Language::Nl).await;
    it.head("Verplicht: Dagboek", "Journal", Value::Null).await;
    it.head("Ongeldige referentie: Journals", "Journal", json!("99")).await;
    it.head("Ongeldig: Dagboek", "Journal", json!("20")).await;
    it.head("Ongeldig: Type", "Type", json!(8023)).await;
    it.head("Niet toegestaan: Magazijn", "Warehouse", json!(UNKNOWN)).await;
    it.head("Ongeldige referentie: Betalingsconditie", "PaymentCondition", json!("45")).await;
    it.head("Ongeldige referentie: Valuta", "Currency", json!("XXX")).await;
    it.head("Ongeldige referentie: Document", "Document", json!(UNKNOWN)).await;
    it.head("Ongeldig: Uw ref. [30]", "YourRef", json!("x".repeat(31))).await;
    it.head("Verplicht: Regels", "SalesInvoiceLines", json!([])).await;
}

#[tokio::test]
async fn every_line_needs_an_item_for_sale_and_an_account() {
    let it = Spoilt::new(Language::Nl).await;
    it.line("Verplicht: Artikel", "Item", Value::Null).await;
    it.line("Ongeldige referentie: Artikel", "Item", json!(UNKNOWN)).await;
    let books = &it.books;
    let made = |body: Value| async move { posted(books, "logistics/Items", &body).await["ID"].clone() };
    let not_sold = made(json!({"Code": "intern", "Description": "Intern"})).await;
    it.line("Ongeldig: Artikel", "Item", not_sold).await;
    let ended = made(json!({"Code": "oud", "Description": "Oud", "IsSalesItem": true, "EndDate": "2026-12-31"})).await;
    it.line("Ongeldig: Artikel", "Item", ended).await;
    // Its group has no revenue account, and neither has the item.
    let bare = made(json!({"Code": "kaal", "Description": "Kaal", "IsSalesItem": true})).await;
    it.line("Verplicht: Grootboekrekening", "Item", bare).await;
    it.line("Ongeldig: Grootboekrekeningtype", "GLAccount", json!(it.books.gl("1300").await)).await;
    it.line("Verplicht: Kostenplaats", "GLAccount", json!(it.books.gl("8020").await)).await;
    it.line("Ongeldige referentie: Btw-code", "VATCode", json!("8")).await;
    it.line("Verplicht: Tot en met", "StartTime", json!("2026-12-01")).await;
    it.line("Ongeldig: Bedrag", "NetPrice", json!(1e15)).await;
}

#[tokio::test]
async fn the_vendors_sentences_are_in_the_users_language() {
    let it = Spoilt::new(Language::En).await;
    it.head("Mandatory: Invoice to\r\nMandatory: Ordered by", "OrderedBy", Value::Null).await;
    it.line("Mandatory: Item", "Item", Value::Null).await;
}

#[tokio::test]
async fn lines_are_not_bound_by_a_change_of_the_head() {
    let it = Spoilt::new(Language::Nl).await;
    let made = posted(&it.books, INVOICES, &it.invoice).await;
    let path = format!("{INVOICES}(guid'{}')", made["InvoiceID"].as_str().expect("a guid"));
    let answer = it.books.put(&path, &json!({"SalesInvoiceLines": it.invoice["SalesInvoiceLines"]})).await;
    assert_eq!((answer.status, answer.error().contains("Binding to new entities")), (400, true));
    assert_eq!(it.books.put(&path, &json!({"PaymentCondition": "45"})).await.status, 500);
    let line = json!({"Item": it.invoice["SalesInvoiceLines"][0]["Item"], "NetPrice": 1});
    assert_eq!(it.books.post(LINES, &line).await.error(), "Verplicht: Factuur");
    assert_eq!(it.books.get(INVOICES).await.status, 400, "it has a sync twin, so a filter is demanded");
}

#[tokio::test]
async fn a_print_needs_an_invoice_and_an_open_period() {
    let it = Spoilt::new(Language::Nl).await;
    let made = posted(&it.books, INVOICES, &it.invoice).await;
    let cases = [
        (json!({}), "Verplicht: Factuur"),
        (json!({"InvoiceID": UNKNOWN}), "Ongeldige referentie: Factuur"),
        (json!({"InvoiceID": made["InvoiceID"]}), "Onbekend: Boekjaar (Periode-datumtabel)"),
        (json!({"InvoiceID": made["InvoiceID"], "InvoiceDate": "2026-06-15"}), "Periode is afgesloten: 2026-06"),
    ];
    for (print, text) in cases {
        let answer = it.books.post(PRINTS, &print).await;
        assert_eq!((answer.status, answer.error().as_str()), (500, text), "{print}");
    }
    assert!(it.books.sandbox.entries(DIVISION).is_empty() && it.books.sandbox.documents(DIVISION).is_empty());
    assert_eq!(it.books.get(PRINTS).await.status, 405, "it takes POST only");
    // Blocked after it was made: the print is refused as the entry would be.
    it.books.sandbox.block_account(
        DIVISION,
        it.invoice["OrderedBy"].as_str().expect("a guid").parse().expect("a guid"),
        true,
    );
    let print = json!({"InvoiceID": made["InvoiceID"], "InvoiceDate": "2026-12-15"});
    assert_eq!(it.books.post(PRINTS, &print).await.error(), "Geblokkeerd: Klant");
}

#[tokio::test]
async fn vat_is_computed_whatever_is_sent() {
    let it = Spoilt::new(Language::Nl).await;
    let mut sent = it.invoice.clone();
    sent["SalesInvoiceLines"][0]["VATAmountFC"] = json!(20.99);
    sent["SalesInvoiceLines"].as_array_mut().expect("lines").push(json!({
        "Item": it.invoice["SalesInvoiceLines"][0]["Item"], "NetPrice": 121.0, "VATCode": "3",
    }));
    let made = posted(&it.books, INVOICES, &sent).await;
    assert_eq!(
        (&made["VATAmountFC"], &made["AmountFC"]),
        (&json!(42.0), &json!(241.99)),
        "exclusive and inclusive codes"
    );
}
