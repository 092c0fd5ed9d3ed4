//! What holds for every invoice whatsoever: I2, I3, I8, N8.

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use koppel::accounting::books_digest;
use koppel::accounting::context::Decision;
use koppel::accounting::rulebook::*;
use koppel::domain::calendar::business_date;
use koppel::domain::catalogue::ItemKind;
use koppel::domain::entry::LineOrigin;
use koppel::domain::invoice::*;
use koppel::domain::money::Amount;
use proptest::prelude::*;
use rust_decimal::{Decimal, RoundingStrategy};

use super::world::*;

/// Half away from zero, as billing rounds tax.
fn tax_on(net: i64, rate: i64) -> i64 {
    rounded(Decimal::from(net) * Decimal::from(rate) / Decimal::ONE_HUNDRED)
}

fn rounded(value: Decimal) -> i64 {
    i64::try_from(value.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)).unwrap()
}

/// A line as billing would make it: what the customer pays for each rate, discounts by coupon, and the price type.
#[derive(Clone, Debug)]
struct Sold {
    /// Rate in percent and price after discounts; a rate of none is untaxed.
    parts: Vec<(Option<i64>, i64)>,
    /// Discounts: booked apart (`LOYAL15`, `SPRING50`), or net.
    discounts: Vec<(usize, i64)>,
    stated_gross: bool,
}

impl Sold {
    fn billed(&self, at: usize, price_type: PriceType) -> InvoiceLine {
        let coupons = [Some("LOYAL15"), Some("SPRING50"), None];
        let price: i64 = self.parts.iter().map(|(_, price)| price).sum();
        let off: i64 = self.discounts.iter().map(|(_, amount)| amount).sum();
        let mut line = untaxed_line("team-eur-monthly", price + off, None);
        line.id = format!("li_{at}");
        for (coupon, amount) in &self.discounts {
            line = discounted(line, coupons[*coupon], *amount);
        }
        line.taxes =
            self.parts.iter().filter_map(|(rate, price)| rate.map(|rate| self.row(rate, *price, price_type))).collect();
        line.tax = line.taxes.iter().map(|row| row.tax).sum();
        line
    }

    fn row(&self, rate: i64, price: i64, price_type: PriceType) -> LineTax {
        let (taxable, tax) = match price_type {
            PriceType::TaxExclusive => (price, tax_on(price, rate)),
            PriceType::TaxInclusive => {
                let tax = rounded(Decimal::from(price) * Decimal::from(rate) / Decimal::from(100 + rate));
                (if self.stated_gross { price } else { price - tax }, tax)
            }
        };
        LineTax { name: format!("btw {rate}"), rate: Decimal::from(rate), taxable: Amount(taxable), tax: Amount(tax) }
    }
}

fn sold() -> impl Strategy<Value = Sold> {
    // Prices of parts from ten cents: below, a part of another rate cannot be told from rounding.
    let price = 10_i64..50_000_000;
    let parts = prop_oneof![
        price.clone().prop_map(|price| vec![(Some(21), price)]),
        price.clone().prop_map(|price| vec![(Some(9), price)]),
        price.clone().prop_map(|price| vec![(None, price)]),
        (price.clone(), price.clone()).prop_map(|(one, other)| vec![(Some(21), one), (Some(9), other)]),
        (price.clone(), price.clone()).prop_map(|(one, other)| vec![(Some(21), one), (None, other)]),
        (price.clone(), price.clone(), price).prop_map(|(a, b, c)| vec![(Some(21), a), (Some(9), b), (None, c)]),
        Just(vec![(Some(21), 0)]),
    ];
    let discounts = prop::collection::vec((0_usize..3, 0_i64..5_000_000), 0..4);
    (parts, discounts, any::<bool>()).prop_map(|(parts, discounts, stated_gross)| Sold {
        parts,
        discounts,
        stated_gross,
    })
}

prop_compose! {
    fn billed()(
        lines in prop::collection::vec(sold(), 1..6),
        is_inclusive in any::<bool>(),
        rounding in -99_i64..=99,
        country in prop::sample::select(vec!["NL", "BE"]),
    ) -> Invoice {
        let price_type = if is_inclusive { PriceType::TaxInclusive } else { PriceType::TaxExclusive };
        let lines = lines.iter().enumerate().map(|(at, sold)| sold.billed(at, price_type)).collect();
        let invoice = if is_inclusive { inclusive(lines) } else { invoice(lines) };
        let invoice = Invoice { total: invoice.total + Amount(rounding), round_off: Amount(rounding.abs()), ..invoice };
        to(country, None, invoice)
    }
}

