//! One real control plane for the whole test binary: etcd, kube-apiserver and kube-controller-manager, so that validation,
//! RBAC, garbage collection, CronJobs and Jobs are real. No pod runs in it.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use kube::Client;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::json;
use uuid::Uuid;

use super::certificates::{Certificates, signing_keys};
use super::wait::eventually;

/// What the folder `KUBEBUILDER_ASSETS` must have: `hack/control-plane.sh` prints one.
const PROGRAMS: [&str; 5] = ["etcd", "kube-apiserver", "kube-controller-manager", "kubectl", "helm"];
const SUPERVISOR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/supervise.sh");
/// How often a start is tried: another process may take a port between its choice and its use.
const STARTS: usize = 3;
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Every request that changes something, once, when it has been answered.
const AUDIT_POLICY: &str = "\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted, Panic]
rules:
  - level: None
    verbs: [get, list, watch]
  - level: Metadata
";

/// The running control plane. It ends with the process, however that ends.
pub struct ControlPlane {
    folder: PathBuf,
    programs: PathBuf,
    port: u16,
    certificates: Certificates,
    admin_token: String,
    /// Ends the programs when its standard input is closed: when this process ends, and not before.
    supervisor: Mutex<Child>,
}

/// The control plane of this process, started by whoever asks first.
pub fn control_plane() -> &'static ControlPlane {
    static PLANE: OnceLock<Result<ControlPlane, String>> = OnceLock::new();
    let started = PLANE.get_or_init(|| {
        // A runtime of its own: what a test's runtime has started ends with that test.
        let start = || tokio::runtime::Runtime::new().unwrap().block_on(ControlPlane::start());
        std::thread::spawn(start).join().map_err(|_| "the start of the control plane panicked".to_owned())?
    });
    started.as_ref().unwrap_or_else(|error| panic!("{error}"))
}

