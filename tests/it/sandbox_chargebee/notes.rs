//! Credit notes, write-offs, voids with a note, drafts that get a number, and invoices made again.

use serde_json::{Value, json};

use super::{Stage, equations, id};

fn number(row: &Value, name: &str) -> i64 {
    row[name].as_i64().unwrap_or_default()
}

/// An open invoice of several lines.
async fn open(stage: &Stage) -> Value {
    let rows = stage.get("/invoices?limit=100&status[in]=[posted,not_paid,payment_due]&amount_adjusted[is]=0").await;
    let rows = rows.rows("invoice");
    rows.into_iter().find(|row| row["line_items"].as_array().unwrap().len() > 1).unwrap()
}

/// An invoice that was paid by a gateway and has no note yet.
async fn paid(stage: &Stage) -> Value {
    let rows = stage.get("/invoices?limit=100&status[is]=paid&amount_paid[gt]=5000").await.rows("invoice");
    rows.into_iter().find(|row| row["issued_credit_notes"] == json!([])).unwrap()
}

#[tokio::test]
async fn an_adjustment_lowers_what_is_due_and_pays_the_invoice_with_the_rest() {
    let stage = Stage::open().await;
    let invoice = open(&stage).await;
    let (number_, due) = (id(&invoice), number(&invoice, "amount_due"));
    let form = [("type", "adjustment"), ("reference_invoice_id", number_.as_str())];
    let first =
        stage.post("/credit_notes", &[form.as_slice(), &[("total", "1234"), ("reason_code", "waiver")]].concat()).await;
    let note = &first.body["credit_note"];
    assert_eq!(
        (&note["status"], number(note, "amount_allocated"), &note["reason_code"]),
        (&json!("adjusted"), 1234, &json!("waiver"))
    );
    assert_eq!(first.body["invoice"]["status"], invoice["status"]);
    assert_eq!(number(&first.body["invoice"], "amount_due"), due - 1234);
    let too_much = stage.post("/credit_notes", &[form.as_slice(), &[("total", &due.to_string())]].concat()).await;
    assert_eq!((too_much.status, too_much.body["param"].as_str()), (400, Some("total")));
    let rest = (due - 1234).to_string();
    let second = stage.post("/credit_notes", &[form.as_slice(), &[("total", &rest)]].concat()).await;
    assert_eq!(
        (&second.body["invoice"]["status"], number(&second.body["invoice"], "amount_adjusted")),
        (&json!("paid"), due)
    );
    let list = stage.all_ids(&format!("/credit_notes?reference_invoice_id[is]={number_}"), "credit_note").await;
    assert_eq!(list, [id(note), id(&second.body["credit_note"])]);
    assert_eq!(stage.post(&format!("/invoices/{number_}/void"), &[]).await.code(), "invalid_state_for_request");
    equations::hold(&stage);
}

#[tokio::test]
async fn lines_are_credited_by_their_own_discount_and_tax() {
    let stage = Stage::open().await;
    let invoice = paid(&stage).await;
    let line = invoice["line_items"][0].clone();
    let half = (number(&line, "amount") - number(&line, "discount_amount")) / 2;
    let (reference, half_text) = (id(&invoice), half.to_string());
    let form = [
        ("type", "refundable"),
        ("reference_invoice_id", reference.as_str()),
        ("create_reason_code", "Half the month only"),
        ("line_items[reference_line_item_id][0]", line["id"].as_str().unwrap()),
        ("line_items[amount][0]", half_text.as_str()),
    ];
    let answer = stage.post("/credit_notes", &form).await;
    let note = &answer.body["credit_note"];
    assert_eq!((&note["status"], &note["create_reason_code"]), (&json!("refund_due"), &json!("Half the month only")));
    assert_eq!(note["line_items"][0]["reference_line_item_id"], line["id"]);
    assert_eq!(number(note, "sub_total"), half);
    assert_eq!(number(note, "amount_available"), number(note, "total"));
    assert_eq!(answer.body["invoice"]["issued_credit_notes"][0]["cn_id"], note["id"]);
    let unknown =
        stage.post("/credit_notes", &[form[0], form[1], ("line_items[reference_line_item_id][0]", "li_x")]).await;
    assert_eq!(unknown.body["param"], "line_items[reference_line_item_id][0]");
    equations::hold(&stage);
}

