//! The client against the sandbox, which was written from the same reference by someone else: where both agree, neither
//! misread it alone.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use koppel::connectors::exact::{
    AccountDraft, BusinessError, EntityType, ExactClient, ExactOptions, FileTokenStore, ItemChanges, ItemDraft,
};
use koppel::connectors::http::{CallError, Clock, HttpClient, Quota};
use koppel::domain::calendar::DateRange;
use koppel::domain::entry::{AccountRef, EntryKind, EntryLine, LineOrigin, PeriodKey, SalesEntry};
use koppel::domain::master::{AccountKind, JournalKind, MasterData};
use koppel::domain::money::{Amount, Currency};
use koppel::sandbox::clock::SandboxClock;
use koppel::sandbox::exact::{self, ExactSandbox, Language, Quotas, seed};
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;
use uuid::Uuid;

const DIVISION: i32 = 100_001;

/// The sandbox's clock as the client's: sleeping moves it.
#[derive(Clone)]
struct Shared(SandboxClock);

impl Clock for Shared {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.0.advance(SignedDuration::try_from(duration).unwrap());
        Box::pin(tokio::task::yield_now())
    }
}

struct Site {
    sandbox: ExactSandbox,
    clock: SandboxClock,
    url: Url,
    home: TempDir,
}

impl Site {
    async fn start(quotas: Quotas, language: Language) -> Self {
        let clock = SandboxClock::stopped_at("2026-11-24T12:00:00Z".parse().unwrap());
        let options = exact::ExactOptions { clock: clock.clone(), quotas, language, seed: 7 };
        let sandbox = ExactSandbox::new(options, vec![seed::wolkwerk()]);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        sandbox.set_public_url(url.to_string());
        let router = sandbox.router().nest("/admin/exact", sandbox.admin_router());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { sandbox, clock, url, home: tempfile::tempdir().unwrap() }
    }

    async fn plain() -> Self {
        Self::start(Quotas::off(), Language::Nl).await
    }

    fn client(&self) -> ExactClient {
        let options = ExactOptions {
            base_url: self.url.clone(),
            client_id: seed::CLIENT_ID.to_owned(),
            client_secret: seed::CLIENT_SECRET.into(),
            first_refresh_token: seed::FIRST_REFRESH_TOKEN.into(),
            tokens: Arc::new(FileTokenStore::open(self.home.path().join("tokens")).unwrap()),
            clock: Arc::new(Shared(self.clock.clone())),
        };
        ExactClient::with_http(options, HttpClient::new(Some(Duration::from_secs(3))).unwrap()).unwrap()
    }

    async fn admin(&self, path: &str, body: Value) {
        let url = self.url.join(&format!("admin/exact/{path}")).unwrap();
        let answer = reqwest::Client::new().post(url).json(&body).send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success(), "{path}: {status} {}", answer.text().await.unwrap());
    }

    fn refused(&self) -> usize {
        self.sandbox.calls().iter().filter(|call| call.status == 429).count()
    }
}

async fn master(client: &ExactClient) -> MasterData {
    let by_code = |accounts: Vec<koppel::domain::master::GlAccount>| {
        accounts.into_iter().map(|account| (account.code.clone(), account)).collect()
    };
    MasterData {
        division: DIVISION,
        accounts: by_code(client.accounts_of_ledger(DIVISION).await.unwrap()),
        periods: client.periods(DIVISION).await.unwrap(),
        closed: client.closed_periods(DIVISION).await.unwrap(),
        ..MasterData::default()
    }
}

