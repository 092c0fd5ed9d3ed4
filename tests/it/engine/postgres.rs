//! The same tests on PostgreSQL: with KOPPEL_TEST_POSTGRES_URL (hack/with-postgres.sh) each state directory stands for a
//! schema of that server. Without it there is only SQLite.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};

static MADE: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Whether the tests run on PostgreSQL.
pub fn is_used() -> bool {
    server().is_some()
}

/// The URL of the store that stands for `directory`; none where the tests run on SQLite.
pub fn url(directory: &Path) -> Option<String> {
    let server = server()?;
    let schema = schema(directory);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if made.insert(schema.clone()) {
        execute(&server, format!("CREATE SCHEMA {schema}"));
    }
    let mark = if server.contains('?') { '&' } else { '?' };
    Some(format!("{server}{mark}options=-csearch_path%3D{schema}"))
}

/// Loses everything that is kept for `directory`.
pub fn lose(directory: &Path) {
    let Some(server) = server() else { return };
    let schema = schema(directory);
    execute(&server, format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}"));
}

/// As much time passes as a lock outlives its holder.
pub fn time_passes(directory: &Path) {
    let Some(server) = server() else { return };
    let schema = schema(directory);
    // The process may have ended before it had made its tables.
    execute(
        &server,
        format!(
            "DO $$ BEGIN UPDATE {schema}.locks SET expires_at = clock_timestamp(); EXCEPTION WHEN undefined_table THEN \
             END $$"
        ),
    );
}

fn server() -> Option<String> {
    std::env::var("KOPPEL_TEST_POSTGRES_URL").ok()
}

fn schema(directory: &Path) -> String {
    let digest = Sha256::digest(directory.to_string_lossy().as_bytes());
    digest.iter().take(8).fold("w".to_owned(), |name, byte| format!("{name}{byte:02x}"))
}

/// On a thread and runtime of its own: whoever calls this may stand in another one.
fn execute(server: &str, statement: String) {
    let server = server.to_owned();
    let done = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut connection = PgConnection::connect(&server).await.unwrap();
            connection.execute(AssertSqlSafe(statement)).await.unwrap();
            connection.close().await.unwrap();
        });
    });
    done.join().unwrap();
}
