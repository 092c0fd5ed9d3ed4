//! The key under which a row is found again: site and id in one text, so that several sites may share an organization
//! (C8) and a row can be written without knowing whether it is there.

use sha2::{Digest, Sha256};

/// Longest key, in characters: all of them ASCII, and far inside the 900 bytes that an index of the target takes.
pub const KEY_LENGTH_MAX: u32 = 100;

/// Stands between the parts; no site's name and no plain id holds it.
const BETWEEN: char = '~';
/// How much of each part stays readable in a key that is hashed.
const READABLE_LENGTH: usize = 30;
/// 128 bits: among all rows of an organization no two meet.
const HASH_DIGITS: usize = 32;

/// The key of the row `id` of `site`. The same for the same two, another for any others, and without a character that
/// cannot stand in an address (dynamics365.md §2.3). The target compares texts without regard to case, so an id with a
/// capital is told apart by its hash.
pub fn record_key(site: &str, id: &str) -> String {
    let plain = format!("{site}{BETWEEN}{id}");
    if is_plain(site) && is_plain(id) && plain.len() <= KEY_LENGTH_MAX as usize {
        return plain;
    }
    let mut digest = Sha256::new();
    digest.update((site.len() as u64).to_be_bytes());
    digest.update(site);
    digest.update(id);
    let hash: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}{BETWEEN}{}{BETWEEN}{}", readable(site), readable(id), &hash[..HASH_DIGITS])
}

fn is_plain(part: &str) -> bool {
    !part.is_empty() && part.chars().all(is_plain_letter)
}

fn is_plain_letter(letter: char) -> bool {
    letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '-' | '_' | '.')
}

fn readable(part: &str) -> String {
    let letters = part.chars().map(|letter| letter.to_ascii_lowercase());
    letters.map(|letter| if is_plain_letter(letter) { letter } else { '-' }).take(READABLE_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_plain_id_stays_readable() {
        assert_eq!(record_key("acme", "cust-17_a.b"), "acme~cust-17_a.b");
    }

    #[test]
    fn keys_never_change() {
        assert_eq!(record_key("acme", "INV-1"), "acme~inv-1~cb49145ae226b2788abbd8585f566f27");
        assert!(record_key("acme", "AzqB/1+").starts_with("acme~azqb-1-~"));
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(record_key("a", "b~c"), record_key("a~b", "c"));
        assert_ne!(record_key("a", "b"), record_key("a-b", ""));
    }

    proptest! {
        #[test]
        fn other_ids_have_other_keys_whatever_their_case(one in "[aAb/~+ é.]{0,5}", other in "[aAb/~+ é.]{0,5}") {
            prop_assert_eq!(one == other, record_key("s", &one) == record_key("s", &other));
        }

        #[test]
        fn every_key_fits_and_can_stand_in_an_address(site in ".{0,120}", id in ".{0,300}") {
            let key = record_key(&site, &id);
            prop_assert!(key.len() <= KEY_LENGTH_MAX as usize);
            prop_assert!(key.chars().all(|letter| is_plain_letter(letter) || letter == BETWEEN));
        }
    }
}