fn entry(master: &MasterData, reference: &str, lines: &[(i64, i64, &str)]) -> SalesEntry {
    let account = master.accounts.values().find(|account| account.kind == AccountKind::Revenue && !account.blocked);
    let account = account.expect("a revenue account");
    let line = |(net, vat, code): &(i64, i64, &str)| EntryLine {
        origin: LineOrigin::Revenue,
        source_line: None,
        account: AccountRef { id: account.id, code: account.code.clone() },
        net: Amount(*net),
        vat: Amount(*vat),
        vat_code: (*code).to_owned(),
        vat_included: false,
        cost_center: Some("NL".into()),
        cost_unit: Some("ABO".into()),
        deferral: None,
        description: "Plan".into(),
        credits: None,
    };
    SalesEntry {
        kind: if lines.iter().map(|line| line.0).sum::<i64>() < 0 { EntryKind::Credit } else { EntryKind::Sales },
        journal: "70".into(),
        customer: "cust".into(),
        your_ref: reference.to_owned(),
        description: format!("Factuur {reference}"),
        entry_date: Date::constant(2026, 11, 20),
        due_date: Some(Date::constant(2026, 12, 20)),
        payment_condition: None,
        currency: Currency::EUR,
        rate: None,
        reporting: PeriodKey { year: 2026, period: 11 },
        lines: lines.iter().map(line).collect(),
        fields: koppel::domain::entry::EntryFields::default(),
    }
}

async fn customer(client: &ExactClient) -> Uuid {
    let draft = AccountDraft {
        name: "Molen & Zn. 'De Wiek' B.V.".into(),
        country: Some("NL".into()),
        email: Some("boek@molen.example".into()),
        search_code: Some("cust'1".into()),
        address_lines: vec!["Kade 1".into()],
        city: Some("Delft".into()),
        ..AccountDraft::default()
    };
    client.create_account(DIVISION, &draft).await.unwrap()
}

#[tokio::test]
async fn master_data_of_the_demo_company_is_whole() {
    let site = Site::plain().await;
    let client = site.client();
    let me = client.me().await.unwrap();
    assert_eq!((me.division, me.user_name.is_empty()), (DIVISION, false));
    let divisions = client.divisions(me.division).await.unwrap();
    let own = divisions.iter().find(|division| division.code == DIVISION).unwrap();
    assert_eq!((own.name.as_str(), own.country.as_str(), own.currency), ("Wolkwerk B.V.", "NL", Some(Currency::EUR)));
    assert!(own.active && !own.blocked);
    let seeded = seed::wolkwerk();
    assert_eq!(client.accounts_of_ledger(DIVISION).await.unwrap().len(), seeded.gl_accounts.len());
    let journals = client.journals(DIVISION).await.unwrap();
    assert_eq!(journals.len(), seeded.journals.len());
    assert!(journals.iter().any(|journal| journal.code == "70" && journal.kind == JournalKind::Sales));
    let codes = client.vat_codes(DIVISION).await.unwrap();
    assert_eq!(codes.len(), seeded.vat_codes.len());
    for (code, seed) in codes.iter().map(|code| (code, seeded.vat_codes.iter().find(|seed| seed.code == code.code))) {
        let expected = (seed.unwrap().percentage * rust_decimal::Decimal::ONE_HUNDRED).normalize();
        assert_eq!(
            (code.percent, code.percent_on(Date::constant(2026, 11, 24))),
            (expected, Some(expected)),
            "{code:?}"
        );
    }
    assert_eq!(client.payment_conditions(DIVISION).await.unwrap().len(), seeded.payment_conditions.len());
    assert_eq!(client.cost_centers(DIVISION).await.unwrap().len(), seeded.cost_centers.len());
    assert_eq!(client.cost_units(DIVISION).await.unwrap().len(), seeded.cost_units.len());
    assert_eq!(client.item_groups(DIVISION).await.unwrap().len(), seeded.item_groups.len());
    let master = master(&client).await;
    assert_eq!((master.periods.len(), master.closed.len()), (24, 12));
    assert_eq!(master.period_of(Date::constant(2026, 2, 28)).unwrap().key, PeriodKey { year: 2026, period: 2 });
    assert_eq!(master.period_of(Date::constant(2027, 1, 1)), None);
    assert!(site.sandbox.calls().iter().all(|call| call.status == 200), "{:?}", site.sandbox.calls());
}

