//! `CustomField` is there to be read: what is sent in it is dropped without a word, as with every read-only property.

use serde_json::{Value, json};

use super::support::Harness;

#[tokio::test]
async fn a_custom_field_that_is_sent_is_not_kept() {
    let books = Harness::start().await;
    let account = json!({"Name": "Bakkerij Smit", "Status": "C", "CustomField": "42", "Remarks": "kept"});
    let made = books.post("crm/Accounts", &account).await.json()["d"].clone();
    assert_eq!((&made["CustomField"], &made["Remarks"]), (&Value::Null, &json!("kept")));
    let path = format!("crm/Accounts(guid'{}')", made["ID"].as_str().expect("a guid"));
    assert_eq!(books.put(&path, &json!({"CustomField": "43", "Phone": "030"})).await.status, 204);
    let read = books.get(&path).await.json()["d"].clone();
    assert_eq!((&read["CustomField"], &read["Phone"]), (&Value::Null, &json!("030")));
    let mut entry = books.entry(made["ID"].as_str().expect("a guid"), "INV-1").await;
    (entry["CustomField"], entry["SalesEntryLines"][0]["CustomField"]) = (json!("44"), json!("45"));
    let booked = books.post("salesentry/SalesEntries", &entry).await;
    assert_eq!((booked.status, &booked.json()["d"]["CustomField"]), (201, &Value::Null), "{}", booked.text);
}

#[tokio::test]
async fn a_field_that_the_resource_does_not_have_is_refused() {
    let books = Harness::start().await;
    let answer = books.post("crm/Accounts", &json!({"Name": "x", "CustomField_01": "42"})).await;
    assert_eq!((answer.status, answer.error().contains("'CustomField_01'")), (400, true));
    assert_eq!(books.post("crm/Accounts", &json!({"Name": "x", "CustomField": 42})).await.status, 400, "it is text");
}
