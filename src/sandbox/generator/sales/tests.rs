//! What sales keeps is as determined as the documents are, and has every case at any size.

use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::Value;

use super::{Fate, Sales, Trace};
use crate::sandbox::generator::{Extent, GeneratorOptions, Size, World, generate};

fn world(seed: u64, customers: usize, extent: Extent) -> World {
    let now = "2027-01-05T08:30:00Z".parse().unwrap();
    let size = Size { customers, invoices: customers * 4 };
    generate(GeneratorOptions { seed, size, now, failures: true, extent })
}

fn sales(seed: u64) -> Sales {
    world(seed, 60, Extent::Whole { first_month: 7 }).sales
}

#[test]
fn the_same_seed_gives_the_same_sales_and_another_one_others() {
    assert_eq!(sales(1), sales(1));
    assert_ne!(sales(1).accounts, sales(2).accounts);
}

#[rstest]
#[case(24, Extent::Invoices)]
#[case(60, Extent::Whole { first_month: 7 })]
#[case(300, Extent::Whole { first_month: 1 })]
fn every_case_is_there(#[case] customers: usize, #[case] extent: Extent) {
    for seed in 1..6 {
        let sales = world(seed, customers, extent).sales;
        let traces: BTreeSet<Trace> = sales.accounts.iter().map(|account| account.trace).collect();
        assert_eq!(traces, Trace::ALL.into(), "seed {seed}");
        let fates: BTreeSet<Fate> = sales.quotes().map(|(_, quote)| quote.fate).collect();
        assert_eq!(fates, Fate::ALL.into(), "seed {seed}");
        let won_by_strangers = |(account, quote): (&super::SalesAccount, &super::SalesQuote)| {
            account.trace == Trace::Unknown && quote.fate == Fate::Won
        };
        assert!(sales.quotes().any(won_by_strangers), "seed {seed}");
    }
}

#[test]
fn a_mark_is_one_customers_and_two_accounts_bear_the_ambiguous_ones() {
    let world = world(1, 60, Extent::Whole { first_month: 7 });
    let customers: Vec<Value> =
        world.chargebee.customers.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    let ids: BTreeSet<&str> = customers.iter().map(|customer| customer["id"].as_str().unwrap()).collect();
    let sales = world.sales;
    assert!(sales.known().len() >= 8, "{}", sales.known().len());
    assert!(sales.known().keys().chain(&sales.ambiguous()).all(|customer| ids.contains(customer)));
    for account in &sales.accounts {
        let own = [&account.number, &account.vat_number, &account.pointer, &account.website];
        let others = sales.accounts.iter().filter(|other| other.id != account.id);
        let shared = others.filter(|other| {
            let theirs = [&other.number, &other.vat_number, &other.pointer, &other.website];
            own.iter().zip(theirs).any(|(own, their)| own.is_some() && **own == *their)
        });
        let expected = usize::from(account.trace == Trace::Ambiguous);
        assert_eq!(shared.count(), expected, "{} {:?}", account.name, account.trace);
    }
}

#[test]
fn what_is_quoted_is_offered_in_that_unit() {
    let sales = sales(1);
    for (account, quote) in sales.quotes() {
        for line in &quote.lines {
            let product = sales.products.iter().find(|product| product.number == line.product);
            let prices = &product.unwrap_or_else(|| panic!("{}", line.product)).prices;
            assert!(
                prices.iter().any(|price| price.unit == line.unit && price.currency == account.currency),
                "{line:?}"
            );
        }
    }
}

#[test]
fn numbers_of_products_are_ids_of_item_prices_but_for_the_two_of_its_own() {
    let world = world(1, 24, Extent::Invoices);
    let prices: BTreeSet<String> = world
        .chargebee
        .item_prices
        .iter()
        .map(|text| serde_json::from_str::<Value>(text).unwrap()["id"].as_str().unwrap().to_owned())
        .collect();
    let strange = world.sales.products.iter().map(|product| product.number.as_str());
    let strange: Vec<&str> = strange.filter(|number| !prices.contains(*number)).collect();
    assert_eq!(strange, [super::products::BY_UNIT, super::products::BESPOKE]);
}
