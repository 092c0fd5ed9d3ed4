//! What the store knows of the books themselves.

use uuid::Uuid;

use super::*;

#[tokio::test]
async fn a_nul_in_what_a_vendor_says_stops_nothing() {
    let (_home, store) = store().await;
    let state = store.connection("a");
    let hold = Hold::new(HoldReason::RejectedByTarget, "refused: \0", "look\0 at it");
    state.hold(&HeldDocument { hold, ..held("INV-1", HoldReason::RejectedByTarget, at(1)) }).await.unwrap();
    let found = state.held_page("invoice", "", 10).await.unwrap();
    assert_eq!((found[0].hold.message.as_str(), found[0].hold.remedy.as_str()), ("refused: ", "look at it"));
    let entry = BookEntry {
        entry_id: Uuid::from_u128(1),
        entry_number: 1,
        your_ref: "INV\0-1".to_owned(),
        credit: false,
        account: None,
        currency: Some("EUR".to_owned()),
        total: "1.00".to_owned(),
    };
    state.put_entries(7, &[entry]).await.unwrap();
    assert_eq!(state.entries_under(7, "INV\0-1").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_row_that_comes_twice_in_one_page_is_kept_as_it_came_last() {
    let (_home, store) = store().await;
    let state = store.connection("a");
    let item = |code: &str| BookItem {
        id: Uuid::from_u128(3),
        code: code.to_owned(),
        item_group: None,
        revenue_account: Some(Uuid::from_u128(4)),
    };
    state.put_items(7, &[item("old"), item("new")]).await.unwrap();
    assert_eq!(state.book_item(7, "new").await.unwrap(), Some(item("new")));
    assert_eq!(state.book_item(7, "old").await.unwrap(), None);
}

#[tokio::test]
async fn deleted_accounts_are_no_longer_found_but_known_to_be_deleted_e27() {
    let (_home, store) = store().await;
    let state = store.connection("a");
    let account = BookAccount {
        id: Uuid::from_u128(5),
        code: Some("1".to_owned()),
        name: "Acme".to_owned(),
        vat_number: Some("NL1".to_owned()),
        chamber_of_commerce: None,
        email: None,
        search_code: Some("c1".to_owned()),
        usable: true,
        state: String::new(),
        receivable: None,
        row_version: 3,
    };
    state.put_accounts(7, std::slice::from_ref(&account)).await.unwrap();
    assert_eq!(state.accounts_by(7, AccountField::VatNumber, "NL1").await.unwrap(), vec![account.clone()]);
    assert!(state.accounts_by(8, AccountField::VatNumber, "NL1").await.unwrap().is_empty());
    state.put_deleted(7, &[account.id]).await.unwrap();
    assert!(state.accounts_by(7, AccountField::SearchCode, "c1").await.unwrap().is_empty());
    assert!(state.is_deleted(7, account.id).await.unwrap());
}
