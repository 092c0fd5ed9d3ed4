//! Wolkwerk's administration with the accounts that the generated customers are known by.

use super::exact::seed::{self, Account, Administration};
use super::generator::ExistingAccount;

/// The administration of the generated world. `open` opens every financial year that its documents need.
pub fn administration(accounts: Vec<ExistingAccount>, open: bool) -> Administration {
    let mut administration = seed::wolkwerk();
    administration.accounts.extend(accounts.into_iter().map(account));
    if open {
        administration.years = (2024..=2029).collect();
    }
    administration
}

fn account(existing: ExistingAccount) -> Account {
    Account {
        name: existing.name,
        status: 'C',
        country: existing.country,
        vat_number: existing.vat_number,
        chamber_of_commerce: existing.chamber_of_commerce,
        email: existing.email,
        search_code: existing.search_code,
        address_line_1: Some(existing.address_line_1),
        postcode: Some(existing.postcode),
        city: Some(existing.city),
        blocked: existing.blocked,
        ..Account::default()
    }
}