#[tokio::test]
async fn a_customer_an_item_and_an_entry_are_booked_and_found_again() {
    let site = Site::plain().await;
    let client = site.client();
    let customer = customer(&client).await;
    let found = client.find_accounts_by_search_code(DIVISION, "cust'1").await.unwrap();
    assert_eq!((found.len(), found[0].id, found[0].is_customer), (1, customer, true));
    let page = client.accounts_page(DIVISION, 0).await.unwrap();
    assert!(page.rows.iter().any(|account| account.id == customer && account.country.as_deref() == Some("NL")));
    let after = AccountDraft { name: "Molen NV".into(), ..AccountDraft::default() };
    let before = AccountDraft { name: "x".into(), city: Some("Delft".into()), ..AccountDraft::default() };
    client.update_account(DIVISION, customer, &after.changes_from(&before)).await.unwrap();
    let changed = client.accounts_page(DIVISION, page.newest).await.unwrap();
    assert_eq!((changed.rows.len(), changed.rows[0].name.as_str(), &changed.rows[0].city), (1, "Molen NV", &None));

    let groups = client.item_groups(DIVISION).await.unwrap();
    let draft = ItemDraft {
        code: "plan-groei".into(),
        description: "Groei".into(),
        item_group: Some(groups[0].id),
        ..ItemDraft::default()
    };
    let item = client.create_item(DIVISION, &draft).await.unwrap();
    let taken = client.create_item(DIVISION, &draft).await.unwrap_err();
    assert_eq!(BusinessError::of(&taken), Some(BusinessError::DuplicateValue));
    let changes = ItemChanges { description: Some("Groei plus".into()), ..ItemChanges::default() };
    client.update_item(DIVISION, item, &changes).await.unwrap();
    let items = client.find_items_by_code(DIVISION, &["plan-groei", "absent"]).await.unwrap();
    assert_eq!((items.len(), items[0].id, items[0].description.as_str()), (1, item, "Groei plus"));
    assert_eq!(items[0].item_group, Some(groups[0].id));
    assert_eq!(client.items_page(DIVISION, 0).await.unwrap().rows.len(), 1);

    let master = master(&client).await;
    let before = client.lines_page(DIVISION, 0).await.unwrap().newest;
    let entry = entry(&master, "INV-'1", &[(1_010, 212, "2"), (99_999_999_999_999, 0, "0")]);
    let posted = client.create_sales_entry(DIVISION, &entry, customer).await.unwrap();
    assert_eq!((posted.total, posted.vat, posted.customer), (entry.total(), Some(entry.vat()), Some(customer)));
    assert_eq!((posted.your_ref.as_str(), posted.reporting), ("INV-'1", Some(entry.reporting)));
    let found = client.find_sales_entries(DIVISION, &["INV-'1", "INV-2"]).await.unwrap();
    assert_eq!((found.len(), &found[0]), (1, &posted));
    assert_eq!(client.entry_account(DIVISION, posted.entry_id).await.unwrap(), Some(customer));
    let lines = client.lines_page(DIVISION, before).await.unwrap().rows;
    let head = lines.iter().find(|line| line.line_number == 0).expect("a head");
    assert_eq!(
        (head.entry_id, head.your_ref.as_deref(), head.account),
        (posted.entry_id, Some("INV-'1"), Some(customer))
    );
    assert!(head.is_sale());
    assert_eq!(head.date, entry.entry_date);
    assert_eq!(head.amount, entry.total().to_decimal(Currency::EUR), "{head:?}");
    assert_eq!(client.has_deferral_lines(DIVISION, before).await.unwrap(), Some(false));
}

