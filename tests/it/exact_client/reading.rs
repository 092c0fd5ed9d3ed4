//! Reading: addresses, both list forms, pages, row versions, odd rows, trouble on the way.

use std::time::Duration;

use jiff::civil::Date;
use koppel::connectors::exact::EntityType;
use koppel::connectors::http::{CallError, HttpClient};
use koppel::domain::entry::PeriodKey;
use koppel::domain::master::{AccountKind, DimensionUse, JournalKind, VatMethod};
use rstest::rstest;
use uuid::Uuid;

use super::fake::{DIVISION, Fake, Reply, Seen};

fn by_path(answers: &'static [(&'static str, &'static str)]) -> impl FnMut(&Seen) -> Reply + Send {
    move |seen| match answers.iter().find(|(path, _)| seen.path.ends_with(path)) {
        Some((_, rows)) => Reply::rows(rows),
        None => Reply::default_token(),
    }
}

#[tokio::test]
async fn me_is_asked_without_a_division_and_as_json() {
    const ROW: &str = r#"{"UserID":"x","UserName":"j.jansen","CurrentDivision":3456,"LanguageCode":"nl-NL"}"#;
    let fake = Fake::start(by_path(&[("current/Me", ROW)])).await;
    let client = fake.client();
    let me = client.me().await.unwrap();
    assert_eq!((me.user_name.as_str(), me.division, me.language.as_str()), ("j.jansen", 3456, "nl-NL"));
    let call = &fake.calls()[0];
    assert_eq!(call.path, "/api/v1/current/Me");
    assert_eq!(call.headers["accept"], "application/json");
    assert!(!call.headers.contains_key("expect"));
    assert!(client.vendor_now().is_some());
    assert_eq!((client.calls_to(""), client.calls_to("current/"), client.counter().total()), (1, 1, 2));
}

#[tokio::test]
async fn divisions_fall_back_to_the_short_list() {
    let row = r#"{"Code":7,"Description":"Molen BV","Country":"NL ","Currency":"EUR","Status":1,"BlockingStatus":0,
        "DivisionMoveDate":"/Date(1767225600000)/"}"#;
    let fake = Fake::start(move |seen| match seen.path.as_str() {
        "/api/v1/7/system/Divisions" => Reply::new(403, ""),
        "/api/v1/7/hrm/Divisions" => Reply::rows(row),
        _ => Reply::default_token(),
    });
    let fake = fake.await;
    let divisions = fake.client().divisions(7).await.unwrap();
    assert_eq!((divisions[0].country.as_str(), divisions[0].active, divisions[0].blocked), ("NL", true, false));
    assert_eq!(divisions[0].moved_at, Some(Date::constant(2026, 1, 1).at(0, 0, 0, 0)));
    assert!(!fake.calls()[1].query.contains("DivisionMoveDate"), "a field that the short list does not have");
}

