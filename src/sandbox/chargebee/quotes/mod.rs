//! Quotes (section 11 of the reference sheet): made for a new subscription or for one-off charges, edited while they are
//! open, and answered by the customer. Sites with the vendor's CPQ know more states; this one has none.

mod lines;
mod state;

use serde_json::{Value, json};

use super::attributes::{Attribute, Takes, address};
use super::charges::{add_lines, treatment_of};
use super::error::ApiError;
use super::params::Params;
use super::rows::{inherit, number, text};
use super::site::{Caller, Site};
use super::store::Kind;
use lines::Wanted;

pub(super) use state::{close_expired, convert, delete, extend, update_status};

/// How long a quote stands where nobody says it, as the vendor's samples have it.
const VALID_SECONDS: i64 = 100 * 86_400 - 1;

/// What a quote would make once it is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    OneOff,
    NewSubscription,
}

impl Operation {
    fn of(quote: &Value) -> Self {
        if text(quote, "operation_type") == "onetime_invoice" { Self::OneOff } else { Self::NewSubscription }
    }

    fn word(self) -> &'static str {
        match self {
            Self::OneOff => "onetime_invoice",
            Self::NewSubscription => "create_subscription_for_customer",
        }
    }

    /// Top-level parameters; the quote's name is given once and never changes.
    fn takes(self, is_new: bool) -> Vec<Attribute> {
        let mut takes =
            vec![("notes", Takes::Text(10_000)), ("expires_at", Takes::Number), ("net_term_days", Takes::Number)];
        if is_new {
            takes.push(("name", Takes::Text(100)));
        }
        match self {
            Self::OneOff => takes.extend([("po_number", Takes::Text(100)), ("currency_code", Takes::Text(3))]),
            Self::NewSubscription => takes.push(("billing_cycles", Takes::Number)),
        }
        if is_new && self == Self::OneOff {
            takes.push(("customer_id", Takes::Text(50)));
        }
        takes
    }

    /// Parameters with parts.
    fn nested(self) -> &'static [&'static str] {
        match self {
            Self::OneOff => {
                &["billing_address", "shipping_address", "item_prices", "charges", "discounts", "coupon_ids"]
            }
            Self::NewSubscription => &[
                "billing_address",
                "shipping_address",
                "subscription",
                "subscription_items",
                "discounts",
                "coupon_ids",
                "contract_term",
            ],
        }
    }
}

/// `POST /quotes/create_for_charge_items_and_charges`.
pub(super) fn create_one_off(site: &mut Site, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let customer = params.text("customer_id").ok_or_else(|| ApiError::wrong_value("customer_id", "cannot be blank"))?;
    create(site, Operation::OneOff, customer, params, caller)
}

/// `POST /customers/{id}/create_subscription_quote_for_items`.
pub(super) fn create_subscription(
    site: &mut Site,
    customer: &str,
    params: &Params,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    create(site, Operation::NewSubscription, customer, params, caller)
}

fn create(
    site: &mut Site,
    operation: Operation,
    customer: &str,
    params: &Params,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    let customer = site.fetch(Kind::Customer, customer, caller)?;
    let mut quote = json!({
        "customer_id": customer["id"], "status": "open", "operation_type": operation.word(), "version": 0,
        "price_type": "tax_exclusive", "date": caller.seconds(), "valid_till": caller.seconds() + VALID_SECONDS,
        "amount_paid": 0, "credits_applied": 0, "deleted": false,
    });
    inherit(&mut quote, &customer, &["vat_number", "vat_number_prefix", "billing_address", "business_entity_id"]);
    quote["id"] = (site.store.collection(Kind::Quote).rows().len() + 1).to_string().into();
    let side = write(site, operation, &mut quote, &customer, params, true, caller)?;
    save(site, quote, side, "quote_created", caller)
}

/// `POST /quotes/{id}/edit_for_charge_items_and_charges` and `/edit_create_subscription_quote_for_items`: what is sent
/// takes the place of what was quoted.
pub(super) fn edit(
    site: &mut Site,
    (id, action): (&str, &str),
    params: &Params,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    let mut quote = site.fetch(Kind::Quote, id, caller)?;
    let operation = Operation::of(&quote);
    if (action == "edit_for_charge_items_and_charges") != (operation == Operation::OneOff) {
        return Err(ApiError::wrong_state(format!("Quote {id} is not of this kind.")));
    }
    if text(&quote, "status") != "open" {
        return Err(ApiError::wrong_state(format!("Quote {id} is {} and not open.", text(&quote, "status"))));
    }
    let customer = site.fetch(Kind::Customer, text(&quote, "customer_id"), caller)?;
    let side = write(site, operation, &mut quote, &customer, params, false, caller)?;
    save(site, quote, side, "quote_updated", caller)
}

/// Sets everything that the parameters say. Gives what the answer carries beside the quote.
fn write(
    site: &mut Site,
    operation: Operation,
    quote: &mut Value,
    customer: &Value,
    params: &Params,
    is_new: bool,
    caller: Caller<'_>,
) -> Result<Value, ApiError> {
    let mut sent = serde_json::Map::new();
    super::attributes::apply(params, &operation.takes(is_new), operation.nested(), &mut sent)?;
    if let Some(until) = sent.remove("expires_at").and_then(|until| until.as_i64()) {
        if until <= caller.seconds() {
            return Err(ApiError::wrong_value("expires_at", "should be in the future"));
        }
        quote["valid_till"] = until.into();
    }
    let currency = match sent.remove("currency_code").as_ref().and_then(Value::as_str) {
        Some(code) => code.to_owned(),
        None => customer["preferred_currency_code"].as_str().unwrap_or("EUR").to_owned(),
    };
    for (name, value) in sent {
        quote[&name] = value;
    }
    for object in ["billing_address", "shipping_address"] {
        let sent = params.object(object);
        if !sent.is_empty() {
            quote[object] = address(object, &sent)?;
        }
    }
    let wanted = match operation {
        Operation::OneOff => Wanted::one_off(site, params, &currency)?,
        Operation::NewSubscription => Wanted::subscription(site, params, caller)?,
    };
    let cuts = lines::cuts(site, params, &wanted)?;
    quote["currency_code"] = wanted.currency.as_str().into();
    add_lines(quote, &wanted.charges, &treatment_of(customer), (&cuts, 0), caller);
    for sum in ["total_payable", "charge_on_acceptance"] {
        quote[sum] = quote["total"].clone();
    }
    quote["version"] = (number(quote, "version") + 1).into();
    wanted.side(site, quote, params)
}

fn save(site: &mut Site, mut quote: Value, side: Value, event: &str, caller: Caller<'_>) -> Result<String, ApiError> {
    site.save_and_emit(Kind::Quote, &mut quote, event, caller);
    let key = if Operation::of(&quote) == Operation::OneOff { "quoted_charge" } else { "quoted_subscription" };
    site.store.put_beside_quote(text(&quote, "id"), key, &side);
    Ok(answer(site, &quote))
}

/// The quote with what is carried beside it.
pub(super) fn answer(site: &Site, quote: &Value) -> String {
    let mut body = json!({"quote": quote});
    if let Some((key, side)) = site.store.beside_quote(text(quote, "id")) {
        body[key] = serde_json::from_str(side).unwrap_or_default();
    }
    body.to_string()
}
