//! Fields of the invoice that a mapping puts on its entry (P5): what fits stands there, what does not is told, and no
//! document is held for either.

use koppel::accounting::books_digest;
use koppel::accounting::rulebook::EntryProperty::{self, *};
use koppel::domain::entry::EntryFields;
use koppel::domain::invoice::Invoice;
use rstest::rstest;

use super::world::*;

fn mapped(fields: &[(EntryProperty, &str)]) -> World {
    World::with(|world| {
        world.rules.entry_fields = fields.iter().map(|(property, field)| (*property, (*field).to_owned())).collect();
    })
}

fn with(po_number: Option<&str>, custom: &[(&str, &str)]) -> Invoice {
    let custom_fields = custom.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Invoice { po_number: po_number.map(str::to_owned), custom_fields, ..plain() }
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[rstest]
#[case::reference(PaymentReference, "po_number", with(Some(" PO 77 "), &[]), EntryFields { payment_reference: text("PO 77"), ..EntryFields::default() })]
#[case::order(OrderNumber, "cf_order", with(None, &[("cf_order", "77")]), EntryFields { order_number: Some(77), ..EntryFields::default() })]
#[case::link(ExternalLinkReference, "cf_id", with(None, &[("cf_id", "a/b")]), EntryFields { external_link_reference: text("a/b"), ..EntryFields::default() })]
#[case::link_words(ExternalLinkDescription, "cf_id", with(None, &[("cf_id", "a")]), EntryFields { external_link_description: text("a"), ..EntryFields::default() })]
#[case::notes(Notes, "cf_project", with(None, &[("cf_project", "Noord\nOost")]), EntryFields { notes: text("Noord Oost"), ..EntryFields::default() })]
#[case::empty(PaymentReference, "po_number", with(Some("  "), &[]), EntryFields::default())]
#[case::absent(PaymentReference, "cf_order", with(Some("PO"), &[]), EntryFields::default())]
fn a_field_stands_on_the_entry(
    #[case] property: EntryProperty,
    #[case] field: &str,
    #[case] invoice: Invoice,
    #[case] expected: EntryFields,
) {
    let planned = mapped(&[(property, field)]).book(&invoice);
    assert_eq!(planned.entry.fields, expected);
    assert_eq!(planned.notes, Vec::<String>::new());
}

#[test]
fn the_description_is_the_invoice_s_own_where_the_mapping_says_so() {
    let world = mapped(&[(Description, "cf_project")]);
    assert_eq!(world.book(&with(None, &[("cf_project", "Noord")])).entry.description, "Noord");
    assert_eq!(world.book(&plain()).entry.description, World::new().book(&plain()).entry.description);
}

#[rstest]
#[case::too_long(PaymentReference, &"x".repeat(61), "cf_a is longer than the 60 characters that PaymentReference takes, and was cut")]
#[case::no_number(OrderNumber, "PO 77", "cf_a is \"PO 77\", and OrderNumber takes only a whole number")]
#[case::too_large(OrderNumber, "2147483648", "cf_a is \"2147483648\", and OrderNumber takes only a whole number")]
#[case::below_one(OrderNumber, "0", "cf_a is \"0\", and OrderNumber takes only a whole number")]
fn what_does_not_fit_is_told_and_the_document_booked(
    #[case] property: EntryProperty,
    #[case] value: &str,
    #[case] note: &str,
) {
    let planned = mapped(&[(property, "cf_a")]).book(&with(None, &[("cf_a", value)]));
    assert_eq!(planned.notes, [note]);
    assert_eq!(planned.entry.fields.payment_reference, (property == PaymentReference).then(|| "x".repeat(60)));
    assert_eq!(planned.entry.fields.order_number, None);
    assert_eq!(planned.entry.lines, World::new().book(&plain()).entry.lines);
}

/// Nothing changes for who maps nothing: neither the entry, nor the digest by which a refused one is known.
#[test]
fn without_a_mapping_the_entry_is_what_it_was() {
    let invoice = with(Some("PO 77"), &[("cf_project", "Noord")]);
    let (entry, bare) = (World::new().book(&invoice).entry, World::new().book(&plain()).entry);
    assert_eq!(entry, bare);
    assert!(!serde_json::to_string(&entry).unwrap().contains("fields"));
    let mapped = mapped(&[(Notes, "cf_project")]).book(&invoice).entry;
    let account = account_id("a");
    assert_eq!(books_digest(&entry, account), books_digest(&bare, account));
    assert_ne!(books_digest(&mapped, account), books_digest(&bare, account));
}
