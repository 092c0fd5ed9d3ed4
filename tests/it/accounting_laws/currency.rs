//! Foreign currency: which journal takes it, whose rate is stated, and which way round it is (design §6).

use koppel::domain::invoice::{Invoice, StatedRate};
use koppel::domain::money::{Amount, Currency};
use rstest::rstest;

use super::world::*;

type Change = fn(&mut World);

fn currency(code: &str) -> Currency {
    Currency::from_code(code).unwrap()
}

/// 121.00 dollars from a site that keeps its own figures in `base`, at the rate that it states.
fn dollars(base: &str, rate: &str) -> Invoice {
    Invoice {
        currency: currency("USD"),
        exchange_rate: Some(percent(rate)),
        base_currency: Some(base.to_owned()),
        ..plain()
    }
}

fn stating(currency: &str, value: &str, invoice: Invoice) -> Invoice {
    let stated_rates = vec![StatedRate { currency: currency.to_owned(), value: percent(value) }];
    Invoice { stated_rates, ..invoice }
}

fn same(_: &mut World) {}

fn books_in(code: &'static str) -> impl Fn(&mut World) {
    move |world| {
        world.master.currency = Some(currency(code));
        world.master.journals.get_mut("70").unwrap().currency = None;
    }
}

// Amounts stay the document's own; what is told beside them is the rate, and why it is that one.
#[rstest]
#[case::chargebee_s_own(
    same,
    dollars("EUR", "0.920"),
    Some("0.92"),
    "1 USD = 0.92 EUR, Chargebee's rate of the invoice; the total is 111.32 EUR"
)]
#[case::confirmed_by_another_statement(
    same,
    stating("EUR", "0.9187", dollars("EUR", "0.920")),
    Some("0.92"),
    "1 USD = 0.92 EUR, Chargebee's rate of the invoice"
)]
#[case::stated_the_other_way_round(
    same,
    stating("EUR", "0.8", dollars("EUR", "1.25")),
    Some("0.8"),
    "Chargebee's rate of the invoice, stated as 1.25 the other way round"
)]
#[case::contradicted(same, stating("EUR", "0.5", dollars("EUR", "0.920")), None, "states both 0.92 and 0.5")]
#[case::site_of_another_currency(same, dollars("GBP", "0.79"), None, "states a rate into GBP and none into EUR")]
#[case::site_of_another_currency_that_states_ours(
    same,
    stating("EUR", "0.92", dollars("GBP", "0.79")),
    Some("0.92"),
    "the rate into EUR that the invoice states"
)]
#[case::no_base_currency(same, Invoice { base_currency: None, ..dollars("EUR", "0.92") }, None, "into no currency")]
#[case::rate_of_nothing(same, dollars("EUR", "0"), None, "none into EUR")]
#[case::not_wanted(
    |w: &mut World| w.rules.send_exchange_rate = false, dollars("EUR", "0.92"), None, "sendExchangeRate of EntityMapping wolkwerk is false"
)]
#[case::not_allowed(
    |w: &mut World| w.master.journals.get_mut("70").unwrap().allows_rate = false, dollars("EUR", "0.92"), None, "journal 70 allows no other"
)]
fn the_rate_is_stated_only_where_it_means_something(
    #[case] change: Change,
    #[case] invoice: Invoice,
    #[case] rate: Option<&str>,
    #[case] why: &str,
) {
    let planned = World::with(change).book(&invoice);
    let words = planned.conversion.as_ref().expect("a conversion").words();
    assert_eq!(planned.entry.rate, rate.map(percent), "{words}");
    assert!(words.contains(why), "{words}");
    assert_eq!(words.contains("Exact Online's own rate"), rate.is_none(), "{words}");
    assert_eq!(planned.entry.currency, invoice.currency);
    assert_eq!(planned.entry.total(), invoice.total, "I2: in the document's currency");
}

/// Three lines of one cent at a rate of a half: each becomes a cent, the whole becomes two.
#[test]
fn what_rounding_line_by_line_makes_of_difference_is_told() {
    let lines = ["team-eur-monthly", "seats-eur-monthly", "migration-eur"].map(|price| untaxed_line(price, 1, None));
    let zero =
        vat_row(9, "0", koppel::accounting::rulebook::VatWhen { rate: Some(percent("0")), ..Default::default() });
    let world = World::with(|world| {
        world.rules.vat.push(zero);
        world.rules.revenue.push(account_rule("dns", Default::default(), "8090"));
    });
    let cents = Invoice { lines: lines.to_vec(), ..invoice(lines.to_vec()) };
    let planned = world.book(&Invoice { currency: currency("USD"), exchange_rate: Some(percent("0.5")), ..cents });
    let conversion = planned.conversion.expect("a conversion");
    assert_eq!((conversion.total, conversion.rounding), (Some(Amount(2)), Some(Amount(-1))));
    assert!(conversion.words().ends_with("the total is 0.02 EUR, -0.01 EUR of it by rounding each line"));
}

#[test]
fn the_books_own_currency_has_no_rate_whatever_the_site_s_is() {
    let planned = World::new().book(&Invoice {
        base_currency: Some("USD".into()),
        exchange_rate: Some(percent("1.09")),
        ..plain()
    });
    assert_eq!((planned.entry.rate, planned.conversion), (None, None));
}

/// Books in dollars: there a document in dollars is domestic money, and one in euros the foreign one.
#[test]
fn each_administration_has_a_currency_of_its_own() {
    let world = World::with(books_in("USD"));
    assert_eq!(world.book(&dollars("EUR", "0.92")).conversion, None);
    let euros = Invoice { exchange_rate: Some(percent("1")), ..plain() };
    let planned = world.book(&euros);
    assert_eq!(planned.entry.rate, None, "the site's base currency is not that of these books");
    let planned = world.book(&stating("USD", "1.09", euros));
    assert_eq!(planned.entry.rate, Some(percent("1.09")));
}

/// Yen have no minor unit: the total in them is whole.
#[test]
fn books_without_minor_units_are_rounded_to_whole_ones() {
    let world = World::with(books_in("JPY"));
    let planned = world.book(&stating("JPY", "162.337", plain()));
    let conversion = planned.conversion.expect("a conversion");
    assert_eq!(conversion.total.map(|total| total.display(conversion.books)), Some("19643 JPY".to_owned()));
}

// Which journal takes which currency.
#[rstest]
#[case::any(same, "USD", true)]
#[case::only_the_books(|w: &mut World| only_own(w, None), "USD", false)]
#[case::only_the_books_own(|w: &mut World| only_own(w, None), "EUR", true)]
#[case::a_dollar_journal(|w: &mut World| only_own(w, Some("USD")), "USD", true)]
#[case::a_dollar_journal_takes_no_euros(|w: &mut World| only_own(w, Some("USD")), "EUR", false)]
fn a_journal_takes_its_own_currency_and_others_where_it_may(
    #[case] change: Change,
    #[case] code: &str,
    #[case] taken: bool,
) {
    let world = World::with(change);
    let invoice = Invoice { currency: currency(code), ..plain() };
    if taken {
        assert_eq!(world.book(&invoice).entry.currency.code(), code);
    } else {
        assert_eq!(world.hold(&invoice).reason.as_str(), "CurrencyNotAllowed");
    }
}

fn only_own(world: &mut World, code: Option<&str>) {
    let journal = world.master.journals.get_mut("70").unwrap();
    journal.allows_other_currencies = false;
    journal.currency = code.map(currency);
}