#[tokio::test]
async fn master_data_is_read_into_the_domain() {
    const ID: &str = "00000000-0000-0000-0000-000000001f40";
    let fake = Fake::start(by_path(&[
        (
            "sync/Financial/GLAccounts",
            r#"{"Timestamp":"12","ID":"00000000-0000-0000-0000-000000001f40","Code":"    8000","Description":"Omzet",
                "Type":110,"IsBlocked":false,"UseCostcenter":1,"UseCostunit":2}"#,
        ),
        (
            "financial/Journals",
            r#"{"Code":"70 ","Description":"Verkoop","Type":20,"Currency":"EUR","AllowVariableCurrency":true,
                "AllowVariableExchangeRate":false,"IsBlocked":false}"#,
        ),
        (
            "vat/VATCodes",
            r#"{"ID":"00000000-0000-0000-0000-000000000001","Code":"2  ","Description":"Hoog","Percentage":0.21,"Type":"E",
                "EUSalesListing":"N","OssCountry":null,"IsBlocked":false},
               {"ID":"00000000-0000-0000-0000-000000000002","Code":"7  ","Percentage":0,"Type":"B","EUSalesListing":"S"},
               {"ID":"00000000-0000-0000-0000-000000000003","Code":"9  ","Percentage":0.09,"Type":"E"}"#,
        ),
        (
            "vat/VatPercentages",
            r#"{"VATCodeID":"00000000-0000-0000-0000-000000000001","Type":0,"Percentage":0.19,
                "StartDate":null,"EndDate":"/Date(1348963200000)/"},
               {"VATCodeID":"00000000-0000-0000-0000-000000000001","Type":0,"Percentage":0.21,
                "StartDate":"/Date(1349049600000)/","EndDate":null},
               {"VATCodeID":"00000000-0000-0000-0000-000000000001","Type":1,"Percentage":0.5},
               {"VATCodeID":"00000000-0000-0000-0000-000000000003","Type":0,"Percentage":"odd"}"#,
        ),
        ("cashflow/PaymentConditions", r#"{"Code":"30","Description":"30 dagen","PaymentDays":30}"#),
        ("hrm/Costcenters", r#"{"Code":"KP1","EndDate":"/Date(1767225600000)/"},{"EndDate":null}"#),
        ("hrm/Costunits", r#"{"Code":"KD1","EndDate":null}"#),
        ("logistics/ItemGroups", r#"{"ID":"00000000-0000-0000-0000-000000000009","Code":"SAAS","IsDefault":1}"#),
    ]))
    .await;
    let client = fake.client();
    let account = client.accounts_of_ledger(DIVISION).await.unwrap().remove(0);
    assert_eq!((account.id, account.code.as_str(), account.kind), (ID.parse().unwrap(), "8000", AccountKind::Revenue));
    assert_eq!((account.cost_center, account.cost_unit), (DimensionUse::Mandatory, DimensionUse::Forbidden));
    let journal = client.journals(DIVISION).await.unwrap().remove(0);
    assert_eq!(
        (journal.code.as_str(), journal.kind, journal.allows_other_currencies),
        ("70", JournalKind::Sales, true)
    );
    let codes = client.vat_codes(DIVISION).await.unwrap();
    assert_eq!(codes.len(), 2, "a code with an odd percentage is left out whole (E30)");
    assert_eq!((codes[0].code.as_str(), codes[0].method, codes[0].percent), ("2", VatMethod::Excluding, 21.into()));
    assert_eq!(codes[0].percent_on(Date::constant(2012, 9, 30)), Some(19.into()));
    assert_eq!(codes[0].percent_on(Date::constant(2012, 10, 1)), Some(21.into()));
    assert_eq!((codes[1].method, codes[1].eu_sales_listing), (VatMethod::BaseOnly, true));
    assert_eq!(client.payment_conditions(DIVISION).await.unwrap()[0].days, 30);
    let centers = client.cost_centers(DIVISION).await.unwrap();
    assert_eq!(centers.len(), 1, "a row without a code is left out");
    assert_eq!(centers[0].end_date, Some(Date::constant(2026, 1, 1)));
    assert_eq!(client.cost_units(DIVISION).await.unwrap()[0].code, "KD1");
    assert!(client.item_groups(DIVISION).await.unwrap()[0].is_default);
    assert!(fake.calls().iter().all(|call| call.query.contains("$select=")), "everything is selected");
    assert!(fake.calls()[0].query.contains("$filter=Timestamp gt 1L"));
}

#[tokio::test]
async fn an_odd_period_is_left_out_but_an_odd_status_is_an_error() {
    let fake = Fake::start(by_path(&[
        (
            "financial/FinancialPeriods",
            r#"{"ID":"a","FinYear":2026,"FinPeriod":1,"StartDate":"/Date(1767225600000)/","EndDate":"/Date(1769817600000)/"},
               {"ID":"b","FinYear":2026,"FinPeriod":2,"StartDate":"soon","EndDate":"/Date(1769817600000)/"}"#,
        ),
        (
            "read/financial/JournalStatusList",
            r#"{"Journal":"70","Year":2026,"Period":1,"Status":1},{"Journal":"70","Year":2026,"Period":2,"Status":0},
               {"Journal":"70","Year":2026,"Period":3,"Status":7}"#,
        ),
    ]))
    .await;
    let client = fake.client();
    let periods = client.periods(DIVISION).await.unwrap();
    assert_eq!(periods.len(), 1);
    assert_eq!(periods[0].days.to, Date::constant(2026, 1, 31));
    let error = client.closed_periods(DIVISION).await.unwrap_err();
    assert_eq!(error.to_string(), "unable to read Status of read/financial/JournalStatusList 70: 7 is not 0 or 1");
}

