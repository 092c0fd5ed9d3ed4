//! An authority for the API server's certificate, and the key that signs the tokens of ServiceAccounts.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

/// PEM texts.
pub struct Certificates {
    pub authority_pem: String,
    server_pem: String,
    server_key_pem: String,
}

impl Certificates {
    /// New ones, good for `127.0.0.1` and the names that pods use.
    pub fn generate() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "koppel-tests");
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let authority_key = KeyPair::generate().unwrap();
        let authority = params.self_signed(&authority_key).unwrap();
        let issuer = Issuer::new(params, authority_key);
        let names = ["127.0.0.1", "localhost", "kubernetes.default.svc"].map(str::to_owned).to_vec();
        let server_key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(names).unwrap().signed_by(&server_key, &issuer).unwrap();
        Self { authority_pem: authority.pem(), server_pem: server.pem(), server_key_pem: server_key.serialize_pem() }
    }

    /// As the flags of the server name them.
    pub fn write(&self, folder: &Path) {
        fs::write(folder.join("ca.crt"), &self.authority_pem).unwrap();
        fs::write(folder.join("server.crt"), &self.server_pem).unwrap();
        fs::write(folder.join("server.key"), &self.server_key_pem).unwrap();
    }

    /// As a kubeconfig holds it.
    pub fn authority_base64(&self) -> String {
        STANDARD.encode(&self.authority_pem)
    }
}

/// Private and public key in PEM.
pub fn signing_keys() -> (String, String) {
    let pair = KeyPair::generate().unwrap();
    (pair.serialize_pem(), pair.public_key_pem())
}
