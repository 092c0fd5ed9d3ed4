//! Everything that is sold is an item of the books, tied to the item group of its family (E4, E11).

use std::collections::BTreeMap;

use super::world::{DIVISION, World, condition, flow};

/// Code of each item of the books → code of its group.
fn groups(world: &World) -> BTreeMap<String, String> {
    world.exact.items(DIVISION).into_iter().map(|item| (item.code, item.group)).collect()
}

/// Plans, add-ons and charges of the sandbox's site, and the group of their family.
const SOLD: [(&str, &str); 9] = [
    ("starter", "ABO"),
    ("team", "ABO"),
    ("business", "ABO"),
    ("extra-seats", "ADD"),
    ("support-plus", "ADD"),
    ("storage", "ADD"),
    ("onboarding", "DNS"),
    ("training", "DNS"),
    ("migration", "DNS"),
];

#[tokio::test]
async fn plans_addons_charges_and_coupons_become_items_of_their_group_once() {
    let world = World::clean().await;
    let before = groups(&world);
    world.run_to_end().await;
    let after = groups(&world);
    for (item, group) in SOLD {
        assert_eq!(after.get(item).map(String::as_str), Some(group), "{item}: {after:?}");
    }
    let coupons: Vec<_> = after.iter().filter(|(code, _)| code.starts_with("CPN-")).collect();
    assert!(!coupons.is_empty() && coupons.iter().all(|(_, group)| *group == "STD"), "{coupons:?}");
    assert_eq!(after.len(), before.len() + SOLD.len() + coupons.len(), "nothing else was made");
    world.a_minute_passes();
    world.run_to_end().await;
    assert_eq!((world.posts("logistics/Items"), groups(&world)), (0, after));
}

#[tokio::test]
async fn a_group_that_the_books_do_not_have_is_told_and_its_items_come_when_it_is_corrected() {
    let mut world = World::clean().await;
    world.edit("itemFamily: addons, itemGroup: ADD", "itemFamily: addons, itemGroup: NOPE");
    let report = world.run_to_end().await;
    let made = groups(&world);
    assert!(made.contains_key("starter") && !made.contains_key("extra-seats"), "{made:?}");
    let (status, _, message) = condition(&report, "MappingComplete");
    assert_eq!(status, "False");
    assert!(message.contains("NOPE") && message.contains("EntityMapping wolkwerk-nl"), "{message}");
    let notices = &flow(&report, "catalogue").notices;
    let told = notices.iter().find(|notice| notice.object.contains("extra-seats")).expect("the item is named");
    assert!(told.message.contains("NOPE") && told.remedy.contains("defaultItemGroup"), "{told:?}");
    world.edit("itemFamily: addons, itemGroup: NOPE", "itemFamily: addons, itemGroup: ADD");
    world.a_minute_passes();
    let report = world.run_to_end().await;
    assert_eq!(groups(&world).get("extra-seats").map(String::as_str), Some("ADD"));
    assert_eq!(condition(&report, "MappingComplete").0, "True");
    world.assert_books_equal().await;
}
