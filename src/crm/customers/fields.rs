//! An account's fields as billing takes them, and the normal spelling by which two values are compared.

use crate::crm::contacts::is_email;
use crate::crm::country::country;
use crate::domain::country::Country;
use crate::domain::crm::CrmAccount;
use crate::domain::customer::Address;
use crate::domain::offer::{BillingAddress, BillingCustomer, Bounded, CustomerField, TooLong, WrittenVatNumber};
use crate::domain::vat_number::{VatNumber, VatNumberError};

use super::FieldProblem;

/// What an account says, ready to be written; a field without a value says nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    pub name: Option<Bounded<250>>,
    pub email: Option<Bounded<70>>,
    pub phone: Option<Bounded<50>>,
    pub vat_number: Option<WrittenVatNumber>,
    pub billing_address: Option<BillingAddress>,
}

/// Collects what billing cannot take.
struct Reader<'a> {
    account: &'a str,
    problems: Vec<FieldProblem>,
}

impl Fields {
    /// The account's fields, and those that billing cannot take. Of a customer's address the person stays, which an account
    /// knows nothing of.
    pub(super) fn of(account: &CrmAccount, customer: Option<&BillingCustomer>) -> (Self, Vec<FieldProblem>) {
        let mut reader = Reader { account: &account.name, problems: Vec::new() };
        let standing = customer.and_then(|customer| customer.billing_address.as_ref());
        let fields = Self {
            name: reader.text(CustomerField::Name, Some(&account.name)),
            email: reader.email(account.email.as_deref()),
            phone: reader.text(CustomerField::Phone, account.phone.as_deref()),
            vat_number: reader.vat_number(account),
            billing_address: reader.address(CustomerField::BillingAddress, account.billing_address.as_ref()).map(
                |own| {
                    let company = || Bounded::new(&account.name).ok().flatten();
                    standing.map_or_else(
                        || BillingAddress { company: company(), ..own.clone() },
                        |other| with_person(&own, other),
                    )
                },
            ),
        };
        (fields, reader.problems)
    }
}

/// An address of the CRM as billing takes it, or what is wrong with it.
pub(super) fn shipping(account: &CrmAccount) -> (Option<BillingAddress>, Vec<FieldProblem>) {
    let mut reader = Reader { account: &account.name, problems: Vec::new() };
    let address = reader.address(CustomerField::ShippingAddress, account.shipping_address.as_ref());
    let company = || Bounded::new(&account.name).ok().flatten();
    (address.map(|address| BillingAddress { company: company(), ..address }), reader.problems)
}

impl Reader<'_> {
    fn problem(&mut self, field: CustomerField, what: &str, remedy: &str) {
        let message = format!("the {} of account {} {what}", field.noun(), self.account);
        let remedy = format!("{remedy} of account {} in the CRM", self.account);
        self.problems.push(FieldProblem { field, message, remedy });
    }

    fn too_long(&mut self, field: CustomerField, part: &str, long: TooLong) {
        let what = format!("{part}has {} characters, and billing takes {}", long.length, long.length_max);
        self.problem(field, &what, &format!("shorten the {}", field.noun()));
    }

    fn text<const MAX: usize>(&mut self, field: CustomerField, text: Option<&str>) -> Option<Bounded<MAX>> {
        Bounded::new(text?).unwrap_or_else(|long| {
            self.too_long(field, "", long);
            None
        })
    }

    fn email(&mut self, text: Option<&str>) -> Option<Bounded<70>> {
        let email: Bounded<70> = self.text(CustomerField::Email, text)?;
        if is_email(email.as_str()) {
            return Some(email);
        }
        self.problem(CustomerField::Email, "is none that billing takes", "correct the e-mail address");
        None
    }

    /// A number that cannot be one is not sent (N5); one of a country whose numbers are not known goes as it is.
    fn vat_number(&mut self, account: &CrmAccount) -> Option<WrittenVatNumber> {
        let field = CustomerField::VatNumber;
        let text = account.vat_number.as_deref().map(str::trim).filter(|text| !text.is_empty())?;
        let place = place(account.billing_address.as_ref());
        match VatNumber::parse(text, place.as_ref().map(Country::code)) {
            Ok(number) => Some(WrittenVatNumber {
                number: self.text(field, Some(&written(&number, place)))?,
                prefix: northern_prefix(&number, place).and_then(Bounded::cut),
            }),
            Err(VatNumberError::UnknownCountry { .. }) => {
                Some(WrittenVatNumber { number: self.text(field, Some(text))?, prefix: None })
            }
            Err(error) => {
                self.problem(field, &format!("cannot be one: {error}"), "correct the VAT number");
                None
            }
        }
    }

    fn address(&mut self, field: CustomerField, address: Option<&Address>) -> Option<BillingAddress> {
        let address = address.filter(|address| address_key(address).is_some())?;
        let before = self.problems.len();
        let code = address.country.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let place = code.and_then(country);
        if let (Some(text), None) = (code, place) {
            self.problem(
                field,
                &format!("names country {text:?}, which cannot be told"),
                &format!("correct the country in the {}", field.noun()),
            );
        }
        let lines: Vec<&str> = address.lines.iter().map(String::as_str).collect();
        let mut part = |name: &str, text: Option<&str>| self.part(field, name, text);
        let taken = BillingAddress {
            line1: part("line 1 ", lines.first().copied()),
            line2: part("line 2 ", lines.get(1).copied()),
            line3: part("line 3 ", lines.get(2).copied()),
            ..BillingAddress::default()
        };
        let taken = BillingAddress {
            city: self.part(field, "city ", address.city.as_deref()),
            state: self.part(field, "state ", address.state.as_deref()),
            postcode: self.part(field, "postal code ", address.postcode.as_deref()),
            country: place.as_ref().and_then(|place| Bounded::cut(place.code())),
            ..taken
        };
        // Half an address is none.
        (self.problems.len() == before).then_some(taken)
    }

    fn part<const MAX: usize>(&mut self, field: CustomerField, name: &str, text: Option<&str>) -> Option<Bounded<MAX>> {
        Bounded::new(text?).unwrap_or_else(|long| {
            self.too_long(field, name, long);
            None
        })
    }
}