#[tokio::test]
async fn a_note_of_no_invoice_waits_for_the_next_one() {
    let stage = Stage::open().await;
    let customer = open(&stage).await["customer_id"].as_str().unwrap().to_owned();
    let form = [("type", "refundable"), ("customer_id", customer.as_str()), ("total", "2500")];
    assert_eq!(stage.post("/credit_notes", &[("type", "adjustment"), form[1], form[2]]).await.status, 400);
    let note = stage.post("/credit_notes", &form).await.body["credit_note"].clone();
    assert_eq!((note.get("reference_invoice_id"), number(&note, "total")), (None, 2500));
    let charge = [("customer_id", customer.as_str()), ("charges[amount][0]", "9000"), ("charges[description][0]", "x")];
    let invoice = stage.post("/invoices/create_for_charge_items_and_charges", &charge).await.body["invoice"].clone();
    assert_eq!((number(&invoice, "credits_applied"), &invoice["applied_credits"][0]["cn_id"]), (2500, &note["id"]));
    let used = stage.get(&format!("/credit_notes/{}", id(&note))).await.body["credit_note"].clone();
    assert_eq!((&used["status"], &used["allocations"][0]["invoice_id"]), (&json!("refunded"), &invoice["id"]));
    let off =
        stage.post(&format!("/invoices/{}/remove_credit_note", id(&invoice)), &[("credit_note[id]", &id(&note))]).await;
    assert_eq!(
        (number(&off.body["credit_note"], "amount_available"), number(&off.body["invoice"], "credits_applied")),
        (2500, 0)
    );
    let again = stage.post(&format!("/invoices/{}/apply_credits", id(&invoice)), &[]).await;
    assert_eq!(number(&again.body["invoice"], "credits_applied"), 2500);
    equations::hold(&stage);
}

/// A store note states no tax, whichever way it is made, and is used before the tax of the next invoice.
#[tokio::test]
async fn a_store_note_has_no_tax_and_lowers_that_of_the_next_invoice() {
    let stage = Stage::open().await;
    let rows = stage.get("/invoices?limit=100&status[is]=paid&amount_paid[gt]=20000").await.rows("invoice");
    let is_taxed = |row: &Value| number(row, "tax") > 0 && row["issued_credit_notes"] == json!([]);
    let invoice = rows.into_iter().find(is_taxed).expect("a paid invoice with tax");
    let reference = id(&invoice);
    let line = id(&invoice["line_items"][0]);
    let of = [("type", "store"), ("reference_invoice_id", reference.as_str())];
    let whole = stage.post("/credit_notes", &[of[0], of[1], ("total", "2500")]).await.body["credit_note"].clone();
    let by_line = [of[0], of[1], ("line_items[reference_line_item_id][0]", &line), ("line_items[amount][0]", "1500")];
    let by_line = stage.post("/credit_notes", &by_line).await.body["credit_note"].clone();
    for (note, total) in [(&whole, 2_500), (&by_line, 1_500)] {
        assert_eq!(
            (number(note, "total"), number(note, "sub_total"), &note["line_item_taxes"]),
            (total, total, &json!([]))
        );
        assert_eq!((&note["taxes"], number(&note["line_items"][0], "tax_amount")), (&json!([]), 0), "{note}");
    }
    assert_eq!(by_line["line_items"][0]["reference_line_item_id"].as_str(), Some(line.as_str()));
    let customer = invoice["customer_id"].as_str().unwrap();
    let charge = [("customer_id", customer), ("charges[amount][0]", "9000"), ("charges[description][0]", "x")];
    let next = stage.post("/invoices/create_for_charge_items_and_charges", &charge).await.body["invoice"].clone();
    let taxed = &next["line_item_taxes"][0];
    assert_eq!((number(&next, "sub_total"), number(taxed, "taxable_amount")), (9_000, 5_000), "{next}");
    assert_eq!(number(&next, "total"), 9_000 + number(taxed, "tax_amount"));
    assert_eq!(number(&next, "amount_due"), number(&next, "total") - 4_000);
    for at in 0..2 {
        assert_eq!(next["applied_credits"][at]["tax_application"], "pre_tax", "{next}");
    }
    equations::hold(&stage);
}

#[tokio::test]
async fn a_write_off_is_a_note_of_all_that_is_due_and_no_money() {
    let stage = Stage::open().await;
    let invoice = open(&stage).await;
    let due = number(&invoice, "amount_due");
    let path = format!("/invoices/{}/write_off", id(&invoice));
    let answer = stage.post(&path, &[("comment", "gone")]).await;
    let (after, note) = (&answer.body["invoice"], &answer.body["credit_note"]);
    assert_eq!(
        (&after["status"], number(after, "write_off_amount"), number(after, "amount_paid")),
        (&json!("paid"), due, 0)
    );
    assert_eq!((&note["reason_code"], &note["create_reason_code"]), (&json!("write_off"), &json!("Write Off")));
    assert_eq!(stage.post(&path, &[]).await.status, 409);
    equations::hold(&stage);
}

