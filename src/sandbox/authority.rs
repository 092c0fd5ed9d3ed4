//! A certificate authority of the sandbox's own, made anew with each start: nothing of it outlives the process, so nobody
//! trusts it by accident.

use std::io;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{self, ServerConfig};

/// The authority's certificate and what servers under it need.
#[derive(Clone, Debug)]
pub struct Authority {
    certificate: String,
    config: Arc<ServerConfig>,
}

impl Authority {
    /// An authority with one server certificate for these host names and addresses.
    ///
    /// # Errors
    /// When a name is none, or keys cannot be made.
    pub fn new(hosts: Vec<String>) -> io::Result<Self> {
        make(hosts).map_err(io::Error::other)
    }

    /// The certificate that clients must trust, in PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// For servers under this authority.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

fn make(hosts: Vec<String>) -> Result<Authority, Box<dyn std::error::Error + Send + Sync>> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    params.distinguished_name.push(DnType::CommonName, "Koppel sandbox authority");
    let own = params.self_signed(&key)?;
    let issuer = Issuer::new(params, key);
    let server_key = KeyPair::generate()?;
    let mut server = CertificateParams::new(hosts)?;
    server.distinguished_name.push(DnType::CommonName, "Koppel sandbox");
    server.use_authority_key_identifier_extension = true;
    let chain = vec![server.signed_by(&server_key, &issuer)?.der().clone()];
    let private = PrivateKeyDer::try_from(server_key.serialize_der())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, private)?;
    Ok(Authority { certificate: own.pem(), config: Arc::new(config) })
}
