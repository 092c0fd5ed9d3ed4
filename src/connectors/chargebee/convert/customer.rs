//! Customers (E1, P5).

use super::super::wire::{CustomerRow, custom_fields};
use super::address::address;
use super::subject::{Subject, instant_or_none, small};
use super::vat::vat_number;
use super::{FromChargebee, parse};
use crate::domain::customer::Customer;
use crate::domain::hold::{Hold, HoldReason};

impl FromChargebee for Customer {
    const NOUN: &'static str = "customer";
    const UNREADABLE: HoldReason = HoldReason::CustomerAmbiguous;

    fn from_json(id: &str, json: &str) -> Result<Self, Hold> {
        let subject = Subject { noun: Self::NOUN, id, unreadable: Self::UNREADABLE };
        let row: CustomerRow = parse(&subject, json)?;
        let billing_address = address(row.billing_address.unwrap_or_default());
        let country = billing_address.country.as_deref();
        Ok(Self {
            vat_number: vat_number(row.vat_number.as_deref(), row.vat_number_prefix.as_deref(), country),
            id: row.id.or(id),
            company: row.company.0,
            first_name: row.first_name.0,
            last_name: row.last_name.0,
            email: row.email.0,
            phone: row.phone.0,
            locale: row.locale.0,
            currency: row.preferred_currency_code.0,
            net_term_days: small(&row.net_term_days),
            billing_address,
            business_entity: row.business_entity_id.0,
            custom_fields: custom_fields(json),
            deleted: row.deleted.0,
            updated_at: instant_or_none(&row.updated_at),
        })
    }
}
