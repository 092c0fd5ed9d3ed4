//! Items of the catalogue as items of the books, tied to an item group (E4, E11).

use sha2::{Digest, Sha256};

use crate::domain::catalogue::{Coupon, Item};

/// Longest code and description that an item of the books takes.
const CODE_CHARS_MAX: usize = 30;
const DESCRIPTION_CHARS_MAX: usize = 60;

/// An item as the books should have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredItem {
    /// `plan`, `addon`, `charge` or `coupon` id at billing; the key of its link.
    pub id: String,
    pub code: String,
    pub description: String,
    /// Code of the item group; `None` where the mapping names none for its family and no default.
    pub item_group: Option<String>,
    pub family: Option<String>,
}

/// The book item of a plan, add-on or charge.
pub fn desired_item(item: &Item, item_group: Option<&str>) -> DesiredItem {
    DesiredItem {
        id: item.id.clone(),
        code: item_code(&item.id),
        description: shorten(&item.name, DESCRIPTION_CHARS_MAX),
        item_group: item_group.map(str::to_owned),
        family: item.family.clone(),
    }
}

/// The book item of a coupon. Its code is marked, for a coupon may bear the id of an item.
pub fn desired_coupon(coupon: &Coupon, item_group: Option<&str>) -> DesiredItem {
    let id = coupon_link_id(&coupon.id);
    DesiredItem {
        code: item_code(&id),
        id,
        description: shorten(&coupon.name, DESCRIPTION_CHARS_MAX),
        item_group: item_group.map(str::to_owned),
        family: None,
    }
}

/// The id under which a coupon's item is linked.
pub fn coupon_link_id(coupon: &str) -> String {
    format!("CPN-{coupon}")
}

/// The code of an item: its id, or where that is too long its beginning and a digest of the whole.
pub fn item_code(id: &str) -> String {
    if id.chars().count() <= CODE_CHARS_MAX {
        return id.to_owned();
    }
    let digest = Sha256::digest(id.as_bytes());
    let mark: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let head: String = id.chars().take(CODE_CHARS_MAX - mark.len() - 1).collect();
    format!("{head}-{mark}")
}

fn shorten(text: &str, chars_max: usize) -> String {
    text.trim().chars().take(chars_max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_ids_keep_their_difference() {
        let (one, other) = (format!("{}-1", "x".repeat(40)), format!("{}-2", "x".repeat(40)));
        assert_eq!(item_code("team"), "team");
        assert_eq!(item_code(&one).chars().count(), CODE_CHARS_MAX);
        assert_ne!(item_code(&one), item_code(&other));
    }
}
