//! Accounts, contacts and quotes of the sandbox, in the words of the domain (C26–C29).

use jiff::civil::date;
use jiff::tz::TimeZone;
use koppel::connectors::dataverse::{AccountColumns, Changed, QuoteContext, ReadFrom};
use koppel::domain::crm::{CrmQuote, CrmQuoteState};
use koppel::domain::money::Currency;
use koppel::sandbox::dataverse::QuoteLine;
use rust_decimal::Decimal;
use serde_json::json;

use super::sandbox::Cloud;

fn page<T>(changed: Changed<T>) -> (Vec<T>, String) {
    match changed {
        Changed::Page { changed, left_out, link, more, .. } => {
            assert!(left_out.is_empty() && !more, "{left_out:?}");
            (changed, link)
        }
        Changed::Expired => panic!("expired"),
    }
}

#[tokio::test]
async fn an_account_tells_who_and_where_it_is_c26_c28() {
    let cloud = Cloud::quick().await;
    let client = cloud.client();
    cloud.organization.track_changes("account");
    let currencies = client.currencies().await.unwrap();
    let columns = AccountColumns { vat_number: Some("description".to_owned()), ..AccountColumns::default() };
    let (_, link) = page(client.account_changes(&columns, &currencies, ReadFrom::Start).await.unwrap());
    let id = cloud
        .organization
        .create_account(
            "Acme B.V.",
            &json!({
                "accountnumber": "A-17", "emailaddress1": "a@acme.nl", "description": "NL001234567B01",
                "address1_line1": "Dock 1", "address1_city": "Rotterdam", "address1_addresstypecode": 2,
                "address2_line1": "Desk 2", "address2_line3": "Third", "address2_postalcode": "1011 AA", "address2_country": "Netherlands"
            }),
        )
        .unwrap();
    let (accounts, _) = page(client.account_changes(&columns, &currencies, ReadFrom::Link(&link)).await.unwrap());
    let [account] = accounts.as_slice() else { panic!("{accounts:?}") };
    assert_eq!((account.id, account.name.as_str(), account.number.as_deref()), (id, "Acme B.V.", Some("A-17")));
    assert_eq!(account.vat_number.as_deref(), Some("NL001234567B01"));
    let billing = account.billing_address.as_ref().unwrap();
    assert_eq!((billing.lines.join("|").as_str(), billing.postcode.as_deref()), ("Desk 2|Third", Some("1011 AA")));
    assert_eq!(account.shipping_address.as_ref().unwrap().city.as_deref(), Some("Rotterdam"));
    assert!(account.is_active && !account.is_marked && account.merged_into.is_none() && account.owner.is_some());
    let since = account.modified_at.unwrap();
    let (modified, _) =
        page(client.account_changes(&columns, &currencies, ReadFrom::Modified(Some(since))).await.unwrap());
    assert!(modified.contains(account), "by the date of its change");
    let later = ReadFrom::Modified(Some(since + jiff::SignedDuration::from_secs(1)));
    let (modified, _) = page(client.account_changes(&columns, &currencies, later).await.unwrap());
    assert!(modified.is_empty(), "{modified:?}");
    assert!(client.account_ids().await.unwrap().contains(&id));
}

#[tokio::test]
async fn a_contact_names_its_account_and_no_other_contact_c27() {
    let cloud = Cloud::quick().await;
    let client = cloud.client();
    cloud.organization.track_changes("contact");
    let account = cloud.organization.create_account("Acme B.V.", &json!({})).unwrap();
    let (_, link) = page(client.contact_changes(ReadFrom::Start).await.unwrap());
    let first = cloud
        .organization
        .create_contact(account, &json!({"lastname": "Jansen", "emailaddress1": "j@acme.nl"}))
        .unwrap();
    let of_contact = json!({"lastname": "Child", "parentcustomerid_contact@odata.bind": format!("/contacts({first})")});
    cloud.organization.create("contact", &of_contact).unwrap();
    let (mut contacts, _) = page(client.contact_changes(ReadFrom::Link(&link)).await.unwrap());
    contacts.sort_by_key(|contact| contact.last_name.clone());
    let told: Vec<_> = contacts.iter().map(|contact| (contact.last_name.as_deref(), contact.account)).collect();
    assert_eq!(told, [(Some("Child"), None), (Some("Jansen"), Some(account))]);
}

#[tokio::test]
async fn a_quote_comes_with_lines_amounts_and_state_c29() {
    let cloud = Cloud::quick().await;
    let client = cloud.client();
    cloud.organization.track_changes("quote");
    let (currencies, zone) = (client.currencies().await.unwrap(), TimeZone::get("Europe/Amsterdam").unwrap());
    let context = QuoteContext { currencies: &currencies, time_zone: &zone };
    let account = cloud.organization.create_account("Acme B.V.", &json!({})).unwrap();
    let (_, link) = page(client.quote_changes(&context, ReadFrom::Start).await.unwrap());
    let line = QuoteLine::WriteIn { description: "Setup".to_owned(), quantity: 2, price: "120.50".to_owned() };
    let values = json!({"effectiveto": "2027-02-27T23:00:00Z", "billto_city": "Utrecht"});
    let id = cloud.organization.create_quote(account, "Offer", &[line], &values).unwrap();
    let read = async |link: &str| -> CrmQuote {
        let (quotes, _) = page(client.quote_changes(&context, ReadFrom::Link(link)).await.unwrap());
        quotes.into_iter().find(|quote| quote.id == id).unwrap()
    };
    let quote = read(&link).await;
    assert_eq!(
        (quote.account, quote.state, quote.currency),
        (Some(account), CrmQuoteState::Draft, Some(Currency::EUR))
    );
    assert_eq!(quote.valid_to, Some(date(2027, 2, 28)), "the day that somebody in Amsterdam meant (I3)");
    assert_eq!(quote.billing_address.unwrap().city.as_deref(), Some("Utrecht"));
    assert_eq!(quote.net_total, Some(Decimal::from(241)));
    let lines = client.quote_lines(id).await.unwrap();
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((line.description.as_deref(), line.product.as_deref()), (Some("Setup"), None));
    assert_eq!((line.quantity, line.unit_price, line.discount), (Decimal::TWO, Decimal::new(1_205, 1), Decimal::ZERO));
    cloud.organization.win_quote(id).unwrap();
    assert_eq!(read(&link).await.state, CrmQuoteState::Won);
}