/// Rules under which every such invoice can be booked, two coupons of them apart.
fn liberal() -> World {
    World::with(|world| {
        world.rules.revenue.push(coupon_rule("loyal", "LOYAL15", "8090"));
        world.rules.revenue.push(coupon_rule("spring", "SPRING50", "8090"));
        let row = |index, code: &str, rate: &str| {
            vat_row(index, code, VatWhen { rate: Some(percent(rate)), ..VatWhen::default() })
        };
        world.rules.vat = vec![row(0, "2", "21"), row(1, "1", "9"), row(2, "0", "0")];
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn an_entry_foots_to_the_cent(invoice in billed()) {
        match liberal().decide(&invoice) {
            Decision::Book(planned) => {
                let entry = planned.entry;
                prop_assert_eq!(entry.total(), invoice.total);
                prop_assert_eq!(entry.vat(), invoice.tax);
                prop_assert_eq!(planned.explanations.len(), entry.lines.len());
                prop_assert!(entry.lines.iter().all(|line| !line.net.is_zero() || !line.vat.is_zero()));
                for line in &invoice.lines {
                    let made = entry.lines.iter().filter(|made| made.source_line.as_deref() == Some(&line.id));
                    let (net, vat) = made.fold((Amount::ZERO, Amount::ZERO), |(net, vat), made| (net + made.net, vat + made.vat));
                    prop_assert_eq!(vat, line.tax, "each line keeps its own VAT");
                    let price = line.amount - line.discount();
                    let net_of_line = if invoice.price_type == PriceType::TaxInclusive { price - line.tax } else { price };
                    prop_assert_eq!(net, net_of_line, "and its own net");
                }
            }
            Decision::Skip(_) => prop_assert!(invoice.total.is_zero() || invoice.lines.iter().all(|line| line.amount == line.discount())),
            Decision::Hold(hold) => prop_assert!(false, "held: {:?}", hold),
        }
    }

    #[test]
    fn vat_of_each_line_is_near_its_code_s_rate(invoice in billed()) {
        let world = liberal();
        if let Decision::Book(planned) = world.decide(&invoice) {
            let pieces = i64::try_from(planned.entry.lines.len()).unwrap();
            for line in &planned.entry.lines {
                let rate = world.master.vat_codes[&line.vat_code].percent;
                let exact = rounded(Decimal::from(line.net.0) * rate / Decimal::ONE_HUNDRED);
                prop_assert!((exact - line.vat.0).abs() <= 2 + pieces, "{:?}", line);
                prop_assert!(line.origin != LineOrigin::Rounding || line.vat.is_zero());
            }
        }
    }

    #[test]
    fn same_inputs_same_bytes_and_the_order_of_rules_does_not_matter(invoice in billed(), turn in 0_usize..7) {
        let world = liberal();
        let mut turned = world.clone();
        turned.rules.revenue.rotate_left(turn % world.rules.revenue.len());
        turned.rules.vat.rotate_left(turn % world.rules.vat.len());
        turned.rules.payment_terms.rotate_left(turn % world.rules.payment_terms.len());
        turned.master.periods.rotate_left(turn);
        match (world.decide(&invoice), world.decide(&invoice), turned.decide(&invoice)) {
            (Decision::Book(one), Decision::Book(again), Decision::Book(other)) => {
                prop_assert_eq!(&one, &again);
                prop_assert_eq!(&one, &other);
                let bytes = |entry| serde_json::to_vec(entry).unwrap();
                prop_assert_eq!(bytes(&one.entry), bytes(&other.entry));
                prop_assert_eq!(books_digest(&one.entry, account_id("x")), books_digest(&other.entry, account_id("x")));
            }
            (Decision::Skip(one), _, Decision::Skip(other)) => prop_assert_eq!(one, other),
            decisions => prop_assert!(false, "{:?}", decisions),
        }
    }

    #[test]
    fn a_cent_more_or_less_is_always_held(invoice in billed(), by in prop::sample::select(vec![-1_i64, 1])) {
        let off = Invoice { total: invoice.total + Amount(by), ..invoice.clone() };
        let lost = Invoice { sub_total: invoice.sub_total + Amount(by), total: invoice.total + Amount(by), ..invoice };
        for wrong in [off, lost] {
            let decision = liberal().decide(&wrong);
            // A rounding of half a cent's size may turn its sign: one cent up becomes one cent down.
            let rounding = wrong.total - wrong.sub_total - if wrong.price_type == PriceType::TaxExclusive { wrong.tax } else { Amount::ZERO };
            let is_held = matches!(&decision, Decision::Hold(hold) if hold.reason == koppel::domain::hold::HoldReason::AmountMismatch);
            prop_assert!(is_held || rounding.size() == wrong.round_off.size() && rounding.0 == by.signum() * wrong.round_off.0, "{:?}", decision);
        }
    }
}

fn any_amount() -> impl Strategy<Value = Amount> {
    prop_oneof![
        any::<i64>(),
        -1_000_i64..1_000,
        Just(i64::MAX),
        Just(i64::MIN),
        Just(999_999_999_999_999),
        Just(-999_999_999_999_999),
    ]
    .prop_map(Amount)
}

fn any_decimal() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        (any::<i64>(), 0_u32..28).prop_map(|(value, scale)| Decimal::new(value, scale)),
        Just(Decimal::MAX),
        Just(Decimal::MIN),
        Just(Decimal::from(21)),
        Just(Decimal::ZERO),
    ]
}

