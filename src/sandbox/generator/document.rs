//! The row of an invoice, as the vendor's newest typing states it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::customers::Customer;
use super::draft::{Discount, Draft, Fate, Line, Sums, Worked};
use super::entities::ENTITIES;
use super::taxes::Tax;

/// How an invoice was settled by the time of the sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Settlement {
    Open,
    Paid { transaction: String, at: Timestamp },
}

/// Everything that an invoice's row is made of.
#[derive(Debug)]
pub(super) struct Document<'a> {
    pub number: &'a str,
    pub draft: &'a Draft,
    pub sums: &'a Sums,
    pub customer: &'a Customer,
    pub settlement: &'a Settlement,
    /// Unix seconds.
    pub updated_at: i64,
    /// The sandbox's present.
    pub now: Timestamp,
    /// Units of the base currency for one unit of the invoice's.
    pub exchange_rate: f64,
    pub first_of_customer: bool,
}

impl Document<'_> {
    /// The whole row.
    pub(super) fn row(&self) -> Value {
        let mut row = self.head();
        for part in [self.amounts(), self.lists()] {
            for (name, value) in part.as_object().into_iter().flatten() {
                row[name] = value.clone();
            }
        }
        self.optional(&mut row);
        row
    }

    fn head(&self) -> Value {
        let (draft, date) = (self.draft, self.draft.date.as_second());
        json!({
            "id": self.number, "customer_id": self.customer.id, "recurring": self.is_recurring(),
            "status": self.status(), "price_type": self.price_type(), "date": date,
            "due_date": self.due_date(), "net_term_days": draft.net_term_days,
            "currency_code": self.customer.currency, "base_currency_code": "EUR", "exchange_rate": self.exchange_rate,
            "first_invoice": self.first_of_customer, "has_advance_charges": false, "term_finalized": true,
            "is_gifted": false, "deleted": draft.fate == Fate::Deleted, "channel": "web",
            "resource_version": self.updated_at * 1000, "object": "invoice",
            "site_details_at_creation": {"timezone": "Europe/Amsterdam"},
            "billing_address": self.customer.billing_address(),
        })
    }

    fn amounts(&self) -> Value {
        let (sums, paid) = (self.sums, self.paid());
        json!({
            "sub_total": sums.sub_total, "tax": sums.tax, "total": sums.total, "amount_paid": paid,
            "amount_due": sums.total - paid, "amount_to_collect": sums.total - paid, "amount_adjusted": 0,
            "credits_applied": 0, "write_off_amount": 0, "round_off_amount": sums.rounding.abs(),
            "new_sales_amount": if self.first_of_customer { sums.total } else { 0 },
        })
    }

    fn lists(&self) -> Value {
        let lines = || self.draft.lines.iter().zip(&self.sums.lines).enumerate();
        json!({
            "line_items": lines().map(|(index, (line, worked))| self.line(index, line, worked)).collect::<Value>(),
            "line_item_discounts": lines()
                .flat_map(|(index, (line, worked))| self.line_discounts(index, line, worked))
                .collect::<Value>(),
            "line_item_taxes": lines()
                .flat_map(|(index, (_, worked))| self.line_taxes(index, worked))
                .collect::<Value>(),
            "discounts": self.discounts(), "taxes": self.taxes(), "linked_payments": self.payments(),
            "dunning_attempts": [], "applied_credits": [], "adjustment_credit_notes": [], "issued_credit_notes": [],
            "linked_orders": [], "linked_taxes_withheld": [], "notes": [],
        })
    }

    /// What a row carries only in some cases.
    fn optional(&self, row: &mut Value) {
        let subscriptions: Vec<&String> =
            self.draft.lines.iter().filter_map(|line| line.subscription.as_ref()).collect();
        // Several consolidated subscriptions stand on the lines only.
        if let Some(first) = subscriptions.first().filter(|first| subscriptions.iter().all(|other| other == *first)) {
            row["subscription_id"] = first.as_str().into();
        }
        if let Some(entity) = ENTITIES[self.customer.entity].id {
            row["business_entity_id"] = entity.into();
        }
        if let Some(number) = &self.customer.vat_number {
            row["vat_number"] = number.as_str().into();
        }
        if let Some(prefix) = self.customer.vat_number_prefix {
            row["vat_number_prefix"] = prefix.into();
        }
        if self.draft.fate != Fate::Pending {
            row["generated_at"] = self.draft.date.as_second().into();
        }
        if self.draft.has_updated_at {
            row["updated_at"] = self.updated_at.into();
        }
        if let Settlement::Paid { at, .. } = self.settlement {
            row["paid_at"] = at.as_second().into();
        }
        if self.draft.fate == Fate::Voided {
            row["voided_at"] = self.updated_at.into();
        }
    }

    fn is_recurring(&self) -> bool {
        self.draft.lines.iter().any(|line| line.to > line.from)
    }

    fn price_type(&self) -> &'static str {
        if self.customer.tax_inclusive { "tax_inclusive" } else { "tax_exclusive" }
    }

    fn due_date(&self) -> i64 {
        self.draft.date.as_second() + self.draft.net_term_days * 86_400
    }

    fn paid(&self) -> i64 {
        if matches!(self.settlement, Settlement::Paid { .. }) { self.sums.total } else { 0 }
    }

    fn status(&self) -> &'static str {
        match (self.draft.fate, self.settlement) {
            (Fate::Pending, _) => "pending",
            (Fate::Voided, _) => "voided",
            (_, Settlement::Paid { .. }) => "paid",
            _ if self.sums.total == 0 => "paid",
            _ if self.due_date() > self.now.as_second() => "posted",
            _ if self.customer.net_term_days == 0 => "payment_due",
            _ => "not_paid",
        }
    }

    fn line_id(&self, index: usize) -> String {
        format!("li_{}{index}", self.number.replace('-', ""))
    }

    fn line(&self, index: usize, line: &Line, worked: &Worked) -> Value {
        let mut row = json!({
            "id": self.line_id(index), "date_from": line.from.as_second(), "date_to": line.to.as_second(),
            "unit_amount": line.unit_amount, "quantity": line.quantity, "amount": worked.amount,
            "pricing_model": "per_unit", "is_taxed": !worked.taxes.is_empty(), "tax_amount": worked.tax(),
            "discount_amount": worked.discount(), "item_level_discount_amount": worked.item_discount,
            "metered": false, "is_percentage_pricing": false, "description": line.price.name,
            "entity_type": line.price.entity_type(), "entity_id": line.price.id, "customer_id": self.customer.id,
            "object": "line_item",
        });
        match (worked.taxes.first(), &line.tax) {
            (Some(first), _) => row["tax_rate"] = (first.percent as f64).into(),
            (None, Tax::Exempt(reason)) => row["tax_exempt_reason"] = (*reason).into(),
            (None, _) => {}
        }
        if let Some(subscription) = &line.subscription {
            row["subscription_id"] = subscription.as_str().into();
        }
        if let Some(hundredths) = line.hundredths {
            row["quantity_in_decimal"] = in_decimal(hundredths).into();
            row["unit_amount_in_decimal"] = in_decimal(line.unit_amount).into();
            row["amount_in_decimal"] = in_decimal(worked.amount).into();
        }
        row
    }

    fn line_discounts(&self, index: usize, line: &Line, worked: &Worked) -> Vec<Value> {
        let of_coupon = worked.item_discount - worked.manual;
        let of_line = line.coupon.iter().map(|(coupon, _)| ("item_level_coupon", Some(*coupon), of_coupon));
        let by_hand = (line.manual_percent > 0).then_some(("item_level_discount", None, worked.manual));
        let of_document = self.draft.discounts.iter().zip(&worked.shares);
        let of_document = of_document.map(|(discount, share)| (discount.level(), discount.coupon(), *share));
        of_line
            .chain(by_hand)
            .chain(of_document)
            .map(|(kind, coupon, amount)| {
                let mut row = json!({"line_item_id": self.line_id(index), "discount_type": kind,
                    "discount_amount": amount, "object": "line_item_discount"});
                if let Some(coupon) = coupon {
                    (row["coupon_id"], row["entity_id"]) = (coupon.into(), coupon.into());
                }
                row
            })
            .collect()
    }

    fn line_taxes(&self, index: usize, worked: &Worked) -> Vec<Value> {
        let row = |part: &super::taxes::TaxPart| {
            json!({"line_item_id": self.line_id(index), "tax_name": tax_name(part.country),
                "tax_rate": part.percent as f64, "taxable_amount": part.taxable, "tax_amount": part.tax,
                "is_partial_tax_applied": worked.taxes.len() > 1, "is_non_compliance_tax": false,
                "tax_juris_type": "country", "tax_juris_name": part.country, "tax_juris_code": part.country,
                "object": "line_item_tax"})
        };
        worked.taxes.iter().map(row).collect()
    }

    /// The document's discounts: one row per coupon or hand on a line, one per discount of the document.
    fn discounts(&self) -> Value {
        let lines = self.draft.lines.iter().zip(&self.sums.lines).enumerate();
        let of_lines = lines.clone().filter_map(|(index, (line, worked))| {
            let (coupon, percent) = line.coupon?;
            Some(json!({"amount": worked.item_discount - worked.manual, "description": format!("{percent}% off"),
                "line_item_id": self.line_id(index), "entity_type": "item_level_coupon",
                "discount_type": "percentage", "entity_id": coupon, "object": "discount"}))
        });
        let by_hand = lines.filter(|(_, (line, _))| line.manual_percent > 0).map(|(index, (line, worked))| {
            json!({"amount": worked.manual, "description": format!("{}% off by hand", line.manual_percent),
                "line_item_id": self.line_id(index), "entity_type": "item_level_discount",
                "discount_type": "percentage", "object": "discount"})
        });
        let of_document = self.draft.discounts.iter().enumerate().map(|(index, discount)| {
            let amount: i64 = self.sums.lines.iter().filter_map(|line| line.shares.get(index)).sum();
            let mut row = json!({"amount": amount, "description": discount.coupon().unwrap_or(discount.level()),
                "entity_type": discount.level(), "discount_type": discount.kind(), "object": "discount"});
            if let Some(coupon) = discount.coupon() {
                row["entity_id"] = coupon.into();
            }
            row
        });
        of_lines.chain(by_hand).chain(of_document).collect()
    }

    /// The document's taxes: one row per name, without the rate.
    fn taxes(&self) -> Value {
        let mut sums = std::collections::BTreeMap::<&str, i64>::new();
        for part in self.sums.lines.iter().flat_map(|line| &line.taxes) {
            *sums.entry(tax_name(part.country)).or_default() += part.tax;
        }
        sums.iter().map(|(name, amount)| json!({"name": name, "amount": amount, "object": "tax"})).collect()
    }

    fn payments(&self) -> Value {
        let Settlement::Paid { transaction, at } = self.settlement else { return json!([]) };
        let at = at.as_second();
        json!([{"txn_id": transaction, "applied_amount": self.sums.total, "applied_at": at, "txn_status": "success",
            "txn_date": at, "txn_amount": self.sums.total}])
    }
}

impl Discount {
    fn coupon(&self) -> Option<&'static str> {
        match self {
            Discount::DocumentPercent { coupon, .. } | Discount::DocumentAmount { coupon, .. } => Some(coupon),
            Discount::ManualPercent { .. } | Discount::Promotional { .. } => None,
        }
    }

    /// The row's `entity_type`, and the `discount_type` of its shares.
    fn level(&self) -> &'static str {
        match self {
            Discount::DocumentPercent { .. } | Discount::DocumentAmount { .. } => "document_level_coupon",
            Discount::ManualPercent { .. } => "document_level_discount",
            Discount::Promotional { .. } => "promotional_credits",
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Discount::DocumentPercent { .. } | Discount::ManualPercent { .. } => "percentage",
            Discount::DocumentAmount { .. } | Discount::Promotional { .. } => "fixed_amount",
        }
    }
}

/// What a country calls its VAT.
pub(in crate::sandbox) fn tax_name(country: &str) -> &'static str {
    match country {
        "DE" => "USt",
        "FR" => "TVA",
        "ES" => "IVA",
        "GR" => "FPA",
        _ => "BTW",
    }
}

/// Hundredths as a decimal text.
fn in_decimal(hundredths: i64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
