//! What the commands print and with what they end.

use serde_json::Value;

use super::rig::{Ran, Rig, says, text};

/// The shape that programs build on.
fn has_the_documented_shape(ran: &Ran) {
    let document = ran.json();
    let connections = document["connections"].as_array().unwrap();
    assert!(!connections.is_empty());
    for connection in connections {
        assert_eq!(connection["name"], "default/wolkwerk");
        assert!(connection["booked"].is_u64() && connection["calls"]["chargebee"].is_u64());
        assert!(connection["calls"]["exactOnline"].is_u64(), "{connection}");
        for condition in connection["conditions"].as_array().unwrap() {
            let filled = ["type", "status", "reason", "message"].iter().all(|key| !text(&condition[key]).is_empty());
            assert!(filled, "{condition}");
        }
        for held in connection["held"].as_array().unwrap() {
            let filled = ["document", "reason", "message", "remedy"].iter().all(|key| !text(&held[key]).is_empty());
            assert!(filled, "{held}");
        }
        for flow in connection["flows"].as_array().unwrap() {
            assert!(flow["name"].is_string() && flow["seen"].is_u64() && flow["held"].is_u64(), "{flow}");
        }
        assert!(connection["status"]["lastRun"]["startedAt"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn run_status_and_held_print_one_json_document_each() {
    let rig = Rig::demo().await;
    let ran = rig.run().await;
    assert_eq!(ran.code, 0, "held documents are no failure: {ran:?}");
    has_the_documented_shape(&ran);
    let status = rig.koppel(&["status", "-o", "json"]).await;
    assert_eq!((status.code, status.json()), (0, ran.json()), "status shows what the run showed");
    let held = rig.koppel(&["held", "-o", "json"]).await;
    assert_eq!(held.json(), ran.connection()["held"]);
    assert!(ran.held_count() >= 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_expected_hold_of_the_demo_is_there_with_its_reason_and_nothing_else() {
    let rig = Rig::demo().await;
    let ran = rig.run().await;
    let held = ran.connection()["held"].clone();
    let mut found: Vec<(String, String)> = Vec::new();
    for one in held.as_array().unwrap() {
        found.push((text(&one["document"]).replace("invoice ", ""), text(&one["reason"])));
    }
    found.sort();
    let mut expected: Vec<(String, String)> = Vec::new();
    for (number, expectation) in &rig.sandbox.expectations {
        expected.push((number.clone(), expectation.reason.to_owned()));
    }
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn held_can_be_narrowed_to_a_reason() {
    let rig = Rig::demo().await;
    let all = rig.run().await.held_count();
    let some = rig.koppel(&["held", "--reason", "VatCodeUnmapped", "-o", "json"]).await.json();
    let some = some.as_array().unwrap().clone();
    assert!(!some.is_empty() && some.len() < all);
    assert!(some.iter().all(|held| held["reason"] == "VatCodeUnmapped"));
    let none = rig.koppel(&["held", "--reason", "NoSuchReason", "-o", "json"]).await;
    assert_eq!(none.json(), Value::Array(Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_called_by_status_and_held() {
    let rig = Rig::clean().await;
    let ran = rig.koppel(&["status"]).await;
    ran.complains(&["default/wolkwerk: no run yet", "koppel run -f"]);
    assert_eq!(ran.code, 0);
    let ran = rig.koppel(&["held"]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "nothing is held\n"));
    assert!(rig.sandbox.chargebee.calls().is_empty() && rig.sandbox.exact.calls().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_can_be_chosen_and_an_unknown_one_is_named() {
    let rig = Rig::clean().await;
    for name in ["wolkwerk", "default/wolkwerk"] {
        assert_eq!(rig.koppel(&["run", "--connection", name, "-o", "json"]).await.code, 0);
    }
    for command in ["run", "status", "held"] {
        let ran = rig.koppel(&[command, "--connection", "nobody"]).await;
        assert_eq!(ran.code, 2, "{ran:?}");
        ran.complains(&["SyncConnection nobody"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_connection_is_not_run() {
    let rig = Rig::clean().await;
    rig.edit("syncconnection.yaml", "  interval: 15m", "  interval: 15m\n  suspend: true");
    let ran = rig.run().await;
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.complains(&["default/wolkwerk: suspended", "spec.suspend"]);
    assert!(rig.sandbox.chargebee.calls().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_are_for_people_and_fit_the_width_that_they_are_given() {
    let rig = Rig::demo().await;
    for (columns, command) in [("80", "run"), ("120", "status"), ("200", "status"), ("80", "held"), ("120", "held")] {
        let mut start = rig.command(&[command]);
        start.env("COLUMNS", columns);
        let ran = rig.start(start).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        let width: usize = columns.parse().unwrap();
        for line in ran.stdout.lines() {
            assert!(line.chars().count() <= width, "{} of {width} columns: {line}", line.chars().count());
        }
        says(&ran.stdout, &["VatCodeUnmapped", "→ open financial year 2027", "    → "]);
        if command != "held" {
            says(&ran.stdout, &["NAME", "CONDITION", "FLOW", "default/wolkwerk", "MissingFinancialPeriod", "complete"]);
        }
    }
}

/// A reader that wants the first lines only ends the command without a word.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_may_go_away() {
    let rig = Rig::demo().await;
    rig.run().await;
    let mut start = std::process::Command::new("sh");
    start.arg("-c").arg("\"$0\" \"$@\" | head -n 1; true").arg(env!("CARGO_BIN_EXE_koppel"));
    start.args(["status", "-f"]).arg(rig.folder()).arg("--state").arg(rig.state());
    let ran = rig.start(start).await;
    assert!(ran.stdout.starts_with("NAME") && ran.stderr.is_empty(), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_does_not_show_where_nobody_watches() {
    let rig = Rig::clean().await;
    for output in ["text", "json"] {
        let args = if output == "json" { vec!["run", "-o", "json"] } else { vec!["run"] };
        let ran = rig.koppel(&args).await;
        assert!(ran.stderr.is_empty(), "{output}: {:?}", ran.stderr);
        assert!(!ran.stdout.contains('\u{1b}') && !ran.stdout.contains('\r'), "{output}: {:?}", ran.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_command_line_ends_with_2() {
    let rig = Rig::clean().await;
    for args in [&["run", "--nonsense"][..], &["run", "--once", "--watch"], &["held", "-o", "yaml"]] {
        let ran = rig.koppel(args).await;
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains("error: ") && ran.stderr.contains("--help"), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_invoice_is_not_sent_again_until_it_is_released_i5() {
    let rig = Rig::clean().await;
    rig.add_invoice("REFUSED-1", |row| row["currency_code"] = "ISK".into());
    let posts = |rig: &Rig| {
        let calls = rig.sandbox.exact.calls();
        calls.iter().filter(|call| call.method == "POST" && call.path.ends_with("SalesEntries")).count()
    };
    rig.run().await;
    let before = posts(&rig);
    let ran = rig.run().await;
    assert_eq!(posts(&rig), before, "a refused payload is not repeated");
    says(&ran.held("REFUSED-1").2, &["koppel held --release REFUSED-1"]);
    let unknown = rig.koppel(&["held", "--release", "NOBODY"]).await;
    assert_eq!(unknown.code, 1);
    unknown.complains(&["nothing named NOBODY is held that could be released"]);
    assert_eq!(rig.koppel(&["held", "--release", "REFUSED-1"]).await.code, 0);
    rig.run().await;
    assert_eq!(posts(&rig), before + 1, "released, it is sent once more");
}

#[tokio::test(flavor = "multi_thread")]
async fn mode_plan_prints_what_would_be_booked_and_writes_nothing() {
    let rig = Rig::clean().await;
    rig.edit("syncconnection.yaml", "  interval: 15m", "  interval: 15m\n  mode: Plan");
    let ran = rig.koppel(&["run"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    says(&ran.stdout, &["would book INV-", "in division 100001", "Planned"]);
    let wrote = rig.sandbox.exact.calls().iter().any(|call| call.method != "GET" && !call.path.contains("oauth2"));
    assert!(!wrote && rig.entries().is_empty());
}
