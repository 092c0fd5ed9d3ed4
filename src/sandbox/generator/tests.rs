//! The laws of the generated world.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;

fn options(customers: usize, invoices: usize, failures: bool) -> GeneratorOptions {
    let now = "2027-01-05T08:30:00Z".parse().unwrap();
    GeneratorOptions { seed: 1, size: Size { customers, invoices }, now, failures, extent: Extent::Invoices }
}

fn rows(texts: &[String]) -> Vec<Value> {
    texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

fn sum(rows: &Value, name: &str) -> i64 {
    rows.as_array().into_iter().flatten().map(|row| row[name].as_i64().unwrap()).sum()
}

fn number(row: &Value, name: &str) -> i64 {
    row[name].as_i64().unwrap_or_else(|| panic!("{name} of {}", row["id"]))
}

/// The arithmetic that the vendor publishes (reference sheet, section 6).
fn assert_adds_up(invoice: &Value) {
    let id = &invoice["id"];
    let sub_total = sum(&invoice["line_items"], "amount") - sum(&invoice["line_item_discounts"], "discount_amount");
    assert_eq!(number(invoice, "sub_total"), sub_total, "{id}");
    assert_eq!(number(invoice, "tax"), sum(&invoice["line_item_taxes"], "tax_amount"), "{id}");
    assert_eq!(number(invoice, "tax"), sum(&invoice["taxes"], "amount"), "{id}");
    let with_tax = if invoice["price_type"] == "tax_inclusive" { 0 } else { number(invoice, "tax") };
    let rounding = number(invoice, "total") - sub_total - with_tax;
    assert_eq!(number(invoice, "round_off_amount"), rounding.abs(), "{id}");
    assert_eq!(number(invoice, "amount_paid"), sum(&invoice["linked_payments"], "txn_amount"), "{id}");
    let open = number(invoice, "total")
        - number(invoice, "amount_paid")
        - sum(&invoice["applied_credits"], "applied_amount")
        - sum(&invoice["adjustment_credit_notes"], "cn_total");
    assert_eq!(number(invoice, "amount_due"), open, "{id}");
    assert_eq!(sum(&invoice["discounts"], "amount"), sum(&invoice["line_item_discounts"], "discount_amount"), "{id}");
    for line in invoice["line_items"].as_array().unwrap() {
        assert_line_adds_up(invoice, line);
    }
}

fn assert_line_adds_up(invoice: &Value, line: &Value) {
    let own = |list: &str| -> Value {
        let rows = invoice[list].as_array().unwrap().iter().filter(|row| row["line_item_id"] == line["id"]);
        rows.cloned().collect()
    };
    assert_eq!(number(line, "discount_amount"), sum(&own("line_item_discounts"), "discount_amount"));
    assert_eq!(number(line, "tax_amount"), sum(&own("line_item_taxes"), "tax_amount"));
    if line.get("quantity_in_decimal").is_none() {
        assert_eq!(number(line, "amount"), number(line, "unit_amount") * number(line, "quantity"));
    }
    let taxed = !own("line_item_taxes").as_array().unwrap().is_empty();
    assert_eq!(line["is_taxed"], taxed);
    assert_ne!(taxed, line.get("tax_exempt_reason").is_some(), "a line is taxed or says why not");
    let net = number(line, "amount") - number(line, "discount_amount");
    if taxed {
        let tax = if invoice["price_type"] == "tax_inclusive" { number(line, "tax_amount") } else { 0 };
        assert_eq!(sum(&own("line_item_taxes"), "taxable_amount"), net - tax, "{}", invoice["id"]);
    }
}

#[test]
fn every_invoice_adds_up_as_the_vendor_says() {
    for failures in [true, false] {
        let world = generate(options(30, 200, failures));
        assert_eq!(world.chargebee.invoices.len(), 200);
        rows(&world.chargebee.invoices).iter().for_each(assert_adds_up);
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let (first, again) = (generate(options(10, 60, true)), generate(options(10, 60, true)));
    assert_eq!(first.chargebee.invoices, again.chargebee.invoices);
    assert_eq!(first.chargebee.customers, again.chargebee.customers);
    assert_eq!(first.chargebee.transactions, again.chargebee.transactions);
    assert_eq!(first.accounts, again.accounts);
    let other = generate(GeneratorOptions { seed: 2, ..options(10, 60, true) });
    assert_ne!(first.chargebee.invoices, other.chargebee.invoices);
}

#[test]
fn any_size_gives_exactly_so_many_invoices_and_every_reference_leads_somewhere() {
    for invoices in [5, 6, 11, 23, 72, 400] {
        for failures in [true, false] {
            let data = generate(options(8, invoices, failures)).chargebee;
            assert_eq!(data.invoices.len(), invoices);
            let ids = |texts: &[String]| -> BTreeSet<String> {
                rows(texts).iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
            };
            let (customers, prices) = (ids(&data.customers), ids(&data.item_prices));
            let subscriptions = ids(&data.subscriptions);
            assert_eq!(ids(&data.invoices).len(), invoices, "numbers are unique");
            for invoice in rows(&data.invoices) {
                assert!(customers.contains(invoice["customer_id"].as_str().unwrap()));
                for line in invoice["line_items"].as_array().unwrap() {
                    assert!(prices.contains(line["entity_id"].as_str().unwrap()), "{line}");
                    let subscription = line["subscription_id"].as_str();
                    assert!(subscription.is_none_or(|id| subscriptions.contains(id) || invoice["deleted"] == true));
                }
            }
        }
    }
}

#[test]
fn e27_to_e32_each_have_a_document_and_all_but_e29_stay_held_after_the_years_are_opened() {
    let data = generate(options(24, 72, true)).chargebee;
    let mut rows_seen: BTreeMap<&str, usize> = BTreeMap::new();
    for expectation in data.expectations.values() {
        *rows_seen.entry(expectation.row).or_default() += 1;
        assert_eq!(expectation.until_years_are_open, expectation.row == "E29");
    }
    assert_eq!(rows_seen.keys().copied().collect::<Vec<_>>(), ["E27", "E28", "E29", "E30", "E31", "E32"]);
    let numbers: BTreeSet<String> =
        rows(&data.invoices).iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert!(data.expectations.keys().all(|number| numbers.contains(number)));
}

#[test]
fn a_clean_world_has_no_failure_that_opening_years_does_not_mend() {
    let data = generate(options(50, 300, false)).chargebee;
    assert!(data.expectations.values().all(|expectation| expectation.until_years_are_open));
    assert!(rows(&data.customers).iter().all(|row| row.get("cf_exact_account").is_none()));
}

#[test]
fn nothing_is_dated_after_the_present_and_a_term_ends_at_the_time_of_day_at_which_it_began() {
    let data = generate(options(24, 150, true)).chargebee;
    let now = options(1, 5, true).now.as_second();
    for invoice in rows(&data.invoices) {
        assert!(number(&invoice, "date") <= now);
        assert!(invoice.get("updated_at").is_none_or(|at| at.as_i64().unwrap() <= now));
        for line in invoice["line_items"].as_array().unwrap() {
            let local = |name: &str| {
                let at = Timestamp::from_second(number(line, name)).unwrap();
                at.in_tz("Europe/Amsterdam").unwrap()
            };
            assert_eq!(local("date_from").time(), local("date_to").time(), "{}", invoice["id"]);
            assert!(local("date_from") <= local("date_to"));
        }
    }
}

#[test]
fn every_form_of_the_story_is_there() {
    let data = generate(options(24, 72, true)).chargebee;
    let invoices = rows(&data.invoices);
    let has = |what: &str, test: &dyn Fn(&Value) -> bool| assert!(invoices.iter().any(test), "no {what}");
    has("pending", &|row| row["status"] == "pending" && row["id"].as_str().unwrap().starts_with("draft_inv_"));
    has("voided", &|row| row["status"] == "voided" && row["voided_at"].is_i64());
    has("deleted", &|row| row["deleted"] == true);
    has("zero", &|row| row["total"] == 0);
    has("inclusive", &|row| row["price_type"] == "tax_inclusive");
    has("rounding", &|row| number(row, "round_off_amount") != 0);
    has("dollars", &|row| row["currency_code"] == "USD" && row["exchange_rate"].as_f64().unwrap() < 1.0);
    has("without updated_at", &|row| row.get("updated_at").is_none());
    has("two rates", &|row| {
        let parts = row["line_item_taxes"].as_array().unwrap();
        parts.len() > 1 && parts[0]["line_item_id"] == parts[1]["line_item_id"]
    });
    for (kind, coupon) in [("document_level_coupon", "WELCOME10"), ("item_level_coupon", "LOYAL15")] {
        has(coupon, &|row| {
            row["line_item_discounts"]
                .as_array()
                .unwrap()
                .iter()
                .any(|discount| discount["discount_type"] == kind && discount["coupon_id"] == coupon)
        });
    }
    for country in ["GR", "XI", "ES", "DE", "FR", "BE", "US"] {
        has(country, &|row| row["billing_address"]["country"] == country);
    }
    for reason in ["reverse_charge", "export"] {
        has(reason, &|row| row["line_items"][0]["tax_exempt_reason"] == reason);
    }
    for days in [0, 14, 30, 45] {
        has("terms", &|row| row["net_term_days"] == days);
    }
}

#[test]
fn rows_carry_what_the_contract_requires() {
    let data = generate(options(24, 72, true)).chargebee;
    let required: [(&[String], &[&str]); 9] = [
        (
            &data.customers,
            &[
                "id",
                "auto_collection",
                "net_term_days",
                "allow_direct_debit",
                "created_at",
                "promotional_credits",
                "unbilled_charges",
                "refundable_credits",
                "excess_payments",
                "deleted",
                "object",
            ],
        ),
        (
            &data.invoices,
            &[
                "id",
                "customer_id",
                "recurring",
                "status",
                "price_type",
                "currency_code",
                "tax",
                "sub_total",
                "term_finalized",
                "is_gifted",
                "deleted",
                "object",
            ],
        ),
        (&data.item_families, &["id", "name", "deleted", "object"]),
        (
            &data.items,
            &[
                "id",
                "name",
                "type",
                "is_giftable",
                "enabled_for_checkout",
                "enabled_in_portal",
                "metered",
                "deleted",
                "object",
            ],
        ),
        (
            &data.item_prices,
            &["id", "name", "pricing_model", "currency_code", "free_quantity", "created_at", "deleted", "object"],
        ),
        (
            &data.coupons,
            &[
                "id",
                "name",
                "discount_type",
                "duration_type",
                "apply_discount_on",
                "apply_on",
                "created_at",
                "deleted",
                "object",
            ],
        ),
        (
            &data.subscriptions,
            &[
                "id",
                "currency_code",
                "customer_id",
                "status",
                "has_scheduled_advance_invoices",
                "has_scheduled_changes",
                "deleted",
                "decommissioned",
                "object",
            ],
        ),
        (
            &data.credit_notes,
            &["id", "customer_id", "type", "status", "price_type", "currency_code", "sub_total", "deleted", "object"],
        ),
        (&data.transactions, &["id", "payment_method", "gateway", "type", "currency_code", "deleted", "object"]),
    ];
    for (texts, names) in required {
        assert!(!texts.is_empty());
        for row in rows(texts) {
            names.iter().for_each(|name| assert!(row.get(*name).is_some(), "{name} of {row}"));
        }
    }
}

#[test]
fn a_credit_note_credits_one_line_with_its_tax_and_is_linked_on_its_invoice() {
    let data = generate(options(24, 90, true)).chargebee;
    let invoices = rows(&data.invoices);
    let notes = rows(&data.credit_notes);
    let kinds: Vec<&str> = notes.iter().map(|note| note["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["refundable", "adjustment"]);
    for note in &notes {
        let invoice = invoices.iter().find(|invoice| invoice["id"] == note["reference_invoice_id"]).unwrap();
        let line = &invoice["line_items"][0];
        assert_eq!(note["line_items"][0]["reference_line_item_id"], line["id"]);
        assert_eq!(number(note, "total"), number(line, "amount") + number(line, "tax_amount"));
        assert_eq!(number(note, "total"), number(note, "amount_allocated") + number(note, "amount_available"));
        let list = if note["type"] == "adjustment" { "adjustment_credit_notes" } else { "issued_credit_notes" };
        assert_eq!(invoice[list][0]["cn_id"], note["id"]);
    }
}

/// E28: nothing but the documents made for it fails an independent check.
#[test]
fn only_the_customers_of_e28_have_a_wrong_vat_number() {
    let data = generate(options(60, 200, true)).chargebee;
    let failing: BTreeSet<String> = rows(&data.invoices)
        .iter()
        .filter(|row| data.expectations.get(row["id"].as_str().unwrap()).is_some_and(|held| held.row == "E28"))
        .map(|row| row["customer_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(failing.len(), 2);
    for customer in rows(&data.customers) {
        let Some(number) = customer["vat_number"].as_str() else { continue };
        let bare: String = number.chars().filter(char::is_ascii_alphanumeric).collect();
        let prefix = match customer["billing_address"]["country"].as_str().unwrap() {
            "GR" => "EL",
            // The validator knows Northern Ireland's numbers as the United Kingdom's.
            "XI" => "GB",
            country => country,
        };
        let bare = bare.strip_prefix("XI").unwrap_or(&bare);
        let full = if bare.starts_with(prefix) { bare.to_owned() } else { format!("{prefix}{bare}") };
        let is_valid = vat_id_validator::check_vat(&full).is_valid;
        assert_eq!(is_valid, !failing.contains(customer["id"].as_str().unwrap()), "{full}");
    }
}

fn whole() -> GeneratorOptions {
    GeneratorOptions { extent: Extent::Whole { first_month: 1 }, ..options(40, 200, false) }
}

#[test]
fn a_whole_world_is_the_same_for_the_same_seed_and_its_acts_come_in_the_order_of_time() {
    let (world, again) = (generate(whole()), generate(whole()));
    assert_eq!((&world.chargebee.invoices, &world.acts), (&again.chargebee.invoices, &again.acts));
    assert!(world.acts.is_sorted_by_key(|act| act.at));
    rows(&world.chargebee.invoices).iter().for_each(assert_adds_up);
    assert_eq!(world.chargebee.invoices.len(), 200);
}

#[test]
fn what_came_later_than_the_opening_appears_at_its_own_time() {
    let (mut world, opening) = (generate(whole()), "2026-10-01T00:00:00Z".parse().unwrap());
    let (rows, acts) = (world.chargebee.row_count(), world.acts.len());
    plan::open_at(&mut world, opening);
    let appearing: Vec<&Act> = world.acts.iter().filter(|act| matches!(act.deed, Deed::Appear { .. })).collect();
    assert_eq!((world.chargebee.row_count() + appearing.len(), world.acts.len()), (rows, acts + appearing.len()));
    assert!(!appearing.is_empty() && appearing.iter().all(|act| act.at > opening));
    assert!(world.acts.is_sorted_by_key(|act| act.at));
}

/// A month of many documents: all but the unusual ones are dated in it.
#[test]
fn a_world_of_a_month_is_dated_in_that_month() {
    let extent = Extent::Whole { first_month: 12 };
    let world = generate(GeneratorOptions { extent, ..options(300, 600, false) });
    let december = "2026-11-30T23:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second();
    let dated = rows(&world.chargebee.invoices).iter().filter(|row| number(row, "date") >= december).count();
    assert!(dated > 560, "{dated}");
}
