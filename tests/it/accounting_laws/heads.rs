//! The head of an entry, one row for each rule of design §6 (Head, Not booked, startDate), with the entry that an accountant
//! would write, in full. E16: that an invoice is paid is nothing to the entry. P5: fields of the invoice on it.

use jiff::civil::date;
use koppel::accounting::rulebook::EntryProperty;
use koppel::domain::customer::Address;
use koppel::domain::invoice::{Invoice, InvoiceStatus};
use koppel::domain::money::Currency;
use rstest::rstest;

use super::holds::dated;
use super::world::*;
use super::written::whole;

const LINE: &str = "R 8000 100.00 21.00 code 2 | Line team-eur-monthly";

fn due(instant: &str) -> Invoice {
    Invoice { due_date: Some(at(instant)), ..plain() }
}

fn net(days: Option<i32>) -> Invoice {
    Invoice { net_term_days: days, ..plain() }
}

fn numbered(number: &str) -> Invoice {
    Invoice { number: number.to_owned(), ..plain() }
}

fn of_a_person() -> Invoice {
    let named = |name: &str| Some(name.to_owned());
    let address = Address { first_name: named("Jan"), last_name: named("de Vries"), ..Address::default() };
    to("NL", None, Invoice { billing_address: address, ..plain() })
}

fn with_status(status: InvoiceStatus) -> Invoice {
    Invoice { status, ..plain() }
}

#[rstest]
#[case::winter_midnight_is_the_next_day(
    dated("2026-11-30T23:00:00Z", plain()),
    "Sales 70 INV-1 acme 2026-12-01 due 2026-12-29 terms 14 in 2026-12 EUR | INV-1 Acme B.V."
)]
#[case::a_second_before_it_is_not(
    dated("2026-11-30T22:59:59Z", plain()),
    "Sales 70 INV-1 acme 2026-11-30 due 2026-12-29 terms 14 in 2026-11 EUR | INV-1 Acme B.V."
)]
#[case::summer_midnight_is_an_hour_earlier(
    dated("2026-06-30T22:00:00Z", plain()),
    "Sales 70 INV-1 acme 2026-07-01 due 2026-12-29 terms 14 in 2026-07 EUR | INV-1 Acme B.V."
)]
#[case::the_due_date_too(
    due("2026-12-29T23:30:00Z"),
    "Sales 70 INV-1 acme 2026-12-15 due 2026-12-30 terms 14 in 2026-12 EUR | INV-1 Acme B.V."
)]
#[case::your_ref_is_the_number(
    numbered("2026/00042"),
    "Sales 70 2026/00042 acme 2026-12-15 due 2026-12-29 terms 14 in 2026-12 EUR | 2026/00042 Acme B.V."
)]
#[case::condition_of_30_days(
    net(Some(30)),
    "Sales 70 INV-1 acme 2026-12-15 due 2026-12-29 terms 30 in 2026-12 EUR | INV-1 Acme B.V."
)]
#[case::due_at_once(
    net(Some(0)),
    "Sales 70 INV-1 acme 2026-12-15 due 2026-12-29 terms 00 in 2026-12 EUR | INV-1 Acme B.V."
)]
#[case::without_terms(
    net(None),
    "Sales 70 INV-1 acme 2026-12-15 due 2026-12-29 terms 00 in 2026-12 EUR | INV-1 Acme B.V."
)]
#[case::without_a_due_date(
    Invoice { due_date: None, ..plain() },
    "Sales 70 INV-1 acme 2026-12-15 terms 14 in 2026-12 EUR | INV-1 Acme B.V."
)]
#[case::of_a_person(
    of_a_person(),
    "Sales 70 INV-1 acme 2026-12-15 due 2026-12-29 terms 14 in 2026-12 EUR | INV-1 Jan de Vries"
)]
#[case::in_dollars_with_the_rate_stated(
    Invoice { currency: Currency::from_code("USD").unwrap(), exchange_rate: Some(percent("0.92")), ..plain() },
    "Sales 70 INV-1 acme 2026-12-15 due 2026-12-29 terms 14 in 2026-12 USD at 0.92 | INV-1 Acme B.V."
)]
#[case::e16_paid(
    with_status(InvoiceStatus::Paid),
    "Sales 70 INV-1 acme 2026-12-15 due 2026-12-29 terms 14 in 2026-12 EUR | INV-1 Acme B.V."
)]
#[case::e16_not_paid(
    with_status(InvoiceStatus::NotPaid),
    "Sales 70 INV-1 acme 2026-12-15 due 2026-12-29 terms 14 in 2026-12 EUR | INV-1 Acme B.V."
)]
#[case::e16_posted(
    with_status(InvoiceStatus::Posted),
    "Sales 70 INV-1 acme 2026-12-15 due 2026-12-29 terms 14 in 2026-12 EUR | INV-1 Acme B.V."
)]
fn the_head_is_the_documents(#[case] invoice: Invoice, #[case] head: &str) {
    assert_eq!(whole(&World::new().book(&invoice).entry), [head, LINE]);
}

