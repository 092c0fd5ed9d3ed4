//! Trouble with the state directory: the message names the path, nothing is called before it can be remembered (I1), and
//! what was done before a disk filled up is neither lost nor done twice.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use sqlx::{ConnectOptions, Connection};

use super::rig::Rig;

fn run_with_state(rig: &Rig, state: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_koppel"));
    command.args(["run", "-o", "json", "-f"]).arg(rig.folder()).arg("--state").arg(state);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_directory_that_cannot_be_written_is_named_before_any_call() {
    let rig = Rig::clean().await;
    let file = rig.path("a-file");
    std::fs::write(&file, "not a directory").unwrap();
    // The second one not even root may write.
    for state in [file.join("state"), Path::new("/proc/koppel-state").to_owned()] {
        let ran = rig.start(run_with_state(&rig, &state)).await;
        assert_eq!(ran.code, 1, "{ran:?}");
        ran.complains(&["error: ", "state", &state.display().to_string()]);
        assert!(rig.sandbox.chargebee.calls().is_empty() && rig.sandbox.exact.calls().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_a_newer_version_is_refused_and_left_alone() {
    let rig = Rig::clean().await;
    assert_eq!(rig.run().await.code, 0);
    let path = rig.state().join("koppel.db");
    let mut database = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (99990101000000, 'from the future', 1, x'00', 0)",
    )
    .execute(&mut database)
    .await
    .unwrap();
    database.close().await.unwrap();
    let before = std::fs::read(&path).unwrap();
    rig.sandbox.exact.reset_calls();
    for command in ["run", "status", "held"] {
        let ran = rig.koppel(&[command]).await;
        assert_eq!(ran.code, 1, "{ran:?}");
        ran.complains(&["koppel.db", "written by a newer koppel", "99990101000000", "use that version"]);
    }
    assert!(rig.sandbox.exact.calls().is_empty());
    assert_eq!(std::fs::read(&path).unwrap(), before, "the state is left as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_reached_is_named_without_user_and_password_i9() {
    let rig = Rig::clean().await;
    for (url, says) in [
        (
            "postgresql://hunter1:hunter2@127.0.0.1:1/state?sslmode=disable&password=hunter3",
            "postgresql://127.0.0.1:1/state: ",
        ),
        ("postgresql://hunter1:hunter/2@127.0.0.1/state", "percent-encoded"),
        ("mysql://hunter1:hunter2@127.0.0.1/state", "does not begin with postgresql://"),
    ] {
        for command in ["run", "status", "held"] {
            let mut start = Command::new(env!("CARGO_BIN_EXE_koppel"));
            start.args([command, "-f"]).arg(rig.folder()).arg("--state").arg(rig.state());
            start.env("KOPPEL_STATE_URL", url).env("KOPPEL_LOG", "trace");
            let ran = rig.start(start).await;
            assert_eq!(ran.code, 1, "{ran:?}");
            ran.complains(&["error: ", "state store", says]);
            assert!(!ran.stderr.contains("hunter"), "{ran:?}");
        }
    }
    assert!(rig.sandbox.exact.calls().is_empty() && rig.sandbox.chargebee.calls().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_store_that_is_no_database_is_named() {
    let rig = Rig::clean().await;
    std::fs::create_dir(rig.state()).unwrap();
    std::fs::write(rig.state().join("koppel.db"), "these are not the bytes of a database, and there are many of them")
        .unwrap();
    let ran = rig.run().await;
    assert_eq!(ran.code, 1, "{ran:?}");
    ran.complains(&["error: ", "koppel.db"]);
    assert!(rig.sandbox.exact.calls().is_empty());
}

/// Files cannot grow beyond a limit, as on a full disk: the run ends with a message, and with room again everything is
/// booked once.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_up_in_a_run_loses_nothing_and_doubles_nothing() {
    let rig = Rig::of(koppel::sandbox::generator::Size { customers: 12, invoices: 60 }, false).await;
    let mut failed = 0;
    // In blocks of 512 or 1,024 bytes, as the shell has it: from no room for the schema to room for half the run.
    for blocks in [64, 256, 400, 600] {
        let mut limited = Command::new("sh");
        limited.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""));
        limited.arg(env!("CARGO_BIN_EXE_koppel")).args(["run", "-o", "json", "-f"]).arg(rig.folder());
        limited.arg("--state").arg(rig.state());
        let ran = rig.start(limited).await;
        assert!(!ran.stderr.contains("panicked"), "{ran:?}");
        if ran.code != 0 {
            failed += 1;
            assert_eq!(ran.code, 1, "{ran:?}");
            ran.complains(&["error: ", "state"]);
        }
        rig.nothing_twice();
    }
    assert!(failed > 0, "the limit was never met");
    let ran = rig.run().await;
    assert_eq!((ran.code, ran.held_count()), (0, 0), "{ran:?}");
    rig.nothing_twice();
    assert_eq!(rig.run().await.connection()["booked"], 0, "all was booked");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_kept_where_only_their_owner_reads_them_i9() {
    let rig = Rig::clean().await;
    assert_eq!(rig.run().await.code, 0);
    let mut files = 0;
    for entry in std::fs::read_dir(rig.state().join("tokens")).unwrap() {
        let path = entry.unwrap().path();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        let holds_a_token = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).contains("stampNL001.");
        files += usize::from(holds_a_token);
        assert!(!holds_a_token || mode == 0o600, "{} has mode {mode:o}", path.display());
    }
    assert_eq!(files, 1, "one file holds the pair");
}
