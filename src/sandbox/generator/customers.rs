//! Wolkwerk's customers: who they are, where they are, and their rows.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::catalogue::{BUSINESS, Cycle, Item, STARTER, TEAM};
use super::dice::Dice;
use super::entities::ENTITIES;
use super::{vat_numbers, words};

/// What makes a customer one for the tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Buyer {
    /// A company with a VAT number, or one outside the EU.
    Business,
    Consumer,
}

/// One customer with its subscription.
#[derive(Clone, Debug)]
pub(super) struct Customer {
    pub id: String,
    pub company: Option<String>,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub buyer: Buyer,
    pub country: &'static str,
    pub line1: String,
    pub zip: String,
    pub city: String,
    pub currency: &'static str,
    pub net_term_days: i64,
    /// As typed in Chargebee: mostly without the country prefix, sometimes with it and with dots.
    pub vat_number: Option<String>,
    pub vat_number_prefix: Option<&'static str>,
    pub kvk: Option<String>,
    /// The custom field with an Exact account's guid.
    pub exact_account: Option<String>,
    pub tax_inclusive: bool,
    /// The place of the company that it buys from.
    pub entity: usize,
    pub plan: Item,
    pub cycle: Cycle,
    pub seats: i64,
    /// Seats added to the plan, 0 for none.
    pub extra_seats: i64,
    pub has_support: bool,
    pub has_loyalty: bool,
    pub subscription_id: String,
    pub created_at: Timestamp,
    /// False for rows that were imported before the vendor kept the time of change.
    pub has_updated_at: bool,
}

impl Customer {
    /// A customer of chance in `country`.
    pub(super) fn random(dice: &mut Dice, country: &'static str, buyer: Buyer, created_at: Timestamp) -> Self {
        let (first_name, last_name) = words::person(dice);
        let company = (buyer == Buyer::Business).then(|| words::company(dice, country));
        let (line1, zip, city) = words::address(dice, country);
        let id = dice.token(16);
        let plan = if buyer == Buyer::Consumer {
            STARTER
        } else {
            [STARTER, TEAM, TEAM, BUSINESS][dice.between(0, 3) as usize]
        };
        let cycle = if dice.chance(25) { Cycle::Yearly } else { Cycle::Monthly };
        let host = company.as_deref().map_or_else(|| "example".to_owned(), words::mailbox);
        let has_addons = buyer == Buyer::Business;
        Self {
            email: format!("{}.{}@{host}.example", words::mailbox(&first_name), words::mailbox(&id[..6])),
            vat_number: (buyer == Buyer::Business).then(|| vat_number(dice, country)).flatten(),
            vat_number_prefix: (country == "XI").then_some("XI"),
            kvk: (country == "NL" && has_addons && dice.chance(60)).then(|| kvk(dice)),
            net_term_days: if has_addons { [0, 14, 30][dice.between(0, 2) as usize] } else { 0 },
            currency: if country == "US" || (country == "GB" && dice.chance(40)) { "USD" } else { "EUR" },
            tax_inclusive: country == "NL" && !has_addons && dice.chance(25),
            seats: if plan.id == STARTER.id { 1 } else { dice.between(2, 25) },
            extra_seats: if has_addons && dice.chance(35) { dice.between(1, 12) } else { 0 },
            has_support: has_addons && dice.chance(30),
            has_loyalty: dice.chance(8),
            subscription_id: dice.token(16),
            exact_account: None,
            entity: 0,
            has_updated_at: true,
            id,
            company,
            first_name,
            last_name,
            buyer,
            country,
            line1,
            zip,
            city,
            plan,
            cycle,
            created_at,
        }
    }

    /// A customer of chance anywhere, most of them Dutch companies.
    pub(super) fn anywhere(dice: &mut Dice, created_at: Timestamp) -> Self {
        let (country, buyer) = match dice.between(1, 100) {
            1..=55 => ("NL", Buyer::Business),
            56..=66 => ("NL", Buyer::Consumer),
            67..=79 => (dice.pick(&["BE", "DE", "FR"]), Buyer::Business),
            80..=88 => (dice.pick(&["BE", "DE", "FR"]), Buyer::Consumer),
            _ => (dice.pick(&["US", "GB"]), Buyer::Business),
        };
        let country = ["NL", "BE", "DE", "FR", "US", "GB"].into_iter().find(|known| *known == country).unwrap_or("NL");
        Self::random(dice, country, buyer, created_at)
    }

