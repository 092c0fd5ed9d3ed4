use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::domain::customer::Address;

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn account(number: u128) -> CrmAccount {
    CrmAccount {
        id: uuid(number),
        name: format!("Account {number}"),
        number: None,
        email: None,
        phone: None,
        website: None,
        vat_number: None,
        billing_address: None,
        shipping_address: None,
        currency: None,
        billing_customer: None,
        is_marked: false,
        is_active: true,
        merged_into: None,
        owner: None,
        modified_at: None,
    }
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn world() -> Vec<CrmAccount> {
    let dutch = Some(Address { country: text("NL"), ..Address::default() });
    vec![
        CrmAccount { billing_customer: text("cust-1"), number: text("A-1"), ..account(1) },
        CrmAccount {
            number: text("A-2"),
            vat_number: text("NL 8536.39.814.B01"),
            email: text("info@acme.nl"),
            ..account(2)
        },
        CrmAccount {
            vat_number: text("004495445B01"),
            billing_address: dutch,
            website: text("https://www.acme.nl/x"),
            ..account(3)
        },
        CrmAccount { email: text("jo@gmail.com"), website: text("boom.example"), ..account(4) },
        CrmAccount { number: text("A-5"), is_active: false, ..account(5) },
        CrmAccount { is_active: false, merged_into: Some(uuid(2)), ..account(6) },
        CrmAccount { number: text("TWICE"), ..account(7) },
        CrmAccount { number: text("twice "), ..account(8) },
        CrmAccount { is_active: false, merged_into: Some(uuid(9)), ..account(9) },
        CrmAccount {
            billing_address: Some(Address { postcode: text("1015 cj"), ..Address::default() }),
            ..account(10)
        },
    ]
}

fn who(shape: impl FnOnce(&mut Identity)) -> Identity {
    let mut identity = Identity { customer: "cust-x".to_owned(), ..Identity::default() };
    shape(&mut identity);
    identity
}

fn linked(number: u128, by: MatchRule) -> Match {
    Match::Linked { account: uuid(number), by }
}

#[rstest]
#[case::the_account_names_the_customer(who(|who| who.customer = "CUST-1".to_owned()), linked(1, MatchRule::Pointer))]
#[case::the_customer_names_the_account(who(|who| who.pointer = text(&uuid(3).to_string())), linked(3, MatchRule::Pointer))]
#[case::the_customer_was_made_of_the_account(who(|who| who.customer = uuid(4).to_string()), linked(4, MatchRule::Pointer))]
#[case::a_merged_account_is_its_survivor(who(|who| who.pointer = text(&uuid(6).to_string())), linked(2, MatchRule::Pointer))]
#[case::a_circle_of_merges_ends(who(|who| who.pointer = text(&uuid(9).to_string())), Match::None)]
#[case::an_inactive_account_is_none(who(|who| who.pointer = text(&uuid(5).to_string())), Match::None)]
#[case::by_number(who(|who| who.account_number = text(" a-2")), linked(2, MatchRule::AccountNumber))]
#[case::an_inactive_number_is_none(who(|who| who.account_number = text("A-5")), Match::None)]
#[case::two_of_one_number_stay_open(
    who(|who| { who.account_number = text("TWICE"); who.vat_number = text("NL853639814B01"); }),
    Match::Open { candidates: vec![uuid(7), uuid(8)], by: MatchRule::AccountNumber }
)]
#[case::by_vat_number(who(|who| who.vat_number = text("NL853639814B01")), linked(2, MatchRule::VatNumber))]
#[case::by_a_vat_number_without_prefix(
    who(|who| { who.vat_number = text("0044.95.445.B01"); who.country = text("NL"); }),
    linked(3, MatchRule::VatNumber)
)]
#[case::a_wrong_vat_number_is_nobodys(who(|who| who.vat_number = text("NL123456789B01")), Match::None)]
#[case::a_domain_of_two_stays_open(
    who(|who| who.email = text("Jo@Acme.NL")),
    Match::Open { candidates: vec![uuid(2), uuid(3)], by: MatchRule::EmailDomain }
)]
#[case::a_domain_of_one(who(|who| who.email = text("jo@boom.example")), linked(4, MatchRule::EmailDomain))]
#[case::by_the_whole_address(who(|who| who.email = text("INFO@acme.nl")), linked(2, MatchRule::Email))]
#[case::by_name_and_postcode(
    who(|who| { who.name = text("account  10"); who.postcode = text("1015CJ"); }),
    linked(10, MatchRule::NameAndPostcode)
)]
#[case::a_name_alone_says_nothing(who(|who| who.name = text("Account 10")), Match::None)]
#[case::a_public_mailbox_says_nothing(who(|who| who.email = text("piet@gmail.com")), Match::None)]
#[case::the_surer_rule_decides(
    who(|who| { who.email = text("jo@boom.example"); who.account_number = text("A-2"); }),
    linked(2, MatchRule::AccountNumber)
)]
#[case::nothing_known(who(|_| {}), Match::None)]
fn a_customer_finds_its_account_c3(#[case] identity: Identity, #[case] expected: Match) {
    assert_eq!(AccountIndex::new(&world()).find(&identity, &MatchRule::ALL), expected);
}

#[test]
fn a_customer_says_of_itself_what_its_fields_hold() {
    let customer = BillingCustomer {
        id: "c".to_owned(),
        vat_number: text("NL853639814B01"),
        billing_address: Some(Address { country: text("NL"), email: text("jo@boom.example"), ..Address::default() }),
        custom_fields: [("cf_number".to_owned(), "A-2".to_owned())].into(),
        ..BillingCustomer::default()
    };
    let fields = IdentityFields { pointer: text("cf_account"), account_number: text("cf_number") };
    let expected = Identity {
        customer: "c".to_owned(),
        pointer: None,
        account_number: text("A-2"),
        vat_number: text("NL853639814B01"),
        country: text("NL"),
        email: text("jo@boom.example"),
        name: None,
        postcode: None,
    };
    assert_eq!(Identity::of(&customer, &fields), expected);
    let without = Identity::of(&customer, &IdentityFields::default());
    assert_eq!(without.account_number.as_deref(), Some("c"), "its own id");
}

#[test]
fn only_the_given_rules_are_asked() {
    let identity = who(|who| who.email = text("jo@boom.example"));
    assert_eq!(AccountIndex::new(&world()).find(&identity, &[MatchRule::Pointer, MatchRule::VatNumber]), Match::None);
}

proptest! {
    #[test]
    fn the_order_of_the_accounts_does_not_matter(
        order in Just((0..10_usize).collect::<Vec<_>>()).prop_shuffle(),
        number in prop::option::of(prop::sample::select(vec!["A-1", "A-2", "TWICE", "none"])),
        email in prop::option::of(prop::sample::select(vec!["x@acme.nl", "x@boom.example", "x@gmail.com"])),
        pointer in prop::option::of(0..12_u128),
    ) {
        let world = world();
        let shuffled: Vec<_> = order.iter().map(|place| world[*place].clone()).collect();
        let identity = who(|who| {
            who.account_number = number.map(str::to_owned);
            who.email = email.map(str::to_owned);
            who.pointer = pointer.map(|number| uuid(number).to_string());
        });
        let found = AccountIndex::new(&world).find(&identity, &MatchRule::ALL);
        prop_assert_eq!(&found, &AccountIndex::new(&shuffled).find(&identity, &MatchRule::ALL));
        if let Match::Linked { account, .. } = found {
            prop_assert!(world.iter().any(|known| known.id == account && known.is_active));
        }
    }
}
