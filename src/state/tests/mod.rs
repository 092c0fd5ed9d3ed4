//! The store as its users see it: what is committed stays, each connection sees its own, one writer at a time. On SQLite, or
//! on the PostgreSQL server of KOPPEL_TEST_POSTGRES_URL (hack/with-postgres.sh): the same tests for both.

mod books;
mod documents;
mod locks;
mod records;
mod stores;

use jiff::Timestamp;
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::domain::hold::{Hold, HoldReason};

/// Where a test's own store is.
pub(in crate::state) enum Home {
    Directory(TempDir),
    Schema(SecretString),
}

impl Home {
    pub async fn new() -> Self {
        let Ok(server) = std::env::var("KOPPEL_TEST_POSTGRES_URL") else {
            return Self::Directory(tempfile::tempdir().unwrap());
        };
        let schema = format!("s{}", Uuid::new_v4().simple());
        let mut connection = sqlx::postgres::PgConnection::connect(&server).await.unwrap();
        sqlx::query(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).execute(&mut connection).await.unwrap();
        let mark = if server.contains('?') { '&' } else { '?' };
        Self::Schema(format!("{server}{mark}options=-csearch_path%3D{schema}").into())
    }

    async fn open(&self) -> StateResult<Store> {
        match self {
            Self::Directory(directory) => Store::open(directory.path()).await,
            Self::Schema(url) => Store::connect(url).await,
        }
    }
}

pub(in crate::state) async fn store() -> (Home, Store) {
    let home = Home::new().await;
    let store = home.open().await.unwrap();
    (home, store)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(in crate::state) fn booked(number: &str, identity: &str) -> Booked {
    Booked {
        kind: "invoice".to_owned(),
        identity: identity.to_owned(),
        number: number.to_owned(),
        customer: "c1".to_owned(),
        division: 7,
        account: Some(Uuid::from_u128(5)),
        entry_id: Uuid::from_u128(9),
        entry_number: 42,
        reporting: None,
        currency: "EUR".to_owned(),
        total: 12_100,
        payload_hash: "h".to_owned(),
        content: None,
        adopted: false,
        booked_at: at(100),
        voided_at: None,
        control: None,
    }
}

fn held(number: &str, reason: HoldReason, since: Timestamp) -> HeldDocument {
    HeldDocument {
        kind: "invoice".to_owned(),
        number: number.to_owned(),
        identity: format!("identity of {number}"),
        customer: Some("c1".to_owned()),
        currency: Some("EUR".to_owned()),
        total: Some(12_100),
        hold: Hold::new(reason, "message", "remedy"),
        since,
        document: Some("{}".to_owned()),
    }
}

pub(in crate::state) fn intent(identity: &str) -> Intent {
    Intent {
        kind: "invoice".to_owned(),
        identity: identity.to_owned(),
        number: "INV-1".to_owned(),
        division: 7,
        account: Some(Uuid::from_u128(5)),
        payload_hash: "h".to_owned(),
        content: "{}".to_owned(),
        created_at: at(50),
    }
}
