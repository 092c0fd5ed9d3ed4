//! Transactions as rows, and how one is linked to what it pays: section 8 of the reference sheet.

use serde_json::{Value, json};

use super::error::ApiError;
use super::params::Params;
use super::rows::{inherit, number, push, take, text};
use super::site::{Caller, Site};

/// No payment is larger, so that sums of payments cannot overflow.
const AMOUNT_MAX: i64 = 1_000_000_000_000_000;

/// What `payment_method` takes for a payment that was made elsewhere.
pub(super) const OFFLINE: [&str; 7] = ["cash", "check", "bank_transfer", "other", "custom", "app_store", "play_store"];
/// The same for a refund.
pub(super) const OFFLINE_REFUND: [&str; 8] =
    ["cash", "check", "chargeback", "bank_transfer", "other", "custom", "app_store", "play_store"];

/// Money that moves, or was meant to.
#[derive(Clone, Debug)]
pub(super) struct Money {
    /// `payment`, `refund` or `payment_reversal`.
    pub kind: &'static str,
    pub method: String,
    /// `not_applicable` for what was paid elsewhere.
    pub gateway: String,
    pub amount: i64,
    /// Unix seconds.
    pub date: i64,
    pub status: String,
    pub reference_number: Option<String>,
    pub id_at_gateway: Option<String>,
    /// Code and text of a failure.
    pub error: Option<(String, String)>,
}

impl Money {
    /// An offline payment or refund as it was sent, as `transaction[…]` or flat.
    pub(super) fn offline(
        params: &Params,
        object: Option<&str>,
        kind: &'static str,
        default: i64,
        caller: Caller<'_>,
    ) -> Result<Self, ApiError> {
        let fields = Fields { params, object };
        let methods: &[&str] = if kind == "payment" { &OFFLINE } else { &OFFLINE_REFUND };
        let method = fields.required("payment_method")?;
        if !methods.contains(&method) {
            return Err(fields.wrong("payment_method", &format!("should be one of {}", methods.join(", "))));
        }
        let status = fields.sent("status").unwrap_or("success").to_owned();
        if !matches!(status.as_str(), "success" | "failure" | "late_failure") {
            return Err(fields.wrong("status", "should be one of success, failure, late_failure"));
        }
        let error = (status != "success").then(|| {
            let of = |name: &str, default: &str| fields.sent(name).unwrap_or(default).to_owned();
            (of("error_code", "failed"), of("error_text", "The payment failed"))
        });
        Ok(Self {
            kind,
            method: method.to_owned(),
            gateway: "not_applicable".to_owned(),
            amount: fields.amount(default)?,
            date: fields.whole("date", caller.seconds())?,
            status,
            reference_number: fields.short("reference_number")?,
            id_at_gateway: fields.short("id_at_gateway")?,
            error,
        })
    }

    /// A refund of this payment by the way on which it came.
    pub(super) fn back(payment: &Value, amount: i64, caller: Caller<'_>) -> Self {
        Self {
            kind: "refund",
            method: text(payment, "payment_method").to_owned(),
            gateway: text(payment, "gateway").to_owned(),
            amount,
            date: caller.seconds(),
            status: "success".to_owned(),
            reference_number: None,
            id_at_gateway: None,
            error: None,
        }
    }

    /// The transaction's row, not saved; `owner` is the invoice, note, payment or customer that it belongs to.
    pub(super) fn row(&self, site: &mut Site, owner: &Value, caller: Caller<'_>) -> Value {
        let customer = owner.get("customer_id").unwrap_or(&owner["id"]);
        let mut row = json!({
            "id": site.new_id("txn_"), "customer_id": customer, "payment_method": self.method,
            "gateway": self.gateway, "type": self.kind, "date": self.date, "exchange_rate": 1.0,
            "amount": self.amount, "amount_unused": 0, "status": self.status, "base_currency_code": "EUR",
            "currency_code": owner["currency_code"], "linked_refunds": [], "deleted": false,
        });
        inherit(&mut row, owner, &["exchange_rate", "subscription_id", "business_entity_id"]);
        if self.gateway != "not_applicable" {
            row["gateway_account_id"] = format!("gw_{}", self.gateway).into();
            let given = self.id_at_gateway.clone();
            row["id_at_gateway"] = given.unwrap_or_else(|| format!("tr_{}", &text(&row, "id")[4..])).into();
            if self.status == "success" {
                row["settled_at"] = caller.seconds().into();
            }
        }
        let optional = [
            ("reference_number", self.reference_number.as_deref()),
            ("id_at_gateway", self.id_at_gateway.as_deref()),
            ("error_code", self.error.as_ref().map(|(code, _)| code.as_str())),
            ("error_text", self.error.as_ref().map(|(_, text)| text.as_str())),
        ];
        for (name, value) in optional.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            row[name] = value.into();
        }
        row
    }
}

