//! Whose account a customer's entries go to: found by the mapping's rules in their order, made where none fits, and never
//! guessed (E1, P12); only its own data is sent later (E14, P5).

use koppel::sandbox::exact::BookedAccount;
use koppel::sandbox::exact::seed::Account;
use serde_json::{Value, json};

use super::world::{DIVISION, World, text};

const VAT_NUMBER: &str = "NL004495445B01";
const OTHER_VAT_NUMBER: &str = "NL136695976B01";
const CHAMBER_NUMBER: &str = "30412255";
const EMAIL: &str = "administratie@klaver.example";

/// A world with a Dutch customer that every rule could find, and the number of one of its invoices.
async fn world_with_customer() -> (World, String, String) {
    let world = World::clean().await;
    let number = dutch_invoice(&world);
    let customer = text(&world.invoice(&number), "customer_id");
    let facts = json!({"vat_number": VAT_NUMBER, "cf_kvk": CHAMBER_NUMBER, "email": EMAIL, "cf_exact_account": null});
    world.chargebee.update_customer(&customer, &facts).unwrap();
    (world, customer, number)
}

fn dutch_invoice(world: &World) -> String {
    let numbers = world.in_scope().into_keys();
    let mut dutch = numbers.filter(|number| world.invoice(number)["billing_address"]["country"] == "NL");
    dutch.next().expect("a Dutch customer")
}

fn known(name: &str) -> Account {
    Account { name: name.to_owned(), status: 'C', country: "NL".to_owned(), ..Account::default() }
}

fn by_vat_number() -> Account {
    Account { vat_number: Some("NL0044.95.445.B01".to_owned()), ..known("By its VAT number") }
}

fn by_chamber_number() -> Account {
    Account { chamber_of_commerce: Some("3041 2255".to_owned()), ..known("By its chamber number") }
}

fn by_email() -> Account {
    Account { email: Some("Administratie@Klaver.example".to_owned()), ..known("By its address") }
}

/// The accounts that were made for a customer: they bear its id.
fn made_for(world: &World, customer: &str) -> Vec<BookedAccount> {
    let mut accounts = world.exact.accounts(DIVISION);
    accounts.retain(|account| account.search_code.eq_ignore_ascii_case(customer));
    accounts
}

#[tokio::test]
async fn each_rule_alone_finds_the_account_however_its_facts_are_spelled() {
    for account in [by_vat_number(), by_chamber_number(), by_email()] {
        let (world, customer, number) = world_with_customer().await;
        let name = account.name.clone();
        let id = world.exact.add_account(DIVISION, account);
        world.run_to_end().await;
        assert_eq!(world.account_of(&number), id, "{name}");
        assert_eq!(made_for(&world, &customer), [], "{name}: a second account was made");
    }
}

#[tokio::test]
async fn the_customers_own_pointer_outweighs_what_else_would_fit() {
    let (world, customer, number) = world_with_customer().await;
    let pointed = world.exact.add_account(DIVISION, known("Pointed to"));
    world.exact.add_account(DIVISION, by_vat_number());
    world.chargebee.update_customer(&customer, &json!({"cf_exact_account": pointed.to_string()})).unwrap();
    world.run_to_end().await;
    assert_eq!(world.account_of(&number), pointed);
}

#[tokio::test]
async fn the_rules_hold_in_the_order_that_the_mapping_gives_them() {
    for (order, first) in [("VatNumber, ChamberOfCommerce, Email", 0), ("Email, ChamberOfCommerce, VatNumber", 1)] {
        let (mut world, _, number) = world_with_customer().await;
        world.edit("VatNumber, ChamberOfCommerce, Email]", &format!("{order}]"));
        let accounts = [by_vat_number(), by_email()].map(|account| world.exact.add_account(DIVISION, account));
        world.run_to_end().await;
        assert_eq!(world.account_of(&number), accounts[first], "{order}");
    }
}

#[tokio::test]
async fn a_rule_that_the_mapping_leaves_out_finds_nothing() {
    let (mut world, customer, number) = world_with_customer().await;
    world.edit("[Pointer, VatNumber, ChamberOfCommerce, Email]", "[Pointer, VatNumber]");
    let by_email = world.exact.add_account(DIVISION, by_email());
    world.run_to_end().await;
    let made = made_for(&world, &customer);
    assert_eq!(made.len(), 1, "{made:?}");
    assert_eq!(world.account_of(&number), made[0].id);
    assert_ne!(made[0].id, by_email);
}

