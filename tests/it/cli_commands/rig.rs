//! The real binary against both sandboxes in this process, with the quickstart's manifests in a folder of their own.
//! Every start of the binary ends in a search for secrets: in what it printed and in all that it left behind (I9).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use koppel::sandbox::chargebee::Limits;
use koppel::sandbox::dynamics::{CLIENT_ID, CLIENT_SECRET as APP_SECRET, DynamicsOptions, ORGANIZATION, TENANT};
use koppel::sandbox::exact::seed::{CLIENT_SECRET, FIRST_REFRESH_TOKEN};
use koppel::sandbox::exact::{BookedEntry, Quotas};
use koppel::sandbox::generator::Size;
use koppel::sandbox::server::{API_KEY, Sandbox, SandboxOptions};
use serde_json::Value;
use tempfile::TempDir;

pub const DIVISION: i32 = 100_001;
/// How every token of the sandbox begins.
const TOKENS: &str = "stampNL001.";
/// A start that takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Rig {
    pub sandbox: Sandbox,
    directory: TempDir,
}

/// What a start of the binary came to.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    /// `VmHWM` of the process, in kB.
    pub resident_kb: u64,
}

impl Ran {
    /// The document on standard output.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The one connection of the report.
    #[track_caller]
    pub fn connection(&self) -> Value {
        self.json()["connections"][0].clone()
    }

    /// A condition of the one connection: status, reason, message.
    #[track_caller]
    pub fn condition(&self, type_: &str) -> (String, String, String) {
        let connection = self.connection();
        let all = connection["conditions"].as_array().unwrap_or_else(|| panic!("no conditions: {self:?}"));
        let one = all.iter().find(|one| one["type"] == type_).unwrap_or_else(|| panic!("no {type_}: {all:?}"));
        (text(&one["status"]), text(&one["reason"]), text(&one["message"]))
    }

    /// The held document of this number: reason, message, remedy.
    #[track_caller]
    pub fn held(&self, number: &str) -> (String, String, String) {
        let connection = self.connection();
        let all = connection["held"].as_array().unwrap_or_else(|| panic!("nothing held: {self:?}"));
        let name = format!("invoice {number}");
        let one =
            all.iter().find(|one| one["document"] == *name).unwrap_or_else(|| panic!("{name} is not held: {all:?}"));
        (text(&one["reason"]), text(&one["message"]), text(&one["remedy"]))
    }

    /// How many documents are held.
    #[track_caller]
    pub fn held_count(&self) -> usize {
        self.connection()["held"].as_array().map_or(0, Vec::len)
    }

    /// Asserts that standard error holds each of these.
    #[track_caller]
    pub fn complains(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.stderr.contains(part), "{part:?} is not in {}", self.stderr);
        }
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Asserts that a text holds each of these.
#[track_caller]
pub fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

impl Rig {
    /// A small world in which everything can be booked.
    pub async fn clean() -> Self {
        Self::of(Size { customers: 12, invoices: 40 }, false).await
    }

    /// The demo's world, with documents that must be held.
    pub async fn demo() -> Self {
        Self::of(Size { customers: 24, invoices: 72 }, true).await
    }

    pub async fn of(size: Size, failures: bool) -> Self {
        let rig = Self::empty(SandboxOptions { size, failures, ..SandboxOptions::default() }).await;
        rig.add_quickstart();
        rig
    }

    /// A small world with one connection, to an organization of Dynamics 365.
    pub async fn to_crm() -> Self {
        let size = Size { customers: 12, invoices: 40 };
        let dynamics = Some(DynamicsOptions::quick());
        let rig = Self::empty(SandboxOptions { size, dynamics, failures: false, ..SandboxOptions::default() }).await;
        rig.add_file("crm.yaml", &rig.crm());
        rig
    }

    async fn empty(options: SandboxOptions) -> Self {
        let sandbox = Sandbox::start(options).await.unwrap();
        sandbox.chargebee.set_limits(Limits::off());
        sandbox.exact.set_quotas(Quotas::off());
        let rig = Self { sandbox, directory: tempfile::tempdir().unwrap() };
        fs::create_dir(rig.folder()).unwrap();
        rig
    }

