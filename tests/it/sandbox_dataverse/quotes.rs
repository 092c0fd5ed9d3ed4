//! Quotes: numbers, prices, states, and how they are won, lost and revised (6).

use koppel::sandbox::dataverse::QuoteLine;
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::Harness;

fn lines() -> [QuoteLine; 2] {
    [
        QuoteLine::Product { number: "WOLK-PRO".to_owned(), quantity: 3 },
        QuoteLine::WriteIn { description: "Training".to_owned(), price: "250.50".to_owned(), quantity: 1 },
    ]
}

async fn draft(harness: &Harness) -> Uuid {
    let account = harness.account("Klant").await;
    harness.organization.create_quote(account, "Offer", &lines(), &Value::Null).expect("a quote")
}

fn close(quote: Uuid, status: i64) -> Value {
    json!({"Status": status, "QuoteClose": {
        "@odata.type": "Microsoft.Dynamics.CRM.quoteclose", "subject": "Closed", "quoteid@odata.bind": format!("/quotes({quote})"),
    }})
}

#[tokio::test]
async fn totals_follow_from_the_lines() {
    let harness = Harness::start().await;
    let quote = draft(&harness).await;
    let path = format!("quotes({quote})");
    let row = harness.get(&path).await;
    assert!(row.text.contains("\"totalamount\":697.50"), "{}", row.text);
    let row = row.json();
    assert_eq!((&row["statecode"], &row["statuscode"], &row["revisionnumber"]), (&json!(0), &json!(1), &json!(0)));
    assert!(row["quotenumber"].as_str().expect("a number").starts_with("QUO-"));
    assert_eq!(row["pricingerrorcode"], 0);
    let version = harness.organization.row_versions("quote")[&quote];
    let of_quote =
        format!("quotedetails?$select=quotedetailname,priceperunit,extendedamount&$filter=_quoteid_value eq {quote}");
    let rows = harness.get(&of_quote).await.rows();
    let line = rows.iter().find(|row| row["quotedetailname"] == "Training").expect("the line");
    let line = format!("quotedetails({})", line["quotedetailid"].as_str().expect("an id"));
    harness.patch(&line, &json!({"manualdiscountamount": 50.5})).await.is(204);
    assert!(harness.get(&path).await.text.contains("\"totalamount\":647.00"));
    assert!(harness.organization.row_versions("quote")[&quote] > version, "new totals are a change of the quote");
    harness.patch(&path, &json!({"discountpercentage": 10, "freightamount": 5})).await.is(204);
    assert!(harness.get(&path).await.text.contains("\"totalamount\":587.30"));
    harness.delete(&line).await.is(204);
    assert!(harness.get(&path).await.text.contains("\"totallineitemamount\":447"));
}

#[tokio::test]
async fn lines_are_of_the_catalogue_or_written_in() {
    let harness = Harness::start().await;
    let quote = draft(&harness).await;
    let bind = format!("/quotes({quote})");
    let nothing = json!({"quoteid@odata.bind": bind, "quantity": 1});
    harness.post("quotedetails", &nothing).await.is_refused(400, "0x80040265");
    let nameless = json!({"quoteid@odata.bind": bind, "quantity": 1, "isproductoverridden": true, "priceperunit": 5});
    harness.post("quotedetails", &nameless).await.is_refused(400, "0x80040265");
    let product =
        harness.get("products?$select=productid&$filter=productnumber eq 'WOLK-BASIS'").await.rows()[0].clone();
    let product = format!("/products({})", product["productid"].as_str().expect("an id"));
    let unitless = json!({"quoteid@odata.bind": bind, "quantity": 1, "productid@odata.bind": product});
    harness.post("quotedetails", &unitless).await.is_refused(400, "0x80040265");
    let new = json!({"name": "New", "productnumber": "NEW-1"});
    let new = harness.post("products", &new).await.is(204).id();
    assert_eq!(harness.get(&format!("products({new})")).await.json()["statecode"], 2, "a new product is a draft");
    let early = json!({"quoteid@odata.bind": bind, "quantity": 1, "productid@odata.bind": format!("/products({new})")});
    harness.post("quotedetails", &early).await.is_refused(400, "0x80040265");
}

#[tokio::test]
async fn only_drafts_are_edited_and_only_actions_close() {
    let harness = Harness::start().await;
    let quote = draft(&harness).await;
    let path = format!("quotes({quote})");
    harness.patch(&path, &json!({"statecode": 2, "statuscode": 4})).await.is_refused(400, "0x80048408");
    harness.post("WinQuote", &close(quote, -1)).await.is_refused(400, "0x80040265");
    harness.patch(&path, &json!({"statecode": 1, "statuscode": 2})).await.is(204);
    harness.patch(&path, &json!({"name": "Other"})).await.is_refused(400, "0x80040265");
    let line = harness.organization.rows("quotedetail")[0]["quotedetailid"].as_str().expect("an id").to_owned();
    harness.patch(&format!("quotedetails({line})"), &json!({"quantity": 9})).await.is_refused(400, "0x80040265");
    harness.post("WinQuote", &close(quote, 5)).await.is_refused(400, "0x80048408");
    harness.post("CloseQuote", &close(quote, 4)).await.is_refused(400, "0x80048408");
    harness.post("WinQuote", &close(quote, -1)).await.is(204);
    let row = harness.get(&path).await.json();
    assert_eq!((&row["statecode"], &row["statuscode"], &row["closedon"]), (&json!(2), &json!(4), &json!("2027-01-05")));
    assert_eq!(harness.organization.count("quoteclose"), 1);
    harness.patch(&path, &json!({"statecode": 0})).await.is_refused(400, "0x80040265");
    harness.post("CloseQuote", &close(quote, 5)).await.is_refused(400, "0x80040265");
}

