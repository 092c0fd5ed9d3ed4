//! Answers that no vendor promises: HTML, hundreds of megabytes, none at all. The run says which system and what to check,
//! ends within bounds, keeps its memory, and the next one goes on where this one stopped.

use koppel::sandbox::chargebee::{Fault as ChargebeeFault, FaultKind as ChargebeeFaultKind};
use koppel::sandbox::exact::{Fault as ExactFault, FaultKind as ExactFaultKind};

use super::rig::{Ran, Rig, says};

/// Far below the 200 MB of the answer, with room for the largest answer that is read.
const RESIDENT_KB_MAX: u64 = 128 * 1024;

async fn goes_on(rig: &Rig) {
    rig.sandbox.chargebee.clear_faults();
    rig.sandbox.exact.clear_faults();
    let ran = rig.run().await;
    assert_eq!((ran.code, ran.held_count()), (0, 0), "{ran:?}");
    assert_eq!(ran.condition("Ready").0, "True", "{ran:?}");
    assert!(!rig.entries().is_empty());
    rig.nothing_twice();
}

fn fails(ran: &Ran, words: &[&str]) {
    assert_eq!(ran.code, 1, "{ran:?}");
    let (status, _, message) = ran.condition("Ready");
    assert_eq!(status, "False");
    says(&message, words);
    assert!(!message.contains("panicked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn html_from_chargebee_instead_of_a_list_of_invoices() {
    let rig = Rig::clean().await;
    rig.sandbox.chargebee.inject(ChargebeeFault::new(ChargebeeFaultKind::HtmlBody).on("GET", "/invoices").times(9));
    let ran = rig.run().await;
    fails(&ran, &["list invoices of chargebee site wolkwerk-test", "no JSON", "check spec.chargebee.site"]);
    let customers = ran.connection()["flows"][1].clone();
    assert_eq!(customers["name"], "customers");
    assert!(customers["stopped"].is_null(), "the other flows go on: {customers}");
    goes_on(&rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn html_from_chargebee_at_the_first_call() {
    let rig = Rig::clean().await;
    rig.sandbox.chargebee.inject(ChargebeeFault::new(ChargebeeFaultKind::HtmlBody).times(99));
    fails(&rig.run().await, &["chargebee site wolkwerk-test", "no JSON"]);
    goes_on(&rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn html_from_exact_instead_of_master_data() {
    let rig = Rig::clean().await;
    rig.sandbox.exact.inject(ExactFault::new(ExactFaultKind::HtmlBody).on("GET", "financial/Journals").times(99));
    fails(
        &rig.run().await,
        &["exact online", "financial/Journals", "check spec.exactOnline.url", "the next run tries again"],
    );
    goes_on(&rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn html_from_exact_instead_of_a_booked_entry_is_looked_up_before_anything_is_sent_again() {
    let rig = Rig::clean().await;
    rig.sandbox.exact.inject(ExactFault::new(ExactFaultKind::HtmlBody).on("POST", "salesentry/SalesEntries"));
    let ran = rig.run().await;
    assert!(ran.held_count() <= 1, "only the document concerned: {ran:?}");
    // Until then it might still be under way.
    rig.sandbox.clock.advance(jiff::SignedDuration::from_secs(60));
    goes_on(&rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn html_from_exacts_token_endpoint() {
    let rig = Rig::clean().await;
    rig.sandbox.exact.inject(ExactFault::new(ExactFaultKind::HtmlBody).on("POST", "oauth2/token").times(99));
    fails(&rig.run().await, &["exact online", "token"]);
    goes_on(&rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_200_mb_from_chargebee_is_not_read_to_its_end() {
    let rig = Rig::clean().await;
    rig.sandbox
        .chargebee
        .inject(ChargebeeFault::new(ChargebeeFaultKind::HugeBody { megabytes: 200 }).on("GET", "/invoices").times(9));
    let ran = rig.run().await;
    fails(&ran, &["chargebee site wolkwerk-test", "larger than", "bytes"]);
    assert!(ran.resident_kb < RESIDENT_KB_MAX, "{} kB resident", ran.resident_kb);
    goes_on(&rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_200_mb_from_exact_is_not_read_to_its_end() {
    let rig = Rig::clean().await;
    let huge = ExactFault::new(ExactFaultKind::HugeBody { megabytes: 200 });
    rig.sandbox.exact.inject(huge.on("GET", "financial/Journals").times(9));
    let ran = rig.run().await;
    fails(&ran, &["financial/Journals", "larger than", "bytes"]);
    assert!(ran.resident_kb < RESIDENT_KB_MAX, "{} kB resident", ran.resident_kb);
    goes_on(&rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_nobody_answers_at_are_named() {
    for (file_has, unused, vendor) in [("chargebee", 0, "Chargebee"), ("exact", 1, "Exact Online")] {
        let rig = Rig::clean().await;
        let url = if unused == 0 { rig.sandbox.chargebee_url() } else { rig.sandbox.exact_url() };
        // A port that was free a moment ago: nobody listens there.
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        rig.edit("syncconnection.yaml", &url, &format!("http://{nobody}"));
        let ran = rig.run().await;
        assert_eq!(ran.code, 1, "{ran:?}");
        let (status, reason, message) = ran.condition("Ready");
        assert_eq!((status.as_str(), reason.as_str()), ("False", "SystemUnreachable"), "{file_has}: {message}");
        says(&message, &[vendor, "cannot be reached"]);
        rig.edit("syncconnection.yaml", &format!("http://{nobody}"), &url);
        goes_on(&rig).await;
    }
}