/// Of their source releases tell the entry's number only; with one that cannot be read the sum of the others would be wrong.
#[tokio::test]
async fn releases_are_asked_for_by_the_entry_s_number_and_read_whole_or_not_at_all() {
    const GOOD: &str = r#"{"ID":"a","Type":84,"GLAccount":"00000000-0000-0000-0000-000000001f40","AmountFC":-83.33,
        "Currency":"EUR","FinancialYear":2026,"FinancialPeriod":7}"#;
    let fake = Fake::start(|seen| match seen.query.contains("267000001") {
        _ if seen.is_token() => Reply::default_token(),
        true => Reply::rows(GOOD),
        false => Reply::rows(&format!("{GOOD},{}", GOOD.replace("2026", "null"))),
    })
    .await;
    let client = fake.client();
    let releases = client.releases(DIVISION, 267_000_001).await.unwrap().expect("rows that can be read");
    assert_eq!((releases.len(), releases[0].amount.to_string().as_str()), (1, "-83.33"));
    assert_eq!(releases[0].period, PeriodKey { year: 2026, period: 7 });
    let call = fake.calls().into_iter().rfind(|seen| !seen.is_token()).unwrap();
    assert!(call.path.ends_with("/bulk/Financial/TransactionLines"), "{}", call.path);
    assert!(call.query.contains("EntryNumber eq 267000001 and Type eq 84"), "{}", call.query);
    assert_eq!(client.releases(DIVISION, 267_000_002).await.unwrap(), None);
}