#[tokio::test]
async fn a_void_makes_a_note_where_the_site_wants_one() {
    let stage = Stage::open().await;
    stage.admin("/chargebee/settings", json!({"voidNote": true})).await;
    let invoice = open(&stage).await;
    let answer = stage.post(&format!("/invoices/{}/void", id(&invoice)), &[("void_reason_code", "Order Change")]).await;
    let (voided, note) = (&answer.body["invoice"], &answer.body["credit_note"]);
    assert_eq!(
        (&voided["status"], &voided["void_reason_code"], number(voided, "amount_due")),
        (&json!("voided"), &json!("Order Change"), 0)
    );
    assert_eq!((&note["create_reason_code"], &note["total"]), (&json!("Invoice Void"), &invoice["total"]));
    assert_eq!(note["line_items"].as_array().unwrap().len(), invoice["line_items"].as_array().unwrap().len());
    equations::hold(&stage);
}

#[tokio::test]
async fn a_voided_note_raises_what_is_due_and_a_deleted_one_is_hidden() {
    let stage = Stage::open().await;
    let invoice = open(&stage).await;
    let form = [("type", "adjustment"), ("reference_invoice_id", &id(&invoice)), ("total", "500")]
        .map(|(name, value)| (name, value.to_owned()));
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut notes = Vec::new();
    for _ in 0..2 {
        notes.push(id(&stage.post("/credit_notes", &form).await.body["credit_note"]));
    }
    let voided = stage.post(&format!("/credit_notes/{}/void", notes[0]), &[]).await.body["credit_note"].clone();
    assert_eq!((&voided["status"], voided["voided_at"].is_i64()), (&json!("voided"), true));
    assert_eq!(stage.post(&format!("/credit_notes/{}/void", notes[0]), &[]).await.status, 409);
    stage.post(&format!("/credit_notes/{}/delete", notes[1]), &[]).await;
    assert_eq!(stage.get(&format!("/credit_notes/{}", notes[1])).await.status, 404);
    let after = stage.get(&format!("/invoices/{}", id(&invoice))).await.body["invoice"].clone();
    assert_eq!((&after["amount_due"], &after["adjustment_credit_notes"]), (&invoice["amount_due"], &json!([])));
    let shown = stage.get(&format!("/credit_notes?include_deleted=true&id[is]={}", notes[1])).await;
    assert_eq!(shown.rows("credit_note")[0]["deleted"], true);
    equations::hold(&stage);
}

#[tokio::test]
async fn a_draft_gets_its_number_when_it_is_closed() {
    let stage = Stage::open().await;
    let customer = open(&stage).await["customer_id"].as_str().unwrap().to_owned();
    let charge = [
        ("customer_id", customer.as_str()),
        ("charges[amount][0]", "9000"),
        ("charges[description][0]", "x"),
        ("create_pending_invoice", "true"),
    ];
    let draft = stage.post("/invoices/create_for_charge_items_and_charges", &charge).await.body["invoice"].clone();
    assert_eq!((&draft["status"], draft.get("generated_at")), (&json!("pending"), None));
    assert!(id(&draft).starts_with("draft_inv_"));
    let closed = stage.post(&format!("/invoices/{}/close", id(&draft)), &[]).await.body["invoice"].clone();
    assert!(id(&closed).starts_with("INV-") && closed["generated_at"].is_i64());
    assert_eq!(closed["line_items"], draft["line_items"]);
    assert_eq!(stage.get(&format!("/invoices/{}", id(&draft))).await.status, 404);
    assert_eq!(stage.post(&format!("/invoices/{}/close", id(&closed)), &[]).await.status, 409);
}

