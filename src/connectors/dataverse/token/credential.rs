//! What an app proves itself with.

use std::path::PathBuf;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::assertion::AppCertificate;

/// A token of Kubernetes is some kilobytes; a larger file is another one.
const TOKEN_FILE_BYTES_MAX: u64 = 64 * 1024;
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How an app registration proves that it is itself.
#[derive(Clone, Debug)]
pub enum Credential {
    ClientSecret(SecretString),
    Certificate(AppCertificate),
    /// A token of the cluster that the registration trusts, in a file that Kubernetes keeps fresh.
    WorkloadIdentity {
        token_file: PathBuf,
    },
}

/// A field of the form that asks for a token.
pub(super) type Field = (&'static str, SecretString);

impl Credential {
    /// The fields that prove the app to the endpoint `audience` at `now`. A token file is read each time, for it changes.
    ///
    /// # Errors
    /// What is wrong with the credential, as a person must read it.
    pub(super) async fn fields(&self, client_id: &str, audience: &Url, now: Timestamp) -> Result<Vec<Field>, String> {
        let assertion = match self {
            Self::ClientSecret(secret) if secret.expose_secret().trim().is_empty() => {
                return Err("clientSecret is empty; fill the Secret that credentialsSecretRef names".to_owned());
            }
            Self::ClientSecret(secret) => return Ok(vec![("client_secret", secret.clone())]),
            Self::Certificate(certificate) => certificate.assertion(client_id, audience, now)?,
            Self::WorkloadIdentity { token_file } => read_token(token_file).await?,
        };
        Ok(vec![("client_assertion_type", ASSERTION_TYPE.into()), ("client_assertion", assertion)])
    }

    /// Whether asking once more can help where the proof was found to be out of time: it is made or read anew each time.
    pub(super) fn is_made_each_time(&self) -> bool {
        !matches!(self, Self::ClientSecret(_))
    }
}

/// The token in `file`, without the line end that some put behind it: inside an assertion it would spoil the signature.
async fn read_token(file: &PathBuf) -> Result<SecretString, String> {
    const REMEDY: &str = "label the pod azure.workload.identity/use: \"true\" or mount a service account token with the audience api://AzureADTokenExchange";
    let shown = file.display();
    let unreadable = |error: std::io::Error| format!("unable to read the federated token {shown}: {error}; {REMEDY}");
    let length = tokio::fs::metadata(file).await.map_err(unreadable)?.len();
    if length > TOKEN_FILE_BYTES_MAX {
        return Err(format!("the federated token {shown} is {length} bytes long, which no token is; {REMEDY}"));
    }
    let text = zeroize::Zeroizing::new(tokio::fs::read_to_string(file).await.map_err(unreadable)?);
    match text.trim() {
        "" => Err(format!("the federated token {shown} is empty; {REMEDY}")),
        token => Ok(token.into()),
    }
}
