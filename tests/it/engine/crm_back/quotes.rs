//! Quotes of the CRM become quotes in billing (C29).

use jiff::SignedDuration;
use koppel::sandbox::dataverse::QuoteLine;
use serde_json::{Value, json};
use uuid::Uuid;

use super::site::{ALL, Site};

/// A site with an account that is a customer already.
async fn site() -> (Site, Uuid) {
    let site = Site::start(ALL).await;
    let acme = site.acme();
    site.run().await;
    (site, acme)
}

fn product(number: &str, quantity: u32) -> QuoteLine {
    QuoteLine::Product { number: number.to_owned(), quantity }
}

fn write_in(description: &str, price: &str) -> QuoteLine {
    QuoteLine::WriteIn { description: description.to_owned(), price: price.to_owned(), quantity: 1 }
}

#[tokio::test]
async fn a_quote_goes_when_the_customer_has_it_and_is_accepted_when_it_was_won() {
    let (site, acme) = site().await;
    let quote = site.quote(acme, &json!({"effectiveto": "2027-02-27T23:00:00Z"}));
    site.settle().await;
    assert_eq!(site.statuses().await, Vec::<String>::new(), "a draft is nobody's business");
    site.world.organization.activate_quote(quote).unwrap();
    let before = site.versions();
    site.settle().await;
    assert_eq!(site.statuses().await, ["open"]);
    let made = site.quotes().await.remove(0);
    assert_eq!((&made["customer_id"], &made["sub_total"]), (&json!(acme.to_string()), &json!(50_000)));
    assert_eq!(made["line_items"][0]["entity_id"], "onboarding-eur");
    let end: jiff::Timestamp = "2027-02-28T22:59:59Z".parse().unwrap();
    assert_eq!(made["valid_till"], json!(end.as_second()), "the last second of the last day");
    site.world.organization.win_quote(quote).unwrap();
    site.settle().await;
    assert_eq!(site.statuses().await, ["accepted"]);
    assert_eq!(site.versions()[..2], before[..2], "nothing of sales' own is written");
}

#[tokio::test]
async fn a_won_quote_of_a_plan_is_a_subscription_with_what_was_agreed() {
    let (site, acme) = site().await;
    let quote =
        site.quote_of(acme, &[product("WOLK-BASIS", 3), product("WOLK-SETUP", 1)], &json!({"discountamount": 7}));
    site.world.organization.win_quote(quote).unwrap();
    site.settle().await;
    assert_eq!(site.held().await, []);
    let made = site.quotes().await.remove(0);
    assert_eq!(made["operation_type"], "create_subscription_for_customer");
    assert_eq!((&made["status"], &made["sub_total"]), (&json!("accepted"), &json!(14_700 + 50_000 - 700)));
}

#[tokio::test]
async fn a_lost_quote_is_declined_and_a_revised_one_made_anew() {
    let (site, acme) = site().await;
    let (lost, revised) = (site.quote(acme, &json!({})), site.quote(acme, &json!({})));
    for quote in [lost, revised] {
        site.world.organization.activate_quote(quote).unwrap();
    }
    site.settle().await;
    assert_eq!(site.statuses().await, ["open", "open"]);
    site.world.organization.lose_quote(lost).unwrap();
    let draft = site.world.organization.revise_quote(revised).unwrap();
    site.settle().await;
    let mut statuses = site.statuses().await;
    statuses.sort();
    assert_eq!(statuses, ["closed", "declined"]);
    site.world.organization.add_quote_line(draft, &write_in("Extra hour", "95.00")).unwrap();
    site.world.organization.win_quote(draft).unwrap();
    site.settle().await;
    let quotes = site.quotes().await;
    let accepted: Vec<&Value> = quotes.iter().filter(|quote| quote["status"] == "accepted").collect();
    assert_eq!(accepted.len(), 1, "{quotes:#?}");
    assert_eq!(accepted[0]["sub_total"], 59_500);
    assert_eq!(quotes.len(), 3);
}

