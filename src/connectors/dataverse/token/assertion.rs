//! A certificate and the short-lived statement signed with its key (dynamics365.md §1.1).

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use ring::rand::SystemRandom;
use ring::signature::{KeyPair, RSA_PSS_SHA256, RsaKeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest, Sha256};
use thiserror::Error;
use url::Url;
use uuid::Uuid;

/// Within the five to ten minutes that Entra ID wants; each statement is used at once.
const LIFETIME: SignedDuration = SignedDuration::from_mins(8);
/// How far Entra ID's clock may be behind ours.
const SKEW: SignedDuration = SignedDuration::from_mins(1);

/// A certificate that is registered with an app, and its private key. Cheap to clone; tells nothing of the key.
#[derive(Clone)]
pub struct AppCertificate {
    key: Arc<RsaKeyPair>,
    thumbprint: String,
}

/// Why a key and a certificate cannot be used. Repeats nothing of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CertificateError {
    #[error("tls.crt holds no certificate in PEM; put the one that is registered with the app into the Secret")]
    NoCertificate,
    #[error("tls.key holds no private key in PEM; put the certificate's key into the Secret, without a passphrase")]
    NoKey,
    #[error("tls.key is no RSA key of 2048 to 4096 bits, which is what Entra ID takes; make a certificate with one")]
    UnusableKey,
    #[error("tls.key does not belong to tls.crt; put both of one pair into the Secret")]
    Mismatch,
}

impl AppCertificate {
    /// The pair of a private key (PKCS#8 or PKCS#1) and its certificate, each in PEM; of a chain, the first one.
    ///
    /// # Errors
    /// [`CertificateError`], which names the field and the remedy.
    pub fn from_pem(private_key: &SecretString, certificate: &str) -> Result<Self, CertificateError> {
        let certificates = CertificateDer::pem_slice_iter(certificate.as_bytes()).next();
        let certificate = certificates.and_then(Result::ok).ok_or(CertificateError::NoCertificate)?;
        let key = PrivateKeyDer::from_pem_slice(private_key.expose_secret().as_bytes());
        let key = match key.map_err(|_| CertificateError::NoKey)? {
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err(CertificateError::UnusableKey),
        };
        let key = key.map_err(|_| CertificateError::UnusableKey)?;
        // A certificate holds its public key as this very sequence of bytes.
        let public: &[u8] = key.public_key().as_ref();
        if !certificate.windows(public.len()).any(|part| part == public) {
            return Err(CertificateError::Mismatch);
        }
        let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate));
        Ok(Self { key: Arc::new(key), thumbprint })
    }

    /// A statement that the bearer is `client_id`, good for `audience` from `now` on.
    pub(super) fn assertion(&self, client_id: &str, audience: &Url, now: Timestamp) -> Result<SecretString, String> {
        let seconds = |moment: Result<Timestamp, _>| moment.unwrap_or(now).as_second();
        let header = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint});
        let claims = json!({
            "aud": audience.as_str(), "iss": client_id, "sub": client_id, "jti": Uuid::new_v4(),
            "iat": now.as_second(), "nbf": seconds(now.saturating_sub(SKEW)), "exp": seconds(now.saturating_add(LIFETIME)),
        });
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| "unable to sign with the certificate's key; check tls.key".to_owned())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)).into())
    }
}

impl fmt::Debug for AppCertificate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AppCertificate").field("thumbprint", &self.thumbprint).finish_non_exhaustive()
    }
}
