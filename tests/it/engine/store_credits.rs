//! Store credits from one sandbox to the other (E3, E17): granted without tax, used before it, and booked to the cent.

use koppel::sandbox::exact::BookedLine;

use super::world::{World, options, text};

#[tokio::test]
async fn a_store_credit_and_the_invoice_that_it_is_used_on_leave_nothing_without_vat() {
    let mut world = World::start(options(24, 80, false)).await;
    world.edit("  policies:\n", "  flows:\n    creditNotes:\n      enabled: true\n  policies:\n");
    world.run_to_end().await;
    world.a_minute_passes();
    let paid = |row: &&serde_json::Value| {
        let booked = world.entries_of(&text(row, "id"));
        row["status"] == "paid"
            && row["amount_paid"] == row["total"]
            && booked.iter().any(|entry| entry.lines.iter().all(|line| line.vat_code == "2"))
    };
    let invoices = world.chargebee.invoices();
    let invoice = invoices.iter().find(paid).expect("a paid invoice with Dutch VAT");
    let form = [("type", "store"), ("reference_invoice_id", invoice["id"].as_str().unwrap()), ("total", "1500")];
    let note = text(&world.post("/credit_notes", &form).await["credit_note"], "id");
    let customer = text(invoice, "customer_id");
    let charge = [("customer_id", customer.as_str()), ("item_prices[item_price_id][0]", "onboarding-eur")];
    let next = world.post("/invoices/create_for_charge_items_and_charges", &charge).await["invoice"].clone();
    assert_eq!(next["applied_credits"][0]["tax_application"], "pre_tax", "{next}");
    world.run_to_end().await;
    let [credit] = &world.entries_of(&note)[..] else { panic!("{note} is not booked once") };
    assert_eq!((credit.kind, credit.total, credit.vat), (21, -1_500, 0));
    let booked = world.entries_of(invoice["id"].as_str().unwrap());
    let as_booked = |line: &BookedLine| booked[0].lines.iter().any(|other| other.gl_account == line.gl_account);
    assert!(credit.lines.iter().all(|line| line.vat_code == "0" && as_booked(line)), "{credit:?}");
    let [later] = &world.entries_of(&text(&next, "id"))[..] else { panic!("{next} is not booked once") };
    assert_eq!((later.total, later.vat), (next["total"].as_i64().unwrap(), next["tax"].as_i64().unwrap()));
    let net = |code: &str| -> i64 {
        let lines = credit.lines.iter().chain(&later.lines).filter(|line| line.vat_code == code);
        lines.map(|line| line.net).sum()
    };
    assert_eq!(net("0"), 0, "{later:?}");
    assert_eq!(net("2"), next["line_item_taxes"][0]["taxable_amount"].as_i64().unwrap());
}