fn any_instant() -> impl Strategy<Value = Option<Timestamp>> {
    prop_oneof![
        Just(None),
        Just(Some(Timestamp::MIN)),
        Just(Some(Timestamp::MAX)),
        (-62_000_000_000_i64..253_000_000_000).prop_map(|second| Timestamp::from_second(second).ok()),
        (1_767_000_000_i64..1_830_000_000).prop_map(|second| Timestamp::from_second(second).ok()),
    ]
}

prop_compose! {
    fn any_line()(
        amounts in prop::collection::vec(any_amount(), 6),
        rates in prop::collection::vec(any_decimal(), 0..3),
        coupons in prop::collection::vec(prop::sample::select(vec![Some("LOYAL15"), Some("SPRING50"), None]), 0..3),
        from in any_instant(),
        to in any_instant(),
        text in "\\PC{0,70}",
    ) -> InvoiceLine {
        let row = |rate: &Decimal| LineTax { name: text.clone(), rate: *rate, taxable: amounts[0], tax: amounts[1] };
        let mut line = untaxed_line("team-eur-monthly", amounts[2].0, None);
        for coupon in &coupons {
            line = discounted(line, *coupon, amounts[3].0);
        }
        let tax = if rates.len() == 1 { amounts[1] } else { amounts[4] };
        InvoiceLine { taxes: rates.iter().map(row).collect(), tax, service_from: from, service_to: to, description: text.clone(), id: text, kind: ItemKind::Adhoc, ..line }
    }
}

prop_compose! {
    fn any_invoice()(
        lines in prop::collection::vec(any_line(), 0..4),
        heads in prop::collection::vec(any_amount(), 4),
        date in any_instant(),
        number in "\\PC{0,40}",
        vat_number in "\\PC{0,20}",
        country in "[A-Z]{2}",
        is_inclusive in any::<bool>(),
        consistent in any::<bool>(),
        rate in any_decimal(),
        net_term_days in any::<Option<i32>>(),
    ) -> Invoice {
        let base = if is_inclusive { inclusive(lines) } else { invoice(lines) };
        let base = if consistent { base } else {
            Invoice { sub_total: heads[0], tax: heads[1], total: heads[2], round_off: heads[3], number, vat_number: Some(vat_number), net_term_days, ..base }
        };
        Invoice { date, exchange_rate: Some(rate), billing_address: koppel::domain::customer::Address { country: Some(country), ..base.billing_address.clone() }, ..base }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn no_invoice_makes_a_decision_panic_and_what_is_booked_foots(invoice in any_invoice()) {
        if let Decision::Book(planned) = liberal().decide(&invoice) {
            prop_assert_eq!(planned.entry.total(), invoice.total);
            prop_assert_eq!(planned.entry.vat(), invoice.tax);
        }
    }

    // Laws of the deferral range: E22, I3.
    #[test]
    fn a_range_is_inside_the_service_and_inside_open_periods(
        start in 1_767_222_000_i64..1_830_000_000,
        length in 0_i64..80_000_000,
        closed in prop::collection::vec(1_i16..=12, 0..6),
    ) {
        let mut world = World::with(|world| world.open_year(2027));
        world.open_year(2028);
        world.close("90", closed);
        let from = Timestamp::from_second(start).unwrap();
        let to = from + SignedDuration::from_secs(length);
        let line = InvoiceLine { service_from: Some(from), service_to: Some(to), ..line("team-eur-yearly", 10_000, "21", 2_100) };
        let Decision::Book(planned) = world.decide(&invoice(vec![line])) else { return Ok(()) };
        let first = business_date(from, &world.rules.time_zone);
        let last = business_date(to + SignedDuration::from_secs(1), &world.rules.time_zone).yesterday().unwrap();
        let december = (date(2026, 12, 1), date(2026, 12, 31));
        let sent = planned.entry.lines[0].deferral;
        if let Some(range) = sent {
            prop_assert_eq!(range.to, last);
            prop_assert!(first <= range.from && range.from <= range.to);
            prop_assert!(range.from < december.0 || range.to > december.1, "some day lies outside the entry's period");
            let hit = world.master.periods.iter().filter(|period| period.days.overlaps(&range));
            prop_assert!(hit.clone().all(|period| !world.master.is_closed("90", period.key)), "I3");
            prop_assert!(range.from == first || hit.clone().any(|period| period.days.from == range.from), "moved to a first day");
        }
        let touches = |day: Date| world.master.period_of(day).is_some_and(|period| world.master.is_closed("90", period.key));
        let billed_outside = first <= last && (first < december.0 || last > december.1);
        prop_assert_eq!(sent.is_none(), !billed_outside || touches(first) && sent.is_none(), "only a moved start can end deferral");
        let changed = sent.is_some_and(|range| range.from != first) || (sent.is_none() && billed_outside);
        prop_assert_eq!(planned.explanations[0].original_range.is_some(), changed, "E19: what was changed stays visible");
    }
}
