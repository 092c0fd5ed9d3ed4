//! What a quote becomes, and what cannot become anything.

use jiff::civil::date;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::domain::offer::{Bounded, QuoteDiscount, QuoteKind, QuoteLine};

fn active(lines: Vec<CrmQuoteLine>) -> CrmQuote {
    quote(CrmQuoteState::Active, lines)
}

fn item(item_price: &str, quantity: u32, unit_price: i64) -> QuoteLine {
    QuoteLine::Item { item_price: item_price.to_owned(), quantity, unit_price: Some(Amount(unit_price)) }
}

fn made(quote: &CrmQuote) -> QuoteDraft {
    in_context(|context| draft(quote, context)).unwrap()
}

#[test]
fn a_plan_with_what_goes_with_it_is_a_subscription() {
    let lines = vec![
        line(1, Some("TEAM"), "3", "49.50"),
        line(2, Some("SEATS"), "10", "7.25"),
        line(3, Some("onboarding-eur"), "1", "400.0000"),
        line(4, Some("storage-eur-monthly"), "12", "4.00"),
    ];
    let mut lines = lines;
    // Ten at 5.00 and two at 3.00.
    lines[3].unit_price = decimal("4.67");
    lines[3].discount = decimal("0.04");
    let draft = made(&active(lines));
    assert_eq!((draft.kind, draft.customer.as_str(), draft.discounts.len()), (QuoteKind::NewSubscription, "cust-1", 0));
    let storage = QuoteLine::Item { item_price: "storage-eur-monthly".to_owned(), quantity: 12, unit_price: None };
    let expected = [
        item("onboarding-eur", 1, 40_000),
        item("seats-eur-monthly", 10, 725),
        storage,
        item("team-eur-monthly", 3, 4950),
    ];
    assert_eq!(draft.lines, expected);
    assert_eq!(draft.expires_at.unwrap().to_string(), "2027-01-31T22:59:59Z", "the last day's end in Amsterdam");
    let name = draft.name.as_str();
    assert!(name.starts_with("QUO-01042 Boomgaard, yearly KQ-") && name.ends_with("-0"), "{name}");
}

#[test]
fn charges_and_lines_by_hand_are_billed_once_with_their_discounts() {
    let mut lines = vec![line(1, Some("onboarding-eur"), "2", "495.00"), line(2, None, "3", "100.00")];
    lines[0].discount = decimal("90.00");
    lines[1].discount = decimal("50.00");
    let quote =
        CrmQuote { discount_percent: Some(decimal("10")), net_total: Some(decimal("1035.0000")), ..active(lines) };
    let draft = made(&quote);
    assert_eq!(draft.kind, QuoteKind::OneOff);
    let by_hand = Bounded::new("3 × What line 2 is about").unwrap().unwrap();
    assert_eq!(
        draft.lines,
        [item("onboarding-eur", 2, 49_500), QuoteLine::Adhoc { description: by_hand, amount: Amount(25_000) }]
    );
    let discount = |item_price: Option<&str>, amount| QuoteDiscount {
        item_price: item_price.map(str::to_owned),
        amount: Amount(amount),
    };
    assert_eq!(draft.discounts, [discount(Some("onboarding-eur"), 9000), discount(None, 11_500)]);
}

#[test]
fn a_discount_on_what_recurs_is_in_the_price_of_a_unit() {
    let mut lines = vec![line(1, Some("TEAM"), "3", "49.50")];
    lines[0].discount = decimal("15.00");
    assert_eq!(made(&active(lines)).lines, [item("team-eur-monthly", 3, 4450)]);
}

#[rstest]
#[case::by_product(None, "EUR", "team-eur-monthly")]
#[case::by_unit(Some("Year"), "EUR", "team-eur-yearly")]
#[case::by_currency(None, "USD", "team-usd-monthly")]
fn the_rule_with_most_conditions_says_which_price_a_product_is(
    #[case] unit: Option<&str>,
    #[case] currency: &str,
    #[case] price: &str,
) {
    let mut lines = vec![line(1, Some("TEAM"), "1", "40.00")];
    lines[0].unit = unit.map(str::to_owned);
    let draft = made(&CrmQuote { currency: Currency::from_code(currency), ..active(lines) });
    assert_eq!(draft.lines, [item(price, 1, 4000)]);
}

