//! Money by gateways: paid, failed, in parts, too much, given back, charged back, taken back by the bank.

use jiff::Timestamp;

use super::{Numbered, Teller};
use crate::sandbox::generator::customers::Customer;

/// How companies pay in euros, in turn.
const WAYS: [(&str, &str); 5] = [
    ("direct_debit", "gocardless"),
    ("card", "stripe"),
    ("direct_debit", "gocardless"),
    ("paypal_express_checkout", "paypal"),
    ("ideal", "mollie"),
];

/// By which method and gateway a customer pays.
pub(super) fn way(teller: &mut Teller<'_>, customer: &Customer) -> (&'static str, &'static str) {
    match (customer.country, customer.company.is_some()) {
        _ if customer.currency != "EUR" => ("card", "stripe"),
        ("NL", false) => ("ideal", "mollie"),
        ("BE", false) => ("bancontact", "mollie"),
        (_, false) => ("card", "stripe"),
        (_, true) => {
            teller.paid += 1;
            WAYS[teller.paid % WAYS.len()]
        }
    }
}

/// A payment of these documents, each with its amount, and of `surplus` more.
fn pay(
    teller: &mut Teller<'_>,
    at: Timestamp,
    parts: &[(&Numbered<'_>, i64)],
    surplus: i64,
    status: &str,
    way: (&str, &str),
) {
    let amount = (parts.iter().map(|(_, amount)| amount).sum::<i64>() + surplus).to_string();
    let mut form = vec![("method", way.0), ("gateway", way.1), ("amount", amount.as_str()), ("status", status)];
    let names: Vec<(String, String, String)> = parts
        .iter()
        .enumerate()
        .map(|(index, (_, amount))| {
            (format!("invoices[id][{index}]"), format!("invoices[amount][{index}]"), amount.to_string())
        })
        .collect();
    for ((id, amount, value), (document, _)) in names.iter().zip(parts) {
        form.push((id, &document.number));
        form.push((amount, value));
    }
    let customer = teller.customer(parts[0].0).id.clone();
    teller.push(at, &format!("/customers/{customer}/pay"), &form, false);
}

/// Pays all of one document so many hours after its date.
pub(super) fn pay_whole(teller: &mut Teller<'_>, document: &Numbered<'_>, hours: i64) {
    let way = way(teller, teller.customer(document));
    pay(teller, Teller::after(document, hours), &[(document, document.sums.total)], 0, "success", way);
}

pub(super) fn paid(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let days = if teller.customer(about[0]).net_term_days == 0 { 0 } else { teller.dice.between(2, 20) };
    pay_whole(teller, about[0], days * 24);
}

pub(super) fn failed_then_paid(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let way = way(teller, teller.customer(about[0]));
    pay(teller, Teller::after(about[0], 0), &[(about[0], about[0].sums.total)], 0, "failure", way);
    pay_whole(teller, about[0], 72);
}

pub(super) fn paid_in_parts(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let (way, total) = (way(teller, teller.customer(about[0])), about[0].sums.total);
    let (first, second) = (total / 3, total / 4);
    for (hours, part) in [(2, first), (90, second), (200, total - first - second)] {
        pay(teller, Teller::after(about[0], hours), &[(about[0], part)], 0, "success", way);
    }
}

pub(super) fn two_at_once(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let way = way(teller, teller.customer(about[0]));
    let parts: Vec<_> = about.iter().map(|document| (*document, document.sums.total)).collect();
    pay(teller, Teller::after(about[1], 5), &parts, 0, "success", way);
}

/// A direct debit that takes two days to succeed.
pub(super) fn debited_in_days(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let whole = [(about[0], about[0].sums.total)];
    pay(teller, Teller::after(about[0], 1), &whole, 0, "in_progress", ("direct_debit", "gocardless"));
    teller.push(Teller::after(about[0], 49), "/transactions/{payment}/turn", &[("status", "success")], false);
}

/// The customer has the bank take the debit back two weeks later, and pays by another way after that.
pub(super) fn taken_back_by_the_bank(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let whole = [(about[0], about[0].sums.total)];
    pay(teller, Teller::after(about[0], 1), &whole, 0, "success", ("direct_debit", "gocardless"));
    let failed = [("status", "late_failure"), ("error_code", "MD06"), ("error_text", "Refund requested by the debtor")];
    teller.push(Teller::after(about[0], 14 * 24), "/transactions/{payment}/turn", &failed, false);
    pay(teller, Teller::after(about[0], 17 * 24), &whole, 0, "success", ("card", "stripe"));
}

/// The bank takes the debit back when the next month has long begun, which a transaction of its own tells; nobody pays again.
pub(super) fn reversed_late(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let whole = [(about[0], about[0].sums.total)];
    pay(teller, Teller::after(about[0], 1), &whole, 0, "success", ("direct_debit", "gocardless"));
    teller.push(Teller::after(about[0], 33 * 24), "/transactions/{payment}/reverse", &[], false);
}

/// As [`reversed_late`], of more than was asked for; the customer pays by card after that.
pub(super) fn reversed_and_paid_again(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let whole = [(about[0], about[0].sums.total)];
    pay(teller, Teller::after(about[0], 2), &whole, 350, "success", ("direct_debit", "gocardless"));
    teller.push(Teller::after(about[0], 31 * 24), "/transactions/{payment}/reverse", &[], false);
    pay(teller, Teller::after(about[0], 35 * 24), &whole, 0, "success", ("card", "stripe"));
}

pub(super) fn refunded(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    pay_whole(teller, about[0], 1);
    let path = format!("/invoices/{}/refund", about[0].number);
    teller.push(Teller::after(about[0], 60), &path, &[("credit_note[reason_code]", "order_cancellation")], false);
}

pub(super) fn partly_refunded(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    pay_whole(teller, about[0], 1);
    let path = format!("/invoices/{}/refund", about[0].number);
    let form = |amount: i64| [("refund_amount", amount.to_string())];
    for (hours, amount) in [(70, about[0].sums.total / 5), (140, about[0].sums.total / 7)] {
        let [(name, amount)] = form(amount);
        teller.push(Teller::after(about[0], hours), &path, &[(name, &amount)], false);
    }
}

/// The customer's bank takes the whole payment back by the card scheme.
pub(super) fn charged_back(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    charged_back_after(teller, about, 12);
}

/// As [`charged_back`], in a later month.
pub(super) fn charged_back_late(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    charged_back_after(teller, about, 37);
}

fn charged_back_after(teller: &mut Teller<'_>, about: &[&Numbered<'_>], days: i64) {
    let at = Teller::after(about[0], days * 24);
    pay(teller, Teller::after(about[0], 1), &[(about[0], about[0].sums.total)], 0, "success", ("card", "stripe"));
    let date = at.as_second().to_string();
    let form = [
        ("transaction[payment_method]", "chargeback"),
        ("transaction[date]", date.as_str()),
        ("credit_note[reason_code]", "chargeback"),
    ];
    teller.push(at, &format!("/invoices/{}/record_refund", about[0].number), &form, false);
}

/// The surplus stays the customer's.
pub(super) fn overpaid(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let way = way(teller, teller.customer(about[0]));
    pay(teller, Teller::after(about[0], 3), &[(about[0], about[0].sums.total)], 750, "success", way);
}

pub(super) fn overpaid_and_given_back(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    overpaid(teller, about);
    teller.push(Teller::after(about[0], 30), "/transactions/{payment}/refund", &[], false);
}

/// Money before there was anything to pay; it pays a part of the invoice later.
pub(super) fn paid_ahead(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let (customer, way) = (teller.customer(about[0]).id.clone(), way(teller, teller.customer(about[0])));
    let form = [("method", way.0), ("gateway", way.1), ("amount", "2500")];
    teller.push(Teller::after(about[0], -30), &format!("/customers/{customer}/pay"), &form, false);
    let path = format!("/invoices/{}/apply_payments", about[0].number);
    teller.push(Teller::after(about[0], 1), &path, &[("transactions[id][0]", "{payment}")], false);
}

/// Credit from a promotion lowers a new invoice, which is then paid.
pub(super) fn promotion(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let customer = teller.customer(about[0]).id.clone();
    let add = [("customer_id", customer.as_str()), ("amount", "1500"), ("description", "Thank you")];
    teller.push(Teller::after(about[0], 1), "/promotional_credits/add", &add, false);
    let charge = [
        ("customer_id", customer.as_str()),
        ("charges[amount][0]", "480000"),
        ("charges[description][0]", "Extra training"),
    ];
    teller.push(Teller::after(about[0], 26), "/invoices/create_for_charge_items_and_charges", &charge, false);
    let way = way(teller, teller.customer(about[0]));
    let form = [("method", way.0), ("gateway", way.1), ("invoices[id][0]", "{invoice}")];
    teller.push(Teller::after(about[0], 27), &format!("/customers/{customer}/pay"), &form, false);
    pay_whole(teller, about[0], 28);
}
