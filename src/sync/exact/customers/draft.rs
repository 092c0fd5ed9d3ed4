//! A customer as the account that the books should have.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::connectors::exact::AccountDraft;
use crate::domain::customer::{Address, Customer};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::money::Currency;
use crate::domain::vat_number::VatNumber;
use crate::sync::exact::entity::EntityBooks;

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

/// The custom fields that the mapping puts on the account (P5). What the property cannot take is left out: the books would
/// refuse the whole account for it, with an error that counts.
fn own_fields(books: &EntityBooks<'_>, customer: &Customer) -> BTreeMap<String, String> {
    mapped(books, customer).filter(|(property, _, value)| fits(property, value)).map(|(p, _, v)| (p, v)).collect()
}

/// What of the mapped fields was left out, in words.
pub fn left_out(books: &EntityBooks<'_>, customer: &Customer) -> Vec<String> {
    let unfit = mapped(books, customer).filter(|(property, _, value)| !fits(property, value));
    unfit
        .map(|(property, field, value)| format!("{field} is {:?}, which {property} does not take", shorten(&value, 40)))
        .collect()
}

/// Property, custom field and value.
fn mapped(books: &EntityBooks<'_>, customer: &Customer) -> impl Iterator<Item = (String, String, String)> {
    let filled = books.entity.customers.fields.iter().filter_map(|(property, field)| {
        let value = customer.custom_fields.get(field)?.trim();
        (!value.is_empty()).then(|| (property.clone(), field.clone(), value.to_owned()))
    });
    filled.collect::<Vec<_>>().into_iter()
}

fn fits(property: &str, value: &str) -> bool {
    match property {
        "SalesCurrency" => Currency::from_code(value).is_some(),
        classification if classification.starts_with("Classification") => Uuid::parse_str(value).is_ok(),
        _ => true,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_property_takes_is_sent_p5() {
        let id = "7f6c8a52-0c8c-4f0f-9a61-3d3f0f1c2b4a";
        for (property, value, taken) in [
            ("Classification1", id, true),
            ("Classification8", "Gold", false),
            ("SalesCurrency", "USD", true),
            ("SalesCurrency", "dollars", false),
            ("Remarks", "anything at all", true),
        ] {
            assert_eq!(fits(property, value), taken, "{property} {value}");
        }
    }
}
