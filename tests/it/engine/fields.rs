//! Custom fields by mapping (P5): what fits stands in the books, what does not is told, and neither holds anything.

use koppel::sync::RunReport;
use serde_json::json;

use super::world::{World, flow, text};

/// Who was told that a field was not carried.
fn told(report: &RunReport, name: &str) -> Vec<String> {
    let notices = flow(report, name).notices.iter().filter(|notice| notice.reason == "FieldNotCarried");
    notices.map(|notice| format!("{}; {}", notice.message, notice.remedy)).collect()
}

#[tokio::test]
async fn fields_of_invoices_stand_on_their_entries() {
    let mut world = World::clean().await;
    let mapped = "  invoices:\n    fields: {Description: cf_project, PaymentReference: po_number, OrderNumber: cf_order, \
                  Notes: cf_project}\n  customers:\n";
    world.edit("  customers:\n", mapped);
    let numbers: Vec<String> = world.in_scope().into_keys().take(2).collect();
    let all = json!({"cf_project": "Noord", "po_number": "PO 77", "cf_order": "77"});
    world.chargebee.update_invoice(&numbers[0], &all).unwrap();
    world.chargebee.update_invoice(&numbers[1], &json!({"cf_order": "PO 77"})).unwrap();
    let report = world.run_to_end().await;
    world.assert_books_equal().await;
    assert!(world.held().await.is_empty());
    assert_eq!(world.entries_of(&numbers[0])[0].description, "Noord");
    assert!(world.entries_of(&numbers[1])[0].description.contains(&numbers[1]));
    let told = told(&report, "invoices");
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains(&format!("invoice {}: cf_order is \"PO 77\"", numbers[1])), "{told:#?}");
    assert!(told[0].contains("spec.invoices.fields of EntityMapping wolkwerk-nl"), "{told:#?}");
}

#[tokio::test]
async fn a_field_that_an_account_does_not_take_is_left_out_and_the_account_made() {
    let mut world = World::clean().await;
    world.edit(
        "    chamberOfCommerceField: cf_kvk\n",
        "    chamberOfCommerceField: cf_kvk\n    fields: {Classification1: cf_class, Website: cf_website}\n",
    );
    let (number, _) = world.in_scope().pop_first().expect("a document");
    let customer = text(&world.invoice(&number), "customer_id");
    let fields = json!({"cf_class": "Gold", "cf_website": "https://klaver.example"});
    world.chargebee.update_customer(&customer, &fields).unwrap();
    let report = world.run_to_end().await;
    world.assert_books_equal().await;
    assert!(world.held().await.is_empty());
    let told = told(&report, "customers");
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("cf_class is \"Gold\", which Classification1 does not take"), "{told:#?}");
    let account = world.account_of(&number);
    let account = world.exact.accounts(super::world::DIVISION).into_iter().find(|row| row.id == account).unwrap();
    assert_eq!(account.website, "https://klaver.example");
}
