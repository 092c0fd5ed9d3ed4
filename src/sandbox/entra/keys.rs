//! Keys of other identity providers, read from their JWKS documents.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

/// A key with the id that a token's header names.
#[derive(Clone, Debug)]
pub struct Key {
    pub id: Option<String>,
    public: Public,
}

#[derive(Clone, Debug)]
enum Public {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// An uncompressed point of P-256.
    Ec(Vec<u8>),
}

impl Key {
    /// Whether `signature` over `message` is this key's, by the algorithm that the header names.
    pub fn signed(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        match (&self.public, algorithm) {
            (Public::Rsa { n, e }, "RS256") => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
            }
            (Public::Ec(point), "ES256") => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
            _ => false,
        }
    }
}

/// The keys of a JWKS document.
///
/// # Errors
/// When one cannot be used, in words.
pub fn parse(jwks: &Value) -> Result<Vec<Key>, String> {
    let keys = jwks["keys"].as_array().ok_or("a JWKS document has an array `keys`")?;
    keys.iter().map(key).collect()
}

fn key(jwk: &Value) -> Result<Key, String> {
    let public = match jwk["kty"].as_str() {
        Some("RSA") => Public::Rsa { n: bytes(jwk, "n")?, e: bytes(jwk, "e")? },
        Some("EC") if jwk["crv"] == "P-256" => {
            let mut point = vec![4];
            point.extend(bytes(jwk, "x")?);
            point.extend(bytes(jwk, "y")?);
            Public::Ec(point)
        }
        _ => return Err("a key is neither RSA nor of the curve P-256".to_owned()),
    };
    Ok(Key { id: jwk["kid"].as_str().map(str::to_owned), public })
}

fn bytes(jwk: &Value, name: &str) -> Result<Vec<u8>, String> {
    let text = jwk[name].as_str().ok_or_else(|| format!("a key has no `{name}`"))?;
    URL_SAFE_NO_PAD.decode(text).map_err(|error| format!("`{name}` of a key: {error}"))
}
