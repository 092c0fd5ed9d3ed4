//! Who is billed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A postal address as billing knows it. `country` is ISO 3166-1 alpha-2, or `XI` for Northern Ireland.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    pub company: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub lines: Vec<String>,
    pub postcode: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub country: Option<String>,
}

/// A customer of the billing system (E1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    pub id: String,
    pub company: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub locale: Option<String>,
    pub currency: Option<String>,
    pub net_term_days: Option<i32>,
    /// The VAT number as typed, its country prefix included where the billing system keeps one apart.
    pub vat_number: Option<String>,
    pub billing_address: Address,
    pub business_entity: Option<String>,
    /// Custom fields by their name (`cf_…`), as text; P5.
    pub custom_fields: BTreeMap<String, String>,
    pub deleted: bool,
    pub updated_at: Option<Timestamp>,
}

impl Customer {
    /// The name under which books know the customer: the company, else the person, else the id.
    pub fn name(&self) -> String {
        let company = self.company.as_deref().or(self.billing_address.company.as_deref());
        company.filter(|name| !name.trim().is_empty()).map(str::to_owned).unwrap_or_else(|| self.person_or_id())
    }

    fn person_or_id(&self) -> String {
        let own = [self.first_name.as_deref(), self.last_name.as_deref()];
        let billed = [self.billing_address.first_name.as_deref(), self.billing_address.last_name.as_deref()];
        let join =
            |parts: [Option<&str>; 2]| parts.into_iter().flatten().collect::<Vec<_>>().join(" ").trim().to_owned();
        [join(own), join(billed)].into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| self.id.clone())
    }
}