fn with(change: impl FnOnce(&mut CrmQuote)) -> CrmQuote {
    let mut quote = active(vec![line(1, Some("TEAM"), "3", "49.50")]);
    change(&mut quote);
    quote
}

#[rstest]
#[case::no_lines(with(|quote| quote.lines.clear()), "has no lines")]
#[case::no_currency(with(|quote| quote.currency = None), "has no currency")]
#[case::half_a_unit(with(|quote| quote.lines[0].quantity = decimal("1.5")), "quantity 1.5 is no whole number")]
#[case::no_unit(with(|quote| quote.lines[0].quantity = decimal("0")), "quantity 0 is no whole number")]
#[case::part_of_a_cent(with(|quote| quote.lines[0].unit_price = decimal("49.505")), "unit price 49.505 is no whole number")]
#[case::below_zero(with(|quote| quote.lines[0].unit_price = decimal("-1")), "below zero")]
#[case::more_than_all(with(|quote| quote.lines[0].discount = decimal("1000")), "beyond the price")]
#[case::unmapped(with(|quote| quote.lines[0].product = Some("X".to_owned())), "product X is mapped to no item price")]
#[case::mapped_nowhere(with(|quote| quote.lines[0].product = Some("GONE".to_owned())), "item price nowhere, which Chargebee does not have")]
#[case::archived(with(|quote| quote.lines[0].product = Some("OLD".to_owned())), "is archived or deleted")]
#[case::tied(with(|quote| quote.lines[0].product = Some("TIED".to_owned())), "base-fee and onboarding-eur with equal right")]
#[case::other_currency(with(|quote| quote.lines[0].product = Some("team-usd-monthly".to_owned())), "is in USD and the quote in EUR")]
#[case::two_plans(with(|quote| quote.lines.push(line(2, Some("team-eur-yearly"), "1", "1.00"))), "has 2 plans")]
#[case::addon_alone(with(|quote| quote.lines[0] = line(1, Some("SEATS"), "1", "7.25")), "is an add-on, and the quote has no plan")]
#[case::by_hand_with_a_plan(with(|quote| quote.lines.push(line(2, None, "1", "5.00"))), "is written by hand")]
#[case::longer_than_the_plan(with(|quote| quote.lines.push(line(2, Some("seats-eur-yearly"), "1", "72.50"))), "does not fit the plan's")]
#[case::two_flat_fees(with(|quote| quote.lines = vec![line(1, Some("base-fee"), "2", "100.00")]), "is a flat fee")]
#[case::other_than_the_tiers(with(|quote| quote.lines.push(line(2, Some("storage-eur-monthly"), "12", "4.00"))), "make 56.00 EUR of 12, and the quote says 48.00 EUR")]
#[case::an_uneven_discount(with(|quote| quote.lines[0].discount = decimal("10.00")), "a unit has no price in whole minor units")]
#[case::freight(with(|quote| quote.freight = Some(decimal("9.95"))), "has freight")]
#[case::another_total(with(|quote| quote.net_total = Some(decimal("148.51"))), "is 148.51 EUR before tax in the CRM, and its lines make 148.50 EUR")]
#[case::discount_of_more(with(|quote| quote.discount_amount = Some(decimal("200"))), "cannot be taken off 148.50 EUR")]
#[case::no_description(with(|quote| { quote.lines = vec![line(1, None, "1", "5.00")]; quote.lines[0].description = None; }), "neither product nor description")]
fn what_billing_cannot_express_is_held_with_what_and_remedy(#[case] quote: CrmQuote, #[case] why: &str) {
    let hold = in_context(|context| draft(&quote, context)).unwrap_err();
    assert_eq!(hold.reason, HoldReason::QuoteNotRepresentable);
    assert!(hold.message.contains(why), "{}", hold.message);
    assert!(hold.message.contains("QUO-01042") && !hold.remedy.is_empty() && !hold.remedy.ends_with('.'), "{hold:?}");
}

