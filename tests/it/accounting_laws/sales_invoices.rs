//! The entry of a document as an invoice that Exact issues itself (P6): what it sells, line by line, and that it comes to
//! the same as the entry.

use koppel::accounting::context::BookingContext;
use koppel::accounting::rulebook::{EntryProperty, RevenueMatch};
use koppel::accounting::{AdHocItem, not_on_sales_invoices, sales_invoice};
use koppel::domain::entry::EntryFields;
use koppel::domain::hold::Hold;
use koppel::domain::invoice::{Invoice, InvoiceLine, LineTax};
use koppel::domain::money::{Amount, Currency};
use koppel::domain::sales_invoice::SalesInvoice;
use rstest::rstest;

use super::world::*;

const BY_HAND: &str = "DIVERSEN";

/// The books, with a coupon booked apart and an account for lines without an item.
fn world() -> World {
    World::with(|world| {
        world.rules.revenue.push(coupon_rule("loyal", "LOYAL15", "8090"));
        world.rules.revenue.push(account_rule(
            "eur",
            RevenueMatch { currency: Some("EUR".into()), ..Default::default() },
            "8090",
        ));
    })
}

fn mapped(world: &World, invoice: &Invoice, ad_hoc: Option<AdHocItem<'_>>) -> Result<SalesInvoice, Hold> {
    let context = BookingContext { rulebook: &world.rules, master: &world.master, items: &world.items };
    sales_invoice(&world.book(invoice), invoice, &context, ad_hoc)
}

fn ad_hoc() -> Option<AdHocItem<'static>> {
    Some(AdHocItem { code: BY_HAND, id: Some(account_id(BY_HAND)) })
}

fn quantity(line: InvoiceLine, quantity: &str) -> InvoiceLine {
    InvoiceLine { quantity: Some(percent(quantity)), ..line }
}

fn taxed(rows: &[(&str, i64, i64)], line: InvoiceLine) -> InvoiceLine {
    let row = |(rate, taxable, tax): &(&str, i64, i64)| LineTax {
        name: (*rate).to_owned(),
        rate: percent(rate),
        taxable: Amount(*taxable),
        tax: Amount(*tax),
    };
    InvoiceLine { taxes: rows.iter().map(row).collect(), tax: Amount(rows.iter().map(|row| row.2).sum()), ..line }
}

#[rstest]
#[case::one_of_it(plain(), &["team 1 x 100"])]
#[case::several(invoice(vec![quantity(line("seats-eur-monthly", 9_900, "21", 2_079), "3")]), &["extra-seats 3 x 33"])]
#[case::a_price_that_would_have_to_be_rounded(
    invoice(vec![quantity(line("seats-eur-monthly", 10_000, "21", 2_100), "3")]), &["extra-seats 1 x 100"]
)]
#[case::half_of_it(invoice(vec![quantity(line("team-eur-monthly", 5_000, "21", 1_050), "0.5")]), &["team 0.5 x 100"])]
#[case::a_discount_apart_is_taken_off(
    invoice(vec![taxed(&[("21", 8_500, 1_785)], discounted(untaxed_line("team-eur-monthly", 10_000, None), Some("LOYAL15"), 1_500))]),
    &["team 1 x 100", "DIVERSEN -1 x 15"]
)]
#[case::typed_in_by_hand(
    invoice(vec![InvoiceLine { item_price: None, ..line("team-eur-monthly", 10_000, "21", 2_100) }]), &["DIVERSEN 1 x 100"]
)]
#[case::rounding(Invoice { total: Amount(12_101), round_off: Amount(1), ..plain() }, &["team 1 x 100", "DIVERSEN 1 x 0.01"])]
#[case::parts_of_a_line_have_no_quantity(
    invoice(vec![taxed(&[("21", 6_000, 1_260), ("9", 4_000, 360)], quantity(untaxed_line("team-eur-monthly", 10_000, None), "2"))]),
    &["team 1 x 60", "team 1 x 40"]
)]
fn every_line_sells_an_item(#[case] invoice: Invoice, #[case] expected: &[&str]) {
    let world = world();
    let issued = mapped(&world, &invoice, ad_hoc()).unwrap();
    let entry = &issued.entry;
    assert_eq!(issued.sold.len(), entry.lines.len());
    let told: Vec<String> = entry
        .lines
        .iter()
        .zip(&issued.sold)
        .map(|(line, sold)| {
            assert_eq!(sold.quantity * sold.price, line.net.to_decimal(entry.currency), "to the cent");
            let items = ["team", "extra-seats", "onboarding", "migration", BY_HAND];
            let item = items.into_iter().find(|item| account_id(item) == sold.item).expect("a known item");
            format!("{item} {} x {}", sold.quantity, sold.price)
        })
        .collect();
    assert_eq!(told, expected);
    let planned = world.book(&invoice).entry;
    assert_eq!((&planned.lines, planned.total()), (&entry.lines, entry.total()), "the same books");
    assert_eq!(entry.total(), invoice.total);
}

#[test]
fn a_line_without_an_item_is_held_and_the_remedy_named() {
    let rounded = Invoice { total: Amount(12_101), round_off: Amount(1), ..plain() };
    let mut world = world();
    let hold = mapped(&world, &rounded, None).unwrap_err();
    assert_eq!(hold.reason.as_str(), "WaitingFor");
    assert!(hold.message.contains("invoice INV-1: line \"Rounding\" is rounding"), "{}", hold.message);
    assert!(hold.remedy.contains("spec.exactOnline.adHocItem of EntityMapping wolkwerk"), "{}", hold.remedy);
    let hold = mapped(&world, &rounded, Some(AdHocItem { code: BY_HAND, id: None })).unwrap_err();
    assert!(hold.message.contains("item DIVERSEN of spec.exactOnline.adHocItem"), "{}", hold.message);
    world.items.get_mut("team-eur-monthly").unwrap().in_books = None;
    let hold = mapped(&world, &plain(), ad_hoc()).unwrap_err();
    assert!(hold.message.contains("item team of line") && hold.remedy.contains("flows.catalogue"), "{hold:?}");
}

#[test]
fn a_sales_invoice_states_no_rate() {
    let currency = Currency::from_code("USD").unwrap();
    let dollars = Invoice { currency, exchange_rate: Some(percent("0.92")), ..plain() };
    let world = world();
    assert_eq!(mapped(&world, &dollars, ad_hoc()).unwrap().entry.rate, None);
    let conversion = world.book(&dollars).conversion.unwrap();
    assert_eq!((conversion.rate, conversion.left_to_the_books().rate), (Some(percent("0.92")), None));
    assert!(conversion.left_to_the_books().words().contains("Exact Online's own rate"));
}

/// It has no external link: what the mapping puts there is not sent, and told.
#[test]
fn a_field_that_sales_invoices_lack_is_left_out_and_told_p5() {
    let mut world = world();
    world.rules.entry_fields = [
        (EntryProperty::ExternalLinkReference, "po_number".to_owned()),
        (EntryProperty::Notes, "po_number".to_owned()),
    ]
    .into();
    let invoice = Invoice { po_number: Some("PO 77".into()), ..plain() };
    let entry = mapped(&world, &invoice, ad_hoc()).unwrap().entry;
    assert_eq!(entry.fields, EntryFields { notes: Some("PO 77".into()), ..EntryFields::default() });
    let told = not_on_sales_invoices(&world.book(&invoice).entry);
    assert_eq!(told, ["a sales invoice has no ExternalLinkReference, and it was left out"]);
    assert_eq!(not_on_sales_invoices(&entry), Vec::<String>::new());
}
