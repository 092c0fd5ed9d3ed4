//! OAuth: every rule of the token endpoint, and the access token on every call.

use jiff::SignedDuration;
use koppel::sandbox::exact::{Language, Quotas, seed};

use super::support::{Harness, reply};

const REDIRECT: &str = "https://koppel.example/callback";

async fn code_from_consent(books: &Harness, decision: &str) -> url::Url {
    let form = [
        ("client_id", seed::CLIENT_ID),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("state", "s 1&x"),
        ("decision", decision),
    ];
    let sent = books.client.post(format!("{}/api/oauth2/auth", books.url)).form(&form).send().await;
    let answer = reply(sent.expect("an answer")).await;
    assert_eq!(answer.status, 302, "{}", answer.text);
    answer.header("location").expect("a location").parse().expect("a URL")
}

fn parameter(url: &url::Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn consent_gives_a_code_once_and_the_code_a_pair() {
    let books = Harness::start().await;
    let query = [("client_id", seed::CLIENT_ID), ("redirect_uri", REDIRECT), ("response_type", "code"), ("state", "s")];
    let page = books.client.get(format!("{}/api/oauth2/auth", books.url)).query(&query).send().await;
    let page = reply(page.expect("an answer")).await;
    assert!(page.status == 200 && page.text.contains("Allow") && page.text.contains(REDIRECT));

    let location = code_from_consent(&books, "allow").await;
    assert!(location.as_str().starts_with(REDIRECT) && location.as_str().contains("%21"), "{location}");
    assert_eq!(parameter(&location, "state").as_deref(), Some("s 1&x"));
    let code = parameter(&location, "code").expect("a code");
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("client_id", seed::CLIENT_ID),
        ("client_secret", seed::CLIENT_SECRET),
    ];
    let pair = books.token_form(&form).await;
    assert_eq!((pair.status, pair.json()["expires_in"].as_str()), (200, Some("600")));
    assert!(pair.json()["refresh_token"].is_string());
    let again = books.token_form(&form).await;
    assert_eq!((again.status, again.json()["error"].as_str()), (400, Some("invalid_grant")));
    assert_eq!(books.get("/api/v1/current/Me").await.status, 401, "a second consent ends the first one's tokens");
}

#[tokio::test]
async fn a_code_is_good_for_three_minutes_and_one_address() {
    let books = Harness::start().await;
    for (wait, redirect) in [(181, REDIRECT), (10, "https://other.example/")] {
        let code = parameter(&code_from_consent(&books, "allow").await, "code").expect("a code");
        books.clock.advance(SignedDuration::from_secs(wait));
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", redirect),
            ("client_id", seed::CLIENT_ID),
            ("client_secret", seed::CLIENT_SECRET),
        ];
        assert_eq!(books.token_form(&form).await.json()["error"], "invalid_grant", "{wait} {redirect}");
    }
}

#[tokio::test]
async fn a_refusal_and_a_wrong_app_are_told_apart() {
    let books = Harness::start().await;
    let location = code_from_consent(&books, "refuse").await;
    assert_eq!(parameter(&location, "error").as_deref(), Some("access_denied"));
    assert_eq!((parameter(&location, "code"), parameter(&location, "state").as_deref()), (None, Some("s 1&x")));
    let page = books.client.get(format!("{}/api/oauth2/auth?client_id=x&response_type=code", books.url)).send().await;
    assert_eq!(page.expect("an answer").status(), 400);
}

#[tokio::test]
async fn refreshing_rotates_and_the_spent_token_is_dead() {
    let mut books = Harness::start().await;
    let (first, old_access) = (books.refresh_token.clone(), books.token.clone());
    books.clock.advance(SignedDuration::from_secs(571));
    books.refresh().await;
    assert!(books.refresh_token != first && books.token != old_access);
    let spent = books.ask_token(&first).await;
    assert_eq!((spent.status, spent.json()["error"].as_str()), (401, Some("unauthorized_client")));
    assert_eq!(spent.json()["error_description"], "Old refresh token used.");
    assert_eq!(books.get("/api/v1/current/Me").await.status, 200);
}

