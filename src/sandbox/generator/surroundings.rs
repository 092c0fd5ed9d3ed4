//! What a site holds besides documents: contacts, payment sources, shipping addresses, charges not invoiced yet,
//! promotional credits, prices with tiers, features and entitlements. Drawn from a stream of chance of its own, so that
//! the documents of a seed stay what they are.

mod features;
#[cfg(test)]
mod tests;
mod tiers;
mod withdrawn;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::ChargebeeData;
use super::builder::Builder;
use super::catalogue::Cycle;
use super::catalogue::EXTRA_SEATS;
use super::customers::Customer;
use super::dice::Dice;
use super::words;

/// Sets the stream apart from the documents' own.
const STREAM: u64 = 0x5EED_0F0E_1DA7_A000;
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Adds everything to the rows that are there.
pub(super) fn add(seed: u64, builder: &Builder, currencies: &[&str], data: &mut ChargebeeData) {
    let mut dice = Dice::new(seed ^ STREAM);
    let mut more =
        Surroundings { dice: &mut dice, now: builder.now, sources: BTreeMap::new(), unbilled: BTreeMap::new() };
    let customers: BTreeMap<&str, &Customer> =
        builder.customers.iter().map(|customer| (customer.id.as_str(), customer)).collect();
    let mut rows: Vec<Value> = data.customers.iter().map(|text| parse(text)).collect();
    for row in &mut rows {
        more.around_a_customer(row, customers[text(row, "id")], data);
    }
    let mut subscriptions: Vec<Value> = data.subscriptions.iter().map(|text| parse(text)).collect();
    for row in &mut subscriptions {
        more.around_a_subscription(row, customers[text(row, "customer_id")], data);
    }
    for row in &mut rows {
        if let Some(sum) = more.unbilled.get(text(row, "id")) {
            row["unbilled_charges"] = (*sum).into();
        }
    }
    data.customers = rows.iter().map(Value::to_string).collect();
    data.subscriptions = subscriptions.iter().map(Value::to_string).collect();
    let since = (builder.now - DAY * 800).as_second();
    tiers::add(since, currencies, data);
    features::add(since, data);
    // Only a company whose life is told has a past.
    if builder.is_whole() {
        withdrawn::add(since, data);
    }
}

struct Surroundings<'a> {
    dice: &'a mut Dice,
    now: Timestamp,
    /// The primary source of a customer.
    sources: BTreeMap<String, String>,
    /// What a customer's subscriptions have gathered.
    unbilled: BTreeMap<String, i64>,
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_default()
}