fn with_fields(po_number: &str, custom: &[(&str, &str)]) -> Invoice {
    let custom_fields = custom.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Invoice { po_number: Some(po_number.to_owned()), custom_fields, ..plain() }
}

// P5: a field of the invoice stands where the mapping puts it, and on no other property.
#[rstest]
#[case::none_is_mapped(
    &[],
    "Sales 70 INV-1 acme 2026-12-15 due 2026-12-29 terms 14 in 2026-12 EUR | INV-1 Acme B.V."
)]
#[case::the_order_as_reference(
    &[(EntryProperty::PaymentReference, "po_number")],
    "Sales 70 INV-1 acme 2026-12-15 due 2026-12-29 terms 14 in 2026-12 EUR | INV-1 Acme B.V. | reference PO 77"
)]
#[case::custom_fields(
    &[(EntryProperty::OrderNumber, "cf_order"), (EntryProperty::Notes, "cf_project"), (EntryProperty::ExternalLinkReference, "cf_link")],
    "Sales 70 INV-1 acme 2026-12-15 due 2026-12-29 terms 14 in 2026-12 EUR | INV-1 Acme B.V. | order 12 | link crm/9 | notes Noord"
)]
#[case::its_description(
    &[(EntryProperty::Description, "cf_project")],
    "Sales 70 INV-1 acme 2026-12-15 due 2026-12-29 terms 14 in 2026-12 EUR | Noord"
)]
fn a_mapped_field_stands_on_the_entry_p5(#[case] fields: &[(EntryProperty, &str)], #[case] head: &str) {
    let world = World::with(|world| {
        world.rules.entry_fields = fields.iter().map(|(property, field)| (*property, (*field).to_owned())).collect();
    });
    let invoice = with_fields("PO 77", &[("cf_order", "12"), ("cf_project", "Noord"), ("cf_link", "crm/9")]);
    assert_eq!(whole(&world.book(&invoice).entry), [head, LINE]);
}

/// The first instant of the start date in Amsterdam is in scope, the second before it is not.
#[test]
fn the_start_date_begins_at_midnight_of_the_connection() {
    let world = World::with(|world| world.rules.start_date = date(2026, 7, 1));
    assert_eq!(
        whole(&world.book(&dated("2026-06-30T22:00:00Z", plain())).entry),
        ["Sales 70 INV-1 acme 2026-07-01 due 2026-12-29 terms 14 in 2026-07 EUR | INV-1 Acme B.V.", LINE]
    );
    let before = world.skip(&dated("2026-06-30T21:59:59Z", plain()));
    assert_eq!(before, koppel::accounting::context::SkipReason::BeforeStartDate);
}

/// What makes a document the same one (E24): not its number, and nothing that a payment changes.
#[rstest]
#[case::its_number(numbered("INV-2"), true)]
#[case::a_payment(Invoice { status: InvoiceStatus::Paid, updated_at: Some(at("2026-12-20T10:00:00Z")), ..plain() }, true)]
#[case::a_void(Invoice { voided_at: Some(at("2026-12-20T10:00:00Z")), status: InvoiceStatus::Voided, ..plain() }, true)]
#[case::issued_at_another_time(Invoice { generated_at: Some(at("2026-12-15T10:00:01Z")), ..plain() }, false)]
#[case::another_line(invoice(vec![line("team-eur-yearly", 10_000, "21", 2_100)]), false)]
#[case::another_amount(invoice(vec![line("team-eur-monthly", 10_001, "21", 2_100)]), false)]
#[case::another_tax(invoice(vec![line("team-eur-monthly", 10_000, "21", 2_101)]), false)]
#[case::another_currency(Invoice { currency: Currency::from_code("USD").unwrap(), ..plain() }, false)]
fn a_document_is_known_by_what_it_says_e24(#[case] other: Invoice, #[case] same: bool) {
    assert_eq!(other.identity() == plain().identity(), same);
}
