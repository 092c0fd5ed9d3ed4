//! What stands around documents is as determined as they are, leads somewhere, and disturbs none of them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::sandbox::generator::{ChargebeeData, Extent, GeneratorOptions, Size, generate};

fn data(seed: u64) -> ChargebeeData {
    let now = "2027-01-05T08:30:00Z".parse().unwrap();
    let size = Size { customers: 60, invoices: 200 };
    generate(GeneratorOptions { seed, size, now, failures: true, extent: Extent::Whole { first_month: 1 } }).chargebee
}

fn rows(texts: &[String]) -> Vec<Value> {
    texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

fn ids(texts: &[String]) -> BTreeSet<String> {
    rows(texts).iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_same_seed_gives_the_same_surroundings() {
    let all = |data: &ChargebeeData| {
        [&data.payment_sources, &data.promotional_credits, &data.unbilled_charges, &data.customers, &data.subscriptions]
            .map(Clone::clone)
    };
    assert_eq!(all(&data(1)), all(&data(1)));
    assert_ne!(all(&data(1))[0], all(&data(2))[0]);
}

#[test]
fn everything_is_there_and_leads_somewhere() {
    let data = data(1);
    let (customers, subscriptions) = (ids(&data.customers), ids(&data.subscriptions));
    let (items, prices, features) = (ids(&data.items), ids(&data.item_prices), ids(&data.features));
    for texts in [&data.payment_sources, &data.promotional_credits, &data.unbilled_charges] {
        assert!(texts.len() > 3, "{texts:?}");
        assert_eq!(ids(texts).len(), texts.len());
        assert!(rows(texts).iter().all(|row| customers.contains(row["customer_id"].as_str().unwrap())));
    }
    for charge in rows(&data.unbilled_charges) {
        assert!(subscriptions.contains(charge["subscription_id"].as_str().unwrap()));
        assert!(prices.contains(charge["entity_id"].as_str().unwrap()), "{charge}");
    }
    for entitlement in rows(&data.entitlements) {
        let entity = entitlement["entity_id"].as_str().unwrap();
        assert!(items.contains(entity) || prices.contains(entity), "{entity}");
        assert!(features.contains(entitlement["feature_id"].as_str().unwrap()));
    }
    let sources = ids(&data.payment_sources);
    let paid =
        rows(&data.subscriptions).into_iter().filter_map(|row| row["payment_source_id"].as_str().map(str::to_owned));
    assert!(paid.into_iter().all(|source| sources.contains(&source)));
}

#[test]
fn a_customer_owes_what_its_subscriptions_have_gathered_and_has_no_credit() {
    let data = data(1);
    let charges = rows(&data.unbilled_charges);
    for customer in rows(&data.customers) {
        let own = charges.iter().filter(|charge| charge["customer_id"] == customer["id"]);
        let sum: i64 = own.map(|charge| charge["amount"].as_i64().unwrap()).sum();
        assert_eq!(customer["unbilled_charges"].as_i64(), Some(sum), "{}", customer["id"]);
        assert_eq!(customer["promotional_credits"], 0);
    }
}

#[test]
fn what_was_given_up_is_still_told_of_and_nothing_leads_to_it() {
    let data = data(1);
    let ended = |texts: &[String]| rows(texts).iter().filter(|row| row["status"] == "deleted").count();
    let counts = [&data.item_families, &data.items, &data.item_prices, &data.coupons].map(|texts| ended(texts));
    assert_eq!(counts, [1, 3, 3, 1]);
    let gone: BTreeSet<String> = rows(&data.customers)
        .iter()
        .filter(|row| row["deleted"] == true)
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(gone.len(), 1);
    for document in rows(&data.invoices) {
        assert!(!gone.contains(document["customer_id"].as_str().unwrap()), "{}", document["id"]);
    }
}