#[tokio::test]
async fn a_quote_whose_time_is_over_is_not_offered_and_one_with_more_time_is_extended() {
    let (site, acme) = site().await;
    let until = |day: &str| json!({"effectiveto": format!("{day}T23:00:00Z")});
    let late = site.quote(acme, &until("2026-12-30"));
    let open = site.quote(acme, &until("2027-01-09"));
    for quote in [late, open] {
        site.world.organization.activate_quote(quote).unwrap();
    }
    site.settle().await;
    assert_eq!(site.statuses().await, ["open"], "the other one is over");
    site.world.clock.advance(SignedDuration::from_hours(24 * 8));
    site.settle().await;
    let status = site.statuses().await.remove(0);
    assert!(status != "open" || site.writes().is_empty(), "{status}");
    let draft = site.world.organization.revise_quote(open).unwrap();
    site.change("quote", draft, &until("2027-03-30"));
    site.world.organization.activate_quote(draft).unwrap();
    site.settle().await;
    let open: Vec<String> = site.statuses().await.into_iter().filter(|status| status == "open").collect();
    assert_eq!(open.len(), 1, "offered anew");
}

#[tokio::test]
async fn what_billing_cannot_express_is_held_and_goes_once_it_is_mapped() {
    let mut site = Site::start(&ALL.replace("{product: WOLK-SETUP, itemPrice: onboarding-eur}", "")).await;
    let acme = site.acme();
    let quote = site.quote(acme, &json!({}));
    site.world.organization.win_quote(quote).unwrap();
    site.settle().await;
    assert_eq!(site.held().await, [("crmQuote".to_owned(), "QuoteNotRepresentable".to_owned())]);
    let held = site.world.held().await.remove(0);
    assert!(held.hold.message.contains("WOLK-SETUP"), "{held:?}");
    let mapped =
        "{product: WOLK-BASIS, itemPrice: starter-eur-monthly}, {product: WOLK-SETUP, itemPrice: onboarding-eur}";
    site.world.edit("{product: WOLK-BASIS, itemPrice: starter-eur-monthly}, ", mapped);
    site.settle().await;
    assert_eq!(site.held().await, []);
    assert_eq!(site.statuses().await, ["accepted"]);
}

#[tokio::test]
async fn a_quote_waits_for_its_customer() {
    let site = Site::start(&ALL.replace("create: All", "create: Marked")).await;
    let acme = site.acme();
    let quote = site.quote_of(acme, &[write_in("Advice", "1200.00")], &json!({}));
    site.world.organization.win_quote(quote).unwrap();
    site.settle().await;
    assert_eq!(site.held().await, [("crmQuote".to_owned(), "WaitingFor".to_owned())]);
    site.change("account", acme, &json!({"creditonhold": true}));
    site.settle().await;
    assert_eq!(site.held().await, []);
    let made = site.quotes().await.remove(0);
    assert_eq!((&made["status"], &made["sub_total"]), (&json!("accepted"), &json!(120_000)));
}

#[tokio::test]
async fn what_was_settled_costs_no_call_and_what_billing_decided_stands() {
    let (site, acme) = site().await;
    let quote = site.quote(acme, &json!({}));
    site.world.organization.activate_quote(quote).unwrap();
    site.settle().await;
    let id = site.quotes().await[0]["id"].as_str().unwrap().to_owned();
    site.run().await;
    let by_customer = |query: &str| query.contains("customer_id");
    let looks = site.world.sandbox.chargebee.calls();
    assert!(!looks.iter().any(|call| call.path == "/quotes" && by_customer(&call.query)), "{looks:#?}");
    let lines = site.world.organization.calls();
    assert!(!lines.iter().any(|call| call.path.contains("quotedetails")), "{lines:#?}");
    site.world.post(&format!("/quotes/{id}/update_status"), &[("status", "declined")]).await;
    site.settle().await;
    assert_eq!(site.statuses().await, ["declined"]);
}
