//! Each kind from its JSON, with every link, and what is wrong in a row named.

use jiff::Timestamp;
use rstest::rstest;
use rust_decimal::Decimal;

use super::*;
use crate::crm::check;
use crate::domain::money::{Amount, Currency};
use crate::domain::record::{Link, Value};

fn read(list: RecordList, json: &str) -> Vec<Record> {
    let records = (list.reader().read)("x", json).unwrap_or_else(|hold| panic!("{}", hold.message));
    for record in &records {
        assert_eq!(check(record), [], "{record:?}");
    }
    records
}

fn text(record: &Record, field: &str) -> String {
    match record.values.get(field) {
        Some(Value::Text(text)) => text.clone(),
        other => panic!("{field} of {} is {other:?}", record.id),
    }
}

fn link(kind: RecordKind, id: &str) -> Link {
    Link { kind, id: id.to_owned() }
}

#[test]
fn an_item_is_a_plan_an_add_on_or_a_charge() {
    let of = |sort: &str| {
        read(
            RecordList::Items,
            &format!(r#"{{"id":"x","name":"Team","type":"{sort}","item_family_id":"f","is_giftable":false}}"#),
        )
    };
    let kinds = ["plan", "addon", "charge", "bundle"].map(|sort| of(sort)[0].kind);
    assert_eq!(kinds, [RecordKind::Plan, RecordKind::AddOn, RecordKind::Charge, RecordKind::Charge]);
    let plan = &of("plan")[0];
    assert_eq!(plan.links["item_family"], link(RecordKind::ItemFamily, "f"));
    assert_eq!(plan.values.get("giftable"), Some(&Value::Flag(false)));
    assert_eq!(plan.values.get("shippable"), None, "what is not said is empty");
}

#[test]
fn a_price_with_tiers_is_followed_by_them() {
    let json = r#"{"id":"gold/eur","name":"Gold EUR","item_id":"gold","item_type":"addon","item_family_id":"f",
        "currency_code":"EUR","pricing_model":"tiered","period":1,"period_unit":"month","status":"deleted","updated_at":1700000000,
        "tax_detail":{"tax_profile_id":"tp"},"accounting_detail":{"sku":"G","accounting_code":"8000"},
        "tiers":[{"starting_unit":1,"ending_unit":10,"price":500},{"starting_unit":11,"starting_unit_in_decimal":"10.5","price":400}]}"#;
    let reader = RecordList::ItemPrices.reader();
    let records = (reader.read)("gold/eur", json).unwrap();
    let ids: Vec<_> = records.iter().map(|record| (record.kind, record.id.as_str(), record.deleted)).collect();
    let tier = RecordKind::PriceTier;
    assert_eq!(
        ids,
        [(RecordKind::ItemPrice, "gold/eur", true), (tier, "gold%2Feur/1", true), (tier, "gold%2Feur/10.5", true)]
    );
    assert_eq!(records[0].links["add_on"], link(RecordKind::AddOn, "gold"));
    assert_eq!((text(&records[0], "sku"), text(&records[0], "tax_profile")), ("G".to_owned(), "tp".to_owned()));
    assert_eq!(records[2].values["starting_unit"], Value::Decimal("10.5".parse().unwrap()));
    assert_eq!(records[1].values["price"], Value::Money(Amount(500)));
    assert_eq!(
        (records[1].currency, records[1].updated_at),
        (Some(Currency::EUR), Timestamp::from_second(1_700_000_000).ok())
    );
    assert_eq!(records[1].links["item_price"], link(RecordKind::ItemPrice, "gold/eur"));
    assert!(records.iter().all(|record| check(record).is_empty()));
}

#[test]
fn an_entitlement_of_an_item_and_of_a_price_of_the_same_id_are_two() {
    let of = |sort: &str| {
        let json = format!(
            r#"{{"id":"e","entity_id":"gold","entity_type":"{sort}","feature_id":"users","feature_name":"Users","value":"5","name":"5 users"}}"#
        );
        read(RecordList::Entitlements, &json).remove(0)
    };
    let (item, price) = (of("addon"), of("addon_price"));
    assert_eq!((item.id.as_str(), price.id.as_str()), ("addon/gold/users", "addon_price/gold/users"));
    assert_eq!(item.links["add_on"], link(RecordKind::AddOn, "gold"));
    assert_eq!(price.links["item_price"], link(RecordKind::ItemPrice, "gold"));
    assert_eq!(text(&item, "name"), "gold: Users 5 users");
}

