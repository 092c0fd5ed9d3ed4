//! Money by bank and cash, as the bookkeeper enters it in Exact: whole, in parts, for several invoices, too much, too
//! little, undone, given up, paid back.

use jiff::Timestamp;

use super::{Numbered, Teller, Work};
use crate::sandbox::generator::plan::Share;

const BANK: &str = "20";
const CASH: &str = "10";

fn share(document: &Numbered<'_>, amount: i64) -> Share {
    Share { number: document.number.clone(), amount, rest_written_off: false }
}

fn receive(
    teller: &mut Teller<'_>,
    journal: &'static str,
    at: Timestamp,
    document: &Numbered<'_>,
    settles: Vec<Share>,
    surplus: i64,
) {
    let date = teller.date(at);
    teller.work(document, at, Work::Receive { journal, date, settles, surplus });
}

pub(super) fn paid(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let at = Teller::after(about[0], 24 * teller.dice.between(3, 25));
    receive(teller, BANK, at, about[0], vec![share(about[0], about[0].sums.total)], 0);
}

pub(super) fn by_cash(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let at = Teller::after(about[0], 50);
    receive(teller, CASH, at, about[0], vec![share(about[0], about[0].sums.total)], 0);
}

pub(super) fn paid_in_parts(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let (first, total) = (about[0].sums.total * 2 / 5, about[0].sums.total);
    for (days, part) in [(5, first), (13, total - first)] {
        receive(teller, BANK, Teller::after(about[0], days * 24), about[0], vec![share(about[0], part)], 0);
    }
}

pub(super) fn two_at_once(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let shares = about.iter().map(|document| share(document, document.sums.total)).collect();
    receive(teller, BANK, Teller::after(about[1], 6 * 24), about[1], shares, 0);
}

pub(super) fn overpaid(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let shares = vec![share(about[0], about[0].sums.total)];
    receive(teller, BANK, Teller::after(about[0], 9 * 24), about[0], shares, 1000);
}

/// Two per cent less, which the bookkeeper lets pass.
pub(super) fn discount_for_early_payment(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let less = about[0].sums.total * 98 / 100;
    let shares = vec![Share { rest_written_off: true, ..share(about[0], less) }];
    receive(teller, BANK, Teller::after(about[0], 3 * 24), about[0], shares, 0);
}

/// Matched with the wrong invoice, as is seen a week later.
pub(super) fn match_undone(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    receive(teller, BANK, Teller::after(about[0], 5 * 24), about[0], vec![share(about[0], about[0].sums.total)], 0);
    let number = about[0].number.clone();
    teller.work(about[0], Teller::after(about[0], 12 * 24), Work::Undo { number });
}

pub(super) fn written_off_in_the_books(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let at = Teller::after(about[0], 28 * 24);
    let (number, date, gl_account) = (about[0].number.clone(), teller.date(at), teller.entity(about[0]).loss_account);
    teller.work(about[0], at, Work::WriteOff { number, gl_account, date });
}

/// Paid by bank; once Chargebee knows of it, a part is credited there and paid back by bank here.
pub(super) fn credited_and_paid_back(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let (total, part) = (about[0].sums.total, about[0].sums.total / 4);
    receive(teller, BANK, Teller::after(about[0], 4 * 24), about[0], vec![share(about[0], total)], 0);
    let form = [
        ("type", "refundable"),
        ("reference_invoice_id", about[0].number.as_str()),
        ("total", &part.to_string()),
        ("reason_code", "order_change"),
    ];
    teller.push(Teller::after(about[0], 8 * 24), "/credit_notes", &form, true);
    let shares = vec![Share { number: "{note}".to_owned(), amount: -part, rest_written_off: false }];
    receive(teller, BANK, Teller::after(about[0], 11 * 24), about[0], shares, 0);
}

/// Recorded in Chargebee by hand, and entered in the books by the bookkeeper too.
pub(super) fn recorded_by_hand(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let at = Teller::after(about[0], 7 * 24);
    let date = at.as_second().to_string();
    let form = [("transaction[payment_method]", "bank_transfer"), ("transaction[date]", date.as_str())];
    teller.push(at, &format!("/invoices/{}/record_payment", about[0].number), &form, false);
    receive(teller, BANK, at, about[0], vec![share(about[0], about[0].sums.total)], 0);
}