fn place(address: Option<&Address>) -> Option<Country> {
    address.and_then(|address| address.country.as_deref()).and_then(country)
}

/// Billing puts the prefix of the address' own country before a number by itself (chargebee.md §5).
fn written(number: &VatNumber, place: Option<Country>) -> String {
    let is_implied = place == Some(number.country()) && (number.country().is_member_state() || is_northern(place));
    if is_implied || northern_prefix(number, place).is_some() {
        number.national().to_owned()
    } else {
        number.as_str().to_owned()
    }
}

fn is_northern(place: Option<Country>) -> bool {
    place == Some(Country::NORTHERN_IRELAND)
}

/// Only in Northern Ireland the prefix is said apart: numbers of either kind are in use there.
fn northern_prefix(number: &VatNumber, place: Option<Country>) -> Option<&'static str> {
    (is_northern(place) && matches!(number.prefix(), "XI" | "GB")).then_some(number.prefix())
}

/// What billing keeps of the person in an address, with the street of another.
fn with_person(own: &BillingAddress, standing: &Address) -> BillingAddress {
    fn kept<const MAX: usize>(text: &Option<String>) -> Option<Bounded<MAX>> {
        text.as_deref().and_then(Bounded::cut)
    }
    BillingAddress {
        company: kept(&standing.company),
        first_name: kept(&standing.first_name),
        last_name: kept(&standing.last_name),
        email: kept(&standing.email),
        phone: kept(&standing.phone),
        ..own.clone()
    }
}

/// A field of an account in its normal spelling; `None` where it says nothing.
pub(super) fn key_of(account: &CrmAccount, field: CustomerField) -> Option<String> {
    match field {
        CustomerField::Name => text_key(Some(&account.name)),
        CustomerField::Email => email_key(account.email.as_deref()),
        CustomerField::Phone => phone_key(account.phone.as_deref()),
        CustomerField::VatNumber => vat_key(account.vat_number.as_deref(), place(account.billing_address.as_ref())),
        CustomerField::BillingAddress => account.billing_address.as_ref().and_then(address_key),
        CustomerField::ShippingAddress => account.shipping_address.as_ref().and_then(address_key),
    }
}

/// The same field of a customer.
pub(super) fn billing_key(customer: &BillingCustomer, field: CustomerField) -> Option<String> {
    match field {
        CustomerField::Name => text_key(customer.company.as_deref()),
        CustomerField::Email => email_key(customer.email.as_deref()),
        CustomerField::Phone => phone_key(customer.phone.as_deref()),
        CustomerField::VatNumber => vat_key(customer.vat_number.as_deref(), place(customer.billing_address.as_ref())),
        CustomerField::BillingAddress => customer.billing_address.as_ref().and_then(address_key),
        CustomerField::ShippingAddress => None,
    }
}

fn text_key(text: Option<&str>) -> Option<String> {
    let words: Vec<&str> = text?.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn email_key(text: Option<&str>) -> Option<String> {
    text_key(text).map(|text| text.to_lowercase())
}

/// Digits with the sign of an international number; the rest is layout.
fn phone_key(text: Option<&str>) -> Option<String> {
    let text = text_key(text)?;
    let digits: String = text.chars().filter(|letter| letter.is_ascii_digit() || *letter == '+').collect();
    Some(if digits.is_empty() { text } else { digits })
}

fn vat_key(text: Option<&str>, place: Option<Country>) -> Option<String> {
    let text = text_key(text)?;
    let plain = || text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    let number = VatNumber::parse(&text, place.as_ref().map(Country::code));
    Some(number.map_or_else(|_| plain(), |number| number.as_str().to_owned()))
}

/// Street, place and country; the person is no part of it. A country that cannot be told stands as it was typed.
pub(super) fn address_key(address: &Address) -> Option<String> {
    let part = |text: Option<&str>| text_key(text).unwrap_or_default().to_lowercase();
    let lines: Vec<String> =
        address.lines.iter().map(|line| part(Some(line))).filter(|line| !line.is_empty()).collect();
    let postcode = part(address.postcode.as_deref()).replace([' ', '-'], "");
    let code = address
        .country
        .as_deref()
        .map(|text| country(text).map_or_else(|| part(Some(text)), |place| place.code().to_lowercase()));
    let parts = [
        lines.join("\n"),
        postcode,
        part(address.city.as_deref()),
        part(address.state.as_deref()),
        code.unwrap_or_default(),
    ];
    parts.iter().any(|part| !part.is_empty()).then(|| parts.join("\u{1f}"))
}