impl ControlPlane {
    async fn start() -> Result<Self, String> {
        let programs = programs()?;
        let mut last = String::new();
        for _ in 0..STARTS {
            let plane = Self::prepare(&programs);
            match plane.run().await {
                Ok(()) => return Ok(plane),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// The files that the programs read, and the supervisor.
    fn prepare(programs: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("koppel-cluster-").tempdir().unwrap().keep();
        fs::create_dir(folder.join("running")).unwrap();
        let (certificates, admin_token, manager_token) = (Certificates::generate(), token(), token());
        certificates.write(&folder);
        let (private, public) = signing_keys();
        fs::write(folder.join("accounts.key"), private).unwrap();
        fs::write(folder.join("accounts.pub"), public).unwrap();
        fs::write(folder.join("audit-policy.yaml"), AUDIT_POLICY).unwrap();
        let tokens = format!(
            "{admin_token},admin,admin,system:masters\n{manager_token},system:kube-controller-manager,kube-controller-manager\n"
        );
        fs::write(folder.join("tokens.csv"), tokens).unwrap();
        let plane = Self {
            supervisor: Mutex::new(supervise(&folder)),
            port: free_port(),
            programs: programs.to_owned(),
            certificates,
            admin_token,
            folder,
        };
        plane.kubeconfig("admin", &plane.admin_token, "default");
        plane.kubeconfig("controller-manager", &manager_token, "default");
        plane
    }

    async fn run(&self) -> Result<(), String> {
        let etcd = format!("http://127.0.0.1:{}", free_port());
        self.launch("etcd", &self.etcd_flags(&etcd));
        self.launch("kube-apiserver", &self.server_flags(&etcd));
        let admin = self.admin();
        let ready = || async {
            let request = axum::http::Request::get("/readyz").body(Vec::new()).unwrap();
            let answer = admin.request_text(request).await;
            if answer.is_ok_and(|answer| answer == "ok") {
                return Some(true);
            }
            (!self.is_running("etcd") || !self.is_running("kube-apiserver")).then_some(false)
        };
        if eventually(READY_WITHIN, ready).await != Some(true) {
            return Err(format!("the API server is not ready\n{}{}", self.log("etcd"), self.log("kube-apiserver")));
        }
        // The garbage collector looks for new kinds only twice a minute: these are there before it.
        self.install_definitions().await?;
        self.launch("kube-controller-manager", &self.manager_flags());
        Ok(())
    }

    fn etcd_flags(&self, client: &str) -> Vec<String> {
        let peer = format!("http://127.0.0.1:{}", free_port());
        vec![
            format!("--data-dir={}", self.path("etcd")),
            format!("--listen-client-urls={client}"),
            format!("--advertise-client-urls={client}"),
            format!("--listen-peer-urls={peer}"),
            format!("--initial-advertise-peer-urls={peer}"),
            format!("--initial-cluster=default={peer}"),
            "--unsafe-no-fsync".to_owned(),
            "--log-level=warn".to_owned(),
        ]
    }

    fn server_flags(&self, etcd: &str) -> Vec<String> {
        vec![
            format!("--etcd-servers={etcd}"),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={}", self.port),
            format!("--tls-cert-file={}", self.path("server.crt")),
            format!("--tls-private-key-file={}", self.path("server.key")),
            format!("--cert-dir={}", self.path("certificates")),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!("--service-account-key-file={}", self.path("accounts.pub")),
            format!("--service-account-signing-key-file={}", self.path("accounts.key")),
            "--authorization-mode=Node,RBAC".to_owned(),
            format!("--token-auth-file={}", self.path("tokens.csv")),
            "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
            format!("--audit-policy-file={}", self.path("audit-policy.yaml")),
            format!("--audit-log-path={}", self.audit_log().display()),
        ]
    }

    fn manager_flags(&self) -> Vec<String> {
        vec![
            format!("--kubeconfig={}", self.path("controller-manager.kubeconfig")),
            format!("--service-account-private-key-file={}", self.path("accounts.key")),
            format!("--root-ca-file={}", self.path("ca.crt")),
            "--use-service-account-credentials=true".to_owned(),
            "--leader-elect=false".to_owned(),
            // No pod has a node here, and this one lets such pods fail while tests keep them.
            "--controllers=*,-pod-garbage-collector-controller".to_owned(),
            // It would make the folder where the machine has none.
            format!("--flex-volume-plugin-dir={}", self.path("plugins")),
            // It need not be asked anything, so it takes no port.
            "--secure-port=0".to_owned(),
        ]
    }

    /// The three definitions, as a user installs them.
    async fn install_definitions(&self) -> Result<(), String> {
        let printed = Command::new(env!("CARGO_BIN_EXE_koppel")).arg("crd").output().unwrap();
        let definitions = String::from_utf8(printed.stdout).unwrap();
        let applied = self.kubectl_with(&["apply", "--server-side", "-f", "-"], &definitions);
        if applied.code != 0 {
            return Err(applied.stderr);
        }
        let established = self.kubectl(&["wait", "--for=condition=Established", "--timeout=30s", "crd", "--all"]);
        if established.code == 0 { Ok(()) } else { Err(established.stderr) }
    }

    /// Has the supervisor start a program, with its output in a log of its name.
    fn launch(&self, name: &str, flags: &[String]) {
        let mut command = format!("{name} {}", quoted(&self.programs.join(name).display().to_string()));
        for flag in flags {
            command.push(' ');
            command.push_str(&quoted(flag));
        }
        let log = quoted(&self.path(&format!("{name}.log")));
        let mut supervisor = self.supervisor.lock().unwrap();
        writeln!(supervisor.stdin.as_mut().unwrap(), "{command} >{log} 2>&1").unwrap();
    }

    /// Whether a program has not ended yet.
    fn is_running(&self, name: &str) -> bool {
        let pid = fs::read_to_string(self.folder.join(format!("{name}.pid"))).unwrap_or_default();
        // Nothing yet: the supervisor is about to start it.
        pid.is_empty() || Path::new("/proc").join(pid.trim()).exists()
    }

    /// The last lines that a program has said.
    pub fn log(&self, name: &str) -> String {
        let text = fs::read_to_string(self.folder.join(format!("{name}.log"))).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        format!("--- {name}\n{}\n", lines[lines.len().saturating_sub(20)..].join("\n"))
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// Where the server writes every request that changes something.
    pub fn audit_log(&self) -> PathBuf {
        self.folder.join("audit.log")
    }

    /// A file of this name for each process that a test has started and that must not outlive the tests.
    pub fn running(&self, pid: u32) -> PathBuf {
        self.folder.join("running").join(pid.to_string())
    }

    /// A file of this name in the folder that ends with the control plane.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// One of the programs, such as `helm`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// The address of the API server.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// The certificate that the API server's own is signed by.
    pub fn authority_pem(&self) -> &str {
        &self.certificates.authority_pem
    }

    /// Everything is allowed to it: to set up a test and to look at what became of it, never to act as Koppel.
    pub fn admin(&self) -> Client {
        self.client(&self.admin_token)
    }

    /// A client of whom the token belongs to, for the runtime that calls.
    pub fn client(&self, token: &str) -> Client {
        client(&self.kubeconfig_text(token, "default"))
    }

    /// Writes a kubeconfig for whom the token belongs to, and returns its path.
    pub fn kubeconfig(&self, name: &str, token: &str, namespace: &str) -> PathBuf {
        let path = self.folder.join(format!("{name}.kubeconfig"));
        fs::write(&path, self.kubeconfig_text(token, namespace)).unwrap();
        path
    }

    fn kubeconfig_text(&self, token: &str, namespace: &str) -> String {
        let authority = self.certificates.authority_base64();
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": self.url(), "certificate-authority-data": authority}}],
            "users": [{"name": "test", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": namespace}}],
        })
        .to_string()
    }
}

/// A client as a kubeconfig says, for the runtime that calls.
pub fn client(kubeconfig: &str) -> Client {
    let kubeconfig = Kubeconfig::from_yaml(kubeconfig).unwrap();
    let options = KubeConfigOptions::default();
    // Nothing in it needs a runtime: everything stands in the text.
    let config = futures::executor::block_on(kube::Config::from_custom_kubeconfig(kubeconfig, &options));
    Client::try_from(config.unwrap()).unwrap()
}

fn programs() -> Result<PathBuf, String> {
    let folder = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from).unwrap_or_default();
    match PROGRAMS.into_iter().find(|name| !folder.join(name).is_file()) {
        None => Ok(folder),
        Some(name) => Err(format!(
            "there is no {name} in KUBEBUILDER_ASSETS ({}): run make test-cluster, or set it to what hack/control-plane.sh prints",
            folder.display()
        )),
    }
}

fn supervise(folder: &Path) -> Child {
    Command::new("bash")
        .args([SUPERVISOR.as_ref(), folder.as_os_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C at the terminal is for the tests; the supervisor sees their end.
        .process_group(0)
        .spawn()
        .unwrap()
}

pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

fn token() -> String {
    Uuid::new_v4().simple().to_string()
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