#[tokio::test]
async fn a_credit_and_a_deferral_are_understood_by_the_books() {
    let site = Site::plain().await;
    let client = site.client();
    let (customer, master) = (customer(&client).await, master(&client).await);
    let before = client.lines_page(DIVISION, 0).await.unwrap().newest;
    let credit = entry(&master, "CN-1", &[(-1_000, -210, "2")]);
    let posted = client.create_sales_entry(DIVISION, &credit, customer).await.unwrap();
    assert_eq!((posted.total, posted.vat), (Amount(-1_210), Some(Amount(-210))));
    let mut deferred = entry(&master, "INV-2", &[(12_000, 2_520, "2")]);
    deferred.lines[0].deferral = DateRange::new(Date::constant(2026, 11, 1), Date::constant(2026, 12, 31));
    client.create_sales_entry(DIVISION, &deferred, customer).await.unwrap();
    assert_eq!(client.has_deferral_lines(DIVISION, before).await.unwrap(), Some(true));
    let booked = site.sandbox.entries(DIVISION);
    let booked: Vec<_> =
        booked.iter().filter(|entry| entry.your_ref.starts_with("CN") || entry.your_ref == "INV-2").collect();
    assert_eq!(booked.iter().map(|entry| entry.kind).collect::<Vec<_>>(), [21, 20]);
    let range = (booked[1].lines[0].from, booked[1].lines[0].to);
    assert_eq!(range, (Some(Date::constant(2026, 11, 1)), Some(Date::constant(2026, 12, 31))));
}

#[tokio::test]
async fn what_the_books_refuse_has_its_meaning_in_both_languages() {
    for language in [Language::Nl, Language::En] {
        let site = Site::start(Quotas::off(), language).await;
        let client = site.client();
        let (customer, master) = (customer(&client).await, master(&client).await);
        let good = entry(&master, "INV-1", &[(1_000, 210, "2")]);
        let closed = SalesEntry {
            entry_date: Date::constant(2026, 3, 3),
            reporting: PeriodKey { year: 2026, period: 3 },
            ..good.clone()
        };
        let missing = SalesEntry {
            entry_date: Date::constant(2027, 1, 3),
            reporting: PeriodKey { year: 2027, period: 1 },
            ..good.clone()
        };
        let mut code = good.clone();
        code.lines[0].vat_code = "QQ".into();
        let cases = [
            (closed, customer, BusinessError::PeriodClosed),
            (missing, customer, BusinessError::FinancialYearMissing),
            (code, customer, BusinessError::VatCodeInvalid),
            (SalesEntry { journal: "20".into(), ..good.clone() }, customer, BusinessError::JournalInvalid),
            (
                SalesEntry { payment_condition: Some("QQ".into()), ..good.clone() },
                customer,
                BusinessError::PaymentConditionInvalid,
            ),
            (good.clone(), Uuid::from_u128(404), BusinessError::CustomerInvalid),
        ];
        for (entry, account, meaning) in cases {
            let error = client.create_sales_entry(DIVISION, &entry, account).await.unwrap_err();
            assert_eq!(BusinessError::of(&error), Some(meaning), "{error}");
        }
        site.admin("accounts/block", json!({"division": DIVISION, "id": customer, "blocked": true})).await;
        let error = client.create_sales_entry(DIVISION, &good, customer).await.unwrap_err();
        assert_eq!(BusinessError::of(&error), Some(BusinessError::CustomerBlocked), "{error}");
        let bad_number = AccountDraft {
            name: "A".into(),
            country: Some("NL".into()),
            vat_number: Some("12".into()),
            ..AccountDraft::default()
        };
        let error = client.create_account(DIVISION, &bad_number).await.unwrap_err();
        assert_eq!(BusinessError::of(&error), Some(BusinessError::VatNumberInvalid), "{error}");
        assert!(site.sandbox.entries(DIVISION).is_empty());
    }
}

#[tokio::test]
async fn a_merge_is_told_by_the_deleted_and_followed_by_an_entry() {
    let site = Site::plain().await;
    let client = site.client();
    let (loser, master) = (customer(&client).await, master(&client).await);
    let posted =
        client.create_sales_entry(DIVISION, &entry(&master, "INV-1", &[(1_000, 210, "2")]), loser).await.unwrap();
    let seen = client.deleted_page(DIVISION, 0).await.unwrap();
    let survivor = AccountDraft { name: "De Overlevende BV".into(), ..AccountDraft::default() };
    let survivor = client.create_account(DIVISION, &survivor).await.unwrap();
    site.admin("accounts/merge", json!({"division": DIVISION, "loser": loser, "survivor": survivor})).await;
    let deleted = client.deleted_page(DIVISION, seen.newest).await.unwrap();
    let gone: Vec<_> = deleted.rows.iter().filter(|row| row.key == loser).map(|row| row.entity_type).collect();
    assert_eq!(gone, [EntityType::Account]);
    assert_eq!(client.entry_account(DIVISION, posted.entry_id).await.unwrap(), Some(survivor));
}

