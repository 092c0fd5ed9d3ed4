//! Writing in bulk: a table that refuses single rows, one that takes no bulk, limits in the middle.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use koppel::connectors::dataverse::{DataverseError, KeyedRow, Row, RowResult, UpsertTarget};
use koppel::connectors::http::CallError;
use serde_json::Value;

use super::fake::{Fake, Reply, Seen};

const BULK: &str = "cb_customers/Microsoft.Dynamics.CRM.UpsertMultiple";

/// A table that refuses names of more than ten letters.
#[derive(Clone, Default)]
struct Table {
    rows: Arc<Mutex<BTreeMap<String, Value>>>,
}

impl Table {
    fn upsert(&self, address: &str, row: Value) -> Result<(), Reply> {
        let key = address.split('\'').nth(1).unwrap().to_owned();
        assert!(address.ends_with(&format!("cb_customers(cb_key='{key}')")), "{address}");
        if row["cb_name"].as_str().unwrap().len() > 10 {
            return Err(Reply::error(400, "0x80044331", "The length of the 'cb_name' attribute exceeded the maximum"));
        }
        self.rows.lock().unwrap().insert(key, row);
        Ok(())
    }

    /// All or nothing.
    fn bulk(&self, seen: &Seen) -> Reply {
        let before = self.rows.lock().unwrap().clone();
        for mut row in seen.json()["Targets"].as_array().unwrap().clone() {
            let address = row["@odata.id"].as_str().unwrap().to_owned();
            assert_eq!(row["@odata.type"], "Microsoft.Dynamics.CRM.cb_customer");
            for field in ["@odata.id", "@odata.type"] {
                row.as_object_mut().unwrap().remove(field);
            }
            if let Err(refusal) = self.upsert(&address, row) {
                *self.rows.lock().unwrap() = before;
                return refusal;
            }
        }
        Reply::new(204, "")
    }

    /// Each for itself.
    fn batch(&self, seen: &Seen) -> Reply {
        assert_eq!(seen.headers["prefer"], "odata.continue-on-error");
        let mut body = String::new();
        for part in seen.body.split("PATCH ").skip(1) {
            let (address, rest) = part.split_once(" HTTP/1.1\r\n").unwrap();
            let row = rest.split("\r\n\r\n").nth(1).unwrap().split("\r\n--").next().unwrap();
            let reply = self.upsert(address, serde_json::from_str(row).unwrap()).err();
            let reply = reply.unwrap_or(Reply::new(204, ""));
            body += &format!(
                "--r\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 {} X\r\n\r\n{}\r\n",
                reply.status, reply.body
            );
        }
        Reply::new(200, body + "--r--\r\n").header("content-type", "multipart/mixed; boundary=r")
    }

    fn names(&self) -> usize {
        self.rows.lock().unwrap().len()
    }
}

fn target() -> UpsertTarget {
    UpsertTarget { set: "cb_customers".into(), table: "cb_customer".into(), key_column: "cb_key".into() }
}

fn row(key: &str, name: &str) -> KeyedRow {
    let mut row = Row::default();
    row.put("cb_name", name);
    KeyedRow { key: key.to_owned(), row }
}

fn rows(count: usize, poisoned: impl Fn(usize) -> bool) -> Vec<KeyedRow> {
    let name = |number| if poisoned(number) { "much too long a name" } else { "short" };
    (0..count).map(|number| row(&format!("s~{number:03}"), name(number))).collect()
}

async fn organization(table: &Table) -> Fake {
    let table = table.clone();
    Fake::start(move |seen| match seen.path.as_str() {
        _ if seen.is_token() => Reply::default_token(),
        BULK => table.bulk(seen),
        "$batch" => table.batch(seen),
        path => panic!("{path}"),
    })
    .await
}

#[tokio::test]
async fn many_rows_go_in_few_requests_and_a_key_once() {
    let table = Table::default();
    let fake = organization(&table).await;
    let client = fake.client();
    let mut all = rows(250, |_| false);
    all.push(row("s~007", "later"));
    let report = client.upsert(&target(), all).await;
    assert!(report.stopped.is_none() && report.written().len() == 250);
    assert_eq!(fake.calls().len(), 3);
    assert_eq!(table.rows.lock().unwrap()["s~007"]["cb_name"], "later");
    assert_eq!(client.day_use().requests, 250, "each row counts against the daily entitlement");
}

#[tokio::test]
async fn one_poisoned_row_of_a_hundred_is_held_and_the_others_are_in() {
    let table = Table::default();
    let fake = organization(&table).await;
    let report = fake.client().upsert(&target(), rows(100, |number| number == 61)).await;
    assert_eq!((report.written().len(), table.names()), (99, 99));
    let RowResult::Refused { meaning, message } = &report.results["s~061"] else {
        panic!("{:?}", report.results["s~061"])
    };
    assert_eq!(*meaning, DataverseError::TextTooLong);
    assert!(message.contains("0x80044331") && message.contains("'cb_name'"), "{message}");
    assert!(!meaning.remedy().is_empty());
    assert!(fake.calls().len() <= 15, "{}", fake.calls().len());
}

