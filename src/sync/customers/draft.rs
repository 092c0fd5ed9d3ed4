//! A customer as the account that the books should have.

use crate::connectors::exact::AccountDraft;
use crate::domain::customer::{Address, Customer};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::vat_number::VatNumber;
use crate::sync::entity::EntityBooks;

/// The account of `customer`, without its VAT number where that cannot be right, and the hold that this is (E28, N5): the
/// books check it more strictly than billing does.
pub fn desired(books: &EntityBooks<'_>, customer: &Customer) -> (AccountDraft, Option<Hold>) {
    let address = &customer.billing_address;
    let (vat_number, problem) = match vat_number(customer) {
        Ok(number) => (number, None),
        Err(hold) => (None, Some(hold)),
    };
    let draft = AccountDraft {
        name: shorten(&customer.name(), 50),
        country: address.country.clone().map(|code| if code == "XI" { "GB".to_owned() } else { code }),
        vat_number,
        chamber_of_commerce: chamber_of_commerce(books, customer),
        email: customer.email.clone().or_else(|| address.email.clone()),
        phone: customer.phone.clone().or_else(|| address.phone.clone()),
        address_lines: address.lines.clone(),
        postcode: address.postcode.clone(),
        city: address.city.clone(),
        // The books know states by codes of their own; one that they do not know would cost the account.
        state: None,
        search_code: Some(customer.id.clone()),
        payment_condition: None,
        language: None,
        fields: own_fields(books, customer),
    };
    (draft, problem)
}

/// The customer's number at the chamber of commerce, from the custom field that the mapping names.
pub fn chamber_of_commerce(books: &EntityBooks<'_>, customer: &Customer) -> Option<String> {
    let field = books.entity.customers.chamber_of_commerce_field.as_ref()?;
    customer.custom_fields.get(field).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// P5.
fn own_fields(books: &EntityBooks<'_>, customer: &Customer) -> std::collections::BTreeMap<String, String> {
    let mapped = books.entity.customers.fields.iter();
    mapped
        .filter_map(|(property, field)| Some((property.clone(), customer.custom_fields.get(field)?.clone())))
        .collect()
}

/// The customer's VAT number as it is written in the books: with its country's prefix.
fn vat_number(customer: &Customer) -> Result<Option<String>, Hold> {
    let Some(text) = customer.vat_number.as_deref().filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    match VatNumber::parse(text, country_of(&customer.billing_address)) {
        Ok(number) => Ok(Some(number.to_string())),
        Err(error) => Err(Hold::new(
            HoldReason::VatNumberInvalid,
            format!("the VAT number {text:?} of customer {} is not valid: {error}", customer.id),
            format!("correct the VAT number of customer {} in Chargebee, or remove it", customer.id),
        )),
    }
}

fn country_of(address: &Address) -> Option<&str> {
    address.country.as_deref()
}

fn shorten(text: &str, chars_max: usize) -> String {
    text.trim().chars().take(chars_max).collect()
}