impl Surroundings<'_> {
    fn around_a_customer(&mut self, row: &mut Value, customer: &Customer, data: &mut ChargebeeData) {
        if customer.company.is_some() {
            let contacts: Vec<Value> = (0..self.dice.between(0, 2)).map(|_| self.contact(customer)).collect();
            if !contacts.is_empty() {
                row["contacts"] = contacts.into();
            }
        }
        if customer.net_term_days == 0 {
            let source = self.source(customer, false);
            self.sources.insert(customer.id.clone(), text(&source, "id").to_owned());
            row["primary_payment_source_id"] = source["id"].clone();
            data.payment_sources.push(source.to_string());
            // A former one, which its owner has taken away.
            if self.dice.chance(15) {
                data.payment_sources.push(self.source(customer, true).to_string());
            }
        }
        if self.dice.chance(12) {
            self.promotion(customer, data);
        }
    }

    fn contact(&mut self, customer: &Customer) -> Value {
        let (first_name, last_name) = words::person(self.dice);
        let (_, host) = customer.email.rsplit_once('@').unwrap_or(("", "example.com"));
        let own = format!("{}.{}", words::mailbox(&first_name), words::mailbox(&self.dice.token(5)));
        json!({"id": format!("contact_{}", self.dice.token(14)), "first_name": first_name, "last_name": last_name,
            "email": format!("{own}@{host}"), "phone": format!("+31 20 {}", self.dice.between(1_000_000, 9_999_999)),
            "label": self.dice.pick(&["Finance", "Buyer", "Director"]), "enabled": true,
            "send_account_email": false, "send_billing_email": self.dice.chance(50), "object": "contact"})
    }

    fn source(&mut self, customer: &Customer, is_gone: bool) -> Value {
        let at = customer.created_at.as_second();
        let changed = if is_gone { (customer.created_at + DAY * 20).min(self.now).as_second() } else { at };
        let last4 = self.dice.between(1000, 9999).to_string();
        let holder = format!("{} {}", customer.first_name, customer.last_name);
        let mut row = json!({
            "id": format!("pm_{}", self.dice.token(16)), "customer_id": customer.id, "status": "valid",
            "gateway": "mollie", "gateway_account_id": "gw_mollie", "deleted": is_gone,
            "reference_id": format!("cst_{}/mdt_{}", self.dice.token(10), self.dice.token(10)), "created_at": at,
            "updated_at": changed, "resource_version": changed * 1000, "object": "payment_source",
        });
        let is_direct_debit = customer.company.is_some() && customer.currency == "EUR";
        if is_direct_debit {
            row["type"] = "direct_debit".into();
            row["bank_account"] = json!({"last4": last4, "name_on_account": customer.display_name(),
                "bank_name": self.dice.pick(&["ING", "Rabobank", "ABN AMRO", "KBC", "Sparkasse"]),
                "mandate_id": format!("mdt_{}", self.dice.token(10)), "object": "bank_account"});
        } else {
            let year = self.dice.between(2027, 2031);
            row["type"] = "card".into();
            row["issuing_country"] = customer.country.into();
            row["card"] = json!({"brand": self.dice.pick(&["visa", "mastercard"]), "last4": last4,
                "iin": "******", "masked_number": format!("************{last4}"), "first_name": holder,
                "expiry_month": self.dice.between(1, 12), "expiry_year": year, "funding_type": "credit", "object": "card"});
        }
        entity(customer, &mut row);
        row
    }

    /// Credit for a referral that was taken back unused, so that no invoice has anything of it.
    fn promotion(&mut self, customer: &Customer, data: &mut ChargebeeData) {
        let amount = self.dice.between(2, 20) * 250;
        let (given, taken) = (customer.created_at + DAY * 5, customer.created_at + DAY * 50);
        if taken > self.now {
            return;
        }
        let moves = [
            ("increment", given, amount, "Referral of a colleague", "referral_rewards"),
            ("decrement", taken, 0, "Referral credit has expired", "general"),
        ];
        for (kind, at, balance, description, credit_type) in moves {
            let mut row = json!({"id": format!("pc_{}", self.dice.token(16)), "customer_id": customer.id, "type": kind,
                "amount": amount, "currency_code": customer.currency, "description": description,
                "credit_type": credit_type, "closing_balance": balance, "done_by": "admin_console",
                "created_at": at.as_second(), "object": "promotional_credit"});
            entity(customer, &mut row);
            data.promotional_credits.push(row.to_string());
        }
    }

    fn around_a_subscription(&mut self, row: &mut Value, customer: &Customer, data: &mut ChargebeeData) {
        if let Some(source) = self.sources.get(&customer.id) {
            row["payment_source_id"] = source.as_str().into();
        }
        if customer.company.is_some() && self.dice.chance(20) {
            let (line1, zip, city) = words::address(self.dice, customer.country);
            row["shipping_address"] = json!({"company": customer.display_name(), "line1": line1, "zip": zip,
                "city": city, "country": customer.country, "validation_status": "not_validated",
                "object": "shipping_address"});
        }
        if self.dice.chance(15) {
            let charge = self.charge(row, customer);
            *self.unbilled.entry(customer.id.clone()).or_default() += charge["amount"].as_i64().unwrap_or(0);
            data.unbilled_charges.push(charge.to_string());
        }
    }

    /// Seats that were added within the term and come with the next invoice.
    fn charge(&mut self, subscription: &Value, customer: &Customer) -> Value {
        let price = EXTRA_SEATS.price(Cycle::Monthly, customer.currency);
        let quantity = self.dice.between(1, 6);
        let mut row = json!({
            "id": format!("li_{}", self.dice.token(16)), "customer_id": customer.id, "subscription_id": subscription["id"],
            "date_from": subscription["current_term_start"], "date_to": subscription["current_term_end"],
            "unit_amount": price.amount, "quantity": quantity, "amount": price.amount * quantity,
            "pricing_model": "per_unit", "currency_code": customer.currency, "discount_amount": 0,
            "description": price.name, "entity_type": "addon_item_price", "entity_id": price.id, "is_voided": false,
            "is_advance_charge": false, "deleted": false, "created_at": subscription["current_term_start"],
            "updated_at": subscription["current_term_start"], "object": "unbilled_charge",
        });
        entity(customer, &mut row);
        row
    }
}

fn entity(customer: &Customer, row: &mut Value) {
    if let Some(id) = super::entities::ENTITIES[customer.entity].id {
        row["business_entity_id"] = id.into();
    }
}
