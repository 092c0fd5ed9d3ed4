//! Service protection and faults (7, 8.4).

use jiff::SignedDuration;
use koppel::sandbox::dataverse::{Facet, Fault, FaultKind, ServiceLimits};
use reqwest::Method;
use serde_json::json;

use super::support::{Harness, reply};

fn limits() -> ServiceLimits {
    ServiceLimits { requests: 3, execution_milliseconds: 1_200_000, ..ServiceLimits::vendor() }
}

#[tokio::test]
async fn answers_tell_what_is_left() {
    let harness = Harness::start().await;
    let answer = harness.get("WhoAmI").await;
    assert_eq!(answer.header("x-ms-dop-hint").as_deref(), Some("4"));
    assert_eq!(answer.header("x-ms-ratelimit-burst-remaining-xrm-requests").as_deref(), Some("5999"));
    assert_eq!(answer.header("x-ms-ratelimit-time-remaining-xrm-requests").as_deref(), Some("1,199.96"));
    assert!(answer.header("set-cookie").expect("a cookie").starts_with("ARRAffinity="));
    assert!(
        answer.header("x-ms-service-request-id").is_some() && answer.header("odata-version").as_deref() == Some("4.0")
    );
}

#[tokio::test]
async fn too_many_requests_wait_until_the_window_has_passed() {
    let harness = Harness::start().await;
    harness.organization.set_limits(limits());
    for _ in 0..3 {
        harness.get("WhoAmI").await.is(200);
    }
    let refused = harness.get("WhoAmI").await;
    refused.is_refused(429, "0x80072322");
    assert_eq!(refused.message(), "Number of requests exceeded the limit of 3 over time window of 300 seconds.");
    assert_eq!(refused.header("retry-after").as_deref(), Some("300"));
    harness.clock.advance(SignedDuration::from_secs(100));
    let again = harness.get("WhoAmI").await;
    assert_eq!(again.header("retry-after").as_deref(), Some("201"), "who goes on sending waits longer");
    harness.clock.advance(SignedDuration::from_secs(200));
    harness.get("WhoAmI").await.is(200);
}

#[tokio::test]
async fn execution_time_is_spent_by_rows() {
    let harness = Harness::start().await;
    harness.organization.set_limits(ServiceLimits { execution_milliseconds: 100, ..ServiceLimits::vendor() });
    let target = json!({"@odata.type": "Microsoft.Dynamics.CRM.account", "name": "A"});
    let targets = json!({"Targets": vec![target; 10]});
    harness.post("accounts/Microsoft.Dynamics.CRM.CreateMultiple", &targets).await.is(200);
    let refused = harness.get("WhoAmI").await;
    refused.is_refused(429, "0x80072321");
    assert!(
        refused
            .message()
            .starts_with("Combined execution time of incoming requests exceeded limit of 100 milliseconds")
    );
}

#[tokio::test]
async fn concurrency_strikes_at_once() {
    let harness = Harness::start().await;
    harness.organization.set_limits(ServiceLimits { concurrent: 2, ..ServiceLimits::vendor() });
    harness.organization.inject(Fault::new(FaultKind::Slow { milliseconds: 500 }).times(2));
    let send = || reply(harness.request(Method::GET, "WhoAmI"));
    let third = async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        send().await
    };
    let (first, second, third) = tokio::join!(send(), send(), third);
    assert_eq!((first.status, second.status), (200, 200));
    third.is_refused(429, "0x80072326");
    assert_eq!(third.message(), "Number of concurrent requests exceeded the limit of 2.");
    harness.get("WhoAmI").await.is(200);
}

#[tokio::test]
async fn a_lost_answer_is_carried_out_and_a_lost_request_is_not() {
    let harness = Harness::start().await;
    let send = || harness.request(Method::POST, "accounts").json(&json!({"name": "A"})).send();
    harness.organization.inject(Fault::new(FaultKind::LoseRequest).on("POST", "accounts"));
    let lost = match send().await {
        Ok(answer) => answer.bytes().await.is_err(),
        Err(_) => true,
    };
    assert!(lost);
    assert_eq!(harness.organization.count("account"), 0);
    harness.organization.inject(Fault::new(FaultKind::LoseAnswer).on("POST", "accounts").after(1));
    assert_eq!(send().await.expect("an answer").status(), 204);
    let lost = match send().await {
        Ok(answer) => answer.bytes().await.is_err(),
        Err(_) => true,
    };
    assert!(lost);
    assert_eq!(harness.organization.count("account"), 2);
    assert_eq!(harness.last_call().status, 204);
}

#[tokio::test]
async fn faults_answer_in_the_service_s_words() {
    let harness = Harness::start().await;
    for (kind, status, code) in [
        (FaultKind::Unexpected, 500, "0x80040216"),
        (FaultKind::UnexpectedAfter, 500, "0x80040216"),
        (FaultKind::Deadlock, 500, "0x80044150"),
        (FaultKind::SqlTimeout, 500, "0x80044151"),
        (FaultKind::CustomizationLock, 429, "0x80071151"),
        (FaultKind::Throttled { facet: Facet::Time, retry_after: 7 }, 429, "0x80072321"),
        (FaultKind::Unavailable { retry_after: Some(7) }, 503, ""),
        (FaultKind::Unauthorized, 401, ""),
        (FaultKind::HtmlBody, 200, ""),
    ] {
        harness.organization.inject(Fault::new(kind.clone()));
        let answer = harness.post("accounts", &json!({"name": "A"})).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{kind:?}");
        let waits = matches!(kind, FaultKind::Throttled { .. } | FaultKind::Unavailable { .. });
        assert_eq!(answer.header("retry-after").as_deref(), waits.then_some("7"), "{kind:?}");
    }
    assert_eq!(harness.organization.count("account"), 1, "one of them was carried out");
    harness.organization.inject(Fault::new(FaultKind::CutBody));
    let cut = harness.request(Method::GET, "accounts").send().await.expect("a head");
    assert!(cut.bytes().await.is_err());
}

#[tokio::test]
async fn a_hanging_request_is_done_or_not_when_its_client_goes_away() {
    let harness = Harness::start().await;
    for (kind, done) in [(FaultKind::HangBefore, 0), (FaultKind::HangAfter, 1)] {
        harness.organization.inject(Fault::new(kind));
        let request = harness.request(Method::POST, "accounts").json(&json!({"name": "A"}));
        let hanging = tokio::spawn(request.send());
        while harness.organization.hanging() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        hanging.abort();
        while harness.organization.hanging() > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        harness.organization.release();
        assert_eq!(harness.organization.count("account"), done);
    }
    harness.organization.inject(Fault::new(FaultKind::HangBefore));
    let request = harness.request(Method::POST, "accounts").json(&json!({"name": "B"}));
    let released = async {
        while harness.organization.hanging() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        harness.organization.release();
    };
    let (answer, ()) = tokio::join!(reply(request), released);
    assert_eq!((answer.status, harness.organization.count("account")), (204, 2));
}