#[tokio::test]
async fn a_voided_invoice_is_regenerated_under_a_new_number_and_a_deleted_one_may_come_under_the_old() {
    let stage = Stage::open().await;
    let rows = stage
        .get("/invoices?limit=100&status[in]=[posted,not_paid,payment_due]&subscription_id[is_present]=true")
        .await;
    let invoice = rows.rows("invoice").into_iter().max_by_key(|row| number(row, "date")).unwrap();
    let path = format!("/subscriptions/{}/regenerate_invoice", invoice["subscription_id"].as_str().unwrap());
    assert_eq!(stage.post(&path, &[]).await.status, 409, "the last one stands");
    stage.post(&format!("/invoices/{}/void", id(&invoice)), &[]).await;
    let again = stage.post(&path, &[]).await.body["invoice"].clone();
    assert_ne!(again["id"], invoice["id"]);
    assert_ne!(again["line_items"][0]["id"], invoice["line_items"][0]["id"]);
    stage.post(&format!("/invoices/{}/delete", id(&again)), &[]).await;
    let under_the_same =
        stage.admin("/chargebee/acts", json!({"path": format!("/invoices/{}/make_again", id(&again))})).await;
    let back = &under_the_same.body["invoice"];
    assert_eq!((&back["id"], &back["deleted"], &back["total"]), (&again["id"], &json!(false), &again["total"]));
    assert_ne!(back["line_items"][0]["id"], again["line_items"][0]["id"]);
    equations::hold(&stage);
}

#[tokio::test]
async fn a_deleted_note_may_come_again_under_its_number() {
    let stage = Stage::open().await;
    let invoice = open(&stage).await;
    let form = [("type", "adjustment"), ("reference_invoice_id", &*id(&invoice)), ("total", "500")];
    let note = stage.post("/credit_notes", &form).await.body["credit_note"].clone();
    let again = json!({"path": format!("/credit_notes/{}/make_again", id(&note))});
    assert_ne!(stage.admin("/chargebee/acts", again.clone()).await.status, 200, "it stands");
    stage.post(&format!("/credit_notes/{}/delete", id(&note)), &[]).await;
    let back = stage.admin("/chargebee/acts", again).await.body["credit_note"].clone();
    assert_eq!((&back["id"], &back["deleted"], &back["total"]), (&note["id"], &json!(false), &note["total"]));
    assert_ne!(back["line_items"][0]["id"], note["line_items"][0]["id"]);
    assert_eq!((&back["status"], &back["amount_allocated"]), (&json!("adjusted"), &note["total"]));
    equations::hold(&stage);
}

#[tokio::test]
async fn promotional_credits_lower_the_next_invoice_before_its_tax() {
    let stage = Stage::open().await;
    let customer = open(&stage).await["customer_id"].as_str().unwrap().to_owned();
    let add = [("customer_id", customer.as_str()), ("amount", "1000"), ("description", "sorry")];
    let row = stage.post("/promotional_credits/add", &add).await.body["promotional_credit"].clone();
    assert_eq!((&row["type"], number(&row, "closing_balance")), (&json!("increment"), 1000));
    let charge = [("customer_id", customer.as_str()), ("charges[amount][0]", "9000"), ("charges[description][0]", "x")];
    let invoice = stage.post("/invoices/create_for_charge_items_and_charges", &charge).await.body["invoice"].clone();
    assert_eq!(
        (number(&invoice, "sub_total"), &invoice["discounts"][0]["entity_type"]),
        (8000, &json!("promotional_credits"))
    );
    stage.post(&format!("/invoices/{}/void", id(&invoice)), &[]).await;
    let balance = stage.get(&format!("/customers/{customer}")).await.body["customer"]["promotional_credits"].clone();
    assert_eq!(balance, 1000);
    let rows = stage.get(&format!("/promotional_credits?customer_id[is]={customer}")).await;
    assert_eq!(
        rows.rows("promotional_credit").iter().map(|row| row["type"].clone()).collect::<Vec<_>>(),
        ["increment", "decrement"]
    );
    equations::hold(&stage);
}

#[tokio::test]
async fn a_pdf_is_downloaded_from_an_address_that_ends() {
    let stage = Stage::open().await;
    let invoice = open(&stage).await;
    let answer = stage.post(&format!("/invoices/{}/pdf", id(&invoice)), &[("disposition_type", "inline")]).await;
    let download = &answer.body["download"];
    assert_eq!((&download["mime_type"], &download["object"]), (&json!("application/pdf"), &json!("download")));
    let url = download["download_url"].as_str().unwrap();
    let fetch = async || stage.http.get(url).send().await.unwrap();
    let file = fetch().await;
    assert_eq!((file.status().as_u16(), &file.headers()["content-type"]), (200, &"application/pdf".parse().unwrap()));
    let bytes = file.bytes().await.unwrap();
    assert!(bytes.starts_with(b"%PDF-1.4") && String::from_utf8_lossy(&bytes).contains(&id(&invoice)));
    stage.sandbox.clock.advance(jiff::SignedDuration::from_hours(2));
    assert_eq!(fetch().await.status().as_u16(), 403);
    assert_eq!(stage.post("/invoices/none/pdf", &[]).await.status, 404);
}