#[test]
fn a_customer_carries_its_vat_number_whole_and_its_own_fields() {
    let json = r#"{"id":"x","company":"Boom","vat_number":"853639814B01","preferred_currency_code":"EUR","excess_payments":250,
        "billing_address":{"line1":"Straat 1","zip":"1015 CJ","city":"Amsterdam","country":"NL"},"net_term_days":30,
        "relationship":{"parent_id":"mother"},"cf_kvk":"12345678","cf_vip":true,"business_entity_id":"de","resource_version":1700000000123}"#;
    let [customer] = read(RecordList::Customers, json).try_into().unwrap();
    assert_eq!(text(&customer, "vat_number"), "NL853639814B01");
    assert_eq!(text(&customer, "custom_fields"), "cf_kvk: 12345678\ncf_vip: true");
    assert_eq!((text(&customer, "billing_line1"), text(&customer, "name")), ("Straat 1".to_owned(), "Boom".to_owned()));
    assert_eq!(customer.values["excess_payments"], Value::Money(Amount(250)));
    assert_eq!(customer.values["net_term_days"], Value::Integer(30));
    assert_eq!(customer.links["parent"], link(RecordKind::Customer, "mother"));
    assert_eq!((customer.business_entity.as_deref(), customer.resource_version), (Some("de"), Some(1_700_000_000_123)));
}

#[test]
fn a_customer_without_a_currency_has_no_balances_or_takes_the_first_ones() {
    let [bare] =
        read(RecordList::Customers, r#"{"id":"x","first_name":"Jo","promotional_credits":0}"#).try_into().unwrap();
    assert_eq!((bare.values.get("promotional_credits"), text(&bare, "name").as_str()), (None, "Jo"));
    let json = r#"{"id":"x","promotional_credits":300,"balances":[{"currency_code":"USD"}]}"#;
    let [told] = read(RecordList::Customers, json).try_into().unwrap();
    assert_eq!(
        (told.currency, &told.values["promotional_credits"]),
        (Currency::from_code("USD"), &Value::Money(Amount(300)))
    );
}

#[test]
fn payment_sources_of_both_sorts_show_what_people_know_them_by() {
    let json = r#"{"id":"x","customer_id":"c","type":"card","gateway":"stripe","reference_id":"cus_1/card_1","status":"valid","deleted":true,
        "card":{"brand":"visa","last4":"4242","expiry_month":5,"expiry_year":2030,"first_name":"Jo","last_name":"Vos"}}"#;
    let [card] = read(RecordList::PaymentSources, json).try_into().unwrap();
    assert_eq!(
        (text(&card, "name"), text(&card, "holder"), card.deleted),
        ("card 4242".to_owned(), "Jo Vos".to_owned(), true)
    );
    let json = r#"{"id":"x","customer_id":"c","type":"direct_debit","bank_account":{"last4":"9876","name_on_account":"Boom B.V.",
        "bank_name":"ING","mandate_id":"m1"}}"#;
    let [account] = read(RecordList::PaymentSources, json).try_into().unwrap();
    assert_eq!(
        (text(&account, "name"), text(&account, "holder")),
        ("direct debit 9876".to_owned(), "Boom B.V.".to_owned())
    );
}