#[tokio::test]
async fn pages_are_followed_verbatim_and_never_to_another_site() {
    let fake = Fake::start(|seen| {
        let host = seen.headers.get("host").map(|host| host.to_str().unwrap().to_owned()).unwrap_or_default();
        let here = format!("http://{host}/api/v1/7/hrm/Costunits");
        let next = match seen.query.as_str() {
            query if query.contains("guid'2'") => "https://evil.example/api/v1/7/hrm/Costunits?$skiptoken=3".to_owned(),
            query if query.contains("guid'1'") => format!("{here}?$select=Code&$skiptoken=guid'2'"),
            _ => format!("{here}?$select=Code&$skiptoken=guid'1'"),
        };
        if seen.is_token() {
            return Reply::default_token();
        }
        Reply::new(200, format!(r#"{{"d":{{"results":[{{"Code":"A"}}],"__next":"{next}"}}}}"#))
    });
    let fake = fake.await;
    let error = fake.client().cost_units(DIVISION).await.unwrap_err();
    assert!(matches!(&error, CallError::Malformed { .. }));
    assert!(error.to_string().contains("hrm/Costunits") && error.to_string().contains("another site"), "{error}");
    let queries: Vec<String> = fake.calls().into_iter().map(|call| call.query).collect();
    assert_eq!(queries[1..], ["$select=Code&$skiptoken=guid'1'", "$select=Code&$skiptoken=guid'2'"]);
}

fn account_row(number: u32, version: i64) -> String {
    let id = Uuid::from_u128(number.into());
    format!(
        r#"{{"Timestamp":{version},"ID":"{id}","Code":"   {number}","Name":"N{number}","Status":"C","Country":"NL "}}"#
    )
}

#[tokio::test]
async fn sync_pages_go_on_from_the_newest_version() {
    let fake = Fake::start(|seen| {
        if seen.is_token() {
            return Reply::default_token();
        }
        let after: i64 = seen.query.split("gt ").nth(1).unwrap().split('L').next().unwrap().parse().unwrap();
        let rows: Vec<String> = (1..=5)
            .map(|n| (n, i64::from(n) * 10))
            .filter(|(_, v)| *v > after)
            .map(|(n, v)| account_row(n, v))
            .collect();
        let next = if rows.len() > 2 {
            format!(r#","__next":"http://{}/x""#, seen.headers["host"].to_str().unwrap())
        } else {
            String::new()
        };
        let page = rows.into_iter().take(2).collect::<Vec<_>>().join(",");
        Reply::new(200, format!(r#"{{"d":{{"results":[{page}]{next}}}}}"#))
    });
    let fake = fake.await;
    let client = fake.client();
    let mut seen = Vec::new();
    let mut after = 0;
    loop {
        let page = client.accounts_page(DIVISION, after).await.unwrap();
        seen.extend(page.rows.into_iter().map(|account| account.code));
        after = page.newest;
        if !page.more {
            break;
        }
    }
    assert_eq!((seen.join(","), after), ("1,2,3,4,5".to_owned(), 50));
    let page = client.accounts_page(DIVISION, after).await.unwrap();
    assert_eq!((page.rows.len(), page.newest, page.more), (0, 50, false));
    assert!(fake.calls().iter().all(|call| call.path == "/api/v1/7/sync/CRM/Accounts"));
}

#[tokio::test]
async fn a_page_out_of_order_passes_nothing_over() {
    let fake = Fake::start(|seen| {
        let next = format!("http://{}/api/v1/7/sync/CRM/Accounts?p=2", seen.headers["host"].to_str().unwrap());
        match seen.query.as_str() {
            _ if seen.is_token() => Reply::default_token(),
            "p=2" => Reply::rows(&[account_row(3, 30), account_row(2, 20)].join(",")),
            _ => {
                let rows = [account_row(9, 90), account_row(1, 10)].join(",");
                Reply::new(200, format!(r#"{{"d":{{"results":[{rows}],"__next":"{next}"}}}}"#))
            }
        }
    });
    let page = fake.await.client().accounts_page(DIVISION, 0).await.unwrap();
    assert_eq!((page.rows.len(), page.newest, page.more), (4, 90, false));
}

#[tokio::test]
async fn an_odd_account_or_sale_stops_the_page_and_anything_else_is_left_out() {
    let line = |kind: u32, amount: &str| {
        format!(
            r#"{{"Timestamp":"5","ID":"{}","EntryID":"{}","EntryNumber":1,"LineNumber":0,"YourRef":"INV-1","Type":{kind},
               "AmountFC":{amount},"Currency":"EUR","Date":"/Date(1767225600000)/","JournalCode":"70"}}"#,
            Uuid::from_u128(1),
            Uuid::from_u128(2)
        )
    };
    let good = line(20, "121.00000000000001");
    let other = line(40, "\"a lot\"");
    let sale = line(21, "\"a lot\"");
    let fake = Fake::start(move |seen| match seen.query.as_str() {
        _ if seen.is_token() => Reply::default_token(),
        _ if seen.path.ends_with("sync/CRM/Accounts") => {
            Reply::rows(&account_row(1, 10).replace("NL ", r#"NL","EndDate":"someday"#))
        }
        _ if seen.path.ends_with("sync/Logistics/Items") => Reply::rows(r#"{"Timestamp":9,"ID":"x","Code":"a"}"#),
        _ if seen.path.ends_with("sync/Deleted") => Reply::rows(
            r#"{"Timestamp":3,"ID":"x","EntityType":2,"EntityKey":"00000000-0000-0000-0000-000000000001"},
               {"Timestamp":4,"ID":"y","EntityType":99,"EntityKey":"00000000-0000-0000-0000-000000000002"},
               {"Timestamp":5,"ID":"z","EntityType":2,"EntityKey":null}"#,
        ),
        query if query.contains("gt 1L") => Reply::rows(&format!("{good},{other}")),
        _ => Reply::rows(&format!("{good},{sale}")),
    })
    .await;
    let client = fake.client();
    let page = client.lines_page(DIVISION, 0).await.unwrap();
    assert_eq!((page.rows.len(), page.left_out.len(), page.newest), (1, 1, 5));
    assert_eq!(page.rows[0].amount.to_string(), "121");
    assert!(page.rows[0].is_sale());
    assert!(page.left_out[0].contains("AmountFC of sync/Financial/TransactionLines"), "{}", page.left_out[0]);
    let error = client.lines_page(DIVISION, 2).await.unwrap_err();
    assert!(matches!(error, CallError::Malformed { .. }), "a sale that is not seen could be booked twice (I1)");
    let error = client.accounts_page(DIVISION, 0).await.unwrap_err().to_string();
    assert!(error.contains("EndDate of sync/CRM/Accounts 00000000-0000-0000-0000-000000000001"), "{error}");
    assert_eq!(client.items_page(DIVISION, 0).await.unwrap().left_out.len(), 1);
    let deleted = client.deleted_page(DIVISION, 0).await.unwrap();
    let types: Vec<EntityType> = deleted.rows.iter().map(|row| row.entity_type).collect();
    assert_eq!((types, deleted.left_out.len()), (vec![EntityType::Account, EntityType::Other(99)], 1));
}

#[rstest]
#[case::nothing_said(Reply::new(500, ""))]
#[case::html(Reply::new(503, "<html>maintenance</html>"))]
#[case::gateway(Reply::new(504, ""))]
#[case::excuse(Reply::error(
    500,
    "A problem has occurred. The cause of this issue will be investigated as soon as possible."
))]
#[case::cut(Reply { cut: true, ..Reply::rows("") })]
#[tokio::test]
async fn passing_trouble_is_absorbed(#[case] trouble: Reply) {
    let mut left = 3;
    let fake = Fake::start(move |seen| match seen.is_token() {
        true => Reply::default_token(),
        false if left > 0 => {
            left -= 1;
            trouble.clone()
        }
        false => Reply::rows(r#"{"Code":"KD1"}"#),
    })
    .await;
    assert_eq!(fake.client().cost_units(DIVISION).await.unwrap().len(), 1);
    let times: Vec<_> = fake.calls().iter().map(|call| call.at).collect();
    assert_eq!(times.len(), 4);
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "it waits in between");
}

#[tokio::test]
async fn lasting_trouble_ends_after_a_few_tries() {
    let fake = Fake::start(|seen| if seen.is_token() { Reply::default_token() } else { Reply::new(503, "") }).await;
    let error = fake.client().cost_units(DIVISION).await.unwrap_err();
    assert!(matches!(error, CallError::Unavailable { .. }));
    assert_eq!(fake.calls().len(), 5);
}

#[rstest]
#[case::html(Reply::new(200, "<!DOCTYPE html><title>Exact</title>"), "HTML")]
#[case::broken(Reply::new(200, r#"{"d":{"results":["#), "unreadable")]
#[case::redirect(Reply::new(302, "").header("location", "https://evil.example/"), "redirect")]
#[tokio::test]
async fn what_is_no_answer_of_the_api_is_told(#[case] reply: Reply, #[case] expected: &str) {
    let fake = Fake::start(move |seen| if seen.is_token() { Reply::default_token() } else { reply.clone() }).await;
    let error = fake.client().cost_units(DIVISION).await.unwrap_err();
    assert!(matches!(&error, CallError::Malformed { .. }));
    assert!(error.to_string().contains(expected) && error.to_string().contains("hrm/Costunits"), "{error}");
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_read_to_its_end() {
    let body = " ".repeat(2_000_000);
    let fake =
        Fake::start(move |seen| if seen.is_token() { Reply::default_token() } else { Reply::new(200, body.clone()) })
            .await;
    let client = fake.client_with(HttpClient::new(None).unwrap().with_answer_bytes_max(1_000_000));
    let error = client.cost_units(DIVISION).await.unwrap_err();
    assert!(matches!(&error, CallError::Malformed { .. }));
    assert!(error.to_string().contains("1000000 bytes"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let fake = Fake::start(|_| Reply::default_token()).await;
    let mut options = fake.options();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    options.base_url.set_port(Some(free.local_addr().unwrap().port())).unwrap();
    drop(free);
    let http = HttpClient::new(Some(Duration::from_secs(5))).unwrap();
    let client = koppel::connectors::exact::ExactClient::with_http(options, http).unwrap();
    let error = client.me().await.unwrap_err();
    assert!(matches!(error, CallError::Unavailable { .. }), "{error}");
}

#[tokio::test]
async fn whether_the_books_spread_is_told_by_their_lines() {
    let fake = Fake::start(|seen| match seen.query.as_str() {
        _ if seen.is_token() => Reply::default_token(),
        query if query.contains("gt 100L") => Reply::rows(r#"{"Timestamp":101,"Type":20},{"Timestamp":102,"Type":84}"#),
        query if query.contains("gt 200L") => Reply::rows(r#"{"Timestamp":201,"Type":20}"#),
        query => {
            let version: i64 = query.split("gt ").nth(1).unwrap().split('L').next().unwrap().parse().unwrap();
            let next = format!("http://{}/x", seen.headers["host"].to_str().unwrap());
            let body =
                format!(r#"{{"d":{{"results":[{{"Timestamp":{},"Type":20}}],"__next":"{next}"}}}}"#, version + 1);
            Reply::new(200, body)
        }
    })
    .await;
    let client = fake.client();
    assert_eq!(client.has_deferral_lines(DIVISION, 100).await.unwrap(), Some(true));
    assert_eq!(client.has_deferral_lines(DIVISION, 200).await.unwrap(), Some(false));
    assert_eq!(client.has_deferral_lines(DIVISION, 1_000).await.unwrap(), None);
}
