//! `POST /invoices/create_for_charge_items_and_charges`: a one-off invoice of charge items and ad-hoc charges.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::balance::resettle;
use super::error::ApiError;
use super::params::{Params, parse_bool};
use super::pricing::Tiered;
use super::rows::share;
use super::site::{Caller, Site, wrapped};
use super::store::Kind;
use super::{invoices, promotional, rows};
use crate::sandbox::generator::assemble::exchange_rate;
use crate::sandbox::generator::document::tax_name;
use crate::sandbox::generator::entities::entity;
use crate::sandbox::generator::taxes::{Tax, TaxPart, treatment};

/// The parameters that this simulation carries out; others are refused rather than overlooked.
const TAKEN: [&str; 9] = [
    "customer_id",
    "currency_code",
    "invoice_date",
    "net_term_days",
    "po_number",
    "auto_collection",
    "create_pending_invoice",
    "item_prices",
    "charges",
];

/// The largest price and quantity: their product and its tax stay far from overflowing.
const WHOLE_MAX: u64 = 1_000_000_000;

/// One line before its tax.
pub(super) struct Charge {
    /// The item price; none for what is charged ad hoc.
    pub entity: Option<String>,
    /// The line's `entity_type`.
    pub kind: &'static str,
    pub description: String,
    pub unit_amount: i64,
    pub quantity: i64,
    /// What the tiers of its price make of the quantity, where it has any.
    pub tiered: Option<Tiered>,
    pub taxable: bool,
    /// The end of the service period, in Unix seconds; none for what happens once.
    pub until: Option<i64>,
}

impl Charge {
    pub(super) fn amount(&self) -> i64 {
        self.tiered.as_ref().map_or(self.unit_amount * self.quantity, |tiered| tiered.amount)
    }
}

/// A discount, of one line or spread over all.
pub(super) struct Cut {
    /// Its `entity_type`: `promotional_credits`, `document_level_discount`, …
    pub kind: &'static str,
    /// The coupon.
    pub entity: Option<String>,
    pub description: String,
    /// The place of the line that it is of.
    pub on: Option<usize>,
    pub amount: i64,
}

/// Makes the invoice, open, with the next number of the series.
pub(super) fn create(site: &mut Site, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    if let Some((name, _)) = params.iter().find(|(name, _)| !TAKEN.contains(&name[0].as_str())) {
        return Err(ApiError::wrong_value(&super::filter::spelled(name), "is not simulated by this sandbox"));
    }
    let customer = params.text("customer_id").ok_or_else(|| ApiError::wrong_value("customer_id", "cannot be blank"))?;
    let customer = site.fetch(Kind::Customer, customer, caller)?;
    let currency = params.text("currency_code").or(customer["preferred_currency_code"].as_str()).unwrap_or("EUR");
    let charges = charges(site, params, currency)?;
    let tax = treatment_of(&customer);
    let is_pending = params.text("create_pending_invoice").and_then(parse_bool).unwrap_or(false);
    let entity = customer["business_entity_id"].as_str();
    let number = if is_pending { site.new_id("draft_inv_") } else { site.next_invoice(entity) };
    let mut invoice = head(site, params, &customer, currency, &number, caller)?;
    if is_pending {
        invoice["status"] = "pending".into();
        invoice.as_object_mut().map(|row| row.remove("generated_at"));
    }
    let gross: i64 = charges.iter().map(Charge::amount).sum();
    let used = rows::number(&customer, "promotional_credits").clamp(0, gross.max(0));
    let credits = Cut {
        kind: "promotional_credits",
        entity: None,
        description: "Promotional Credits".to_owned(),
        on: None,
        amount: used,
    };
    let (store, left) = if is_pending { (Vec::new(), 0) } else { invoices::store_credit_left(site, &invoice) };
    add_lines(&mut invoice, &charges, &tax, (&[credits], left), caller);
    let event = if is_pending { "pending_invoice_created" } else { "invoice_generated" };
    if used > 0 {
        promotional::enter(site, &customer, -used, &format!("Invoice {number}"), caller);
    }
    resettle(&mut invoice, caller.seconds(), caller);
    site.save_and_emit(Kind::Invoice, &mut invoice, event, caller);
    if !is_pending {
        invoices::use_credits(site, &mut invoice, &store, "pre_tax", caller)?;
        let notes = invoices::credit_left(site, &invoice);
        invoices::use_credits(site, &mut invoice, &notes, "post_tax", caller)?;
    }
    Ok(wrapped(Kind::Invoice, &invoice))
}