#[tokio::test]
async fn lost_answers_leave_one_entry_and_an_unknown_outcome() {
    for kind in ["loseAnswer", "internalProblemAfter", "hangAfter"] {
        let site = Site::plain().await;
        let client = site.client();
        let (customer, master) = (customer(&client).await, master(&client).await);
        site.admin("faults", json!({"kind": kind, "method": "POST", "pathContains": "salesentry"})).await;
        let entry = entry(&master, "INV-1", &[(1_000, 210, "2")]);
        let error = client.create_sales_entry(DIVISION, &entry, customer).await.unwrap_err();
        assert!(matches!(error, CallError::OutcomeUnknown { .. }), "{kind}: {error:?}");
        site.sandbox.release();
        let found = client.find_sales_entries(DIVISION, &["INV-1"]).await.unwrap();
        assert_eq!((found.len(), found[0].total), (1, entry.total()), "{kind}");
        assert_eq!(client.calls_to("salesentry/"), 2);
    }
}

#[tokio::test]
async fn a_lost_token_answer_needs_a_person_and_two_racing_clients_do_not() {
    let site = Site::plain().await;
    let (one, two) = (site.client(), site.client());
    let (first, second) = futures::join!(one.me(), two.me());
    first.and(second).unwrap();
    site.clock.advance(SignedDuration::from_secs(700));
    let (first, second) = futures::join!(one.me(), two.me());
    first.and(second).unwrap();
    site.clock.advance(SignedDuration::from_secs(700));
    site.admin("faults", json!({"kind": "loseAnswer", "method": "POST", "pathContains": "token"})).await;
    assert!(matches!(one.me().await, Err(CallError::ReauthorizationRequired { .. })));
}

#[tokio::test]
async fn a_day_of_calls_provokes_no_429_and_the_day_quota_ends_cleanly() {
    let quotas = Quotas { per_minute: 10, per_day: 45, errors_per_hour: 10, enabled: true };
    let site = Site::start(quotas, Language::Nl).await;
    let client = site.client();
    let (customer, master) = (customer(&client).await, master(&client).await);
    let mut booked = 0;
    let spent = loop {
        let entry = entry(&master, &format!("INV-{booked}"), &[(1_000, 210, "2")]);
        match client.create_sales_entry(DIVISION, &entry, customer).await {
            Ok(_) => booked += 1,
            Err(error) => break error,
        }
    };
    let CallError::QuotaSpent { quota: Quota::Day, resets_at: Some(resets_at), .. } = spent else {
        panic!("{spent:?}")
    };
    assert_eq!(resets_at.to_string(), "2026-11-25T00:00:00Z");
    assert_eq!((site.refused(), site.sandbox.entries(DIVISION).len()), (0, booked));
    // The next process: the account was kept, and the vendor's day has come meanwhile.
    let kept = client.limits();
    site.clock.set("2026-11-25T00:00:10Z".parse().unwrap());
    let next = site.client();
    next.restore_limits(kept);
    next.create_sales_entry(DIVISION, &entry(&master, "INV-next", &[(1_000, 210, "2")]), customer).await.unwrap();
    assert_eq!(site.refused(), 0);
}

#[tokio::test]
async fn missing_rights_are_told_and_the_tenth_error_is_not_sent() {
    let site = Site::start(Quotas::vendor(), Language::Nl).await;
    let client = site.client();
    client.me().await.unwrap();
    for _ in 0..12 {
        let error = client.journals(999_999).await.unwrap_err();
        assert!(
            matches!(error, CallError::Forbidden { .. } | CallError::QuotaSpent { quota: Quota::Errors, .. }),
            "{error:?}"
        );
    }
    assert_eq!((client.calls_to("financial/Journals"), site.refused()), (9, 0));
}
