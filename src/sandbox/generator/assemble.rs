//! From drafts to documents: numbers in order of date, settlement, times of change, and the rows.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::builder::Builder;
use super::customers::Customer;
use super::document::{Document, Settlement};
use super::draft::{Draft, Fate, Sums};
use super::entities::{ENTITIES, Entity};
use super::failures::MISSING_YEAR;
use super::plan::Act;
use super::{ChargebeeData, Expectation, Series, credit_notes, stories};

/// What stands before the digits of every invoice number.
const PREFIX: &str = "INV-";

/// A draft that has become a document.
pub(super) struct Numbered<'a> {
    pub draft: &'a Draft,
    pub sums: Sums,
    pub number: String,
    settlement: Settlement,
    updated_at: i64,
}

/// Writes the invoices, their payments and what is expected of them into `data`.
///
/// In a whole world nothing is paid or credited yet: that is what the acts are for.
pub(super) fn documents(builder: &mut Builder, data: &mut ChargebeeData) -> Vec<Act> {
    let mut drafts = std::mem::take(&mut builder.drafts);
    drafts.sort_by_key(|draft| draft.date);
    let mut numbered = number(builder, &drafts, data);
    straddle(&mut numbered);
    let mut seen = vec![false; builder.customers.len()];
    for document in &numbered {
        let first = !std::mem::replace(&mut seen[document.draft.customer], true);
        write(builder, document, first, data);
    }
    if let Some(series) = data.series.first_mut() {
        series.credit_note = format!("CN-{:05}", data.credit_notes.len());
    }
    let acts = if builder.is_whole() { stories::tell(builder, &numbered) } else { Vec::new() };
    builder.drafts = drafts;
    acts
}

fn number<'a>(builder: &mut Builder, drafts: &'a [Draft], data: &mut ChargebeeData) -> Vec<Numbered<'a>> {
    let mut last = [0; ENTITIES.len()];
    let mut numbered = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let number = if draft.fate == Fate::Pending {
            format!("draft_inv_{}", builder.dice.token(12))
        } else {
            let entity = builder.customers[draft.customer].entity;
            last[entity] += 1;
            format!("{}{PREFIX}{:05}", ENTITIES[entity].prefix, last[entity])
        };
        let sums = draft.sums(builder.customers[draft.customer].tax_inclusive);
        let settlement = settle(builder, draft, sums.total);
        let updated_at = updated_at(draft, &settlement, builder.now);
        numbered.push(Numbered { draft, sums, number, settlement, updated_at });
    }
    let series = |(entity, last): (Entity, i32)| Series {
        entity: entity.id.map(str::to_owned),
        invoice: format!("{}{PREFIX}{last:05}", entity.prefix),
        credit_note: format!("{}CN-00000", entity.prefix),
    };
    data.series = ENTITIES.into_iter().zip(last).map(series).collect();
    numbered
}

/// Who collects by itself is paid at once, mostly; who pays on account takes some weeks.
fn settle(builder: &mut Builder, draft: &Draft, total: i64) -> Settlement {
    if builder.is_whole() || !matches!(draft.fate, Fate::Any | Fate::Credited) || total == 0 {
        return Settlement::Open;
    }
    let (percent, seconds) = match draft.net_term_days {
        _ if draft.fate == Fate::Credited => (100, 45),
        0 => (92, builder.dice.between(5, 90)),
        days => (75, builder.dice.between(2, days + 12) * 86_400 + builder.dice.between(0, 20_000)),
    };
    let is_paid = builder.dice.chance(percent);
    let at = draft.date + SignedDuration::from_secs(seconds);
    if !is_paid || at > builder.now {
        return Settlement::Open;
    }
    Settlement::Paid { transaction: format!("txn_{}", builder.dice.token(16)), at }
}

fn updated_at(draft: &Draft, settlement: &Settlement, now: Timestamp) -> i64 {
    let changed = match (draft.fate, settlement) {
        (Fate::Credited, _) => draft.date + SignedDuration::from_hours(6 * 24),
        (_, Settlement::Paid { at, .. }) => *at + SignedDuration::from_secs(2),
        (Fate::Voided | Fate::Deleted, _) => draft.date + SignedDuration::from_hours(50),
        (Fate::Adjusted, _) => draft.date + SignedDuration::from_hours(6 * 24),
        _ => draft.date + SignedDuration::from_secs(4),
    };
    changed.min(now).as_second()
}

