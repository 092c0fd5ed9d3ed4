//! What every command that works on a folder of manifests needs: the connections in it, its state, its tokens.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use crate::api::manifest;
use crate::api::validate::{Outcome, Secrets, ValidatedConnection, validate};
use crate::connectors::exact::FileTokenStore;
use crate::connectors::http::SystemClock;
use crate::state::{StateResult, Store};
use crate::sync::progress::Silent;
use crate::sync::{Environment, StopSignal};

/// Where the manifests and the state are.
#[derive(Args, Clone, Debug)]
pub struct FolderArgs {
    /// Folder (or file) with the manifests and Secrets, as for kubectl apply
    #[arg(short = 'f', long = "filename", value_name = "DIR")]
    pub folder: PathBuf,
    #[command(flatten)]
    pub state: StateArgs,
    /// Only this connection: NAME or NAMESPACE/NAME
    #[arg(long, value_name = "NAME")]
    pub connection: Option<String>,
}

/// Where the state and the tokens are.
#[derive(Args, Clone, Debug)]
pub struct StateArgs {
    /// Directory of the state and the tokens; made when it is not there
    #[arg(long, value_name = "DIR", default_value = ".koppel", env = "KOPPEL_STATE")]
    pub state: PathBuf,
    /// PostgreSQL database for the state, postgresql://USER:PASSWORD@HOST/DATABASE; --state then holds the tokens alone.
    /// Better given by the environment: other users of the machine can see the arguments of a command
    #[arg(long, value_name = "URL", env = "KOPPEL_STATE_URL", hide_env_values = true)]
    pub state_url: Option<SecretString>,
}

impl StateArgs {
    /// Opens the store.
    ///
    /// # Errors
    /// When it cannot be used, or a newer version of Koppel wrote to it.
    pub async fn store(&self) -> StateResult<Store> {
        match self.state_url.as_ref().filter(|url| !url.expose_secret().is_empty()) {
            Some(url) => Store::connect(url).await,
            None => Store::open(&self.state).await,
        }
    }
}

impl FolderArgs {
    /// The connections of the folder; `None` where something is wrong with it, which was printed.
    ///
    /// # Errors
    /// None so far: a folder that cannot be read at all is a wrong command line, which was printed too.
    pub fn connections(&self) -> anyhow::Result<Option<Vec<ValidatedConnection>>> {
        let (manifests, loaded) = match manifest::load(&self.folder) {
            Ok(loaded) => loaded,
            Err(error) => {
                eprintln!("error: {error}");
                return Ok(None);
            }
        };
        let Outcome { connections, mut findings, .. } = validate(&manifests, Secrets::Here);
        findings.extend(loaded.sorted());
        findings.iter().for_each(|finding| eprintln!("{finding}"));
        let wanted: Vec<_> = connections.into_iter().filter(|connection| self.wants(connection)).collect();
        let wrong = findings.iter().any(|finding| finding.severity == crate::api::finding::Severity::Error);
        if wrong {
            return Ok(None);
        }
        if wanted.is_empty() {
            let name = self
                .connection
                .as_deref()
                .map_or_else(|| "SyncConnection".to_owned(), |name| format!("SyncConnection {name}"));
            eprintln!("error: {}: there is no {name} in it", self.folder.display());
            return Ok(None);
        }
        Ok(Some(wanted))
    }

    fn wants(&self, connection: &ValidatedConnection) -> bool {
        self.connection.as_deref().is_none_or(|name| name == connection.name || name == connection.key())
    }

    /// Opens the state and the tokens.
    ///
    /// # Errors
    /// When a directory cannot be used, or a newer version of Koppel wrote the state.
    pub async fn environment(&self) -> anyhow::Result<Environment> {
        with_store(self.state.store().await?, &self.state.state)
    }
}

/// Opens the state and the tokens in `directory`.
///
/// # Errors
/// When it cannot be used, or a newer version of Koppel wrote the state.
pub async fn environment(directory: &Path) -> anyhow::Result<Environment> {
    with_store(Store::open(directory).await?, directory)
}

fn with_store(store: Store, directory: &Path) -> anyhow::Result<Environment> {
    Ok(Environment {
        store,
        tokens: Arc::new(FileTokenStore::open(directory.join("tokens"))?),
        clock: Arc::new(SystemClock),
        stop: StopSignal::default(),
        progress: Arc::new(Silent),
    })
}
