//! kubectl and helm, as a person uses them.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::control_plane::ControlPlane;

/// What a command came to.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// What it printed, having succeeded.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.stdout
    }

    /// What it complained of, having failed.
    #[track_caller]
    pub fn refused(self) -> String {
        assert_ne!(self.code, 0, "{self:?}");
        self.stderr
    }
}

impl ControlPlane {
    /// kubectl as the admin.
    pub fn kubectl(&self, arguments: &[&str]) -> Ran {
        self.kubectl_with(arguments, "")
    }

    /// kubectl as the admin, with a text on standard input.
    pub fn kubectl_with(&self, arguments: &[&str], input: &str) -> Ran {
        self.kubectl_as(&self.file("admin.kubeconfig"), arguments, input)
    }

    /// kubectl as whom the kubeconfig belongs to.
    pub fn kubectl_as(&self, kubeconfig: &Path, arguments: &[&str], input: &str) -> Ran {
        let mut command = self.command("kubectl");
        command.arg("--kubeconfig").arg(kubeconfig).args(arguments);
        run(command, input)
    }

    /// helm as the admin.
    pub fn helm<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Ran {
        let mut command = self.command("helm");
        command.arg("--kubeconfig").arg(self.file("admin.kubeconfig")).args(arguments);
        run(command, "")
    }

    /// The objects that a chart renders with values given as `--set` takes them.
    pub fn rendered(&self, chart: &Path, release: &str, namespace: &str, set: &[String]) -> Vec<Value> {
        self.rendered_with(chart, release, namespace, None, set)
    }

    /// The same, with a file of values before them.
    pub fn rendered_with(
        &self,
        chart: &Path,
        release: &str,
        namespace: &str,
        values: Option<&Path>,
        set: &[String],
    ) -> Vec<Value> {
        let mut arguments: Vec<&OsStr> =
            vec!["template".as_ref(), release.as_ref(), chart.as_os_str(), "--namespace".as_ref(), namespace.as_ref()];
        if let Some(file) = values {
            arguments.extend([OsStr::new("--values"), file.as_os_str()]);
        }
        for value in set {
            arguments.extend([OsStr::new("--set"), value.as_ref()]);
        }
        objects(&self.helm(&arguments).ok())
    }

    /// A program with a home of its own: nobody's configuration and cache has a say in a test.
    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.program(name));
        command.env_remove("KUBECONFIG").env("HOME", self.file("home")).env("NO_PROXY", "127.0.0.1");
        command
    }
}

/// The documents of a YAML text.
pub fn objects(text: &str) -> Vec<Value> {
    let documents = serde_saphyr::from_multiple::<Value>(text).unwrap();
    documents.into_iter().filter(|document| !document.is_null()).collect()
}

/// Runs a command to its end.
pub fn run(mut command: Command, input: &str) -> Ran {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It may end without having read everything, which its exit code tells.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