/// The tax that the seller charges this customer.
pub(super) fn treatment_of(customer: &Value) -> Tax {
    let has_vat_number = customer["vat_number"].as_str().is_some_and(|number| !number.is_empty());
    match customer["billing_address"]["country"].as_str() {
        Some(country) => {
            let home = entity(customer["business_entity_id"].as_str()).country;
            treatment(home, country, has_vat_number)
        }
        None => Tax::Exempt("tax_not_configured"),
    }
}

fn charges(site: &Site, params: &Params, currency: &str) -> Result<Vec<Charge>, ApiError> {
    let mut charges = Vec::new();
    for (index, row) in params.rows("item_prices") {
        charges.push(of_item_price(site, index, &row, currency)?);
    }
    for (index, row) in params.rows("charges") {
        charges.push(ad_hoc(index, &row)?);
    }
    if charges.is_empty() {
        return Err(ApiError::wrong_value("item_prices[item_price_id][0]", "cannot be blank"));
    }
    Ok(charges)
}

pub(super) fn whole(
    object: &str,
    index: usize,
    row: &BTreeMap<String, String>,
    name: &str,
) -> Result<Option<i64>, ApiError> {
    let wrong =
        || ApiError::wrong_value(&format!("{object}[{name}][{index}]"), "should be a number of at most 9 digits");
    let read = |text: &String| text.parse().ok().filter(|number: &i64| number.unsigned_abs() < WHOLE_MAX);
    let sent = row.get(name).filter(|text| !text.is_empty());
    sent.map(|text| read(text).ok_or_else(wrong)).transpose()
}

fn of_item_price(
    site: &Site,
    index: usize,
    row: &BTreeMap<String, String>,
    currency: &str,
) -> Result<Charge, ApiError> {
    let wrong = |problem: &str| ApiError::wrong_value(&format!("item_prices[item_price_id][{index}]"), problem);
    let id = row.get("item_price_id").ok_or_else(|| wrong("cannot be blank"))?;
    let price = site.store.visible(Kind::ItemPrice, id, None).map_err(|_| ApiError::not_found(id))?.value();
    if price["item_type"] != "charge" || price["currency_code"] != currency {
        return Err(wrong("should be a charge of the invoice's currency"));
    }
    let unit_amount = whole("item_prices", index, row, "unit_price")?.or(price["price"].as_i64()).unwrap_or(0);
    Ok(Charge {
        entity: Some(id.clone()),
        kind: "charge_item_price",
        description: price["name"].as_str().unwrap_or(id).to_owned(),
        unit_amount,
        quantity: whole("item_prices", index, row, "quantity")?.unwrap_or(1),
        tiered: None,
        taxable: true,
        until: None,
    })
}

pub(super) fn ad_hoc(index: usize, row: &BTreeMap<String, String>) -> Result<Charge, ApiError> {
    let blank = |name: &str| ApiError::wrong_value(&format!("charges[{name}][{index}]"), "cannot be blank");
    Ok(Charge {
        entity: None,
        kind: "adhoc",
        description: row.get("description").cloned().ok_or_else(|| blank("description"))?,
        unit_amount: whole("charges", index, row, "amount")?.ok_or_else(|| blank("amount"))?,
        quantity: 1,
        tiered: None,
        taxable: row.get("taxable").and_then(|text| parse_bool(text)).unwrap_or(true),
        until: None,
    })
}

