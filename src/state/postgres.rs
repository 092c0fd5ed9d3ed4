//! The store on a server: PostgreSQL, for more than one node.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::Migrator;
use sqlx::{AnyConnection, AnyPool, Connection, Executor};
use url::Url;

use super::error::{StateError, StateResult};
use super::store::migrate;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// Connections of one process: a run needs one and its lock another; an operator has several runs under way.
const CONNECTIONS_MAX: u32 = 8;
/// How long a connection is waited for, made anew or free again.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long an idle connection is kept: a server has few to give.
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);
/// How long one statement may take, and how long it may wait for another transaction.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(60);
const ROW_TIMEOUT: Duration = Duration::from_secs(25);

/// Parameters that the driver knows. Others are refused: it would log them, and a password that was not percent-encoded can
/// look like one.
const PARAMETERS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
    "statement-cache-capacity",
];

/// Connects and brings the tables up to date. Processes that start at once wait for each other: the migrator holds a lock of
/// the server's.
pub(super) async fn connect(url: &SecretString, lock_lifetime: Duration) -> StateResult<AnyPool> {
    sqlx::any::install_default_drivers();
    let url = checked(url)?;
    let (options, store) = (options(&url)?, name_of(&url));
    let settings = settings(lock_lifetime);
    // By itself, for a pool does not tell why it got no connection.
    let mut first = first_connection(&options, settings.clone())
        .await
        .map_err(|source| StateError::Open { store: store.clone(), source })?;
    migrate(&mut first, &MIGRATIONS, &store).await?;
    first.close().await?;
    Ok(AnyPoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .acquire_timeout(CONNECT_TIMEOUT)
        .idle_timeout(IDLE_TIMEOUT)
        .after_connect(move |connection, _| {
            let settings = sqlx::AssertSqlSafe(settings.clone());
            Box::pin(async move { connection.execute(settings).await.map(|_| ()) })
        })
        .connect_lazy_with(options))
}

async fn first_connection(options: &AnyConnectOptions, settings: String) -> Result<AnyConnection, sqlx::Error> {
    let connecting = async {
        let mut connection = AnyConnection::connect_with(options).await?;
        connection.execute(sqlx::AssertSqlSafe(settings)).await?;
        Ok(connection)
    };
    let late = || sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer in time"));
    tokio::time::timeout(CONNECT_TIMEOUT, connecting).await.unwrap_or_else(|_| Err(late()))
}

/// The limits of every session. One that stands still in mid-transaction is ended before its lock is, lest a paused process
/// keep the row of its lock from whoever takes over.
fn settings(lock_lifetime: Duration) -> String {
    let idle = (lock_lifetime / 2).min(ROW_TIMEOUT / 2);
    format!(
        "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}",
        STATEMENT_TIMEOUT.as_millis(),
        ROW_TIMEOUT.as_millis(),
        idle.as_millis().max(1)
    )
}

fn options(url: &Url) -> StateResult<AnyConnectOptions> {
    url.as_str().parse().map_err(|_| StateError::Url { problem: "cannot be read" })
}

/// The URL, where nothing in it can be a password in the wrong place.
fn checked(url: &SecretString) -> StateResult<Url> {
    let wrong = |problem| Err(StateError::Url { problem });
    let Ok(url) = Url::parse(url.expose_secret().trim()) else {
        return wrong("cannot be read (are special characters of the password percent-encoded?)");
    };
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return wrong("does not begin with postgresql://");
    }
    let stray =
        url.path().contains('@') || url.path().trim_start_matches('/').contains('/') || url.fragment().is_some();
    if stray || url.query_pairs().any(|(key, _)| key.contains('@')) {
        return wrong("has special characters in the password; write them percent-encoded");
    }
    if url.query_pairs().any(|(key, _)| !is_known(&key)) {
        return wrong("has a parameter that is not known");
    }
    Ok(url)
}

fn is_known(parameter: &str) -> bool {
    PARAMETERS.contains(&parameter) || (parameter.starts_with("options[") && parameter.ends_with(']'))
}

/// How messages call the store: without user, password and parameters (I9).
fn name_of(url: &Url) -> String {
    let mut name = url.clone();
    name.set_query(None);
    // Only a URL without a host has no user to take away.
    let _ = (name.set_username(""), name.set_password(None));
    name.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_named_without_user_password_and_parameters_i9() {
        let url = "postgresql://koppel:hunter2@db.example:5433/state?sslmode=require&password=hunter3";
        let url = checked(&url.into()).unwrap();
        assert_eq!(name_of(&url), "postgresql://db.example:5433/state");
    }

    #[test]
    fn a_url_that_is_wrong_is_refused_without_repeating_any_of_it_i9() {
        for wrong in [
            "mysql://koppel:hunter2@db/state",
            "postgres://koppel:hunter2/x@db/state",
            "postgres://koppel:12/hunter2@db/state",
            "postgres://koppel:12?hunter2@db/state",
            "postgres://koppel:12?hunter2&x@db/state",
            "postgres://koppel:12#hunter2@db/state",
            "postgres://db/state?pass=hunter2",
            "koppel:hunter2@db",
            "hunter2",
        ] {
            let error = checked(&wrong.into()).unwrap_err();
            let told = format!("{error} {error:?}");
            assert!(told.contains("postgresql://USER:PASSWORD@") || told.contains("Url"), "{told}");
            assert!(!told.contains("hunter2"), "{wrong}: {told}");
        }
    }
}