#[test]
fn a_subscription_is_followed_by_its_items_the_second_of_a_price_apart() {
    let json = r#"{"id":"x","customer_id":"c","currency_code":"EUR","status":"active","payment_source_id":"pm","exchange_rate":1.0,
        "coupons":[{"coupon_id":"A"},{"coupon_id":"B"}],"subscription_items":[
        {"item_price_id":"seats","item_type":"addon","quantity":2,"unit_price":725},
        {"item_price_id":"team","item_type":"plan","quantity":1,"unit_price":4950,"amount":4950},
        {"item_price_id":"seats","item_type":"addon","quantity_in_decimal":"1.5","unit_price":700}]}"#;
    let records = read(RecordList::Subscriptions, json);
    let ids: Vec<_> = records.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(ids, ["x", "x/seats", "x/team", "x/seats#2"]);
    assert_eq!((text(&records[0], "coupons"), text(&records[0], "name")), ("A\nB".to_owned(), "team (x)".to_owned()));
    assert_eq!(records[0].links["plan_price"], link(RecordKind::ItemPrice, "team"));
    assert_eq!(records[3].values["quantity"], Value::Decimal("1.5".parse().unwrap()));
    assert_eq!(records[3].links["subscription"], link(RecordKind::Subscription, "x"));
}

#[test]
fn documents_are_followed_by_their_lines() {
    let json = r#"{"id":"x","customer_id":"c","subscription_id":"s","currency_code":"EUR","status":"paid","date":1700000000,"total":12100,
        "exchange_rate":1.0,"notes":[{"note":"Thank you"},{"note":"Bye"}],
        "billing_address":{"first_name":"Jo","last_name":"Vos","line1":"Straat 1","zip":"1015","city":"Amsterdam","country":"NL"},
        "line_items":[{"id":"li_1","entity_type":"plan_item_price","entity_id":"team","quantity":3,"unit_amount":4950,"amount":14850,"tax_rate":21.0},
        {"id":"li_2","entity_type":"adhoc","description":"Travel","amount":100,"unit_amount":100,"quantity":1}]}"#;
    let records = read(RecordList::Invoices, json);
    assert_eq!(records.iter().map(|record| record.id.as_str()).collect::<Vec<_>>(), ["x", "x/li_1", "x/li_2"]);
    assert_eq!(text(&records[0], "billing_address"), "Jo Vos\nStraat 1\n1015 Amsterdam\nNL");
    assert_eq!(
        (text(&records[0], "notes"), text(&records[0], "billing_name")),
        ("Thank you\nBye".to_owned(), "Jo Vos".to_owned())
    );
    assert_eq!(records[1].links["item_price"], link(RecordKind::ItemPrice, "team"));
    assert_eq!(records[1].values["tax_rate"], Value::Decimal(Decimal::new(210, 1)));
    assert_eq!((records[2].links.get("item_price"), &records[2].values["position"]), (None, &Value::Integer(2)));
    let note = r#"{"id":"x","customer_id":"c","reference_invoice_id":"INV-1","currency_code":"EUR","create_reason_code":"Write Off",
        "total":100,"notes":["So it is"],"line_items":null}"#;
    let [note] = read(RecordList::CreditNotes, note).try_into().unwrap();
    assert_eq!(note.links["invoice"], link(RecordKind::Invoice, "INV-1"));
    assert_eq!((text(&note, "notes"), text(&note, "reason")), ("So it is".to_owned(), "Write Off".to_owned()));
}

