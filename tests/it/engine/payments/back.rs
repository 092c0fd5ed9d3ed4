//! Money that goes back, by whichever way: refunds, chargebacks, late failures, reversals.

use serde_json::Value;

use super::*;

#[tokio::test]
async fn a_payment_that_fails_later_is_taken_back_and_its_invoice_is_open_again() {
    let world = clean().await;
    let invoice = open_invoice(&world);
    let (name, due) = (text(&invoice, "id"), number(&invoice, "amount_due"));
    let id = pay(&world, &invoice, &[("method", "direct_debit")]);
    world.run_to_end().await;
    assert_eq!(open_in_books(&world, &name), 0);
    world.a_minute_passes();
    world.chargebee.act(&format!("/transactions/{id}/turn"), &[("status", "late_failure")]).unwrap();
    let report = world.run_to_end().await;
    let booked: Vec<i64> = entries_of(&world, &id).iter().map(receivables).collect();
    assert_eq!(booked, [due, -due]);
    assert!(entries_of(&world, &id)[1].lines.iter().all(|line| line.description.starts_with(&format!("{id} failed "))));
    assert_money_equal(&world).await;
    let sides = &report.status.control_accounts[0];
    assert_eq!(sides.booked_out, euros(due));
    world.run_to_end().await;
    assert!(world.writes().is_empty(), "{:?}", world.writes());
}

#[tokio::test]
async fn refunds_and_chargebacks_go_out_of_the_control_account() {
    let world = clean().await;
    let open = open_invoices(&world);
    let (refunded, charged_back) = (pay(&world, &open[0], &[]), pay(&world, &open[1], &[]));
    world.run_to_end().await;
    world.a_minute_passes();
    let form = [("refund_amount", "300"), ("credit_note[reason_code]", "order_change")];
    let refund = world.chargebee.act(&format!("/invoices/{}/refund", text(&open[0], "id")), &form).unwrap();
    let date = world.clock.now().as_second().to_string();
    let form = [
        ("transaction[payment_method]", "chargeback"),
        ("transaction[date]", date.as_str()),
        ("credit_note[reason_code]", "chargeback"),
    ];
    let back = world.chargebee.act(&format!("/invoices/{}/record_refund", text(&open[1], "id")), &form).unwrap();
    let report = world.run_to_end().await;
    let of = |answer: &Value| entries_of(&world, &text(&answer["transaction"], "id")).pop().expect("an entry");
    assert_eq!((receivables(&of(&refund)), of(&refund).journal.as_str()), (-300, "22"));
    assert_eq!(receivables(&of(&back)), -number(&open[1], "amount_due"));
    assert!(of(&refund).lines[0].description.contains(" refund "), "{:?}", of(&refund).lines);
    assert!([refunded, charged_back].iter().all(|id| entries_of(&world, id).len() == 1));
    assert_money_equal(&world).await;
    let out = 300 + number(&open[1], "amount_due");
    assert_eq!(report.status.control_accounts[0].booked_out, euros(out));
}

/// A transaction of its own that takes a payment back.
fn reverse(world: &World, payment: &str, amount: i64) -> String {
    let payment = world.chargebee.transactions().into_iter().find(|row| row["id"] == payment).expect("a payment");
    let id = format!("rev_{}", text(&payment, "id"));
    let now = world.clock.now().as_second();
    world
        .chargebee
        .put_transaction(serde_json::json!({
            "object": "transaction", "id": id, "customer_id": payment["customer_id"], "type": "payment_reversal",
            "status": "success", "payment_method": payment["payment_method"], "gateway": payment["gateway"],
            "amount": amount, "amount_unused": 0, "currency_code": "EUR", "base_currency_code": "EUR",
            "exchange_rate": 1.0, "date": now, "deleted": false, "linked_invoices": [], "linked_refunds": [],
            "linked_payments": [{"id": payment["id"], "status": "success", "amount": payment["amount"]}],
        }))
        .unwrap();
    id
}

#[tokio::test]
async fn a_reversal_takes_the_payments_own_lines_back() {
    let world = clean().await;
    let invoice = open_invoice(&world);
    let (name, due) = (text(&invoice, "id"), number(&invoice, "amount_due"));
    let paid = pay(&world, &invoice, &[("amount", &(due + 200).to_string())]);
    world.run_to_end().await;
    let before = open_of_customer(&world, &name);
    world.a_minute_passes();
    // The excess goes first, then the invoice.
    let part = reverse(&world, &paid, 300);
    world.run_to_end().await;
    let entry = entries_of(&world, &part).pop().expect("an entry");
    let lines: Vec<_> = entry.lines.iter().map(|line| (line.description.clone(), line.amount)).collect();
    assert_eq!(lines, [(format!("{part} reversal {name}"), -100), (format!("{part} reversal excess"), -200)]);
    assert_eq!(open_of_customer(&world, &name), before + 300);
    assert_money_equal(&world).await;
    world.lose_state().await;
    world.run_to_end().await;
    assert_eq!(world.posts(BANK), 0);
    assert_money_equal(&world).await;
}