#[tokio::test]
async fn refreshing_before_570_seconds_is_refused_without_harm() {
    let mut books = Harness::start().await;
    books.clock.advance(SignedDuration::from_secs(569));
    let early = books.ask_token(&books.refresh_token.clone()).await;
    assert_eq!((early.status, early.json()["error"].as_str()), (400, Some("access_denied")));
    assert_eq!(early.json()["error_description"], "Rate limit exceeded: access_token not expired");
    assert!(early.header("reason").is_some_and(|reason| reason.starts_with("TooEarlyToRefreshTokens")));
    books.clock.advance(SignedDuration::from_secs(1));
    books.refresh().await;
}

#[tokio::test]
async fn an_access_token_lives_600_seconds_and_a_refresh_token_30_days() {
    let mut books = Harness::start().await;
    books.clock.advance(SignedDuration::from_secs(599));
    assert_eq!(books.get("/api/v1/current/Me").await.status, 200);
    books.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(books.get("/api/v1/current/Me").await.status, 401);
    books.clock.advance(SignedDuration::from_hours(29 * 24));
    books.refresh().await;
    books.clock.advance(SignedDuration::from_hours(31 * 24));
    let late = books.ask_token(&books.refresh_token.clone()).await;
    assert_eq!(late.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn the_client_is_known_by_form_or_by_basic_and_nobody_else_is() {
    let books = Harness::start().await;
    books.clock.advance(SignedDuration::from_secs(600));
    let form = [("grant_type", "refresh_token"), ("refresh_token", books.refresh_token.as_str())];
    let url = format!("{}/api/oauth2/token", books.url);
    let wrong = books.client.post(&url).basic_auth(seed::CLIENT_ID, Some("wrong")).form(&form).send().await;
    let wrong = reply(wrong.expect("an answer")).await;
    assert_eq!((wrong.status, wrong.json()["error"].as_str()), (400, Some("invalid_request")));
    assert_eq!(books.token_form(&form).await.status, 400, "no client at all");
    let right = books.client.post(&url).basic_auth(seed::CLIENT_ID, Some(seed::CLIENT_SECRET)).form(&form).send().await;
    assert_eq!(right.expect("an answer").status(), 200);
    let unknown = books.ask_token("never-issued").await;
    assert_eq!((unknown.status, unknown.json()["error"].as_str()), (400, Some("invalid_grant")));
}

#[tokio::test]
async fn two_refreshes_at_once_leave_one_winner() {
    let books = Harness::start().await;
    books.clock.advance(SignedDuration::from_secs(600));
    let token = books.refresh_token.clone();
    let (one, two) = tokio::join!(books.ask_token(&token), books.ask_token(&token));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[tokio::test]
async fn the_token_endpoint_takes_200_calls_a_day() {
    let books = Harness::start_with(Quotas::vendor(), Language::Nl, vec![seed::wolkwerk()]).await;
    for _ in 1..200 {
        assert_eq!(books.ask_token("x").await.status, 400);
    }
    assert_eq!(books.ask_token("x").await.status, 429);
    books.clock.advance(SignedDuration::from_hours(24));
    assert_eq!(books.ask_token("x").await.status, 400);
}

#[tokio::test]
async fn a_call_without_a_good_token_is_401() {
    let books = Harness::start().await;
    let url = format!("{}/api/v1/100001/financial/Journals", books.url);
    for request in [
        books.client.get(&url),
        books.client.get(&url).bearer_auth("x"),
        books.client.get(&url).basic_auth("a", Some("b")),
    ] {
        assert_eq!(request.send().await.expect("an answer").status(), 401);
    }
    books.sandbox.end_access_tokens();
    assert_eq!(books.get("financial/Journals").await.status, 401, "revoked in mid-run");
}