#[test]
fn transactions_are_payments_refunds_or_nothing_that_a_crm_keeps() {
    let of = |sort: &str, more: &str| {
        read(
            RecordList::Transactions,
            &format!(r#"{{"id":"x","customer_id":"c","type":"{sort}","currency_code":"EUR","amount":500{more}}}"#),
        )
    };
    assert_eq!(of("authorization", "").len(), 0);
    let one = r#","linked_invoices":[{"invoice_id":"INV-1","applied_amount":500}]"#;
    assert_eq!(of("payment", one)[0].links["invoice"], link(RecordKind::Invoice, "INV-1"));
    let two = r#","linked_invoices":[{"invoice_id":"INV-1","applied_amount":300},{"invoice_id":"INV-2","applied_amount":200}]"#;
    let paid = &of("payment", two)[0];
    assert_eq!(
        (paid.links.get("invoice"), text(paid, "applied_to").as_str()),
        (None, "INV-1 3.00 EUR\nINV-2 2.00 EUR")
    );
    let back = r#","refunded_txn_id":"txn_1","linked_credit_notes":[{"cn_id":"CN-1","applied_amount":500}]"#;
    let refund = &of("refund", back)[0];
    assert_eq!((refund.kind, &refund.links["payment"]), (RecordKind::Refund, &link(RecordKind::Payment, "txn_1")));
    assert_eq!(refund.links["credit_note"], link(RecordKind::CreditNote, "CN-1"));
    let reversal = &of("payment_reversal", r#","reference_transaction_id":"txn_2""#)[0];
    assert_eq!(
        (text(reversal, "refund_type").as_str(), &reversal.links["payment"]),
        ("payment_reversal", &link(RecordKind::Payment, "txn_2"))
    );
}

#[test]
fn credits_and_charges_that_wait_name_their_customer() {
    let json = r#"{"id":"x","customer_id":"c","type":"increment","amount":300,"currency_code":"USD","description":"A gift","closing_balance":300,"created_at":1700000000}"#;
    let [credit] = read(RecordList::PromotionalCredits, json).try_into().unwrap();
    assert_eq!((text(&credit, "movement"), text(&credit, "name")), ("increment".to_owned(), "A gift".to_owned()));
    let json = r#"{"id":"x","customer_id":"c","subscription_id":"s","entity_type":"addon_item_price","entity_id":"seats","amount":725,
        "currency_code":"EUR","quantity":1,"is_voided":false}"#;
    let [charge] = read(RecordList::UnbilledCharges, json).try_into().unwrap();
    assert_eq!(charge.links["item_price"], link(RecordKind::ItemPrice, "seats"));
    assert_eq!((&charge.values["voided"], text(&charge, "name").as_str()), (&Value::Flag(false), "x"));
}

#[rstest]
#[case(
    RecordList::Invoices,
    r#"{"id":"x","currency_code":"EUR","total":10.5}"#,
    "invoice x has total 10.5, which is no whole number"
)]
#[case(RecordList::Invoices, r#"{"id":"x","total":1000}"#, "invoice x has total and names no currency")]
#[case(RecordList::Invoices, r#"{"id":"x","currency_code":"XXQ"}"#, "is in currency XXQ, which ISO 4217 does not know")]
#[case(RecordList::Invoices, r#"{"id":"x","date":99999999999999}"#, "has date 99999999999999, which is no time")]
#[case(RecordList::Invoices, r#"{"id":"x","line_items_next_offset":"7"}"#, "more lines than one answer")]
#[case(RecordList::Invoices, r#"{"id":"x","line_items":{"a":1}}"#, "has line_items that are no list")]
#[case(
    RecordList::Subscriptions,
    r#"{"id":"x","exchange_rate":"much"}"#,
    "has exchange_rate \"much\", which is no number"
)]
#[case(
    RecordList::Subscriptions,
    r#"{"id":"x","subscription_items":[{"quantity":1}]}"#,
    "has an item of no item price"
)]
#[case(RecordList::Entitlements, r#"{"id":"x","feature_id":"f"}"#, "entitlement x is of no item")]
#[case(RecordList::Customers, "[]", "customer x cannot be read")]
fn what_is_wrong_in_a_row_is_named_with_its_value(#[case] list: RecordList, #[case] json: &str, #[case] why: &str) {
    let hold = (list.reader().read)("x", json).unwrap_err();
    assert!(hold.message.contains(why), "{}", hold.message);
    assert!(hold.remedy.contains('x') && hold.reason == HoldReason::RejectedByTarget);
}

#[test]
fn an_empty_row_of_every_list_is_taken_with_what_it_has() {
    for list in RecordList::ALL.into_iter().filter(|list| *list != RecordList::Entitlements) {
        let records = read(list, r#"{"id":"x","brand_new":{"a":[1]},"status":"hibernating"}"#);
        assert_eq!(records.len(), usize::from(list != RecordList::Transactions), "{list:?}");
        assert!(records.iter().all(|record| list.kinds().contains(&record.kind)));
    }
    let all: std::collections::BTreeSet<_> = RecordList::ALL.iter().flat_map(|list| list.kinds()).copied().collect();
    assert_eq!(all.into_iter().collect::<Vec<_>>(), RecordKind::ALL, "every kind comes from one list");
}