#[tokio::test]
async fn two_accounts_that_fit_hold_the_documents_until_a_person_has_merged_them() {
    let (world, customer, number) = world_with_customer().await;
    let twins = ["One", "Two"].map(|name| Account { name: name.to_owned(), ..by_vat_number() });
    let [one, two] = twins.map(|account| world.exact.add_account(DIVISION, account));
    world.run_to_end().await;
    let held = world.held().await;
    let hold = &held[&number].hold;
    assert_eq!(hold.reason.as_str(), "CustomerAmbiguous");
    assert!(hold.message.contains("(One)") && hold.message.contains("(Two)"), "{}", hold.message);
    assert_eq!(made_for(&world, &customer), []);
    world.assert_books_equal().await;
    world.exact.merge_accounts(DIVISION, two, one);
    world.a_minute_passes();
    world.run_to_end().await;
    assert_eq!((world.reason(&number).await, world.account_of(&number)), (None, one));
}

#[tokio::test]
async fn an_address_that_fits_while_the_vat_numbers_differ_is_no_match() {
    let (world, customer, number) = world_with_customer().await;
    let other = Account { vat_number: Some(OTHER_VAT_NUMBER.to_owned()), ..by_email() };
    world.exact.add_account(DIVISION, other);
    world.run_to_end().await;
    let held = world.held().await;
    let hold = &held[&number].hold;
    assert_eq!(hold.reason.as_str(), "CustomerAmbiguous");
    assert!(hold.message.contains(VAT_NUMBER) && hold.message.contains(OTHER_VAT_NUMBER), "{}", hold.message);
    assert_eq!(made_for(&world, &customer), []);
}

#[tokio::test]
async fn under_the_policy_hold_no_account_is_made() {
    let (mut world, customer, number) = world_with_customer().await;
    world.edit("    deferredRevenue: Enabled", "    unmatchedCustomer: Hold\n    deferredRevenue: Enabled");
    world.run_to_end().await;
    assert_eq!(world.posts("crm/Accounts"), 0);
    assert_eq!(world.reason(&number).await.as_deref(), Some("CustomerAmbiguous"));
    let marked = Account { search_code: Some(customer), ..known("Found by hand") };
    let marked = world.exact.add_account(DIVISION, marked);
    world.a_minute_passes();
    world.run_to_end().await;
    assert_eq!((world.reason(&number).await, world.account_of(&number)), (None, marked));
}

#[tokio::test]
async fn an_account_that_is_made_has_the_customers_data_and_is_kept_equal() {
    let (mut world, customer, _) = world_with_customer().await;
    let mapped = "    chamberOfCommerceField: cf_kvk\n    fields: {Website: cf_website}\n";
    world.edit("    chamberOfCommerceField: cf_kvk\n", mapped);
    world.chargebee.update_customer(&customer, &json!({"cf_website": "https://klaver.example"})).unwrap();
    world.run_to_end().await;
    let made = made_for(&world, &customer).remove(0);
    assert_eq!((made.status.as_str(), made.country.as_str()), ("C", "NL"));
    assert_eq!((made.vat_number.as_str(), made.email.as_str()), (VAT_NUMBER, EMAIL));
    assert_eq!((made.chamber_of_commerce.as_str(), made.website.as_str()), (CHAMBER_NUMBER, "https://klaver.example"));
    let entries = world.entries();
    let changes: Value = json!({"cf_website": "https://nieuw.example", "email": "nieuw@klaver.example"});
    world.a_minute_passes();
    world.chargebee.update_customer(&customer, &changes).unwrap();
    world.run_to_end().await;
    assert_eq!(world.writes(), ["PUT crm/Accounts 204"]);
    let kept = made_for(&world, &customer).remove(0);
    assert_eq!((kept.website.as_str(), kept.email.as_str()), ("https://nieuw.example", "nieuw@klaver.example"));
    assert_eq!((kept.id, kept.vat_number), (made.id, made.vat_number));
    assert_eq!(world.entries(), entries, "what is booked is not rewritten");
}