    /// The same customer as one of the group's three companies has it: Germans and Belgians at home, some of the French at
    /// either, the British in pounds.
    pub(super) fn of_the_group(mut self, dice: &mut Dice) -> Self {
        self.entity = match self.country {
            "DE" => 1,
            "BE" => 2,
            "FR" if self.company.is_some() => dice.between(0, 2) as usize,
            _ => 0,
        };
        if self.country == "GB" {
            self.currency = "GBP";
        }
        self
    }

    /// The VAT number with its country prefix and without punctuation, as Exact holds it.
    pub(super) fn full_vat_number(&self) -> Option<String> {
        let bare: String = self.vat_number.as_ref()?.chars().filter(char::is_ascii_alphanumeric).collect();
        let prefix = if self.country == "GR" { "EL" } else { self.country };
        Some(if bare.starts_with(prefix) { bare } else { format!("{prefix}{bare}") })
    }

    /// The name that an accountant would file this customer under.
    pub(super) fn display_name(&self) -> String {
        self.company.clone().unwrap_or_else(|| format!("{} {}", self.first_name, self.last_name))
    }

    /// The billing address of the customer or of an invoice to it.
    pub(super) fn billing_address(&self) -> Value {
        let mut address = json!({
            "first_name": self.first_name, "last_name": self.last_name, "email": self.email, "line1": self.line1,
            "city": self.city, "zip": self.zip, "country": self.country, "validation_status": "not_validated",
            "object": "billing_address",
        });
        if let Some(company) = &self.company {
            address["company"] = company.as_str().into();
        }
        address
    }

    /// The customer's row.
    pub(super) fn row(&self, updated_at: i64) -> Value {
        let mut row = json!({
            "id": self.id, "first_name": self.first_name, "last_name": self.last_name, "email": self.email,
            "auto_collection": if self.net_term_days == 0 { "on" } else { "off" },
            "net_term_days": self.net_term_days, "allow_direct_debit": true, "taxability": "taxable",
            "locale": if self.country == "NL" { "nl-NL" } else { "en" }, "pii_cleared": "active", "channel": "web",
            "card_status": "no_card", "preferred_currency_code": self.currency, "promotional_credits": 0,
            "unbilled_charges": 0, "refundable_credits": 0, "excess_payments": 0, "mrr": 0, "deleted": false,
            "customer_type": if self.buyer == Buyer::Business { "business" } else { "residential" },
            "created_at": self.created_at.as_second(), "resource_version": updated_at * 1000,
            "billing_address": self.billing_address(), "object": "customer",
        });
        if self.has_updated_at {
            row["updated_at"] = updated_at.into();
        }
        let optional = [
            ("company", self.company.as_deref()),
            ("vat_number", self.vat_number.as_deref()),
            ("vat_number_prefix", self.vat_number_prefix),
            ("vat_number_status", self.vat_number.as_deref().map(|_| "not_validated")),
            ("cf_kvk", self.kvk.as_deref()),
            ("cf_exact_account", self.exact_account.as_deref()),
            ("business_entity_id", ENTITIES[self.entity].id),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                row[name] = value.into();
            }
        }
        row
    }
}

fn kvk(dice: &mut Dice) -> String {
    dice.digits(8).iter().map(ToString::to_string).collect()
}

/// A true number of the country, typed as people type it.
fn vat_number(dice: &mut Dice, country: &str) -> Option<String> {
    let number = match country {
        "NL" if dice.chance(10) => vat_numbers::netherlands_sole_trader(dice),
        "NL" => vat_numbers::netherlands(dice),
        "BE" => vat_numbers::belgium(dice),
        "DE" => vat_numbers::germany(dice),
        "FR" => vat_numbers::france(dice),
        "GR" => vat_numbers::greece(dice),
        "GB" | "XI" => vat_numbers::united_kingdom(dice),
        _ => return None,
    };
    let prefix = if country == "GR" { "EL" } else { country };
    Some(match dice.between(1, 10) {
        1 | 2 => format!("{prefix}{number}"),
        3 if country == "NL" => format!("NL {}.{}.{}", &number[..4], &number[4..9], &number[9..]),
        3 if country == "BE" => format!("BE {}.{}.{}", &number[..4], &number[4..7], &number[7..]),
        _ => number,
    })
}