/// Links a payment and an invoice on both sides; more of the same payment is added to what is linked already.
pub(super) fn link(transaction: &mut Value, invoice: &mut Value, applied: i64, caller: Caller<'_>) {
    let own = (text(transaction, "id").to_owned(), text(invoice, "id").to_owned());
    let earlier = take(invoice, "linked_payments", "txn_id", &own.0);
    take(transaction, "linked_invoices", "invoice_id", &own.1);
    let applied = applied + earlier.iter().map(|linked| number(linked, "applied_amount")).sum::<i64>();
    let linked = json!({
        "txn_id": transaction["id"], "applied_amount": applied, "applied_at": caller.seconds(),
        "txn_status": transaction["status"], "txn_date": transaction["date"], "txn_amount": transaction["amount"],
    });
    push(invoice, "linked_payments", linked);
    let linked = json!({
        "invoice_id": invoice["id"], "applied_amount": applied, "applied_at": caller.seconds(),
        "invoice_date": invoice["date"], "invoice_total": invoice["total"], "invoice_status": invoice["status"],
    });
    push(transaction, "linked_invoices", linked);
}

/// Links a refund to the note that it pays out, on both sides.
pub(super) fn link_refund(refund: &mut Value, note: &mut Value, caller: Caller<'_>) {
    let amount = number(refund, "amount");
    let linked = json!({
        "txn_id": refund["id"], "applied_amount": amount, "applied_at": caller.seconds(),
        "txn_status": refund["status"], "txn_date": refund["date"], "txn_amount": amount,
    });
    push(note, "linked_refunds", linked);
    let mut linked = json!({
        "cn_id": note["id"], "applied_amount": amount, "applied_at": caller.seconds(),
        "cn_reason_code": note["reason_code"], "cn_create_reason_code": note["create_reason_code"],
        "cn_date": note["date"], "cn_total": note["total"], "cn_status": note["status"],
    });
    if let Some(invoice) = note.get("reference_invoice_id") {
        linked["cn_reference_invoice_id"] = invoice.clone();
    }
    push(refund, "linked_credit_notes", linked);
}

/// Names the payment that a refund pays back, on both sides.
pub(super) fn link_refunded(refund: &mut Value, payment: &mut Value) {
    refund["refunded_txn_id"] = payment["id"].clone();
    let linked = json!({"txn_id": refund["id"], "txn_status": refund["status"], "txn_date": refund["date"],
        "txn_amount": refund["amount"]});
    push(payment, "linked_refunds", linked);
}

/// Names the payment that a reversal takes back, on both sides.
pub(super) fn link_reversal(reversal: &mut Value, payment: &mut Value) {
    payment["reversal_transaction_id"] = reversal["id"].clone();
    let linked = json!({"id": payment["id"], "status": payment["status"], "date": payment["date"],
        "amount": payment["amount"]});
    push(reversal, "linked_payments", linked);
}

/// Fields that come flat or within `object[…]`.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub params: &'a Params,
    pub object: Option<&'a str>,
}

impl<'a> Fields<'a> {
    /// A field that is there and not empty.
    pub(super) fn sent(&self, name: &str) -> Option<&'a str> {
        match self.object {
            Some(object) => self.params.nested(object, name),
            None => self.params.text(name),
        }
    }

    /// 400 with the field as it is spelled here.
    pub(super) fn wrong(&self, name: &str, problem: &str) -> ApiError {
        let spelled = self.object.map_or_else(|| name.to_owned(), |object| format!("{object}[{name}]"));
        ApiError::wrong_value(&spelled, problem)
    }

    /// A field that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&'a str, ApiError> {
        self.sent(name).ok_or_else(|| self.wrong(name, "cannot be blank"))
    }

    /// A whole number.
    pub(super) fn whole(&self, name: &str, default: i64) -> Result<i64, ApiError> {
        let read = |text: &str| text.parse().map_err(|_| self.wrong(name, "should be a number"));
        self.sent(name).map_or(Ok(default), read)
    }

    /// 400 unless an amount is at least 1 and at most `most`.
    pub(super) fn within(&self, name: &str, amount: i64, most: i64) -> Result<(), ApiError> {
        if (1..=most).contains(&amount) {
            return Ok(());
        }
        Err(self.wrong(name, &format!("should be between 1 and {most}")))
    }

    /// `amount`, in minor units.
    pub(super) fn amount(&self, default: i64) -> Result<i64, ApiError> {
        let amount = self.whole("amount", default)?;
        if !(0..=AMOUNT_MAX).contains(&amount) {
            return Err(self.wrong("amount", "should not be negative and have at most 15 digits"));
        }
        Ok(amount)
    }

    /// Text of at most a hundred characters.
    fn short(&self, name: &str) -> Result<Option<String>, ApiError> {
        let sent = self.sent(name).map(str::to_owned);
        if sent.as_ref().is_some_and(|text| text.chars().count() > 100) {
            return Err(self.wrong(name, "should be at most 100 characters"));
        }
        Ok(sent)
    }
}
