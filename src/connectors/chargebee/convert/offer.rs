//! Customers and quotes as they stand in billing, as far as a CRM has a say in them (C26–C29).

use super::super::wire::{ContactRow, CustomerRow, QuoteLineRow, QuoteRow, SubscriptionRow, custom_fields};
use super::address::address;
use super::subject::{Subject, instant_or_none};
use super::vat::vat_number;
use super::{FromChargebee, parse};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::money::{Amount, Currency};
use crate::domain::offer::{
    BillingContact, BillingCustomer, BillingQuote, BillingQuoteLine, BillingQuoteStatus, BillingSubscription, QuoteKind,
};

impl FromChargebee for BillingCustomer {
    const NOUN: &'static str = "customer";
    const UNREADABLE: HoldReason = HoldReason::CustomerAmbiguous;

    fn from_json(id: &str, json: &str) -> Result<Self, Hold> {
        let row: CustomerRow = parse(&Subject { noun: Self::NOUN, id, unreadable: Self::UNREADABLE }, json)?;
        let billing_address = row.billing_address.map(address);
        let country = billing_address.as_ref().and_then(|address| address.country.as_deref());
        Ok(Self {
            vat_number: vat_number(row.vat_number.as_deref(), row.vat_number_prefix.as_deref(), country),
            id: row.id.or(id),
            company: row.company.0,
            email: row.email.0,
            phone: row.phone.0,
            billing_address,
            contacts: row.contacts.0.into_iter().filter_map(contact).collect(),
            business_entity: row.business_entity_id.0,
            custom_fields: custom_fields(json),
            resource_version: row.resource_version.whole().ok().flatten(),
            deleted: row.deleted.0,
        })
    }
}

impl FromChargebee for BillingSubscription {
    const NOUN: &'static str = "subscription";
    const UNREADABLE: HoldReason = HoldReason::WaitingFor;

    fn from_json(id: &str, json: &str) -> Result<Self, Hold> {
        let row: SubscriptionRow = parse(&Subject { noun: Self::NOUN, id, unreadable: Self::UNREADABLE }, json)?;
        let has_ended = matches!(row.status.as_deref(), Some("cancelled" | "transferred"));
        Ok(Self {
            is_running: !has_ended && !row.deleted.0,
            customer: row.customer_id.0.unwrap_or_default(),
            shipping_address: row.shipping_address.map(address),
            id: row.id.or(id),
        })
    }
}

/// One without an id cannot be changed and is nobody's of ours.
fn contact(row: ContactRow) -> Option<BillingContact> {
    Some(BillingContact {
        id: row.id.0?,
        email: row.email.0,
        first_name: row.first_name.0,
        last_name: row.last_name.0,
        phone: row.phone.0,
        label: row.label.0,
    })
}

impl FromChargebee for BillingQuote {
    const NOUN: &'static str = "quote";
    const UNREADABLE: HoldReason = HoldReason::QuoteNotRepresentable;

    fn from_json(id: &str, json: &str) -> Result<Self, Hold> {
        let subject = Subject { noun: Self::NOUN, id, unreadable: Self::UNREADABLE };
        let row: QuoteRow = parse(&subject, json)?;
        let lines = row.line_items.0.iter().map(|line| quote_line(&subject, line)).collect::<Result<_, _>>()?;
        Ok(Self {
            status: if row.deleted.0 { BillingQuoteStatus::Closed } else { status(row.status.as_deref()) },
            kind: kind(row.operation_type.as_deref()),
            currency: row.currency_code.as_deref().and_then(Currency::from_code),
            valid_till: instant_or_none(&row.valid_till),
            made_at: instant_or_none(&row.date),
            sub_total: subject.amount_if_any("sub_total", &row.sub_total)?,
            customer: row.customer_id.0.unwrap_or_default(),
            name: row.name.0,
            id: row.id.or(id),
            lines,
        })
    }
}

fn quote_line(subject: &Subject<'_>, row: &QuoteLineRow) -> Result<BillingQuoteLine, Hold> {
    let is_price = row.entity_type.as_deref().is_some_and(|sort| sort.ends_with("_item_price"));
    Ok(BillingQuoteLine {
        item_price: row.entity_id.as_deref().filter(|_| is_price).map(str::to_owned),
        description: row.description.as_deref().map(str::to_owned),
        quantity: subject.amount_if_any("quantity", &row.quantity)?.map_or(1, |quantity| quantity.0),
        unit_amount: subject.amount_if_any("unit_amount", &row.unit_amount)?.unwrap_or(Amount::ZERO),
    })
}

/// A status that this version does not know is left to people, as one that waits for them is. What has expired is closed,
/// which sites without the vendor's CPQ call it too.
fn status(text: Option<&str>) -> BillingQuoteStatus {
    match text {
        Some("open" | "proposed") => BillingQuoteStatus::Open,
        Some("accepted") => BillingQuoteStatus::Accepted,
        Some("declined") => BillingQuoteStatus::Declined,
        Some("invoiced") => BillingQuoteStatus::Invoiced,
        Some("closed" | "voided" | "expired") => BillingQuoteStatus::Closed,
        _ => BillingQuoteStatus::InApproval,
    }
}

fn kind(text: Option<&str>) -> Option<QuoteKind> {
    match text {
        Some("onetime_invoice") => Some(QuoteKind::OneOff),
        Some("create_subscription_for_customer") => Some(QuoteKind::NewSubscription),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("open", BillingQuoteStatus::Open)]
    #[case("proposed", BillingQuoteStatus::Open)]
    #[case("accepted", BillingQuoteStatus::Accepted)]
    #[case("declined", BillingQuoteStatus::Declined)]
    #[case("invoiced", BillingQuoteStatus::Invoiced)]
    #[case("closed", BillingQuoteStatus::Closed)]
    #[case("voided", BillingQuoteStatus::Closed)]
    #[case("expired", BillingQuoteStatus::Closed)]
    #[case("pending_approval", BillingQuoteStatus::InApproval)]
    #[case("approval_rejected", BillingQuoteStatus::InApproval)]
    #[case("in_orbit", BillingQuoteStatus::InApproval)]
    fn every_status_of_a_quote_is_one_of_ours(#[case] text: &str, #[case] expected: BillingQuoteStatus) {
        let json = format!(r#"{{"id":"8","customer_id":"c","status":"{text}","line_items":null}}"#);
        assert_eq!(BillingQuote::from_json("8", &json).unwrap().status, expected);
    }

    #[test]
    fn a_quote_is_read_as_the_vendors_sample_has_it() {
        let json = r#"{"id":"8","customer_id":"c","status":"open","operation_type":"onetime_invoice","name":"x",
            "currency_code":"USD","date":1517494517,"valid_till":1526134516,"sub_total":4500,"line_items":[
            {"amount":4000,"entity_id":"encryption-charge-USD","entity_type":"charge_item_price","quantity":1,"unit_amount":4000},
            {"amount":500,"entity_type":"adhoc","description":"Travel","quantity":1,"unit_amount":500}]}"#;
        let quote = BillingQuote::from_json("8", json).unwrap();
        assert_eq!((quote.kind, quote.sub_total), (Some(QuoteKind::OneOff), Some(Amount(4500))));
        let prices: Vec<_> = quote.lines.iter().map(|line| line.item_price.as_deref()).collect();
        assert_eq!(prices, [Some("encryption-charge-USD"), None]);
        assert!(BillingQuote::from_json("8", r#"{"line_items":[{"unit_amount":1.5}]}"#).is_err());
    }
}
