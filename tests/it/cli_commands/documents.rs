//! Documents that cannot be booked as they are: each is held with object, value and remedy, everything else is booked, and
//! a corrected document is booked with the next run.

use koppel::sandbox::exact::seed;
use serde_json::{Value, json};

use super::rig::{DIVISION, Ran, Rig, says};

const NUMBER: &str = "BAD-1";

/// Runs a world with one bad invoice: all others are booked, the bad one is held for `reason`.
async fn held_alone(rig: &Rig, reason: &str) -> Ran {
    let ran = rig.run().await;
    assert_eq!(ran.code, 0, "a held document is no failure: {ran:?}");
    let (found, message, remedy) = ran.held(NUMBER);
    assert_eq!(found, reason, "{message}");
    assert!(!remedy.is_empty());
    assert_eq!(ran.held_count(), 1, "{ran:?}");
    assert!(!rig.entries().is_empty() && !rig.is_booked(NUMBER), "the others are booked");
    ran
}

async fn bad(reason: &str, change: impl FnOnce(&mut Value)) -> (Rig, Ran) {
    let rig = Rig::clean().await;
    rig.add_invoice(NUMBER, change);
    let ran = held_alone(&rig, reason).await;
    (rig, ran)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_invoice_of_this_rig_is_booked() {
    let rig = Rig::clean().await;
    rig.add_invoice(NUMBER, |_| {});
    let ran = rig.run().await;
    assert!(rig.is_booked(NUMBER), "else the tests below prove nothing: {ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_10_to_the_15_cents() {
    let amount = 1_000_000_000_000_000_i64;
    let rig = Rig::clean().await;
    rig.add_invoice(NUMBER, |row| {
        let tax = amount / 100 * 21;
        row["line_items"][0]["amount"] = amount.into();
        row["line_items"][0]["unit_amount"] = amount.into();
        row["line_items"][0]["tax_amount"] = tax.into();
        row["line_item_taxes"][0]["taxable_amount"] = amount.into();
        row["line_item_taxes"][0]["tax_amount"] = tax.into();
        row["taxes"][0]["amount"] = tax.into();
        row["sub_total"] = amount.into();
        row["tax"] = tax.into();
        row["total"] = (amount + tax).into();
    });
    let ran = rig.run().await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let others = rig.entries().len();
    assert!(others > 0);
    match rig.entries().into_iter().find(|entry| entry.your_ref == NUMBER) {
        // Booked to the cent, or held: never another amount.
        Some(entry) => assert_eq!(entry.total, amount + amount / 100 * 21),
        None => says(&ran.held(NUMBER).1, &[NUMBER]),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_whose_sum_overflows() {
    let (_, ran) = bad("AmountMismatch", |row| {
        row["line_items"][0]["amount"] = i64::MAX.into();
        row["line_items"][0]["tax_amount"] = i64::MAX.into();
        row["line_item_taxes"][0]["tax_amount"] = i64::MAX.into();
    })
    .await;
    says(&ran.held(NUMBER).1, &[NUMBER]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_beyond_any_integer() {
    let (_, ran) = bad("AmountMismatch", |row| row["total"] = json!(1e30)).await;
    says(&ran.held(NUMBER).1, &[NUMBER, "total"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_currency() {
    let (rig, ran) = bad("CurrencyNotAllowed", |row| row["currency_code"] = "XQZ".into()).await;
    says(&ran.held(NUMBER).1, &[NUMBER, "XQZ"]);
    rig.sandbox.chargebee.update_invoice(NUMBER, &json!({"currency_code": "EUR"})).unwrap();
    assert_eq!(rig.run().await.held_count(), 0);
    assert!(rig.is_booked(NUMBER), "a corrected document is booked");
    rig.nothing_twice();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_currency_that_the_books_do_not_keep() {
    let rig = Rig::clean().await;
    rig.add_invoice(NUMBER, |row| {
        row["currency_code"] = "ISK".into();
        row["exchange_rate"] = json!(0.0066);
    });
    let ran = rig.run().await;
    let (reason, message, remedy) = ran.held(NUMBER);
    assert_eq!(reason, "CurrencyNotAllowed", "{message}");
    says(&format!("{message}; {remedy}"), &[NUMBER, "ISK"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_without_country() {
    let (_, ran) = bad("VatCodeUnmapped", |row| {
        row["billing_address"].as_object_mut().unwrap().remove("country");
        row.as_object_mut().unwrap().remove("shipping_address");
    })
    .await;
    let (_, message, remedy) = ran.held(NUMBER);
    says(&format!("{message}; {remedy}"), &[NUMBER, "country"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_taxes_stacked_on_one_line() {
    let (_, ran) = bad("TaxNotRepresentable", |row| {
        let tax = row["line_item_taxes"][0].clone();
        for (name, rate) in [("City", 1.0), ("Levy", 2.0)] {
            let mut more = tax.clone();
            more["tax_name"] = name.into();
            more["tax_rate"] = rate.into();
            more["tax_amount"] = (tax["taxable_amount"].as_i64().unwrap() * rate as i64 / 100).into();
            row["line_item_taxes"].as_array_mut().unwrap().push(more);
        }
        let taxes = row["line_item_taxes"].as_array().unwrap().clone();
        let sum: i64 = taxes.iter().map(|tax| tax["tax_amount"].as_i64().unwrap()).sum();
        row["line_items"][0]["tax_amount"] = sum.into();
        row["tax"] = sum.into();
        row["total"] = (row["sub_total"].as_i64().unwrap() + sum).into();
    })
    .await;
    let (_, message, remedy) = ran.held(NUMBER);
    says(&message, &[NUMBER, "line li_BAD-1", "tax"]);
    assert!(remedy.contains("Chargebee"), "{remedy}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_without_customer() {
    let (_, ran) = bad("CustomerAmbiguous", |row| {
        row.as_object_mut().unwrap().remove("customer_id");
    })
    .await;
    says(&ran.held(NUMBER).1, &[NUMBER, "names no customer"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_of_a_customer_that_does_not_exist() {
    let (_, ran) = bad("WaitingFor", |row| row["customer_id"] = "nobody".into()).await;
    says(&ran.held(NUMBER).1, &["customer nobody"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_row_that_cannot_be_read_holds_its_invoices_alone() {
    let rig = Rig::clean().await;
    let whole = {
        let plain = rig.sandbox.chargebee.customers().into_iter().next().unwrap();
        let mut row = plain;
        row["id"] = "unreadable".into();
        row["email"] = "someone@unreadable.example".into();
        row.as_object_mut().unwrap().remove("vat_number");
        row
    };
    let mut broken = whole.clone();
    broken["billing_address"] = "nowhere".into();
    rig.sandbox.chargebee.put_customer(broken).unwrap();
    rig.add_invoice(NUMBER, |row| row["customer_id"] = "unreadable".into());
    let ran = rig.run().await;
    let (_, message, _) = ran.held(NUMBER);
    says(&message, &["customer unreadable"]);
    assert_eq!(ran.held_count(), 1, "{ran:?}");
    assert!(!rig.entries().is_empty() && ran.code == 0, "{ran:?}");
    rig.sandbox.chargebee.put_customer(whole).unwrap();
    let ran = rig.run().await;
    assert!(rig.is_booked(NUMBER), "once it can be read it is booked: {ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_row_that_cannot_be_read() {
    let (rig, ran) = bad("AmountMismatch", |row| row["line_items"] = "three".into()).await;
    says(&ran.held(NUMBER).1, &[NUMBER, "cannot be read"]);
    rig.sandbox.chargebee.update_invoice(NUMBER, &json!({"line_items": []})).unwrap();
    assert_eq!(rig.run().await.code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_the_books_already_hold_with_another_total() {
    let rig = Rig::clean().await;
    rig.add_invoice(NUMBER, |_| {});
    rig.run().await;
    assert!(rig.is_booked(NUMBER));
    let before = rig.entries();
    // The state is lost and consent given anew; meanwhile the invoice came to another total.
    let tokens = rig.path("tokens");
    std::fs::rename(rig.state().join("tokens"), &tokens).unwrap();
    std::fs::remove_dir_all(rig.state()).unwrap();
    std::fs::create_dir(rig.state()).unwrap();
    std::fs::rename(tokens, rig.state().join("tokens")).unwrap();
    let row = rig.sandbox.chargebee.invoice(NUMBER).unwrap();
    let more = |name: &str| row[name].as_i64().unwrap() + 1_000;
    let mut line = row["line_items"].clone();
    line[0]["amount"] = (line[0]["amount"].as_i64().unwrap() + 1_000).into();
    let change = json!({"line_items": line, "sub_total": more("sub_total"), "total": more("total")});
    rig.sandbox.chargebee.update_invoice(NUMBER, &change).unwrap();
    let ran = rig.run().await;
    let (reason, message, remedy) = ran.held(NUMBER);
    assert_eq!(reason, "ExistingEntryDiffers", "{message}");
    let entry = before.iter().find(|entry| entry.your_ref == NUMBER).unwrap();
    says(&message, &[NUMBER, &entry.entry_number.to_string(), "division 100001"]);
    says(&remedy, &["Exact Online", "Chargebee"]);
    assert_eq!(ran.held_count(), 1, "the others are adopted: {ran:?}");
    assert_eq!(rig.entries(), before, "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_account_and_a_vat_number_twice_hold_their_documents_with_the_account_named() {
    let rig = Rig::clean().await;
    rig.add_invoice(NUMBER, |_| {});
    let customer = rig.sandbox.chargebee.invoice(NUMBER).unwrap()["customer_id"].as_str().unwrap().to_owned();
    let account = |name: &str| seed::Account {
        name: name.to_owned(),
        status: 'C',
        country: "NL".to_owned(),
        search_code: Some(customer.clone()),
        ..seed::Account::default()
    };
    rig.sandbox.exact.add_account(DIVISION, account("Twin One"));
    rig.sandbox.exact.add_account(DIVISION, account("Twin Two"));
    let (reason, message, remedy) = rig.run().await.held(NUMBER);
    assert_eq!(reason, "CustomerAmbiguous", "{message}");
    says(&message, &["Twin One", "Twin Two", &customer]);
    says(&remedy, &["merge the accounts"]);
}
