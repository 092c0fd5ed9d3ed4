//! `koppel authorize`: the consent of an Exact Online user, by a browser and the address that it ends at.

use std::fs::OpenOptions;
use std::io::{BufRead, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::Url;
use uuid::Uuid;

use super::output::{EXIT_CODES, Exit, Output, print_json};
use crate::connectors::exact::{App, FileTokenStore, authorize_url, exchange_code, site_of};
use crate::connectors::http::SystemClock;

/// Asks an Exact Online user for consent and writes the Secret that a SyncConnection needs.
///
/// Prints (and opens) the address of Exact Online's consent page. After the consent the browser goes to the app's redirect
/// address, which need not answer: paste that whole address here, within three minutes. The first refresh token goes into a
/// Secret manifest that only you can read, and never onto the terminal. Use the same --state as koppel run: the token that
/// came with the consent is kept there, so that the first run need not wait for it.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXIT_CODES)]
pub struct AuthorizeArgs {
    /// Country of the Exact Online site: NL, BE, DE, GB, FR, ES or US
    #[arg(long, required_unless_present = "url")]
    country: Option<String>,
    /// Root of the site, instead of --country: a private endpoint or a sandbox
    #[arg(long, conflicts_with = "country")]
    url: Option<Url>,
    /// Client id of the app as registered at Exact Online
    #[arg(long)]
    client_id: String,
    /// Client secret of the app
    #[arg(long, env = "KOPPEL_EXACT_CLIENT_SECRET", hide_env_values = true)]
    client_secret: SecretString,
    /// Redirect address, exactly as registered with the app
    #[arg(long)]
    redirect_uri: String,
    /// Name of the Secret to write
    #[arg(long, value_name = "NAME", default_value = "exact-online")]
    secret: String,
    /// File for the Secret manifest; must not exist yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Directory of the state and the tokens; the same as for koppel run
    #[arg(long, value_name = "DIR", default_value = ".koppel", env = "KOPPEL_STATE")]
    state: PathBuf,
    /// Do not open a browser
    #[arg(long)]
    no_browser: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Runs the command.
///
/// # Errors
/// Where the site is unknown, the code is refused, or the Secret cannot be written.
pub async fn run(args: AuthorizeArgs) -> anyhow::Result<ExitCode> {
    let Some(base_url) = args.url.clone().or_else(|| site_of(args.country.as_deref().unwrap_or_default())) else {
        let country = args.country.unwrap_or_default();
        eprintln!(
            "error: Exact Online has no site for country {country:?}; give NL, BE, DE, GB, FR, ES or US, or --url"
        );
        return Ok(Exit::Usage.into());
    };
    // Made before the consent: a code that cannot be kept is a consent in vain.
    let file = create(&args.out)?;
    let app = App {
        base_url,
        client_id: args.client_id.clone(),
        client_secret: args.client_secret.clone(),
        redirect_uri: args.redirect_uri.clone(),
    };
    let consent = consent(&args, &app).await;
    match consent.and_then(|token| write_secret(file, &args, &token)) {
        Ok(()) => {}
        Err(error) => {
            std::fs::remove_file(&args.out).ok();
            return Err(error);
        }
    }
    tell(&args)
}

async fn consent(args: &AuthorizeArgs, app: &App) -> anyhow::Result<SecretString> {
    let state = Uuid::new_v4().simple().to_string();
    let page = authorize_url(app, &state);
    eprintln!("Open this address, log in, and give consent:\n\n  {page}\n");
    if !args.no_browser {
        open_browser(page.as_str());
    }
    eprintln!("Then paste the whole address that the browser ended at (it begins with {}):", app.redirect_uri);
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).context("unable to read the address")?;
    let tokens = Arc::new(FileTokenStore::open(args.state.join("tokens"))?);
    Ok(exchange_code(app, &answer, Some(&state), tokens, Arc::new(SystemClock)).await?)
}

fn create(path: &Path) -> anyhow::Result<std::fs::File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options
        .open(path)
        .with_context(|| format!("unable to make {}: give a file that does not exist yet", path.display()))
}

fn write_secret(mut file: std::fs::File, args: &AuthorizeArgs, token: &SecretString) -> anyhow::Result<()> {
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": args.secret},
        "stringData": {
            "clientId": args.client_id,
            "clientSecret": args.client_secret.expose_secret(),
            "refreshToken": token.expose_secret(),
        },
    });
    let text = serde_saphyr::to_string(&secret)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).context("unable to write the Secret")
}

fn tell(args: &AuthorizeArgs) -> anyhow::Result<ExitCode> {
    let path = args.out.display().to_string();
    if args.output.is_json() {
        print_json(&json!({"secret": args.secret, "file": path}))?;
    } else {
        println!(
            "consent given: {path} holds the Secret {name}; name it in exactOnline.credentialsSecretRef and keep it out of \
             Git; another connection needs an app of its own, for a second consent to this one ends the first",
            name = args.secret
        );
    }
    Ok(Exit::Done.into())
}

/// A browser is a convenience: where none opens, the address is on the terminal.
fn open_browser(address: &str) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let started =
        Command::new(opener).arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    if let Err(error) = started {
        tracing::debug!(%error, "no browser could be opened");
    }
}
