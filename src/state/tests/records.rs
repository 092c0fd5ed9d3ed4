//! Records and links by the thousand: what is kept is there once, as it came last, for its own connection only.

use super::*;

#[tokio::test]
async fn many_records_are_kept_found_and_forgotten_at_once() {
    let (_home, store) = store().await;
    let (state, other) = (store.connection("a"), store.connection("b"));
    let id = |number: i32| format!("r{number:04}");
    let records: Vec<(String, i32)> = (0..450).map(|number| (id(number), number)).collect();
    state.keep_records("k", &records).await.unwrap();
    state.keep_records("k", &[(id(7), 70), (id(7), 71)]).await.unwrap();
    other.keep_records("k", &[(id(7), 0)]).await.unwrap();
    state.keep_records::<i32>("k", &[]).await.unwrap();
    assert_eq!((state.record_count("k").await.unwrap(), state.record_count("l").await.unwrap()), (450, 0));
    let (seven, nobody) = (id(7), id(9_999));
    let wanted: Vec<&str> = records.iter().map(|(id, _)| id.as_str()).chain([nobody.as_str()]).collect();
    let found: std::collections::BTreeMap<String, i32> = state.records_among("k", &wanted).await.unwrap();
    assert_eq!((found.len(), found[&seven]), (450, 71), "of the same id the last one");
    let gone: Vec<String> = (0..440).map(id).collect();
    state.drop_records("k", &gone).await.unwrap();
    let left: Vec<String> = state.record_ids("k").await.unwrap().into_iter().collect();
    assert_eq!(left, (440..450).map(id).collect::<Vec<_>>());
    assert_eq!(other.record_count("k").await.unwrap(), 1);
}

#[tokio::test]
async fn many_links_are_set_and_found_at_once() {
    let (_home, store) = store().await;
    let state = store.connection("a");
    let account = Uuid::from_u128(1);
    let link = |id: &str, target: Option<Uuid>, problem: Option<Hold>| Link {
        kind: "tie".to_owned(),
        id: id.to_owned(),
        division: 0,
        target,
        sent_hash: None,
        problem,
    };
    let open = Hold::new(HoldReason::CustomerAmbiguous, "message", "remedy");
    let links = [link("c1", Some(account), None), link("c2", None, Some(open)), link("c3", Some(account), None)];
    state.set_links(&links).await.unwrap();
    let found = state.links_among("tie", 0, &["c3", "c2", "nobody"]).await.unwrap();
    assert_eq!(found.into_values().collect::<Vec<_>>(), links[1..]);
    assert_eq!((state.links_standing("tie").await.unwrap(), state.link_problems("tie").await.unwrap()), (2, 1));
    state.set_links(&[link("c2", Some(account), None)]).await.unwrap();
    assert_eq!((state.links_standing("tie").await.unwrap(), state.link_problems("tie").await.unwrap()), (3, 0));
}
