//! Coupons and discounts (E9; design §3 and §6): one row per rule, with the entry that an accountant would write.

use koppel::accounting::rulebook::{DiscountTreatment, RevenueMatch, RevenueRule};
use koppel::domain::invoice::{DiscountKind, Invoice, InvoiceLine, LineDiscount};
use koppel::domain::money::Amount;
use rstest::rstest;

use super::credit_world::{dated, taxed_at};
use super::world::*;
use super::written::whole;

fn net_rule(name: &str, coupon: &str) -> RevenueRule {
    let matches = RevenueMatch { coupon: Some(coupon.to_owned()), ..RevenueMatch::default() };
    RevenueRule { discount: Some(DiscountTreatment::Net), ..rule(name, matches) }
}

/// A rule for a coupon on what a family sells.
fn of_family(family: &str, rule: RevenueRule) -> RevenueRule {
    let matches = RevenueMatch { item_family: Some(family.to_owned()), ..rule.matches };
    RevenueRule { name: format!("{}-{family}", rule.name), matches, ..rule }
}

/// A line of `gross` from which each discount is taken, with 21 % on the rest.
fn reduced(price: &str, gross: i64, discounts: &[(DiscountKind, Option<&str>, i64)]) -> InvoiceLine {
    let net = gross - discounts.iter().map(|(_, _, amount)| amount).sum::<i64>();
    let line = line(price, gross, "21", (net * 21 + 50) / 100);
    let discounts = discounts.iter().map(|(kind, coupon, amount)| LineDiscount {
        kind: *kind,
        coupon: coupon.map(str::to_owned),
        amount: Amount(*amount),
    });
    taxed_at(net, InvoiceLine { discounts: discounts.collect(), ..line })
}

/// A plan of EUR 100 and seats of EUR 50, both with the same share of one discount.
fn both(kind: DiscountKind, coupon: Option<&str>) -> Invoice {
    let lines = [("team-eur-monthly", 10_000), ("seats-eur-monthly", 5_000)];
    dated(
        "2026-03-02",
        invoice(lines.map(|(price, gross)| reduced(price, gross, &[(kind, coupon, gross / 10)])).to_vec()),
    )
}

/// The head of every entry here: of 2 March, due as the invoice says.
const HEAD: &str = "Sales 70 INV-1 acme 2026-03-02 due 2026-12-29 terms 14 in 2026-03 EUR | INV-1 Acme B.V.";

const NET: [&str; 3] =
    [HEAD, "R 8000 90.00 18.90 code 2 | Line team-eur-monthly", "R 8010 45.00 9.45 code 2 | Line seats-eur-monthly"];

// Whatever takes the price down is taken net, unless the rule of its coupon says otherwise.
#[rstest]
#[case::a_coupon_of_items_without_a_rule(DiscountKind::ItemCoupon, Some("TEN"), vec![])]
#[case::a_coupon_of_items_that_is_net(DiscountKind::ItemCoupon, Some("TEN"), vec![net_rule("ten", "TEN")])]
#[case::a_coupon_of_the_document_that_is_net(DiscountKind::DocumentCoupon, Some("TEN"), vec![net_rule("ten", "TEN")])]
#[case::a_rule_of_another_coupon(DiscountKind::DocumentCoupon, Some("TEN"), vec![coupon_rule("other", "OTHER", "8090")])]
#[case::a_discount_by_hand_on_items(DiscountKind::ItemDiscount, None, vec![coupon_rule("ten", "TEN", "8090")])]
#[case::a_discount_by_hand_on_the_document(DiscountKind::DocumentDiscount, None, vec![coupon_rule("ten", "TEN", "8090")])]
#[case::promotional_credits(DiscountKind::PromotionalCredit, None, vec![coupon_rule("ten", "TEN", "8090")])]
fn a_discount_is_taken_net(#[case] kind: DiscountKind, #[case] coupon: Option<&str>, #[case] rules: Vec<RevenueRule>) {
    let world = World::with(|world| world.rules.revenue.extend(rules));
    assert_eq!(whole(&world.book(&both(kind, coupon)).entry), NET);
}

// A coupon with lines of its own: on its account, by item or by document, the closest rule first.
#[rstest]
#[case::by_coupon(vec![coupon_rule("ten", "TEN", "8090")], &[
    "R 8000 100.00 21.00 code 2 | Line team-eur-monthly",
    "D 8090 -10.00 -2.10 code 2 | TEN: Line team-eur-monthly",
    "R 8010 50.00 10.50 code 2 | Line seats-eur-monthly",
    "D 8090 -5.00 -1.05 code 2 | TEN: Line seats-eur-monthly",
])]
#[case::a_family_has_another_account_and_the_rest_falls_back_to_the_coupons(
    vec![coupon_rule("ten", "TEN", "8090"), of_family("addons", coupon_rule("ten", "TEN", "1850"))],
    &[
        "R 8000 100.00 21.00 code 2 | Line team-eur-monthly",
        "D 8090 -10.00 -2.10 code 2 | TEN: Line team-eur-monthly",
        "R 8010 50.00 10.50 code 2 | Line seats-eur-monthly",
        "D 1850 -5.00 -1.05 code 2 | TEN: Line seats-eur-monthly",
    ]
)]
#[case::one_family_apart_and_the_rest_net(
    vec![net_rule("ten", "TEN"), of_family("platform", coupon_rule("ten", "TEN", "8090"))],
    &[
        "R 8000 100.00 21.00 code 2 | Line team-eur-monthly",
        "D 8090 -10.00 -2.10 code 2 | TEN: Line team-eur-monthly",
        "R 8010 45.00 9.45 code 2 | Line seats-eur-monthly",
    ]
)]
fn a_coupon_is_booked_apart(
    #[case] rules: Vec<RevenueRule>,
    #[case] entry: &[&str],
    #[values(DiscountKind::ItemCoupon, DiscountKind::DocumentCoupon)] kind: DiscountKind,
) {
    let world = World::with(|world| world.rules.revenue.extend(rules));
    let invoice = both(kind, Some("TEN"));
    let booked = world.book(&invoice).entry;
    assert_eq!(whole(&booked), [&[HEAD], entry].concat());
    assert_eq!((booked.total(), booked.vat()), (invoice.total, invoice.tax), "to the cent (I2)");
}

#[test]
fn coupons_of_items_and_document_promotional_credits_and_a_discount_by_hand_on_one_line() {
    let world = World::with(|world| {
        world.rules.revenue.extend([coupon_rule("ten", "TEN", "8090"), net_rule("welcome", "WELCOME")]);
    });
    let discounts = [
        (DiscountKind::ItemCoupon, Some("TEN"), 1_000),
        (DiscountKind::DocumentCoupon, Some("WELCOME"), 500),
        (DiscountKind::ItemDiscount, None, 333),
        (DiscountKind::PromotionalCredit, None, 1_167),
    ];
    let invoice = dated("2026-03-02", invoice(vec![reduced("team-eur-monthly", 10_000, &discounts)]));
    assert_eq!(
        whole(&world.book(&invoice).entry),
        [
            HEAD,
            "R 8000 80.00 16.80 code 2 | Line team-eur-monthly",
            "D 8090 -10.00 -2.10 code 2 | TEN: Line team-eur-monthly",
        ]
    );
}