fn head(
    site: &Site,
    params: &Params,
    customer: &Value,
    currency: &str,
    number: &str,
    caller: Caller<'_>,
) -> Result<Value, ApiError> {
    let whole = |name: &str, default: i64| {
        let wrong = || ApiError::wrong_value(name, "should be a number of at most 10 digits");
        params.text(name).filter(|text| text.len() > 10).map_or(Ok(()), |_| Err(wrong()))?;
        params.text(name).map_or(Ok(default), |text| text.parse::<i64>().map_err(|_| wrong()))
    };
    let date = whole("invoice_date", caller.seconds())?;
    let days = whole("net_term_days", customer["net_term_days"].as_i64().unwrap_or(0))?;
    let mut invoice = json!({
        "id": number, "customer_id": customer["id"], "recurring": false,
        "status": if days > 0 { "posted" } else { "payment_due" }, "price_type": "tax_exclusive", "date": date,
        "due_date": date + days * 86_400, "net_term_days": days, "generated_at": caller.seconds(),
        "currency_code": currency, "base_currency_code": "EUR",
        "exchange_rate": exchange_rate(currency, caller.now), "first_invoice": false,
        "has_advance_charges": false, "term_finalized": true, "is_gifted": false, "deleted": false, "channel": "web",
        "amount_paid": 0, "amount_adjusted": 0, "credits_applied": 0, "write_off_amount": 0, "round_off_amount": 0,
        "new_sales_amount": 0, "linked_payments": [],
        "dunning_attempts": [], "applied_credits": [], "adjustment_credit_notes": [], "issued_credit_notes": [],
        "linked_orders": [], "linked_taxes_withheld": [], "notes": [],
        "site_details_at_creation": {"timezone": site.zone_name},
    });
    for name in ["vat_number", "vat_number_prefix", "billing_address", "business_entity_id"] {
        if let Some(value) = customer.get(name) {
            invoice[name] = value.clone();
        }
    }
    if let Some(number) = params.text("po_number") {
        invoice["po_number"] = number.into();
    }
    Ok(invoice)
}

/// The lines with their discounts and taxes, and the sums over them. Store credits lower what is taxed, not what is sold.
pub(super) fn add_lines(
    document: &mut Value,
    charges: &[Charge],
    tax: &Tax,
    (cuts, store): (&[Cut], i64),
    caller: Caller<'_>,
) {
    let number = document["id"].as_str().unwrap_or_default().replace('-', "");
    let ids: Vec<String> = (0..charges.len()).map(|index| format!("li_{number}{index}")).collect();
    let shares = shares(charges, cuts);
    let (mut lines, mut taxes, mut discounts) = (Vec::new(), Vec::new(), Vec::new());
    let (mut sub_total, mut tax_total) = (0, 0);
    let discounts_of: Vec<i64> = (0..charges.len()).map(|line| shares.iter().map(|share| share[line]).sum()).collect();
    let mut net_of =
        charges.iter().zip(&discounts_of).map(|(charge, discount)| charge.amount() - discount).sum::<i64>();
    let mut untaxed = store.clamp(0, net_of.max(0));
    for (index, (charge, id)) in charges.iter().zip(&ids).enumerate() {
        let amount = charge.amount();
        let discount = discounts_of[index];
        let tax = if charge.taxable { tax.clone() } else { Tax::Exempt("product_exempt") };
        let net = amount - discount;
        let before_tax = share(untaxed, net, net_of);
        (untaxed, net_of) = (untaxed - before_tax, net_of - net);
        let parts = tax.parts(net - before_tax, false);
        let mut line = line(charge, id, amount, &parts, caller);
        if let Tax::Exempt(reason) = tax {
            line["tax_exempt_reason"] = reason.into();
        }
        line["customer_id"] = document["customer_id"].clone();
        line["discount_amount"] = discount.into();
        discounts.extend(cuts.iter().zip(&shares).filter_map(|(cut, share)| cut.row(id, share[index])));
        taxes.extend(parts.iter().map(|part| tax_row(id, part)));
        lines.push(line);
        sub_total += amount - discount;
        tax_total += parts.iter().map(|part| part.tax).sum::<i64>();
    }
    let name = taxes.first().map(|row: &Value| row["tax_name"].clone());
    document["taxes"] = name.map_or(json!([]), |name| json!([{"name": name, "amount": tax_total, "object": "tax"}]));
    document["line_items"] = lines.into();
    document["line_item_taxes"] = taxes.into();
    document["line_item_discounts"] = discounts.into();
    document["discounts"] = cuts.iter().filter_map(|cut| cut.document_row(&ids)).collect();
    document["sub_total"] = sub_total.into();
    document["tax"] = tax_total.into();
    for sum in ["total", "amount_due", "amount_to_collect"] {
        document[sum] = (sub_total + tax_total).into();
    }
    let tiers = charges.iter().zip(&ids).filter_map(|(charge, id)| Some((charge.tiered.as_ref()?, id)));
    let tiers: Vec<Value> = tiers.flat_map(|(tiered, id)| tiered.rows(id)).collect();
    if !tiers.is_empty() {
        document["line_item_tiers"] = tiers.into();
    }
}