#[test]
fn a_quote_waits_for_its_customer_and_one_of_no_account_is_held() {
    let quote = with(|_| {});
    let without =
        |account| in_context(|context| draft(&quote, &QuoteContext { customer: None, account, ..context.clone() }));
    assert_eq!(without(Some("Boom")).unwrap_err().reason, HoldReason::WaitingFor);
    assert_eq!(without(None).unwrap_err().reason, HoldReason::QuoteNotRepresentable);
}

#[test]
fn a_last_day_that_is_over_sets_no_end() {
    assert_eq!(made(&with(|quote| quote.valid_to = Some(date(2027, 1, 4)))).expires_at, None);
    assert!(made(&with(|quote| quote.valid_to = Some(date(2027, 1, 5)))).expires_at.is_some());
}

#[test]
fn a_long_title_leaves_room_for_the_reference() {
    let draft = made(&with(|quote| quote.name = "x".repeat(300)));
    let name = draft.name.as_str();
    assert!(name.len() <= 100 && name.contains(" KQ-"), "{name}");
    let standing = BillingQuote {
        id: "1".to_owned(),
        name: Some(name.to_owned()),
        customer: "cust-1".to_owned(),
        status: BillingQuoteStatus::Open,
        kind: None,
        currency: None,
        valid_till: None,
        sub_total: None,
        lines: Vec::new(),
        made_at: None,
    };
    let found = |organization: Uuid, number: &str| {
        QuoteReference::of(organization, number).find(std::slice::from_ref(&standing)).is_some()
    };
    assert!(found(ORGANIZATION, "QUO-01042"));
    assert!(!found(ORGANIZATION, "QUO-01043") && !found(Uuid::from_u128(98), "QUO-01042"));
}

proptest! {
    /// I2, I8: what is quoted comes to what the CRM says, whatever the order of lines, rules and records.
    #[test]
    fn a_draft_adds_up_and_does_not_depend_on_any_order(
        lines in prop::collection::vec((1..50_u32, 1..100_000_i64, 0..3_u8, any::<bool>()), 1..6),
        off in 0..50_i64, turned in any::<bool>(),
    ) {
        let own = |(position, (quantity, cents, _, is_by_hand)): (usize, &(u32, i64, u8, bool))| {
            let product = if *is_by_hand { None } else { Some("onboarding-eur") };
            line(position as i32, product, &quantity.to_string(), &Decimal::new(*cents, 2).to_string())
        };
        let mut own: Vec<_> = lines.iter().enumerate().map(own).collect();
        for (line, (quantity, cents, parts, _)) in own.iter_mut().zip(&lines) {
            // A multiple of the quantity, so that it can be in the price where it cannot be a discount.
            line.discount = Decimal::new(i64::from(*quantity) * (cents * i64::from(*parts) / 10), 2);
        }
        let net: Decimal = own.iter().map(|line| line.quantity * line.unit_price - line.discount).sum();
        let quote = CrmQuote { discount_percent: Some(Decimal::from(off)), ..active(own) };
        let draft = made(&quote);
        let gross: i64 = draft.lines.iter().map(|line| match line {
            QuoteLine::Item { quantity, unit_price, .. } => unit_price.unwrap().0 * i64::from(*quantity),
            QuoteLine::Adhoc { amount, .. } => amount.0,
        }).sum();
        let discounts: i64 = draft.discounts.iter().map(|discount| discount.amount.0).sum();
        let part = (net * Decimal::from(off) / Decimal::ONE_HUNDRED)
            .round_dp_with_strategy(2, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
        prop_assert_eq!(Decimal::new(gross - discounts, 2), net - part);
        let mut other = quote.clone();
        let (mut records, mut rules) = (catalogue(), rules());
        if turned {
            other.lines.reverse();
            records.reverse();
            rules.reverse();
        }
        let prices = PriceBook::of(&records);
        let again = in_context(|context| {
            super::super::draft(&other, &QuoteContext { prices: &prices, products: &rules, ..context.clone() })
        });
        prop_assert_eq!(again.unwrap(), draft);
    }
}