/// Gives the last row of each page of ten the second of the next page's first row: equal seconds straddle pages of ten
/// and of a hundred.
fn straddle(numbered: &mut [Numbered<'_>]) {
    let mut order: Vec<usize> = (0..numbered.len()).filter(|at| numbered[*at].draft.has_updated_at).collect();
    order.sort_by_key(|at| (numbered[*at].updated_at, *at));
    for next in (10..order.len()).step_by(10) {
        numbered[order[next - 1]].updated_at = numbered[order[next]].updated_at;
    }
}

fn write(builder: &Builder, document: &Numbered<'_>, first_of_customer: bool, data: &mut ChargebeeData) {
    let customer = &builder.customers[document.draft.customer];
    let exchange_rate = exchange_rate(customer.currency, document.draft.date);
    let mut row = Document {
        number: &document.number,
        draft: document.draft,
        sums: &document.sums,
        customer,
        settlement: &document.settlement,
        updated_at: document.updated_at,
        now: builder.now,
        exchange_rate,
        first_of_customer,
    }
    .row();
    let note_number = format!("CN-{:05}", data.credit_notes.len() + 1);
    let fate = if builder.is_whole() { Fate::Any } else { document.draft.fate };
    if let Some(note) = credit_notes::credit(&mut row, fate, &note_number, builder.now.as_second()) {
        data.credit_notes.push(note.to_string());
    }
    if let Settlement::Paid { transaction, at } = &document.settlement {
        data.transactions.push(payment(&row, transaction, *at, customer).to_string());
    }
    if let Some(expectation) = expectation(builder, document) {
        data.expectations.insert(document.number.clone(), expectation);
    }
    data.invoices.push(row.to_string());
}

/// Euros for one unit of the currency, drifting a little from day to day.
pub(in crate::sandbox) fn exchange_rate(currency: &str, date: Timestamp) -> f64 {
    if currency == "EUR" {
        return 1.0;
    }
    let day = date.as_second() / 86_400;
    let base = if currency == "GBP" { 11_500 } else { 9_100 };
    (base + day * 37 % 400) as f64 / 10_000.0
}

/// The online payment of an invoice.
fn payment(invoice: &Value, id: &str, at: Timestamp, customer: &Customer) -> Value {
    let at = at.as_second();
    let method = match (customer.country, customer.company.is_some()) {
        (_, true) if customer.currency == "EUR" => "direct_debit",
        ("NL", false) => "ideal",
        ("BE", false) => "bancontact",
        _ => "card",
    };
    let mut row = json!({
        "id": id, "customer_id": invoice["customer_id"], "payment_method": method, "gateway": "mollie",
        "gateway_account_id": "gw_mollie", "type": "payment", "status": "success", "date": at, "settled_at": at,
        "exchange_rate": invoice["exchange_rate"], "amount": invoice["total"], "amount_unused": 0,
        "currency_code": invoice["currency_code"], "base_currency_code": "EUR", "id_at_gateway": format!("tr_{}", &id[4..]),
        "linked_invoices": [{"invoice_id": invoice["id"], "applied_amount": invoice["total"], "applied_at": at,
            "invoice_date": invoice["date"], "invoice_total": invoice["total"], "invoice_status": "paid"}],
        "linked_refunds": [], "deleted": false, "updated_at": at + 1, "resource_version": (at + 1) * 1000,
        "object": "transaction",
    });
    for name in ["subscription_id", "business_entity_id"] {
        if let Some(value) = invoice.get(name) {
            row[name] = value.clone();
        }
    }
    row
}

/// Why the document must be held while only the year of the demo and the one before are open.
fn expectation(builder: &Builder, document: &Numbered<'_>) -> Option<Expectation> {
    let draft = document.draft;
    if matches!(draft.fate, Fate::Pending | Fate::Voided | Fate::Deleted) || document.sums.total == 0 {
        return None;
    }
    if let Some((row, reason)) = draft.failure {
        return Some(Expectation { row, reason, until_years_are_open: false });
    }
    let (row, reason) = MISSING_YEAR;
    (last_year(builder, draft) > builder.year()).then_some(Expectation { row, reason, until_years_are_open: true })
}

/// The last year that the document's date or any of its service periods touches, by Amsterdam's calendar.
pub(super) fn last_year(builder: &Builder, draft: &Draft) -> i16 {
    let year = |instant: Timestamp| instant.to_zoned(builder.zone.clone()).date();
    let service_ends = draft.lines.iter().filter(|line| line.to > line.from).map(|line| {
        let after = line.to + SignedDuration::from_secs(1);
        year(after).yesterday().unwrap_or(year(after)).year()
    });
    service_ends.chain([year(draft.date).year()]).max().unwrap_or(0)
}