/// What falls of each cut on each line, in whole minor units that add up to it.
fn shares(charges: &[Charge], cuts: &[Cut]) -> Vec<Vec<i64>> {
    let spread = |cut: &Cut| -> Vec<i64> {
        let counts = |index: usize| cut.on.is_none_or(|on| on == index);
        let amounts: Vec<i64> =
            charges.iter().enumerate().map(|(index, charge)| if counts(index) { charge.amount() } else { 0 }).collect();
        let mut of: i64 = amounts.iter().sum();
        let mut left = cut.amount.min(of);
        let part = |amount: i64| {
            let part = share(left, amount, of);
            (left, of) = (left - part, of - amount);
            part
        };
        amounts.into_iter().map(part).collect()
    };
    cuts.iter().map(spread).collect()
}

impl Cut {
    /// Its row for a line on which so much of it falls.
    fn row(&self, line: &str, amount: i64) -> Option<Value> {
        let mut row = json!({"line_item_id": line, "discount_type": self.kind, "discount_amount": amount,
            "object": "line_item_discount"});
        if let Some(entity) = &self.entity {
            (row["entity_id"], row["coupon_id"]) = (entity.as_str().into(), entity.as_str().into());
        }
        (amount > 0).then_some(row)
    }

    /// Its row for the document.
    fn document_row(&self, lines: &[String]) -> Option<Value> {
        let mut row = json!({"amount": self.amount, "description": self.description, "entity_type": self.kind,
            "discount_type": "fixed_amount", "object": "discount"});
        if let Some(entity) = &self.entity {
            row["entity_id"] = entity.as_str().into();
        }
        if let Some(line) = self.on.and_then(|on| lines.get(on)) {
            row["line_item_id"] = line.as_str().into();
        }
        (self.amount > 0).then_some(row)
    }
}

fn line(charge: &Charge, id: &str, amount: i64, parts: &[TaxPart], caller: Caller<'_>) -> Value {
    let at = caller.seconds();
    let model = charge
        .tiered
        .as_ref()
        .map_or(if charge.entity.is_some() { "per_unit" } else { "flat_fee" }, |tiered| tiered.model);
    let mut line = json!({
        "id": id, "date_from": at, "date_to": charge.until.unwrap_or(at), "unit_amount": charge.unit_amount,
        "quantity": charge.quantity, "amount": amount, "pricing_model": model,
        "is_taxed": !parts.is_empty(), "tax_amount": parts.iter().map(|part| part.tax).sum::<i64>(),
        "discount_amount": 0, "item_level_discount_amount": 0, "metered": false, "is_percentage_pricing": false,
        "description": charge.description, "entity_id": charge.entity, "entity_type": charge.kind,
        "object": "line_item",
    });
    if let Some(part) = parts.first() {
        line["tax_rate"] = (part.percent as f64).into();
    }
    line
}

fn tax_row(line: &str, part: &TaxPart) -> Value {
    json!({"line_item_id": line, "tax_name": tax_name(part.country), "tax_rate": part.percent as f64,
        "taxable_amount": part.taxable, "tax_amount": part.tax, "is_partial_tax_applied": false,
        "is_non_compliance_tax": false, "tax_juris_type": "country", "tax_juris_name": part.country,
        "tax_juris_code": part.country, "object": "line_item_tax"})
}