#[tokio::test]
async fn an_owner_who_may_not_have_a_row_takes_no_other_with_it() {
    let forbidden = |seen: &Seen| seen.body.contains("much too long a name");
    let table = Table::default();
    let rows_of = table.clone();
    let fake = Fake::start(move |seen| match seen.path.as_str() {
        _ if seen.is_token() => Reply::default_token(),
        BULK if forbidden(seen) => Reply::error(403, "0x80040220", "Principal team is missing prvReadcb_Customer"),
        BULK => rows_of.bulk(seen),
        path => panic!("{path}"),
    })
    .await;
    let report = fake.client().upsert(&target(), rows(100, |number| number == 61)).await;
    assert_eq!((report.written().len(), table.names()), (99, 99));
    let RowResult::Refused { meaning, message } = &report.results["s~061"] else { panic!() };
    assert_eq!(*meaning, DataverseError::PrivilegeMissing);
    assert!(message.contains("prvReadcb_Customer") && meaning.remedy().contains("owner"), "{message}");
    assert!(!meaning.is_of_the_row(), "a role that is given to the owner shows nowhere: it is tried again");
}

#[tokio::test]
async fn many_poisoned_rows_are_found_by_a_batch() {
    let table = Table::default();
    let fake = organization(&table).await;
    let report = fake.client().upsert(&target(), rows(100, |number| number % 3 == 0)).await;
    assert_eq!((report.written().len(), table.names()), (66, 66));
    assert_eq!(report.results.len(), 100);
    let calls = fake.calls();
    assert!(calls.len() <= 18 && calls.last().unwrap().path == "$batch", "{}", calls.len());
}

#[tokio::test]
async fn a_table_without_bulk_is_written_by_batches_and_asked_only_once() {
    let table = Table::default();
    let rows_of = table.clone();
    let fake = Fake::start(move |seen| match seen.path.as_str() {
        _ if seen.is_token() => Reply::default_token(),
        BULK => Reply::error(
            404,
            "0x8006088a",
            "Resource not found for the segment 'Microsoft.Dynamics.CRM.UpsertMultiple'.",
        ),
        _ => rows_of.batch(seen),
    })
    .await;
    let client = fake.client();
    for _ in 0..2 {
        let report = client.upsert(&target(), rows(20, |number| number == 3)).await;
        assert_eq!((report.written().len(), &report.stopped.is_none()), (19, &true));
    }
    let paths: Vec<String> = fake.calls().into_iter().map(|call| call.path).collect();
    assert_eq!(paths, [BULK, "$batch", "$batch"]);
}

#[tokio::test]
async fn a_request_that_takes_the_database_too_long_is_halved() {
    let table = Table::default();
    let rows_of = table.clone();
    let fake = Fake::start(move |seen| match seen.path.as_str() {
        _ if seen.is_token() => Reply::default_token(),
        _ if seen.json()["Targets"].as_array().unwrap().len() > 30 => {
            Reply::error(500, "0x80044151", "SQL timeout expired.")
        }
        _ => rows_of.bulk(seen),
    })
    .await;
    let client = fake.client();
    let report = client.upsert(&target(), rows(100, |_| false)).await;
    assert_eq!((report.written().len(), report.stopped.is_none()), (100, true));
    let before = fake.calls().len();
    client.upsert(&target(), rows(100, |_| false)).await;
    assert_eq!(fake.calls().len() - before, 4, "the next ones begin small");
}

#[tokio::test]
async fn a_right_that_is_missing_altogether_stops_after_few_requests() {
    let fake = Fake::start(|seen| match () {
        () if seen.is_token() => Reply::default_token(),
        () => Reply::error(403, "0x80042f09", "is missing prvCreatecb_Customer privilege"),
    })
    .await;
    let report = fake.client().upsert(&target(), rows(100, |_| false)).await;
    assert!(matches!(report.stopped, Some(CallError::Forbidden { .. })));
    assert!(report.written().is_empty() && report.results.len() == 100);
    assert!(fake.calls().len() <= 20, "{}", fake.calls().len());
}

#[tokio::test]
async fn an_answer_that_was_lost_is_asked_for_again_and_nothing_is_made_twice_i1() {
    let table = Table::default();
    let rows_of = table.clone();
    let mut calls = 0;
    let fake = Fake::start(move |seen| match () {
        () if seen.is_token() => Reply::default_token(),
        () => {
            let reply = rows_of.bulk(seen);
            calls += 1;
            if calls == 1 { Reply { cut: true, ..Reply::new(200, "{}") } } else { reply }
        }
    })
    .await;
    let report = fake.client().upsert(&target(), rows(10, |_| false)).await;
    assert_eq!((report.written().len(), table.names(), fake.calls().len()), (10, 10, 2));
}

#[tokio::test]
async fn a_limit_met_inside_a_batch_sends_only_those_rows_again() {
    let mut calls = 0;
    let fake = Fake::start(move |seen| match seen.path.as_str() {
        _ if seen.is_token() => Reply::default_token(),
        BULK => Reply::error(405, "", "not here"),
        _ => {
            calls += 1;
            let good = "--r\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 204 X\r\n\r\n\r\n";
            let busy = "--r\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 429 X\r\nRetry-After: 30\r\n\r\n{\"error\":{\"code\":\"0x80072321\",\"message\":\"\"}}\r\n";
            let parts = if calls == 1 { format!("{good}{busy}{good}") } else { good.to_owned() };
            Reply::new(200, parts + "--r--\r\n").header("content-type", "multipart/mixed; boundary=\"r\"")
        }
    })
    .await;
    let report = fake.client().upsert(&target(), rows(3, |_| false)).await;
    assert_eq!((report.written().len(), report.stopped.is_none()), (3, true));
    let calls = fake.calls();
    assert_eq!((calls.len(), calls[2].body.matches("PATCH ").count()), (3, 1));
    assert_eq!(calls[2].at.as_second() - calls[1].at.as_second(), 30);
}
