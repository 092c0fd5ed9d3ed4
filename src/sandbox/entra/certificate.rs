//! Certificates of app registrations: their thumbprints and the key that checks what the app signed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use x509_parser::pem::parse_x509_pem;

/// A certificate as Entra keeps it.
#[derive(Debug)]
pub struct Certificate {
    /// As in `x5t#S256`.
    pub sha256: String,
    /// As in `x5t`.
    pub sha1: String,
    /// The public key by PKCS#1.
    pub rsa_key: Vec<u8>,
}

/// Reads a PEM certificate.
///
/// # Errors
/// When it is none, or its key is not RSA, in words.
pub fn parse(pem: &str) -> Result<Certificate, String> {
    let (_, pem) = parse_x509_pem(pem.as_bytes()).map_err(|error| format!("no PEM certificate: {error}"))?;
    let parsed = pem.parse_x509().map_err(|error| format!("no X.509 certificate: {error}"))?;
    let key = parsed.public_key();
    if !matches!(key.parsed(), Ok(x509_parser::public_key::PublicKey::RSA(_))) {
        return Err("the certificate's key is not RSA".to_owned());
    }
    let der = &pem.contents;
    Ok(Certificate {
        sha256: URL_SAFE_NO_PAD.encode(digest(&SHA256, der)),
        sha1: URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, der)),
        rsa_key: key.subject_public_key.data.to_vec(),
    })
}
