//! `koppel run --watch`: starts, runs by its interval, takes up changed manifests, and ends at SIGTERM between two calls.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::rig::Rig;

const PATIENCE: Duration = Duration::from_secs(60);

struct Watching {
    process: Child,
}

impl Watching {
    fn start(rig: &Rig, args: &[&str]) -> Self {
        let mut command = rig.command(args);
        command.stdin(Stdio::null()).stdout(File::create(rig.path("out")).unwrap());
        command.stderr(File::create(rig.path("err")).unwrap());
        Self { process: command.spawn().unwrap() }
    }

    /// Asks it to end as Kubernetes does, and gives the exit code and how long it took.
    async fn terminate(&mut self) -> (Option<i32>, Duration) {
        let asked = Instant::now();
        assert!(Command::new("kill").arg("-TERM").arg(self.process.id().to_string()).status().unwrap().success());
        let mut status = None;
        wait_until("the end", || {
            status = self.process.try_wait().unwrap();
            status.is_some()
        })
        .await;
        (status.and_then(|status| status.code()), asked.elapsed())
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // Ended already where the test went well.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_books_what_comes_and_ends_at_sigterm() {
    let rig = Rig::clean().await;
    rig.edit("syncconnection.yaml", "interval: 15m", "interval: 5m");
    let mut watching = Watching::start(&rig, &["run", "--watch"]);
    let out = rig.path("out");
    wait_until("the first run", || std::fs::read_to_string(&out).is_ok_and(|text| text.contains("FLOW"))).await;
    let booked = rig.entries().len();
    assert!(booked > 0 && watching.process.try_wait().unwrap().is_none(), "it goes on");
    let (code, took) = watching.terminate().await;
    assert_eq!(code, Some(0), "{:?}", std::fs::read_to_string(rig.path("err")));
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(std::fs::read_to_string(rig.path("err")).unwrap().contains("asked to stop"));
    let ran = rig.run().await;
    assert_eq!((ran.code, rig.entries().len()), (0, booked), "nothing is left and nothing comes twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_under_way_ends_between_two_calls_and_the_next_one_goes_on() {
    let rig = Rig::of(koppel::sandbox::generator::Size { customers: 20, invoices: 300 }, false).await;
    let mut watching = Watching::start(&rig, &["run", "-o", "json"]);
    wait_until("some entries", || rig.entries().len() > 5).await;
    let (code, _) = watching.terminate().await;
    assert_eq!(code, Some(0), "an interrupted run is no failure: {:?}", std::fs::read_to_string(rig.path("err")));
    let some = rig.entries().len();
    let report: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(rig.path("out")).unwrap()).unwrap();
    assert_eq!(report["connections"][0]["status"]["lastRun"]["outcome"], "Interrupted", "{report}");
    let ran = rig.run().await;
    assert_eq!((ran.code, ran.held_count()), (0, 0), "{ran:?}");
    assert!(rig.entries().len() > some, "the rest was booked");
    rig.nothing_twice();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_a_watched_folder_is_told_and_does_not_end_the_watch() {
    let rig = Rig::clean().await;
    rig.edit("syncconnection.yaml", "timeZone: Europe/Amsterdam", "timeZone: Europe/Nowhere");
    let mut watching = Watching::start(&rig, &["run", "--watch"]);
    let err = rig.path("err");
    wait_until("the finding", || std::fs::read_to_string(&err).is_ok_and(|text| text.contains("Europe/Nowhere"))).await;
    assert!(watching.process.try_wait().unwrap().is_none(), "it goes on");
    rig.edit("syncconnection.yaml", "timeZone: Europe/Nowhere", "timeZone: Europe/Amsterdam");
    wait_until("the mended folder to be run", || !rig.entries().is_empty()).await;
    let (code, _) = watching.terminate().await;
    assert_eq!(code, Some(0));
}