    /// The connection `crm` with its mapping and its Secrets; the site's other entities are left out.
    fn crm(&self) -> String {
        let cloud = self.sandbox.dynamics.as_ref().unwrap();
        let plain = |url: String| url.replace("https:", "http:");
        format!(
            "apiVersion: koppel.dev/v1alpha1
kind: SyncConnection
metadata: {{name: crm}}
spec:
  startDate: \"2020-01-01\"
  timeZone: Europe/Amsterdam
  chargebee: {{site: wolkwerk-test, url: {chargebee}, apiKeySecretRef: {{name: crm, key: apiKey}}}}
  policies: {{unmappedEntity: LeaveOut}}
  dynamics365:
    organizationUrl: {organization}
    authorityUrl: {entra}
    tenantId: {TENANT}
    credentialsSecretRef: {{name: crm}}
---
apiVersion: koppel.dev/v1alpha1
kind: EntityMapping
metadata: {{name: crm}}
spec: {{connectionRef: {{name: crm}}, dynamics365: {{}}}}
---
apiVersion: v1
kind: Secret
metadata: {{name: crm}}
stringData: {{apiKey: {API_KEY}, clientId: {CLIENT_ID}, clientSecret: {APP_SECRET}}}
",
            chargebee = self.sandbox.chargebee_url(),
            organization = plain(cloud.organization_url(ORGANIZATION).unwrap()),
            entra = plain(cloud.entra_url()),
        )
    }

    /// The quickstart's manifests, pointed at the sandboxes.
    pub fn add_quickstart(&self) {
        let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart");
        for entry in fs::read_dir(quickstart).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, self.folder().join(path.file_name().unwrap())).unwrap();
        }
        let chargebee = format!("site: wolkwerk-test\n    url: {}", self.sandbox.chargebee_url());
        self.edit("syncconnection.yaml", "site: wolkwerk-test", &chargebee);
        self.edit("syncconnection.yaml", "country: NL", &format!("url: {}", self.sandbox.exact_url()));
    }

    pub fn folder(&self) -> PathBuf {
        self.directory.path().join("manifests")
    }

    pub fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Replaces what stands once in a manifest.
    #[track_caller]
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.folder().join(file);
        let before = fs::read_to_string(&path).unwrap();
        assert_eq!(before.matches(from).count(), 1, "{from:?} in {file}");
        fs::write(path, before.replace(from, to)).unwrap();
    }

    /// Writes a further file into the folder.
    pub fn add_file(&self, file: &str, text: &str) {
        fs::write(self.folder().join(file), text).unwrap();
    }

    /// Runs a command on the folder and the state.
    pub async fn koppel(&self, args: &[&str]) -> Ran {
        self.start(self.command(args)).await
    }

    /// `koppel run -o json`.
    pub async fn run(&self) -> Ran {
        self.koppel(&["run", "-o", "json"]).await
    }

    /// The command with folder and state, not started yet.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_koppel"));
        command.args(args).arg("-f").arg(self.folder()).arg("--state").arg(self.state()).env_remove("KOPPEL_LOG");
        command
    }

    /// Starts a command, waits for its end, and searches for secrets.
    pub async fn start(&self, command: Command) -> Ran {
        let scratch = tempfile::tempdir_in(self.directory.path()).unwrap();
        let ran = tokio::task::spawn_blocking(move || to_the_end(command, scratch.path())).await.unwrap();
        self.search_for_secrets(&ran);
        ran
    }

    /// No secret is in the output, in the state store, or in any other file but those of the tokens.
    pub fn search_for_secrets(&self, ran: &Ran) {
        let basic = STANDARD.encode(format!("{API_KEY}:"));
        let secrets = [API_KEY, &basic, CLIENT_SECRET, FIRST_REFRESH_TOKEN, TOKENS, APP_SECRET];
        let mut places = vec![("standard output", ran.stdout.clone().into_bytes())];
        places.push(("standard error", ran.stderr.clone().into_bytes()));
        let files = files(&self.state());
        let names: Vec<_> = files.iter().map(|path| path.display().to_string()).collect();
        for (name, path) in names.iter().zip(&files).filter(|(name, _)| !name.contains("/tokens/")) {
            places.push((name, fs::read(path).unwrap_or_default()));
        }
        for (place, bytes) in places {
            for secret in secrets {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{secret:?} is in {place}");
            }
        }
    }

    /// Every entry of the books, by the invoice's number.
    pub fn entries(&self) -> Vec<BookedEntry> {
        let mut entries = self.sandbox.exact.entries(DIVISION);
        entries.sort_by(|a, b| a.your_ref.cmp(&b.your_ref));
        entries
    }

    /// No invoice is in the books twice (I1).
    #[track_caller]
    pub fn nothing_twice(&self) {
        let mut numbers: Vec<String> = self.entries().into_iter().map(|entry| entry.your_ref).collect();
        let all = numbers.len();
        numbers.dedup();
        assert_eq!(numbers.len(), all, "an invoice was booked twice");
    }

    pub fn is_booked(&self, number: &str) -> bool {
        self.entries().iter().any(|entry| entry.your_ref == number)
    }

    /// An invoice like those that are booked without question (one EUR line of a Dutch customer at 21 %), under another
    /// number and with lines of its own; `change` makes of it what the test is about.
    pub fn add_invoice(&self, number: &str, change: impl FnOnce(&mut Value)) {
        let plain =
            self.sandbox.chargebee.invoices().into_iter().find(is_plain).expect("a plain invoice in this world");
        let line = text(&plain["line_items"][0]["id"]);
        let copied = plain.to_string().replace(&line, &format!("li_{number}")).replace(&text(&plain["id"]), number);
        let mut row: Value = serde_json::from_str(&copied).unwrap();
        change(&mut row);
        self.sandbox.chargebee.add_invoices(vec![row]).unwrap();
    }
}

