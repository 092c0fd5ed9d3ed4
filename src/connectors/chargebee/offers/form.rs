//! Parameters as Chargebee spells them (chargebee.md §1).

use crate::connectors::chargebee::write::Form;
use crate::domain::offer::{BillingAddress, Bounded, Change};

/// Builds a form, leaving out what there is nothing to say about.
#[derive(Debug, Default)]
pub(super) struct FormBuilder(Form);

impl FormBuilder {
    pub(super) fn build(self) -> Form {
        self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    pub(super) fn set_if<const MAX: usize>(&mut self, name: &'static str, value: Option<&Bounded<MAX>>) {
        if let Some(value) = value {
            self.set(name, value.as_str());
        }
    }

    /// A change: an empty value unsets.
    pub(super) fn change<const MAX: usize>(&mut self, name: &'static str, change: &Change<Bounded<MAX>>) {
        match change {
            Change::Keep => {}
            Change::Set(value) => self.set(name, value.as_str()),
            Change::Clear => self.set(name, ""),
        }
    }

    /// One attribute of an array's row: field first, index last.
    pub(super) fn row(&mut self, array: &str, field: &str, index: usize, value: impl Into<String>) {
        self.0.push((format!("{array}[{field}][{index}]").into(), value.into()));
    }

    /// An address, which replaces the former one as a whole.
    pub(super) fn address(&mut self, object: &str, address: &BillingAddress) {
        for (name, value) in parts(address) {
            self.0.push((format!("{object}[{name}]").into(), value.to_owned()));
        }
    }

    /// An address by the names of its own resource.
    pub(super) fn own_address(&mut self, address: &BillingAddress) {
        let own = |name: &'static str| match name {
            "line1" => "addr",
            "line2" => "extended_addr",
            "line3" => "extended_addr2",
            other => other,
        };
        for (name, value) in parts(address) {
            self.set(own(name), value);
        }
    }
}

fn parts(address: &BillingAddress) -> Vec<(&'static str, &str)> {
    fn part<'a, const MAX: usize>(
        name: &'static str,
        value: &'a Option<Bounded<MAX>>,
    ) -> Option<(&'static str, &'a str)> {
        value.as_ref().map(|value| (name, value.as_str()))
    }
    let parts = [
        part("company", &address.company),
        part("first_name", &address.first_name),
        part("last_name", &address.last_name),
        part("email", &address.email),
        part("phone", &address.phone),
        part("line1", &address.line1),
        part("line2", &address.line2),
        part("line3", &address.line3),
        part("city", &address.city),
        part("state", &address.state),
        part("zip", &address.postcode),
        part("country", &address.country),
    ];
    parts.into_iter().flatten().collect()
}
