//! The accounts that the books already hold, made by hand or by a predecessor, beside those of the administration's own
//! seed: some of the generated customers can be matched with one.

use super::builder::Builder;
use super::customers::{Buyer, Customer};
use crate::sandbox::exact::seed::relations;

/// An account that Exact holds before the first run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExistingAccount {
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// With its country prefix, without punctuation.
    pub vat_number: Option<String>,
    pub chamber_of_commerce: Option<String>,
    pub email: Option<String>,
    /// A Chargebee customer's id, where a predecessor wrote it down.
    pub search_code: Option<String>,
    pub address_line_1: String,
    pub postcode: String,
    pub city: String,
}

/// The accounts for the customers so far. With `hard_to_match` two customers without documents come as well: one that
/// the seed's books hold twice, one that they hold blocked.
pub(super) fn accounts(builder: &mut Builder, hard_to_match: bool) -> Vec<ExistingAccount> {
    let mut accounts = Vec::new();
    for (place, customer) in builder.customers.iter().enumerate() {
        // A customer whose own pointer or number is wrong has no account: its document must be held for that alone.
        let is_plain = customer.exact_account.is_none() && customer.company.is_some() && customer.entity == 0;
        if is_plain {
            accounts.extend(known(customer, place));
        }
    }
    if hard_to_match {
        bystander(builder, relations::AMBIGUOUS_VAT_NUMBER, "Brouwerij De Eendracht B.V.");
        bystander(builder, relations::BLOCKED_VAT_NUMBER, "Failliet Handel B.V.");
    }
    accounts
}

/// One customer in eight is known: by VAT number, by mail address, by its id, in turn.
fn known(customer: &Customer, place: usize) -> Option<ExistingAccount> {
    let account = bare(customer);
    match place % 24 {
        3 if customer.vat_number.is_some() && customer.country == "NL" => {
            Some(ExistingAccount { vat_number: customer.full_vat_number(), ..account })
        }
        11 => Some(ExistingAccount { email: Some(customer.email.clone()), ..account }),
        19 => Some(ExistingAccount { search_code: Some(customer.id.clone()), ..account }),
        _ => None,
    }
}

fn bare(customer: &Customer) -> ExistingAccount {
    ExistingAccount {
        name: customer.display_name(),
        // Chargebee writes XI for Northern Ireland, the books its country.
        country: if customer.country == "XI" { "GB".to_owned() } else { customer.country.to_owned() },
        address_line_1: customer.line1.clone(),
        postcode: customer.zip.clone(),
        city: customer.city.clone(),
        ..ExistingAccount::default()
    }
}

/// A Dutch company without any document, whose VAT number the books know all too well.
fn bystander(builder: &mut Builder, vat_number: &str, company: &str) {
    builder.customer("NL", Buyer::Business, |customer| {
        customer.company = Some(company.to_owned());
        customer.vat_number = Some(vat_number.to_owned());
        customer.kvk = None;
    });
}