#[tokio::test]
async fn lost_and_revised() {
    let harness = Harness::start().await;
    let lost = draft(&harness).await;
    harness.organization.lose_quote(lost).expect("an active quote");
    let row = harness.get(&format!("quotes({lost})")).await.json();
    assert_eq!((&row["statecode"], &row["statuscode"]), (&json!(3), &json!(5)));
    let first = draft(&harness).await;
    let body = json!({"QuoteId": first, "ColumnSet": {"AllColumns": true}});
    harness.post("ReviseQuote", &body).await.is_refused(400, "0x80040265");
    harness.organization.activate_quote(first).expect("a draft");
    let second = harness.post("ReviseQuote", &body).await.is(200).json();
    let old = harness.get(&format!("quotes({first})")).await.json();
    assert_eq!((&old["statecode"], &old["statuscode"]), (&json!(3), &json!(7)));
    assert_eq!((&second["statecode"], &second["revisionnumber"]), (&json!(0), &json!(1)));
    assert_eq!(second["quotenumber"], old["quotenumber"]);
    let id = second["quoteid"].as_str().expect("an id");
    let lines = harness.get(&format!("quotes({id})/quote_details?$select=quantity")).await.rows();
    assert_eq!(lines.len(), 2);
    assert_eq!(second["totalamount"], old["totalamount"]);
}

#[tokio::test]
async fn a_quote_without_a_price_list_is_taken_and_says_what_is_missing() {
    let harness = Harness::start().await;
    let quote = harness.post("quotes", &json!({"name": "Bare"})).await.is(204).id();
    let path = format!("quotes({quote})?$select=pricingerrorcode");
    assert_eq!(harness.get(&path).await.json()["pricingerrorcode"], 2);
    let dollars = harness.get("transactioncurrencies?$filter=isocurrencycode eq 'USD'").await.rows()[0].clone();
    let list = harness.organization.rows("pricelevel")[0]["pricelevelid"].clone();
    let mixed = json!({
        "name": "Mixed", "pricelevelid@odata.bind": format!("/pricelevels({})", list.as_str().expect("an id")),
        "transactioncurrencyid@odata.bind":
            format!("/transactioncurrencies({})", dollars["transactioncurrencyid"].as_str().expect("an id")),
    });
    harness.post("quotes", &mixed).await.is_refused(400, "0x80040265");
}

#[tokio::test]
async fn deleting_an_account_takes_its_quotes_along() {
    let harness = Harness::start().await;
    draft(&harness).await;
    let account = harness.organization.rows("account")[0]["accountid"].as_str().expect("an id").to_owned();
    harness.delete(&format!("accounts({account})")).await.is(204);
    assert_eq!((harness.organization.count("quote"), harness.organization.count("quotedetail")), (0, 0));
}

#[tokio::test]
async fn addresses_are_rows_of_their_own_behind_the_columns_of_their_parent() {
    let harness = Harness::start().await;
    let account = harness.post("accounts", &json!({"name": "A", "address1_city": "Utrecht"})).await.is(204).id();
    let of_account = format!("customeraddresses?$filter=_parentid_value eq {account}&$orderby=addressnumber");
    let rows = harness.get(&of_account).await.rows();
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[0]["addressnumber"], &rows[0]["city"]), (&json!(1), &json!("Utrecht")));
    harness.patch(&format!("accounts({account})"), &json!({"address2_city": "Delft"})).await.is(204);
    assert_eq!(harness.get(&of_account).await.rows()[1]["city"], "Delft");
    let first = rows[0]["customeraddressid"].as_str().expect("an id").to_owned();
    harness.patch(&format!("customeraddresses({first})"), &json!({"city": "Gouda"})).await.is(204);
    assert_eq!(harness.get(&format!("accounts({account})")).await.json()["address1_city"], "Gouda");
    let more = json!({"city": "Zwolle", "parentid_account@odata.bind": format!("/accounts({account})")});
    let more = harness.post("customeraddresses", &more).await.is(204).id();
    assert_eq!(harness.get(&format!("customeraddresses({more})")).await.json()["addressnumber"], 3);
    let moved = json!({"parentid_account@odata.bind": format!("/accounts({account})")});
    harness.patch(&format!("customeraddresses({more})"), &moved).await.is_refused(400, "0x80040203");
}