#[tokio::test]
async fn a_reversal_waits_for_its_payment_and_one_of_a_bank_payment_is_never_booked_i4() {
    const ROW: &str = "    - {when: {region: Domestic, rate: 21}, code: \"2\"}\n";
    let mut world = clean().await;
    world.edit(ROW, "");
    let open = open_invoices(&world);
    let domestic =
        open.iter().find(|row| row["billing_address"]["country"] == "NL").expect("a Dutch customer's invoice");
    let paid = pay(&world, domestic, &[]);
    let waiting = reverse(&world, &paid, number(domestic, "amount_due"));
    let other = open.iter().find(|row| row["id"] != domestic["id"]).unwrap();
    let form = [("transaction[payment_method]", "bank_transfer")];
    let by_bank = world.chargebee.act(&format!("/invoices/{}/record_payment", text(other, "id")), &form).unwrap();
    let never = reverse(&world, &text(&by_bank["transaction"], "id"), 100);
    world.run_to_end().await;
    let held = held_payments(&world).await;
    assert_eq!(held[&waiting].hold.reason.as_str(), "WaitingFor", "{held:#?}");
    assert!(held[&waiting].hold.message.contains(&paid) && !held.contains_key(&never), "{held:#?}");
    world.edit("    # Dutch customers\n", &format!("    # Dutch customers\n{ROW}"));
    world.run_to_end().await;
    let held = held_payments(&world).await;
    assert!(!held.contains_key(&waiting) && !held.contains_key(&paid), "{held:#?}");
    assert_eq!((entries_of(&world, &paid).len(), entries_of(&world, &waiting).len()), (1, 1));
    assert!(entries_of(&world, &never).is_empty());
}

#[tokio::test]
async fn a_refund_closes_the_credit_note_that_was_booked_before_it() {
    let mut world = clean().await;
    world.edit("  flows:\n", "  flows:\n    creditNotes: {enabled: true}\n");
    let invoice = open_invoice(&world);
    pay(&world, &invoice, &[]);
    let form = [("refund_amount", "300"), ("credit_note[reason_code]", "order_change")];
    let answer = world.chargebee.act(&format!("/invoices/{}/refund", text(&invoice, "id")), &form).unwrap();
    let note = text(&answer["credit_note"], "id");
    world.run_to_end().await;
    let held = world.state().await.held_page("creditNote", "", 100).await.unwrap();
    assert!(held.iter().all(|held| held.number != note), "{held:#?}");
    let entry = entries_of(&world, &text(&answer["transaction"], "id")).pop().expect("the refund");
    assert!(entry.lines[0].description.ends_with(&note) && entry.lines[0].our_ref.is_some(), "{entry:#?}");
    assert_eq!((receivables(&entry), open_in_books(&world, &note)), (-300, 0));
    assert_money_equal(&world).await;
}

#[tokio::test]
async fn an_earlier_payment_is_out_of_scope_and_its_later_refund_is_not() {
    let world = clean().await;
    let early = world.chargebee.transactions().into_iter().find(|row| {
        let day = jiff::Timestamp::from_second(number(row, "date")).unwrap().to_string();
        day.as_str() < world.start.as_str() && row["currency_code"] == "EUR" && row["type"] == "payment"
    });
    let early = early.expect("a payment from before the start");
    let invoice = text(&early["linked_invoices"][0], "invoice_id");
    let form = [("refund_amount", "100"), ("credit_note[reason_code]", "order_change")];
    let refund = world.chargebee.act(&format!("/invoices/{invoice}/refund"), &form).unwrap();
    world.run_to_end().await;
    assert!(entries_of(&world, &text(&early, "id")).is_empty());
    let entry = entries_of(&world, &text(&refund["transaction"], "id")).pop().expect("the refund");
    assert_eq!((receivables(&entry), entry.lines[0].our_ref), (-100, None));
    assert_money_equal(&world).await;
}

/// As the vendor tells it: the payment has failed late, and a transaction of its own takes it back.
#[tokio::test]
async fn a_late_reversal_is_booked_once_on_its_own_day_and_the_failure_not_besides() {
    let world = clean().await;
    let invoice = open_invoice(&world);
    let (name, due) = (text(&invoice, "id"), number(&invoice, "amount_due"));
    let paid = pay(&world, &invoice, &[("method", "direct_debit")]);
    world.run_to_end().await;
    assert_eq!(open_in_books(&world, &name), 0);
    let control = balance(&world, "1150");
    // Runs go on meanwhile: a consent that nobody uses for thirty days is over.
    for days in [20, 13] {
        world.clock.advance(jiff::SignedDuration::from_hours(days * 24));
        world.run_to_end().await;
    }
    world.a_minute_passes();
    let reversed = world.chargebee.act(&format!("/transactions/{paid}/reverse"), &[]).unwrap();
    let id = text(&reversed["transaction"], "id");
    world.run_to_end().await;
    let [back] = &entries_of(&world, &id)[..] else { panic!("{id} is not booked once") };
    assert_eq!((receivables(back), entries_of(&world, &paid).len()), (-due, 1));
    assert_eq!(back.lines[0].date.to_string(), "2027-02-07");
    assert_eq!((back.year, back.period), (2027, 2));
    assert!(back.lines.iter().all(|line| line.description == format!("{id} reversal {name}")), "{:?}", back.lines);
    assert_eq!(balance(&world, "1150"), control - due);
    world.a_minute_passes();
    world.run_to_end().await;
    assert!(world.writes().is_empty(), "{:?}", world.writes());
    world.lose_state().await;
    world.run_to_end().await;
    assert_eq!((world.posts(BANK), entries_of(&world, &id).len(), entries_of(&world, &paid).len()), (0, 1, 1));
}
