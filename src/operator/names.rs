//! Names and labels of what belongs to a connection in the cluster.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// Longest name of a child: what a CronJob may have, since it appends eleven characters to its Jobs.
pub const NAME_MAX: usize = 52;
/// Digits of the hash that stands for what was cut off.
const HASH_DIGITS: usize = 8;

/// The label that tells the connection of a child.
pub const CONNECTION_LABEL: &str = "koppel.dev/connection";
/// Field manager of everything that the operator applies.
pub const OPERATOR: &str = "koppel-operator";
/// Selects the children of all connections.
pub const CHILDREN: &str = "app.kubernetes.io/managed-by=koppel,app.kubernetes.io/component=worker";

/// Name of the workload, the ServiceAccount, the Role, the RoleBinding and the Lease of a connection.
pub fn child(connection: &str) -> String {
    fitted(connection, "")
}

/// Name of the Secret with the tokens that Koppel keeps.
pub fn token_secret(connection: &str) -> String {
    fitted(connection, "-token")
}

/// Name of the volume with the state.
pub fn state_claim(connection: &str) -> String {
    fitted(connection, "-state")
}

/// Name of the Job of a run that was asked for: the same for the same `token`, so that it is made once.
pub fn run_job(connection: &str, token: &str) -> String {
    fitted(connection, &format!("-{}", hash(token)))
}

/// Labels of everything that belongs to a connection.
pub fn labels(connection: &str) -> BTreeMap<String, String> {
    [
        ("app.kubernetes.io/name", "koppel"),
        ("app.kubernetes.io/component", "worker"),
        ("app.kubernetes.io/managed-by", "koppel"),
        ("app.kubernetes.io/instance", connection),
        (CONNECTION_LABEL, connection),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into()
}

/// Hexadecimal digits that stand for a text.
pub fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(HASH_DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

/// `koppel-{connection}{suffix}`, cut so that it fits; what is cut off is told by a hash.
fn fitted(connection: &str, suffix: &str) -> String {
    let whole = format!("koppel-{connection}{suffix}");
    if whole.len() <= NAME_MAX {
        return whole;
    }
    let left = NAME_MAX - suffix.len() - HASH_DIGITS - 1;
    let start: String = format!("koppel-{connection}").chars().take(left).collect();
    format!("{}-{}{suffix}", start.trim_end_matches(['-', '.']), hash(connection))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_the_connection_and_fit() {
        assert_eq!(child("acme"), "koppel-acme");
        assert_eq!(token_secret("acme"), "koppel-acme-token");
        assert_eq!(state_claim("acme"), "koppel-acme-state");
        let long = "a".repeat(63);
        for name in [child(&long), token_secret(&long), state_claim(&long), run_job(&long, "2026-11-29")] {
            assert!(name.len() <= NAME_MAX, "{name}");
            assert!(name.starts_with("koppel-aaaa"), "{name}");
        }
    }

    #[test]
    fn what_is_cut_off_still_tells_names_apart() {
        let (one, other) = (format!("{}x", "a".repeat(60)), format!("{}y", "a".repeat(60)));
        assert_ne!(child(&one), child(&other));
        assert_ne!(run_job("acme", "1"), run_job("acme", "2"));
        assert_eq!(run_job("acme", "1"), run_job("acme", "1"));
    }

    #[test]
    fn a_cut_never_leaves_a_dash_or_dot_in_the_middle_twice() {
        let name = format!("{}.-{}", "a".repeat(35), "b".repeat(26));
        assert!(!child(&name).contains(".-") && !child(&name).contains("--"), "{}", child(&name));
    }
}
