//! Quotes (C29, chargebee.md §11).

use jiff::Timestamp;

use super::form::FormBuilder;
use crate::connectors::chargebee::client::ChargebeeClient;
use crate::connectors::chargebee::convert::FromChargebee;
use crate::connectors::chargebee::cursor::OffsetGuard;
use crate::connectors::chargebee::lists::{self, ListQuery};
use crate::connectors::chargebee::page::Page;
use crate::connectors::chargebee::receipts::usable;
use crate::connectors::chargebee::wire::resource;
use crate::connectors::chargebee::write::{Form, Write};
use crate::connectors::http::{CallError, CallResult};
use crate::domain::offer::{BillingQuote, QuoteDraft, QuoteKind, QuoteLine};

/// The answers that a quote can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuoteAnswer {
    Accepted,
    Declined,
    Closed,
}

impl QuoteAnswer {
    fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Closed => "closed",
        }
    }
}

impl ChargebeeClient {
    /// A page of quotes; not in the order of `updated_at`.
    ///
    /// # Errors
    /// [`CallError`], as for every list.
    pub async fn billing_quotes(&self, query: &ListQuery) -> CallResult<Page<BillingQuote>> {
        self.list(&lists::QUOTES, query).await
    }

    /// Every quote of a customer but the deleted ones, all of its pages. What cannot be read is an error: without it nobody
    /// can say that a quote is not there yet.
    ///
    /// # Errors
    /// [`CallError`], as for every list.
    pub async fn quotes_of(&self, customer: &str) -> CallResult<Vec<BillingQuote>> {
        let (mut quotes, mut guard) = (Vec::new(), OffsetGuard::default());
        let mut query = ListQuery::default();
        loop {
            let only = ("customer_id[is]", customer.to_owned());
            let page = self.list_where::<BillingQuote>(&lists::QUOTES, &query, vec![only]).await?;
            let next = guard.next(&page)?;
            for row in page.rows {
                let unreadable = |hold: crate::domain::hold::Hold| CallError::Malformed {
                    message: format!("{}; {}", hold.message, hold.remedy),
                };
                quotes.push(row.value.map_err(unreadable)?);
            }
            let Some(next) = next else { return Ok(quotes) };
            query = query.at(next);
        }
    }

    /// Makes a quote. Its name holds the reference by which it is found again.
    ///
    /// # Errors
    /// [`CallError::OutcomeUnknown`] where it may have been made: then it is among [`quotes_of`](Self::quotes_of) its
    /// customer, or it was not.
    pub async fn create_quote(&self, draft: &QuoteDraft, key: &str) -> CallResult<BillingQuote> {
        let mut form = FormBuilder::default();
        form.set("name", draft.name.as_str());
        let path: &[&str] = match draft.kind {
            QuoteKind::OneOff => {
                form.set("customer_id", draft.customer.as_str());
                &["quotes", "create_for_charge_items_and_charges"]
            }
            QuoteKind::NewSubscription => &["customers", &draft.customer, "create_subscription_quote_for_items"],
        };
        content(&mut form, draft);
        let doing = format!("create quote {}", draft.name.as_str());
        self.write_quote(doing, path, form.build(), key).await
    }

    /// Puts a draft's content in the place of an open quote's; name and customer stay.
    ///
    /// # Errors
    /// [`CallError::Rejected`] where it is no longer open.
    pub async fn edit_quote(&self, id: &str, draft: &QuoteDraft, key: &str) -> CallResult<BillingQuote> {
        let mut form = FormBuilder::default();
        content(&mut form, draft);
        let action = match draft.kind {
            QuoteKind::OneOff => "edit_for_charge_items_and_charges",
            QuoteKind::NewSubscription => "edit_create_subscription_quote_for_items",
        };
        self.write_quote(format!("edit quote {id}"), &["quotes", id, action], form.build(), key).await
    }

    /// Lets an open quote stand until another instant.
    ///
    /// # Errors
    /// As [`edit_quote`](Self::edit_quote).
    pub async fn extend_quote(&self, id: &str, until: Timestamp, key: &str) -> CallResult<BillingQuote> {
        let form = vec![("valid_till".into(), until.as_second().to_string())];
        self.write_quote(format!("extend quote {id}"), &["quotes", id, "extend_expiry_date"], form, key).await
    }

    /// Gives a quote its answer.
    ///
    /// # Errors
    /// [`CallError::Rejected`] where its status does not allow it.
    pub async fn answer_quote(&self, id: &str, answer: QuoteAnswer, key: &str) -> CallResult<BillingQuote> {
        let form = vec![("status".into(), answer.word().to_owned())];
        let doing = format!("have quote {id} {}", answer.word());
        self.write_quote(doing, &["quotes", id, "update_status"], form, key).await
    }

    async fn write_quote(&self, doing: String, path: &[&str], form: Form, key: &str) -> CallResult<BillingQuote> {
        usable(path)?;
        let reading = self.transport().write(&Write { doing, path, form, key }).await?;
        // It was carried out: what it came to is read again.
        let unreadable = || CallError::OutcomeUnknown { message: "the answer holds no readable quote".to_owned() };
        let json = resource(&reading.json, "quote").ok_or_else(unreadable)?;
        BillingQuote::from_json(path.get(1).copied().unwrap_or_default(), json).map_err(|_| unreadable())
    }
}

fn content(form: &mut FormBuilder, draft: &QuoteDraft) {
    if draft.kind == QuoteKind::OneOff {
        form.set("currency_code", draft.currency.code());
    }
    if let Some(until) = draft.expires_at {
        form.set("expires_at", until.as_second().to_string());
    }
    let items = if draft.kind == QuoteKind::OneOff { "item_prices" } else { "subscription_items" };
    let (mut item, mut charge) = (0, 0);
    for line in &draft.lines {
        match line {
            QuoteLine::Item { item_price, quantity, unit_price } => {
                form.row(items, "item_price_id", item, item_price.as_str());
                // One is what is taken where nothing is said, and a flat fee takes nothing else.
                if *quantity != 1 {
                    form.row(items, "quantity", item, quantity.to_string());
                }
                if let Some(price) = unit_price {
                    form.row(items, "unit_price", item, price.0.to_string());
                }
                item += 1;
            }
            QuoteLine::Adhoc { description, amount } => {
                form.row("charges", "amount", charge, amount.0.to_string());
                form.row("charges", "description", charge, description.as_str());
                charge += 1;
            }
        }
    }
    discounts(form, draft);
    if let Some(address) = &draft.shipping_address {
        form.address("shipping_address", address);
    }
}

fn discounts(form: &mut FormBuilder, draft: &QuoteDraft) {
    for (index, discount) in draft.discounts.iter().enumerate() {
        let apply_on = if discount.item_price.is_some() { "specific_item_price" } else { "invoice_amount" };
        form.row("discounts", "apply_on", index, apply_on);
        form.row("discounts", "amount", index, discount.amount.0.to_string());
        if let Some(price) = &discount.item_price {
            form.row("discounts", "item_price_id", index, price.as_str());
        }
        if draft.kind == QuoteKind::NewSubscription {
            // What was quoted holds as long as the subscription does.
            form.row("discounts", "duration_type", index, "forever");
        }
    }
}