fn is_plain(row: &Value) -> bool {
    let one_line = row["line_items"].as_array().is_some_and(|lines| lines.len() == 1);
    let one_tax = row["line_item_taxes"].as_array().is_some_and(|taxes| taxes.len() == 1);
    let discounted = row["discounts"].as_array().is_some_and(|discounts| !discounts.is_empty());
    let rounded = row["round_off_amount"].as_i64().unwrap_or(0) != 0;
    matches!(row["status"].as_str(), Some("paid" | "payment_due" | "posted"))
        && row["currency_code"] == "EUR"
        && row["price_type"] == "tax_exclusive"
        && row["billing_address"]["country"] == "NL"
        && row["line_item_taxes"][0]["tax_rate"].as_f64() == Some(21.0)
        && row["date"].as_i64().is_some_and(|date| date > 1_789_000_000)
        && one_line
        && one_tax
        && !discounted
        && !rounded
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// Waits for the end of a command. Its output goes to files, so that no pipe fills up.
fn to_the_end(mut command: Command, scratch: &Path) -> Ran {
    let (out, err) = (scratch.join("out"), scratch.join("err"));
    command.stdin(Stdio::null()).stdout(fs::File::create(&out).unwrap()).stderr(fs::File::create(&err).unwrap());
    let mut process = command.spawn().unwrap();
    let status_file = format!("/proc/{}/status", process.id());
    let (started, mut resident_kb) = (Instant::now(), 0);
    let status = loop {
        resident_kb = resident_kb.max(high_water_mark(&status_file));
        if let Some(status) = process.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > PATIENCE {
            process.kill().unwrap();
            panic!("{command:?} hangs; it had said {:?}", fs::read_to_string(&err));
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let read = |path: &Path| String::from_utf8(fs::read(path).unwrap()).expect("output in UTF-8");
    Ran { code: status.code().unwrap_or(-1), stdout: read(&out), stderr: read(&err), resident_kb }
}

fn high_water_mark(status_file: &str) -> u64 {
    let text = fs::read_to_string(status_file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
